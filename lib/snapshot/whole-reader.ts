import type { ChunkRange, KeyBound, TextRows } from '../model/chunk.js'
import { Failure } from '../model/failure.js'
import type { Position } from '../model/position.js'
import type { ReadChunk } from '../mysql/snapshot/read-chunk.js'
import type { TableReader } from '../mysql/snapshot/table-reader.js'

/** What a copy asks of a reader of rows. */
export type SourceReader = Pick<TableReader, 'boundBehind' | 'read' | 'readNext' | 'readKeys' | 'close'>

/** Reads a table whose key cannot cut it into chunks: all rows are one chunk, as they stood at one place of the binlog. */
export class WholeReader implements SourceReader {
  readonly #reader: TableReader
  readonly #name: string
  readonly #why: string
  readonly #maxBytes: number

  /** `why`: to follow on the table's name. `maxBytes`: what all rows together may have. */
  constructor(reader: TableReader, name: string, why: string, maxBytes: number) {
    this.#reader = reader
    this.#name = name
    this.#why = why
    this.#maxBytes = maxBytes
  }

  async boundBehind(): Promise<KeyBound | null> {
    return null
  }

  /** Rejects with snapshotUnfit when the table is too large. */
  async read(_: ChunkRange, visible: Position, signal?: AbortSignal): Promise<ReadChunk> {
    const whole = await this.#reader.readWhole(visible, signal)
    const pieces: TextRows[] = []
    let rows = 0
    let bytes = 0
    try {
      for await (const piece of whole.pieces) {
        rows += piece.rows
        bytes += piece.end - piece.at
        if (bytes > this.#maxBytes) throw this.#tooLarge()
        const buffer = Buffer.from(piece.buffer.subarray(piece.at, piece.end))
        pieces.push({ buffer, at: 0, end: buffer.length, rows: piece.rows })
      }
    } finally {
      await whole.close()
    }
    return { pieces, rows, bytes, last: null, high: whole.at, release: () => undefined }
  }

  readNext(_: KeyBound | null, __: number, visible: Position, signal?: AbortSignal): Promise<ReadChunk> {
    return this.read({ after: null, upTo: null }, visible, signal)
  }

  readKeys(keys: readonly KeyBound[], visible: Position, signal?: AbortSignal): Promise<ReadChunk> {
    return this.#reader.readKeys(keys, visible, signal)
  }

  close(): Promise<void> {
    return this.#reader.close()
  }

  #tooLarge(): Failure {
    return new Failure(
      'snapshotUnfit',
      `${this.#name} has more than ${this.#maxBytes} bytes and must be read as a whole: ${this.#why}.`,
      { advice: 'Give the table a primary key, or raise ack_win_bytes above its size: it is held in memory.' },
    )
  }
}
