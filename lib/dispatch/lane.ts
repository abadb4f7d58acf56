import { setTimeout as sleep } from 'node:timers/promises'
import PQueue from 'p-queue'
import { asFailure, backoffMs } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import { targetName } from '../model/schema.js'
import type { Load, Sink } from './sink.js'

/** One worker: its loads run one after the other in the order they were given, each retried under the same label by its failure's policy. */
export class Lane {
  readonly #queue = new PQueue({ concurrency: 1 })
  readonly #sink: Sink
  readonly #observer: Observer
  readonly #signal: AbortSignal

  constructor(sink: Sink, observer: Observer, signal: AbortSignal) {
    this.#sink = sink
    this.#observer = observer
    this.#signal = signal
  }

  /**
   * Resolves when the load is durable and visible; rejects with the Failure that ended it, or when the signal fires. `after`:
   * a load of another lane that holds earlier rows of this one's keys; this one, and what follows in the lane, waits for it.
   */
  load(load: Load, after?: Promise<void>): Promise<void> {
    return this.#queue.add(async () => {
      await after
      await this.#loadUntilDurable(load)
    })
  }

  async #loadUntilDurable(load: Load): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#signal.throwIfAborted()
      const startedMs = performance.now()
      try {
        await this.#sink.write(load, this.#signal)
        const { label, rows, bytes } = load
        this.#observer({
          kind: 'loaded',
          target: targetName(load.target),
          label,
          rows,
          bytes,
          ms: performance.now() - startedMs,
        })
        return
      } catch (error) {
        this.#signal.throwIfAborted()
        const failure = asFailure(error)
        if (!failure.retriable) throw failure
        const delayMs = backoffMs(attempt)
        const { label, rows, bytes } = load
        this.#observer({
          kind: 'retrying',
          target: targetName(load.target),
          label,
          rows,
          bytes,
          failure,
          attempt,
          delayMs,
        })
        await sleep(delayMs, undefined, { signal: this.#signal })
      }
    }
  }
}
