import { describe, expect, test } from '@jest/globals'
import { PLAIN_SHAPE, type RuleShape } from '../../lib/model/rule-shape.js'
import type { RuleSpec } from '../../lib/rules/rule-book.js'
import { failureOf } from '../support/failure-of.js'
import { sourceColumn, sourceTable } from '../support/source-column.js'
import { type Altering, evolution, evolve } from '../support/table-change.js'

const id = sourceColumn('id', 'int')
const a = sourceColumn('a', 'int')
const b = sourceColumn('b', 'int')
const HAS = [{ name: 'has_t', text: '1' }]

/** A rule for some columns of d.t, of which no other table is known yet. */
function partial(shape: Partial<RuleShape> = {}, more: Partial<RuleSpec> = {}): Partial<RuleSpec> {
  return { shape: { ...PLAIN_SHAPE, partial: true, onDelete: 'nullify', ...shape }, ...more }
}

const tagged = partial({}, { constants: new Map([['has_t', '1']]) })
const truncated = (rule: Partial<RuleSpec>, more: Partial<Altering> = {}): Altering => ({
  before: [a],
  after: [a],
  kind: 'truncate',
  rule,
  ...more,
})

describe('TRUNCATE of one of the tables', () => {
  test('a constant of the rule tells its rows: their columns become NULL, that one last', () => {
    const fill = { kind: 'null' }
    expect(evolution(truncated(tagged, { rows: HAS })).steps).toEqual([
      { kind: 'fillRows', name: 'a', fill, rows: HAS },
      { kind: 'fillRows', name: 'has_t', fill, rows: HAS },
    ])
  })

  test.each([
    ['without a constant', truncated(partial())],
    ['with on_delete = "delete"', truncated(partial({ onDelete: 'delete' }), { rows: HAS })],
  ])('%s it stops, and no target is emptied', (_, parts) => {
    expect(failureOf(() => evolve(parts))).toMatchObject({
      kind: 'ddlUnsupported',
      message: expect.stringContaining('other rules write into the rows of d.t too'),
      advice: expect.stringContaining('UPDATE `d`.`t` SET `a` = NULL WHERE true'),
    })
  })
})

test('DROP TABLE keeps the rows, whatever on_drop_table says', () => {
  const dropped: Altering = {
    before: [a],
    after: null,
    kind: 'drop',
    rule: tagged,
    rows: HAS,
    policy: { onDropTable: 'drop' },
  }
  expect(evolve(dropped).targets).toEqual([])
  expect(evolve(dropped).warnings).toHaveLength(1)
})

describe('ADD COLUMN with a default', () => {
  const added: Altering = {
    before: [a],
    after: [a, { ...b, nullable: false }],
    fills: { b: { kind: 'text', text: '5' } },
  }

  test('fills the rows of this table where a constant tells them', () => {
    expect(evolution({ ...added, rule: tagged, rows: HAS }).steps).toMatchObject([
      { kind: 'addColumn', name: 'b', fill: { kind: 'null' } },
      { kind: 'fillRows', name: 'b', fill: { text: '5' }, rows: HAS },
    ])
  })

  test('else the sink is told that the default must not be in all rows', () => {
    expect(evolution({ ...added, rule: partial() }).steps).toMatchObject([
      {
        kind: 'addColumn',
        name: 'b',
        fill: { kind: 'unknown', reason: expect.stringContaining('rows without this table') },
      },
    ])
  })
})

test('a key that the rule does not map may change', () => {
  const rule = partial({ key: new Map([['k', 'a']]) })
  const table = (key: string) => sourceTable([id, a, b], { key: [key], uniqueKeys: [['a']] })
  expect(evolution({ before: table('id'), after: table('b'), rule }).steps).toEqual([])
  const other = { ...table('id'), uniqueKeys: [] }
  expect(failureOf(() => evolve({ before: table('id'), after: other, rule }))).toMatchObject({
    kind: 'ddlUnsupported',
    message: expect.stringContaining('over which it has no unique key'),
  })
})
