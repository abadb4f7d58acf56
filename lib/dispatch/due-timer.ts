/** One moment in time at which something is due. */
export class DueTimer {
  readonly #fire: () => void
  #timer: NodeJS.Timeout | null = null
  #dueMs = Number.POSITIVE_INFINITY
  /** What `dueIn` was told. */
  #inMs = Number.POSITIVE_INFINITY

  constructor(fire: () => void) {
    this.#fire = fire
  }

  get isSet(): boolean {
    return this.#timer !== null
  }

  /** Whether something is due within so many ms. */
  isDueWithin(ms: number): boolean {
    // Asked for every event: the clock is looked at only where it can matter.
    return this.#inMs <= ms || this.#dueMs - performance.now() <= ms
  }

  /** In place of what was due before. */
  dueIn(ms: number): void {
    this.clear()
    this.#inMs = ms
    this.#dueMs = performance.now() + ms
    this.#timer = setTimeout(() => {
      this.clear()
      this.#fire()
    }, ms)
  }

  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#inMs = Number.POSITIVE_INFINITY
    this.#dueMs = Number.POSITIVE_INFINITY
  }
}
