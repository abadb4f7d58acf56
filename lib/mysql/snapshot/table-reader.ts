import type { ChunkRange, KeyBound } from '../../model/chunk.js'
import { Failure } from '../../model/failure.js'
import type { Position } from '../../model/position.js'
import { type SourceColumn, type TableSchema, tableName } from '../../model/schema.js'
import type { SourceAddress } from '../session.js'
import { ChunkRows } from './chunk-rows.js'
import { keyExpression, keyLiteral } from './key-form.js'
import { keyIndex } from './key-index.js'
import { keyColumns, oneOfCondition, quoteName, rangeCondition } from './key-range.js'
import { LastKey } from './last-key.js'
import { PieceBuffers } from './piece-buffers.js'
import { ProbeOver, RateProbe, type ReadRate } from './rate-probe.js'
import type { ReadChunk, WholeRead } from './read-chunk.js'
import { readFailure } from './read-failure.js'
import { breakSession, killThread, openReadSession, type ReadSession } from './read-session.js'
import { ReplicaCheck } from './replica-check.js'
import { RowQuery } from './row-query.js'
import { chooseVisibleRead, type VisibleReadOptions } from './visible-read.js'
import { openWholeRead } from './whole-read.js'

export interface ReadPlan {
  readonly schema: TableSchema
  /** SELECT list, one per column of the text image, in order. */
  readonly expressions: readonly string[]
  /** A condition of the operator's, without WHERE; null: all rows. */
  readonly where: string | null
  /** `time_zone` of sync.toml: "source", an offset or a name that the source knows. */
  readonly zone: string
  /** The server that is streamed, when it is another than the one that is read; null: the same. */
  readonly streamed: SourceAddress | null
  /** Longest wait in ms until the server shows what a read is to see. Default 60,000. */
  readonly visibleWaitMs?: number
  /** Silence in ms in the midst of rows after which the connection counts as dead. Default 300,000. */
  readonly silenceMs?: number
}

/** A chunk that ends with its last row instead of at a bound. */
interface NextRows {
  readonly rows: number
  readonly lastKey: LastKey
}

interface OpenTable extends ReadSession {
  /** The table for FROM, with the index of its key. */
  readonly from: string
  readonly replica: ReplicaCheck | null
}

/** Keys of one SELECT; more make it slow to be read by the server. */
const KEYS_AT_ONCE = 500
const VISIBLE_WAIT_MS = 60_000
const SILENCE_MS = 300_000

/**
 * Reads one table: chunks by its key, rows by their keys, or all rows. It has one connection, opened again after a failure, and does
 * one thing at a time; several readers read in parallel.
 *
 * Rejections: the signal's reason when it was aborted; readInterrupted and replicaBehind (retriable: ask again); sourceUnreachable,
 * sourceDenied, sourceUnfit, configInvalid.
 */
export class TableReader {
  readonly #address: SourceAddress
  readonly #plan: ReadPlan
  readonly #name: string
  readonly #key: readonly SourceColumn[]
  readonly #buffers = new PieceBuffers()
  readonly #kills = new Set<Promise<void>>()
  #open: OpenTable | null = null
  #isBusy = false

  private constructor(address: SourceAddress, plan: ReadPlan) {
    this.#address = address
    this.#plan = plan
    this.#name = tableName(plan.schema)
    this.#key = keyColumns(plan.schema)
  }

