import { describe, expect, test } from '@jest/globals'
import { measure } from '../../../lib/config/measure.js'
import { PLAIN_SHAPE } from '../../../lib/model/rule-shape.js'
import { type ColumnPlan, planColumns } from '../../../lib/rules/column-plan.js'
import type { RuleSpec } from '../../../lib/rules/rule-book.js'
import { planShape } from '../../../lib/rules/shape/shaped-table.js'
import { inexactSums, requestTarget, type TargetWish } from '../../../lib/rules/target-wish.js'
import { failureOf } from '../../support/failure-of.js'
import { rule } from '../../support/rule-spec.js'
import { sourceColumn, sourceTable } from '../../support/source-column.js'

const ORDERS = sourceTable([
  sourceColumn('id', 'int'),
  sourceColumn('status', 'varchar(10)'),
  sourceColumn('price', 'decimal(10,2)'),
  sourceColumn('qty', 'int'),
  sourceColumn('huge', 'decimal(60,4)'),
  sourceColumn('big', 'bigint'),
  sourceColumn('rate', 'double'),
  sourceColumn('made', 'datetime(3)'),
  sourceColumn('doc', 'json'),
  sourceColumn('measures.x', 'int'),
])

interface Planned {
  readonly plan: ColumnPlan
  readonly wish: TargetWish
  readonly inexact: readonly string[]
}

function planned(measures: Readonly<Record<string, string>>, more: Partial<RuleSpec> = {}): Planned {
  const parsed = Object.entries(measures).map(([name, text]) => {
    const found = measure().parse(text)
    if (!found.ok) throw new TypeError(found.problem)
    return [name, found.value] as const
  })
  const shape = { ...PLAIN_SHAPE, computed: new Map([['total', 'price * qty']]), ...more.shape }
  const spec = rule({ mode: 'aggregate', groupBy: ['status'], measures: new Map(parsed), ...more, shape })
  const matched = { rule: spec, database: 'd', table: 't' }
  const { schema } = planShape(ORDERS, matched)
  const plan = planColumns(schema, matched)
  return {
    plan,
    wish: requestTarget(schema, plan, matched, 'refuse'),
    inexact: inexactSums(schema, plan, matched),
  }
}

const typesOf = ({ wish }: Planned) =>
  wish.columns
    .slice(1)
    .map(({ name, type, aggregate, nullable }) => `${name} ${type} ${aggregate}${nullable ? '' : ' not null'}`)
const refused = (text: string, more: Partial<RuleSpec> = {}) => failureOf(() => planned({ x: text }, more)).message

describe('the types of measures', () => {
  test.each([
    ['sum(price * qty)', 'decimal(38,2)'],
    ['sum(huge * 2)', 'decimal(38,4)'],
    ['sum(qty + 1)', 'largeint'],
    ["sum(status = 'paid')", 'bigint'],
    ['sum(big)', 'largeint'],
    ['sum(year(made))', 'bigint'],
    ['sum(rate * 2)', 'double'],
    ['count(qty)', 'bigint'],
    ['count(doc)', 'bigint'],
    ['sum(total)', 'decimal(38,2)'],
    ['sum(TOTAL - price)', null],
    ['sum(total - PRICE)', 'decimal(38,2)'],
  ])('%s', (text, type) => {
    if (type === null) expect(refused(text)).toContain('has no column "TOTAL"')
    else expect(typesOf(planned({ x: text }))).toEqual([`x ${type} sum`])
  })

  test('an average is a sum and a count', () => {
    expect(typesOf(planned({ paid: 'avg(price)', n: 'count(*)' }))).toEqual([
      'paid_sum decimal(38,2) sum',
      'paid_count bigint sum',
      'n bigint sum',
    ])
  })

  test('least and greatest values stand behind all keys', () => {
    const found = planned(
      { first: 'min(made)', most: 'max(price * qty)', n: 'count(*)' },
      { constants: new Map([['shop', 'a']]) },
    )
    expect(found.plan.key).toEqual(['status', 'shop'])
    expect(typesOf(found)).toEqual([
      'shop varchar(1024) undefined not null',
      'first datetime min',
      expect.stringMatching(/^most decimal\(\d+,2\) max$/),
      'n bigint sum',
    ])
  })

  test('sums of floating point values are told', () => {
    expect(planned({ x: 'sum(rate * 2)', y: 'avg(rate)', z: 'count(rate)' }).inexact).toHaveLength(2)
  })

  test('a column by itself is summed from its own bytes', () => {
    const { plan } = planned({ x: 'sum(qty)', y: 'sum(QTY)', z: 'sum(total)' })
    expect(plan.measures.map(({ column }) => column)).toEqual([3, 3, ORDERS.columns.length])
  })

  test('a column of the table may have the name that a measure has among the rows', () => {
    const { plan } = planned({ x: 'sum(qty * 2)', y: 'sum(`measures.x`)' })
    expect(plan.measures.map(({ column }) => column)).toEqual([ORDERS.columns.length + 1, 9])
    expect(
      planned({ x: 'sum(qty * 2)' }, { groupBy: ['measures.x'] }).plan.targets.filter(name => name !== null),
    ).toEqual(['measures.x'])
    expect(failureOf(() => planned({ y: 'sum(qty * 2)' }, { groupBy: ['measures.y'] })).message).toContain(
      'group_by names column "measures.y", which s.t does not have',
    )
  })
})

describe('measures that cannot be', () => {
  test.each([
    ['sum(concat(status))', 5, 'a sum takes numbers, and this is of type text: cast(… as …) says what is meant'],
    ['sum( date(made) )', 6, 'a sum takes numbers, and this is of type date'],
    ['avg(doc)', 5, 'a sum takes numbers, and this is of type json'],
    ['sum(null)', 5, 'this is always NULL'],
    ['max(status)', 5, 'max takes numbers, dates and datetimes, and this is of type text'],
    ['sum(price * qyt)', 13, 's.t has no column "qyt" (it has id, status'],
    ['sum(qty - OLD.qty)', 11, 'OLD.qty is not known here: what was added is taken away again'],
    ["sum($operation = 'INSERT')", 5, '$operation is not known here'],
    ['count(nofunction(qty))', 7, 'there is no function nofunction'],
    ['sum(1 + sum(qty))', 9, 'there is no function sum'],
  ])('%s', (text, character, why) => {
    const message = refused(text)
    expect(message).toContain(`[[rule]] in sync.toml, line 7: measures.x: ${why.slice(0, 3)}`)
    expect(message).toContain(why)
    expect(message).toContain(`at character ${character}:\n${text}\n${' '.repeat(character - 1)}^`)
  })

  test('a column that is not there', () => {
    expect(refused('sum(nope)')).toContain('measures.x = "sum(nope)" names column "nope", which s.t does not have')
  })
})
