import type { IncomingMessage, ServerResponse } from 'node:http'
import { AdminRoutes } from './admin-routes.js'
import { spoiltAnswer } from './fault-points.js'
import type { Faults, FaultTarget } from './faults.js'
import { type FrontendOptions, FrontendReplies } from './frontend-replies.js'
import { type FrontendParts, FrontendTransactions } from './frontend-transaction.js'
import { decodePart, type HttpListener, listen, splitUrl } from './http-listener.js'
import type { Labels } from './labels.js'
import type { Store } from './store.js'
import type { TableTransactions } from './table-transactions.js'
import { has } from './version.js'

/** `http_max_header_size` of the FE (8192 in 3.0). */
const MAX_HEADER_BYTES = 32_768

/** The FE's HTTP port: authenticates, checks `Expect`, redirects loads to the BE without reading them, knows labels. */
export class Frontend {
  readonly #options: FrontendOptions
  readonly #store: Store
  readonly #labels: Labels
  readonly #faults: Faults
  readonly #admin: AdminRoutes
  readonly #replies: FrontendReplies
  readonly #tables: TableTransactions
  readonly #transactions: FrontendTransactions

  constructor(options: FrontendOptions, parts: FrontendParts) {
    this.#options = options
    this.#store = parts.store
    this.#labels = parts.labels
    this.#faults = parts.faults
    this.#admin = new AdminRoutes(parts)
    this.#tables = parts.tables
    this.#replies = new FrontendReplies(options, parts.faults)
    this.#transactions = new FrontendTransactions(options, parts, this.#replies)
  }

  async listen(): Promise<HttpListener> {
    const { host, port } = this.#options
    return listen({ host, port, maxHeaderBytes: MAX_HEADER_BYTES, anyExpectation: true }, (req, res) =>
      this.#handle(req, res),
    )
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { parts, query } = splitUrl(req)
    const route = `${req.method} ${parts[0]}`
    if (parts[0] === 'sandbox') return this.#admin.handle(req, res, `${req.method} ${parts[1]}`, query)
    if (route === 'GET api' && parts.length === 2 && parts[1] === 'health') {
      return this.#replies.rest(res, { online_backend_num: 1, total_backend_num: 1 }, 'Success')
    }
    if (route === 'GET api' && parts.length === 2 && parts[1] === 'bootstrap')
      return this.#replies.rest(res, {}, 'Success')
    const target = { database: decodePart(parts[1] ?? ''), table: decodePart(parts[2] ?? ''), label: '' }
    const last = parts.at(-1)
    if (
      (route === 'PUT api' || route === 'POST api') &&
      parts.length === 3 &&
      parts[1] === 'transaction' &&
      has(this.#options.emulatedVersion, 'transactions')
    ) {
      return this.#transactions.handle(req, res, parts[2]!.toLowerCase())
    }
    if (route === 'PUT api' && parts.length === 4 && last === '_stream_load') {
      const label = req.headers.label
      return this.#streamLoad(req, res, { ...target, label: typeof label === 'string' ? label : '', op: 'streamLoad' })
    }
    if (route === 'GET api' && parts.length === 3 && last === 'get_load_state') {
      return this.#loadState(req, res, { ...target, table: '', label: query.get('label') ?? '', op: 'state' })
    }
    if (route === 'POST api' && (parts.length === 4 || parts.length === 3) && last === '_cancel') {
      return this.#cancel(req, res, { ...target, label: query.get('label') ?? '', op: 'cancel' })
    }
    res.writeHead(404, { 'content-type': 'text/html', connection: 'close' }).end('Not Found')
  }

  #streamLoad(req: IncomingMessage, res: ServerResponse, target: FaultTarget): void {
    if (!this.#replies.authorized(req, res, target)) return
    if (this.#replies.broken(res, target)) return
    if (!this.#expects(req)) {
      this.#refuse(res, 'There is no 100-continue header')
      return
    }
    if (this.#faults.take('noBackendAlive', target) !== null) {
      this.#refuse(res, 'No backend alive.')
      return
    }
    if (this.#faults.take('followerRedirect', target) !== null) {
      this.#replies.toLeader(req, res)
      return
    }
    this.#replies.redirect(req, res, target)
  }

  #expects(req: IncomingMessage): boolean {
    const expect = req.headers.expect
    if (!has(this.#options.emulatedVersion, 'expectByValue')) return expect !== undefined
    return req.httpVersion === '1.0' || expect?.toLowerCase() === '100-continue'
  }

  /** A refusal before the redirect: HTTP 200 and the error shape of the version. */
  #refuse(res: ServerResponse, message: string): void {
    const body = has(this.#options.emulatedVersion, 'expectByValue')
      ? JSON.stringify({ Status: 'FAILED', Message: `class com.starrocks.common.DdlException: ${message}` }, null, 2)
      : JSON.stringify(this.#replies.failure(message))
    res.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(body)
  }

  async #loadState(req: IncomingMessage, res: ServerResponse, target: FaultTarget): Promise<void> {
    if (!this.#replies.authorized(req, res, target)) return
    if (this.#faults.take('followerRedirect', target) !== null) {
      this.#replies.toLeader(req, res)
      return
    }
    if (this.#replies.broken(res, target) || (await spoiltAnswer(this.#faults, target, res))) return
    if (this.#faults.take('leaderChange', target) !== null) await this.#transactions.changeLeader()
    if (target.label === '') {
      this.#replies.restFailure(res, 'No label selected.')
      return
    }
    if (!this.#store.catalog.hasDatabase(target.database)) {
      this.#replies.restFailure(res, `unknown database, database=${target.database}`)
      return
    }
    await this.#tables.sweep()
    const transaction = this.#labels.find(target.database, target.label)
    const hidden = this.#faults.take('stateUnknown', target) !== null
    const state = transaction === undefined || hidden ? 'UNKNOWN' : transaction.state
    const reason = hidden ? '' : (transaction?.reason ?? '')
    const withReason = has(this.#options.emulatedVersion, 'restCode')
    this.#replies.rest(res, withReason ? { state, reason } : { state }, 'Success')
    if (transaction?.state === 'COMMITTED' && !hidden) this.#labels.finish(transaction, 'VISIBLE')
  }

  async #cancel(req: IncomingMessage, res: ServerResponse, target: FaultTarget): Promise<void> {
    if (!this.#replies.authorized(req, res, target)) return
    if (target.label === '') return this.#replies.restFailure(res, 'No label selected.')
    if (!this.#store.catalog.hasDatabase(target.database)) {
      return this.#replies.restFailure(res, `unknown database, database=${target.database}`)
    }
    const transaction = this.#labels.find(target.database, target.label)
    if (transaction === undefined || transaction.isSealed || !/^PREPARED?$/.test(transaction.state)) {
      return this.#replies.restFailure(res, `transaction not found, label=${target.label}`)
    }
    await this.#labels.abort(transaction, 'user cancel')
    this.#replies.rest(res, {}, 'Success')
  }
}
