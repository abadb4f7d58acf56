import { valueTypeOf } from '../../binlog/value-type.js'
import { PLAIN_SHAPE, type RuleShape } from '../../model/rule-shape.js'
import type { TableSchema } from '../../model/schema.js'
import { isOwnKey, mappedKey } from '../partial-key.js'
import type { MatchedRule } from '../rule-book.js'
import type { AddedValue } from './added-value.js'
import { planBefore } from './before-values.js'
import { planComputed } from './computed-values.js'
import { planMasks } from './masks.js'
import { planMeasured } from './measured-values.js'
import { type PlannedTransform, planTransform } from './planned-transform.js'
import { planFilter, type RowFilter } from './row-filter.js'
import { RowSlots } from './row-slots.js'
import { planSoftDelete } from './soft-delete.js'

/** A table as a rule sees it: its rows have further values, or others, and not all of them are in the target. */
export interface ShapedTable {
  /**
   * The table that the target is planned for: the source's columns in order, each as it is or as the value in its place is,
   * then the columns that are added (`SourceColumn.added`). Its key is that of the table, unless a module owns it.
   */
  readonly schema: TableSchema
  /** In the order in which they stand behind each image. */
  readonly added: readonly AddedValue[]
  /** Null: all rows are in the target. */
  readonly filter: RowFilter | null
  /** The module that makes the rows, behind all else; null: there is none. */
  readonly transform: PlannedTransform | null
  /** What `added` and `filter` read. */
  readonly slots: RowSlots
  /** Indexes of the table's own columns that expressions read, or a module. */
  readonly expressed: readonly number[]
  /** Places in the values of a row of key columns of the target that may be NULL: without them a row belongs to none there. */
  readonly nullableKey: readonly number[]
  /** The key alone tells which row of the target a row of the table belongs to. */
  readonly isOwnKey: boolean
  /** Rows are written as they are, each of them. */
  readonly isPlain: boolean
  /** Plain data: everything of the rule that decides which rows are written and what their values are. */
  readonly facts: unknown
}

/** What a rule makes of a table. Throws ruleInvalid naming the rule, the key and the column or character. */
export function planShape(schema: TableSchema, matched: MatchedRule): ShapedTable {
  const { rule } = matched
  const slots = new RowSlots(schema.columns.length)
  const filter = planFilter(schema, rule, slots)
  const computed = planComputed(schema, rule, slots)
  const measured = planMeasured(schema, rule, slots)
  const read = slots.reads.map(({ column }) => column)
  const added = [
    ...planMasks(schema, matched, slots),
    ...computed,
    ...measured,
    ...planSoftDelete(rule.shape, slots),
    ...planBefore(schema, matched, slots),
  ]
  const nullableKey = planNullableKey(schema, matched, slots)
  const { transform, schema: made } = planTransform(withAdded(schema, added), rule)
  // A module makes its rows of all columns that it is shown.
  const shown = transform?.shown.map(({ index }) => index).filter(index => index < schema.columns.length) ?? []
  return {
    schema: made,
    added,
    filter,
    transform,
    slots,
    expressed: [...new Set([...read, ...shown])],
    nullableKey,
    isOwnKey: isOwnKey(schema, matched),
    isPlain: !rule.shape.partial && added.length === 0 && filter === null && transform === null && takesAll(rule.shape),
    facts: {
      ...rule.shape,
      transform: transform?.module.source ?? null,
      ...(measured.length === 0 ? {} : { measures: rule.measures }),
    },
  }
}

/** All changes of all rows are written. */
function takesAll({ operations, onDelete }: RuleShape): boolean {
  return onDelete === 'delete' && PLAIN_SHAPE.operations.every(operation => operations.includes(operation))
}

function planNullableKey(schema: TableSchema, matched: MatchedRule, slots: RowSlots): number[] {
  return [...mappedKey(schema, matched).keys()].flatMap(name => {
    const column = schema.columns.findIndex(one => one.name === name)
    const found = schema.columns[column]!
    return found.nullable ? [slots.column({ column, of: 'row', type: valueTypeOf(found) })] : []
  })
}

function withAdded(schema: TableSchema, added: readonly AddedValue[]): TableSchema {
  if (added.length === 0) return schema
  const own = schema.columns.map((column, i) => added.find(({ replaces }) => replaces === i)?.column ?? column)
  const further = added
    .filter(({ replaces }) => replaces === null)
    .map(({ column }) => ({ ...column, added: true as const }))
  return { ...schema, columns: [...own, ...further] }
}
