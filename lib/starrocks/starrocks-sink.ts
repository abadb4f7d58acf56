import { setTimeout as delay } from 'node:timers/promises'
import type { LabelOutcome, Load, PositionMark, Sink, SinkTransaction, TargetRequest } from '../dispatch/sink.js'
import { asFailure, Failure } from '../model/failure.js'
import { type TargetTable, targetName } from '../model/schema.js'
import { renderTruncate } from './ddl.js'
import { type Frontend, Frontends } from './frontends.js'
import { get, type HopTimes, parseLocation } from './http-hop.js'
import { basicAuthorization } from './load-body.js'
import { columnOf, parseErrorLog } from './load-error-log.js'
import { askLoadState } from './load-state.js'
import type { LoadVerdict } from './load-status.js'
import { StarRocksSession } from './starrocks-session.js'
import { StreamLoad } from './stream-load.js'
import { TargetMaker } from './target-maker.js'

export interface StarRocksSinkOptions {
  /** At least one; the order is the order in which they are tried first. */
  readonly frontends: readonly Frontend[]
  readonly user: string
  readonly password: string
  /** "host:port" of BEs to load into directly, without an FE's redirect. */
  readonly backends?: readonly string[]
  /** Addresses FEs redirect to -> addresses reached from here, both "host:port". */
  readonly addressMap: Readonly<Record<string, string>>
  readonly loadTimeoutMs: number
  readonly autoCreate: boolean
  readonly bucketCount: number | 'auto'
  readonly replicationNum: number
  readonly connectTimeoutMs: number
  /** Wait for an FE's answer to a header block or a question; 30 s when absent. */
  readonly redirectTimeoutMs?: number
  /** How much longer than `loadTimeoutMs` an answer is awaited; 30 s when absent. */
  readonly answerGraceMs?: number
  /** Between two questions for a label's state; 500 ms when absent, as the official client. */
  readonly statePollMs?: number
}

const REDIRECT_TIMEOUT_MS = 30_000
const STATE_POLL_MS = 500

/** Loads into StarRocks by Stream Load, one transaction for each load; DDL and catalog over the FE's query port. */
export class StarRocksSink implements Sink {
  readonly #options: StarRocksSinkOptions
  readonly #frontends: Frontends
  readonly #session: StarRocksSession
  readonly #streamLoad: StreamLoad
  readonly #targets: TargetMaker
  readonly #stopped = new AbortController()
  readonly #times: HopTimes
  /** "database/label" of loads whose outcome is open: their state is asked before anything is sent again. */
  readonly #unsettled = new Set<string>()

