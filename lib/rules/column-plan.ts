import { CHANGE_COLUMNS } from '../model/change-columns.js'
import { Failure } from '../model/failure.js'
import { isExtreme, renderMeasure } from '../model/rule-mode.js'
import { type SourceColumn, type TableSchema, tableName } from '../model/schema.js'
import { fillConstant } from './name-groups.js'
import { keyColumns, mappedKey } from './partial-key.js'
import { type PlannedMeasure, planMeasures } from './planned-measures.js'
import type { MatchedRule } from './rule-book.js'
import { findColumn } from './shape/row-names.js'

/** Which source column goes to which target column, and what is added. */
export interface ColumnPlan {
  /** Per source column in table order: its target name, or null when it is left out. */
  readonly targets: readonly (string | null)[]
  readonly constants: readonly { readonly name: string; readonly text: string }[]
  /** Empty but for mode `aggregate`. */
  readonly measures: readonly PlannedMeasure[]
  /** Target names: of the source's key columns in key order, or of those that the rule maps, then of tags; of the change id; of the group columns, then the constants. */
  readonly key: readonly string[]
}

/** Applies columns, exclude, rename, constants, group_by, measures and the names in cast to a table. Throws ruleInvalid naming rule and column. */
export function planColumns(schema: TableSchema, matched: MatchedRule): ColumnPlan {
  const { rule } = matched
  const unknownColumn = (key: string, name: string, among: readonly SourceColumn[]) =>
    invalid(
      `${key} names column "${name}", which ${tableName(schema)} does not have (it has ${among.map(c => c.name).join(', ')}).`,
      matched,
    )
  const own = schema.columns.filter(column => column.added !== true)
  const known = schema.columns.filter(column => column.summed !== true)
  for (const [key, listed] of [
    ['columns', rule.columns ?? []],
    ['exclude', rule.exclude],
    ['rename', [...rule.rename.keys()]],
    ['group_by', rule.groupBy],
    ['cast', [...rule.types.cast.keys()]],
  ] as const) {
    // What is written into the target under a name of its own is taken whatever the rule says of the table's columns.
    const named = ['group_by', 'cast'].includes(key) ? known : own
    const later = key === 'group_by' ? [] : (schema.laterColumns ?? [])
    const unknown = listed.find(name => !named.some(c => c.name === name) && !later.includes(name))
    if (unknown !== undefined) throw unknownColumn(key, unknown, named)
  }
  for (const [name, measure] of rule.measures)
    if (measure.of === 'sum' && findColumn(schema, measure.column) < 0)
      throw unknownColumn(`measures.${name} = "${renderMeasure(measure)}"`, measure.column, known)
  const mapped = mappedKey(schema, matched)
  const targets = schema.columns.map(column => writtenName(column, rule, mapped))
  for (const name of rule.types.cast.keys())
    if (schema.columns.every((c, i) => c.name !== name || targets[i] === null))
      throw invalid(`cast names column "${name}" of ${tableName(schema)}, which the rule leaves out.`, matched)
  const constants = constantTexts(rule, schema)
  const measures = planMeasures(schema, rule.measures)
  const names = [...targets, ...constants.map(c => c.name), ...measures.map(m => m.name)].filter(name => name !== null)
  checkNames(names, schema, matched)
  return {
    targets,
    constants,
    measures,
    key: keyOf(schema, targets, constants, matched),
  }
}

/** The name of a column in the target; null: the rule leaves it out. */
export function writtenName(
  { name, added, summed }: SourceColumn,
  rule: MatchedRule['rule'],
  mapped: ReadonlyMap<string, string> = new Map(),
): string | null {
  if (summed === true) return null
  if (added !== true && mapped.has(name)) return mapped.get(name)!
  const target = added === true ? name : (rule.rename.get(name) ?? name)
  if (rule.mode === 'aggregate') {
    const measure = rule.measures.get(name)
    const isMeasure = added === true && measure !== undefined && isExtreme(measure)
    return isMeasure || rule.groupBy.includes(name) ? target : null
  }
  const isListed = (rule.columns === null || rule.columns.includes(name)) && !rule.exclude.includes(name)
  return added === true || isListed ? target : null
}

/** The columns of a rule that hold the same text in every row of a source table. */
export function constantTexts(
  rule: MatchedRule['rule'],
  { schema, table }: { readonly schema: string; readonly table: string },
): { readonly name: string; readonly text: string }[] {
  return [...rule.constants].map(([name, text]) => ({ name, text: fillConstant(text, { rule, schema, table }) }))
}

/** Every name once, and none that is StarRocks' own or the change id's. */
function checkNames(names: readonly string[], schema: TableSchema, matched: MatchedRule): void {
  const seen = new Set<string>()
  for (const name of names) {
    const folded = name.toLowerCase()
    if (seen.has(folded))
      throw invalid(`two columns of ${tableName(schema)} would fill the target column "${name}".`, matched)
    if (folded === '__op')
      throw invalid(
        `column "${name}" of ${tableName(schema)} has a name StarRocks keeps for itself; rename it.`,
        matched,
      )
    if (matched.rule.mode === 'append' && CHANGE_COLUMNS.some(c => c.name === folded))
      throw invalid(
        `column "${name}" of ${tableName(schema)} has a name that mode = "append" keeps for itself.`,
        matched,
        `Give the column another name in the target: rename = { "${name}" = "…" }, or leave it out with exclude.`,
      )
    seen.add(folded)
  }
}

function keyOf(
  schema: TableSchema,
  targets: readonly (string | null)[],
  constants: ColumnPlan['constants'],
  matched: MatchedRule,
): string[] {
  const { mode, groupBy } = matched.rule
  const targetOf = (name: string) => targets[schema.columns.findIndex(c => c.name === name)] ?? null
  switch (mode) {
    case 'append':
      return CHANGE_COLUMNS.filter(c => c.isKey).map(c => c.name)
    case 'aggregate':
      return [...groupBy.map(targetOf).filter(name => name !== null), ...constants.map(c => c.name)]
    case 'upsert': {
      const own = keyColumns(schema, matched).map(name => {
        const target = targetOf(name)
        if (target !== null) return target
        throw invalid(
          `the key column "${name}" of ${tableName(schema)} is left out, so rows could not be told apart in ${matched.database}.${matched.table}.`,
          matched,
        )
      })
      // Without a key of its own a table has none by its tag either.
      return own.length === 0 ? own : [...own, ...matched.rule.shards.key]
    }
  }
}

function invalid(message: string, matched: MatchedRule, advice?: string): Failure {
  return new Failure('ruleInvalid', `${matched.rule.where}: ${message}`, advice === undefined ? {} : { advice })
}
