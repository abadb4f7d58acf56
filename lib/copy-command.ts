import PQueue from 'p-queue'
import type { Config } from './config/options.js'
import { refuseCollisions, untaggedTargets } from './key-collisions.js'
import type { Observer } from './model/observer.js'
import { targetName } from './model/schema.js'
import type { Zone } from './model/zone.js'
import { listTables } from './mysql/catalog.js'
import { readServerFacts } from './mysql/server-facts.js'
import { SourceSession } from './mysql/session.js'
import { readSourceLoad } from './mysql/snapshot/source-load.js'
import { estimateTable } from './mysql/snapshot/table-estimate.js'
import { resolveZone } from './mysql/time-zone.js'
import { copyAddresses, createSink, ruleBookOf, snapshotLimits, sourceAddress, starRocksOptions } from './registry.js'
import { type PlannedTarget, planTargets } from './schema-plan.js'
import type { SchemaFinding } from './schema-report.js'
import { BatchCopy, type BatchProgress, type CopiedTarget } from './snapshot/batch-copy.js'
import { BatchPace } from './snapshot/batch-pace.js'
import { batchSource } from './snapshot/batch-source.js'
import { chooseTargets, missingSource } from './snapshot/batch-targets.js'
import { Frontends } from './starrocks/frontends.js'
import { StarRocksSession, type Statements } from './starrocks/starrocks-session.js'
import { ShadowTables } from './starrocks/swap-target.js'

export interface CopyOptions {
  /** "schema.table" of source tables whose targets are meant; empty: all. */
  readonly tables: readonly string[]
  readonly observer: Observer
  readonly progress: BatchProgress & {
    /** Told of every target before the first begins. */
    expect(target: string, estimatedRows: number): void
  }
  /** The shadow tables of this task; for targets that keep no rows, which cannot be counted. */
  readonly shadowsOf?: (statements: Statements, task: string) => ShadowTables
}

export interface CopyReport {
  readonly targets: readonly CopiedTarget[]
  /** What keeps tables out, or is to be known. */
  readonly findings: readonly SchemaFinding[]
  /** Shadow tables that earlier copies left behind, and that were dropped. */
  readonly dropped: readonly string[]
  readonly seconds: number
}

/** Targets that are filled at the same time: while one is counted and exchanged, another is loaded. */
const TARGETS_AT_ONCE = 2

/** Nobody waits for the rows of a shadow table, so its loads may be large and few: less work for StarRocks. */
const MOST_LANES = 2

/**
 * Copies all tables of the rules into their targets, once: each target's rows go into a shadow table that takes its place
 * when it is whole. Neither the binlog nor the saved position are touched. A target that cannot be copied stays as it was and
 * is told in the report. Rejects when the source or StarRocks cannot be used at all, or with the reason of `signal`.
 */
export async function copyTables(config: Config, options: CopyOptions, signal: AbortSignal): Promise<CopyReport> {
  const begin = performance.now()
  const { observer, progress } = options
  const { address } = copyAddresses(config)
  const session = await SourceSession.connect(sourceAddress(config))
  // Of the server that rows are read from.
  const reading = await SourceSession.connect(address).catch(async (error: unknown) => {
    await session.close()
    throw error
  })
  const sink = createSink(config)
  const starRocks = starRocksOptions(config)
  const statements = new StarRocksSession(starRocks, new Frontends(starRocks))
  try {
    const { mariadb } = await readServerFacts(session)
    const zone = await resolveZone(config.time_zone, session)
    const book = ruleBookOf(config)
    const { targets, findings } = await planTargets(session, config)
    const tables = await listTables(session)
    await refuseCollisions(
      session,
      untaggedTargets(book, [...targets.flatMap(one => one.sources.map(({ table }) => table))]),
      mariadb,
      observer,
    )
    const chosen = chooseTargets(targets, options.tables)
    const task = `mss_${config.server_id}`
    const shadows = options.shadowsOf?.(statements, task) ?? new ShadowTables(statements, task)
    const dropped: string[] = []
    for (const database of new Set(chosen.map(({ request }) => request.database)))
      dropped.push(...(await shadows.dropLeftOvers(database)).map(table => `${database}.${table}`))
    for (const target of chosen) progress.expect(targetName(target.request), await estimatedRows(session, target, zone))
    const limits = snapshotLimits(config)
    const pace = new BatchPace(limits, () => readSourceLoad(reading), observer)
    const batch = new BatchCopy({
      sink,
      shadows,
      readers: new PQueue({ concurrency: limits.connections }),
      pace: (rows, bytes, stop) => pace.took(rows, bytes, stop),
      observer,
      progress,
      labelBase: `${task}_copy_${Date.now().toString(36)}`,
      load: {
        lanes: Math.min(config.concurrent_size, MOST_LANES),
        maxRows: Number.MAX_SAFE_INTEGER,
        maxBytes: Math.ceil(config.ack_win_bytes / TARGETS_AT_ONCE),
      },
    })
    const parts = { address, session: reading, mariadb, zone, observer }
    const turns = new PQueue({ concurrency: TARGETS_AT_ONCE })
    const copies = await Promise.allSettled(
      chosen.map(target => {
        const sources = target.sources.map(source => batchSource(config, source, parts))
        return turns.add(() => batch.copy(target, sources, missingSource(target, findings, tables, book), signal))
      }),
    )
    const broken = copies.find(copy => copy.status === 'rejected')
    if (broken !== undefined) throw broken.reason
    const copied = copies.flatMap(copy => (copy.status === 'fulfilled' && copy.value ? [copy.value] : []))
    return { targets: copied, findings, dropped, seconds: (performance.now() - begin) / 1000 }
  } finally {
    await Promise.all([session.close(), reading.close(), sink.close(), statements.close()])
  }
}

async function estimatedRows(session: SourceSession, { sources }: PlannedTarget, zone: Zone): Promise<number> {
  let rows = 0
  for (const { table } of sources) rows += (await estimateTable(session, table, zone)).rows
  return rows
}
