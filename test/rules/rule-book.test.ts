import { describe, expect, test } from '@jest/globals'
import type { TableSchema } from '../../lib/model/schema.js'
import { planColumns } from '../../lib/rules/column-plan.js'
import { renderColumnsHeader } from '../../lib/rules/columns-header.js'
import { RuleBook, type RuleSpec } from '../../lib/rules/rule-book.js'
import { rule } from '../support/rule-spec.js'
import { sourceColumn } from '../support/source-column.js'

const schema: TableSchema = {
  schema: 's',
  table: 't',
  columns: ['id', 'name', 'secret'].map(name => sourceColumn(name, 'int')),
  key: ['id'],
  comment: '',
}

describe('RuleBook', () => {
  const book = new RuleBook(
    [
      { schema: 's', tables: ['t', 'u'] },
      { schema: '/^shop_(\\d+)$/', tables: ['/^order_(\\d+)$/'] },
    ],
    [
      rule({}),
      rule({
        schema: '/^shop_(\\d+)$/',
        table: '/^order_(\\d+)$/',
        targetDatabase: 'shop$1',
        targetTable: 'orders_$1',
      }),
    ],
    'demo',
  )

  test('a table is wanted when a source names it and a rule takes it', () => {
    expect([
      book.wanted('s', 't'),
      book.wanted('s', 'u'),
      book.wanted('s', 'x'),
      book.wanted('shop_1', 'order_22'),
    ]).toEqual([true, false, false, true])
    expect(book.wanted('Shop_1', 'order_22')).toBe(false)
  })

  test('targets default to sr_dbname and the table’s own name; $1 is the group of its own pattern', () => {
    expect(book.match('s', 't')[0]).toMatchObject({ database: 'demo', table: 't' })
    expect(book.match('shop_4', 'order_22')[0]).toMatchObject({ database: 'shop4', table: 'orders_22' })
  })

  test('two rules for one table and one target clash; two targets do not', () => {
    const clash = new RuleBook(
      [{ schema: 's', tables: ['t'] }],
      [rule({}), rule({ where: 'line 20', targetTable: 't' })],
      'demo',
    )
    expect(() => clash.match('s', 't')).toThrow(/Two rules write s\.t into demo\.t: .*line 7 and line 20/)
    const split = new RuleBook([{ schema: 's', tables: ['t'] }], [rule({}), rule({ targetTable: 't2' })], 'demo')
    expect(split.match('s', 't').map(m => m.table)).toEqual(['t', 't2'])
  })

  test('what has no rule, and rules that take nothing, are said', () => {
    const gaps = book.gaps([
      { schema: 's', table: 't' },
      { schema: 's', table: 'u' },
    ])
    expect(gaps.join('\n')).toMatch(/s\.u is named by a \[\[source\]\], but no \[\[rule\]\] matches it/)
    expect(gaps.join('\n')).toMatch(/does not exist on the source now/)
  })

  test('$2 without a second group is refused', () => {
    const bad = new RuleBook([{ schema: 's', tables: ['t'] }], [rule({ targetTable: 'x_$2' })], 'demo')
    expect(() => bad.match('s', 't')).toThrow(/uses \$2, but the pattern has no group 2/)
  })
})

describe('planColumns', () => {
  const matched = (parts: Partial<RuleSpec>): Parameters<typeof planColumns>[1] => ({
    rule: rule(parts),
    database: 'demo',
    table: 't',
  })

  test('exclude, rename and constants', () => {
    const plan = planColumns(
      schema,
      matched({
        exclude: ['secret'],
        rename: new Map([['name', 'nick']]),
        constants: new Map([['src', '$schema.$table']]),
      }),
    )
    expect(plan).toEqual({
      targets: ['id', 'nick', null],
      constants: [{ name: 'src', text: 's.t' }],
      measures: [],
      key: ['id'],
    })
  })

  test.each([
    [{ columns: ['id', 'nmae'] }, /columns names column "nmae", which s\.t does not have/],
    [{ exclude: ['id'] }, /key column "id" of s\.t is left out/],
    [{ rename: new Map([['name', 'ID']]) }, /two columns of s\.t would fill the target column "ID"/],
    [{ rename: new Map([['name', '__op']]) }, /name StarRocks keeps for itself/],
  ])('%j is refused', (parts, message) => {
    expect(() => planColumns(schema, matched(parts))).toThrow(message)
  })
})

test('the columns header names fields in body order; base64 is decoded by expression in json only', () => {
  const fields = [{ name: 'id', toBinary: false }, null, { name: 'b`x', toBinary: true }]
  const added = { change: false, measures: [], constants: [{ name: 'src' }], op: true }
  expect(renderColumnsHeader(fields, added, 'csv')).toBe('`id`,`b``x`,`src`,__op')
  expect(renderColumnsHeader(fields, added, 'json')).toBe(
    "`id`,`__base64_2`,`src`,`b``x`=to_binary(`__base64_2`,'encode64')",
  )
})
