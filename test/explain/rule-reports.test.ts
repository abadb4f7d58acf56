import { expect, test } from '@jest/globals'
import { originText, wayText } from '../../lib/cli/explain-text.js'
import { type ExplainedTarget, effectiveTarget } from '../../lib/explain/explained-targets.js'
import type { ColumnReport, RuleReport } from '../../lib/explain/report.js'
import { ruleReport, tablesOfRules } from '../../lib/explain/rule-reports.js'
import { targetName } from '../../lib/model/schema.js'
import type { TransformModule } from '../../lib/model/transform-module.js'
import { ruleBookOf } from '../../lib/registry.js'
import { fixtureTable } from '../../lib/rule-test/fixture-table.js'
import { planColumns } from '../../lib/rules/column-plan.js'
import { planShape } from '../../lib/rules/shape/shaped-table.js'
import { requestTarget } from '../../lib/rules/target-wish.js'
import type { PlannedSource } from '../../lib/schema-plan.js'
import { mergeRequests } from '../../lib/starrocks/merged-request.js'
import { load, MINIMAL } from '../support/config-text.js'
import { loadedModule } from '../support/transform-modules.js'

const OWN = 'id int PRIMARY KEY, name varchar(20), phone varchar(20), price decimal(8,2), qty int'
/** The third is ahead. */
const TABLES = [OWN, OWN, `${OWN}, late date`].map((columns, i) => `CREATE TABLE shop_${i + 1}.orders (${columns})`)

/** What is told of a rule that takes the orders of three shops; `module`: what it names as transform. */
function reported(lines: string, module?: TransformModule): RuleReport {
  const top = MINIMAL.replace('"shop"', '"/^shop_/"')
  const rule = `[[rule]]\nschema = "/^shop_/"\ntable = "orders"\nsr_table = "t"\n${lines}\n`
  const read = load(`mask_salt = "sixteen letters or more"\n${top}\n${rule}`)
  const config = module === undefined ? read : { ...read, rule: read.rule.map(r => ({ ...r, transform: module })) }
  const sources = TABLES.map((statement): PlannedSource => {
    const table = fixtureTable(statement, 'mysql')
    const [matched] = ruleBookOf(config).match(table.schema, table.table)
    const shaped = planShape(table, matched!).schema
    return { table, shaped, plan: planColumns(shaped, matched!), matched: matched! }
  })
  const requests = sources.map(({ table, shaped, plan, matched }) => ({
    source: table.schema,
    request: requestTarget(shaped, plan, matched, 'refuse'),
  }))
  const request = mergeRequests(requests as [(typeof requests)[0], ...typeof requests])
  const target: ExplainedTarget = {
    planned: { request, sources: sources as [PlannedSource, ...PlannedSource[]], rules: [1] },
    report: { target: targetName(request), model: request.model, state: null, statement: null, differences: [] },
    effective: effectiveTarget(request, null),
  }
  return ruleReport(config, 1, tablesOfRules(config, [target])[0]!, [])
}

function column(report: RuleReport, name: string): ColumnReport | undefined {
  return report.tables[0]!.columns.find(one => one.name === name)
}

test('tables that a rule treats alike stand together', () => {
  const { tables } = reported('constants = { shop = "$schema" }\nshard_key = ["shop"]')
  expect(tables.map(({ sources, way }) => [sources, way])).toEqual([
    [['shop_1.orders', 'shop_2.orders'], 'bytes'],
    [['shop_3.orders'], 'bytes'],
  ])
  expect(tables[1]!.columns.at(-1)).toMatchObject({ name: 'late', type: 'date' })
})

