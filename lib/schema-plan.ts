import type { Config } from './config/options.js'
import type { TargetRequest } from './dispatch/sink.js'
import { asFailure, Failure } from './model/failure.js'
import { type TableSchema, tableName, targetName } from './model/schema.js'
import { listTables, readTableSchema } from './mysql/catalog.js'
import type { SourceSession } from './mysql/session.js'
import { ruleBookOf } from './registry.js'
import { ColumnOwners } from './rules/column-owners.js'
import { type ColumnPlan, planColumns } from './rules/column-plan.js'
import type { MatchedRule, RuleBook } from './rules/rule-book.js'
import { MASKED_READS_ADVICE, maskedReads } from './rules/shape/masked-reads.js'
import { planShape } from './rules/shape/shaped-table.js'
import { autoShardName } from './rules/shard-name.js'
import { TargetModes, usableRules } from './rules/target-modes.js'
import { inexactSums, lossyCasts, requestTarget } from './rules/target-wish.js'
import type { SchemaFinding } from './schema-report.js'
import { mergeRequests } from './starrocks/merged-request.js'

/** One source table's part in a target. */
export interface PlannedSource {
  readonly table: TableSchema
  /** The table as the rule sees it; see `ShapedTable.schema`. */
  readonly shaped: TableSchema
  readonly plan: ColumnPlan
  readonly matched: MatchedRule
}

/** A target, and the tables that are written into it. */
export interface PlannedTarget {
  /** Suits all of its sources. */
  readonly request: TargetRequest
  readonly sources: readonly [PlannedSource, ...PlannedSource[]]
  /** Numbers of its rules, in their order. */
  readonly rules: readonly number[]
}

/** Reads every followed table from the source's catalog; the targets its rules ask for, and what keeps a table out. */
export async function planTargets(
  session: SourceSession,
  config: Config,
): Promise<{ readonly targets: readonly PlannedTarget[]; readonly findings: readonly SchemaFinding[] }> {
  const book = ruleBookOf(config)
  const findings: SchemaFinding[] = []
  const tables = await listTables(session)
  for (const message of book.gaps(tables))
    findings.push(warning('rules.match', message, 'Add or correct the [[source]] or [[rule]] block.'))
  const parts = new Map<string, PlannedSource[]>()
  const claims = { modes: new TargetModes(), owners: new ColumnOwners() }
  for (const { schema, table } of tables.filter(t => book.wanted(t.schema, t.table))) {
    try {
      const found = await readTableSchema(session, schema, table)
      if (found === null) throw new Failure('sourceDenied', `${schema}.${table} is not visible to ${config.mysql_user}`)
      for (const source of sourcesOf(found, book, claims, config, findings)) {
        const name = targetName(source.matched)
        parts.set(name, [...(parts.get(name) ?? []), source])
      }
    } catch (error) {
      findings.push(failed(error, `${schema}.${table}`))
    }
  }
  const targets: PlannedTarget[] = []
  for (const [name, [first, ...others]] of parts) {
    try {
      targets.push(merge([first!, ...others], book))
    } catch (error) {
      findings.push(failed(error, name))
    }
  }
  return { targets, findings: [...findings, ...targets.flatMap(sharedKeys), ...proposeShards(targets)] }
}

function sourcesOf(
  table: TableSchema,
  book: RuleBook,
  { modes, owners }: { readonly modes: TargetModes; readonly owners: ColumnOwners },
  config: Config,
  findings: SchemaFinding[],
): PlannedSource[] {
  const name = tableName(table)
  const matches = book.match(table.schema, table.table)
  const usable = usableRules(table, matches, config.skip_no_pk_table, happening => {
    if (happening.kind === 'warning') findings.push(warning('rules.table', happening.message, happening.advice, name))
    if (happening.kind === 'tableIgnored')
      findings.push(
        warning('rules.table', `${name} is not synced: ${happening.reason}`, 'Add a primary key to the table.', name),
      )
  })
  return usable.map(matched => {
    modes.claim(matched)
    const shaped = planShape(table, matched).schema
    const plan = planColumns(shaped, matched)
    owners.claim(shaped, plan, matched, null)
    for (const message of inexactSums(shaped, plan, matched))
      findings.push(warning('rules.table', message, 'Sum a DECIMAL column where the last digits matter.', name))
    for (const message of maskedReads(table, matched))
      findings.push(warning('rules.table', message, MASKED_READS_ADVICE, name))
    for (const message of lossyCasts(shaped, plan, matched))
      findings.push(warning('rules.table', message, 'Cast to a type that holds all values where that matters.', name))
    return { table, shaped, plan, matched }
  })
}

