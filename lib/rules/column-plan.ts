import { Failure } from '../model/failure.js'
import { type SourceColumn, type TableSchema, tableName } from '../model/schema.js'
import type { MatchedRule } from './rule-book.js'

/** Which source column goes to which target column, and what is added. */
export interface ColumnPlan {
  /** Per source column in table order: its target name, or null when it is left out. */
  readonly targets: readonly (string | null)[]
  readonly constants: readonly { readonly name: string; readonly text: string }[]
  /** Target names of the source's key columns, in key order. */
  readonly key: readonly string[]
}

/** Applies columns, exclude, rename and constants to a table. Throws ruleInvalid naming rule and column. */
export function planColumns(schema: TableSchema, matched: MatchedRule): ColumnPlan {
  const { rule } = matched
  const names = new Set(schema.columns.map(c => c.name))
  for (const [key, listed] of [
    ['columns', rule.columns ?? []],
    ['exclude', rule.exclude],
    ['rename', [...rule.rename.keys()]],
  ] as const) {
    const unknown = listed.find(name => !names.has(name))
    if (unknown !== undefined)
      throw invalid(
        `${key} names column "${unknown}", which ${tableName(schema)} does not have (it has ${[...names].join(', ')}).`,
        matched,
      )
  }
  const taken = (column: SourceColumn): boolean =>
    (rule.columns === null || rule.columns.includes(column.name)) && !rule.exclude.includes(column.name)
  const targets = schema.columns.map(column => (taken(column) ? (rule.rename.get(column.name) ?? column.name) : null))
  const constants = [...rule.constants].map(([name, text]) => ({
    name,
    text: text.replaceAll('$schema', schema.schema).replaceAll('$table', schema.table),
  }))
  const seen = new Set<string>()
  for (const name of [...targets, ...constants.map(c => c.name)]) {
    if (name === null) continue
    if (seen.has(name.toLowerCase()))
      throw invalid(`two columns of ${tableName(schema)} would fill the target column "${name}".`, matched)
    if (name.toLowerCase() === '__op')
      throw invalid(
        `column "${name}" of ${tableName(schema)} has a name StarRocks keeps for itself; rename it.`,
        matched,
      )
    seen.add(name.toLowerCase())
  }
  return { targets, constants, key: schema.key.map(name => keyTarget(name, schema, targets, matched)) }
}

function keyTarget(
  name: string,
  schema: TableSchema,
  targets: readonly (string | null)[],
  matched: MatchedRule,
): string {
  const target = targets[schema.columns.findIndex(c => c.name === name)]
  if (target === null || target === undefined) {
    throw invalid(
      `the key column "${name}" of ${tableName(schema)} is left out, so rows could not be told apart in ${matched.database}.${matched.table}.`,
      matched,
    )
  }
  return target
}

function invalid(message: string, matched: MatchedRule): Failure {
  return new Failure('ruleInvalid', `${matched.rule.where}: ${message}`)
}
