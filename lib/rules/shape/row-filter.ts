import type { TableSchema } from '../../model/schema.js'
import type { Value } from '../../model/value.js'
import type { RuleSpec } from '../rule-book.js'
import { planExpression } from './planned-expression.js'
import { rowNames } from './row-names.js'
import type { RowSlots } from './row-slots.js'

/** Which rows are in the target. */
export interface RowFilter {
  /** `values`: as in `AddedValue`. Throws ValueFailure where the row gives no answer. */
  isIn(values: readonly Value[]): boolean
}

const WHY = 'where is asked of the row before a change and of the one behind it, each by itself'

/** The rows for which `where` is true. Throws ruleInvalid naming the character. */
export function planFilter(schema: TableSchema, rule: RuleSpec, slots: RowSlots): RowFilter | null {
  const { where } = rule.shape
  if (where === null) return null
  const names = rowNames(schema, slots, 'row', WHY)
  const condition = planExpression({ rule, key: 'where', text: where }, schema, names)
  return { isIn: values => condition.isTrue(values) }
}
