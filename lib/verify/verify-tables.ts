import { setTimeout as pause } from 'node:timers/promises'
import { HaltedTables } from '../checkpoint/halted-tables.js'
import type { Config } from '../config/options.js'
import type { KeyBound } from '../model/chunk.js'
import { Failure } from '../model/failure.js'
import { type TargetTable, tableName, targetName } from '../model/schema.js'
import type { Zone } from '../model/zone.js'
import { askHeadPosition } from '../mysql/head-position.js'
import { SourceSession } from '../mysql/session.js'
import { PageReader } from '../mysql/snapshot/page-reader.js'
import { resolveZone } from '../mysql/time-zone.js'
import { sourceAddress, starRocksOptions } from '../registry.js'
import { type PlannedTarget, planTargets } from '../schema-plan.js'
import { Frontends } from '../starrocks/frontends.js'
import { StarRocksSession } from '../starrocks/starrocks-session.js'
import { readTarget } from '../starrocks/target-catalog.js'
import { sourceNames } from './compared-table.js'
import { comparisonsOf } from './fused-parts.js'
import { madeRoutes } from './made-routes.js'
import { dialectFor } from './source-dialect.js'
import { quoteName } from './source-literal.js'
import { sourceCondition } from './source-value.js'
import { placeOf, type VisibleUpTo } from './stream-place.js'
import { type TableVerdict, type VerifyReport, verdictOf } from './verdict.js'
import type { VerifyParts, VerifyTableOptions } from './verify-parts.js'
import { findDeadKeys, type Repair, verifyTable } from './verify-table.js'

export interface VerifyOptions {
  readonly dataDir: string
  /** "schema.table" of source tables, or "database.table" of targets; null: all. */
  readonly only: readonly string[] | null
  readonly repair: Repair | null
  /** Longest wait in ms for the stream to pass what the source has. */
  readonly waitMs: number
  /** Rows per second; null: as fast as both sides give them. */
  readonly rate: number | null
  readonly signal: AbortSignal
  /** Told now and then: the target under way, and rows compared in it. */
  readonly progress?: (target: string, rows: number) => void
  /** Default: the engine of dataDir, as its files tell. */
  readonly place?: VisibleUpTo
}

const CHUNK_ROWS = 50_000
const LIST_ROWS = 4_000
const DEAD_KEYS = 1_000
/** One pass over a table without integer keys takes as long as it takes. */
const ANSWER_TIMEOUT_MS = 3_600_000

/**
 * Compares the tables of a configuration, source with target, one after the other while both move. Rejects with a Failure
 * where either side cannot be asked, and with configInvalid for a table that the configuration does not sync.
 */
export function verifyTables(config: Config, options: VerifyOptions): Promise<VerifyReport> {
  return withBothSides(config, options, async (parts, planned, find) => {
    const wanted = chosen(planned.targets, options.only)
    const halted = await HaltedTables.open(options.dataDir)
    const tables: TableVerdict[] = []
    for (const one of wanted.flatMap(comparisonsOf)) {
      options.signal.throwIfAborted()
      const existing = await find(one)
      const verdict =
        existing === null
          ? await withoutTarget(parts, one)
          : await verifyTable(parts, one, existing, tableOptions(existing, options), options.repair)
      tables.push(withHalt(verdict, one, halted))
    }
    return { tables: [...tables, ...unplanned(planned, options.only)] }
  })
}

/**
 * Keys that a table's targets have and the source has not, in batches, for a copy that did not empty its targets: each is to be
 * read again in order with the stream. Rejects where the stream does not get far enough to judge all of them.
 */
export function findDeadKeysOf(
  config: Config,
  options: Pick<VerifyOptions, 'dataDir' | 'waitMs' | 'rate' | 'signal'>,
  table: { readonly schema: string; readonly table: string },
  found: (keys: readonly KeyBound[]) => Promise<unknown>,
): Promise<void> {
  const name = tableName(table)
  return withBothSides(config, options, async (parts, planned, find) => {
    const isOf = ({ sources }: PlannedTarget) => sources.some(source => tableName(source.table) === name)
    for (const one of planned.targets.flatMap(comparisonsOf).filter(isOf)) {
      const existing = await find(one)
      if (existing === null) continue
      const { keys, why } = await findDeadKeys(parts, one, existing, tableOptions(existing, options), name)
      for (let at = 0; at < keys.length; at += DEAD_KEYS) await found(keys.slice(at, at + DEAD_KEYS))
      if (why !== null)
        throw new Failure(
          'streamBroken',
          `Rows of ${targetName(existing)} that ${name} has no more may be left: ${why}.`,
          { advice: `Run mysql-sr-sync verify --repair --table ${name}; the next start tries it again too.` },
        )
    }
  })
}

type Planned = Awaited<ReturnType<typeof planTargets>>

