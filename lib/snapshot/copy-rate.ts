const OVER_MS = 30_000
const MAX_SAMPLES = 600

/** Rows per second of one table over the last half minute. */
export class CopyRate {
  readonly #samples: { readonly atMs: number; readonly rows: number }[] = []

  /** So many rows in all have been read by now. */
  note(rows: number, nowMs: number): void {
    this.#samples.push({ atMs: nowMs, rows })
    while (this.#samples.length > MAX_SAMPLES || (this.#samples.length > 2 && nowMs - this.#samples[0]!.atMs > OVER_MS))
      this.#samples.shift()
  }

  get rowsPerSecond(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    if (first === undefined || last === undefined || last.atMs === first.atMs) return 0
    return Math.round(((last.rows - first.rows) * 1000) / (last.atMs - first.atMs))
  }
}
