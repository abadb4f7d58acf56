import { Failure } from '../../model/failure.js'
import { type SourceColumn, type TableSchema, tableName } from '../../model/schema.js'
import type { ValueType } from '../../model/value.js'
import type { MatchedRule, RuleSpec } from '../rule-book.js'
import type { AddedValue } from './added-value.js'
import { columnMasks } from './masks.js'
import { ANY_TEXT, type RowSlots } from './row-slots.js'

const ALL = '*'
/** The same as bytes: binary values are no text. */
const ANY_BYTES: ValueType = { kind: 'bytes', maxLength: null }

/** The target's column for the values that a column of the source had before a change. */
export function beforeName(column: string, { rename }: Pick<RuleSpec, 'rename'>): string {
  return `_before_${rename.get(column) ?? column}`
}

/**
 * The columns of `before`: in rows of updates and deletes the value before the change, masked where the column is; in those of
 * inserts NULL.
 * @throws Failure ruleInvalid for a column that the table does not have, or that the rule leaves out
 */
export function planBefore(schema: TableSchema, matched: MatchedRule, slots: RowSlots): AddedValue[] {
  const { rule } = matched
  const { before } = rule.shape
  if (before.length === 0) return []
  const isTaken = ({ name }: SourceColumn) =>
    (rule.columns === null || rule.columns.includes(name)) && !rule.exclude.includes(name)
  for (const name of before) {
    const column = schema.columns.find(candidate => candidate.name === name)
    if (name === ALL || schema.laterColumns?.includes(name) === true || (column !== undefined && isTaken(column)))
      continue
    throw new Failure(
      'ruleInvalid',
      column === undefined
        ? `${rule.where}: before names column "${name}", which ${tableName(schema)} does not have (it has ${schema.columns.map(c => c.name).join(', ')}).`
        : `${rule.where}: before names column "${name}" of ${tableName(schema)}, which the rule leaves out.`,
    )
  }
  const masks = new Map(columnMasks(schema, matched).map(mask => [mask.index, mask]))
  return schema.columns.flatMap((own, index): AddedValue[] => {
    if (!isTaken(own) || !(before.includes(ALL) || before.includes(own.name))) return []
    const mask = masks.get(index)
    const column = beforeColumn(mask?.column ?? own, beforeName(own.name, rule))
    if (mask?.reads === false) return [{ column, replaces: null, write: (_values, _row, to) => to.null() }]
    const slot = slots.column({ column: index, of: 'old', type: mask === undefined ? ANY_BYTES : ANY_TEXT })
    return [
      {
        column,
        replaces: null,
        write(values, { written }, to) {
          // A row that enters the filter was not there before.
          const value = written === 'insert' ? null : values[slot]!
          const shown = mask === undefined ? value : mask.apply(value)
          if (shown === null) to.null()
          else if (typeof shown === 'string') to.text(shown)
          else if (shown instanceof Uint8Array) to.bytes(shown)
          else throw new TypeError(`the value before a change is a ${typeof shown}`)
        },
      },
    ]
  })
}

function beforeColumn(column: SourceColumn, name: string): SourceColumn {
  const { defaultValue: _default, generated: _generated, ...rest } = column
  return { ...rest, name, nullable: true, comment: 'before the change' }
}
