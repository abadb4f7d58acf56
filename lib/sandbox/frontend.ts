import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Account, checkBasicAuth } from './basic-auth.js'
import type { Faults, FaultTarget } from './faults.js'
import { decodePart, type HttpListener, listen, splitUrl } from './http-listener.js'
import type { Labels } from './labels.js'
import type { LoadStats } from './load-stats.js'
import type { Store } from './store.js'
import { atLeast } from './version.js'

/** `http_max_header_size` of the FE (8192 in 3.0). */
const MAX_HEADER_BYTES = 32_768
const MAX_ADMIN_BODY_BYTES = 65_536

export interface FrontendOptions {
  readonly host: string
  readonly port: number
  readonly account: Account
  readonly emulatedVersion: string
  /** host:port of the BE that loads are sent to. */
  readonly backend: string
}

/** The FE's HTTP port: authenticates, checks `Expect`, redirects loads to the BE without reading them, knows labels. */
export class Frontend {
  readonly #options: FrontendOptions
  readonly #store: Store
  readonly #labels: Labels
  readonly #faults: Faults
  readonly #stats: LoadStats

  constructor(options: FrontendOptions, store: Store, labels: Labels, faults: Faults, stats: LoadStats) {
    this.#options = options
    this.#store = store
    this.#labels = labels
    this.#faults = faults
    this.#stats = stats
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
    if (parts[0] === 'sandbox') return this.#admin(req, res, `${req.method} ${parts[1]}`)
    if (route === 'GET api' && parts.length === 2 && parts[1] === 'health') {
      return this.#rest(res, { online_backend_num: 1, total_backend_num: 1 }, 'Success')
    }
    if (route === 'GET api' && parts.length === 2 && parts[1] === 'bootstrap') return this.#rest(res, {}, 'Success')
    const target = { database: decodePart(parts[1] ?? ''), table: decodePart(parts[2] ?? ''), label: '' }
    const last = parts.at(-1)
    if (route === 'PUT api' && parts.length === 4 && last === '_stream_load') {
      const label = req.headers.label
      return this.#streamLoad(req, res, { ...target, label: typeof label === 'string' ? label : '' })
    }
    if (route === 'GET api' && parts.length === 3 && last === 'get_load_state') {
      return this.#loadState(req, res, { ...target, table: '', label: query.get('label') ?? '' })
    }
    if (route === 'POST api' && (parts.length === 4 || parts.length === 3) && last === '_cancel') {
      return this.#cancel(req, res, { ...target, label: query.get('label') ?? '' })
    }
    res.writeHead(404, { 'content-type': 'text/html', connection: 'close' }).end('Not Found')
  }

