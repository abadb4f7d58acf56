import { describe, expect, test } from '@jest/globals'
import { parseExpression } from '../../lib/expression/parser.js'
import { PLAIN_SHAPE, type RuleShape } from '../../lib/model/rule-shape.js'
import { planColumns } from '../../lib/rules/column-plan.js'
import type { RuleSpec } from '../../lib/rules/rule-book.js'
import { planShape } from '../../lib/rules/shape/shaped-table.js'
import { requestTarget } from '../../lib/rules/target-wish.js'
import type { PlannedTarget } from '../../lib/schema-plan.js'
import { composeComparison } from '../../lib/verify/compared-table.js'
import { dialectDoubt } from '../../lib/verify/dialect-doubt.js'
import { tolerated } from '../../lib/verify/rule-promise.js'
import { MARIADB_DIFFERENCES } from '../expression/mariadb-differences.js'
import { SAMPLE_COLUMNS } from '../expression/sample-table.js'
import { rule } from '../support/rule-spec.js'
import { sourceColumn, sourceTable } from '../support/source-column.js'

const TABLE = sourceTable([
  sourceColumn('id', 'int'),
  sourceColumn('price', 'decimal(10,2)'),
  sourceColumn('name', 'varchar(20)'),
])

/** A target that this rule over `TABLE` writes. */
function planned(shape: Partial<RuleShape>, parts: Partial<RuleSpec> = {}): PlannedTarget {
  const matched = { rule: rule({ ...parts, shape: { ...PLAIN_SHAPE, ...shape } }), database: 'd', table: 't' }
  const shaped = planShape(TABLE, matched).schema
  const plan = planColumns(shaped, matched)
  const request = requestTarget(shaped, plan, matched, 'refuse')
  return { request, sources: [{ table: TABLE, shaped, plan, matched }], rules: [1] }
}

function compared(shape: Partial<RuleShape>, refused: ReadonlyMap<string, string> = new Map()) {
  const target = planned(shape)
  const { database, table, model, key, columns } = target.request
  const existing = { database, table, model, key, columns: columns.map(one => ({ ...one, hasDefault: false })) }
  const table_ = composeComparison(target, existing, { flavor: 'mysql', refused })
  if (typeof table_ === 'string') throw new Error(table_)
  return table_
}

describe('rows that one side alone may have', () => {
  test.each<[Partial<RuleShape>, readonly string[] | RegExp]>([
    [{}, []],
    [{ onDelete: 'soft' }, []],
    [{ onDelete: 'ignore' }, ['extra']],
    [{ operations: ['insert', 'update'] }, ['extra']],
    [{ operations: ['update', 'delete'] }, ['missing']],
    [{ operations: ['insert', 'delete'] }, /kind UPDATE are passed over, so no row/],
    [{ operations: ['insert'] }, /kind UPDATE and DELETE/],
    [{ operations: ['update'] }, /kind INSERT and DELETE/],
    // A row that goes and comes back is written by neither.
    [{ operations: ['update', 'delete'], onDelete: 'ignore' }, /kind INSERT and DELETE/],
  ])('%j', (shape, expected) => {
    const found = tolerated({ ...planned({}), sources: [{ ...planned({}).sources[0], matched: matchedBy(shape) }] })
    if (expected instanceof RegExp) expect(found).toMatch(expected)
    else expect([...found]).toEqual(expected)
  })

  function matchedBy(shape: Partial<RuleShape>) {
    return { rule: rule({ shape: { ...PLAIN_SHAPE, ...shape } }), database: 'd', table: 't' }
  }

  test('sums are compared only where every change counts', () => {
    const sums = planned({}, { mode: 'aggregate', groupBy: ['name'], measures: new Map([['n', { of: 'count' }]]) })
    const [source] = sums.sources
    const shape = { ...PLAIN_SHAPE, onDelete: 'ignore' as const }
    const kept = { ...source, matched: { ...source.matched, rule: { ...source.matched.rule, shape } } }
    expect([...tolerated(sums)]).toEqual([])
    expect(tolerated({ ...sums, sources: [kept] })).toMatch(/so its sums are none of the source's rows/)
  })
})

test('the source is asked for the rows of where, the target for those that are not marked', () => {
  const { sources, target } = compared({ where: "name like 'a%' or NEW.price > 1", onDelete: 'soft' })
  expect(sources[0]!.where).toBe("((`name` like 'a%') or (`price` > 1))")
  expect(target.where).toBe('(`_deleted` IS NULL OR `_deleted` <> 1)')
})

test('columns that the source does not know are named, and so are those that it cannot compute', () => {
  const computed = new Map([
    ['total', 'price * 2'],
    ['was', 'OLD.price'],
    ['at', '$commit_time'],
    ['hashed', 'md5(name)'],
    ['steep', 'pow(price, 2)'],
    ['origin', "concat($schema, '.', $table)"],
  ])
  const { columns, ignored } = compared({ computed }, new Map([['md5(`name`)', 'no such function']]))
  expect(ignored).toEqual({
    was: 'the source keeps no OLD.price of a row',
    at: 'the source keeps no $commit_time of a row',
    hashed: 'no such function',
    steep: 'the last digit of power() is not the same everywhere',
  })
  expect(columns.map(({ name }) => name)).toEqual(['id', 'price', 'name', 'total', 'origin'])
})

test('whatever the tests of expressions have found to differ on MariaDB is not taken from there', () => {
  const table = sourceTable(
    SAMPLE_COLUMNS.map(({ name, ddl }) => sourceColumn(name, ddl.replace(/ (collate|character).*/, ''))),
  )
  // Texts that no column says how to compare: the collation of the session, which MariaDB has none of.
  const literals = ["'a' = 'a '", "'ß' = 'ss'", "cast(g as char) = 'trailing'"]
  const taken = MARIADB_DIFFERENCES.filter(text => dialectDoubt(parseExpression(text), table, 'mariadb') === null)
  expect(taken.filter(text => !literals.includes(text))).toEqual([])
  for (const text of ['price / 2', 'price * qty', "concat(upper(s), '-', i)", 'date(ts)'])
    expect([text, dialectDoubt(parseExpression(text), table, 'mariadb')]).toEqual([text, null])
})
