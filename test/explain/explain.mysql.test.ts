import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { main } from '../../lib/cli/main.js'
import { readConfig } from '../../lib/cli/read-config.js'
import { ConfigInForce } from '../../lib/config-in-force.js'
import type { ChangeReport, ExplainReport } from '../../lib/explain/report.js'
import { EXAMPLES, readExample } from '../support/rule-example.js'
import { SyncBench } from '../support/sync-bench.js'

const PAGE = readFileSync('docs/explain.md', 'utf8')
const [RULE, SHOWN, MODULE, CHANGE] = [...PAGE.matchAll(/```(?:toml|text)\n([\s\S]*?)```/g)].map(([, text]) => text!)
const SOURCE = '[[source]]\nschema = "shop"\ntables = ["orders"]\n\n'
const TABLE = `create table shop.orders (id bigint primary key, status varchar(10) not null, price decimal(10,2) not null,
  qty int not null, phone varchar(20), note text)`
const PHONES = ['13812345678', '13987654321', '02212345678']

let bench: SyncBench

beforeAll(async () => {
  bench = await SyncBench.shared('mysql')
})
afterAll(async () => {
  await bench?.server.sql(['drop database if exists shop', 'drop database if exists webshop'])
  await bench?.close()
})

beforeEach(async () => {
  await bench.renew()
  await bench.target('drop database if exists demo')
  const rows = [`(1, 'paid', 19.99, 6, '${PHONES[0]}', null)`, `(2, 'draft', 500, 1, '${PHONES[1]}', 'later')`]
  await bench.server.sql([
    'drop database if exists shop',
    'create database shop character set utf8mb4',
    TABLE,
    `insert into shop.orders values ${rows.join(', ')}, (3, 'sent', 1000, 2, '${PHONES[2]}', null)`,
  ])
})

function configure(rules: string): Promise<void> {
  return bench.configure({ top: { sr_dbname: 'demo', flush_interval_ms: 1000 }, blocks: SOURCE + rules })
}

async function explain(...args: string[]): Promise<{ code: number; text: string }> {
  let text = ''
  const take = (line: string) => {
    text += `${line}\n`
  }
  const code = await main(['explain', '-c', bench.engine.configFile, ...args], { out: take, err: take })
  return { code, text: text.replaceAll(`${bench.engine.folder}/`, '') }
}

async function explained(...args: string[]): Promise<ExplainReport> {
  return JSON.parse((await explain('--json', ...args)).text)
}

test('the page shows what the command says', async () => {
  await configure(RULE!)
  expect(await explain()).toEqual({ code: 0, text: SHOWN })
})

test('the page shows what --diff says, compared with the configuration in force', async () => {
  await configure(RULE!)
  const { config, dataDir } = readConfig({ config: bench.engine.configFile })
  await new ConfigInForce(dataDir).write(config)
  expect(await explain('--diff')).toEqual({ code: 0, text: 'nothing would change\n' })
  await configure(RULE!.replace('>= 100', '>= 1000').replace('computed = {', 'computed = { kind = "upper(status)",'))
  expect(await explain('--diff')).toEqual({ code: 0, text: CHANGE })
})

test('without a configuration in force another file is asked for', async () => {
  await configure(RULE!)
  const { code, text } = await explain('--diff')
  expect([code, text]).toEqual([2, expect.stringContaining('--against FILE')])
})

test('masked values are shown on no side, neither by what masks them now nor by what did not before', async () => {
  await configure(RULE!.replace(/mask.*\n/, ''))
  const old = join(bench.engine.folder, 'old')
  mkdirSync(old)
  writeFileSync(join(old, 'sync.toml'), readFileSync(bench.engine.configFile))
  expect((await explain()).text).toContain(PHONES[0]!)
  await configure(RULE!.replace('computed = {', 'computed = { digits = "length(phone)",'))
  for (const args of [
    [],
    ['--json'],
    ['--against', join(old, 'sync.toml')],
    ['--json', '--against', join(old, 'sync.toml')],
  ]) {
    const { text } = await explain(...args)
    expect(text).toContain('138****5678')
    for (const phone of PHONES) expect(text).not.toContain(phone)
  }
})

