import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorUrl } from './backend-answer.js'
import type { BackendParts } from './backend-load.js'
import type { TransactionSides } from './backend-transaction.js'
import { beforeBegin, FaultyCommit, failOnPurpose, spoiltAnswer } from './fault-points.js'
import type { FaultTarget } from './faults.js'
import type { FrontendOptions, FrontendReplies } from './frontend-replies.js'
import type { LoadTransaction } from './labels.js'
import { LoadError } from './load-error.js'
import { headerText, parseTimeout } from './load-request.js'
import type { PreparedParts } from './prepared-parts.js'
import { parseTransactionHeaders } from './transaction-headers.js'
import { TransactionRefusal } from './transaction-refusal.js'
import { has } from './version.js'

export interface FrontendParts extends BackendParts, TransactionSides {
  readonly prepared: PreparedParts
}

/** `DEFAULT_TXN_TIMEOUT_MILLIS`: of operations that the FE answers itself. */
const DEFAULT_TIMEOUT_SECONDS = 20

const OPS = ['begin', 'load', 'prepare', 'commit', 'rollback'] as const

/** What an operation is about. */
type TransactionTarget = FaultTarget & { readonly op: (typeof OPS)[number] }

/** What the FE answers itself; null: the request is for the BE. */
type Outcome = { readonly message: string; readonly fields: Record<string, unknown> } | null

/**
 * `/api/transaction/*` at the FE (TransactionLoadAction): transactions of one table are the BE's until they are prepared,
 * those over several tables are begun and ended here.
 */
export class FrontendTransactions {
  readonly #options: FrontendOptions
  readonly #parts: FrontendParts
  readonly #replies: FrontendReplies

  constructor(options: FrontendOptions, parts: FrontendParts, replies: FrontendReplies) {
    this.#options = options
    this.#parts = parts
    this.#replies = replies
  }