function merge(sources: readonly [PlannedSource, ...PlannedSource[]], book: RuleBook): PlannedTarget {
  const requestOf = ({ table, shaped, plan, matched }: PlannedSource) => ({
    source: tableName(table),
    request: requestTarget(shaped, plan, matched, 'refuse'),
  })
  const [first, ...others] = sources
  const used = new Set(sources.map(({ matched }) => matched.rule))
  const rules = book.rules.flatMap((rule, i) => (used.has(rule) ? [i + 1] : []))
  return { request: mergeRequests([requestOf(first), ...others.map(requestOf)]), sources, rules }
}

/** Rows of different tables with one key are one row in a primary key table: the last one stays. */
function sharedKeys({ request, sources }: PlannedTarget): SchemaFinding[] {
  const { shards, shape } = sources[0].matched.rule
  const tag = shards.key
  if (shape.partial || sources.length < 2 || request.model !== 'primary' || tag.length > 0) return []
  const names = sources.map(({ table }) => tableName(table))
  return [
    {
      check: 'schema.shared_key',
      level: 'ok',
      table: targetName(request),
      message: `${names.length} tables (${shortened(names)}) are written into ${targetName(request)}: their (${request.key.join(', ')}) must be unique over all of them`,
      remedy: 'Else put a tag into the key: constants = { shard = "$schema.$table" } and shard_key = ["shard"].',
    },
  ]
}

/** Numbered tables of one rule that could be one target: the words that would make them one. */
function proposeShards(targets: readonly PlannedTarget[]): SchemaFinding[] {
  const byRule = new Map<MatchedRule['rule'], PlannedTarget[]>()
  for (const target of targets) {
    const { rule } = target.sources[0].matched
    byRule.set(rule, [...(byRule.get(rule) ?? []), target])
  }
  return [...byRule].flatMap(([rule, alike]) => {
    const name = rule.targetTable === null ? autoShardName(rule.table) : null
    const [first] = alike
    if (name === null || first === undefined || alike.length < 2) return []
    if (!alike.every(target => shape(target) === shape(first))) return []
    return [
      {
        check: 'schema.shards',
        level: 'ok' as const,
        table: targetName(first.request),
        message: `${alike.length} tables of ${rule.where} have the same columns and key (${shortened(alike.map(({ request }) => request.table))}); each gets a target of its own`,
        remedy: `To have them in one: sr_table = "${name}" in the rule, or auto_shard = true in [schema].`,
      },
    ]
  })
}

function shape({ request }: PlannedTarget): string {
  const columns = request.columns.map(({ name, type, nullable }) => [name.toLowerCase(), type, nullable])
  return JSON.stringify([request.model, request.key, columns])
}

function shortened(names: readonly string[]): string {
  return names.length > 4 ? `${names.slice(0, 3).join(', ')}, … ${names.at(-1)}` : names.join(', ')
}

function warning(check: string, message: string, remedy: string, table?: string): SchemaFinding {
  return { check, level: 'warning', message, remedy, ...(table === undefined ? {} : { table }) }
}

function failed(error: unknown, table: string): SchemaFinding {
  const failure = asFailure(error)
  if (failure.kind === 'internal' || failure.kind === 'sourceUnreachable') throw failure
  return { check: 'rules.table', level: 'error', table, message: failure.message, remedy: failure.advice }
}
