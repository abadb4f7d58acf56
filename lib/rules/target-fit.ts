import type { FieldGuard } from '../binlog/field-guard.js'
import { CHANGE_COLUMNS } from '../model/change-columns.js'
import { Failure } from '../model/failure.js'
import { isSameName } from '../model/same-name.js'
import { type TableSchema, type TargetColumn, type TargetTable, tableName, targetName } from '../model/schema.js'
import { type FieldForm, formFor } from '../starrocks/type-map.js'
import type { ColumnPlan } from './column-plan.js'
import { fieldGuard } from './field-guards.js'
import type { MatchedRule } from './rule-book.js'
import type { MissingColumns } from './target-wish.js'

/** One source column's way into a target column; null when it is left out. */
export type TargetField = {
  readonly name: string
  readonly form: FieldForm
  /** The column holds bytes, not text. */
  readonly toBinary: boolean
  /** What it cannot hold of the source column's values. */
  readonly guard: FieldGuard | null
} | null

/** How each source column is written into an existing target, and which source columns make its key. */
export interface TargetFit {
  readonly fields: readonly TargetField[]
  readonly key: readonly number[]
  /** Sums and counts with the target's names; see `PlannedMeasure`. */
  readonly measures: readonly { readonly name: string; readonly column: number | null }[]
}

/**
 * Fits a table to its target as it is; `stopsAtBadValues` as in `fieldGuard`. Throws targetUnfit for a column the target lacks (unless they are to be left out) or
 * one it needs and nothing fills, ruleInvalid when a key column of the target is not covered.
 */
export function coverTarget(
  schema: TableSchema,
  plan: ColumnPlan,
  matched: MatchedRule,
  target: TargetTable,
  missingColumns: MissingColumns,
  stopsAtBadValues: boolean,
): TargetFit {
  const { mode } = matched.rule
  const columns = new Map(target.columns.map(c => [c.name.toLowerCase(), c]))
  const added = [
    ...plan.constants.map(({ name }) => [name, `the constant "${name}"`] as const),
    ...plan.measures.map(({ name, text }) => [name, `the measure ${text}`] as const),
    ...(mode === 'append' ? CHANGE_COLUMNS.map(({ name }) => [name, 'mode = "append"'] as const) : []),
  ]
  for (const [name, what] of added) requireColumn(columns, name, what, target)
  const filled = new Set(added.map(([name]) => name.toLowerCase()))
  const fields = schema.columns.map((column, i) => {
    const name = plan.targets[i]
    if (name === null || name === undefined) return null
    if (mode !== 'aggregate' && missingColumns === 'leaveOut' && !columns.has(name.toLowerCase())) return null
    const found = requireColumn(columns, name, `column "${column.name}" of ${tableName(schema)}`, target)
    filled.add(name.toLowerCase())
    const isKey = target.key.includes(found.name)
    const form = formFor(column, found.type, isKey)
    const field = { source: column, target: found, table: target, form, isKey: isKey && mode !== 'append' }
    const guard = fieldGuard(field, matched.rule.zeroDate, stopsAtBadValues)
    return { name: found.name, form, toBinary: found.type.startsWith('varbinary'), guard }
  })
  const unfilled = target.columns.find(c => !filled.has(c.name.toLowerCase()) && !c.nullable && !c.hasDefault)
  const missingKey = target.key.find(name => !filled.has(name.toLowerCase()))
  if (missingKey !== undefined) {
    throw new Failure(
      'ruleInvalid',
      `${matched.rule.where}: key column "${missingKey}" of ${targetName(target)} is filled by no column of ${tableName(schema)}.`,
    )
  }
  if (unfilled) {
    throw new Failure(
      'targetUnfit',
      `Column "${unfilled.name}" of ${targetName(target)} is NOT NULL without a default, and ${tableName(schema)} has no column for it.`,
    )
  }
  if (matched.rule.shape.partial) requireNullable(filled, matched, target)
  const key = target.key.flatMap(name => {
    const index = fields.findIndex(f => f != null && isSameName(f.name, name))
    return index < 0 ? [] : [index]
  })
  return { fields, key: mode === 'append' ? [] : key, measures: plan.measures }
}

/** A row may come without this rule's columns; and but for on_delete = "delete" they become NULL where its row goes. */
function requireNullable(filled: ReadonlySet<string>, { rule }: MatchedRule, target: TargetTable): void {
  const isFit = ({ nullable, hasDefault }: TargetColumn) => nullable || (hasDefault && rule.shape.onDelete === 'delete')
  const column = target.columns.find(c => filled.has(c.name.toLowerCase()) && !target.key.includes(c.name) && !isFit(c))
  if (column !== undefined)
    throw new Failure(
      'targetUnfit',
      `Column "${column.name}" of ${targetName(target)} is NOT NULL, and ${rule.where} has mode = "partial": rows of the other rules come without it${rule.shape.onDelete === 'delete' ? '' : ', and it becomes NULL where the row of this one goes'}.`,
      { advice: `ALTER TABLE ${targetName(target)} MODIFY COLUMN \`${column.name}\` ${column.type} NULL;` },
    )
}

function requireColumn(
  columns: ReadonlyMap<string, TargetColumn>,
  name: string,
  what: string,
  target: TargetTable,
): TargetColumn {
  const found = columns.get(name.toLowerCase())
  if (!found) {
    throw new Failure('targetUnfit', `${targetName(target)} has no column "${name}" for ${what}.`, {
      advice: `ALTER TABLE ${targetName(target)} ADD COLUMN \`${name}\` …; or leave the column out with exclude = [...], or give its target name with rename.`,
    })
  }
  return found
}
