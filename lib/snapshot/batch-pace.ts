import { setTimeout as sleep } from 'node:timers/promises'
import type { Observer } from '../model/observer.js'
import type { SourceLoad } from '../mysql/snapshot/source-load.js'
import type { SnapshotLimits } from './copy-orders.js'
import { RateLimit } from './rate-limit.js'

type Limits = Pick<SnapshotLimits, 'rowsPerS' | 'bytesPerS' | 'maxThreadsRunning' | 'maxReplicaLagS'>

/** So long an answer of the source about its load counts, and so long a pause takes. */
const FRESH_MS = 1000

/** How fast rows are taken from the source: no faster than the rates, and not while it is busy with what matters more. */
export class BatchPace {
  readonly #limits: Limits
  readonly #rate = new RateLimit(() => performance.now())
  readonly #readLoad: () => Promise<SourceLoad>
  readonly #observer: Observer
  #askedMs = Number.NEGATIVE_INFINITY
  #reason: string | null = null
  #asking: Promise<void> | null = null

  /** `readLoad`: how busy the server is that is read; may reject with a Failure of the source. */
  constructor(limits: Limits, readLoad: () => Promise<SourceLoad>, observer: Observer) {
    this.#limits = limits
    this.#readLoad = readLoad
    this.#observer = observer
    this.#rate.setRates(limits.rowsPerS, limits.bytesPerS)
  }

  /** Counts what has been read; resolves when more may be. Rejects as `readLoad` does, and when `signal` fires. */
  async took(rows: number, bytes: number, signal: AbortSignal): Promise<void> {
    this.#rate.took(rows, bytes)
    for (let ms = this.#rate.waitMs(); ms > 0; ms = this.#rate.waitMs()) await sleep(ms, undefined, { signal })
    const { maxThreadsRunning, maxReplicaLagS } = this.#limits
    if (maxThreadsRunning === null && maxReplicaLagS === null) return
    for (;;) {
      if (performance.now() - this.#askedMs >= FRESH_MS) {
        this.#asking ??= this.#ask().finally(() => {
          this.#asking = null
        })
        await this.#asking
      }
      if (this.#reason === null) return
      await sleep(FRESH_MS, undefined, { signal })
    }
  }

  async #ask(): Promise<void> {
    const { threadsRunning, replicaLagS } = await this.#readLoad()
    const { maxThreadsRunning, maxReplicaLagS } = this.#limits
    const before = this.#reason
    this.#reason = null
    if (maxThreadsRunning !== null && threadsRunning > maxThreadsRunning)
      this.#reason = `${threadsRunning} threads run on the source (max_threads_running = ${maxThreadsRunning})`
    else if (maxReplicaLagS !== null && replicaLagS !== null && replicaLagS > maxReplicaLagS) {
      const lag = Number.isFinite(replicaLagS) ? `lags ${replicaLagS} s` : 'does not replicate'
      this.#reason = `the replica ${lag} (max_replica_lag_s = ${maxReplicaLagS})`
    }
    this.#askedMs = performance.now()
    if (this.#reason !== null && before === null)
      this.#observer({ kind: 'warning', message: `The copy waits: ${this.#reason}.`, advice: 'It goes on by itself.' })
  }
}
