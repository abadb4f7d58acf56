import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { main } from '../../lib/cli/main.js'
import { MINIMAL } from '../support/config-text.js'

const RULE = '[[rule]]\nschema = "shop"\ntable = "orders"\nmask = { phone = "keep(3,4)" }\n'
const FIXTURE = (phone: string) => `tables = "CREATE TABLE shop.orders (id int PRIMARY KEY, phone varchar(20))"
[[test]]
name = "phones are hidden"
changes = [ { insert = { id = 1, phone = "13812345678" } } ]
rows = [ { id = 1, phone = "${phone}" } ]
`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'test-rules-'))
  mkdirSync(join(folder, 'rules'))
  writeFileSync(join(folder, 'sync.toml'), MINIMAL)
  writeFileSync(join(folder, 'rules/orders.toml'), RULE)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function testRules(...args: string[]): Promise<{ code: number; text: string }> {
  let text = ''
  const take = (line: string) => {
    text += `${line}\n`
  }
  const code = await main(['test-rules', '-c', join(folder, 'sync.toml'), ...args], { out: take, err: take })
  return { code, text }
}

test('fixtures beside the rules are found, are no rules themselves, and pass or fail by the exit code', async () => {
  writeFileSync(join(folder, 'rules/orders.test.toml'), FIXTURE('138****5678'))
  expect(await testRules()).toEqual({
    code: 0,
    text: expect.stringMatching(/^ok .*rules\/orders\.test\.toml: phones are hidden\n1 passed, 0 failed\n$/),
  })
  writeFileSync(join(folder, 'sync.test.toml'), FIXTURE('13812345678'))
  const { code, text } = await testRules()
  expect(code).toBe(1)
  expect(text).toMatch(/^FAILED .*sync\.test\.toml:2: phones are hidden$/m)
  expect(text).toContain('- phone = "13812345678"\n              + phone = "138****5678"')
  expect(text).toContain('1 passed, 1 failed\n')
})

test('named files alone are run', async () => {
  const other = join(folder, 'other.toml')
  writeFileSync(other, FIXTURE('138****5678'))
  writeFileSync(join(folder, 'sync.test.toml'), FIXTURE('wrong'))
  expect(await testRules(other)).toMatchObject({ code: 0 })
})

test('no tests, no such file and a wrong file are told, and no success', async () => {
  expect(await testRules()).toMatchObject({ code: 2, text: expect.stringContaining('there are no tests in') })
  expect(await testRules('gone.toml')).toMatchObject({ code: 2, text: expect.stringContaining('no file gone.toml') })
  writeFileSync(join(folder, 'sync.test.toml'), 'tests = 1\n')
  expect(await testRules()).toMatchObject({ code: 2, text: expect.stringContaining('unknown key tests') })
})

test('the example of the page passes', async () => {
  const blocks = [...readFileSync('docs/test-rules.md', 'utf8').matchAll(/```(?:toml|text)\n([\s\S]*?)```/g)].map(
    ([, text]) => text!,
  )
  const [fixture, rule, report, failed] = blocks
  writeFileSync(join(folder, 'rules/orders.toml'), rule!)
  writeFileSync(join(folder, 'rules/orders.test.toml'), fixture!)
  const shown = (text: string) => text.replaceAll(`${folder}/`, '')
  const { code, text } = await testRules()
  expect([code, shown(text)]).toEqual([0, report])
  // Without the mask, without one of the changes and with another, it fails as the page shows.
  writeFileSync(join(folder, 'rules/orders.toml'), rule!.replace(/mask.*\n/, ''))
  writeFileSync(
    join(folder, 'rules/orders.test.toml'),
    fixture!.replace('{ insert = { id = 2, ', '{ insert = { id = 3, '),
  )
  expect(shown((await testRules()).text)).toContain(failed!)
})
