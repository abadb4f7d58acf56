import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerAtBackend, answerEarly, authorizeAtBackend, errorUrl } from './backend-answer.js'
import type { Account } from './basic-auth.js'
import { type ErrorLogs, RejectedRows } from './error-log.js'
import { beforeBegin, beforeContinue, failOnPurpose, spoiltAnswer } from './fault-points.js'
import type { Faults, FaultTarget } from './faults.js'
import type { Labels, LoadTransaction } from './labels.js'
import { BodyCut, countBody, decompress, readBody } from './load-body.js'
import { LoadError } from './load-error.js'
import {
  headersOfRelease,
  headerText,
  type LoadRequest,
  parseLabel,
  parseLoadRequest,
  parseTimeout,
} from './load-request.js'
import type { LoadStats } from './load-stats.js'
import type { RowCounts } from './row-converter.js'
import type { Store } from './store.js'
import type { SandboxMode, StreamLoader } from './stream-load.js'
import { has } from './version.js'

export interface BackendOptions {
  readonly host: string
  readonly port: number
  readonly account: Account
  readonly emulatedVersion: string
  readonly mode: SandboxMode
}

interface LoadReply {
  txnId: number
  label: string
  readonly target: { readonly database: string; readonly table: string }
  status: 'Success' | 'Publish Timeout' | 'Label Already Exists' | 'Fail'
  existingJobStatus: string | undefined
  message: string
  readonly counts: RowCounts
  loadBytes: number
  readonly startedAt: number
  beginMs: number
  planMs: number
  readMs: number
  writeMs: number
  errorUrl: string | undefined
}

export interface BackendParts {
  readonly store: Store
  readonly labels: Labels
  readonly loader: StreamLoader
  readonly logs: ErrorLogs
  readonly faults: Faults
  readonly stats: LoadStats
}

/** Stream Load at the BE: label, 100 Continue, body, rows and label at once, verdict. */
export class BackendLoads {
  readonly #options: BackendOptions
  readonly #parts: BackendParts

  constructor(options: BackendOptions, parts: BackendParts) {
    this.#options = options
    this.#parts = parts
  }

