import type { IncomingHttpHeaders } from 'node:http'
import type { CommitWish } from './commit-wish.js'
import type { Labels, LoadTransaction } from './labels.js'
import { LoadError } from './load-error.js'
import { parseTransactionRequest } from './load-request.js'
import type { Store } from './store.js'
import type { StreamLoader } from './stream-load.js'
import type { LoadSlot } from './table-transactions.js'
import { applyPart, dropStaging, TransactionPart } from './transaction-part.js'
import { TransactionRefusal } from './transaction-refusal.js'
import { has } from './version.js'

/** The commit is lost and nobody is told. */
class SilentAbort extends Error {}

/** One transaction over several tables of one database, as the leader FE holds it in memory (StreamLoadMultiStmtTask). */
interface MultiTransaction {
  readonly txnId: number
  readonly database: string
  readonly label: string
  readonly createdAtMs: number
  readonly timeoutMs: number
  readonly parts: Map<string, TransactionPart>
  state: 'BEGIN' | 'COMMITING' | 'COMMITED' | 'CANCELLED'
  /** Why it was cancelled. */
  reason: string
}

/** What a commit or rollback answers besides OK. */
export interface MultiOutcome {
  readonly message: string
  readonly txnId: number | null
  /** What this commit has made durable. */
  readonly parts: readonly TransactionPart[]
}

/**
 * The FE's transactions over several tables, by label alone: two databases cannot have open transactions of one label.
 * Their labels are unknown to the database until the commit, which writes all tables and the label in one DuckDB transaction.
 */
export class MultiTransactions {
  readonly #store: Store
  readonly #labels: Labels
  readonly #loader: StreamLoader
  readonly #now: () => number
  readonly #kept: number
  /** From 4.0.7 on a known label cannot be begun again, and a commit that failed is not taken for one that was made. */
  readonly #isSettled: boolean
  readonly #byLabel = new Map<string, MultiTransaction>()

  /** `kept`: how many finished ones are remembered (`stream_load_task_keep_max_num`). */
  constructor(
    store: Store,
    labels: Labels,
    loader: StreamLoader,
    {
      emulatedVersion,
      now,
      kept,
    }: { readonly emulatedVersion: string; readonly now: () => number; readonly kept: number },
  ) {
    this.#kept = kept
    this.#store = store
    this.#labels = labels
    this.#loader = loader
    this.#now = now
    this.#isSettled = has(emulatedVersion, 'settledMulti')
  }

  /** Throws a TransactionRefusal when the label is taken, also by a transaction that was rolled back. */
  async begin(database: string, label: string, timeoutMs: number): Promise<void> {
    await this.sweep()
    if (!this.#store.catalog.hasDatabase(database)) throw new LoadError(`Database[${database}] does not exist`)
    const known = this.#byLabel.get(label)
    if (known !== undefined) {
      if (!this.#isSettled) return
      throw new TransactionRefusal(
        'LABEL_ALREADY_EXISTS',
        known.state === 'COMMITED'
          ? `Label [${label}] has already been used.`
          : `Transaction already started with label [${label}], txnId: ${known.txnId}`,
        known.state,
      )
    }
    const used = this.#labels.find(database, label)
    if (used !== undefined && used.state !== 'ABORTED' && this.#isSettled) {
      throw new TransactionRefusal('LABEL_ALREADY_EXISTS', `Label [${label}] has already been used.`, used.state)
    }
    this.#byLabel.set(label, {
      txnId: this.#labels.reserveTxnId(),
      database,
      label,
      createdAtMs: this.#now(),
      timeoutMs,
      parts: new Map(),
      state: 'BEGIN',
      reason: '',
    })
    this.#forgetOld()
  }