test.each([
  ['', 'bytes'],
  [
    'rename = { name = "customer" }\ncast = { price = "DECIMAL(20,4)" }\nconstants = { c = "x" }\nexclude = ["qty"]',
    'bytes',
  ],
  ['mode = "append"', 'bytes'],
  ['group_by = ["name"]\nmeasures = { n = "count(*)", qty = "sum(qty)" }', 'bytes'],
  ['where = "qty > 1"', 'pieces'],
  ['operations = ["INSERT"]', 'pieces'],
  ['on_delete = "ignore"', 'pieces'],
  ['on_delete = "soft"', 'extended'],
  ['computed = { total = "price * qty" }', 'extended'],
  ['mask = { phone = "null" }', 'extended'],
])('%s: %s', (lines, way) => {
  expect(reported(lines).tables[0]!.way).toBe(way)
})

test('a column that stays as it is is copied as bytes, whatever reads it besides', () => {
  const report = reported('where = "QTY > 1"\ncomputed = { total = "price * qty" }\nrename = { qty = "amount" }')
  expect(column(report, 'amount')).toEqual({
    name: 'amount',
    type: 'int',
    isKey: false,
    origin: { kind: 'column', column: 'qty', cast: null },
    way: 'bytes',
    reads: [],
    readBy: ['where', 'computed.total'],
  })
  expect(column(report, 'id')).toMatchObject({ isKey: true, way: 'bytes', readBy: [] })
  expect(column(report, 'total')).toMatchObject({ way: 'decoded', reads: ['price', 'qty'] })
})

test('what is masked is decoded, but for what is not read at all', () => {
  const report = reported('mask = { phone = "keep(3,4)", name = "null" }\ncast = { price = "VARCHAR(20)" }')
  expect(column(report, 'phone')).toMatchObject({ origin: { kind: 'mask', mask: 'keep(3,4)' }, reads: ['phone'] })
  expect(column(report, 'name')).toMatchObject({ origin: { kind: 'mask', mask: 'null' }, way: 'decoded', reads: [] })
  expect(column(report, 'price')).toMatchObject({ origin: { cast: 'VARCHAR(20)' }, way: 'bytes', type: 'varchar(20)' })
})

test('sums of columns are made of bytes, those of computed and masked ones are not', () => {
  const report = reported(
    'computed = { total = "price * qty" }\nmask = { price = "round(10)" }\ngroup_by = ["name"]\nmeasures = { n = "count(*)", q = "sum(qty)", t = "sum(total)", p = "sum(price)" }',
  )
  expect(['n', 'q', 't', 'p'].map(name => [name, column(report, name)!.way, column(report, name)!.reads])).toEqual([
    ['n', 'bytes', []],
    ['q', 'bytes', ['qty']],
    ['t', 'decoded', ['price', 'qty']],
    ['p', 'decoded', ['price']],
  ])
  expect(report.tables[0]!.leftOut).toContainEqual({
    column: 'qty',
    readBy: ['computed.total', 'measures.q', 'measures.t'],
  })
})

test('measures of expressions, averages and extremes, with the text of the operator and what they read', () => {
  const { tables } = reported(
    'computed = { total = "price * qty" }\noperations = ["INSERT"]\ngroup_by = ["name"]\nmeasures = { t = "sum(total + 1)", mean = "avg(price)", n = "count(phone)", most = "max(total)", rows = "count(*)" }',
  )
  expect(tables[0]!.columns.map(({ name, origin, way, reads }) => [name, originText(origin), way, reads])).toEqual([
    ['name', 'name', 'bytes', []],
    ['most', 'max(total)', 'decoded', ['price', 'qty']],
    ['t', 'sum(total + 1)', 'decoded', ['price', 'qty']],
    ['mean_sum', 'avg(price), the sum', 'decoded', ['price']],
    ['mean_count', 'avg(price), the count', 'decoded', ['price']],
    ['n', 'count(phone)', 'decoded', ['phone']],
    ['rows', 'count(*)', 'bytes', []],
  ])
  expect(tables[0]!.leftOut.map(({ column, readBy }) => [column, ...readBy])).toEqual([
    ['id'],
    ['phone', 'measures.n'],
    ['price', 'computed.total', 'measures.most', 'measures.t', 'measures.mean'],
    ['qty', 'computed.total', 'measures.most', 'measures.t'],
  ])
})

