import type { TableSchema } from '../../model/schema.js'
import type { TransformFunction, TransformModule } from '../../model/transform-module.js'
import type { RuleSpec } from '../rule-book.js'
import { transformedSchema } from './transform-columns.js'
import { transformOf } from './transform-function.js'

/** What a rule's module makes of a table. */
export interface PlannedTransform {
  readonly module: TransformModule
  readonly call: TransformFunction
  /** The table as the module sees it: what the rest of the rule makes of it. */
  readonly seen: TableSchema
  /** The key of what it makes is its own: rows may go to other keys than theirs, or become several. */
  readonly ownsKey: boolean
}

/** Null: the rule has no module. `schema` is that of what the module makes: the columns of `seen` in their order, and more. */
export function planTransform(
  seen: TableSchema,
  rule: RuleSpec,
): { readonly transform: PlannedTransform | null; readonly schema: TableSchema } {
  const { transform: module, transformKey } = rule.shape
  if (module === null) return { transform: null, schema: seen }
  const ownsKey = transformKey.length > 0
  return { transform: { module, call: transformOf(module), seen, ownsKey }, schema: transformedSchema(seen, rule) }
}
