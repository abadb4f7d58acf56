import { Failure } from '../../model/failure.js'
import { type SourceColumn, type TableSchema, tableName } from '../../model/schema.js'
import type { TransformFunction, TransformModule } from '../../model/transform-module.js'
import { writtenName } from '../column-plan.js'
import type { RuleSpec } from '../rule-book.js'
import { transformedSchema } from './transform-columns.js'
import { transformOf } from './transform-function.js'

/** What a rule's module makes of a table. */
export interface PlannedTransform {
  readonly module: TransformModule
  readonly call: TransformFunction
  /** The table as the module sees it: what the rest of the rule makes of it. */
  readonly seen: TableSchema
  /** What the module is shown: indexes in `seen`, and the names of the row's properties. */
  readonly shown: readonly { readonly index: number; readonly name: string }[]
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
  const shown = seen.columns.flatMap((column, index) => {
    const name = writtenName(column, rule) ?? readName(column, rule)
    return name === null ? [] : [{ index, name }]
  })
  refuseUnread(seen, rule)
  return {
    transform: { module, call: transformOf(module), seen, shown, ownsKey },
    schema: transformedSchema(seen, rule),
  }
}

function readName({ name }: SourceColumn, rule: RuleSpec): string | null {
  return rule.shape.transformReads.includes(name) ? (rule.rename.get(name) ?? name) : null
}

function refuseUnread(seen: TableSchema, rule: RuleSpec): void {
  for (const name of rule.shape.transformReads) {
    const column = seen.columns.find(candidate => candidate.name === name)
    const invalid = (what: string) =>
      new Failure('ruleInvalid', `${rule.where}: transform_reads names column "${name}", ${what}.`)
    if (column === undefined)
      throw invalid(`which ${tableName(seen)} does not have (it has ${seen.columns.map(c => c.name).join(', ')})`)
    if (writtenName(column, rule) !== null)
      throw invalid('which is in the target, and so the module is shown it anyway')
  }
}
