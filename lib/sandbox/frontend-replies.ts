import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Account, checkBasicAuth } from './basic-auth.js'
import type { Faults, FaultTarget } from './faults.js'
import { decodePart } from './http-listener.js'
import { has } from './version.js'

export interface FrontendOptions {
  readonly host: string
  readonly port: number
  readonly account: Account
  readonly emulatedVersion: string
  /** host:port of the BE that loads are sent to. */
  readonly backend: string
}

/** What the FE's handlers answer alike: 401, redirects, the results of its REST actions. */
export class FrontendReplies {
  readonly #options: FrontendOptions
  readonly #faults: Faults

  constructor(options: FrontendOptions, faults: Faults) {
    this.#options = options
    this.#faults = faults
  }

  /** Answers 401 and says false unless the account is right. */
  authorized(req: IncomingMessage, res: ServerResponse, target: FaultTarget): boolean {
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
    res.end(JSON.stringify(this.failure(message)))
    return false
  }

  /** Answers 500 and says true when a fault asks for it. */
  broken(res: ServerResponse, target: FaultTarget): boolean {
    if (this.#faults.take('feError', target) === null) return false
    res.writeHead(500, { 'content-type': 'application/json', connection: 'close' })
    res.end(JSON.stringify(this.failure('java.lang.NullPointerException')))
    return true
  }

  /** 307 to the BE, or to where a fault says. */
  redirect(req: IncomingMessage, res: ServerResponse, target: FaultTarget): void {
    const elsewhere = this.#faults.take('redirectTo', target)
    this.#redirectTo(elsewhere === null ? this.#options.backend : String(elsewhere), req, res)
  }

  /** 307 to the same path here: this FE was a follower. */
  toLeader(req: IncomingMessage, res: ServerResponse): void {
    this.#redirectTo(`${this.#options.host}:${req.socket.localPort ?? ''}`, req, res)
  }

  /** `RestBaseResult` of a success behind the action's own fields. */
  rest(res: ServerResponse, fields: Record<string, unknown>, msg: string): void {
    const withCode = has(this.#options.emulatedVersion, 'restCode')
    const result = withCode ? { status: 'OK', code: '0', msg, message: 'OK' } : { status: 'OK', msg }
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...fields, ...result }))
  }

  /** `RestBaseResult` of a failure, HTTP 200. */
  restFailure(res: ServerResponse, message: string): void {
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(this.failure(message)))
  }

  /** `RestBaseResult` of a failure; `code` and `message` are there from 3.4. */
  failure(msg: string): Record<string, string> {
    if (!has(this.#options.emulatedVersion, 'restCode')) return { status: 'FAILED', msg }
    return { status: 'FAILED', code: '1', msg, message: msg }
  }

  #redirectTo(address: string, req: IncomingMessage, res: ServerResponse): void {
    const url = req.url ?? '/'
    // Up to 3.4 the decoded path is sent raw, its UTF-8 bytes and all.
    const isRaw = !has(this.#options.emulatedVersion, 'encodedPaths')
    const path = isRaw ? Buffer.from(decodePart(url), 'utf8').toString('latin1') : url
    res.writeHead(307, { location: `http://${address}${path}`, 'content-length': '0', connection: 'close' }).end()
  }
}
