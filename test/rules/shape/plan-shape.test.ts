import { describe, expect, test } from '@jest/globals'
import { PLAIN_SHAPE, type RuleShape } from '../../../lib/model/rule-shape.js'
import type { TableSchema } from '../../../lib/model/schema.js'
import { planColumns } from '../../../lib/rules/column-plan.js'
import { imageFindings } from '../../../lib/rules/image-findings.js'
import type { RuleSpec } from '../../../lib/rules/rule-book.js'
import { planShape } from '../../../lib/rules/shape/shaped-table.js'
import { requestTarget } from '../../../lib/rules/target-wish.js'
import { failureOf } from '../../support/failure-of.js'
import { rule } from '../../support/rule-spec.js'
import { sourceColumn, sourceTable } from '../../support/source-column.js'

const ORDERS = sourceTable([
  sourceColumn('id', 'int'),
  sourceColumn('Status', 'varchar(10)'),
  sourceColumn('price', 'decimal(10,2)'),
  sourceColumn('qty', 'int'),
  sourceColumn('made', 'datetime(3)'),
])

function matched(shape: Partial<RuleShape>, more: Partial<RuleSpec> = {}) {
  return { rule: rule({ ...more, shape: { ...PLAIN_SHAPE, ...shape } }), database: 'd', table: 't' }
}

function wish(shape: Partial<RuleShape>, more: Partial<RuleSpec> = {}, table: TableSchema = ORDERS) {
  const found = matched(shape, more)
  const { schema } = planShape(table, found)
  return requestTarget(schema, planColumns(schema, found), found, 'refuse')
}

const computed = (columns: Record<string, string>) => ({ computed: new Map(Object.entries(columns)) })
const refused = (shape: Partial<RuleShape>, more: Partial<RuleSpec> = {}) => failureOf(() => wish(shape, more)).message

describe('the target of a rule with a shape', () => {
  test('a filter alone changes nothing of it; the table is the very one', () => {
    expect(planShape(ORDERS, matched({ where: 'qty > 3' })).schema).toBe(ORDERS)
    expect(wish({ where: 'qty > 3' })).toEqual(wish({}))
  })

  test('computed columns and marks stand behind the own ones, with types that hold their values', () => {
    const shape = {
      ...computed({
        total: 'price * qty',
        day: 'date(made)',
        what: '$operation',
        text: "concat(Status, '!')",
        no: 'null',
      }),
      onDelete: 'soft' as const,
      softDelete: { flag: 'gone', time: 'gone_at' },
    }
    expect(
      wish(shape)
        .columns.slice(5)
        .map(({ name, type, nullable }) => `${name} ${type}${nullable ? '' : ' not null'}`),
    ).toEqual([
      expect.stringMatching(/^total decimal\(\d+,2\)$/),
      'day date',
      'what varchar(24)',
      'text varchar(44)',
      'no varchar(4)',
      'gone tinyint not null',
      'gone_at datetime',
    ])
  })

  test('columns and exclude are for the own columns; rename and cast find theirs', () => {
    const shape = computed({ total: 'price * qty' })
    const names = (more: Partial<RuleSpec>) => wish(shape, more).columns.map(({ name, type }) => `${name} ${type}`)
    expect(names({ columns: ['id'] })).toEqual(['id int', expect.stringMatching(/^total decimal/)])
    const types = { bit1: 'number' as const, tinyint1: 'tinyint' as const, cast: new Map([['total', 'double']]) }
    expect(names({ columns: ['id'], types })).toEqual(['id int', 'total double'])
    expect(refused(shape, { exclude: ['total'] })).toMatch(/exclude names column "total", which s\.t does not have/)
    expect(refused(shape, { rename: new Map([['total', 'x']]) })).toMatch(/rename names column "total"/)
  })

  test('a computed column may have the name of one that is left out', () => {
    expect(wish(computed({ qty: 'qty * 2' }), { exclude: ['qty'] }).columns.at(-1)).toMatchObject({
      name: 'qty',
      type: 'bigint',
    })
    expect(refused(computed({ qty: 'qty * 2' }))).toMatch(/two columns of s\.t would fill the target column "qty"/)
  })

  test('sums: the name must be its own', () => {
    const measures = new Map([['n', { of: 'count' as const }]])
    expect(refused(computed({ qty: 'qty * 2' }), { mode: 'aggregate', groupBy: ['qty'], measures })).toMatch(
      /computed\.qty has the name of a column of s\.t/,
    )
  })
})

