import { setTimeout as sleep } from 'node:timers/promises'
import PQueue from 'p-queue'
import { asFailure, backoffMs, type Failure } from '../model/failure.js'
import { underSignals } from '../model/linked-signal.js'
import type { Observer } from '../model/observer.js'
import { targetName } from '../model/schema.js'
import type { Load } from './sink.js'

/** One worker: its loads run one after the other in the order they were given. */
export class Lane {
  readonly #queue = new PQueue({ concurrency: 1 })

  add<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.add(work) as Promise<T>
  }
}

export interface Patience {
  readonly observer: Observer
  readonly signal: AbortSignal
  /** Hears of every try that failed and is repeated. */
  readonly busy: (failure: Failure) => void
}

/** Tries until it succeeds or fails in a way that no retry mends, with the pauses of the failure table; says each try of `load`. */
export async function untilDone<T>(
  load: Load,
  { observer, signal, busy }: Patience,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      signal.throwIfAborted()
      const failure = asFailure(error)
      if (!failure.retriable) throw failure
      busy(failure)
      const delayMs = backoffMs(attempt)
      const { label, rows, bytes } = load
      observer({ kind: 'retrying', target: targetName(load.target), label, rows, bytes, failure, attempt, delayMs })
      await underSignals([signal], own => sleep(delayMs, undefined, { signal: own }))
    }
  }
}
