import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CatchUp } from './catch-up.js'
import { HaltedTables } from './checkpoint/halted-tables.js'
import type { Config } from './config/options.js'
import type { RequestHandlers } from './control/control-server.js'
import { asFailure, backoffMs, type Failure } from './model/failure.js'
import type { Observer } from './model/observer.js'
import type { Position } from './model/position.js'
import { Pipeline } from './pipeline.js'
import type { Lessons, Scope } from './stream-scope.js'
import { MainShare } from './table-share.js'
import { verifyContinuously } from './verify/continuous-verify.js'

export interface Supervisor {
  /** Runs until the signal fires; resolves when drained and the position is saved. Rejects with the Failure that ended the flow. */
  run(signal: AbortSignal): Promise<void>
}

export interface SupervisorOptions {
  readonly baseDir: string
  /** What commands may ask of the engine while it runs: parts add themselves. */
  readonly handlers: RequestHandlers
}

/** Builds the pipeline of a configuration and builds it anew, from the saved position, after failures whose policy is retry. */
export function createSupervisor(config: Config, options: SupervisorOptions, observer: Observer): Supervisor {
  const dataDir = resolve(options.baseDir, config.data_dir)
  return {
    run: async signal => {
      // The comparison ends with the stream, however that ends.
      const ended = new AbortController()
      const both = AbortSignal.any([signal, ended.signal])
      const verifying = verifyContinuously(() => config, dataDir, observer, both)
      try {
        await supervise(config, dataDir, observer, signal)
      } finally {
        ended.abort()
        await verifying
      }
    },
  }
}

async function supervise(config: Config, dataDir: string, observer: Observer, signal: AbortSignal): Promise<void> {
  let position: Position | null = null
  let progressed = false
  const failed = (failure: Failure): Failure => {
    observer({ kind: 'failed', failure, position })
    return failure
  }
  const lessons: Lessons = { jsonTargets: new Set(), transactionsUnfit: null, serverIdAsked: false }
  const task = `mss_${config.server_id}`
  const halted = await HaltedTables.open(dataDir).catch(error => {
    throw failed(asFailure(error))
  })
  const share = new MainShare(halted, config.on_ddl === 'evolve', observer)
  const runMain = async (until: Scope['until']): Promise<void> => {
    const pipeline = new Pipeline(config, dataDir, { stateDir: dataDir, task, share, until }, observer, lessons)
    await pipeline.run(signal).finally(() => {
      position = pipeline.position ?? position
      progressed = pipeline.progressed
    })
  }
  const catchUp = new CatchUp({ config, dataDir, task, halted, observer, lessons, runMain })
  observer({ kind: 'haltedTables', tables: halted.tables })
  for (let attempt = 1; !signal.aborted; attempt++) {
    progressed = false
    try {
      await catchUp.run(signal)
      if (!signal.aborted) await runMain(null)
      break
    } catch (error) {
      const failure = asFailure(error)
      if (!failure.retriable) throw failed(failure)
      if (progressed) attempt = 1
      if (failure.kind === 'transactionsUnfit') lessons.transactionsUnfit = failure.message
      const retryInMs = backoffMs(attempt)
      observer({ kind: 'disconnected', failure, retryInMs })
      // An abort only ends the pause early; the loop's condition sees it.
      await sleep(retryInMs, undefined, { signal }).catch(() => undefined)
    }
  }
  observer({ kind: 'stopped', position })
}
