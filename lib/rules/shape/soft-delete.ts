import type { TextValueWriter } from '../../binlog/text-image-writer.js'
import { sourceColumnOf } from '../../binlog/value-type.js'
import type { RuleShape } from '../../model/rule-shape.js'
import type { Value, ValueType } from '../../model/value.js'
import type { AddedValue, RowContext } from './added-value.js'
import type { RowSlots } from './row-slots.js'
import { COMMIT_TIME } from './row-slots.js'

const FLAG: ValueType = { kind: 'integer', bits: 8, unsigned: false }
/** Where the rule names no column. */
const FLAG_NAME = '_deleted'

/** Names of the target's columns that tell deleted rows from others; both null where the rule does not mark them. */
export function softDeleteNames({ onDelete, softDelete }: RuleShape): {
  readonly flag: string | null
  readonly time: string | null
} {
  if (onDelete !== 'soft') return { flag: null, time: null }
  const { flag, time } = softDelete
  return { flag: flag ?? (time === null ? FLAG_NAME : null), time }
}

/** The columns that tell deleted rows from others, where a rule marks them. */
export function planSoftDelete(shape: RuleShape, slots: RowSlots): AddedValue[] {
  const { flag, time } = softDeleteNames(shape)
  return [
    ...(flag === null ? [] : [deletedFlag(flag)]),
    ...(time === null ? [] : [deletedTime(time, slots.variable('commit_time'))]),
  ]
}

function deletedFlag(name: string): AddedValue {
  return {
    column: { ...sourceColumnOf(name, FLAG, '1: deleted at the source'), nullable: false },
    replaces: null,
    write: (_values, { isDeleted }, to) => to.value(isDeleted ? 1 : 0, FLAG),
  }
}

function deletedTime(name: string, slot: number): AddedValue {
  return {
    column: sourceColumnOf(name, COMMIT_TIME, 'when it was deleted at the source'),
    replaces: null,
    write: (values: readonly Value[], { isDeleted }: RowContext, to: TextValueWriter) =>
      isDeleted ? to.value(values[slot]!, COMMIT_TIME) : to.null(),
  }
}
