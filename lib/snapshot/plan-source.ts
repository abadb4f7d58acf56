import type { Config } from '../config/options.js'
import { asFailure } from '../model/failure.js'
import { logsWholeRows } from '../model/row-image.js'
import { type TableSchema, tableName, targetName } from '../model/schema.js'
import { readServerFacts } from '../mysql/server-facts.js'
import { SourceSession } from '../mysql/session.js'
import type { ReadRate } from '../mysql/snapshot/rate-probe.js'
import { estimateTable, type TableEstimate } from '../mysql/snapshot/table-estimate.js'
import { TableReader } from '../mysql/snapshot/table-reader.js'
import { resolveZone } from '../mysql/time-zone.js'
import { copyAddresses, snapshotLimits, sourceAddress } from '../registry.js'
import { planTargets, type PlannedTarget as SchemaTarget } from '../schema-plan.js'
import type { SchemaFinding } from '../schema-report.js'
import { SchemaTargets } from '../schema-targets.js'
import { composePlan, type PlannedTarget, rateLike, type SnapshotPlan, type TableFacts } from './plan.js'

/** So many tables are probed, the largest; the others are expected to be alike. */
const PROBED_TABLES = 3
const PROBE_MS = 1000

export interface PlanReport extends SnapshotPlan {
  /** What keeps tables out, or is to be known before. */
  readonly findings: readonly SchemaFinding[]
}

export interface PlanWish {
  readonly kind: 'stream' | 'batch'
  /** Which targets are meant; see `chooseTargets`. */
  readonly choose: (targets: readonly SchemaTarget[]) => readonly SchemaTarget[]
}

/**
 * Looks at the source's tables, their sizes and the targets, and reads the largest tables for a second each. Changes nothing.
 * Rejects when the source cannot be read; a StarRocks that cannot be reached is a finding.
 */
export async function readPlan(config: Config, { kind, choose }: PlanWish): Promise<PlanReport> {
  const limits = snapshotLimits(config)
  const session = await SourceSession.connect(sourceAddress(config))
  const starRocks = new SchemaTargets(config)
  try {
    const facts = await readServerFacts(session)
    const planned = await planTargets(session, config)
    const zone = await resolveZone(config.time_zone, session)
    const targets = choose(planned.targets)
    const findings: SchemaFinding[] = [...planned.findings]
    const tables = await tablesOf(targets, starRocks, findings)
    const measured: { facts: Omit<TableFacts, 'rate'>; schema: TableSchema }[] = []
    for (const [schema, ways] of tables) {
      const estimate = await estimateTable(session, schema, zone)
      measured.push({ schema, facts: { source: tableName(schema), targets: ways, estimate } })
    }
    const rates = new Map<TableSchema, ReadRate>()
    for (const { schema } of largest(measured)) rates.set(schema, await probe(config, schema))
    const others = rateLike([...rates.values()])
    const plan = composePlan(
      measured.map(one => ({ ...one.facts, rate: rates.get(one.schema) ?? others })),
      {
        kind,
        wholeImages: logsWholeRows(facts.variables.get('binlog_row_image') ?? null),
        chunkRows: Math.min(limits.chunkRows, Math.ceil(config.concurrent_ack_win / 4)),
        chunkBytes: Math.min(limits.chunkBytes, Math.ceil(config.ack_win_bytes / 4)),
        rateRows: limits.rowsPerS,
        rateBytes: limits.bytesPerS,
      },
    )
    return { ...plan, findings }
  } finally {
    await Promise.all([session.close(), starRocks.close()])
  }
}

/** Each source table with all its targets, and whether these exist. */
async function tablesOf(
  targets: readonly SchemaTarget[],
  starRocks: SchemaTargets,
  findings: SchemaFinding[],
): Promise<Map<TableSchema, PlannedTarget[]>> {
  const byName = new Map<string, [TableSchema, PlannedTarget[]]>()
  let reachable = true
  for (const planned of targets) {
    let exists: boolean | null = null
    try {
      const found = reachable ? await starRocks.find(planned, false) : null
      exists = found === null ? null : found.state !== 'missing'
      findings.push(...(found?.findings ?? []))
    } catch (error) {
      const failure = asFailure(error)
      if (failure.kind !== 'targetUnreachable' && failure.kind !== 'targetDenied') throw failure
      // Said once; the plan of the source's side is of use without it.
      reachable = false
      const message = `The targets are not looked at: ${failure.message}`
      findings.push({ check: 'starrocks.reach', level: 'warning', message, remedy: failure.advice })
    }
    for (const { table, matched } of planned.sources) {
      const target = { target: targetName(planned.request), mode: matched.rule.mode, exists }
      const known = byName.get(tableName(table)) ?? [table, []]
      known[1].push(target)
      byName.set(tableName(table), known)
    }
  }
  return new Map(byName.values())
}

function largest<T extends { readonly facts: { readonly estimate: TableEstimate } }>(tables: readonly T[]): T[] {
  const bytes = ({ facts }: T) => facts.estimate.dataBytes
  return tables
    .filter(({ facts }) => facts.estimate.rows > 0)
    .sort((a, b) => bytes(b) - bytes(a))
    .slice(0, PROBED_TABLES)
}

async function probe(config: Config, schema: TableSchema): Promise<ReadRate> {
  const expressions = schema.columns.map(({ name }) => `\`${name.replaceAll('`', '``')}\``)
  const plan = { schema, expressions, where: null, zone: config.time_zone, streamed: null }
  const reader = await TableReader.open(copyAddresses(config).address, plan)
  try {
    return await reader.probe(PROBE_MS)
  } finally {
    await reader.close()
  }
}
