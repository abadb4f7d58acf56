import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerAtBackend, answerEarly, authorizeAtBackend, errorUrl } from './backend-answer.js'
import type { BackendOptions, BackendParts } from './backend-load.js'
import type { FaultOp } from './fault-names.js'
import { beforeBegin, beforeContinue, FaultyCommit, failOnPurpose, spoiltAnswer } from './fault-points.js'
import type { FaultTarget } from './faults.js'
import { BodyCut, countBody, decompress, readBody } from './load-body.js'
import { LoadError } from './load-error.js'
import { headerText, parseTimeout } from './load-request.js'
import type { MultiTransactions } from './multi-transactions.js'
import { type LoadSlot, PartRefusal, type TableTransaction, type TableTransactions } from './table-transactions.js'
import { parseTransactionHeaders, type TransactionHeaders } from './transaction-headers.js'
import { TransactionRefusal, type TransactionStatus } from './transaction-refusal.js'
import { has } from './version.js'

/** Both kinds of transactions, shared by FE and BE. */
export interface TransactionSides {
  readonly tables: TableTransactions
  readonly multi: MultiTransactions
}

/** `prepared_transaction_default_timeout_second` */
const PREPARED_SECONDS = 86_400

/** A reply's fields behind Status and Message, in the order of `StreamLoadContext::to_resp_json`. */
type Fields = Record<string, unknown>

/** `/api/transaction/*` at the BE: the loads of all transactions; begin, prepare, commit and rollback of those of one table. */
export class BackendTransactions {
  readonly #options: BackendOptions
  readonly #parts: BackendParts & TransactionSides

  constructor(options: BackendOptions, parts: BackendParts & TransactionSides) {
    this.#options = options
    this.#parts = parts
  }