describe('rules with a module', () => {
  const ITEMS = '[{"sku":"A","qty":2,"price":"9.90"},{"sku":"B","qty":1,"price":"0.05"}]'
  const module = () => join(bench.engine.folder, 'rules', 'orders.mjs')

  test('the example: what the module reads and adds, what it makes of rows, and of which it makes none', async () => {
    const { tables } = readExample('transform')
    await bench.server.sql([
      'drop database if exists webshop',
      'create database webshop character set utf8mb4',
      ...tables,
      `insert into webshop.orders values (1, 'paid', 'Ann', '${ITEMS}'), (2, 'paid', 'Bo', '[{"sku":"C","qty":1}]'), (3, 'draft', 'Cy', '[]')`,
    ])
    await bench.configure({ top: { sr_dbname: 'demo', flush_interval_ms: 1000 }, blocks: '' })
    cpSync(EXAMPLES, join(bench.engine.folder, 'rules'), {
      recursive: true,
      filter: file => !file.endsWith('.toml') || file.endsWith('/transform.toml'),
    })
    const { code, text } = await explain()
    expect([code, text.slice(0, text.indexOf('\n  demo.order_lines is not there'))]).toEqual([0, MODULE])
    expect(text).toContain('PRIMARY KEY (`order_id`, `line_no`)')
    const rows = text.slice(text.indexOf('  rows of')).split('\n')
    expect(rows.map(row => row.trim()).filter(row => row.startsWith('->'))).toEqual([
      '-> { order_id = "1", status = "paid", customer = "Ann", line_no = "1", sku = "A", qty = "2", amount = "19.80" }',
      '-> { order_id = "1", status = "paid", customer = "Ann", line_no = "2", sku = "B", qty = "1", amount = "0.05" }',
      expect.stringMatching(
        /^-> .*transform = "orders.mjs" \(orders.mjs:20\) throws: .*in the row with key {"id":"2"}/,
      ),
      '-> left out by where or the module',
    ])

    const { config, dataDir } = readConfig({ config: bench.engine.configFile })
    await new ConfigInForce(dataDir).write(config)
    writeFileSync(module(), readFileSync(module(), 'utf8').replace('cents(item.price)', "cents(item.price ?? '0')"))
    const change = (await explain('--diff')).text
    expect(change).toMatch(/transform: "orders\.mjs \(\w+\)" -> "orders\.mjs \(\w+\)"/)
    expect(change).toMatch(/- .*\(orders.mjs:20\) throws/)
    expect(change).toMatch(/\+ { order_id = "2", .*amount = "0.00" }/)

    writeFileSync(module(), 'export default () => {\n  return (\n}\n')
    await expect(explain()).resolves.toEqual({ code: 2, text: expect.stringContaining('orders.mjs, line 3, is no') })
  })

  test('what one side masks is not shown on the other, wherever a module puts it', async () => {
    const rule = RULE!.replace(
      'columns =',
      'transform = "rows.mjs"\ntransform_columns = { digits = "STRING" }\ncolumns =',
    )
    const old = join(bench.engine.folder, 'old')
    mkdirSync(old)
    for (const folder of [old, bench.engine.folder])
      writeFileSync(join(folder, 'rows.mjs'), 'export default ({ row }) => ({ row: { ...row, digits: row.phone } })')
    await configure(rule.replace(/mask.*\n/, ''))
    writeFileSync(join(old, 'sync.toml'), readFileSync(bench.engine.configFile))
    expect((await explain()).text).toContain(`digits = "${PHONES[0]}"`)
    await configure(rule)
    const now = readFileSync(bench.engine.configFile, 'utf8')
    const isHidden = async () => {
      const { text } = await explain('--against', join(old, 'sync.toml'))
      expect(text).toContain('digits = "138****5678"')
      expect(text).toContain('digits = "***"')
      for (const phone of PHONES) expect(text).not.toContain(phone)
    }
    await isHidden()
    const left = now.replace(', "phone"]', ']\ntransform_reads = ["phone"]').replace(/mask.*\n/, '')
    writeFileSync(join(old, 'sync.toml'), left)
    writeFileSync(
      join(old, 'rows.mjs'),
      'export default ({ row: { phone, ...row } }) => ({ row: { ...row, digits: phone } })',
    )
    await isHidden()
  })
})

test('nothing is written to either side', async () => {
  await configure(RULE!)
  const head = () => bench.server.sql('show binary log status')
  const [before] = await head()
  await explain()
  expect((await head())[0]).toEqual(before)
  expect((await bench.targetRows('show databases')).flat()).not.toContain('demo')
})

