import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { type Account, checkBasicAuth } from './basic-auth.js'
import { type ErrorLogs, RejectedRows } from './error-log.js'
import type { Faults, FaultTarget } from './faults.js'
import { decodePart, type HttpListener, listen, splitUrl } from './http-listener.js'
import type { Labels, LoadTransaction } from './labels.js'
import { BodyCut, bodyChunks, decompress, readBody } from './load-body.js'
import { LoadError } from './load-error.js'
import { headerText, type LoadRequest, parseLabel, parseLoadRequest, parseTimeout } from './load-request.js'
import type { LoadStats } from './load-stats.js'
import type { RowCounts } from './row-converter.js'
import type { Store } from './store.js'
import type { SandboxMode, StreamLoader } from './stream-load.js'
import { atLeast } from './version.js'

/** libevent has no limit of its own. */
const MAX_HEADER_BYTES = 16 * 1024 * 1024

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

/** The BE's HTTP port: Stream Load itself, and the pages of rejected rows. */
export class Backend {
  readonly #options: BackendOptions
  readonly #store: Store
  readonly #labels: Labels
  readonly #loader: StreamLoader
  readonly #logs: ErrorLogs
  readonly #faults: Faults
  readonly #stats: LoadStats

  constructor(
    options: BackendOptions,
    parts: {
      readonly store: Store
      readonly labels: Labels
      readonly loader: StreamLoader
      readonly logs: ErrorLogs
      readonly faults: Faults
      readonly stats: LoadStats
    },
  ) {
    this.#options = options
    this.#store = parts.store
    this.#labels = parts.labels
    this.#loader = parts.loader
    this.#logs = parts.logs
    this.#faults = parts.faults
    this.#stats = parts.stats
  }

  async listen(): Promise<HttpListener> {
    const { host, port } = this.#options
    return listen({ host, port, maxHeaderBytes: MAX_HEADER_BYTES, anyExpectation: false }, (req, res, expects) =>
      this.#handle(req, res, expects),
    )
  }

  async #handle(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): Promise<void> {
    const { parts, query } = splitUrl(req)
    if (req.method === 'PUT' && parts.length === 4 && parts[0] === 'api' && parts[3] === '_stream_load') {
      const decode = atLeast(this.#options.emulatedVersion, '3.5') ? decodePart : (part: string) => part
      const target = { database: decode(parts[1]!), table: decode(parts[2]!) }
      this.#stats.openLoads++
      try {
        await this.#streamLoad(req, res, target, expectsContinue)
      } finally {
        this.#stats.openLoads--
      }
    } else if (req.method === 'GET' && parts[0] === 'api' && parts[1] === '_load_error_log') {
      const page = this.#logs.page(query.get('file') ?? '')
      res.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(page ?? 'file not exist')
    } else {
      res.writeHead(404, { 'content-type': 'text/html' }).end('Not Found')
    }
  }

  async #streamLoad(
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
    const about = () => ({ ...target, label: reply.label })
    const rejected = new RejectedRows()
    let transaction: LoadTransaction | undefined
    let bodyWanted = false
    try {
      this.#authorize(req)
      transaction = this.#begin(req, reply)
      if (transaction === undefined) return this.#answerEarly(req, res, reply, expectsContinue)
      const request = parseLoadRequest(req.headers)
      this.#loader.plan(target.database, target.table, request)
      reply.planMs = elapsed(reply.startedAt) - reply.beginMs
      await this.#holdContinue(about())
      if (expectsContinue) res.writeContinue()
      bodyWanted = true
      await this.#receive(req, request, reply, transaction, rejected)
    } catch (error) {
      if (transaction !== undefined && transaction.state !== 'ABORTED') {
        await this.#labels.abort(transaction, error instanceof Error ? error.message : String(error))
      }
      this.#stats.failedLoads++
      if (error instanceof BodyCut) return void res.destroy()
      reply.status = 'Fail'
      reply.message = error instanceof LoadError ? error.message : `Internal error: ${String(error)}`
      if (rejected.lines.length > 0) reply.errorUrl = this.#errorUrl(req, rejected)
      if (!bodyWanted) return this.#answerEarly(req, res, reply, expectsContinue)
      return this.#answer(res, reply)
    }
    if (rejected.lines.length > 0) reply.errorUrl = this.#errorUrl(req, rejected)
    this.#publish(transaction, reply, about())
    await this.#faults.held('holdAnswer', about())
    if (this.#faults.take('answerLost', about()) !== null) return void res.destroy()
    if (this.#faults.take('garbageReply', about()) !== null) {
      return void res.writeHead(200, { 'content-type': 'text/html' }).end('<html>upstream</html>')
    }
    this.#answer(res, reply)
  }

  #authorize(req: IncomingMessage): void {
    const { verdict, user } = checkBasicAuth(req.headers.authorization, this.#options.account)
    if (verdict === 'missing') throw new LoadError('no valid Basic authorization')
    if (verdict === 'denied') throw new LoadError(`Access denied for ${user}@${req.socket.remoteAddress ?? ''}`)
  }

