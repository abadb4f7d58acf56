import { sourceColumnOf } from '../../binlog/value-type.js'
import type { TableSchema } from '../../model/schema.js'
import type { ValueType } from '../../model/value.js'
import type { RuleSpec } from '../rule-book.js'
import type { AddedValue } from './added-value.js'
import { evaluated, planExpression } from './planned-expression.js'
import { rowNames } from './row-names.js'
import type { RowSlots } from './row-slots.js'

const WHY = 'sums are taken away again by what the row itself is'
/** What is always NULL may as well be a text. */
const NULL_TYPE: ValueType = { kind: 'text', maxLength: 1 }

/** The columns of `computed`. Throws ruleInvalid naming the column, and the character. */
export function planComputed(schema: TableSchema, rule: RuleSpec, slots: RowSlots): AddedValue[] {
  const names = rowNames(schema, slots, rule.mode === 'aggregate' ? 'row' : 'change', WHY)
  return [...rule.shape.computed].map(([name, text]) => {
    const expression = planExpression({ rule, key: `computed.${name}`, text }, schema, names)
    const type = expression.type ?? NULL_TYPE
    return {
      column: sourceColumnOf(name, type, text),
      replaces: null,
      write: (values, _row, to) =>
        to.value(
          evaluated(() => expression.evaluate(values)),
          type,
        ),
    }
  })
}
