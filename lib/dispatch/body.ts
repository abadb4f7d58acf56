import type { ChunkPool } from './chunk-pool.js'

const OPEN = 0x5b
const COMMA = 0x2c
const CLOSE = 0x5d

/**
 * A load body that grows row by row in chunks, never copied. A row is written in three steps: `reserve` its upper bound,
 * let the encoder write into `chunk` from `at`, then `addRow` with where it ended; a row that is not added leaves no trace.
 */
export class Body {
  rows = 0
  bytes = 0
  /** `bytes` without what frames the rows. */
  rowBytes = 0
  chunk: Buffer
  /** Where the next row starts in `chunk`. */
  at = 0
  readonly #pool: ChunkPool
  readonly #json: boolean
  #pieces: Buffer[] | null = null
  readonly #full: { readonly chunk: Buffer; readonly length: number }[] = []

  constructor(pool: ChunkPool, json: boolean) {
    this.#pool = pool
    this.#json = json
    this.chunk = pool.take(0, 0)
  }

  /** Makes room for a row of at most `bound` bytes and writes what must stand before it. */
  reserve(bound: number): void {
    if (this.at + bound + 2 > this.chunk.length) {
      this.#full.push({ chunk: this.chunk, length: this.at })
      this.chunk = this.#pool.take(bound + 2, this.#full.length)
      this.at = 0
    }
  }

  /** Offset at which the encoder may start: JSON rows are preceded by "[" or ",". */
  rowStart(): number {
    if (!this.#json) return this.at
    this.chunk[this.at] = this.rows === 0 ? OPEN : COMMA
    return this.at + 1
  }

  /** Rows as another body of the same kind holds them, one behind the other; JSON's begin with what precedes the first of them. */
  addRows(source: Buffer, from: number, to: number, rows: number): void {
    this.reserve(to - from)
    source.copy(this.chunk, this.at, from, to)
    if (this.#json) this.rowStart()
    this.addRow(this.at + to - from)
    this.rows += rows - 1
  }

  addRow(end: number): void {
    this.rows++
    this.bytes += end - this.at
    this.rowBytes += end - this.at
    this.at = end
  }

  /** Ends the body; its pieces in order. Nothing may be added afterwards. */
  pieces(): readonly Buffer[] {
    if (this.#pieces !== null) return this.#pieces
    if (this.#json) {
      this.chunk[this.at++] = CLOSE
      this.bytes++
    }
    this.#pieces = this.filled
    return this.#pieces
  }

  /** What is written so far, in pieces that begin with a row; valid until more is written. */
  get filled(): Buffer[] {
    const chunks = [...this.#full, { chunk: this.chunk, length: this.at }]
    return chunks.filter(({ length }) => length > 0).map(({ chunk, length }) => chunk.subarray(0, length))
  }

  /** An empty body of the same kind. */
  another(): Body {
    return new Body(this.#pool, this.#json)
  }

  /** Gives the chunks back; the `pieces` must not be used any more. */
  release(): void {
    for (const { chunk } of this.#full) this.#pool.give(chunk)
    this.#pool.give(this.chunk)
    this.#full.length = 0
  }
}
