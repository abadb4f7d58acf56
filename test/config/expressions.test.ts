import { describe, expect, test } from '@jest/globals'
import { placeOfCharacter } from '../../lib/config/string-place.js'
import { env, load, MINIMAL, problems } from '../support/config-text.js'

const RULE = `${MINIMAL}[[rule]]\nschema = "shop"\ntable = "orders"\n`

test('where and computed must be expressions; the problem stands under the character', () => {
  expect(
    problems(`${RULE}where = "status <> 'draft' and"\ncomputed = { total = "price * * qty", day = "date(x)" }\n`),
  ).toEqual([
    [
      'sync.toml:12:31: where is no expression: character 22: the expression ends where a value should follow',
      `  12 | where = "status <> 'draft' and"`,
      '     |                               ^',
    ].join('\n'),
    [
      'sync.toml:13:31: computed is no expression: character 9: "*" stands where a value should',
      '  13 | computed = { total = "price * * qty", day = "date(x)" }',
      '     |                               ^',
    ].join('\n'),
  ])
})

test('with a variable in it, the problem stands at the value', () => {
  const [problem] = problems(`${RULE}where = "a > \${LIMIT}"\n`, env({ LIMIT: '5 5' }))
  expect(problem).toMatch(/^sync.toml:12:9: where is no expression: character 7: "5" is not expected here/)
})

test('texts are kept as they are written', () => {
  const { where, computed } = load(`${RULE}where = "a > 1"\ncomputed = { b = "a + 1" }\n`).rule[0]!
  expect([where, computed?.get('b')]).toEqual(['a > 1', 'a + 1'])
})

describe('the place of a character in a TOML string', () => {
  test.each([
    ['"abc"', 1, 'b'],
    ["'abc'", 2, 'c'],
    ['"a\\"b"', 2, 'b'],
    ['"\\u0061\\U0001F600b"', 3, 'b'],
    ['"""\nab"""', 1, 'b'],
    ["'''\r\na\nb'''", 2, 'b'],
    ['"""a\\\n   b"""', 1, 'b'],
  ])('%j, character %i', (written, character, shown) => {
    expect(written[placeOfCharacter(written, character)]).toBe(shown)
  })

  test('behind the last one stands the closing quote', () => {
    expect(placeOfCharacter('"ab"', 2)).toBe(3)
  })
})