  /** Takes one load and answers it. */
  async handle(
    req: IncomingMessage,
    res: ServerResponse,
    target: { readonly database: string; readonly table: string },
    expectsContinue: boolean,
  ): Promise<void> {
    const reply: LoadReply = {
      txnId: -1,
      label: '',
      target,
      status: 'Success',
      existingJobStatus: undefined,
      message: 'OK',
      counts: { total: 0, filtered: 0 },
      loadBytes: 0,
      startedAt: performance.now(),
      beginMs: 0,
      planMs: 0,
      readMs: 0,
      writeMs: 0,
      errorUrl: undefined,
    }
    const about = () => ({ ...target, label: reply.label, op: 'streamLoad' as const })
    const rejected = new RejectedRows()
    let transaction: LoadTransaction | undefined
    let bodyWanted = false
    try {
      authorizeAtBackend(req, this.#options.account)
      reply.label = parseLabel(req.headers) ?? randomUUID()
      parseTimeout(headerText(req.headers, 'timeout'))
      const known = this.#parts.store.catalog.database(target.database)
      await beforeBegin(this.#parts.faults, about(), known?.id)
      transaction = this.#begin(reply)
      if (transaction === undefined) return answerEarly(req, res, expectsContinue, () => this.#answer(res, reply))
      const request = parseLoadRequest(headersOfRelease(req.headers, this.#options.emulatedVersion))
      this.#parts.loader.plan(target.database, target.table, request)
      reply.planMs = elapsed(reply.startedAt) - reply.beginMs
      await beforeContinue(this.#parts.faults, about())
      if (expectsContinue) res.writeContinue()
      bodyWanted = true
      await this.#receive(req, request, reply, transaction, rejected)
    } catch (error) {
      if (transaction !== undefined && transaction.state !== 'ABORTED') {
        await this.#parts.labels.abort(transaction, error instanceof Error ? error.message : String(error))
      }
      this.#parts.stats.failedLoads++
      if (error instanceof BodyCut) return void res.destroy()
      reply.status = 'Fail'
      reply.message = error instanceof LoadError ? error.message : `Internal error: ${String(error)}`
      reply.errorUrl = this.#errorUrl(req, rejected)
      if (!bodyWanted) return answerEarly(req, res, expectsContinue, () => this.#answer(res, reply))
      return this.#answer(res, reply)
    }
    reply.errorUrl = this.#errorUrl(req, rejected)
    this.#publish(transaction, reply, about())
    if (!(await spoiltAnswer(this.#parts.faults, about(), res))) this.#answer(res, reply)
  }

  /** Takes the label; undefined when another transaction has it, which the reply then says. */
  #begin(reply: LoadReply): LoadTransaction | undefined {
    const { database, table } = reply.target
    if (!this.#parts.store.catalog.hasDatabase(database)) throw new LoadError(`unknown database, database=${database}`)
    if (this.#parts.store.catalog.table(database, table) === undefined) {
      throw new LoadError(`unknown table "${database}.${table}"`)
    }
    const begun = this.#parts.labels.begin(database, reply.label)
    reply.beginMs = elapsed(reply.startedAt)
    if ('existing' in begun) {
      reply.status = 'Label Already Exists'
      reply.existingJobStatus = begun.existing
      reply.message = `Label [${reply.label}] has already been used.`
      return undefined
    }
    reply.txnId = begun.txnId
    return begun
  }

  async #receive(
    req: IncomingMessage,
    request: LoadRequest,
    reply: LoadReply,
    transaction: LoadTransaction,
    rejected: RejectedRows,
  ): Promise<void> {
    const about = { ...reply.target, label: reply.label, op: 'streamLoad' as const }
    const readFrom = performance.now()
    const isCut = this.#parts.faults.take('cutBody', about) !== null
    const cut = () => isCut
    if (this.#options.mode === 'null') {
      const { bytes, rows } = await countBody(req, request.rowDelimiter, cut)
      reply.loadBytes = bytes
      await this.#parts.loader.finishCounted(rows, transaction, reply.counts)
      return
    }
    const received = await readBody(req, cut)
    reply.loadBytes = received.length
    const body = await decompress(received, request.compression)
    reply.readMs = elapsed(readFrom)
    await this.#parts.faults.held('holdBody', about)
    await this.#parts.faults.held('holdCommit', about)
    failOnPurpose(this.#parts.faults, about)
    const writeFrom = performance.now()
    await this.#parts.loader.load(reply.target, request, body, transaction, reply.counts, rejected)
    reply.writeMs = elapsed(writeFrom)
  }

  /** The rows are durable: the label becomes VISIBLE, or stays COMMITTED for a while when publishing is said to be slow. */
  #publish(transaction: LoadTransaction, reply: LoadReply, target: FaultTarget): void {
    const isSlow = this.#parts.faults.take('publishTimeout', target) !== null
    this.#parts.labels.finish(transaction, isSlow ? 'COMMITTED' : 'VISIBLE')
    this.#parts.stats.countLoad(reply.counts, reply.loadBytes)
    if (!isSlow) return
    reply.status = 'Publish Timeout'
    reply.message = 'Publish timeout. The data will be visible after a while, '
  }

  #errorUrl(req: IncomingMessage, rejected: RejectedRows): string | undefined {
    return errorUrl(this.#parts.logs, rejected, `${this.#options.host}:${req.socket.localPort ?? ''}`)
  }

  #answer(res: ServerResponse, reply: LoadReply): void {
    const { emulatedVersion } = this.#options
    answerAtBackend(res, renderReply(reply, emulatedVersion), emulatedVersion)
  }
}

/** The fields of `StreamLoadContext::to_json`, in its order. */
function renderReply(reply: LoadReply, version: string): Record<string, unknown> {
  const { counts } = reply
  const withNames = has(version, 'namesInAnswers')
  return {
    TxnId: reply.txnId,
    Label: reply.label,
    ...(withNames ? { Db: reply.target.database, Table: reply.target.table } : {}),
    Status: reply.status,
    ...(reply.existingJobStatus === undefined ? {} : { ExistingJobStatus: reply.existingJobStatus }),
    Message: reply.message,
    NumberTotalRows: counts.total,
    NumberLoadedRows: counts.total - counts.filtered,
    NumberFilteredRows: counts.filtered,
    NumberUnselectedRows: 0,
    LoadBytes: reply.loadBytes,
    LoadTimeMs: elapsed(reply.startedAt),
    BeginTxnTimeMs: reply.beginMs,
    StreamLoadPlanTimeMs: reply.planMs,
    ReadDataTimeMs: reply.readMs,
    WriteDataTimeMs: reply.writeMs,
    CommitAndPublishTimeMs: 0,
    ...(reply.errorUrl === undefined ? {} : { ErrorURL: reply.errorUrl }),
  }
}

function elapsed(since: number): number {
  return Math.round(performance.now() - since)
}
