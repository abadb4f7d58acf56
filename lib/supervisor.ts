import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from './config/options.js'
import { asFailure, backoffMs } from './model/failure.js'
import type { Observer } from './model/observer.js'
import type { Position } from './model/position.js'
import { type Lessons, Pipeline } from './pipeline.js'

export interface Supervisor {
  /** Runs until the signal fires; resolves when drained and the position is saved. Rejects with the Failure that ended the flow. */
  run(signal: AbortSignal): Promise<void>
}

/** Builds the pipeline of a configuration and builds it anew, from the saved position, after failures whose policy is retry. */
export function createSupervisor(
  config: Config,
  options: { readonly baseDir: string },
  observer: Observer,
): Supervisor {
  return {
    async run(signal: AbortSignal): Promise<void> {
      let position: Position | null = null
      const lessons: Lessons = { jsonTargets: new Set(), transactionsUnfit: null }
      for (let attempt = 1; !signal.aborted; attempt++) {
        const pipeline = new Pipeline(config, options.baseDir, observer, lessons)
        try {
          await pipeline.run(signal).finally(() => {
            position = pipeline.position ?? position
          })
          break
        } catch (error) {
          const failure = asFailure(error)
          if (!failure.retriable) {
            observer({ kind: 'failed', failure, position })
            throw failure
          }
          if (pipeline.progressed) attempt = 1
          if (failure.kind === 'transactionsUnfit') lessons.transactionsUnfit = failure.message
          const retryInMs = backoffMs(attempt)
          observer({ kind: 'disconnected', failure, retryInMs })
          // An abort only ends the pause early; the loop's condition sees it.
          await sleep(retryInMs, undefined, { signal }).catch(() => undefined)
        }
      }
      observer({ kind: 'stopped', position })
    },
  }
}