async function withBothSides<T>(
  config: Config,
  options: Pick<VerifyOptions, 'dataDir' | 'place' | 'signal'>,
  work: (parts: VerifyParts, planned: Planned, find: (one: PlannedTarget) => Promise<TargetTable | null>) => Promise<T>,
): Promise<T> {
  const address = { ...sourceAddress(config), charset: 'utf8mb4', answerTimeoutMs: ANSWER_TIMEOUT_MS }
  const session = await SourceSession.connect(address)
  const starRocks = starRocksOptions(config)
  const target = new StarRocksSession({ ...starRocks, queryTimeoutMs: ANSWER_TIMEOUT_MS }, new Frontends(starRocks))
  // A pass over a large table must not hold up the end of the process.
  const cut = (): Promise<unknown> => Promise.all([session.close(), target.close()])
  options.signal.addEventListener('abort', cut, { once: true })
  try {
    options.signal.throwIfAborted()
    const zone = await prepareSource(session, config)
    const parts: VerifyParts = {
      source: sql => session.query(sql),
      target: async sql => (await target.query(sql)).map(row => Object.fromEntries(row)),
      head: () => askHeadPosition(sourceAddress(config)),
      place: options.place ?? placeOf(options.dataDir),
      flavor: config.flavor,
      routes: (source, existing) => madeRoutes(config, source, existing, zone),
      reader: (schema, expressions, signal) =>
        new PageReader(address, { schema, expressions, zone: config.time_zone, signal }),
    }
    return await work(parts, await planTargets(session, config), one => readTarget(target, one.request))
  } catch (error) {
    // What the cut connections fail with is not the reason.
    options.signal.throwIfAborted()
    throw error
  } finally {
    options.signal.removeEventListener('abort', cut)
    await cut()
  }
}

/** A session that prints every value as the stream writes it. */
async function prepareSource(session: SourceSession, config: Config): Promise<Zone> {
  const zone = await resolveZone(config.time_zone, session)
  if (zone.fixedOffset !== null) await session.query(`SET time_zone = '${offsetText(zone.fixedOffset)}'`)
  else if (config.time_zone === 'source') await session.query('SET time_zone = @@GLOBAL.time_zone')
  else
    try {
      await session.query(`SET time_zone = '${config.time_zone.replaceAll("'", "''")}'`)
    } catch (error) {
      throw new Failure(
        'sourceUnfit',
        `The source has no time zone ${config.time_zone}, so TIMESTAMP values cannot be compared.`,
        {
          cause: error,
          advice: 'Load the time zone tables into the source (mysql_tzinfo_to_sql), or set time_zone to an offset.',
        },
      )
    }
  await session.query("SET sql_mode = 'ALLOW_INVALID_DATES'")
  return zone
}

function offsetText(seconds: number): string {
  const minutes = Math.abs(seconds) / 60
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0')
  return `${seconds < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
}

function chosen(targets: readonly PlannedTarget[], only: readonly string[] | null): readonly PlannedTarget[] {
  if (only === null) return targets
  const namesOf = (planned: PlannedTarget) => [
    targetName(planned.request),
    ...planned.sources.map(({ table }) => tableName(table)),
  ]
  const unknown = only.find(name => !targets.some(planned => namesOf(planned).includes(name)))
  if (unknown !== undefined)
    throw new Failure('configInvalid', `${unknown} is no table that this configuration syncs.`, {
      advice: 'Name a source table as schema.table, or a target as database.table; without --table all are compared.',
    })
  return targets.filter(planned => namesOf(planned).some(name => only.includes(name)))
}

function tableOptions(
  existing: TargetTable,
  options: Pick<VerifyOptions, 'rate' | 'signal' | 'waitMs' | 'progress'>,
): VerifyTableOptions {
  const { rate, signal, waitMs, progress } = options
  const begin = performance.now()
  let [rows, taken] = [0, 0]
  return {
    chunkRows: rate === null ? CHUNK_ROWS : Math.max(100, Math.min(CHUNK_ROWS, rate)),
    listRows: rate === null ? LIST_ROWS : Math.max(100, Math.min(LIST_ROWS, rate)),
    waitMs,
    signal,
    compared: more => {
      rows += more
      progress?.(targetName(existing), rows)
    },
    read: async more => {
      taken += more
      if (rate === null) return
      const dueMs = (1000 * taken) / rate - (performance.now() - begin)
      if (dueMs > 0) await pause(dueMs, undefined, { signal })
    },
  }
}

/** All rows of the source that the rules let in are missing. */
async function withoutTarget({ source: ask, flavor }: VerifyParts, planned: PlannedTarget): Promise<TableVerdict> {
  const dialect = await dialectFor(ask, planned, flavor)
  let rows = 0
  for (const source of planned.sources) {
    const told = sourceCondition(source, dialect)
    const where = 'sql' in told && told.sql !== null ? ` WHERE ${told.sql}` : ''
    const { schema, table } = source.table
    const [row] = await ask(`SELECT COUNT(*) AS n FROM ${quoteName(schema)}.${quoteName(table)}${where}`)
    rows += Number(row?.n)
  }
  return {
    ...verdictOf(sourceNames(planned), targetName(planned.request), rows === 0 ? 'ok' : 'differs'),
    reason: 'the target table does not exist',
    rows,
    missing: rows,
  }
}

/** What is behind a halt is not in the target, and is not to be. */
function withHalt(verdict: TableVerdict, planned: PlannedTarget, halted: HaltedTables): TableVerdict {
  const names = planned.sources
    .filter(({ table }) => halted.find(table.schema, table.table))
    .map(s => tableName(s.table))
  if (names.length === 0 || verdict.state !== 'differs') return verdict
  return { ...verdict, state: 'pending', reason: `${names.join(', ')}: halted; see mysql-sr-sync halted list` }
}

/** Followed tables that no target was planned for. */
function unplanned({ targets, findings }: Planned, only: readonly string[] | null): TableVerdict[] {
  if (only !== null) return []
  const known = new Set(
    targets.flatMap(({ request, sources }) => [targetName(request), ...sources.map(s => tableName(s.table))]),
  )
  return findings
    .filter(({ check, table }) => check === 'rules.table' && table !== undefined && !known.has(table))
    .map(({ table, message }) => ({ ...verdictOf(table!, '', 'ignored'), reason: message }))
}
