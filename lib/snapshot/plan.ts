import type { RouteMode } from '../model/rule-mode.js'
import type { ReadRate } from '../mysql/snapshot/rate-probe.js'
import type { TableEstimate } from '../mysql/snapshot/table-estimate.js'

/** A target of a table that is to be copied. */
export interface PlannedTarget {
  /** "database.table". */
  readonly target: string
  readonly mode: RouteMode
  /** Null: StarRocks could not be asked. */
  readonly exists: boolean | null
}

/** How a table's rows will be read. */
export type ReadWay =
  /** In chunks, several of them at the same time. */
  | 'chunks'
  /** In chunks, one behind the other: changes that come meanwhile are kept until their chunk is there. */
  | 'oneChunkAtATime'
  /** By one SELECT, in one consistent read. */
  | 'whole'

/** What will be done with one source table, and about how long it will take. */
export interface PlannedTable {
  /** "schema.table". */
  readonly source: string
  readonly targets: readonly PlannedTarget[]
  /** Estimates of the server. */
  readonly rows: number
  readonly bytes: number
  readonly read: ReadWay
  /** Why it is not read in chunks, or not in several at once; null: it is. */
  readonly because: string | null
  /** Columns that chunks are cut by; empty where none are cut. */
  readonly key: readonly string[]
  readonly chunks: number
  /** Seconds to read it, by the probe and the rate limits; null: nothing was probed. */
  readonly seconds: number | null
}

export interface SnapshotPlan {
  readonly tables: readonly PlannedTable[]
  readonly rows: number
  readonly bytes: number
  /** Seconds to read all tables one after the other; null: nothing was probed. */
  readonly seconds: number | null
}

/** What is known of a table before it is copied. */
export interface TableFacts {
  readonly source: string
  readonly targets: readonly PlannedTarget[]
  readonly estimate: TableEstimate
  /** Of this table, or of others; null: nothing was probed. */
  readonly rate: ReadRate | null
}

/** What holds for all tables. */
export interface PlanTerms {
  /** `stream`: while the binlog is followed; `batch`: once, into shadow tables. */
  readonly kind: 'stream' | 'batch'
  /** The binlog's images hold all columns of their rows. */
  readonly wholeImages: boolean
  readonly chunkRows: number
  readonly chunkBytes: number
  /** Limits per second; null: none. */
  readonly rateRows: number | null
  readonly rateBytes: number | null
}

/** Puts the plan of all tables together, the largest first. */
export function composePlan(facts: readonly TableFacts[], terms: PlanTerms): SnapshotPlan {
  const tables = facts.map(one => planTable(one, terms)).sort((a, b) => b.bytes - a.bytes || b.rows - a.rows)
  const sum = (of: (table: PlannedTable) => number) => tables.reduce((total, table) => total + of(table), 0)
  const known = tables.every(({ seconds }) => seconds !== null)
  return {
    tables,
    rows: sum(({ rows }) => rows),
    bytes: sum(({ bytes }) => bytes),
    seconds: known ? sum(({ seconds }) => seconds ?? 0) : null,
  }
}

function planTable({ source, targets, estimate, rate }: TableFacts, terms: PlanTerms): PlannedTable {
  const { rows, dataBytes, avgRowBytes } = estimate
  const { read, because } = readWay(targets, estimate, terms)
  const rowsPerChunk = Math.max(1, Math.min(terms.chunkRows, Math.floor(terms.chunkBytes / Math.max(1, avgRowBytes))))
  return {
    source,
    targets,
    rows,
    bytes: dataBytes,
    read,
    because,
    key: read === 'whole' ? [] : estimate.key,
    chunks: read === 'whole' ? 1 : Math.max(1, Math.ceil(rows / rowsPerChunk)),
    seconds: rate === null ? null : readSeconds(estimate, rate, terms),
  }
}

function readWay(
  targets: readonly PlannedTarget[],
  { unusable }: TableEstimate,
  { kind, wholeImages }: PlanTerms,
): { read: ReadWay; because: string | null } {
  if (kind === 'batch') return { read: 'whole', because: 'a batch copy reads each table at one moment' }
  if (unusable !== null) return { read: 'whole', because: unusable }
  const counted = targets.find(({ mode }) => mode !== 'upsert')
  if (counted !== undefined)
    return { read: 'oneChunkAtATime', because: `each change counts once in ${counted.target} (mode "${counted.mode}")` }
  if (!wholeImages) return { read: 'oneChunkAtATime', because: 'binlog_row_image is not FULL: changes lack columns' }
  return { read: 'chunks', because: null }
}

/** The slowest of what was probed and what is allowed. */
function readSeconds({ rows, avgRowBytes }: TableEstimate, rate: ReadRate, { rateRows, rateBytes }: PlanTerms): number {
  if (rows === 0) return 0
  const perRow = Math.max(1, avgRowBytes)
  const byRows = Math.min(rate.rowsPerS, rateRows ?? Number.POSITIVE_INFINITY)
  const byBytes = Math.min(rate.bytesPerS, rateBytes ?? Number.POSITIVE_INFINITY)
  const rowsPerS = Math.min(byRows, byBytes / perRow)
  return rowsPerS > 0 ? rows / rowsPerS : 0
}

/**
 * The rate to expect of a table that was not probed itself: bytes flow as fast as the probed tables' did, and rows are not
 * faster than theirs. Null when none was probed.
 */
export function rateLike(probed: readonly ReadRate[]): ReadRate | null {
  if (probed.length === 0) return null
  return {
    rowsPerS: Math.max(...probed.map(({ rowsPerS }) => rowsPerS)),
    bytesPerS: probed.reduce((sum, { bytesPerS }) => sum + bytesPerS, 0) / probed.length,
  }
}
