import type { Happening } from '../model/observer.js'

/** After this long without a new durable row, and with none waiting, the flow counts as caught up. */
const CAUGHT_UP_AFTER_MS = 5000

/**
 * How far StarRocks is behind the source: while rows wait, the longer of the time since rows began to wait and the age the
 * newest durable row had when it became durable; otherwise that age for a moment, then 0. Not known while the source is
 * not connected.
 */
export class Lag {
  readonly #now: () => number
  #connected = false
  #waitingSinceMs: number | null = null
  #behind = { ms: 0, atMs: Number.NEGATIVE_INFINITY }

  /** `now` is the wall clock in ms since 1970. */
  constructor(now: () => number) {
    this.#now = now
  }

  observe(happening: Happening): void {
    if (happening.kind === 'connected') this.#connected = true
    else if (happening.kind === 'disconnected' || happening.kind === 'failed' || happening.kind === 'stopped') {
      this.#connected = false
      this.#waitingSinceMs = null
    } else if (happening.kind === 'window') {
      this.#waitingSinceMs = happening.rows === 0 ? null : (this.#waitingSinceMs ?? this.#now())
    } else if (happening.kind === 'advanced') {
      this.#waitingSinceMs = null
      if (happening.newestCommitMs > 0) {
        this.#behind = { ms: Math.max(0, happening.atMs - happening.newestCommitMs), atMs: happening.atMs }
      }
    }
  }

  /** Milliseconds, or null while unknown. */
  get ms(): number | null {
    if (!this.#connected) return null
    const now = this.#now()
    const recent = now - this.#behind.atMs < CAUGHT_UP_AFTER_MS
    if (this.#waitingSinceMs === null) return recent ? this.#behind.ms : 0
    return Math.max(now - this.#waitingSinceMs, recent ? this.#behind.ms : 0)
  }
}
