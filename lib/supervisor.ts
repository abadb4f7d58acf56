import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CarriedFacts } from './carried-facts.js'
import { CatchUp } from './catch-up.js'
import { CopyOrderFile } from './checkpoint/copy-order-file.js'
import { HaltedTables } from './checkpoint/halted-tables.js'
import type { Config } from './config/options.js'
import { ConfigInForce } from './config-in-force.js'
import type { RequestHandlers } from './control/control-server.js'
import { asFailure, backoffMs, Failure } from './model/failure.js'
import type { Observer } from './model/observer.js'
import type { Position } from './model/position.js'
import { type CopyParts, Pipeline } from './pipeline.js'
import { addRecopy } from './recopy.js'
import { snapshotLimits } from './registry.js'
import { type ReadConfig, Reload, type ReloadParts } from './reload.js'
import { checkReload } from './reload-check.js'
import { addReload } from './reload-request.js'
import { addRepair } from './repair-request.js'
import { CopyOrders } from './snapshot/copy-orders.js'
import type { Lessons, Scope } from './stream-scope.js'
import { MainShare } from './table-share.js'
import { verifyContinuously } from './verify/continuous-verify.js'
import { findDeadKeysOf } from './verify/verify-tables.js'

export interface Supervisor {
  /** What the running engine can be told to copy. */
  readonly copies: CopyOrders
  /** Runs until the signal fires; resolves when drained and the position is saved. Rejects with the Failure that ended the flow. */
  run(signal: AbortSignal): Promise<void>
}

export interface SupervisorOptions {
  readonly baseDir: string
  /** Reads the configuration again. Throws configInvalid naming file and line. */
  readonly read: () => ReadConfig
  /** What commands may ask of the engine while it runs: parts add themselves. */
  readonly handlers: RequestHandlers
}

/** Builds the pipeline of a configuration and builds it anew, from the saved position, after failures whose policy is retry. */
export function createSupervisor(config: Config, options: SupervisorOptions, observer: Observer): Supervisor {
  const orders = new CopyOrders(snapshotLimits(config))
  return {
    copies: orders,
    run: signal =>
      supervise(config, options, orders, observer, signal).finally(() =>
        orders.close(new Failure('streamBroken', 'The engine stops.')),
      ),
  }
}

/** Longest wait for the stream to pass what the source has, before rows are called gone there. */
const DEAD_KEYS_WAIT_MS = 60_000
const LEFT_UNDER_WAY =
  'Transactions were on their way when the configuration changed or copies were ordered: they are loaded first, as they were planned.'

async function supervise(
  config: Config,
  { baseDir, read, handlers }: SupervisorOptions,
  orders: CopyOrders,
  watcher: Observer,
  signal: AbortSignal,
): Promise<void> {
  const dataDir = resolve(baseDir, config.data_dir)
  const listeners = new Set<Observer>()
  const observer: Observer = happening => {
    if (!settling) reload.observe(happening)
    for (const listener of listeners) listener(happening)
    watcher(happening)
  }
  let position: Position | null = null
  let progressed = false
  /** What earlier pipelines began is being ended; none of the configuration in force runs yet. */
  let settling = false
  const failed = (failure: Failure): Failure => {
    observer({ kind: 'failed', failure, position })
    return failure
  }
  const carried = new CarriedFacts()
  const lessons: Lessons = { jsonTargets: new Set(), transactionsUnfit: null, serverIdAsked: false, carried }
  const task = `mss_${config.server_id}`
  const share = (): MainShare => new MainShare(halted, reload.config.on_ddl === 'evolve', observer)
  const check: ReloadParts['check'] = parts => checkReload({ ...parts, dataDir })
  const reload = new Reload(config, { read, task, share, lessons, check, observer })
  const halted = await HaltedTables.open(dataDir).catch(error => {
    throw failed(asFailure(error))
  })
  const inForce = new ConfigInForce(dataDir)
  const copies: CopyParts = {
    orders,
    findDeadKeys: (table, found, until) =>
      findDeadKeysOf(
        reload.config,
        { dataDir, waitMs: DEAD_KEYS_WAIT_MS, rate: orders.limits.rowsPerS, signal: until },
        table,
        found,
      ),
  }
  const runMain = async (until: Scope['until'], own: Config | null = null): Promise<void> => {
    const scope = { stateDir: dataDir, task, share: share(), until }
    const pipeline = new Pipeline(own ?? reload.config, dataDir, scope, observer, lessons, copies)
    // A run that is to end at a certain place goes on to there.
    await pipeline.run(until === null ? AbortSignal.any([signal, reload.due]) : signal).finally(() => {
      position = pipeline.position ?? position
      progressed = pipeline.progressed
    })
  }
  /** What was begun under another configuration is read again as it was; and before targets are emptied, all of it. */
  const settle = async (): Promise<void> => {
    orders.setLimits(snapshotLimits(reload.config))
    const ordered = await CopyOrderFile.open(dataDir)
    const old = await inForce.unfinished(reload.config, ordered.orders.length > 0)
    if (old !== null) {
      observer({ kind: 'warning', message: LEFT_UNDER_WAY, advice: 'Nothing needs to be done.' })
      settling = true
      await runMain(() => true, old).finally(() => {
        settling = false
      })
      lessons.carried.forget()
    }
    if (!signal.aborted) await inForce.write(reload.config)
  }
  const catchUp = new CatchUp({
    get config() {
      return reload.config
    },
    dataDir,
    task,
    halted,
    observer,
    lessons,
    copies,
    runMain,
  })
  observer({ kind: 'haltedTables', tables: halted.tables })
  addReload(handlers, reload, { observer, signal })
  addRepair(handlers, orders, signal)
  addRecopy(handlers, { dataDir, reload, orders, listeners })
  const follow = async (): Promise<void> => {
    /** Nothing else runs while halted tables are tried, so a reload leaves that to the next start. */
    let reloaded = false
    for (let attempt = 1; !signal.aborted; attempt++) {
      progressed = false
      try {
        if (!reloaded) {
          await settle()
          await catchUp.run(signal)
        }
        reloaded = false
        reload.take()
        await settle()
        if (!signal.aborted) await runMain(null)
        if (signal.aborted || !reload.due.aborted) break
        reloaded = true
        attempt = 0
      } catch (error) {
        const failure = asFailure(error)
        reloaded = reload.turnsBack(failure)
        if (reloaded) continue
        if (!failure.retriable) throw failed(failure)
        if (progressed) attempt = 1
        if (failure.kind === 'transactionsUnfit') lessons.transactionsUnfit = failure.message
        const retryInMs = backoffMs(attempt)
        observer({ kind: 'disconnected', failure, retryInMs })
        // An abort only ends the pause early; the loop's condition sees it.
        await sleep(retryInMs, undefined, { signal: AbortSignal.any([signal, reload.due]) }).catch(() => undefined)
      }
    }
  }
  // The comparison ends with the stream, however that ends.
  const ended = new AbortController()
  const verifying = verifyContinuously(() => reload.config, dataDir, observer, AbortSignal.any([signal, ended.signal]))
  await follow().finally(() => {
    ended.abort()
    return verifying
  })
  reload.end()
  observer({ kind: 'stopped', position })
}