  /** Connects, and checks that the two servers' positions can be matched and that the table and the condition can be read. */
  static async open(address: SourceAddress, plan: ReadPlan): Promise<TableReader> {
    const reader = new TableReader(address, plan)
    await reader.#during(undefined, async ({ session, from }) => {
      await session.query(`SELECT ${plan.expressions.join(', ')} FROM ${from} LIMIT 0`)
      if (plan.where === null) return
      try {
        await session.query(`SELECT 1 FROM ${from} WHERE (${plan.where}) LIMIT 0`)
      } catch (error) {
        const failure = error as Failure
        if (failure.kind !== 'sourceUnfit') throw error
        throw new Failure(
          'configInvalid',
          `The condition for the rows of ${reader.#name} (${plan.where}) is refused: ${failure.message}`,
          {
            cause: null,
          },
        )
      }
    })
    return reader
  }

  /** The key of the row that stands `rows` rows behind `after`. Null: there are fewer. */
  boundBehind(after: KeyBound | null, rows: number, signal?: AbortSignal): Promise<KeyBound | null> {
    return this.#during(signal, async ({ session, from }) => {
      const list = this.#key.map((column, n) => `${keyExpression(column, quoteName(column.name))} AS k${n}`)
      const where = this.#where(rangeCondition(this.#key, { after, upTo: null }))
      const order = `${this.#order()} LIMIT 1 OFFSET ${Math.max(1, rows) - 1}`
      const [row] = await session.query(`SELECT ${list.join(', ')} FROM ${from}${where}${order}`)
      return row === undefined ? null : this.#key.map((column, n) => keyLiteral(column, row[`k${n}`] ?? ''))
    })
  }

  /**
   * The rows of a range in the order of the key, as they are when everything up to `visible` can be seen, or later. `maxBytes`: rejects with
   * ChunkTooLarge when more than one row has come and they have more bytes.
   */
  read(
    range: ChunkRange,
    visible: Position,
    signal?: AbortSignal,
    maxBytes = Number.POSITIVE_INFINITY,
  ): Promise<ReadChunk> {
    return this.#readRows([rangeCondition(this.#key, range)], range.upTo, visible, signal, maxBytes)
  }

  /**
   * The first `rows` rows behind `after`, with `last` the key of the last of them, or null when no more are left. Saves `boundBehind`
   * where the key can be read from the rows. Otherwise as `read`.
   */
  async readNext(
    after: KeyBound | null,
    rows: number,
    visible: Position,
    signal?: AbortSignal,
    maxBytes = Number.POSITIVE_INFINITY,
  ): Promise<ReadChunk> {
    const lastKey = LastKey.of(this.#key, this.#plan.expressions)
    const range = { after, upTo: null }
    if (lastKey !== null)
      return this.#readRows([rangeCondition(this.#key, range)], { rows, lastKey }, visible, signal, maxBytes)
    return this.read({ after, upTo: await this.boundBehind(after, rows, signal) }, visible, signal, maxBytes)
  }

  /**
   * Reads from the beginning of the table for about `ms` and throws the rows away. It sees them at any moment: for estimates only.
   * The first `ms` of a read from disk say little of one from memory, and the other way round.
   */
  async probe(ms: number, signal?: AbortSignal): Promise<ReadRate> {
    const rate = new RateProbe(this.#buffers, ms)
    try {
      await this.#during(signal, async ({ session, from }) => {
        const sql = `${this.#select(from)}${this.#where(null)}${this.#order()}`
        await new RowQuery(session, sql, rate, { silenceMs: this.#plan.silenceMs ?? SILENCE_MS }).done
      })
    } catch (error) {
      if (!(error instanceof ProbeOver)) throw error
    }
    return rate.rate
  }

  /** The rows that have these keys, of those that the plan's condition takes; in the order of the key within every 500 of them. */
  readKeys(keys: readonly KeyBound[], visible: Position, signal?: AbortSignal): Promise<ReadChunk> {
    const conditions: string[] = []
    for (let n = 0; n < keys.length; n += KEYS_AT_ONCE)
      conditions.push(oneOfCondition(this.#key, keys.slice(n, n + KEYS_AT_ONCE)))
    return this.#readRows(conditions, null, visible, signal, Number.POSITIVE_INFINITY)
  }

  /**
   * All rows that the plan's condition takes as they stand at one exact place of the binlog at or behind `visible`, for tables without a usable key. On
   * MySQL the table is locked against writers (LOCK TABLES … READ) for the moment in which the place is taken; tables of engines
   * without transactions for the whole read. `visible` null: as they stand at some moment from now on, with nobody locked out; `at` is
   * then the head of the binlog just before it, and not exact. The reader is busy until the pieces are through or closed.
   */
  readWhole(visible: Position | null, signal?: AbortSignal): Promise<WholeRead> {
    this.#take(signal)
    const leave = (): void => {
      this.#isBusy = false
    }
    const { streamed, visibleWaitMs, silenceMs } = this.#plan
    const table = { schema: this.#plan.schema, select: (from: string) => `${this.#select(from)}${this.#where(null)}` }
    const options = {
      address: this.#address,
      zone: this.#plan.zone,
      streamed,
      waitMs: visibleWaitMs ?? VISIBLE_WAIT_MS,
      silenceMs: silenceMs ?? SILENCE_MS,
    }
    return openWholeRead(table, visible, options, signal, leave).catch((error: unknown) => {
      leave()
      throw signal?.aborted ? signal.reason : readFailure(error, this.#name)
    })
  }

  /** What is under way rejects with readInterrupted. */
  async close(): Promise<void> {
    const open = this.#open
    this.#open = null
    if (this.#isBusy && open !== null) {
      breakSession(open.session, 'the reader was closed')
      this.#killLater(open.threadId)
    }
    await open?.session.close()
    await Promise.all(this.#kills)
  }

  #readRows(
    conditions: readonly (string | null)[],
    last: KeyBound | NextRows | null,
    visible: Position,
    signal: AbortSignal | undefined,
    maxBytes: number,
  ): Promise<ReadChunk> {
    const next = last !== null && 'lastKey' in last ? last : null
    return this.#during(signal, async ({ session, facts, from, replica }) => {
      const seen = chooseVisibleRead(session, this.#visibleOptions({ facts }), visible)
      const rows = new ChunkRows(this.#buffers, maxBytes)
      const silenceMs = this.#plan.silenceMs ?? SILENCE_MS
      const limit = next === null ? '' : ` LIMIT ${next.rows}`
      await seen.begin(visible)
      for (const condition of conditions) {
        const sql = `${this.#select(from)}${this.#where(condition)}${this.#order()}${limit}${seen.lockClause}`
        await new RowQuery(session, sql, rows, { silenceMs }).done
      }
      const high = await seen.end()
      await replica?.checkMoment(high)
      if (next === null) return rows.chunk(last as KeyBound | null, high)
      return rows.chunk(rows.rows < next.rows ? null : rows.lastKey(next.lastKey), high)
    })
  }

  /** One piece of work on the connection. After any failure the next one has a new connection. */
  async #during<T>(signal: AbortSignal | undefined, work: (open: OpenTable) => Promise<T>): Promise<T> {
    this.#take(signal)
    const abort = (): void => {
      if (this.#open !== null) breakSession(this.#open.session, 'the read was given up')
    }
    signal?.addEventListener('abort', abort)
    try {
      this.#open ??= await this.#connect()
      signal?.throwIfAborted()
      return await work(this.#open)
    } catch (error) {
      await this.#drop()
      throw signal?.aborted ? signal.reason : readFailure(error, this.#name)
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#isBusy = false
    }
  }

  #take(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted()
    if (this.#isBusy) throw new Failure('internal', `${this.#name} is asked for rows while it gives others`)
    this.#isBusy = true
  }

  async #connect(): Promise<OpenTable> {
    const opened = await openReadSession(this.#address, this.#plan.zone)
    try {
      const { streamed, schema } = this.#plan
      const replica = streamed === null ? null : await ReplicaCheck.open(opened.session, opened.facts, streamed)
      const index = await keyIndex(opened.session, schema)
      const table = `${quoteName(schema.schema)}.${quoteName(schema.table)}`
      return { ...opened, replica, from: index === null ? table : `${table} FORCE INDEX (${quoteName(index)})` }
    } catch (error) {
      await opened.session.close()
      throw error
    }
  }

  async #drop(): Promise<void> {
    if (this.#open === null) return
    const { session, threadId } = this.#open
    this.#open = null
    await session.close()
    this.#killLater(threadId)
  }

  #killLater(threadId: number): void {
    const kill = killThread(this.#address, threadId).finally(() => this.#kills.delete(kill))
    this.#kills.add(kill)
  }

  #visibleOptions({ facts }: Pick<ReadSession, 'facts'>): VisibleReadOptions {
    const { streamed, visibleWaitMs } = this.#plan
    return { facts, isOther: streamed !== null, waitMs: visibleWaitMs ?? VISIBLE_WAIT_MS }
  }

  #select(from: string): string {
    return `SELECT ${this.#plan.expressions.join(', ')} FROM ${from}`
  }

  #where(condition: string | null): string {
    const { where } = this.#plan
    const both = [condition, where].filter(part => part !== null).map(part => `(${part})`)
    return both.length === 0 ? '' : ` WHERE ${both.join(' AND ')}`
  }

  #order(): string {
    if (this.#key.length === 0) return ''
    const table = quoteName(this.#plan.schema.table)
    return ` ORDER BY ${this.#key.map(column => `${table}.${quoteName(column.name)}`).join(', ')}`
  }
}