test('columns of before name the column of the source, and what masks it', () => {
  const { tables } = reported(
    'mode = "append"\nbefore = ["phone", "qty"]\nrename = { qty = "amount" }\nmask = { phone = "keep(3,4)" }\ncomputed = { grown = "qty - ifnull(OLD.qty, 0)" }',
  )
  const shown = tables[0]!.columns
    .filter(({ origin }) => origin.kind !== 'change')
    .map(column => [...[column.name, originText(column.origin), wayText(column)]])
  expect(shown.slice(-4)).toEqual([
    ['amount', 'qty', 'copied as bytes; decoded for computed.grown'],
    ['grown', 'qty - ifnull(OLD.qty, 0)', 'decoded: qty'],
    ['_before_phone', 'phone, before the change, masked by keep(3,4)', 'decoded: masked'],
    ['_before_amount', 'qty, before the change', 'decoded: qty'],
  ])
})

test('a module is shown all columns of its rule and those of transform_reads, and adds its own', async () => {
  const report = reported(
    'transform = "rows.mjs"\nexclude = ["qty"]\ntransform_reads = ["qty"]\non_delete = "soft"\nwhere = "price > 1"\nmask = { phone = "keep(3,4)" }\ncomputed = { total = "price * qty" }\ntransform_columns = { line = "INT", name = "VARCHAR(9)" }',
    await loadedModule('export default change => change'),
  )
  expect([report.module, report.tables[0]!.way]).toEqual(['rows.mjs', 'module'])
  const told = report.tables[0]!.columns.map(({ name, type, origin, way, reads, readBy }) => [
    ...[name, type, origin.kind, way],
    ...[reads, readBy],
  ])
  expect(told).toEqual([
    ['id', 'int', 'column', 'decoded', ['id'], ['transform']],
    ['name', 'varchar(9)', 'column', 'decoded', ['name'], ['transform']],
    ['phone', 'varchar(80)', 'mask', 'decoded', ['phone'], ['transform']],
    ['price', 'decimal(8,2)', 'column', 'decoded', ['price'], ['where', 'computed.total', 'transform']],
    ['total', 'decimal(18,2)', 'computed', 'decoded', ['price', 'qty'], ['transform']],
    ['_deleted', 'tinyint', 'softDelete', 'decoded', [], ['transform']],
    ['line', 'int', 'added', 'decoded', [], []],
  ])
  expect(report.tables[0]!.leftOut).toEqual([{ column: 'qty', readBy: ['computed.total', 'transform_reads'] }])
})

test('how loads are made: keys of the rule, else those above the rules', () => {
  const { load: loads } = reported(
    'flush_rows = 7\nmerge_condition = "qty"\noperations = ["INSERT"]\nproperties = { a = "b" }',
  )
  expect(loads).toMatchObject({
    delivery: 'auto',
    format: 'csv',
    flushIntervalMs: 1000,
    flushRows: 7,
    others: ['merge_condition = "qty"', 'properties = {"a":"b"}'],
  })
})

test('a target that lacks columns is shown with them, and with its own types', () => {
  const request = {
    database: 'demo',
    table: 't',
    model: 'primary',
    key: ['id'],
    comment: '',
    orderBy: null,
    partitionBy: null,
    missingColumns: 'refuse',
    columns: ['id', 'a', 'B'].map(name => ({ name, type: 'int', nullable: true, comment: '' })),
  } as const
  const columns = ['ID', 'b'].map(name => ({ name, type: 'bigint', nullable: true, hasDefault: false }))
  const existing = { database: 'demo', table: 't', model: 'primary', key: ['ID'], columns } as const
  expect(effectiveTarget(request, existing).columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'ID bigint',
    'b bigint',
    'a int',
  ])
})