test('an existing target is compared, and its types are those that rows are written for', async () => {
  await configure(RULE!)
  await bench.target(
    'create database demo',
    'create table demo.large_orders (id bigint not null, status varchar(3), price decimal(10,2), phone varchar(80), shop varchar(20)) primary key (id) distributed by hash(id)',
  )
  const { code, text } = await explain()
  expect(code).toBe(1)
  expect(text).toContain('demo.large_orders is there, and differs:')
  expect(text).toContain('lacks the column total')
  const { rules } = await explained()
  const [tables] = rules[0]!.tables
  expect(tables!.columns.find(({ name }) => name === 'shop')!.type).toBe('varchar(20)')
  expect(tables!.samples.map(({ written, why }) => [written.length, why])).toEqual([
    [0, expect.stringMatching(/the row with key .*"1".* holds a value of 4 bytes/)],
    [0, 'left out: where is not true'],
    [0, expect.stringMatching(/holds a value of 4 bytes/)],
  ])
})

test('the ways of rules and columns, and what reads columns that are left out', async () => {
  await configure(
    [
      'sr_table = "plain"',
      'sr_table = "some"\nwhere = "qty > 1"\nexclude = ["qty"]',
      'sr_table = "log"\nmode = "append"\ncolumns = ["id"]\noperations = ["UPDATE"]',
      'sr_table = "kept"\non_delete = "soft"\ncolumns = ["id"]',
      'sr_table = "sums"\ngroup_by = ["status"]\nmeasures = { n = "count(*)", qty = "sum(qty)" }',
    ]
      .map(lines => `[[rule]]\nschema = "shop"\ntable = "orders"\n${lines}\n`)
      .join('\n'),
  )
  const { rules, targets } = await explained('--rows', '1')
  expect(targets.map(({ target, state }) => [target, state])).toEqual(
    ['plain', 'some', 'log', 'kept', 'sums'].map(name => [`demo.${name}`, 'missing']),
  )
  expect(rules.map(({ mode, tables: [one] }) => [mode, one!.way, one!.samples.length])).toEqual([
    ['upsert', 'bytes', 1],
    ['upsert', 'pieces', 1],
    ['append', 'pieces', 1],
    ['upsert', 'extended', 1],
    ['aggregate', 'bytes', 1],
  ])
  expect(rules[1]!.tables[0]!.leftOut).toEqual([{ column: 'qty', readBy: ['where'] }])
  expect(rules[2]!.tables[0]!.samples[0]).toMatchObject({ written: [], why: 'passed over: operations has no INSERT' })
  expect(rules[3]!.tables[0]!.columns.map(({ name, way }) => [name, way])).toEqual([
    ['id', 'bytes'],
    ['_deleted', 'decoded'],
  ])
  expect(rules[4]!.tables[0]!.samples[0]!.written).toEqual([{ status: 'paid', n: '1', qty: '6' }])
})

test('a table whose rule is wrong is a finding that points at the character, and other tables are explained', async () => {
  await bench.server.sql('create table shop.items (id int primary key)')
  const rules = `[[rule]]\nschema = "shop"\ntable = "items"\n${RULE!.replace('price *', 'prize *')}`
  await bench.configure({
    top: { sr_dbname: 'demo' },
    blocks: SOURCE.replace('["orders"]', '["orders", "items"]') + rules,
  })
  const { code, text } = await explain()
  expect(code).toBe(1)
  expect(text).toContain('shop.items -> demo.items\n  byte path')
  expect(text).toContain('rule 2: shop.orders   (sync.toml, line 21)')
  expect(text).toContain('tables   none that can be written; why is told below')
  expect(text).toMatch(/line 21: where: shop\.orders has no column "prize".*, at character 23 \(\S+:\d+:\d+\):\n/)
})

test('without StarRocks targets are shown as they would be made, and a warning says so', async () => {
  await bench.configure({ fePort: 1, top: { sr_dbname: 'demo' }, blocks: SOURCE + RULE! })
  const { code, text } = await explain()
  expect(code).toBe(0)
  expect(text).toContain('demo.large_orders was not looked at; where it is missing it is made by:')
  expect(text).toContain('total = "119.94"')
  expect(text).toMatch(/^warning {2}starrocks\.reach: The targets are shown as they would be made: /m)
})

test('named tables and targets alone; other names are refused', async () => {
  await configure(`${RULE}\n[[rule]]\nschema = "shop"\ntable = "orders"\nsr_table = "other"\n`)
  expect((await explained('demo.other', '--rows', '0')).rules.map(({ number }) => number)).toEqual([2])
  expect((await explained('shop.orders', '--rows', '0')).rules).toHaveLength(2)
  expect(await explain('shop.gone')).toMatchObject({ code: 2, text: expect.stringMatching(/^shop\.gone is no table/) })
  const against: ChangeReport = JSON.parse((await explain('--json', '--against', bench.engine.configFile)).text)
  expect(against).toMatchObject({ keys: [], tables: [], ways: [] })
})
