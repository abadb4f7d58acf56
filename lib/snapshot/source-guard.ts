import type { Pace } from '../dispatch/pace.js'
import type { Window } from '../dispatch/window.js'
import type { SourceLoad } from '../mysql/snapshot/source-load.js'
import type { SnapshotLimits } from './copy-orders.js'

/** So long an answer of the source about its load counts. */
const FRESH_MS = 1_000

export interface GuardParts {
  readonly window: Window
  readonly pace: Pace
  readonly flushIntervalMs: number
  /** How busy the server is that is read, and the farthest lag known; rejects while it does not answer. */
  readonly readLoad: () => Promise<SourceLoad>
  readonly limits: () => SnapshotLimits
  /** Clock in ms. */
  readonly now: () => number
}

/** Why a copy is to wait, and for how long before it asks again. */
export interface Wait {
  readonly reason: string
  readonly ms: number
}

/** Holds a copy back while the source or StarRocks is busy with what matters more. */
export class SourceGuard {
  readonly #parts: GuardParts
  #load: SourceLoad | null = null
  #askedMs = Number.NEGATIVE_INFINITY

  constructor(parts: GuardParts) {
    this.#parts = parts
  }

  /** Null: the next chunk may be read. Rejects as `readLoad` does. */
  async wait(): Promise<Wait | null> {
    const { window } = this.#parts
    // Chunks are read ahead of the loads, but not before the next one may find room.
    if (!window.takesMoreCopies)
      return { reason: 'StarRocks has not taken yet what was read: three quarters of the window are full', ms: 20 }
    const { maxThreadsRunning, maxReplicaLagS } = this.#parts.limits()
    if (maxThreadsRunning === null && maxReplicaLagS === null) return null
    const { threadsRunning, replicaLagS } = await this.#sourceLoad()
    if (maxThreadsRunning !== null && threadsRunning > maxThreadsRunning)
      return {
        reason: `${threadsRunning} threads run on the source (max_threads_running = ${maxThreadsRunning})`,
        ms: FRESH_MS,
      }
    if (maxReplicaLagS !== null && replicaLagS !== null && replicaLagS > maxReplicaLagS) {
      const lag = Number.isFinite(replicaLagS) ? `lags ${replicaLagS} s` : 'does not replicate'
      return { reason: `the replica ${lag} (max_replica_lag_s = ${maxReplicaLagS})`, ms: FRESH_MS }
    }
    return null
  }

  /** How long each connection rests between two chunks because StarRocks is strained; null: not at all. It never ends a copy: only loads tell when StarRocks has recovered. */
  rest(): Wait | null {
    const { pace, flushIntervalMs } = this.#parts
    const { strain } = pace
    return strain === null ? null : { reason: `StarRocks is strained: ${strain}`, ms: pace.interval(flushIntervalMs) }
  }

  async #sourceLoad(): Promise<SourceLoad> {
    const { now, readLoad } = this.#parts
    if (this.#load === null || now() - this.#askedMs >= FRESH_MS) {
      this.#load = await readLoad()
      this.#askedMs = now()
    }
    return this.#load
  }
}
