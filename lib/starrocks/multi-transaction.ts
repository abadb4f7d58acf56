import type { Load, PositionMark, SinkTransaction } from '../dispatch/sink.js'
import { Failure } from '../model/failure.js'
import { underSignals } from '../model/linked-signal.js'
import { classifyText } from './answer-text.js'
import type { LabelStates, SettledLabel } from './label-states.js'
import { transactionLoadHeaders } from './load-body.js'
import type { RejectedRows } from './rejected-rows.js'
import { renderMark } from './sync-position.js'
import { rejectionIn, type TransactionVerdict } from './transaction-answer.js'
import {
  FORGOTTEN_ADVICE,
  forgottenMessage,
  persist,
  type Refusal,
  rollBack,
  stepFailure,
  transactionName,
} from './transaction-failure.js'
import type { TransactionLoad, TransactionRef } from './transaction-load.js'

/** What a transaction works with; the same for all of a sink. */
export interface TransactionParts {
  readonly requests: TransactionLoad
  readonly labels: LabelStates
  readonly rejected: RejectedRows
  /** Whether a mark in the database tells that this transaction wrote it. */
  readonly marked: (database: string, label: string) => Promise<boolean>
  readonly loadTimeoutMs: number
  readonly pollMs: number
  /** Aborts when the sink closes. */
  readonly stopped: AbortSignal
}

/** Answers to a commit that leave it possible that it is still on its way. */
const OPEN_ENDED: ReadonlySet<TransactionVerdict['kind']> = new Set(['unknown', 'inProcess', 'ending'])

/** One multi-table transaction (`transaction_type: multi`, StarRocks 4.0+) that has begun. */
export class MultiTransaction implements SinkTransaction {
  readonly #parts: TransactionParts
  readonly #ref: TransactionRef
  readonly #name: string
  /** By table, the headers of its first load: by those the FE has planned it, and later loads must say the same. */
  readonly #planned = new Map<string, string>()
  readonly #loading = new Set<string>()
  #state: 'open' | 'failed' | 'committed' = 'open'

  constructor(parts: TransactionParts, ref: TransactionRef) {
    this.#parts = parts
    this.#ref = ref
    this.#name = transactionName(ref)
  }

  load(load: Load, signal: AbortSignal): Promise<void> {
    return this.#step(signal, async stop => {
      const { table } = load.target
      const headers = this.#headers(load)
      this.#loading.add(table)
      try {
        const { requests, pollMs, rejected } = this.#parts
        const verdict = await persist(() => requests.load(this.#ref, headers, load, stop), pollMs, stop)
        if (verdict.kind === 'ok') return
        const name = `${this.#ref.database}.${table}, transaction ${this.#ref.label}`
        throw await stepFailure(verdict, 'load', name, load.rows, rejected, stop)
      } finally {
        this.#loading.delete(table)
      }
    })
  }

