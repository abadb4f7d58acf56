import type { IncomingHttpHeaders } from 'node:http'
import type { CommitWish } from './commit-wish.js'
import type { Labels, LoadTransaction } from './labels.js'
import { LoadError } from './load-error.js'
import { parseTransactionRequest } from './load-request.js'
import type { PreparedParts } from './prepared-parts.js'
import type { Store } from './store.js'
import type { StreamLoader } from './stream-load.js'
import { applyPart, dropStaging, TransactionPart } from './transaction-part.js'
import { TransactionRefusal } from './transaction-refusal.js'

/** A transaction's place while the BE takes one load for it. */
export interface LoadSlot {
  readonly txnId: number
  readonly part: TransactionPart
  /** The transaction can still be committed. */
  readonly isOpen: boolean
  /** Rolls the whole transaction back. */
  fail(reason: string): Promise<void>
  /** To be called when the load has been answered or given up. */
  release(): Promise<void>
}

/** A transaction over one table that a BE holds: from `begin` until `prepare`, `commit` or `rollback`. */
export interface TableTransaction {
  readonly transaction: LoadTransaction
  readonly table: string
  readonly deadlineMs: number
  readonly startedAt: number
  part: TransactionPart | null
  isBusy: boolean
}

/** The BE's transactions (TransactionMgr of StarRocks), known by their label alone; prepared ones belong to the FE. */
export class TableTransactions {
  readonly #store: Store
  readonly #labels: Labels
  readonly #loader: StreamLoader
  readonly #prepared: PreparedParts
  readonly #now: () => number
  readonly #open = new Map<string, TableTransaction>()

  constructor(store: Store, labels: Labels, loader: StreamLoader, prepared: PreparedParts, now: () => number) {
    this.#store = store
    this.#labels = labels
    this.#loader = loader
    this.#prepared = prepared
    this.#now = now
  }