  /** The FE's half of a load: plans the table's part by the headers of its first load. Throws; a failed load cancels the whole transaction. */
  async planLoad(
    database: string,
    table: string,
    label: string,
    headers: IncomingHttpHeaders,
    hasBackend: boolean,
  ): Promise<void> {
    await this.sweep()
    const found = this.#get(label)
    try {
      if (!hasBackend) throw new LoadError('No backend alive.')
      if (database !== found.database) {
        throw new LoadError(`Request database ${database} not equal transaction database ${found.database}`)
      }
      if (found.state === 'CANCELLED') {
        const message = `stream load task ${label} has already been cancelled: ${found.reason}`
        throw new TransactionRefusal('INTERNAL_ERROR', message)
      }
      if (found.state !== 'BEGIN') {
        const message = `stream load task ${label} has already been ${found.state.toLowerCase()}`
        throw new TransactionRefusal('INTERNAL_ERROR', message)
      }
      if (found.parts.has(table)) return
      if (this.#store.catalog.table(database, table) === undefined) {
        throw new LoadError(`Failed to find table ${table} in db ${database}`)
      }
      const request = parseTransactionRequest(headers, 0)
      found.parts.set(table, new TransactionPart(this.#loader.plan(database, table, request), request, headers))
    } catch (error) {
      await this.#cancel(found, error instanceof Error ? error.message : String(error))
      throw error
    }
  }

  /** The BE's half: takes the table's part for one load. Throws; what is wrong with the load cancels the whole transaction. */
  async takeLoad(table: string, label: string, headers: IncomingHttpHeaders, bodyBytes: number): Promise<LoadSlot> {
    await this.sweep()
    const found = this.#byLabel.get(label)
    const part = found?.parts.get(table)
    if (found === undefined || part === undefined || found.state !== 'BEGIN') {
      throw new TransactionRefusal('TXN_NOT_EXISTS', `Transaction with label ${label} not exists`)
    }
    if (part.isLoading) throw new TransactionRefusal('TXN_IN_PROCESSING', 'Transaction is in processing')
    if (part.failure !== null) throw new TransactionRefusal('ABORTED', 'current transaction is aborted')
    try {
      const request = parseTransactionRequest(headers, part.loadBytes + bodyBytes)
      if (!part.repeats(request)) throw new LoadError('load request not equal last.')
    } catch (error) {
      await this.#cancel(found, error instanceof Error ? error.message : String(error))
      throw error
    }
    part.isLoading = true
    return {
      txnId: found.txnId,
      part,
      get isOpen() {
        return found.state === 'BEGIN'
      },
      fail: reason => this.#cancel(found, reason),
      release: async () => {
        part.isLoading = false
        if (found.state === 'CANCELLED') await dropStaging(this.#store, [part])
      },
    }
  }

  /** Commits all tables at once, or rejects and has rolled back. `errorUrl` gives the page of a part's rejected rows. */
  async commit(label: string, wish: CommitWish, errorUrl: (part: TransactionPart) => string): Promise<MultiOutcome> {
    await this.sweep()
    const found = this.#get(label)
    const { txnId } = found
    const refuse = (message: string) => new TransactionRefusal('INTERNAL_ERROR', message)
    if (found.state === 'COMMITED') {
      return { message: `Transaction ${txnId} has already committed, label is ${label}`, txnId, parts: [] }
    }
    if (found.state === 'CANCELLED') throw refuse(`Can not commit CANCELLED transaction ${txnId}, label is ${label}`)
    if (found.state === 'COMMITING') throw refuse(`Transaction ${txnId} is already committing, label is ${label}`)
    found.state = 'COMMITING'
    let transaction: LoadTransaction | null = null
    try {
      for (const part of found.parts.values()) await this.#judge(part, txnId, label, errorUrl)
      // A transaction without a load is never made known to the database.
      if (found.parts.size > 0) {
        const begun = this.#labels.begin(found.database, label, txnId)
        if ('existing' in begun) throw refuse(`Label [${label}] has already been used.`)
        transaction = begun
        await wish.beforeCommit()
        if (wish.abortsSilently()) throw new SilentAbort('commit failed')
        await this.#store.write(async connection => {
          await connection.run('BEGIN')
          for (const part of found.parts.values()) await applyPart(connection, this.#store, part)
          await this.#labels.record(connection, begun)
          await connection.run('COMMIT')
        })
        this.#labels.finish(begun, wish.publishedState())
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      found.state = 'BEGIN'
      await this.#cancel(found, reason)
      if (transaction !== null) await this.#labels.abort(transaction, reason)
      if (!(error instanceof SilentAbort)) throw error
      if (!this.#isSettled) found.state = 'COMMITED'
      return { message: '', txnId, parts: [] }
    }
    found.state = 'COMMITED'
    const parts = [...found.parts.values()]
    found.parts.clear()
    return { message: '', txnId, parts }
  }

  /** Throws a TransactionRefusal when it is too late, a LoadError when there is none. */
  async rollback(label: string): Promise<MultiOutcome> {
    await this.sweep()
    const found = this.#byLabel.get(label)
    if (found === undefined) throw new LoadError(`stream load task${label}does not exist`)
    const { txnId } = found
    switch (found.state) {
      case 'COMMITED':
        throw new TransactionRefusal('INTERNAL_ERROR', `Can not abort VISIBLE transaction ${txnId}, label is ${label}`)
      case 'COMMITING':
        throw new TransactionRefusal(
          'INTERNAL_ERROR',
          `Can not abort transaction ${txnId} during committing, label is ${label}`,
        )
      case 'CANCELLED':
        return { message: `Transaction ${txnId} has already aborted, label is ${label}`, txnId, parts: [] }
      case 'BEGIN':
        await this.#cancel(found, 'manual abort')
        return { message: `stream load ${label} abort`, txnId: null, parts: [] }
    }
  }

  /** A new leader knows none of them, however far they are; one that is just committing stays. */
  async forget(): Promise<void> {
    for (const found of [...this.#byLabel.values()]) {
      if (found.state === 'COMMITING') continue
      await this.#cancel(found, 'recover after FE restart')
      this.#byLabel.delete(found.label)
    }
  }

  /** Forgets those of a database that are over. */
  forgetFinished(database: string): void {
    for (const found of [...this.#byLabel.values()]) {
      const isOver = found.state === 'COMMITED' || found.state === 'CANCELLED'
      if (isOver && found.database === database) this.#byLabel.delete(found.label)
    }
  }

  /** Cancels what is over its time, which runs from `begin`. */
  async sweep(): Promise<void> {
    for (const found of this.#byLabel.values()) {
      const isOver = found.state === 'BEGIN' && this.#now() - found.createdAtMs > found.timeoutMs
      if (isOver) await this.#cancel(found, `transaction timeout after ${found.timeoutMs}ms`)
    }
  }

  async #judge(
    part: TransactionPart,
    txnId: number,
    label: string,
    errorUrl: (part: TransactionPart) => string,
  ): Promise<void> {
    if (part.isLoading) throw new TransactionRefusal('TXN_IN_PROCESSING', 'Transaction is in processing')
    try {
      await this.#loader.judgePart(part)
    } catch (error) {
      if (!(error instanceof LoadError)) throw error
      const tooMany = error.message === 'too many filtered rows'
      const why = tooMany ? `abnormal data more than max filter rate, tracking_url: ${errorUrl(part)}` : error.message
      throw new TransactionRefusal(
        'INTERNAL_ERROR',
        `STREAM_LOAD_TASK:${txnId}, label={${label}}, error_msg={cancel stream task for exception: ${why}}`,
      )
    }
  }

  #get(label: string): MultiTransaction {
    const found = this.#byLabel.get(label)
    if (found === undefined) throw new LoadError(`stream load task ${label} does not exist`)
    return found
  }

  async #cancel(found: MultiTransaction, reason: string): Promise<void> {
    if (found.state !== 'BEGIN') return
    found.state = 'CANCELLED'
    found.reason = reason
    await dropStaging(this.#store, [...found.parts.values()])
    for (const [table, part] of found.parts) if (!part.isLoading) found.parts.delete(table)
  }

  #forgetOld(): void {
    const finished = [...this.#byLabel.values()].filter(t => t.state === 'COMMITED' || t.state === 'CANCELLED')
    for (const { label } of finished.slice(0, Math.max(0, finished.length - this.#kept))) this.#byLabel.delete(label)
  }
}
