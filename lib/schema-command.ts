import type { Config } from './config/options.js'
import { askForCollisions, COMMAND_MS, untaggedTargets } from './key-collisions.js'
import { asFailure } from './model/failure.js'
import { type TargetTable, tableName, targetName } from './model/schema.js'
import { readServerFacts } from './mysql/server-facts.js'
import { SourceSession } from './mysql/session.js'
import { ruleBookOf, sourceAddress, starRocksOptions } from './registry.js'
import { composeFit, judgeFit } from './schema-fit.js'
import { type PlannedTarget, planTargets } from './schema-plan.js'
import type { FitReport, SchemaFinding, SchemaReport, TargetReport } from './schema-report.js'
import { type FoundTarget, SchemaTargets } from './schema-targets.js'
import { renderCreateDatabase, renderCreateTable } from './starrocks/ddl.js'

export interface SchemaOptions {
  /** Create the targets that are missing. */
  readonly apply: boolean
  /** Measure the rows. */
  readonly scan: boolean
  /** Rows to measure per table; null: all. */
  readonly sample: number | null
  /** Told what takes its time. */
  readonly progress: (message: string) => void
}

/** A scan of a large table takes as long as it takes. */
const SCAN_TIMEOUT_MS = 24 * 3_600_000

/**
 * Reads the source's tables, composes the targets and measures the rows; compares the targets with those in StarRocks and,
 * when told to, makes the missing ones. Rejects when the source cannot be read; a StarRocks that cannot be reached is a
 * finding, unless targets are to be made there.
 */
export async function reportSchema(config: Config, options: SchemaOptions): Promise<SchemaReport> {
  const session = await SourceSession.connect({ ...sourceAddress(config), answerTimeoutMs: SCAN_TIMEOUT_MS })
  const starRocks = new SchemaTargets(config)
  try {
    const planned = await planTargets(session, config)
    const findings: SchemaFinding[] = [...planned.findings, ...(await collisions(session, config, planned.targets))]
    const targets: TargetReport[] = []
    const fits: FitReport[] = []
    let reachable = true
    for (const target of planned.targets) {
      const statement = renderStatement(target, config, findings)
      const found = !reachable || statement === null ? null : await attempt(starRocks, target, options, findings)
      if (statement !== null && found === null) reachable = false
      findings.push(...(found?.findings ?? []))
      targets.push({
        target: targetName(target.request),
        database: target.request.database,
        rules: target.rules,
        sources: target.sources.map(({ table }) => tableName(table)),
        statement,
        state: found?.state ?? null,
      })
      if (options.scan) fits.push(...(await measure(session, target, found?.existing ?? null, options, findings)))
    }
    return { rules: config.rule.map((_, i) => i + 1), targets, fits, findings }
  } finally {
    await Promise.all([session.close(), starRocks.close()])
  }
}

/** Whether the tables of a target have keys in common now. */
async function collisions(
  session: SourceSession,
  config: Config,
  targets: readonly PlannedTarget[],
): Promise<SchemaFinding[]> {
  const { mariadb } = await readServerFacts(session)
  const schemas = new Map(
    targets.flatMap(({ sources }) => sources.map(({ table }) => [tableName(table), table] as const)),
  )
  const untagged = untaggedTargets(ruleBookOf(config), [...schemas.values()])
  return askForCollisions(session, untagged, { mariadb, withinMs: COMMAND_MS })
}

/** The statements a target needs, or null with a finding of what StarRocks would refuse in them. */
function renderStatement({ request }: PlannedTarget, config: Config, findings: SchemaFinding[]): string | null {
  const { bucketCount, replicationNum } = starRocksOptions(config)
  try {
    renderCreateDatabase(request.database)
    return renderCreateTable(request, { bucketCount, replicationNum })
  } catch (error) {
    const failure = asFailure(error)
    if (failure.kind !== 'targetUnfit') throw failure
    const table = targetName(request)
    findings.push({
      check: 'target.statement',
      level: 'error',
      table,
      message: failure.message,
      remedy: failure.advice,
    })
    return null
  }
}

/** Null when StarRocks cannot be reached: said once. */
async function attempt(
  starRocks: SchemaTargets,
  target: PlannedTarget,
  { apply }: SchemaOptions,
  findings: SchemaFinding[],
): Promise<FoundTarget | null> {
  try {
    return await starRocks.find(target, apply)
  } catch (error) {
    const failure = asFailure(error)
    if (apply || (failure.kind !== 'targetUnreachable' && failure.kind !== 'targetDenied')) throw failure
    const message = `The targets are not compared: ${failure.message}`
    findings.push({ check: 'starrocks.reach', level: 'warning', message, remedy: failure.advice })
    return null
  }
}

async function measure(
  session: SourceSession,
  target: PlannedTarget,
  existing: TargetTable | null,
  { sample, progress }: SchemaOptions,
  findings: SchemaFinding[],
): Promise<FitReport[]> {
  const reports: FitReport[] = []
  for (const source of target.sources) {
    const query = composeFit(target, source, existing, sample)
    if (query === null) continue
    const table = tableName(source.table)
    progress(`${table}: measuring ${sample === null ? 'all rows' : `up to ${sample} rows`} …`)
    const begin = performance.now()
    const [row] = await session.query(query.sql)
    const fit = query.read(row ?? {})
    const ms = Math.round(performance.now() - begin)
    progress(`${table}: ${fit.rows} rows in ${(ms / 1000).toFixed(1)} s`)
    reports.push({ table, target: targetName(target.request), sample, ms, fit })
    findings.push(...judgeFit(target, source, existing, fit))
  }
  return reports
}
