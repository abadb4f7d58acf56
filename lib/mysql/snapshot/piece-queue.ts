import type { TextRows } from '../../model/chunk.js'
import type { PieceBuffers } from './piece-buffers.js'
import type { RowSink } from './row-packets.js'

/** Pieces that wait to be asked for; at this number the server is held. */
const MOST_WAITING = 2

interface Source {
  pause(): void
  resume(): void
}

/** Rows that are handed out piece by piece, in bounded memory: the connection stands still while nobody asks. */
export class PieceQueue implements RowSink, AsyncIterableIterator<TextRows> {
  readonly #buffers: PieceBuffers
  readonly #left: () => void
  #source: Source | null = null
  readonly #waiting: TextRows[] = []
  #given: TextRows | null = null
  #end: { readonly error: unknown } | null = null
  #wake: (() => void) | null = null

  /** `left`: called when the reader stops before the end. */
  constructor(buffers: PieceBuffers, left: () => void) {
    this.#buffers = buffers
    this.#left = left
  }

  /** `source`: what is held. `done`: settles when all rows are there. */
  attach(source: Source, done: Promise<void>): void {
    this.#source = source
    done.then(
      () => this.#finish(null),
      error => this.#finish(error),
    )
  }

  take(bytes: number): Buffer {
    return this.#buffers.take(bytes)
  }

  put(buffer: Buffer, end: number, rows: number): void {
    if (rows === 0) {
      this.#buffers.give(buffer)
      return
    }
    this.#waiting.push({ buffer, at: 0, end, rows })
    if (this.#waiting.length >= MOST_WAITING) this.#source?.pause()
    this.#wake?.()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<TextRows>> {
    if (this.#given !== null) this.#buffers.give(this.#given.buffer)
    this.#given = null
    while (this.#waiting.length === 0 && this.#end === null)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    const piece = this.#waiting.shift()
    if (piece !== undefined) {
      if (this.#waiting.length < MOST_WAITING) this.#source?.resume()
      this.#given = piece
      return { done: false, value: piece }
    }
    if (this.#end !== null && this.#end.error !== null) throw this.#end.error
    return { done: true, value: undefined }
  }

  async return(): Promise<IteratorResult<TextRows>> {
    this.#left()
    return { done: true, value: undefined }
  }

  #finish(error: unknown): void {
    // After a failure what still waits is part of a read that is not whole.
    if (error !== null) this.#waiting.length = 0
    this.#end = { error }
    this.#wake?.()
  }
}
