import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { main } from '../../lib/cli/main.js'
import { readConfig } from '../../lib/cli/read-config.js'
import { MINIMAL } from '../support/config-text.js'
import { failureOf } from '../support/failure-of.js'

const EXAMPLES = resolve('rules/examples')
const TOP = MINIMAL.slice(0, MINIMAL.indexOf('[[source]]'))

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'transform-'))
  mkdirSync(join(folder, 'rules'))
  writeFileSync(join(folder, 'sync.toml'), TOP)
  for (const file of ['transform.toml', 'transform.test.toml', 'orders.mjs'])
    copyFileSync(join(EXAMPLES, file), join(folder, 'rules', file))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function testRules(): Promise<{ code: number; text: string }> {
  let text = ''
  const take = (line: string) => {
    text += `${line}\n`
  }
  const code = await main(['test-rules', '-c', join(folder, 'sync.toml')], { out: take, err: take })
  return { code, text }
}

const write = (module: string) => writeFileSync(join(folder, 'rules', 'orders.mjs'), module)

test('the tests of the example pass', async () => {
  expect(await testRules()).toEqual({ code: 0, text: expect.stringMatching(/\b4 passed, 0 failed\n$/) })
})

test('they fail for another module under the same name, and show what it makes', async () => {
  write(
    'export default ({ row: { items, ...row } }) => ({ row: { ...row, line_no: 1, sku: "X", qty: 1, amount: "1" } })',
  )
  const { code, text } = await testRules()
  expect(code).toBe(1)
  expect(text).toContain('+ sku = "X"')
})

test('a module that gives other rows when it is asked again fails the test that meets it', async () => {
  write(
    'let n = 0\nexport default ({ row: { items, ...row } }) => ({ row: { ...row, line_no: n++, sku: "X", qty: 1, amount: "1" } })',
  )
  expect((await testRules()).text).toContain('returns other rows when it is asked the same again')
})

test('a module that cannot be loaded is said with its file and line', async () => {
  write('export default ({ row }) => {\n  return row row\n}\n')
  const { code, text } = await testRules().catch((error: Error) => ({ code: -1, text: error.message }))
  expect(code).not.toBe(0)
  expect(text).toContain('rules/transform.toml, line 13: transform = "orders.mjs": ')
  expect(text).toMatch(/orders\.mjs, line 2, is no JavaScript module/)
})

test('the configuration holds the text of the module, and names the rule where there is none', () => {
  const read = () => readConfig({ config: join(folder, 'sync.toml') }).config
  expect(read().rule[0]!.transform).toMatchObject({
    path: 'orders.mjs',
    file: join(folder, 'rules', 'orders.mjs'),
    source: expect.stringContaining('One row for each item'),
  })
  rmSync(join(folder, 'rules', 'orders.mjs'))
  expect(failureOf(read)).toMatchObject({
    kind: 'configInvalid',
    message: expect.stringMatching(
      /rules\/transform.toml, line 13: transform = "orders.mjs": there is no file .*rules\/orders.mjs$/,
    ),
  })
})

test('the example goes with the declared types', () => {
  const flags = [
    '--noEmit',
    '--checkJs',
    '--strict',
    '--noImplicitAny',
    'false',
    '--module',
    'nodenext',
    '--target',
    'es2023',
  ]
  const check = () =>
    execFileSync(resolve('node_modules/.bin/tsc'), ['--ignoreConfig', ...flags, join(EXAMPLES, 'orders.mjs')], {
      encoding: 'utf8',
    })
  expect(check()).toBe('')
})
