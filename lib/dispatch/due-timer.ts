/** One moment in time at which something is due. */
export class DueTimer {
  readonly #fire: () => void
  #timer: NodeJS.Timeout | null = null
  #dueMs = Number.POSITIVE_INFINITY

  constructor(fire: () => void) {
    this.#fire = fire
  }

  get isSet(): boolean {
    return this.#timer !== null
  }

  /** Ms until it is due; infinite when nothing is. */
  get leftMs(): number {
    return this.#dueMs - performance.now()
  }

  /** In place of what was due before. */
  dueIn(ms: number): void {
    this.clear()
    this.#dueMs = performance.now() + ms
    this.#timer = setTimeout(() => {
      this.clear()
      this.#fire()
    }, ms)
  }

  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#dueMs = Number.POSITIVE_INFINITY
  }
}
