import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api'
import { LoadError } from './load-error.js'
import type { Store } from './store.js'

export type LabelState = 'PREPARE' | 'PREPARED' | 'COMMITTED' | 'VISIBLE' | 'ABORTED'

/** One transaction and the label it has in its database. */
export interface LoadTransaction {
  readonly txnId: number
  readonly database: string
  readonly label: string
  state: LabelState
  /** Why it was aborted. */
  reason: string
  /** Milliseconds since 1970 when it became VISIBLE or ABORTED. */
  finishedAtMs: number
  /** Its commit is being written: it cannot be cancelled any more. */
  isSealed: boolean
}

/** How long finished labels are remembered. */
export interface LabelKeep {
  /** How many of a database. */
  readonly count: number
  readonly ms: number
}

/** `label_keep_max_num` and `label_keep_max_second` of StarRocks. */
export const LABEL_KEEP: LabelKeep = { count: 1_000, ms: 259_200_000 }

/** Forgotten labels are removed from the saved ones once in so many. */
const SAVED_BETWEEN_PURGES = 200

/**
 * The labels of all databases, unique in each until their transaction is aborted. Finished ones are kept beside the rows:
 * `record` belongs into the very DuckDB transaction that changes the rows, so a crash keeps both or neither.
 */
export class Labels {
  readonly #store: Store
  readonly #byDatabase = new Map<string, Map<string, LoadTransaction>>()
  #insert: DuckDBPreparedStatement | undefined
  readonly #savedSincePurge = new Map<string, number>()
  readonly #now: () => number
  readonly #keep: LabelKeep
  #nextTxnId = 1_001

  private constructor(store: Store, now: () => number, keep: LabelKeep) {
    this.#store = store
    this.#now = now
    this.#keep = keep
  }

