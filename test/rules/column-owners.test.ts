import { describe, expect, test } from '@jest/globals'
import { PLAIN_SHAPE } from '../../lib/model/rule-shape.js'
import type { SourceColumn, TargetTable } from '../../lib/model/schema.js'
import { ColumnOwners } from '../../lib/rules/column-owners.js'
import { planColumns } from '../../lib/rules/column-plan.js'
import type { RuleSpec } from '../../lib/rules/rule-book.js'
import { planShape } from '../../lib/rules/shape/shaped-table.js'
import { TargetModes } from '../../lib/rules/target-modes.js'
import { failureOf } from '../support/failure-of.js'
import { rule } from '../support/rule-spec.js'
import { sourceColumn, sourceTable } from '../support/source-column.js'

const TARGET = { database: 'd', table: 'wide' }
const PARTIAL = { ...PLAIN_SHAPE, partial: true, onDelete: 'nullify' as const }

function partialRule(where: string, more: Partial<RuleSpec> = {}): RuleSpec {
  return rule({ where, shape: PARTIAL, ...more })
}

/** Tables s.t1, s.t2 … take their columns one after the other. */
function claiming(owners: ColumnOwners, target: TargetTable | null = null) {
  return (table: string, spec: RuleSpec, key: SourceColumn, ...columns: readonly SourceColumn[]): void => {
    const schema = { ...sourceTable([key, ...columns]), table }
    const matched = { rule: spec, ...TARGET }
    const shaped = planShape(schema, matched).schema
    owners.claim(shaped, planColumns(shaped, matched), matched, target)
  }
}

const id = sourceColumn('id', 'int')
const a = sourceColumn('a', 'int')
const b = sourceColumn('b', 'int')

describe('a column has one rule', () => {
  test.each([
    ['of the table', {}, a],
    ['renamed', { rename: new Map([['b', 'A']]) }, b],
    ['computed', { shape: { ...PARTIAL, computed: new Map([['a', 'b + 1']]) } }, b],
    ['constant', { constants: new Map([['a', 'x']]) }, b],
  ] as const)('another rule may not have it: %s', (_, more, column) => {
    const claim = claiming(new ColumnOwners())
    claim('orders', partialRule('rule 1'), id, a)
    expect(failureOf(() => claim('payments', partialRule('rule 2', more), id, column))).toMatchObject({
      kind: 'ruleInvalid',
      message: expect.stringMatching(
        /^rule 1 and rule 2 both write column "[aA]" of d\.wide, of s\.orders and of s\.payments/,
      ),
    })
  })

  test('columns of their own, tables of one rule, and a table that has changed', () => {
    const claim = claiming(new ColumnOwners())
    const shards = partialRule('rule 1')
    claim('orders_1', shards, id, a)
    claim('orders_2', shards, id, a)
    claim('payments', partialRule('rule 2'), id, b)
    claim('orders_1', shards, id)
    claim('orders_2', shards, id)
    claim('late', partialRule('rule 3'), id, a)
  })
})

describe('the key is the same text whatever table it comes from', () => {
  const key = (type: string) => sourceColumn('id', type)
  test.each([
    ['int', 'bigint unsigned'],
    ['varchar(20)', 'char(8)'],
    ['int', 'varchar(20)'],
    ['binary(4)', 'varbinary(9)'],
    ['datetime(3)', 'timestamp(3)'],
    ['date', 'date'],
  ])('%s and %s go together', (one, other) => {
    const claim = claiming(new ColumnOwners())
    claim('orders', partialRule('rule 1'), key(one), a)
    claim('payments', partialRule('rule 2'), key(other), b)
  })

  test.each([
    ['decimal(9,2)', 'decimal(9,3)'],
    ['int', 'decimal(9,0)'],
    ['datetime', 'datetime(3)'],
    ['date', 'datetime'],
    ['varchar(9)', 'varbinary(9)'],
    ['double', 'int'],
  ])('%s and %s do not: lanes would not keep their order', (one, other) => {
    const claim = claiming(new ColumnOwners())
    claim('orders', partialRule('rule 1'), key(one), a)
    expect(failureOf(() => claim('payments', partialRule('rule 2'), key(other), b))).toMatchObject({
      kind: 'ruleInvalid',
      message: expect.stringContaining(`key column "id" of d.wide is ${one} in s.orders and ${other} in s.payments`),
    })
  })

  test('texts in a column of numbers: 7 and 07 would be one row', () => {
    const column = { name: 'id', type: 'bigint', nullable: false, hasDefault: false }
    const target: TargetTable = { ...TARGET, model: 'primary', columns: [column], key: ['id'] }
    const claim = claiming(new ColumnOwners(), target)
    claim('orders', partialRule('rule 1'), key('int'), a)
    expect(failureOf(() => claim('payments', partialRule('rule 2'), key('varchar(9)'), b)).message).toContain(
      'different texts could become the same number',
    )
  })
})

test('a target is written in parts or as a whole', () => {
  const modes = new TargetModes()
  modes.claim({ rule: partialRule('rule 1'), ...TARGET })
  expect(failureOf(() => modes.claim({ rule: rule({ where: 'rule 2' }), ...TARGET }))).toMatchObject({
    kind: 'ruleInvalid',
    message: 'rule 1 and rule 2 write into d.wide in two ways: partial and upsert. A target has one.',
  })
})
