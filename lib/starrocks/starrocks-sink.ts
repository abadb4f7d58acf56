import type { LabelOutcome, Load, PositionMark, Sink, SinkTransaction, TargetRequest } from '../dispatch/sink.js'
import { asFailure, Failure } from '../model/failure.js'
import { underSignals } from '../model/linked-signal.js'
import { type TargetTable, targetName } from '../model/schema.js'
import type { EvolutionReport, RowTag, TargetEvolution } from '../model/target-change.js'
import { ALTER_TIMES, type AlterTimes } from './alter-job.js'
import { TargetAlterer } from './alter-target.js'
import { BodyTransfer } from './body-transfer.js'
import { renderAnyRow, renderFindTable, renderTruncate } from './ddl.js'
import { dryRun } from './dry-run.js'
import { type Frontend, Frontends } from './frontends.js'
import { type FoundKey, findKey } from './key-lookup.js'
import { LabelStates, STATE_POLL_MS } from './label-states.js'
import type { LoadVerdict } from './load-status.js'
import { beginUnused, settleMulti, type TransactionParts } from './multi-transaction.js'
import { RejectedRows } from './rejected-rows.js'
import { StarRocksSession } from './starrocks-session.js'
import { StreamLoad } from './stream-load.js'
import { isMarked, readMarks, removeMark } from './sync-position.js'
import { TargetMaker } from './target-maker.js'
import { TransactionLoad } from './transaction-load.js'
import { lacksTransactions, SAFE_VERSION } from './transaction-probe.js'

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
  /** The longest pause between two questions for a label's state; 500 ms when absent, as the official client. */
  readonly statePollMs?: number
  /** How schema changes are waited for; as `ALTER_TIMES` where absent. */
  readonly alterTimes?: Partial<AlterTimes>
}

const REDIRECT_TIMEOUT_MS = 30_000

/**
 * Loads into StarRocks: by Stream Load, one transaction for each load, or by transactions over several tables; DDL and
 * catalog over the FE's query port.
 */
export class StarRocksSink implements Sink {
  readonly #frontends: Frontends
  readonly #session: StarRocksSession
  readonly #streamLoad: StreamLoad
  readonly #labels: LabelStates
  readonly #rejected: RejectedRows
  readonly #targets: TargetMaker
  readonly #alterer: TargetAlterer
  readonly #transactions: TransactionParts
  readonly #stopped = new AbortController()
  /** "database/label" of loads whose outcome is open: their state is asked before anything is sent again. */
  readonly #unsettled = new Set<string>()
  readonly #transfer: BodyTransfer

  constructor(options: StarRocksSinkOptions) {
    const frontends = new Frontends(options)
    const times = {
      connectTimeoutMs: options.connectTimeoutMs,
      answerTimeoutMs: options.redirectTimeoutMs ?? REDIRECT_TIMEOUT_MS,
    }
    const transfer = new BodyTransfer(options, frontends)
    this.#frontends = frontends
    this.#transfer = transfer
    this.#session = new StarRocksSession(options, frontends)
    this.#streamLoad = new StreamLoad(options, frontends, transfer)
    this.#labels = new LabelStates(options, frontends, times)
    this.#rejected = new RejectedRows(frontends, times)
    const layout = { bucketCount: options.bucketCount, replicationNum: options.replicationNum }
    this.#targets = new TargetMaker({ ...options, layout }, this.#session, this.#stopped.signal)
    this.#alterer = new TargetAlterer(this.#session, { ...ALTER_TIMES, ...options.alterTimes })
    this.#transactions = {
      requests: new TransactionLoad(options, frontends, transfer, times),
      labels: this.#labels,
      rejected: this.#rejected,
      marked: (database, label) => isMarked(this.#session, database, label),
      loadTimeoutMs: options.loadTimeoutMs,
      pollMs: options.statePollMs ?? STATE_POLL_MS,
      stopped: this.#stopped.signal,
    }
  }

  prepare(request: TargetRequest): Promise<TargetTable> {
    return this.#targets.make(request)
  }

  inspect(request: TargetRequest): Promise<TargetTable | null> {
    return this.#targets.inspect(request)
  }