describe('names that are not known', () => {
  test('where: rule, character and the columns there are', () => {
    const message = refused({ where: "qty > 3 and staus = 'x'" })
    expect(message).toBe(
      `[[rule]] in sync.toml, line 7: where: s.t has no column "staus" (it has id, Status, price, qty, made), at character 13:\nqty > 3 and staus = 'x'\n            ^^^^^`,
    )
  })

  test('names are found in any case, as the server does', () => {
    expect(planShape(ORDERS, matched({ where: "status = 'x' and QTY > 1" })).filter).not.toBeNull()
  })

  test('a text is not compared by a collation that nobody knows', () => {
    const { collation: _, ...unknown } = sourceColumn('name', 'varchar(10)')
    const table = sourceTable([sourceColumn('id', 'int'), { ...unknown, charset: 'latin1' }])
    const plan = (shape: Partial<RuleShape>) => () => planShape(table, matched(shape))
    const { kind, message } = failureOf(plan({ where: "id > 3 and name = 'x'" }))
    expect(kind).toBe('ruleInvalid')
    expect(message).toContain(
      'the collation of name is not known. Say how it is meant: … collate latin1_bin compares exactly',
    )
    expect(message).toContain("name = 'x'\n           ^^^^")
    for (const where of [
      "name < 'x'",
      "name in ('x', 'y')",
      "name like 'x%'",
      "name regexp 'x'",
      "locate('x', name) = 1",
    ])
      expect(failureOf(plan({ where })).message).toContain('the collation of name is not known')
    for (const where of [
      "name collate latin1_bin = 'x'",
      "cast(name as char) = 'x'",
      'name is null',
      'char_length(name) > 1',
    ])
      expect(plan({ where })).not.toThrow()
    expect(plan(computed({ both: "concat(name, '-', upper(name))", first: 'coalesce(name, id)' }))).not.toThrow()
  })

  test.each([
    ['OLD.qty > 3', 'OLD.qty is not known here: where is asked of the row before a change and of the one behind it'],
    ["$operation = 'INSERT'", '$operation is not known here'],
    ['$bin_pos > 3', '$bin_pos is not known here'],
    ['$nobody = 1', '$nobody'],
  ])('where = "%s"', (where, problem) => {
    expect(refused({ where })).toContain(problem)
  })

  test('where may ask for schema and table', () => {
    expect(planShape(ORDERS, matched({ where: "$table like 'orders%' and NEW.qty > 1" })).filter).not.toBeNull()
  })

  test('sums know the row alone', () => {
    const measures = new Map([['n', { of: 'sum' as const, column: 'x' }]])
    const more: Partial<RuleSpec> = { mode: 'aggregate', groupBy: ['id'], measures }
    expect(refused(computed({ x: 'qty - OLD.qty' }), more)).toMatch(
      /computed\.x: OLD\.qty is not known here: sums are taken/,
    )
    expect(refused(computed({ x: "if($operation = 'INSERT', 1, 0)" }), more)).toMatch(/\$operation is not known here/)
  })

  test('an expression that makes no sense is pointed at', () => {
    expect(refused(computed({ x: 'nofunction(qty)' }))).toMatch(/computed\.x: .*nofunction.*, at character 1:\n/s)
  })
})

describe('row images that leave columns out', () => {
  const found = (shape: Partial<RuleShape>, more: Partial<RuleSpec>, rowImage: string) => {
    const one = matched(shape, more)
    const planned = planShape(ORDERS, one)
    return imageFindings(planned, planColumns(planned.schema, one), one, { rowImage, mariadb: false })
  }

  test.each<[string, Partial<RuleShape>, Partial<RuleSpec>]>([
    ['where', { where: 'qty > 3' }, {}],
    ['operations', { operations: ['insert', 'update'] }, {}],
    ['computed', computed({ total: 'price * qty' }), {}],
    ['mask', { mask: new Map([['Status', 'keep(1,0)']]) }, {}],
    ['on_delete', { onDelete: 'ignore' }, {}],
    ['mode = "partial"', { partial: true, onDelete: 'nullify' }, {}],
    ['mode = "partial", on_delete', { partial: true, onDelete: 'delete', key: new Map([['order', 'id']]) }, {}],
    ['where, operations, mask', { where: 'qty > 3', operations: ['insert'], mask: new Map([['made', 'year']]) }, {}],
    ['before', { before: ['*'] }, { mode: 'append' }],
    [
      'measures',
      {},
      { mode: 'aggregate', groupBy: ['Status'], measures: new Map([['n', { of: 'sumOf', text: 'sum(price * qty)' }]]) },
    ],
  ])('%s: told before any row comes, with the rule, the table and what mends it', (keys, shape, more) => {
    for (const rowImage of ['MINIMAL', 'NOBLOB'])
      expect(found(shape, more, rowImage)).toEqual([
        {
          level: 'error',
          message: `[[rule]] in sync.toml, line 7: ${keys} need every column of each row of s.t, and binlog_row_image = ${rowImage} leaves columns out.`,
          remedy: 'SET GLOBAL binlog_row_image = FULL on the source.',
        },
      ])
    expect(found(shape, more, 'FULL')).toEqual([])
  })
})
