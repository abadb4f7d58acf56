import { expect, test } from '@jest/globals'
import { compareConfigs, refuseKept, renderKeyChange } from '../lib/config-change.js'
import { ruleBookOf } from '../lib/registry.js'
import { compareTables, renderTableChange } from '../lib/table-changes.js'
import { load, MINIMAL } from './support/config-text.js'

const RULES = `
[[rule]]
schema = "shop"
table = "/./"
`

/** Lines of the difference between two texts. */
function differences(old: string, next: string): string[] {
  return compareConfigs(load(old), load(next)).map(renderKeyChange)
}

function tables(old: string, next: string, ...names: string[]): string[] {
  const all = names.map(table => ({ schema: 'shop', table }))
  return compareTables(ruleBookOf(load(old)), ruleBookOf(load(next)), all).map(renderTableChange)
}

test('the same text, with other comments and in other lines, differs in nothing', () => {
  expect(differences(MINIMAL + RULES, `# a comment\n\n${MINIMAL}\n\n${RULES}`)).toEqual([])
})

test('a default that is written out is no difference', () => {
  expect(differences(MINIMAL, `flush_interval_ms = 1000\nack_win_bytes = "128MB"\n${MINIMAL}`)).toEqual([])
})

test('keys are shown with both values, of sections and blocks too', () => {
  expect(differences(MINIMAL, `flush_rows = 100\n${MINIMAL}`)).toEqual(['flush_rows: 500000 -> 100'])
  expect(differences(MINIMAL, `statsd_host = "here"\n${MINIMAL}`)).toEqual(['statsd_host: not set -> "here"'])
  expect(differences(MINIMAL, `${MINIMAL}\n[schema]\nbe_num = 3\n`)).toEqual(['[schema] be_num: 1 -> 3'])
  expect(differences(MINIMAL + RULES, `${MINIMAL}${RULES}exclude = ["a"]\nrename = { b = "c" }\n`)).toEqual([
    '[[rule]] shop././: exclude: not set -> ["a"]',
    '[[rule]] shop././: rename: not set -> {"b":"c"}',
  ])
})

test('blocks that come and go are shown as such', () => {
  const orders = '\n[[rule]]\nschema = "shop"\ntable = "orders"\nsr_table = "o"\n'
  const changed = ['[[rule]] shop.orders: none -> { schema = "shop", table = "orders", sr_table = "o" }']
  expect(differences(MINIMAL + RULES, MINIMAL + RULES + orders)).toEqual(changed)
  expect(differences(MINIMAL + RULES + orders, MINIMAL + RULES)).toEqual([
    '[[rule]] shop.orders: { schema = "shop", table = "orders", sr_table = "o" } -> removed',
  ])
  expect(differences(MINIMAL + RULES, MINIMAL + RULES + RULES)).toEqual([
    '[[rule]] shop././ (2): none -> { schema = "shop", table = "/./" }',
  ])
})

test('no secret is shown', () => {
  const lines = differences(`mysql_pass = "first"\n${MINIMAL}`, `mysql_pass = "second"\n${MINIMAL}`)
  expect(lines).toEqual(['mysql_pass: *** -> ***'])
})

test.each([
  ['server_id = 7', 'it names this process'],
  ['flavor = "mariadb"', 'the saved position'],
  ['data_dir = "elsewhere"', 'lies there'],
  ['log_level = "debug"', 'the log'],
  ['statsd_port = 9', 'metrics'],
])('%s is refused with its reason, beside what could be changed', (line, reason) => {
  const changes = compareConfigs(load(MINIMAL), load(`${line}\nflush_rows = 7\n${MINIMAL}`))
  const [key] = line.split(' ')
  expect(() => refuseKept(changes)).toThrow(new RegExp(`change only with a restart:\n${key}: .*${reason}`))
  expect(() => refuseKept(changes)).not.toThrow(/flush_rows/)
})

test('another server is refused, other keys are not', () => {
  const moved = compareConfigs(load(MINIMAL), load(MINIMAL.replace('db.example', 'db2.example')))
  expect(() => refuseKept(moved)).toThrow(/mysql_addr: .*"db.example".* -> .*"db2.example"/)
  const others = `mysql_pass = "new"\nconcurrent_size = 2\ndelivery = "labels"\n${MINIMAL}\n[schema]\nbe_num = 3\n`
  expect(() => refuseKept(compareConfigs(load(MINIMAL), load(others)))).not.toThrow()
})

