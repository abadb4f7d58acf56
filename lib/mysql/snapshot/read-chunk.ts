import type { KeyBound, TextRows } from '../../model/chunk.js'
import type { Moment } from './moment.js'

/** Rows of one SELECT, in the order of the key. */
export interface ReadChunk {
  readonly pieces: readonly TextRows[]
  readonly rows: number
  /** Of all pieces. */
  readonly bytes: number
  /** The range's upper bound as it was given: where the next chunk begins. Null: the range was open. */
  readonly last: KeyBound | null
  /** The stream has to be here before the rows may be admitted. */
  readonly high: Moment
  /** The pieces' memory may be used for other rows now; optional. Not to be called while anything still reads them. */
  release(): void
}

/** The rows of a range do not fit into the memory that a chunk may take: ask for fewer. */
export class ChunkTooLarge extends Error {
  /** Rows that came before the reader gave up; half of them fit for certain. */
  readonly rows: number
  readonly bytes: number

  constructor(rows: number, bytes: number) {
    super(`a chunk is larger than it may be: ${bytes} bytes after ${rows} rows`)
    this.name = 'ChunkTooLarge'
    this.rows = rows
    this.bytes = bytes
  }
}

/** All rows of a table as they stood at `at`, in no order; see `TableReader.readWhole`. */
export interface WholeRead {
  /** Exact: the rows are those of this place of the binlog. */
  readonly at: Moment
  /** A piece is valid until the next one is asked for; the server waits while none is asked for. To be run through once, or left by `close`. */
  readonly pieces: AsyncIterable<TextRows>
  close(): Promise<void>
}