  /** Answers 401 and says false unless the account is right. */
  #authorized(req: IncomingMessage, res: ServerResponse, target: FaultTarget): boolean {
    const { verdict, user } = checkBasicAuth(req.headers.authorization, this.#options.account)
    const struck = this.#faults.take('unauthorized', target) !== null
    if (verdict === 'ok' && !struck) return true
    const message =
      verdict === 'missing' ? 'Need auth information.' : `Access denied for ${user}@${req.socket.remoteAddress ?? ''}`
    res.writeHead(401, {
      'content-type': 'application/json',
      'www-authenticate': 'Basic realm=""',
      connection: 'close',
    })
    res.end(JSON.stringify(this.#failure(message)))
    return false
  }

  #streamLoad(req: IncomingMessage, res: ServerResponse, target: FaultTarget): void {
    if (!this.#authorized(req, res, target)) return
    if (this.#faults.take('feError', target) !== null) {
      res.writeHead(500, { 'content-type': 'application/json', connection: 'close' })
      res.end(JSON.stringify(this.#failure('java.lang.NullPointerException')))
      return
    }
    if (!this.#expects(req)) {
      this.#refuse(res, 'There is no 100-continue header')
      return
    }
    if (this.#faults.take('noBackendAlive', target) !== null) {
      this.#refuse(res, 'No backend alive.')
      return
    }
    this.#redirect(req, res, target)
  }

  #expects(req: IncomingMessage): boolean {
    const expect = req.headers.expect
    if (!atLeast(this.#options.emulatedVersion, '3.1')) return expect !== undefined
    return req.httpVersion === '1.0' || expect?.toLowerCase() === '100-continue'
  }

  #redirect(req: IncomingMessage, res: ServerResponse, target: FaultTarget): void {
    const { host, backend, emulatedVersion } = this.#options
    const elsewhere = this.#faults.take('redirectTo', target)
    const toFrontend = elsewhere === null && this.#faults.take('followerRedirect', target) !== null
    const address =
      elsewhere !== null ? String(elsewhere) : toFrontend ? `${host}:${req.socket.localPort ?? ''}` : backend
    const url = req.url ?? '/'
    // Up to 3.4 the decoded path is sent raw, its UTF-8 bytes and all.
    const path = atLeast(emulatedVersion, '3.5') ? url : Buffer.from(decodePart(url), 'utf8').toString('latin1')
    res.writeHead(307, { location: `http://${address}${path}`, 'content-length': '0', connection: 'close' }).end()
  }

  /** A refusal before the redirect: HTTP 200 and the error shape of the version. */
  #refuse(res: ServerResponse, message: string): void {
    const body = atLeast(this.#options.emulatedVersion, '3.1')
      ? JSON.stringify({ Status: 'FAILED', Message: `class com.starrocks.common.DdlException: ${message}` }, null, 2)
      : JSON.stringify(this.#failure(message))
    res.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(body)
  }

  #loadState(req: IncomingMessage, res: ServerResponse, target: FaultTarget): void {
    if (!this.#authorized(req, res, target)) return
    if (this.#faults.take('followerRedirect', target) !== null) {
      this.#toLeader(req, res)
      return
    }
    if (target.label === '') {
      this.#restFailure(res, 'No label selected.')
      return
    }
    if (!this.#store.catalog.hasDatabase(target.database)) {
      this.#restFailure(res, `unknown database, database=${target.database}`)
      return
    }
    const transaction = this.#labels.find(target.database, target.label)
    const hidden = this.#faults.take('stateUnknown', target) !== null
    const state = transaction === undefined || hidden ? 'UNKNOWN' : transaction.state
    const reason = hidden ? '' : (transaction?.reason ?? '')
    const withReason = atLeast(this.#options.emulatedVersion, '3.4')
    this.#rest(res, withReason ? { state, reason } : { state }, 'Success')
    if (transaction?.state === 'COMMITTED' && !hidden) this.#labels.finish(transaction, 'VISIBLE')
  }

  async #cancel(req: IncomingMessage, res: ServerResponse, target: FaultTarget): Promise<void> {
    if (!this.#authorized(req, res, target)) return
    if (target.label === '') return this.#restFailure(res, 'No label selected.')
    if (!this.#store.catalog.hasDatabase(target.database)) {
      return this.#restFailure(res, `unknown database, database=${target.database}`)
    }
    const transaction = this.#labels.find(target.database, target.label)
    if (transaction?.state !== 'PREPARE') {
      return this.#restFailure(res, `transaction not found, label=${target.label}`)
    }
    await this.#labels.abort(transaction, 'user cancel')
    this.#rest(res, {}, 'Success')
  }

  #toLeader(req: IncomingMessage, res: ServerResponse): void {
    const location = `http://${this.#options.host}:${req.socket.localPort ?? ''}${req.url ?? '/'}`
    res.writeHead(307, { location, 'content-length': '0' }).end()
  }

  #rest(res: ServerResponse, fields: Record<string, unknown>, msg: string): void {
    const withCode = atLeast(this.#options.emulatedVersion, '3.4')
    const result = withCode ? { status: 'OK', code: '0', msg, message: 'OK' } : { status: 'OK', msg }
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...fields, ...result }))
  }

  #restFailure(res: ServerResponse, message: string): void {
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(this.#failure(message)))
  }

  /** `RestBaseResult` of a failure; `code` and `message` are there from 3.4. */
  #failure(msg: string): Record<string, string> {
    if (!atLeast(this.#options.emulatedVersion, '3.4')) return { status: 'FAILED', msg }
    return { status: 'FAILED', code: '1', msg, message: msg }
  }

  /** The sandbox's own routes: `POST /sandbox/faults` (the settings of `Faults.set` as JSON), `GET /sandbox/faults`, `GET /sandbox/stats`. */
  async #admin(req: IncomingMessage, res: ServerResponse, route: string): Promise<void> {
    const answer = (status: number, body: unknown) =>
      res.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
    if (route === 'GET stats') return void answer(200, this.#stats.snapshot())
    if (route === 'GET faults') return void answer(200, this.#faults.armed())
    if (route !== 'POST faults') return void answer(404, { error: 'unknown route' })
    try {
      const settings: unknown = JSON.parse(await readText(req))
      if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
        throw new TypeError('the body must be a JSON object of fault names')
      }
      this.#faults.set(settings as Parameters<Faults['set']>[0])
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error
      return void answer(400, { error: error.message })
    }
    answer(200, this.#faults.armed())
  }
}

async function readText(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_ADMIN_BODY_BYTES) throw new TypeError(`the body is over ${MAX_ADMIN_BODY_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