  /** Reads what an earlier process of the same data folder finished or prepared. `now`: milliseconds since 1970. */
  static async open(store: Store, now: () => number = Date.now, keep: LabelKeep = LABEL_KEEP): Promise<Labels> {
    const labels = new Labels(store, now, keep)
    await store.write(async connection => {
      await connection.run(
        'CREATE TABLE IF NOT EXISTS sandbox_labels (txn_id BIGINT, db VARCHAR, label VARCHAR, state VARCHAR, reason VARCHAR, finished_ms BIGINT)',
      )
      const saved = await connection.runAndReadAll('SELECT * FROM sandbox_labels ORDER BY txn_id, finished_ms')
      for (const [txnId, database, label, state, reason, finishedMs] of saved.getRows()) {
        labels.#put({
          txnId: Number(txnId),
          database: String(database),
          label: String(label),
          state: String(state) as LabelState,
          reason: String(reason),
          finishedAtMs: Number(finishedMs),
          isSealed: false,
        })
        labels.#nextTxnId = Math.max(labels.#nextTxnId, Number(txnId) + 1)
      }
    })
    for (const database of labels.#byDatabase.keys()) labels.#forgetOld(database)
    return labels
  }

  /** A number for a transaction whose label is not taken yet. */
  reserveTxnId(): number {
    return this.#nextTxnId++
  }

  /** Begins a transaction (with a number reserved before), or tells how far the one that holds the label is. */
  begin(
    database: string,
    label: string,
    txnId?: number,
  ): LoadTransaction | { readonly existing: 'RUNNING' | 'FINISHED' } {
    const earlier = this.find(database, label)
    if (earlier !== undefined && earlier.state !== 'ABORTED') {
      return { existing: earlier.state === 'PREPARE' || earlier.state === 'PREPARED' ? 'RUNNING' : 'FINISHED' }
    }
    const transaction: LoadTransaction = {
      txnId: txnId ?? this.reserveTxnId(),
      database,
      label,
      state: 'PREPARE',
      reason: '',
      finishedAtMs: 0,
      isSealed: false,
    }
    this.#put(transaction)
    return transaction
  }

  /** The newest transaction of a label; undefined when never begun or forgotten. */
  find(database: string, label: string): LoadTransaction | undefined {
    return this.#byDatabase.get(database)?.get(label)
  }

  /**
   * Writes the transaction as VISIBLE, inside the caller's DuckDB transaction; from here on it cannot be cancelled. Call
   * `finish` when that has committed, `abort` when it could not. Throws a LoadError when it was cancelled before.
   */
  async record(connection: DuckDBConnection, transaction: LoadTransaction): Promise<void> {
    if (transaction.state !== 'PREPARE' && transaction.state !== 'PREPARED')
      throw new LoadError(`transaction ${transaction.txnId} was cancelled by the user`)
    transaction.isSealed = true
    if (transaction.state === 'PREPARED') await this.#unsavePrepared(connection, transaction)
    transaction.state = 'PREPARED'
    await this.#save(connection, transaction, 'VISIBLE', '', this.#now())
  }

  /** Writes the transaction as PREPARED, inside the caller's DuckDB transaction; the caller sets the state when that has committed. */
  async recordPrepared(connection: DuckDBConnection, transaction: LoadTransaction): Promise<void> {
    if (transaction.state !== 'PREPARE')
      throw new LoadError(`transaction ${transaction.txnId} was cancelled by the user`)
    await this.#save(connection, transaction, 'PREPARED', '', 0)
  }

  /** Notes that the recorded transaction is durable. */
  finish(transaction: LoadTransaction, state: 'COMMITTED' | 'VISIBLE'): void {
    transaction.state = state
    transaction.finishedAtMs = this.#now()
    this.#forgetOld(transaction.database)
  }

  /** Aborts a transaction that has not committed; the label may then be used again. */
  async abort(transaction: LoadTransaction, reason: string): Promise<void> {
    const wasPrepared = transaction.state === 'PREPARED'
    transaction.state = 'ABORTED'
    transaction.reason = reason
    transaction.finishedAtMs = this.#now()
    transaction.isSealed = false
    this.#forgetOld(transaction.database)
    await this.#store.write(async connection => {
      if (wasPrepared) await this.#unsavePrepared(connection, transaction)
      await this.#save(connection, transaction, 'ABORTED', reason, transaction.finishedAtMs)
    })
  }

  /** Makes the finished labels of a database unknown; resolves with how many. */
  async forget(database: string): Promise<number> {
    const labels = this.#byDatabase.get(database)
    const finished = [...(labels?.values() ?? [])].filter(t => t.finishedAtMs > 0)
    for (const { label } of finished) labels?.delete(label)
    await this.#store.write(async connection => {
      await connection.run("DELETE FROM sandbox_labels WHERE db = $1 AND state <> 'PREPARED'", [database])
    })
    return finished.length
  }

  /** Makes every transaction unknown that has only begun; one of them that is committed later fails. */
  forgetBegun(): void {
    for (const labels of this.#byDatabase.values()) {
      for (const transaction of [...labels.values()]) {
        if (transaction.state !== 'PREPARE') continue
        transaction.state = 'ABORTED'
        labels.delete(transaction.label)
      }
    }
  }

  /** Transactions of a database that are neither finished nor aborted. */
  running(database: string): number {
    return [...(this.#byDatabase.get(database)?.values() ?? [])].filter(t => t.finishedAtMs === 0).length
  }

  async #save(
    connection: DuckDBConnection,
    transaction: LoadTransaction,
    state: LabelState,
    reason: string,
    finishedAtMs: number,
  ): Promise<void> {
    const { database, label, txnId } = transaction
    const saved = this.#savedSincePurge.get(database) ?? 0
    this.#savedSincePurge.set(database, (saved + 1) % SAVED_BETWEEN_PURGES)
    if (saved === 0) {
      await connection.run(
        "DELETE FROM sandbox_labels WHERE db = $1 AND state <> 'PREPARED' AND (finished_ms < $2 OR txn_id < $3)",
        [database, BigInt(this.#now() - this.#keep.ms), BigInt(txnId - 10 * this.#keep.count)],
      )
    }
    // A statement without a scan: a prepared plan cannot be misled by statistics of the time it was made.
    this.#insert ??= await connection.prepare('INSERT INTO sandbox_labels VALUES ($1, $2, $3, $4, $5, $6)')
    this.#insert.bind([BigInt(txnId), database, label, state, reason, BigInt(finishedAtMs)])
    await this.#insert.run()
  }

  async #unsavePrepared(connection: DuckDBConnection, { txnId }: LoadTransaction): Promise<void> {
    await connection.run("DELETE FROM sandbox_labels WHERE txn_id = $1 AND state = 'PREPARED'", [BigInt(txnId)])
  }

  #put(transaction: LoadTransaction): void {
    let labels = this.#byDatabase.get(transaction.database)
    if (labels === undefined) {
      labels = new Map()
      this.#byDatabase.set(transaction.database, labels)
    }
    labels.delete(transaction.label)
    labels.set(transaction.label, transaction)
  }

  #forgetOld(database: string): void {
    const labels = this.#byDatabase.get(database)!
    const finished = [...labels.values()].filter(t => t.finishedAtMs > 0)
    const surplus = finished.length - this.#keep.count
    const horizon = this.#now() - this.#keep.ms
    finished.forEach((t, at) => {
      if (at < surplus || t.finishedAtMs < horizon) labels.delete(t.label)
    })
  }
}
