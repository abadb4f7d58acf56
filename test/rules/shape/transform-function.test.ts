import { describe, expect, test } from '@jest/globals'
import { loadTransform, moduleDigest, placeOf, transformOf } from '../../../lib/rules/shape/transform-function.js'
import { rejectionOf } from '../../support/failure-of.js'
import { moduleOf } from '../../support/transform-modules.js'

const RULE = '[[rule]] in sync.toml, line 7'
const load = (source: string) => rejectionOf(loadTransform(moduleOf(source), RULE))

describe('a module that cannot be used is refused with rule, file and line', () => {
  test.each([
    ['export const a = 1\n', 'ruleInvalid', 'has no function as its default export'],
    ['export default async () => null', 'ruleInvalid', 'is an AsyncFunction; it must return its rows at once'],
    ['export default function* () {}', 'ruleInvalid', 'is an GeneratorFunction'],
    [
      'const a = 1\n\nthrow new Error("no way")\nexport default () => a',
      'ruleInvalid',
      '/rules/rows.mjs:3 throws while it is loaded: no way',
    ],
    ['export default () => 1\nconst x = ;\n', 'ruleInvalid', '/rules/rows.mjs, line 2, is no JavaScript module'],
  ])('%j', async (source, kind, words) => {
    const failure = await load(source)
    expect(failure.kind).toBe(kind)
    expect(failure.message).toContain(`${RULE}: transform = "rows.mjs": `)
    expect(failure.message).toContain(words)
  })
})

describe('what is loaded is the text', () => {
  test('another text under the same name is another module', async () => {
    const [one, two] = [moduleOf('export default () => 1'), moduleOf('export default () => 2')]
    await loadTransform(one, RULE)
    await loadTransform(two, RULE)
    expect(transformOf(one)({ operation: 'insert', row: {} }, {} as never)).toBe(1)
    expect(transformOf(two)({ operation: 'insert', row: {} }, {} as never)).toBe(2)
    expect(moduleDigest(one)).not.toBe(moduleDigest(two))
  })

  test('a module may use what the runtime has built in', async () => {
    const module = moduleOf("import { createHash } from 'node:crypto'\nexport default () => typeof createHash")
    await loadTransform(module, RULE)
    expect(transformOf(module)({ operation: 'insert', row: {} }, {} as never)).toBe('function')
  })

  test('the line of an error is that of the module, not of who was called last', async () => {
    const module = moduleOf('function inner() {\n  throw new Error("x")\n}\nexport default () => inner()\n', 'deep.mjs')
    await loadTransform(module, RULE)
    try {
      transformOf(module)({ operation: 'insert', row: {} }, {} as never)
      throw new Error('nothing was thrown')
    } catch (error) {
      expect(placeOf(module, error)).toBe('deep.mjs:2')
    }
    expect(placeOf(module, 'a text')).toBe('deep.mjs')
  })

  test('one that was not loaded is not used', () => {
    expect(() => transformOf(moduleOf('export default () => 3'))).toThrow('before it was loaded')
  })
})
