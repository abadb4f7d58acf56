import type { Config } from '../config/options.js'
import { Failure } from '../model/failure.js'
import { tableName, targetName } from '../model/schema.js'
import { readHeadPosition } from '../mysql/binlog-files.js'
import { readServerFacts } from '../mysql/server-facts.js'
import { SourceSession } from '../mysql/session.js'
import { resolveZone } from '../mysql/time-zone.js'
import { sourceAddress } from '../registry.js'
import { type PlannedTarget, planTargets } from '../schema-plan.js'
import { type ExplainedTarget, explainTargets } from './explained-targets.js'
import type { ExplainReport } from './report.js'
import { ruleReport, type TablesOfRule, tablesOfRules } from './rule-reports.js'
import { type SampledWay, type SampleOptions, type Samples, sampleRows } from './sample-rows.js'

export interface ExplainOptions {
  /** "schema.table" of source tables, or "database.table" of targets; null: all. */
  readonly only: readonly string[] | null
  /** Sample rows of each table; 0: none. */
  readonly rows: number
}

/** A configuration with the tables and targets that are there. */
export interface Explained {
  readonly config: Config
  readonly targets: readonly ExplainedTarget[]
  /** The tables of each rule. */
  readonly tables: readonly (readonly TablesOfRule[])[]
  readonly findings: ExplainReport['findings']
}

/**
 * What a configuration does with each table, with rows of the source as they would be written. Reads source and StarRocks, and
 * writes nothing anywhere. Rejects with a Failure where the source cannot be read, and with configInvalid for a table that the
 * configuration does not sync.
 */
export function explainConfig(config: Config, options: ExplainOptions): Promise<ExplainReport> {
  return withSource(config, async (session, sampleOptions) => {
    const explained = await explain(session, config, options.only)
    const ways = explained.tables.flat().map(tables => wayOf(explained, tables))
    const report = reportOf(explained, await samplesOf(ways, options, sampleOptions))
    return options.only === null ? report : { ...report, rules: report.rules.filter(rule => rule.tables.length > 0) }
  })
}

/** `work` has a session on the source, and what its rows are shown with. */
export async function withSource<T>(
  config: Config,
  work: (session: SourceSession, options: Omit<SampleOptions, 'rows'>) => Promise<T>,
): Promise<T> {
  const address = sourceAddress(config)
  const session = await SourceSession.connect(address)
  try {
    const facts = await readServerFacts(session)
    const zone = await resolveZone(config.time_zone, session)
    const head = await readHeadPosition(session, facts)
    return await work(session, { address, timeZone: config.time_zone, zone, mariadb: facts.mariadb, head })
  } finally {
    await session.close()
  }
}

export async function explain(
  session: SourceSession,
  config: Config,
  only: readonly string[] | null,
): Promise<Explained> {
  const planned = await planTargets(session, config)
  const wanted = chosen(planned.targets, only)
  const names = new Set(wanted.flatMap(namesOf))
  const findings = planned.findings.filter(({ table }) => only === null || table === undefined || names.has(table))
  const targets = await explainTargets(wanted, config, findings)
  return { config, targets, tables: tablesOfRules(config, targets), findings }
}

/** The way of one of the tables, of the first where none is named. */
export function wayOf({ config }: Explained, { planned, target, report }: TablesOfRule, source?: string): SampledWay {
  const at = source === undefined ? 0 : report.sources.indexOf(source)
  return { config, planned: planned[at]!, target, hidden: [], hiddenInTarget: [] }
}

/** Rejects as `sampleRows` does. */
export async function samplesOf(
  ways: readonly SampledWay[],
  { rows }: ExplainOptions,
  options: Omit<SampleOptions, 'rows'>,
): Promise<readonly Samples[]> {
  return rows === 0 ? [] : sampleRows(ways, { ...options, rows })
}

/** `samples`: of all tables of all rules, in their order; none at all where none were asked for. */
export function reportOf({ config, targets, tables, findings }: Explained, samples: readonly Samples[]): ExplainReport {
  let at = 0
  const rules = tables.map((own, i) => {
    const from = at
    at += own.length
    return ruleReport(config, i + 1, own, samples.slice(from, at))
  })
  return { rules, targets: targets.map(({ report }) => report), findings }
}

function chosen(targets: readonly PlannedTarget[], only: readonly string[] | null): readonly PlannedTarget[] {
  if (only === null) return targets
  const unknown = only.find(name => !targets.some(target => namesOf(target).includes(name)))
  if (unknown !== undefined)
    throw new Failure('configInvalid', `${unknown} is no table that this configuration syncs.`, {
      advice: 'Name a source table as schema.table, or a target as database.table; without a name all are explained.',
    })
  return targets.filter(target => namesOf(target).some(name => only.includes(name)))
}

function namesOf({ request, sources }: PlannedTarget): string[] {
  return [targetName(request), ...sources.map(({ table }) => tableName(table))]
}
