import type { ChunkRange, KeyBound } from '../model/chunk.js'

/** Rows of a guess, or spans of two chunks, that differ by this factor say that the keys are not equally dense. */
const OFF = 2
const LARGEST_KEY = 2n ** 63n - 1n

interface Density {
  readonly span: bigint
  readonly rows: number
}

/**
 * Guesses where chunks end in a key of one whole number, from how dense the keys were before: asking the server for each bound has
 * it walk all rows of the table once more. A bound need not be a key that exists; after a guess that was off the server is asked again.
 */
export class KeyStride {
  /** Of the last chunk. */
  #seen: Density | null = null
  /** Of two chunks that agree, so that one gap among the keys says nothing. */
  #dense: Density | null = null
  readonly #guesses = new Map<string, number>()

  /** The bound of a chunk of about so many rows behind `after`; null: ask the server. */
  guess(after: KeyBound | null, rows: number): KeyBound | null {
    if (after === null || this.#dense === null) return null
    const { span, rows: per } = this.#dense
    const step = (span * BigInt(rows)) / BigInt(per)
    const bound = BigInt(after[0]!) + step
    if (step < 1n || bound > LARGEST_KEY) return null
    const text = bound.toString()
    this.#guesses.set(text, rows)
    return [text]
  }

  /** The server says that there are so many rows in the range. */
  cut(range: ChunkRange, rows: number): void {
    this.#note(range, rows)
  }

  /** So many rows were read of a range. */
  read(range: ChunkRange, rows: number): void {
    const name = range.upTo?.[0] ?? ''
    const guessed = this.#guesses.get(name)
    if (guessed === undefined) return
    this.#guesses.delete(name)
    if (rows * OFF <= guessed || rows >= guessed * OFF) this.forget()
    else this.#note(range, rows)
  }

  /** What is known is wrong from here on. */
  forget(): void {
    this.#seen = null
    this.#dense = null
  }

  #note({ after, upTo }: ChunkRange, rows: number): void {
    if (after === null || upTo === null || rows < 1) return
    const now = { span: BigInt(upTo[0]!) - BigInt(after[0]!), rows }
    this.#dense = this.#seen !== null && agree(this.#seen, now) ? now : null
    this.#seen = now
  }
}

function agree(a: Density, b: Density): boolean {
  const [x, y] = [a.span * BigInt(b.rows), b.span * BigInt(a.rows)]
  return x < y * BigInt(OFF) && y < x * BigInt(OFF)
}