  async commit(mark: PositionMark, signal: AbortSignal): Promise<void> {
    await this.load(renderMark(mark, this.#ref.database, this.#ref.label, Date.now()), signal)
    const refusal = await this.conclude(signal)
    if (refusal !== null) throw refusal
  }

  /**
   * Commits and makes sure of it: null when the transaction is durable and visible. A Failure is the result when StarRocks
   * says that nothing was committed, and thrown when it does not say (loadUnknown).
   */
  conclude(signal: AbortSignal): Promise<Failure | null> {
    return this.#step(signal, async stop => {
      if (this.#loading.size > 0) throw this.#defect(`a commit while ${[...this.#loading].join(', ')} is loading`)
      const { requests, labels, pollMs } = this.#parts
      const verdict = await persist(() => requests.commit(this.#ref, stop), pollMs, stop)
      // The state of the label would be the other one's.
      if (verdict.kind === 'labelTaken') throw new Failure('labelTaken', `${this.#name}: commit: ${verdict.message}`)
      const why = verdict.kind === 'ok' ? 'the commit was answered OK' : `commit: ${verdict.message}`
      // Asked whatever the answer: OK is said for failed commits too, and "publish timeout" for committed ones.
      const settled = await labels.settle(this.#ref.database, this.#ref.label, `${this.#name}: ${why}`, stop)
      if (settled.outcome === 'committed') {
        this.#state = 'committed'
        return null
      }
      this.#state = 'failed'
      return this.#refusal(verdict, settled, stop)
    })
  }

  async rollback(): Promise<void> {
    if (this.#state === 'committed') return
    this.#state = 'failed'
    const { requests, loadTimeoutMs, pollMs, stopped } = this.#parts
    // Who cannot be told cannot be waited for: the transaction then ends by its own time-out, and the caller throws what led here.
    const patience = { endingMs: loadTimeoutMs, refusals: false, pollMs }
    await rollBack(() => requests.rollback(this.#ref, stopped), patience, stopped).catch(() => undefined)
  }

  async #step<T>(signal: AbortSignal, act: (stop: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#state !== 'open') throw this.#defect(`a request after it has ${this.#state}`)
    try {
      return await underSignals([signal, this.#parts.stopped], act)
    } catch (error) {
      this.#state = 'failed'
      throw error
    }
  }

  /** The load's headers under the transaction's label. What StarRocks would mix up or race is a defect of the caller. */
  #headers(load: Load): Record<string, string> {
    const { database, label } = this.#ref
    const { table } = load.target
    if (load.target.database !== database) throw this.#defect(`a load into ${load.target.database}.${table}`)
    if (this.#loading.has(table)) throw this.#defect(`two loads of ${table} at once`)
    const headers = transactionLoadHeaders(
      { ...load, label },
      { loadTimeoutMs: this.#parts.loadTimeoutMs, multi: true },
    )
    const plan = JSON.stringify(headers)
    const planned = this.#planned.get(table)
    if (planned !== undefined && planned !== plan)
      throw this.#defect(`loads of ${table} differ: ${planned} and ${plan}`)
    this.#planned.set(table, plan)
    return headers
  }

  async #refusal(verdict: TransactionVerdict, settled: SettledLabel, stop: AbortSignal): Promise<Failure> {
    const { outcome, reason } = settled
    const why = verdict.kind === 'ok' ? 'StarRocks answered OK to its commit and kept nothing' : verdict.message
    const said = `${this.#name}: ${why} (its label is ${outcome}${reason === '' ? '' : `: ${reason}`})`
    // The label is unknown until the commit arrives.
    if (outcome === 'absent' && OPEN_ENDED.has(verdict.kind)) throw new Failure('loadUnknown', said)
    const rows = verdict.kind === 'rowsRejected' ? verdict : rejectionIn(reason)
    if (rows !== null)
      return new Failure('rowRejected', `${this.#name}: ${await this.#parts.rejected.describe(rows, null, stop)}`)
    if (verdict.kind === 'forgotten')
      return new Failure('targetUnreachable', forgottenMessage(this.#name, verdict.message), {
        advice: FORGOTTEN_ADVICE,
      })
    if (verdict.kind === 'denied') return new Failure('targetDenied', said)
    const kind = verdict.kind === 'busy' || verdict.kind === 'unreachable' ? verdict.kind : classifyText(reason)
    if (kind === 'busy') return new Failure('targetBusy', said)
    if (kind === 'unreachable') return new Failure('targetUnreachable', said)
    return new Failure(verdict.kind === 'rejected' ? 'loadRejected' : 'loadUnknown', said)
  }

  #defect(what: string): Failure {
    return new Failure('internal', `${this.#name}: ${what}`)
  }
}

/** Begins a multi-table transaction under a label of its own making. Failures: labelTaken, and those of any request. */
export async function beginMulti(
  parts: TransactionParts,
  database: string,
  label: string,
  signal: AbortSignal,
): Promise<MultiTransaction> {
  const ref: TransactionRef = { database, label, table: null }
  return underSignals([signal, parts.stopped], async stop => {
    const { requests, pollMs, rejected } = parts
    const verdict = await persist(() => requests.begin(ref, stop), pollMs, stop)
    if (verdict.kind === 'ok') return new MultiTransaction(parts, ref)
    // It may have begun all the same, and would then stay open until its time-out.
    if (verdict.kind === 'unknown') await requests.rollback(ref, stop)
    throw await stepFailure(verdict as Refusal, 'begin', transactionName(ref), null, rejected, stop)
  })
}

/**
 * Begins one under a label that nobody has used, else Failure('labelTaken'). An FE knows at begin the labels of its own
 * memory only; and the state of an earlier transaction would be taken for that of this one, after a lost commit above all.
 */
export async function beginUnused(
  parts: TransactionParts,
  database: string,
  label: string,
  signal: AbortSignal,
): Promise<MultiTransaction> {
  const used = await underSignals([signal, parts.stopped], stop => parts.labels.used(database, label, stop))
  if (used) throw new Failure('labelTaken', `${database}: the label ${label} has been used`)
  return beginMulti(parts, database, label, signal)
}

/**
 * Ends a multi-table transaction and tells what became of it for good. Rolls back first: before its commit is processed
 * such a transaction is invisible to questions for its label. Failures: loadUnknown, targetDenied.
 */
export async function settleMulti(
  parts: TransactionParts,
  database: string,
  label: string,
  signal: AbortSignal,
): Promise<SettledLabel> {
  const ref: TransactionRef = { database, label, table: null }
  const name = transactionName(ref)
  return underSignals([signal, parts.stopped], async stop => {
    const { requests, labels, loadTimeoutMs, pollMs } = parts
    const patience = { endingMs: loadTimeoutMs, refusals: true, pollMs }
    const verdict = await rollBack(() => requests.rollback(ref, stop), patience, stop)
    switch (verdict.kind) {
      case 'denied':
        throw new Failure('targetDenied', `${name}: rollback: ${verdict.message}`)
      case 'busy':
      case 'unreachable':
      case 'unknown':
      case 'inProcess':
      case 'ending':
        throw new Failure('loadUnknown', `${name}: what became of it cannot be known yet: ${verdict.message}`)
      default: {
        const settled = await labels.settle(database, label, `${name}: it was to be rolled back`, stop)
        if (verdict.kind !== 'committed' || settled.outcome !== 'absent') return settled
        // "Can not abort VISIBLE" is said of failed commits too (4.0.0 to 4.0.6), and labels are forgotten in time.
        return (await parts.marked(database, label)) ? { outcome: 'committed', reason: '' } : settled
      }
    }
  })
}
