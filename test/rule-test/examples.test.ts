import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { main } from '../../lib/cli/main.js'
import { readConfig } from '../../lib/cli/read-config.js'
import { MINIMAL } from '../support/config-text.js'
import { EXAMPLES, exampleNames, readExample } from '../support/rule-example.js'

const TOP = MINIMAL.slice(0, MINIMAL.indexOf('[[source]]'))
const FILES = readdirSync(EXAMPLES)

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'examples-'))
  mkdirSync(join(folder, 'rules'))
  writeFileSync(join(folder, 'sync.toml'), `mask_salt = "sixteen letters or more"\n${TOP}`)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Modules that an example names lie beside it. */
function copyIntoRules(name: string): void {
  const own = FILES.filter(file => [`${name}.toml`, `${name}.test.toml`].includes(file) || file.endsWith('.mjs'))
  for (const file of own) cpSync(join(EXAMPLES, file), join(folder, 'rules', file))
}

test.each(exampleNames())('%s.toml can be copied into rules/', name => {
  copyIntoRules(name)
  expect(readConfig({ config: join(folder, 'sync.toml') }).config.rule.length).toBeGreaterThan(0)
})

test.each(exampleNames().filter(name => FILES.includes(`${name}.test.toml`)))(
  'the tests of %s.toml pass',
  async name => {
    copyIntoRules(name)
    let text = ''
    const take = (line: string) => {
      text += `${line}\n`
    }
    const code = await main(['test-rules', '-c', join(folder, 'sync.toml')], { out: take, err: take })
    expect({ code, text }).toEqual({ code: 0, text: expect.stringMatching(/[1-9]\d* passed, 0 failed\n$/) })
  },
)

test('docs/rules.md leads to every example', () => {
  const links = readFileSync('docs/rules.md', 'utf8').matchAll(/\(\.\.\/rules\/examples\/(.*?)\.toml\)/g)
  expect([...links].map(([, name]) => name)).toEqual(expect.arrayContaining(exampleNames()))
})

test.each(['filter', 'computed', 'masks', 'soft-delete', 'split', 'shard-merge', 'transform', 'sales-ranking'])(
  'the comments of %s.toml say what is in its targets',
  name => {
    const { text, promised } = readExample(name)
    const targets = [...text.matchAll(/^sr_table = "(.*)"/gm)].map(([, target]) => target!)
    for (const target of targets) expect(promised.some(one => one.target.includes(target))).toBe(true)
  },
)
