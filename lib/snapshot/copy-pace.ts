import { setTimeout as sleep } from 'node:timers/promises'
import { RateLimit } from './rate-limit.js'
import type { SourceGuard } from './source-guard.js'

/** Longest wait before it is asked again whether reading may go on. */
const ASK_MS = 1_000
/** Shorter waits are no news. */
const TOLD_MS = 100

/** How fast copies read: within the rates that were set, and as the source bears it. */
export class CopyPace {
  readonly #guard: SourceGuard
  readonly #onNews: () => void
  readonly #rate = new RateLimit(() => performance.now())
  #waits: string | null = null

  /** `onNews`: what copies wait for is another thing now. */
  constructor(guard: SourceGuard, onNews: () => void) {
    this.#guard = guard
    this.#onNews = onNews
  }

  /** What copies wait for; null: nothing. */
  get waits(): string | null {
    return this.#waits
  }

  /** Null: as fast as it goes. */
  setRates(rowsPerS: number | null, bytesPerS: number | null): void {
    this.#rate.setRates(rowsPerS, bytesPerS)
  }

  /** So much was read. */
  took(rows: number, bytes: number): void {
    this.#rate.took(rows, bytes)
  }

  /** Whether reading was put off for a while. */
  async held(signal: AbortSignal): Promise<boolean> {
    const paid = this.#rate.waitMs()
    if (paid > 0) {
      await this.pause('rate_rows or rate_bytes is reached', Math.min(paid, ASK_MS), signal)
      return true
    }
    const wait = await this.#guard.wait()
    this.#waits = wait?.reason ?? null
    if (wait !== null) await this.pause(wait.reason, wait.ms, signal)
    return wait !== null
  }

  /** Between two chunks. */
  async rest(signal: AbortSignal): Promise<void> {
    const rest = this.#guard.rest()
    if (rest !== null) await this.pause(rest.reason, rest.ms, signal)
  }

  async pause(reason: string, ms: number, signal: AbortSignal): Promise<void> {
    const isNews = this.#waits !== reason && ms >= TOLD_MS
    this.#waits = reason
    if (isNews) this.#onNews()
    // An abort only ends the pause early; who called sees it.
    await sleep(ms, undefined, { signal }).catch(() => undefined)
    if (this.#waits === reason) this.#waits = null
  }
}
