import type { ChunkRange, KeyBound, TextRows } from '../../model/chunk.js'
import { type SourceColumn, type TableSchema, tableName } from '../../model/schema.js'
import type { SourceAddress, SourceSession } from '../session.js'
import { ChunkRows } from './chunk-rows.js'
import { keyIndex } from './key-index.js'
import { keyColumns, oneOfCondition, quoteName, rangeCondition } from './key-range.js'
import { PieceBuffers } from './piece-buffers.js'
import { ChunkTooLarge } from './read-chunk.js'
import { readFailure } from './read-failure.js'
import { breakSession, openReadSession } from './read-session.js'
import { RowQuery } from './row-query.js'

/** Rows of one or several SELECTs. */
export interface Page {
  readonly pieces: readonly TextRows[]
  readonly rows: number
  readonly bytes: number
  /** The pieces' memory may be used for other rows now. */
  release(): void
}

export interface PageReaderOptions {
  readonly schema: TableSchema
  /** SELECT list, one per column of the text image, in order. */
  readonly expressions: readonly string[]
  /** `time_zone` of sync.toml. */
  readonly zone: string
  readonly signal: AbortSignal
}

/** A page has no more bytes, but for a row that is larger by itself. */
const MAX_BYTES = 16_777_216
/** Keys of one SELECT; more make it slow to be read by the server. */
const KEYS_AT_ONCE = 500
const SILENCE_MS = 300_000

/**
 * Reads rows of one table page by page in the order of its key, each page as it is at that moment: nobody is locked out, and nothing
 * is said of the place of the binlog that it shows. One read at a time, over one connection, which is opened when it is needed.
 */
export class PageReader {
  readonly #address: SourceAddress
  readonly #options: PageReaderOptions
  readonly #key: readonly SourceColumn[]
  readonly #buffers = new PieceBuffers()
  readonly #abort = (): void => {
    if (this.#open !== null) breakSession(this.#open.session, 'the read was given up')
  }
  #open: { readonly session: SourceSession; readonly from: string } | null = null

  constructor(address: SourceAddress, options: PageReaderOptions) {
    this.#address = address
    this.#options = options
    this.#key = keyColumns(options.schema)
    options.signal.addEventListener('abort', this.#abort, { once: true })
  }

  /** The first rows of a range, at most `rows`, and fewer where they are large: none means that the range has no more. */
  async next(range: ChunkRange, rows: number): Promise<Page> {
    const condition = rangeCondition(this.#key, range)
    for (let most = rows; ; ) {
      try {
        return await this.#select([condition], ` LIMIT ${most}`, MAX_BYTES)
      } catch (error) {
        if (!(error instanceof ChunkTooLarge)) throw error
        most = Math.max(1, Math.min(most - 1, error.rows >> 1))
      }
    }
  }

  /** The rows that have these keys. */
  keys(keys: readonly KeyBound[]): Promise<Page> {
    const conditions: string[] = []
    for (let n = 0; n < keys.length; n += KEYS_AT_ONCE)
      conditions.push(oneOfCondition(this.#key, keys.slice(n, n + KEYS_AT_ONCE)))
    return this.#select(conditions, '', Number.POSITIVE_INFINITY)
  }

  async close(): Promise<void> {
    this.#options.signal.removeEventListener('abort', this.#abort)
    await this.#drop()
  }

  async #select(conditions: readonly (string | null)[], limit: string, maxBytes: number): Promise<Page> {
    const { schema, expressions, signal } = this.#options
    const table = quoteName(schema.table)
    const order = this.#key.map(column => `${table}.${quoteName(column.name)}`).join(', ')
    const rows = new ChunkRows(this.#buffers, maxBytes)
    try {
      this.#open ??= await this.#connect()
      const { session, from } = this.#open
      for (const condition of conditions) {
        signal.throwIfAborted()
        const where = condition === null ? '' : ` WHERE ${condition}`
        const sql = `SELECT ${expressions.join(', ')} FROM ${from}${where} ORDER BY ${order}${limit}`
        await new RowQuery(session, sql, rows, { silenceMs: SILENCE_MS }).done
      }
    } catch (error) {
      // The rest of an answer could not be told from the next one.
      await this.#drop()
      throw signal.aborted ? signal.reason : readFailure(error, tableName(schema))
    }
    return { pieces: rows.pieces, rows: rows.rows, bytes: rows.bytes, release: () => rows.release() }
  }

  async #connect(): Promise<{ readonly session: SourceSession; readonly from: string }> {
    const { session } = await openReadSession(this.#address, this.#options.zone)
    try {
      const { schema } = this.#options
      const index = await keyIndex(session, schema)
      const table = `${quoteName(schema.schema)}.${quoteName(schema.table)}`
      return { session, from: index === null ? table : `${table} FORCE INDEX (${quoteName(index)})` }
    } catch (error) {
      await session.close()
      throw error
    }
  }

  async #drop(): Promise<void> {
    const open = this.#open
    this.#open = null
    await open?.session.close()
  }
}