  constructor(options: StarRocksSinkOptions) {
    this.#options = options
    this.#frontends = new Frontends(options)
    this.#session = new StarRocksSession(options, this.#frontends)
    this.#streamLoad = new StreamLoad(options, this.#frontends)
    const layout = { bucketCount: options.bucketCount, replicationNum: options.replicationNum }
    this.#targets = new TargetMaker({ ...options, layout }, this.#session, this.#stopped.signal)
    this.#times = {
      connectTimeoutMs: options.connectTimeoutMs,
      answerTimeoutMs: options.redirectTimeoutMs ?? REDIRECT_TIMEOUT_MS,
    }
  }

  prepare(request: TargetRequest): Promise<TargetTable> {
    return this.#targets.make(request)
  }

  async truncate(target: TargetTable): Promise<void> {
    await this.#session.execute(renderTruncate(target))
  }

  async write(load: Load, signal: AbortSignal): Promise<{ readonly rows: number }> {
    const stop = AbortSignal.any([signal, this.#stopped.signal])
    const id = `${load.target.database}/${load.label}`
    if (this.#unsettled.has(id) && (await this.#outcome(load, 'an earlier try got no answer', stop)) === 'committed')
      return this.#settled(id, load.rows)
    const verdict = await this.#streamLoad.send(load, stop)
    switch (verdict.kind) {
      case 'done': {
        const rows = countedRows(load, verdict)
        if (!verdict.visible) await this.#published(load, stop)
        return this.#settled(id, rows)
      }
      case 'existing':
        if (verdict.job === 'finished') return this.#settled(id, load.rows)
        return this.#settle(id, load, 'another load with its label is running', stop)
      case 'unknown':
        return this.#settle(id, load, verdict.message, stop)
      case 'busy':
        throw failure('targetBusy', load, verdict.message)
      case 'unreachable':
        throw failure('targetUnreachable', load, verdict.message)
      case 'denied':
        throw failure('targetDenied', load, verdict.message)
      case 'rejected':
        throw failure('loadRejected', load, verdict.message)
      case 'rowsRejected':
        throw await this.#rowsRejected(load, verdict, stop)
    }
  }

  async dryRun(_load: Load, _signal: AbortSignal): Promise<string | null> {
    throw new Failure('internal', 'dry runs are not built yet')
  }

  async settleLabel(_database: string, _label: string, _signal: AbortSignal): Promise<LabelOutcome> {
    throw new Failure('internal', 'labels are not settled yet')
  }

  async lacksTransactions(_databases: readonly string[], _task: string, _signal: AbortSignal): Promise<string | null> {
    return 'this version has no transactions'
  }

  async begin(_database: string, _label: string, _signal: AbortSignal): Promise<SinkTransaction> {
    throw new Failure('internal', 'transactions are not built yet')
  }

  async settleTransaction(_database: string, _label: string, _signal: AbortSignal): Promise<LabelOutcome> {
    throw new Failure('internal', 'transactions are not built yet')
  }

  async readMarks(_databases: readonly string[], _task: string): Promise<ReadonlyMap<string, PositionMark>> {
    return new Map()
  }

  async removeMark(_database: string, _task: string): Promise<void> {
    throw new Failure('internal', 'marks are not built yet')
  }

  async close(): Promise<void> {
    this.#stopped.abort()
    await this.#session.close()
  }

  async #settle(id: string, load: Load, why: string, stop: AbortSignal): Promise<{ readonly rows: number }> {
    this.#unsettled.add(id)
    const outcome = await this.#outcome(load, why, stop)
    if (outcome === 'committed') return this.#settled(id, load.rows)
    throw failure('loadUnknown', load, `${why}; its label is ${outcome}, so the load can be sent again`)
  }

  #settled(id: string, rows: number): { readonly rows: number } {
    this.#unsettled.delete(id)
    return { rows }
  }

  /** Waits until a committed load is visible, or as long as a load may run: it is durable either way. */
  async #published(load: Load, stop: AbortSignal): Promise<void> {
    try {
      await this.#outcome(load, 'it was committed', stop)
    } catch (error) {
      // That no FE can tell its state, or that we are stopping, takes nothing back.
      if (asFailure(error).kind !== 'loadUnknown') throw error
    }
  }

  /**
   * What became of a load: `committed`, or a state from which it may be sent again under the same label. Waits while the
   * transaction is open or not published yet, at most as long as a load may run. Failure('loadUnknown') when no FE can tell.
   */
  async #outcome(load: Load, why: string, stop: AbortSignal): Promise<'committed' | 'aborted' | 'unknown'> {
    const authorization = basicAuthorization(this.#options.user, this.#options.password)
    const deadline = Date.now() + this.#options.loadTimeoutMs
    const { database } = load.target
    for (;;) {
      if (stop.aborted) throw failure('loadUnknown', load, `${why}; stopped before its state was known`)
      const verdict = await askLoadState(this.#frontends, authorization, database, load.label, this.#times, stop)
      if (verdict.kind !== 'state') throw failure('loadUnknown', load, `${why}; its state: ${verdict.message}`)
      switch (verdict.state) {
        case 'VISIBLE':
          return 'committed'
        case 'COMMITTED':
          if (Date.now() > deadline) return 'committed'
          break
        case 'ABORTED':
          return 'aborted'
        case 'UNKNOWN':
          return 'unknown'
        case 'PREPARE':
        case 'PREPARED':
          if (Date.now() > deadline) throw failure('loadUnknown', load, `${why}; its label stays ${verdict.state}`)
      }
      // Ends early when stopped; the head of the loop then says so.
      await delay(this.#options.statePollMs ?? STATE_POLL_MS, undefined, { signal: stop }).catch(() => undefined)
    }
  }

  async #rowsRejected(
    load: Load,
    verdict: Extract<LoadVerdict, { kind: 'rowsRejected' }>,
    stop: AbortSignal,
  ): Promise<Failure> {
    const count =
      verdict.filtered === null || verdict.filtered === 0 ? 'rows' : `${verdict.filtered} of ${load.rows} rows`
    const column = columnOf(verdict.message)
    if (verdict.errorUrl === null) return rowsFailure(load, count, column, verdict.message)
    let text: string
    try {
      text = await this.#readErrorLog(verdict.errorUrl, stop)
    } catch (error) {
      const missing = `${verdict.message} (the error log could not be read: ${asFailure(error).message})`
      return rowsFailure(load, count, column, missing)
    }
    const rejected = parseErrorLog(text)
    if (rejected.length === 0) return rowsFailure(load, count, column, verdict.message)
    const shown = rejected.map(({ reason, row }) => (row === '' ? reason : `${reason}; row: ${row}`))
    return rowsFailure(load, count, rejected[0]!.column, shown.join(' | '))
  }

  async #readErrorLog(errorUrl: string, stop: AbortSignal): Promise<string> {
    const { address, path } = parseLocation(errorUrl, { host: 'localhost', port: 80 })
    const answer = await get(this.#frontends.map(address), path, {}, this.#times, stop)
    if (answer.status !== 200) throw new Failure('targetUnreachable', `HTTP ${answer.status}`)
    return answer.text
  }
}

/** The rows the target counted; a difference from what was sent is a Failure, since rows would be missing unseen. */
function countedRows(load: Load, verdict: Extract<LoadVerdict, { kind: 'done' }>): number {
  const { rows, filtered } = verdict
  if ((rows === null || rows === load.rows) && (filtered === null || filtered === 0)) return load.rows
  throw failure('loadRejected', load, `${load.rows} rows were sent, StarRocks loaded ${rows} and filtered ${filtered}`)
}

function rowsFailure(load: Load, count: string, column: string | null, reason: string): Failure {
  const where = column === null ? '' : ` because of column ${column}`
  return failure('rowRejected', load, `StarRocks rejected ${count}${where}: ${reason}`)
}

function failure(kind: ConstructorParameters<typeof Failure>[0], load: Load, message: string): Failure {
  return new Failure(kind, `${targetName(load.target)}: ${message} (label ${load.label})`)
}