  /** Begins a transaction of one table. Throws a TransactionRefusal or a LoadError. */
  async begin(database: string, table: string, label: string, timeoutSeconds: number): Promise<LoadTransaction> {
    await this.sweep()
    const live = this.#open.get(label)
    if (live !== undefined && live.transaction.state === 'PREPARE') {
      throw new TransactionRefusal('LABEL_ALREADY_EXISTS', '')
    }
    if (!this.#store.catalog.hasDatabase(database)) throw new LoadError(`unknown database, database=${database}`)
    if (this.#store.catalog.table(database, table) === undefined) {
      throw new TransactionRefusal('ANALYSIS_ERROR', `unknown table "${database}.${table}"`)
    }
    const begun = this.#labels.begin(database, label)
    if ('existing' in begun) {
      throw new TransactionRefusal('LABEL_ALREADY_EXISTS', `Label [${label}] has already been used.`, begun.existing)
    }
    const deadlineMs = this.#now() + timeoutSeconds * 1000
    const startedAt = performance.now()
    this.#open.set(label, { transaction: begun, table, deadlineMs, startedAt, part: null, isBusy: false })
    return begun
  }

  /** Takes the transaction for one load. Throws a TransactionRefusal or a LoadError; some of them roll back. */
  async takeLoad(
    database: string,
    table: string,
    label: string,
    headers: IncomingHttpHeaders,
    bodyBytes: number,
  ): Promise<LoadSlot> {
    await this.sweep()
    const found = this.#lock(label)
    try {
      if (database !== found.transaction.database || table !== found.table) {
        throw new TransactionRefusal(
          'INVALID_ARGUMENT',
          database !== found.transaction.database
            ? `Request database ${database} not equal transaction database ${found.transaction.database}`
            : `Request table ${table} not equal transaction table ${found.table}`,
        )
      }
      if (found.transaction.state !== 'PREPARE' || (found.part?.failure ?? null) !== null) {
        throw new TransactionRefusal('ABORTED', 'current transaction is aborted')
      }
      await this.#bindPart(found, headers, bodyBytes)
      return this.#slot(found)
    } catch (error) {
      found.isBusy = false
      throw error
    }
  }

  /** Makes the transaction durable without showing its rows; from here on it is the FE's. Throws a TransactionRefusal; then it is rolled back. */
  async prepare(label: string, wish: CommitWish, preparedSeconds: number): Promise<TableTransaction> {
    return this.#end(label, async (found, part) => {
      await wish.beforeCommit()
      await this.#prepared.keep(found.transaction, part, this.#now() + preparedSeconds * 1000)
    })
  }

  /** One-phase commit. Throws a TransactionRefusal; then it is rolled back. */
  async commit(label: string, wish: CommitWish): Promise<TableTransaction> {
    return this.#end(label, async (found, part) => {
      await wish.beforeCommit()
      await this.#store.write(async connection => {
        await connection.run('BEGIN')
        await applyPart(connection, this.#store, part)
        await this.#labels.record(connection, found.transaction)
        await connection.run('COMMIT')
      })
      this.#labels.finish(found.transaction, wish.publishedState())
    })
  }

  /** Rolls back. Throws a TransactionRefusal when there is none. */
  async rollback(label: string): Promise<LoadTransaction> {
    await this.sweep()
    const found = this.#lock(label)
    await this.#abandon(found, 'rolled back by the client')
    return found.transaction
  }

  /** The transaction of a label while it is with the BE. */
  find(label: string): TableTransaction | undefined {
    return this.#open.get(label)
  }

  /** Drops what was cancelled elsewhere (`_cancel`) and aborts what is over its time. */
  async sweep(): Promise<void> {
    for (const found of [...this.#open.values()]) {
      if (found.isBusy) continue
      if (found.transaction.state !== 'PREPARE') await this.#abandon(found, '')
      else if (this.#now() > found.deadlineMs) await this.#abandon(found, 'timeout by txn manager')
    }
    await this.#prepared.sweep(this.#now())
  }

  /** What is not prepared is lost: its label is unknown, its rows are gone. */
  async forget(): Promise<void> {
    const lost = [...this.#open.values()]
    this.#open.clear()
    for (const { transaction } of lost) if (transaction.state === 'PREPARE') transaction.state = 'ABORTED'
    await dropStaging(
      this.#store,
      lost.flatMap(found => (found.part === null ? [] : [found.part])),
    )
  }

  async #bindPart(found: TableTransaction, headers: IncomingHttpHeaders, bodyBytes: number): Promise<void> {
    const request = parseTransactionRequest(headers, (found.part?.loadBytes ?? 0) + bodyBytes)
    if (found.part === null) {
      const { database } = found.transaction
      found.part = new TransactionPart(this.#loader.plan(database, found.table, request), request, headers)
    } else if (!found.part.repeats(request)) {
      await this.#abandon(found, 'load request not equal last.')
      throw new TransactionRefusal('INTERNAL_ERROR', 'load request not equal last.')
    }
  }

  #slot(found: TableTransaction): LoadSlot {
    const { transaction } = found
    return {
      txnId: transaction.txnId,
      part: found.part!,
      get isOpen() {
        return transaction.state === 'PREPARE'
      },
      fail: reason => this.#abandon(found, reason),
      release: async () => {
        found.isBusy = false
        if (transaction.state !== 'PREPARE') await this.#abandon(found, '')
      },
    }
  }

  async #end(
    label: string,
    work: (found: TableTransaction, part: TransactionPart) => Promise<void>,
  ): Promise<TableTransaction> {
    await this.sweep()
    const found = this.#lock(label)
    try {
      const { txnId, database } = found.transaction
      const brief = `id=${txnId}, job_id=-1, txn_id: ${txnId}, label=${label}, db=${database}`
      if (found.part === null) {
        throw new TransactionRefusal('INTERNAL_ERROR', `transaction ${brief} hasn't send any data yet`)
      }
      await this.#loader.judgePart(found.part)
      await work(found, found.part)
    } catch (error) {
      await this.#abandon(found, error instanceof Error ? error.message : String(error))
      if (error instanceof LoadError) throw new PartRefusal(error.message, found.part)
      throw error
    }
    this.#open.delete(label)
    found.isBusy = false
    return found
  }

  #lock(label: string): TableTransaction {
    const found = this.#open.get(label)
    if (found === undefined) {
      throw new TransactionRefusal('TXN_NOT_EXISTS', `Transaction with label ${label} not exists`)
    }
    if (found.isBusy) throw new TransactionRefusal('TXN_IN_PROCESSING', 'Transaction is in processing')
    found.isBusy = true
    return found
  }

  async #abandon(found: TableTransaction, reason: string): Promise<void> {
    if (this.#open.get(found.transaction.label) === found) this.#open.delete(found.transaction.label)
    const { state } = found.transaction
    if (state === 'PREPARE' || state === 'PREPARED') await this.#labels.abort(found.transaction, reason)
    if (found.part !== null) await dropStaging(this.#store, [found.part])
  }
}

/** Rows that cannot be committed; carries the part whose rejected rows the answer's ErrorURL shows. */
export class PartRefusal extends TransactionRefusal {
  readonly part: TransactionPart | null

  constructor(message: string, part: TransactionPart | null) {
    super('INTERNAL_ERROR', message)
    this.part = part
  }
}
