/** Numbers a row: hash of its key; where it begins in its chunk, times two, plus one when it deletes. */
const MARKS = 2
const FIRST_ROOM = 64

/** Notes of each row of one body what collapsing it needs; a row costs eight bytes. */
export class RowMarks {
  rows = 0
  /** A body of fewer rows is left as it is. */
  readonly fewest: number
  #marks = new Int32Array(MARKS * FIRST_ROOM)
  /** Rows of one source table that came behind each other. */
  readonly #runs: { readonly first: number; readonly source: string }[] = []
  #source: string | null = null

  constructor(fewest: number) {
    this.fewest = fewest
  }

  /** The row just written: unsigned 32-bit `hash` of its target key, its first byte's offset in the body's chunk, its table. */
  add(hash: number, start: number, deletes: boolean, source: string): void {
    if (source !== this.#source) {
      this.#source = source
      this.#runs.push({ first: this.rows, source })
    }
    const at = MARKS * this.rows
    if (at === this.#marks.length) {
      const larger = new Int32Array(2 * at)
      larger.set(this.#marks)
      this.#marks = larger
    }
    this.#marks[at] = hash
    this.#marks[at + 1] = 2 * start + (deletes ? 1 : 0)
    this.rows++
  }

  /** As a signed number. */
  hash(row: number): number {
    return this.#marks[MARKS * row]!
  }

  /** 0 where a chunk begins. */
  start(row: number): number {
    return this.#marks[MARKS * row + 1]! >> 1
  }

  deletes(row: number): boolean {
    return (this.#marks[MARKS * row + 1]! & 1) === 1
  }

  /** How many of the rows that are not 0 in `chosen` are of which source table. */
  countBySource(chosen: Uint8Array): Map<string, number> {
    const counts = new Map<string, number>()
    this.#runs.forEach(({ first, source }, i) => {
      const end = this.#runs[i + 1]?.first ?? this.rows
      let count = 0
      for (let row = first; row < end; row++) if (chosen[row] !== 0) count++
      if (count > 0) counts.set(source, (counts.get(source) ?? 0) + count)
    })
    return counts
  }
}
