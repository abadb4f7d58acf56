import type { KeyBound, TextRows } from '../../model/chunk.js'
import type { LastKey } from './last-key.js'
import type { Moment } from './moment.js'
import { PIECE_BYTES, type PieceBuffers } from './piece-buffers.js'
import { ChunkTooLarge, type ReadChunk } from './read-chunk.js'
import type { RowSink } from './row-packets.js'

/** A piece that fills less of its buffer than this is copied into one of its own size. */
const SMALL = PIECE_BYTES / 4

/** Collects the rows of one chunk. */
export class ChunkRows implements RowSink {
  readonly #buffers: PieceBuffers
  readonly #maxBytes: number
  #pieces: TextRows[] = []
  #rows = 0
  #bytes = 0
  #last = 0

  constructor(buffers: PieceBuffers, maxBytes: number) {
    this.#buffers = buffers
    this.#maxBytes = maxBytes
  }

  take(bytes: number): Buffer {
    return this.#buffers.take(bytes)
  }

  /** Throws ChunkTooLarge. */
  put(buffer: Buffer, end: number, rows: number, last: number): void {
    if (rows === 0) {
      this.#buffers.give(buffer)
      return
    }
    this.#last = last
    this.#rows += rows
    this.#bytes += end
    if (this.#bytes > this.#maxBytes && this.#rows > 1) {
      const { length } = this.#pieces
      this.release()
      this.#buffers.give(buffer)
      throw new ChunkTooLarge(length === 0 ? rows : this.#rows, this.#bytes)
    }
    if (end < SMALL && buffer.length === PIECE_BYTES) {
      this.#pieces.push({ buffer: Buffer.from(buffer.subarray(0, end)), at: 0, end, rows })
      this.#buffers.give(buffer)
    } else this.#pieces.push({ buffer, at: 0, end, rows })
  }

  get rows(): number {
    return this.#rows
  }

  get bytes(): number {
    return this.#bytes
  }

  get pieces(): readonly TextRows[] {
    return this.#pieces
  }

  /** The key of the last row; there is at least one. */
  lastKey(key: LastKey): KeyBound {
    return key.read(this.#pieces.at(-1)!.buffer, this.#last)
  }

  chunk(last: KeyBound | null, high: Moment): ReadChunk {
    return { pieces: this.#pieces, rows: this.#rows, bytes: this.#bytes, last, high, release: () => this.release() }
  }

  /** The pieces' memory may be used for other rows. */
  release(): void {
    for (const { buffer } of this.#pieces) this.#buffers.give(buffer)
    this.#pieces = []
  }
}