  async handle(req: IncomingMessage, res: ServerResponse, name: string): Promise<void> {
    const op = OPS.find(known => known === name)
    if (op === undefined) return void res.writeHead(404, { 'content-type': 'text/html' }).end('Not Found')
    let about: TransactionTarget = { database: '', table: '', label: '', op }
    if (!this.#replies.authorized(req, res, about)) return
    try {
      const headers = parseTransactionHeaders(req, this.#options.emulatedVersion)
      about = { ...headers, op }
      if (this.#replies.broken(res, about)) return
      if (this.#parts.faults.take('followerRedirect', about) !== null) return this.#replies.toLeader(req, res)
      if (this.#parts.faults.take('leaderChange', about) !== null) await this.changeLeader()
      const outcome = headers.isMulti ? await this.#multi(req, about) : await this.#single(req, about)
      if (outcome === null) this.#toBackend(req, res, about)
      else if (!(await spoiltAnswer(this.#parts.faults, about, res))) {
        this.#answer(req, res, { Status: 'OK', Message: outcome.message, ...outcome.fields })
      }
    } catch (error) {
      this.#refuse(req, res, error)
    }
  }

  /** Another FE leads from now on: what has only begun is forgotten. */
  async changeLeader(): Promise<void> {
    this.#parts.labels.forgetBegun()
    await this.#parts.tables.forget()
    await this.#parts.multi.forget()
  }

  #toBackend(req: IncomingMessage, res: ServerResponse, about: FaultTarget): void {
    if (this.#parts.faults.take('noBackendAlive', about) !== null) throw new LoadError('No backend alive.')
    this.#replies.redirect(req, res, about)
  }

  async #multi(req: IncomingMessage, about: TransactionTarget): Promise<Outcome> {
    const { multi, faults, store, stats } = this.#parts
    const { op, database, table, label } = about
    if (op === 'begin' || op === 'rollback') failOnPurpose(faults, about)
    switch (op) {
      case 'begin': {
        const seconds = headerText(req.headers, 'timeout')
        const timeoutMs = (seconds === undefined ? DEFAULT_TIMEOUT_SECONDS : parseTimeout(seconds)) * 1000
        await beforeBegin(faults, about, store.catalog.database(database)?.id)
        await multi.begin(database, label, timeoutMs)
        return { message: '', fields: {} }
      }
      case 'load':
        await multi.planLoad(database, table, label, req.headers, faults.take('noBackendAlive', about) === null)
        return null
      case 'prepare':
        throw new LoadError('Unsupported operation: TXN_PREPARE')
      case 'commit': {
        const wish = new FaultyCommit(faults, about)
        const { message, txnId, parts } = await multi.commit(label, wish, ({ rejected }) => {
          return errorUrl(this.#parts.logs, rejected, this.#options.backend) ?? 'null'
        })
        for (const part of parts) stats.countLoad(part.counts, part.loadBytes)
        if (wish.isSlow) throw publishTimeout(req, txnId)
        return { message, fields: { Label: label, TxnId: txnId, ChannelId: 0, 'Prepared Channel Num': 1 } }
      }
      case 'rollback': {
        const { message, txnId } = await multi.rollback(label)
        return { message, fields: txnId === null ? {} : { Label: label, TxnId: txnId } }
      }
    }
  }

  async #single(req: IncomingMessage, about: TransactionTarget): Promise<Outcome> {
    const { labels, tables, prepared, store } = this.#parts
    const { op, database, label } = about
    await tables.sweep()
    if (op === 'begin') return null
    if (!store.catalog.hasDatabase(database)) throw new LoadError(`Database[${database}] does not exist.`)
    const transaction = labels.find(database, label)
    if (op === 'load' || op === 'prepare') {
      if (transaction !== undefined) return null
      throw new LoadError(`transaction with op ${op} label ${label} has no backend`)
    }
    if (transaction === undefined) throw new LoadError(`No transaction found by label ${label}`)
    const { txnId, state } = transaction
    const known = { TxnId: txnId, Label: label }
    if (state === 'PREPARE') return null
    if (op === 'commit') {
      if (state === 'ABORTED') throw new LoadError(`Can not commit ABORTED transaction ${txnId}, label is ${label}`)
      if (state !== 'PREPARED') {
        return { message: `Transaction ${txnId} has already committed, label is ${label}`, fields: known }
      }
      await this.#commitPrepared(req, transaction, about)
      return { message: '', fields: known }
    }
    if (state === 'ABORTED') {
      return { message: `Transaction ${txnId} has already aborted, label is ${label}`, fields: known }
    }
    if (state !== 'PREPARED' || transaction.isSealed) {
      throw new LoadError(`Can not abort ${state} transaction ${txnId}, label is ${label}`)
    }
    await prepared.rollback(transaction, 'rolled back by the client')
    return { message: '', fields: known }
  }

  async #commitPrepared(req: IncomingMessage, transaction: LoadTransaction, about: FaultTarget): Promise<void> {
    if (transaction.isSealed) throw new TransactionRefusal('TXN_IN_PROCESSING', 'Transaction is in processing')
    const wish = new FaultyCommit(this.#parts.faults, about)
    const { counts, loadBytes } = await this.#parts.prepared.commit(transaction, wish)
    this.#parts.stats.countLoad(counts, loadBytes)
    if (wish.isSlow) throw publishTimeout(req, transaction.txnId)
  }

  /** A thrown error is named with its class, one that was only noted is not. */
  #refuse(req: IncomingMessage, res: ServerResponse, error: unknown): void {
    if (!(error instanceof LoadError || error instanceof TransactionRefusal)) throw error
    const isTaken = error instanceof TransactionRefusal && error.status === 'LABEL_ALREADY_EXISTS'
    const type = has(this.#options.emulatedVersion, 'starRocksException') ? 'StarRocksException' : 'UserException'
    this.#answer(req, res, {
      Status: isTaken ? 'LABEL_ALREADY_EXISTS' : 'FAILED',
      Message: error instanceof LoadError ? `class com.starrocks.common.${type}: ${error.message}` : error.message,
      ...(isTaken ? { ExistingJobStatus: error.existing } : {}),
    })
  }

  #answer(req: IncomingMessage, res: ServerResponse, result: Record<string, unknown>): void {
    const text = JSON.stringify(result, null, 2)
    const length = { 'content-length': Buffer.byteLength(text) }
    // A body that nobody reads makes the socket unusable.
    const close = req.headers['content-length'] === undefined || req.headers['content-length'] === '0' ? {} : CLOSE
    res.writeHead(200, { 'content-type': 'application/json', ...length, ...close }).end(text)
  }
}

const CLOSE = { connection: 'close' }

/** The commit is made, only its publishing outlasts the time the request gave it. */
function publishTimeout(req: IncomingMessage, txnId: number | null): TransactionRefusal {
  const ms = Number(headerText(req.headers, 'timeout') ?? DEFAULT_TIMEOUT_SECONDS) * 1000
  return new TransactionRefusal('PUBLISH_TIMEOUT', `publish timeout: ${ms}, transactionId=${txnId}`)
}
