import type { IncomingHttpHeaders } from 'node:http'
import type { CommitWish } from './commit-wish.js'
import type { Labels, LoadTransaction } from './labels.js'
import { LoadError } from './load-error.js'
import { parseTransactionRequest } from './load-request.js'
import type { Store } from './store.js'
import type { StreamLoader } from './stream-load.js'
import { applyPart, dropStaging, TransactionPart } from './transaction-part.js'

interface Prepared {
  readonly transaction: LoadTransaction
  readonly part: TransactionPart
  readonly deadlineMs: number
}

/** Prepared transactions: their rows stand in DuckDB tables of their own, beside the label, until commit or rollback. */
export class PreparedParts {
  readonly #store: Store
  readonly #labels: Labels
  readonly #byTxnId = new Map<number, Prepared>()

  private constructor(store: Store, labels: Labels) {
    this.#store = store
    this.#labels = labels
  }

  /** Reads what an earlier process of the same data folder had prepared; what no longer fits its table is rolled back. */
  static async open(store: Store, labels: Labels, loader: StreamLoader): Promise<PreparedParts> {
    const prepared = new PreparedParts(store, labels)
    const saved = await store.write(async connection => {
      await connection.run(
        'CREATE TABLE IF NOT EXISTS sandbox_prepared (txn_id BIGINT, db VARCHAR, label VARCHAR, tbl VARCHAR, headers VARCHAR, staging VARCHAR, deadline_ms BIGINT)',
      )
      return (await connection.runAndReadAll('SELECT * FROM sandbox_prepared')).getRows()
    })
    for (const [txnId, database, label, table, headers, staging, deadlineMs] of saved) {
      const transaction = labels.find(String(database), String(label))
      if (transaction === undefined || transaction.txnId !== Number(txnId)) continue
      const given = JSON.parse(String(headers)) as IncomingHttpHeaders
      try {
        const request = parseTransactionRequest(given, 0)
        const part = new TransactionPart(loader.plan(String(database), String(table), request), request, given)
        part.staging = staging === null ? null : String(staging)
        prepared.#byTxnId.set(transaction.txnId, { transaction, part, deadlineMs: Number(deadlineMs) })
      } catch (error) {
        if (!(error instanceof LoadError)) throw error
        await prepared.rollback(transaction, error.message)
      }
    }
    return prepared
  }

  /** Keeps the rows of a part that no load will be added to, together with the label's state PREPARED. */
  async keep(transaction: LoadTransaction, part: TransactionPart, deadlineMs: number): Promise<void> {
    const { txnId, database, label } = transaction
    const kept = part.staging === null ? null : `"sandbox_part_${txnId}"`
    await this.#store.write(async connection => {
      await connection.run('BEGIN')
      if (kept !== null) {
        await connection.run(`CREATE TABLE ${kept} AS SELECT * FROM ${part.staging}`)
        await connection.run(`DROP TABLE ${part.staging}`)
      }
      await connection.run('INSERT INTO sandbox_prepared VALUES ($1, $2, $3, $4, $5, $6, $7)', [
        BigInt(txnId),
        database,
        label,
        part.plan.table.name,
        JSON.stringify(part.headers),
        kept,
        BigInt(deadlineMs),
      ])
      await this.#labels.recordPrepared(connection, transaction)
      await connection.run('COMMIT')
    })
    part.staging = kept
    transaction.state = 'PREPARED'
    this.#byTxnId.set(txnId, { transaction, part, deadlineMs })
  }

  /** Puts the rows into their table and gives the part back. Rejects with a LoadError when the table no longer takes them; then it is rolled back. */
  async commit(transaction: LoadTransaction, wish: CommitWish): Promise<TransactionPart> {
    const found = this.#byTxnId.get(transaction.txnId)!
    transaction.isSealed = true
    try {
      await wish.beforeCommit()
      await this.#store.write(async connection => {
        await connection.run('BEGIN')
        await applyPart(connection, this.#store, found.part)
        await connection.run('DELETE FROM sandbox_prepared WHERE txn_id = $1', [BigInt(transaction.txnId)])
        await this.#labels.record(connection, transaction)
        await connection.run('COMMIT')
      })
    } catch (error) {
      await this.rollback(transaction, error instanceof Error ? error.message : String(error))
      throw error
    }
    this.#labels.finish(transaction, wish.publishedState())
    this.#byTxnId.delete(transaction.txnId)
    return found.part
  }

  /** Forgets the rows and aborts the label. */
  async rollback(transaction: LoadTransaction, reason: string): Promise<void> {
    const found = this.#byTxnId.get(transaction.txnId)
    this.#byTxnId.delete(transaction.txnId)
    if (transaction.state !== 'ABORTED') await this.#labels.abort(transaction, reason)
    if (found !== undefined) await dropStaging(this.#store, [found.part])
    await this.#store.write(async connection => {
      await connection.run(`DROP TABLE IF EXISTS "sandbox_part_${transaction.txnId}"`)
      await connection.run('DELETE FROM sandbox_prepared WHERE txn_id = $1', [BigInt(transaction.txnId)])
    })
  }

  /** Rolls back what is over its time, forgets what was cancelled elsewhere. */
  async sweep(nowMs: number): Promise<void> {
    for (const { transaction, deadlineMs } of [...this.#byTxnId.values()]) {
      const isOver = nowMs > deadlineMs && !transaction.isSealed
      if (transaction.state === 'ABORTED' || isOver) await this.rollback(transaction, 'timeout by txn manager')
    }
  }
}
