import type { Failure } from '../model/failure.js'
import type { Happening } from '../model/observer.js'

/** The interval grows to this, or to `MOST_DOUBLED` times what is due, whichever comes first; one asked to be longer stays as asked. */
const LONGEST_MS = 30_000
const MOST_DOUBLED = 30
/** Epochs that must load without StarRocks being busy before the interval halves. */
const EPOCHS_PER_STEP = 3
/** Between loads StarRocks is left alone for a quarter of the time that one takes, so that compaction keeps up. */
const REST = 1.25
/** A used interval is news when it differs from the one told last by more than this factor. */
const NEWS_FACTOR = 1.5
/** Loads that take longer show that StarRocks is at its limit, however much is in them. */
const STRAINED_MS = 10_000

/**
 * The flush interval actually used: what was asked, longer while StarRocks is slow or busy, and back step by step when it
 * no longer is. One for all targets, since it is the same StarRocks. No clock: durations come in, in ms.
 */
export class Pace {
  /** What loads take by now: the shorter of the last two, so that a single large one counts for nothing; it falls by halves. */
  #slowMs = 0
  #lastMs = 0
  #factor = 1
  #busy: string | null = null
  /** StarRocks was busy in the epoch that loads now: more of the same tell nothing new. */
  #busyNow = false
  #quietEpochs = 0
  readonly #told = new Map<number, number>()

  /** The interval in ms to use in place of the asked one; never shorter. */
  interval(askedMs: number): number {
    const slow = this.#slowMs > askedMs ? this.#slowMs * REST : askedMs
    return Math.max(askedMs, Math.round(Math.min(LONGEST_MS, slow * this.#factor)))
  }

  /** An epoch is durable; `durationMs` from its sealing on, all its tries included. */
  epochLoaded(durationMs: number): void {
    this.#slowMs = Math.max(Math.min(durationMs, this.#lastMs), this.#slowMs / 2)
    this.#lastMs = durationMs
    if (this.#busyNow) this.#quietEpochs = 0
    else this.#quietEpochs++
    this.#busyNow = false
    if (this.#quietEpochs < EPOCHS_PER_STEP) return
    this.#quietEpochs = 0
    this.#factor = Math.max(1, this.#factor / 2)
    if (this.#factor === 1) this.#busy = null
  }

  /** A load was refused as `targetBusy`; other failures count for nothing. Doubles the interval, once per epoch. */
  busy(failure: Failure): void {
    if (failure.kind !== 'targetBusy') return
    this.#busy = failure.message
    if (!this.#busyNow) this.#factor = Math.min(MOST_DOUBLED, this.#factor * 2)
    this.#busyNow = true
  }

  /** Why the interval used in place of this asked one is longer, as a sentence; null when it is not. */
  reason(askedMs: number): string | null {
    const usedMs = this.interval(askedMs)
    if (usedMs === askedMs) return null
    const why = [
      this.#busy,
      this.#slowMs > askedMs ? `the last loads took ${(this.#slowMs / 1000).toFixed(1)} s` : null,
    ].filter(cause => cause !== null)
    return `flush interval stretched from ${askedMs} to ${usedMs} ms: ${why.join('; ')}`
  }

  /** Why StarRocks is not to be given more than must be, as a sentence; null when it may be. */
  get strain(): string | null {
    if (this.#factor > 1 && this.#busy !== null) return this.#busy
    return this.#slowMs > STRAINED_MS ? `the last loads took ${(this.#slowMs / 1000).toFixed(1)} s` : null
  }

  /** The happening for a change worth telling since the last one told for this asked interval; null when there is none. */
  news(askedMs: number): Extract<Happening, { kind: 'pace' }> | null {
    const usedMs = this.interval(askedMs)
    const told = this.#told.get(askedMs) ?? askedMs
    if (usedMs === told) return null
    const slight = usedMs < told * NEWS_FACTOR && told < usedMs * NEWS_FACTOR
    if (slight && usedMs !== askedMs) return null
    this.#told.set(askedMs, usedMs)
    return { kind: 'pace', askedMs, usedMs, reason: this.reason(askedMs) }
  }
}
