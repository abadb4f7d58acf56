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

/** The columns that tell deleted rows from others, where a rule marks them. */
export function planSoftDelete({ onDelete, softDelete }: RuleShape, slots: RowSlots): AddedValue[] {
  if (onDelete !== 'soft') return []
  const flag = softDelete.flag ?? (softDelete.time === null ? FLAG_NAME : null)
  return [
    ...(flag === null ? [] : [deletedFlag(flag)]),
    ...(softDelete.time === null ? [] : [deletedTime(softDelete.time, slots.variable('commit_time'))]),
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
