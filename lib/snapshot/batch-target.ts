import type PQueue from 'p-queue'
import type { Route } from '../dispatch/route.js'
import type { Sink, TargetRequest } from '../dispatch/sink.js'
import type { TextRows } from '../model/chunk.js'
import { asFailure, Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import { type TargetTable, targetName } from '../model/schema.js'
import { BatchLoad, type BatchLoadOptions } from './batch-load.js'

/** The rows of a source table as they stood at one place of the binlog. */
export interface SourceRows {
  readonly routes: readonly Route[]
  readonly at: { readonly binName: string; readonly binPos: number }
  /** A piece is valid until the next one is asked for. */
  readonly pieces: AsyncIterable<TextRows>
  close(): Promise<void>
}

/** A source table that is copied. */
export interface BatchSource {
  /** "schema.table". */
  readonly source: string
  /** Begins to read it for a target that is its shadow. Rejects with a Failure of the source. */
  open(shadow: TargetTable, signal: AbortSignal): Promise<SourceRows>
}

/** What is done with shadow tables; see `ShadowTables`. */
export interface Shadows {
  make(target: TargetTable): Promise<TargetTable>
  count(shadow: TargetTable, bounds: { least: number; most: number }, signal: AbortSignal): Promise<number>
  swap(target: TargetTable, shadow: TargetTable): Promise<void>
  drop(shadow: TargetTable, forGood: boolean): Promise<void>
}

export interface BatchParts {
  readonly sink: Sink
  readonly shadows: Shadows
  /** All reads of all targets: so many at a time. */
  readonly readers: PQueue
  /** Resolves when so many rows and bytes may be taken from the source. */
  readonly pace: (rows: number, bytes: number, signal: AbortSignal) => Promise<void>
  readonly observer: Observer
  /** Told for each piece that was taken. */
  readonly progress: (source: string, rows: number, bytes: number) => void
  readonly load: BatchLoadOptions
}

/** What came into a target. */
export interface CopiedRows {
  /** Rows that were read and loaded, all source tables together. */
  readonly rows: number
  readonly bytes: number
  /** Rows that the target has now: fewer where rows have one key, or are summed. */
  readonly kept: number
  /** Where in the binlog each source table was read: "file:offset". */
  readonly moments: ReadonlyMap<string, string>
}

/**
 * Copies all source tables of a target into a shadow of it, counts, and exchanges the two: readers see the old rows or the
 * new ones, and never a part. Until the exchange a failure, or a crash, leaves the target as it was. Rejects with the
 * Failure that ended it; `signal`: gives up, with the reason it fires with.
 */
export async function copyTarget(
  request: TargetRequest,
  sources: readonly BatchSource[],
  parts: BatchParts,
  signal: AbortSignal,
): Promise<CopiedRows> {
  const { sink, shadows } = parts
  const target = await sink.prepare(request)
  signal.throwIfAborted()
  const shadow = await shadows.make(target)
  let copied: CopiedRows
  try {
    copied = await fill(shadow, sources, parts, signal)
    signal.throwIfAborted()
  } catch (error) {
    // What remains is found by its name at the next copy; what went wrong first is to be told.
    await shadows.drop(shadow, true).catch(() => undefined)
    throw error
  }
  await shadows.swap(target, shadow)
  try {
    await shadows.drop(shadow, false)
  } catch (error) {
    // The target has its new rows, and the next copy knows the old ones by their name.
    const message = `${targetName(shadow)} holds the old rows of ${targetName(target)} and was not dropped: ${asFailure(error).message}`
    parts.observer({ kind: 'warning', message, advice: 'The next copy drops it; or drop it by hand.' })
  }
  return copied
}

async function fill(
  shadow: TargetTable,
  sources: readonly BatchSource[],
  parts: BatchParts,
  signal: AbortSignal,
): Promise<CopiedRows> {
  const load = new BatchLoad(parts.load, parts)
  const stop = new AbortController()
  const onAbort = (): void => stop.abort(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  // Whoever waits for room hears of it.
  stop.signal.addEventListener('abort', () => load.abandon(asFailure(stop.signal.reason)), { once: true })
  const moments = new Map<string, string>()
  let pieces = 0
  const copySource = async ({
    source,
    open,
  }: BatchSource): Promise<{ source: string; rows: number; bytes: number }> => {
    stop.signal.throwIfAborted()
    const reading = await open(shadow, stop.signal)
    let rows = 0
    let bytes = 0
    try {
      const { binName, binPos } = reading.at
      moments.set(source, `${binName}:${binPos}`)
      const commitMs = Date.now()
      for await (const piece of reading.pieces) {
        stop.signal.throwIfAborted()
        const size = piece.end - piece.at
        await parts.pace(piece.rows, size, stop.signal)
        // No event of a binlog has a number below 0.
        await load.add(piece, reading.routes, { binName, binPos, event: -++pieces }, commitMs)
        rows += piece.rows
        bytes += size
        parts.progress(source, piece.rows, size)
      }
    } finally {
      await reading.close()
    }
    return { source, rows, bytes }
  }
  try {
    const settled = await Promise.allSettled(
      sources.map(one =>
        parts.readers
          .add(() => copySource(one))
          .catch((error: unknown) => {
            // The first failure is the one to tell; it ends the other reads.
            stop.abort(error)
            throw error
          }),
      ),
    )
    stop.signal.throwIfAborted()
    const counts = settled.flatMap(one => (one.status === 'fulfilled' && one.value ? [one.value] : []))
    await load.finish()
    const rows = counts.reduce((sum, one) => sum + one.rows, 0)
    const bytes = counts.reduce((sum, one) => sum + one.bytes, 0)
    const written = counts.map(one => one.rows - (load.filtered.get(one.source) ?? 0))
    const wanted = written.reduce((sum, own) => sum + own, 0)
    if (load.loaded !== wanted) {
      const left = rows === wanted ? '' : `; the rules leave out ${rows - wanted} of them`
      throw miscounted(shadow, `${rows} rows were read and ${load.loaded} loaded${left}`)
    }
    const bounds = rowBounds(shadow, written)
    const kept = await parts.shadows.count(shadow, bounds, stop.signal)
    if (!(kept >= bounds.least && kept <= bounds.most))
      throw miscounted(shadow, `${rows} rows were loaded, and it has ${kept}`)
    return { rows, bytes, kept, moments }
  } catch (error) {
    load.abandon(asFailure(error))
    throw stop.signal.aborted ? stop.signal.reason : error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** How many rows a target must have behind loads of so many rows from each source table. */
export function rowBounds(
  target: Pick<TargetTable, 'model'>,
  counts: readonly number[],
): { least: number; most: number } {
  const most = counts.reduce((sum, rows) => sum + rows, 0)
  switch (target.model) {
    case 'duplicate':
      return { least: most, most }
    case 'aggregate':
      return { least: Math.min(1, most), most }
    case 'primary':
    case 'unique':
      // Rows of different tables may have one key; those of one table have not.
      return { least: Math.max(0, ...counts), most }
  }
}

function miscounted(shadow: TargetTable, message: string): Failure {
  return new Failure('rowsMiscounted', `${targetName(shadow)}: ${message}.`, {
    advice:
      'The target keeps its old rows. Two rows of the source have one key in StarRocks when a rule casts or replaces values of key columns; otherwise keep the output and report it.',
  })
}
