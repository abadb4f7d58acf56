/**
 * Token buckets for rows and bytes: what is taken beyond a rate is paid for by waiting before the next time. A second's worth may
 * be saved up.
 */
export class RateLimit {
  readonly #now: () => number
  #rows: Bucket
  #bytes: Bucket

  /** `now`: a clock in ms. */
  constructor(now: () => number) {
    this.#now = now
    this.#rows = new Bucket(null, now())
    this.#bytes = new Bucket(null, now())
  }

  /** Rows and bytes per second; null: no limit. What was taken under other rates is forgotten. */
  setRates(rowsPerS: number | null, bytesPerS: number | null): void {
    if (this.#rows.perS !== rowsPerS) this.#rows = new Bucket(rowsPerS, this.#now())
    if (this.#bytes.perS !== bytesPerS) this.#bytes = new Bucket(bytesPerS, this.#now())
  }

  took(rows: number, bytes: number): void {
    const now = this.#now()
    this.#rows.take(rows, now)
    this.#bytes.take(bytes, now)
  }

  /** Ms until more may be taken; 0: now. */
  waitMs(): number {
    const now = this.#now()
    return Math.max(this.#rows.waitMs(now), this.#bytes.waitMs(now))
  }
}

class Bucket {
  readonly perS: number | null
  #left: number
  #atMs: number

  constructor(perS: number | null, atMs: number) {
    this.perS = perS
    this.#left = perS ?? 0
    this.#atMs = atMs
  }

  take(amount: number, now: number): void {
    if (this.perS === null) return
    this.#fill(this.perS, now)
    this.#left -= amount
  }

  waitMs(now: number): number {
    if (this.perS === null) return 0
    this.#fill(this.perS, now)
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left * 1000) / this.perS)
  }

  #fill(perS: number, now: number): void {
    this.#left = Math.min(perS, this.#left + ((now - this.#atMs) * perS) / 1000)
    this.#atMs = now
  }
}
