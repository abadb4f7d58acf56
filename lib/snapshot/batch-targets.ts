import { Failure } from '../model/failure.js'
import { tableName, targetName } from '../model/schema.js'
import type { RuleBook } from '../rules/rule-book.js'
import type { PlannedTarget } from '../schema-plan.js'
import type { SchemaFinding } from '../schema-report.js'

type TableRef = { readonly schema: string; readonly table: string }

/**
 * The targets that the named source tables ("schema.table") are written into, each with all of its source tables, since a
 * target is replaced as a whole; all targets when none is named. Throws configInvalid for a name that no target has.
 */
export function chooseTargets(targets: readonly PlannedTarget[], names: readonly string[]): readonly PlannedTarget[] {
  if (names.length === 0) return targets
  const sourcesOf = ({ sources }: PlannedTarget) => sources.map(({ table }) => tableName(table))
  const known = new Set(targets.flatMap(sourcesOf))
  const unknown = names.find(name => !known.has(name))
  if (unknown === undefined) return targets.filter(target => sourcesOf(target).some(name => names.includes(name)))
  throw new Failure('configInvalid', `--table ${unknown}: no rule writes such a table of the source into a target`, {
    advice: 'Name a source table as schema.table; --dry-run lists those that can be copied.',
  })
}

/**
 * Why a target cannot be copied: a table that its rules write there was found unfit, and would be missing from it. Null: it
 * can. `findings`: of the plan; `tables`: all tables of the source.
 */
export function missingSource(
  { request, sources }: PlannedTarget,
  findings: readonly SchemaFinding[],
  tables: readonly TableRef[],
  book: RuleBook,
): Failure | null {
  const planned = new Set(sources.map(({ table }) => tableName(table)))
  for (const writer of book.writersOf(request, tables)) {
    const name = tableName(writer)
    const finding = planned.has(name) ? undefined : findings.find(one => one.level === 'error' && one.table === name)
    if (finding !== undefined)
      return new Failure('ruleInvalid', `${targetName(request)} would lack the rows of ${name}: ${finding.message}`, {
        advice: finding.remedy,
      })
  }
  return null
}