  evolve(evolution: TargetEvolution, signal: AbortSignal): Promise<EvolutionReport> {
    return underSignals([signal, this.#stopped.signal], stop => this.#alterer.evolve(evolution, stop))
  }

  async holdsRows(...[target, constants]: Parameters<Sink['holdsRows']>): Promise<boolean> {
    const found = await this.#session.query(renderFindTable(target))
    if (found.length === 0) return false
    return (await this.#session.query(renderAnyRow(target, constants))).length > 0
  }

  async truncate(target: TargetTable): Promise<void> {
    await this.#session.execute(renderTruncate(target))
  }

  write(load: Load, signal: AbortSignal): Promise<{ readonly rows: number }> {
    return underSignals([signal, this.#stopped.signal], stop => this.#write(load, stop))
  }

  findKey(
    target: TargetTable,
    keys: readonly (readonly string[])[],
    tag: RowTag | null,
    signal: AbortSignal,
  ): Promise<FoundKey | null> {
    return underSignals([signal, this.#stopped.signal], () => findKey(this.#session, target, keys, tag))
  }

  dryRun(load: Load, signal: AbortSignal): Promise<string | null> {
    return underSignals([signal, this.#stopped.signal], stop => dryRun(this.#transactions, this.#frontends, load, stop))
  }

  async settleLabel(database: string, label: string, signal: AbortSignal): Promise<LabelOutcome> {
    const why = `${database}: load ${label} of an earlier run`
    const settle = (stop: AbortSignal) => this.#labels.settle(database, label, why, stop)
    return (await underSignals([signal, this.#stopped.signal], settle)).outcome
  }

  lacksTransactions(
    databases: readonly string[],
    task: string,
    signal: AbortSignal,
    minimum = SAFE_VERSION,
  ): Promise<string | null> {
    const parts = {
      session: this.#session,
      targets: this.#targets,
      frontends: this.#frontends,
      transactions: this.#transactions,
    }
    return lacksTransactions(parts, databases, task, minimum, signal)
  }

  begin(database: string, label: string, signal: AbortSignal): Promise<SinkTransaction> {
    return beginUnused(this.#transactions, database, label, signal)
  }

  async settleTransaction(database: string, label: string, signal: AbortSignal): Promise<LabelOutcome> {
    return (await settleMulti(this.#transactions, database, label, signal)).outcome
  }

  readMarks(databases: readonly string[], task: string): Promise<ReadonlyMap<string, PositionMark>> {
    return readMarks(this.#session, databases, task)
  }

  removeMark(database: string, task: string): Promise<void> {
    return removeMark(this.#session, database, task)
  }

  async close(): Promise<void> {
    this.#stopped.abort()
    await this.#transfer.close()
    await this.#session.close()
  }

  async #write(load: Load, stop: AbortSignal): Promise<{ readonly rows: number }> {
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
        throw failure('rowRejected', load, await this.#rejected.describe(verdict, load.rows, stop))
    }
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
      const { kind } = asFailure(error)
      if (kind !== 'loadUnknown' && kind !== 'targetDenied') throw error
    }
  }

  async #outcome(load: Load, why: string, stop: AbortSignal): Promise<LabelOutcome> {
    const { database } = load.target
    const name = `${targetName(load.target)}: label ${load.label}: ${why}`
    return (await this.#labels.settle(database, load.label, name, stop)).outcome
  }
}

/** The rows the target counted; a difference from what was sent is a Failure, since rows would be missing unseen. */
function countedRows(load: Load, verdict: Extract<LoadVerdict, { kind: 'done' }>): number {
  const { rows, filtered } = verdict
  if ((rows === null || rows === load.rows) && (filtered === null || filtered === 0)) return load.rows
  throw failure(
    'rowsMiscounted',
    load,
    `${load.rows} rows were sent, StarRocks loaded ${rows} and filtered ${filtered}`,
  )
}

function failure(kind: ConstructorParameters<typeof Failure>[0], load: Load, message: string): Failure {
  return new Failure(kind, `${targetName(load.target)}: ${message} (label ${load.label})`)
}
