import type { KeyBound } from '../model/chunk.js'

/** A row of the source of which its rule makes none for an error, or not the same whenever it is asked. */
export interface UnmadeRow {
  /** Which source table has it. */
  readonly source: number
  readonly key: KeyBound
  readonly why: string
}

/** There are so many of them that comparing the others says nothing. */
export class TooManyUnmade extends Error {}

/** More are a rule that does not work, not rows that it does not work for. */
const MOST = 1_000

/** Rows of which it is not known what the target should have. */
export class UnmadeRows {
  readonly #rows = new Map<string, UnmadeRow>()

  get size(): number {
    return this.#rows.size
  }

  get rows(): readonly UnmadeRow[] {
    return [...this.#rows.values()]
  }

  /** `key`: one text for the key. Throws TooManyUnmade. */
  add(key: string, row: UnmadeRow): void {
    this.#rows.set(`${row.source} ${key}`, row)
    if (this.#rows.size >= MOST) throw new TooManyUnmade()
  }

  /** The rule has made its rows, or it is gone. */
  remove(source: number, key: string): void {
    if (this.#rows.size > 0) this.#rows.delete(`${source} ${key}`)
  }

  /** What is to be said of them; null: there are none. */
  get reason(): string | null {
    const [first] = this.#rows.values()
    if (first === undefined) return null
    const all = this.#rows.size === 1 ? '1 row' : `${this.#rows.size} rows`
    return `${all} of the source cannot be compared, since ${first.why.replace(/\.$/, '')}`
  }
}
