import type { SnapshotState } from '../checkpoint/snapshot-state.js'
import { type AdmittedChunk, type CopyRecord, isSameTable, isUnfinished } from '../model/copy-record.js'
import { asFailure, backoffMs, type Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import { type TableSchema, tableName } from '../model/schema.js'
import type { SourceSession } from '../mysql/session.js'
import { estimateTable } from '../mysql/snapshot/table-estimate.js'
import { withinMs } from '../within-ms.js'
import { ChunkRows } from './chunk-rows.js'
import { nextMode } from './copy-mode.js'
import type { SnapshotLimits, TableId } from './copy-orders.js'
import { CopyPace } from './copy-pace.js'
import type { CopyMode } from './copy-plan.js'
import { ProgressBook } from './copy-progress.js'
import { CopySource, type SourceParts } from './copy-source.js'
import type { CopyGate } from './gate.js'
import { RunningCopy, WorkerReader } from './running-copy.js'
import type { SourceGuard } from './source-guard.js'

const TELL_MS = 1_000
/** Longest wait of a stop for what is being asked of the source. */
const STOP_WAIT_MS = 3_000
/** A chunk may have so many times the bytes that were aimed at before it is cut in two. */
const LARGEST = 4
/**
 * From so many connections to one table on its chunks are cut before they are read. For fewer that is no gain: the engine
 * writes the rows of a SELECT no faster than the server sends them, so the next one may wait for its last row.
 */
const SIDE_BY_SIDE = 3
/** Chunks of one table that are read before the first of them is admitted, beyond one for each connection. */
const AHEAD = 1

export interface SnapshotParts {
  readonly state: SnapshotState
  readonly gate: CopyGate
  readonly sources: SourceParts
  readonly guard: SourceGuard
  readonly limits: SnapshotLimits
  readonly savedEpoch: number
  /** How the changes of a table may be judged, by its rules and the row images. */
  readonly modeOf: (schema: TableSchema) => CopyMode
  /** Whether epochs of earlier runs are still read again. */
  readonly isReplaying: () => boolean
  /** An eighth of the ack window: a chunk is to have no more, so that two can go in while the half that is full loads. */
  readonly eighth: { readonly rows: number; readonly bytes: number }
  /** Whether a table is halted: its copy pauses, since windows need its changes. */
  readonly isHalted: (schema: string, table: string) => boolean
  /** A short session with the server that is read. */
  readonly session: <T>(work: (session: SourceSession) => Promise<T>) => Promise<T>
  /** A table of which all rows are durable in the target. */
  readonly onCopied: (record: CopyRecord) => void
  readonly observer: Observer
}

/** Copies the tables that the state says are unfinished, several chunks at a time, while the stream goes on. */
export class Snapshot {
  readonly #parts: SnapshotParts
  readonly #copies = new Map<string, RunningCopy>()
  readonly #progress = new ProgressBook(Date.now)
  readonly #pace: CopyPace
  readonly #chunkRows: ChunkRows
  #limits: SnapshotLimits
  /** Newest epoch in the saved position. */
  #saved: number
  #workers = 0
  readonly #working = new Set<Promise<void>>()
  #changed: () => void = () => undefined
  #fail: (failure: Failure) => void = () => undefined
  #signal: AbortSignal | null = null

  constructor(parts: SnapshotParts) {
    this.#parts = parts
    this.#pace = new CopyPace(parts.guard, () => this.#tell())
    this.#chunkRows = new ChunkRows(parts.eighth)
    this.#limits = parts.limits
    this.#saved = parts.savedEpoch
    this.setLimits(parts.limits)
  }

  /**
   * Before the stream begins: from its first event on, changes are judged by how far the copies are. `schemaOf`: a table as it
   * is where the stream begins; null where it comes to be further on, and so all its rows come from the binlog.
   */
  async open(schemaOf: (table: TableId) => TableSchema | null): Promise<void> {
    const { state } = this.#parts
    for (const record of state.tables) {
      const schema = isUnfinished(record) ? schemaOf(record) : null
      if (schema === null) continue
      const copy = await this.enter(record, schema, record.frontier)
      if (state.admitted.some(chunk => isSameTable(chunk, record))) await copy.source.ready()
    }
  }

  /** Counts from the next chunk on. */
  setLimits(limits: SnapshotLimits): void {
    this.#limits = limits
    this.#pace.setRates(limits.rowsPerS, limits.bytesPerS)
    this.#staff()
    this.#changed()
  }

  /**
   * A table is copied from now on, or from where its record says; to be called between two transactions. `judged`: how far it
   * is for the stream's changes, where that is not as far as it was read.
   */
  async enter(record: CopyRecord, schema: TableSchema, judged?: CopyRecord['frontier']): Promise<RunningCopy> {
    await this.leave(record)
    const { gate, sources, state, modeOf, isReplaying } = this.#parts
    const { frontier, ended } = state.frontierOf(record)
    const at = judged === undefined ? frontier : judged
    const mode = nextMode(modeOf(schema), record.mode, isReplaying())
    await state.judge(record, mode)
    const source = await CopySource.open(sources, schema, { ...record, frontier: at }, mode)
    const name = tableName(record)
    const copy: RunningCopy = new RunningCopy(record, source, gate.copy(source.plan), {
      frontier: ended ? undefined : frontier,
      ahead: source.plan.mode === 'atOnce' ? () => this.#limits.connections + AHEAD : () => 1,
      chunkRows: () => this.#chunkRows.of(name, this.#limits),
      cutsFirst: () => copy.workers >= SIDE_BY_SIDE,
      maxBytes: Math.min(this.#limits.chunkBytes * LARGEST, 2 * this.#parts.eighth.bytes),
      onRead: (rows, bytes) => this.#read(copy, rows, bytes),
      onChange: () => this.#changed(),
      onVoid: failure => this.#void(copy, failure),
      onFailed: failure => this.#fail(failure),
    })
    this.#copies.set(name, copy)
    this.#changed()
    return copy
  }

  /** The table is not copied any more. */
  async leave(table: TableId): Promise<void> {
    const name = tableName(table)
    const copy = this.#copies.get(name)
    this.#copies.delete(name)
    await copy?.close()
  }

  /** Copies of halted tables end here; they go on at the next start, behind the table's catch-up. */
  async leaveHalted(): Promise<void> {
    for (const copy of this.#copies.values()) if (this.#parts.isHalted(copy.schema, copy.table)) await this.leave(copy)
  }

  copyOf(table: TableId): RunningCopy | null {
    return this.#copies.get(tableName(table)) ?? null
  }

  /** The gate puts a chunk into an epoch. */
  admitted(chunk: AdmittedChunk): void {
    this.copyOf(chunk)?.copier.admitted(chunk.range.upTo)
    // Where nothing of it had to go in, it belongs to an epoch that is over.
    if (chunk.epoch <= this.#saved) this.saved(this.#saved).catch(error => this.#fail(asFailure(error)))
  }

  /** Everything up to this epoch is durable, and the position saved. */
  async saved(epoch: number): Promise<void> {
    const { state, onCopied, observer } = this.#parts
    this.#saved = Math.max(this.#saved, epoch)
    if (!state.durable(epoch)) return
    for (const copy of [...this.#copies.values()]) {
      const record = state.find(copy)
      if (record?.state !== 'copied') continue
      this.#copies.delete(copy.name)
      const ms = copy.startedMs === null ? 0 : performance.now() - copy.startedMs
      observer({ kind: 'copied', source: copy.name, rows: record.rows, bytes: record.bytes, ms })
      this.#tell()
      await copy.close()
      onCopied(record)
    }
    await state.save()
  }

  /** Reads until the signal fires. Rejects with a Failure that no retry mends. */
  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    this.#signal = signal
    const ticks = setInterval(() => {
      if (this.#copies.size > 0) this.#tell()
      // Chunks that were void wait for nothing but time.
      this.#changed()
    }, TELL_MS)
    try {
      await new Promise<void>((resolve, reject) => {
        this.#fail = reject
        signal.addEventListener('abort', () => resolve(), { once: true })
        this.#tell()
        this.#estimateAll().catch(error => this.#delayed('the estimates', asFailure(error), 0))
        this.#staff()
      })
    } finally {
      clearInterval(ticks)
      this.#signal = null
      for (const copy of this.#copies.values()) copy.copier.end()
      this.#changed()
      await withinMs(
        Promise.all(this.#working).then(() => undefined),
        STOP_WAIT_MS,
        'The source does not answer; its connections are left.',
      ).catch(error => this.#delayed('the stop', asFailure(error), 0))
    }
  }

  /** Gives back what the copies hold. */
  async close(): Promise<void> {
    for (const copy of this.#copies.values()) {
      copy.copier.end()
      await copy.source.close()
    }
  }

  #staff(): void {
    const signal = this.#signal
    if (signal === null) return
    while (this.#workers < this.#limits.connections) {
      const ordinal = this.#workers++
      const work = this.#work(ordinal, signal)
        .catch(error => this.#fail(asFailure(error)))
        .finally(() => {
          this.#workers--
          this.#working.delete(work)
        })
      this.#working.add(work)
    }
  }

  async #work(ordinal: number, signal: AbortSignal): Promise<void> {
    const hand = new WorkerReader()
    let failures = 0
    try {
      while (!signal.aborted && this.#signal === signal && ordinal < this.#limits.connections) {
        const copy = this.#next(hand.copy)
        if (copy === null) {
          await this.#change()
          continue
        }
        try {
          if (await this.#pace.held(signal)) continue
          this.#start(copy)
          await copy.copier.copyOne(await hand.to(copy), signal, performance.now())
          failures = 0
          await this.#pace.rest(signal)
        } catch (error) {
          if (signal.aborted || this.#signal !== signal) return
          await hand.close()
          await copy.source.forgetCatalog()
          const failure = asFailure(error)
          if (!failure.retriable && !isTableChanging(failure)) throw failure
          failures++
          await this.#pace.pause(failure.message, backoffMs(failures), signal)
        }
      }
    } finally {
      await hand.close()
    }
  }

  /**
   * A table that has something to read now: the one that the worker is connected for, as long as there is more of it; else
   * one that nobody reads.
   */
  #next(own: RunningCopy | null): RunningCopy | null {
    const now = performance.now()
    const copies = [...this.#copies.values()].filter(copy => !this.#parts.isHalted(copy.schema, copy.table))
    if (own !== null && own.voids === 0 && own.copier.isOpen && copies.includes(own))
      return own.copier.wants(now) ? own : null
    const ready = copies.filter(copy => copy.copier.wants(now))
    return ready.find(copy => copy.workers === 0) ?? ready[0] ?? null
  }

  #start(copy: RunningCopy): void {
    if (copy.startedMs !== null) return
    copy.startedMs = performance.now()
    const record = this.#parts.state.find(copy)
    if (record === null) return
    const { rows } = this.#parts.state.rowsOf(copy)
    const estimatedRows = this.#progress.estimateOf(copy.name)
    this.#parts.observer({ kind: 'copyStarted', source: copy.name, reason: record.reason, rows, estimatedRows })
  }

  #change(): Promise<void> {
    return new Promise(resolve => {
      const before = this.#changed
      this.#changed = () => {
        this.#changed = () => undefined
        before()
        resolve()
      }
    })
  }

  #read(copy: RunningCopy, rows: number, bytes: number): void {
    copy.voids = 0
    this.#pace.took(rows, bytes)
    this.#chunkRows.read(copy.name, rows, bytes)
  }

  #void(copy: RunningCopy, failure: Failure): number {
    copy.voids++
    const retryInMs = copy.voids === 1 ? 0 : backoffMs(Math.min(copy.voids - 1, 5))
    this.#delayed(copy.name, failure, retryInMs)
    return retryInMs
  }

  #delayed(source: string, { message }: Failure, retryInMs: number): void {
    this.#parts.observer({ kind: 'copyDelayed', source, reason: message, retryInMs })
  }

  #tell(): void {
    const { state, observer } = this.#parts
    const copies = state.tables
      .filter(({ state: at }) => at !== 'followed')
      .map(record => this.#progress.of(record, state.rowsOf(record)))
    observer({ kind: 'snapshot', copies, waits: this.#copies.size > 0 ? this.#pace.waits : null, atMs: Date.now() })
  }

  async #estimateAll(): Promise<void> {
    await this.#parts.session(async session => {
      for (const copy of [...this.#copies.values()]) {
        const { rows, avgRowBytes } = await estimateTable(session, copy.source.schema, this.#parts.sources.zone)
        this.#progress.estimated(copy.name, rows)
        this.#chunkRows.estimated(copy.name, avgRowBytes, this.#limits)
      }
    })
  }
}

/** ER_NO_SUCH_TABLE, ER_BAD_FIELD_ERROR, ER_TABLE_DEF_CHANGED, ER_BAD_DB_ERROR: the stream is about to tell what has changed. */
function isTableChanging({ kind, cause }: Failure): boolean {
  const { errno } = Object(cause) as { errno?: unknown }
  return kind === 'sourceUnfit' && [1146, 1054, 1412, 1049].includes(Number(errno))
}