test('tables come, go and change', () => {
  const fewer = MINIMAL.replace('"orders", ', '')
  expect(tables(fewer + RULES, MINIMAL + RULES, 'orders', 'log_1', 'other')).toEqual([
    'shop.orders comes: into demo.orders',
  ])
  expect(tables(MINIMAL + RULES, fewer + RULES, 'orders', 'log_1')).toEqual([
    'shop.orders goes: demo.orders keeps its rows and gets no more',
  ])
  expect(tables(MINIMAL + RULES, `${MINIMAL}${RULES}sr_table = "all"\n`, 'orders')).toEqual([
    'shop.orders changes: no more into demo.orders, into demo.all',
  ])
})

test.each([
  ['exclude = ["a"]', true],
  ['mode = "append"', true],
  ['rename = { a = "b" }', true],
  ['constants = { a = "b" }', true],
  ['tinyint1 = "boolean"', true],
  ['zero_date = "min"', true],
  ['flush_rows = 5', false],
  ['load_format = "json"', false],
  ['order_by = ["a"]', false],
])('%s: whether rows that are in are stale', (line, stale) => {
  const next = load(`${MINIMAL}${RULES}${line}\n`)
  const changes = compareTables(ruleBookOf(load(MINIMAL + RULES)), ruleBookOf(next), [
    { schema: 'shop', table: 'orders' },
  ])
  expect(changes).toMatchObject([{ kind: 'changes', stale }])
})

test('another target needs its rows, one that goes does not', () => {
  const second = '\n[[rule]]\nschema = "shop"\ntable = "orders"\nsr_table = "history"\nmode = "append"\n'
  const orders = [{ schema: 'shop', table: 'orders' }]
  const [one, two] = [ruleBookOf(load(MINIMAL + RULES)), ruleBookOf(load(MINIMAL + RULES + second))]
  expect(compareTables(one, two, orders)).toMatchObject([{ kind: 'changes', stale: true, what: 'into demo.history' }])
  expect(compareTables(two, one, orders)).toMatchObject([{ kind: 'changes', stale: false }])
})

test('a key for all rules changes the tables of those that do not say it themselves', () => {
  const own = `${MINIMAL}${RULES}flush_rows = 9\n`
  expect(tables(MINIMAL + RULES, `flush_rows = 5\n${MINIMAL}${RULES}`, 'orders')).toEqual([
    'shop.orders changes: flush_rows of demo.orders',
  ])
  expect(tables(own, `flush_rows = 5\n${own}`, 'orders')).toEqual([])
})

test('what reshapes rows is told by its key, and another salt changes the tables whose masks hash, without being shown', () => {
  const masked = (mask: string) => `${MINIMAL}${RULES}mask = { phone = "${mask}" }\n`
  const salted = (salt: string, text: string) => `mask_salt = "${salt}"\n${text}`
  const [one, two] = ['one salt of some length', 'another salt of some length']
  expect(tables(salted(one, masked('sha256')), salted(one, masked('null')), 'orders')).toEqual([
    'shop.orders changes: mask of demo.orders, mask_salt of demo.orders',
  ])
  expect(tables(MINIMAL + RULES, `${MINIMAL}${RULES}where = "id > 1"\non_delete = "soft"\n`, 'orders')).toEqual([
    'shop.orders changes: where of demo.orders, on_delete of demo.orders',
  ])
  expect(tables(salted(one, masked('sha256')), salted(two, masked('sha256')), 'orders')).toEqual([
    'shop.orders changes: mask_salt of demo.orders',
  ])
  expect(tables(salted(one, masked('email')), salted(two, masked('email')), 'orders')).toEqual([])
  expect(differences(salted(one, masked('sha256')), salted(two, masked('sha256')))).toEqual(['mask_salt: *** -> ***'])
})

test('another text of a module is another value, and so it makes the rows of its tables stale', () => {
  const rule = `${MINIMAL}[[rule]]\nschema = "shop"\ntable = "orders"\ntransform = "orders.mjs"\n`
  const withText = (source: string) => {
    const config = load(rule)
    const [block] = config.rule
    return { ...config, rule: [{ ...block!, transform: { ...block!.transform!, source } }] }
  }
  const [one, two] = [withText('export default () => 1'), withText('export default () => 2')]
  expect(compareConfigs(one, withText('export default () => 1'))).toEqual([])
  expect(compareConfigs(one, two).map(renderKeyChange)).toEqual([
    expect.stringMatching(
      /^\[\[rule\]\] shop\.orders: transform: "orders\.mjs \([0-9a-f]{16}\)" -> "orders\.mjs \([0-9a-f]{16}\)"$/,
    ),
  ])
  expect(compareTables(ruleBookOf(one), ruleBookOf(two), [{ schema: 'shop', table: 'orders' }])).toMatchObject([
    { kind: 'changes', stale: true },
  ])
})