  /** Takes the label; undefined when another transaction has it, which the reply then says. */
  #begin(req: IncomingMessage, reply: LoadReply): LoadTransaction | undefined {
    const { database, table } = reply.target
    reply.label = parseLabel(req.headers) ?? randomUUID()
    parseTimeout(headerText(req.headers, 'timeout'))
    const known = this.#store.catalog.database(database)
    if (known === undefined) throw new LoadError(`unknown database, database=${database}`)
    if (this.#store.catalog.table(database, table) === undefined) {
      throw new LoadError(`unknown table "${database}.${table}"`)
    }
    if (this.#faults.take('runningTxnLimit', { ...reply.target, label: reply.label }) !== null) {
      throw new LoadError(`current running txns on db ${known.id} is 1000, larger than limit 1000`)
    }
    const begun = this.#labels.begin(database, reply.label)
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

  async #holdContinue(target: FaultTarget): Promise<void> {
    const slowMs = this.#faults.take('slowContinueMs', target)
    if (typeof slowMs === 'number') await delay(slowMs)
    await this.#faults.held('holdContinue', target)
  }

  async #receive(
    req: IncomingMessage,
    request: LoadRequest,
    reply: LoadReply,
    transaction: LoadTransaction,
    rejected: RejectedRows,
  ): Promise<void> {
    const about = { ...reply.target, label: reply.label }
    const readFrom = performance.now()
    const isCut = this.#faults.take('cutBody', about) !== null
    const cut = () => isCut
    if (this.#options.mode === 'null') {
      const rows = await countDelimiters(req, request.rowDelimiter, cut, reply)
      await this.#loader.finishCounted(rows, transaction, reply.counts)
      return
    }
    const received = await readBody(req, cut)
    reply.loadBytes = received.length
    const body = await decompress(received, request.compression)
    reply.readMs = elapsed(readFrom)
    this.#failOnPurpose(about)
    const writeFrom = performance.now()
    await this.#loader.load(reply.target, request, body, transaction, reply.counts, rejected)
    reply.writeMs = elapsed(writeFrom)
  }

  #failOnPurpose(target: FaultTarget): void {
    if (this.#faults.take('tooManyVersions', target) !== null) {
      throw new LoadError(
        'Failed to load data into tablet 10023, because of too many versions, current/limit: 1001/1000. You can reduce the loading job concurrency, or increase loading data batch size.',
      )
    }
    const text = this.#faults.take('failedWith200', target)
    if (text !== null) throw new LoadError(text === true ? 'Internal error of the backend' : String(text))
  }

  /** The rows are durable: the label becomes VISIBLE, or stays COMMITTED for a while when publishing is said to be slow. */
  #publish(transaction: LoadTransaction, reply: LoadReply, target: FaultTarget): void {
    const isSlow = this.#faults.take('publishTimeout', target) !== null
    this.#labels.finish(transaction, isSlow ? 'COMMITTED' : 'VISIBLE')
    this.#stats.loads++
    this.#stats.rows += reply.counts.total - reply.counts.filtered
    this.#stats.bytes += reply.loadBytes
    if (!isSlow) return
    reply.status = 'Publish Timeout'
    reply.message = 'Publish timeout. The data will be visible after a while, '
  }

  #errorUrl(req: IncomingMessage, rejected: RejectedRows): string {
    const file = this.#logs.keep(rejected)
    return `http://${this.#options.host}:${req.socket.localPort ?? ''}/api/_load_error_log?file=${file}`
  }

  /** An answer given before the body: a client that waits for 100 Continue gets it at once, any other when it has sent all. */
  #answerEarly(req: IncomingMessage, res: ServerResponse, reply: LoadReply, expectsContinue: boolean): void {
    res.setHeader('connection', 'close')
    if (expectsContinue) {
      this.#answer(res, reply)
      return
    }
    req.once('end', () => this.#answer(res, reply))
    req.once('error', () => res.destroy())
    req.resume()
  }

  #answer(res: ServerResponse, reply: LoadReply): void {
    const { emulatedVersion } = this.#options
    const text = JSON.stringify(renderReply(reply, emulatedVersion), null, 4)
    res.setHeader(
      'content-type',
      atLeast(emulatedVersion, '4.0') ? 'application/json' : 'text/html; charset=ISO-8859-1',
    )
    res.setHeader('content-length', Buffer.byteLength(text))
    res.writeHead(200).end(text)
  }
}

/** The fields of `StreamLoadContext::to_json`, in its order. */
function renderReply(reply: LoadReply, version: string): Record<string, unknown> {
  const { counts } = reply
  const withNames = atLeast(version, '4.1')
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

async function countDelimiters(
  req: IncomingMessage,
  rowDelimiter: Buffer,
  cut: () => boolean,
  reply: LoadReply,
): Promise<number> {
  const last = rowDelimiter.at(-1)!
  let rows = 0
  let ended = true
  for await (const chunk of bodyChunks(req, cut)) {
    reply.loadBytes += chunk.length
    for (let at = chunk.indexOf(last); at >= 0; at = chunk.indexOf(last, at + 1)) rows++
    ended = chunk.at(-1) === last
  }
  return ended ? rows : rows + 1
}

function elapsed(since: number): number {
  return Math.round(performance.now() - since)
}