  /** Takes the body of one load into its transaction. */
  async load(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): Promise<void> {
    const startedAt = performance.now()
    let about: FaultTarget = { database: '', table: '', label: '', op: 'load' }
    let slot: LoadSlot | null = null
    let bodyWanted = false
    try {
      authorizeAtBackend(req, this.#options.account)
      const headers = parseTransactionHeaders(req, this.#options.emulatedVersion)
      about = { ...headers, op: 'load' }
      slot = await this.#takeLoad(req, headers)
      const planMs = elapsed(startedAt)
      await beforeContinue(this.#parts.faults, about)
      if (expectsContinue) res.writeContinue()
      bodyWanted = true
      const receiveFrom = performance.now()
      const bytes = await this.#receive(req, slot, about)
      if (!slot.isOpen) throw new TransactionRefusal('ABORTED', 'current transaction is aborted')
      const fields = {
        TxnId: slot.txnId,
        LoadBytes: bytes,
        StreamLoadPlanTimeMs: planMs,
        ReceivedDataTimeMs: elapsed(receiveFrom),
      }
      // Released before the reply: whoever has it may send the next load at once.
      await slot.release()
      if (!(await spoiltAnswer(this.#parts.faults, about, res))) this.#succeed(res, about.label, fields)
    } catch (error) {
      if (slot?.isOpen) await slot.fail(error instanceof Error ? error.message : String(error))
      await slot?.release()
      this.#parts.stats.failedLoads++
      if (error instanceof BodyCut) return void res.destroy()
      const answer = () => this.#refuse(res, about.label, error)
      if (bodyWanted) answer()
      else answerEarly(req, res, expectsContinue, answer)
    }
  }

  /** begin, prepare, commit or rollback of a transaction of one table. */
  async manage(req: IncomingMessage, res: ServerResponse, op: string, expectsContinue: boolean): Promise<void> {
    if (!isManaged(op)) return void res.writeHead(404, { 'content-type': 'text/html' }).end('Not Found')
    let label = ''
    try {
      authorizeAtBackend(req, this.#options.account)
      const headers = parseTransactionHeaders(req, this.#options.emulatedVersion)
      label = headers.label
      if (headers.isMulti) {
        throw new TransactionRefusal(
          'INVALID_ARGUMENT',
          'Multi-statement transaction requests can only be sent to FE nodes, not BE nodes',
        )
      }
      const about = { ...headers, op }
      const fields = await this.#run(req, about)
      if (await spoiltAnswer(this.#parts.faults, about, res)) return
      answerEarly(req, res, expectsContinue, () => this.#succeed(res, label, fields))
    } catch (error) {
      answerEarly(req, res, expectsContinue, () => this.#refuse(res, label, error))
    }
  }

  async #takeLoad(req: IncomingMessage, headers: TransactionHeaders): Promise<LoadSlot> {
    const { database, table, label } = headers
    const announced = Number(req.headers['content-length'] ?? 0)
    return headers.isMulti
      ? this.#parts.multi.takeLoad(table, label, req.headers, announced)
      : this.#parts.tables.takeLoad(database, table, label, req.headers, announced)
  }

  /** Reads the body into the slot's part; resolves with its bytes. */
  async #receive(req: IncomingMessage, { part }: LoadSlot, about: FaultTarget): Promise<number> {
    const isCut = this.#parts.faults.take('cutBody', about) !== null
    const cut = () => isCut
    if (this.#options.mode === 'null') {
      const { bytes, rows } = await countBody(req, part.request.rowDelimiter, cut)
      part.counts.total += rows
      part.loadBytes += bytes
      return bytes
    }
    const received = await readBody(req, cut)
    const body = await decompress(received, part.request.compression)
    await this.#parts.faults.held('holdBody', about)
    failOnPurpose(this.#parts.faults, about)
    await this.#parts.loader.loadPart(part, body)
    part.loadBytes += received.length
    return received.length
  }

  async #run(req: IncomingMessage, about: FaultTarget & { readonly op: Managed }): Promise<Fields> {
    const { tables, faults, stats, store } = this.#parts
    const { op, database, table, label } = about
    const wish = new FaultyCommit(faults, about)
    if (op === 'begin' || op === 'rollback') failOnPurpose(faults, about)
    switch (op) {
      case 'begin': {
        const from = performance.now()
        const seconds = parseTimeout(headerText(req.headers, 'timeout'))
        await beforeBegin(faults, about, store.catalog.database(database)?.id)
        const { txnId } = await tables.begin(database, table, label, seconds)
        return { TxnId: txnId, BeginTxnTimeMs: elapsed(from) }
      }
      case 'prepare':
        return endFields(await tables.prepare(label, wish, this.#preparedSeconds(req)))
      case 'commit': {
        const found = await tables.commit(label, wish)
        stats.countLoad(found.part!.counts, found.part!.loadBytes)
        if (wish.isSlow) throw new TransactionRefusal('PUBLISH_TIMEOUT', PUBLISH_TIMEOUT_TEXT)
        return endFields(found)
      }
      case 'rollback':
        await tables.rollback(label)
        return {}
    }
  }

  #preparedSeconds(req: IncomingMessage): number {
    const text = headerText(req.headers, 'prepared_timeout')
    if (text === undefined || !has(this.#options.emulatedVersion, 'preparedTimeout')) return PREPARED_SECONDS
    if (!/^[1-9]\d*$/.test(text)) throw new LoadError(`Invalid prepared_timeout: ${text}`)
    return Number(text)
  }

  #succeed(res: ServerResponse, label: string, fields: Fields): void {
    this.#answer(res, { Status: 'OK', Message: '', Label: label, ...fields })
  }

  #refuse(res: ServerResponse, label: string, error: unknown): void {
    const isRefusal = error instanceof TransactionRefusal
    const status: TransactionStatus = isRefusal ? error.status : 'INTERNAL_ERROR'
    const part = error instanceof PartRefusal ? error.part : null
    const address = `${this.#options.host}:${res.req.socket.localPort ?? ''}`
    const url = part === null ? undefined : errorUrl(this.#parts.logs, part.rejected, address)
    const isKnown = isRefusal || error instanceof LoadError
    this.#answer(res, {
      Status: status,
      ...(status === 'LABEL_ALREADY_EXISTS' ? { ExistingJobStatus: (error as TransactionRefusal).existing } : {}),
      ...(status === 'TXN_IN_PROCESSING' ? { Label: label } : {}),
      Message: isKnown ? error.message : `Internal error: ${String(error)}`,
      ...(url === undefined ? {} : { ErrorURL: url }),
    })
  }

  #answer(res: ServerResponse, reply: Fields): void {
    answerAtBackend(res, reply, this.#options.emulatedVersion)
  }
}

type Managed = Extract<FaultOp, 'begin' | 'prepare' | 'commit' | 'rollback'>

const PUBLISH_TIMEOUT_TEXT = 'Publish timeout. The data will be visible after a while, '

function isManaged(op: string): op is Managed {
  return op === 'begin' || op === 'prepare' || op === 'commit' || op === 'rollback'
}

function endFields({ transaction, part, startedAt }: TableTransaction): Fields {
  const { counts, loadBytes } = part!
  return {
    TxnId: transaction.txnId,
    NumberTotalRows: counts.total,
    NumberLoadedRows: counts.total - counts.filtered,
    NumberFilteredRows: counts.filtered,
    NumberUnselectedRows: 0,
    LoadBytes: loadBytes,
    LoadTimeMs: elapsed(startedAt),
    StreamLoadPlanTimeMs: 0,
    ReceivedDataTimeMs: 0,
    WriteDataTimeMs: 0,
    CommitAndPublishTimeMs: 0,
  }
}

function elapsed(since: number): number {
  return Math.round(performance.now() - since)
}
