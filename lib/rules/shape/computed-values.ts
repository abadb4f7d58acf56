import { sourceColumnOf } from '../../binlog/value-type.js'
import { Failure } from '../../model/failure.js'
import { type TableSchema, tableName } from '../../model/schema.js'
import type { ValueType } from '../../model/value.js'
import type { RuleSpec } from '../rule-book.js'
import type { AddedValue } from './added-value.js'
import { planExpression } from './planned-expression.js'
import { findColumn, rowNames } from './row-names.js'
import type { RowSlots } from './row-slots.js'

const WHY = 'sums are taken away again by what the row itself is'
/** What is always NULL may as well be a text. */
const NULL_TYPE: ValueType = { kind: 'text', maxLength: 1 }

/** The columns of `computed`. Throws ruleInvalid naming the column, and the character. */
export function planComputed(schema: TableSchema, rule: RuleSpec, slots: RowSlots): AddedValue[] {
  const names = rowNames(schema, slots, rule.mode === 'aggregate' ? 'row' : 'change', WHY)
  return [...rule.shape.computed].map(([name, text]) => {
    if (rule.mode === 'aggregate' && findColumn(schema, name) >= 0)
      throw new Failure(
        'ruleInvalid',
        `${rule.where}: computed.${name} has the name of a column of ${tableName(schema)}, so group_by and measures could mean either. Give it another name.`,
      )
    const expression = planExpression({ rule, key: `computed.${name}`, text }, schema, names)
    const type = expression.type ?? NULL_TYPE
    return {
      column: sourceColumnOf(name, type, text),
      replaces: null,
      write: (values, _row, to) => to.value(expression.evaluateCompact(values), type),
    }
  })
}
