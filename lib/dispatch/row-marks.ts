/** Numbers a row: hash of its key; where it begins in its chunk, times two, plus one when it deletes. */
const MARKS = 2
const FIRST_ROOM = 64

/** Notes of each row of one body, from some row on, what collapsing it needs; a row costs eight bytes. */
export class RowMarks {
  /** A body of fewer rows is left as it is. */
  readonly fewest: number
  #marks = new Int32Array(MARKS * FIRST_ROOM)
  #end = 0
  /** Rows of one source table that came behind each other. */
  readonly #runs: { readonly first: number; readonly source: string }[] = []
  #source: string | null = null

  constructor(fewest: number) {
    this.fewest = fewest
  }

  /** Rows that are noted: the last ones of the body. */
  get rows(): number {
    return this.#end / MARKS
  }

  /** The row just written: 32-bit `hash` of its target key, its first byte's offset in the body's chunk, its table. */
  add(hash: number, start: number, deletes: boolean, source: string): void {
    const at = this.#end
    if (source !== this.#source || at === this.#marks.length) this.#prepare(source)
    this.#marks[at] = hash
    this.#marks[at + 1] = (start << 1) | (deletes ? 1 : 0)
    this.#end = at + MARKS
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

  #prepare(source: string): void {
    if (source !== this.#source) {
      this.#source = source
      this.#runs.push({ first: this.rows, source })
    }
    if (this.#end < this.#marks.length) return
    const larger = new Int32Array(2 * this.#marks.length)
    larger.set(this.#marks)
    this.#marks = larger
  }
}
