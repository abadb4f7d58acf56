import type { Readable } from 'node:stream'
import { Client } from 'undici'
import type { Load } from '../dispatch/sink.js'
import { Failure } from '../model/failure.js'
import { type Address, type Frontends, formatAddress } from './frontends.js'
import { expectHop, type HopAnswer, type HopTimes, parseLocation, reasonOf } from './http-hop.js'
import { basicAuthorization, loadHeaders, loadPath } from './load-body.js'
import { type LoadVerdict, parseLoadAnswer } from './load-status.js'

export interface StreamLoadOptions {
  readonly user: string
  readonly password: string
  /** The load's limit on the server; the answer is awaited a little longer. */
  readonly loadTimeoutMs: number
  readonly connectTimeoutMs: number
  /** Wait for an FE's redirect; the official client's value by default. */
  readonly redirectTimeoutMs?: number
  /** How much longer than the load's own time-out its answer is awaited, so that the server's verdict comes first; 30 s when absent. */
  readonly answerGraceMs?: number
}

const REDIRECT_TIMEOUT_MS = 30_000
const MAX_HOPS = 5
const ANSWER_GRACE_MS = 30_000
const MAX_TEXT = 1 << 20

interface Destination {
  readonly address: Address
  readonly path: string
}

/** One attempt of Stream Loads (`PUT /api/{db}/{table}/_stream_load`): FE redirect, body to the BE, verdict. */
export class StreamLoad {
  readonly #options: StreamLoadOptions
  readonly #frontends: Frontends
  readonly #times: HopTimes
  /** Nodes that take bodies, learnt by asking; addresses as reached from here. */
  readonly #takers = new Set<string>()

  constructor(options: StreamLoadOptions, frontends: Frontends) {
    this.#options = options
    this.#frontends = frontends
    this.#times = {
      connectTimeoutMs: options.connectTimeoutMs,
      answerTimeoutMs: options.redirectTimeoutMs ?? REDIRECT_TIMEOUT_MS,
    }
  }

  /**
   * Sends the load once and says what became of it. Entrances that cannot be reached are passed over as long as no byte of
   * the body left; after that an unread answer is the verdict `unknown`. Rejects only where nothing was sent and nothing
   * can be: headers too large, a redirect to another scheme, stopped by the signal.
   */
  async send(load: Load, signal: AbortSignal): Promise<LoadVerdict> {
    const direct = this.#frontends.direct
    const headers = {
      ...loadHeaders(load, { loadTimeoutMs: this.#options.loadTimeoutMs, throughFrontend: !direct }),
      authorization: basicAuthorization(this.#options.user, this.#options.password),
      'content-length': String(load.bytes),
    }
    const path = loadPath(load.target)
    try {
      return await this.#frontends.tryEach(direct ? 'backend' : 'http', signal, async address => {
        const verdict = direct
          ? await this.#sendBody({ address, path }, headers, load, signal)
          : await this.#throughFrontend({ address, path }, headers, load, signal)
        // An FE without a leader or without BEs is passed over like one that is down: another may know better.
        if (verdict.kind === 'unreachable') throw new Failure('targetUnreachable', verdict.message)
        return verdict
      })
    } catch (error) {
      if (error instanceof Failure && error.kind === 'targetUnreachable' && !signal.aborted)
        return { kind: 'unreachable', message: error.message }
      throw error
    }
  }

  /**
   * Follows an FE's redirects without sending the body, for `path`'s table: resolves with the node that would take it, or
   * with the FE's refusal. Used by loads and by the preflight, which sends nothing more.
   */
  async locate(
    start: Destination,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | null,
  ): Promise<
    | { readonly kind: 'taker'; readonly destination: Destination }
    | { readonly kind: 'answer'; readonly answer: HopAnswer }
  > {
    let destination = start
    for (let hop = 0; hop < MAX_HOPS; hop += 1) {
      const name = formatAddress(destination.address)
      if (this.#takers.has(name)) return { kind: 'taker', destination }
      const result = await expectHop(destination.address, destination.path, headers, this.#times, signal)
      // Something that asks for the body itself: a BE under an FE's address, or a proxy in front.
      if (result.kind === 'continue') {
        this.#takers.add(name)
        return { kind: 'taker', destination }
      }
      const { answer } = result
      if (answer.status < 300 || answer.status > 399 || answer.location === null) return { kind: 'answer', answer }
      const { address, path } = parseLocation(answer.location, destination.address)
      destination = { address: this.#frontends.map(address), path }
      if (!this.#frontends.isFrontend(destination.address) && (await this.#takesBodies(destination, signal)))
        return { kind: 'taker', destination }
    }
    throw new Failure('targetUnreachable', `${formatAddress(start.address)}: more than ${MAX_HOPS} redirects`)
  }

  async #throughFrontend(
    start: Destination,
    headers: Readonly<Record<string, string>>,
    load: Load,
    signal: AbortSignal,
  ): Promise<LoadVerdict> {
    const found = await this.locate(start, headers, signal)
    return found.kind === 'answer'
      ? parseLoadAnswer(found.answer.text, found.answer.status)
      : this.#sendBody(found.destination, headers, load, signal)
  }

  /**
   * Whether an address an FE redirected to is a BE. Asked once for each address, without credentials, which opens no
   * transaction anywhere: an FE answers 401 or redirects, a BE says `no valid Basic authorization` with HTTP 200.
   */
  async #takesBodies(destination: Destination, signal: AbortSignal | null): Promise<boolean> {
    const name = formatAddress(destination.address)
    if (this.#takers.has(name)) return true
    const result = await expectHop(
      destination.address,
      destination.path,
      { 'content-length': '1' },
      this.#times,
      signal,
    )
    if (result.kind === 'answer' && (result.answer.status === 401 || result.answer.location !== null)) return false
    this.#takers.add(name)
    return true
  }

  /** Sends the body to a node that takes it and reads the verdict. No Expect here: undici refuses that header. */
  async #sendBody(
    destination: Destination,
    headers: Readonly<Record<string, string>>,
    load: Load,
    signal: AbortSignal,
  ): Promise<LoadVerdict> {
    const name = formatAddress(destination.address)
    const { connectTimeoutMs, loadTimeoutMs } = this.#options
    const waitMs = connectTimeoutMs + loadTimeoutMs + (this.#options.answerGraceMs ?? ANSWER_GRACE_MS)
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(new Error(`no answer within ${waitMs} ms`)), waitMs)
    // One connection for each load: after an early answer it could not be used again.
    const client = new Client(`http://${name}`, {
      pipelining: 0,
      connect: { timeout: connectTimeoutMs },
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    let sent = false
    // A generator is pulled only once the connection stands, so nothing was sent before its first step.
    const pieces = async function* () {
      for (const piece of load.body) {
        sent = true
        yield piece
      }
    }
    try {
      const response = await client.request({
        method: 'PUT',
        path: destination.path,
        headers,
        // undici takes any async iterable; its types name only streams.
        body: pieces() as unknown as Readable,
        signal: AbortSignal.any([signal, deadline.signal]),
      })
      const chunks: Uint8Array[] = []
      let length = 0
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        if (length < MAX_TEXT) chunks.push(chunk)
        length += chunk.byteLength
      }
      if (response.statusCode >= 300 && response.statusCode <= 399) {
        const message = `${name} took the body and then redirected: a proxy stands before the FE. Set sr_be_http`
        return { kind: 'rejected', message }
      }
      const verdict = parseLoadAnswer(Buffer.concat(chunks).toString('utf8'), response.statusCode)
      if ('message' in verdict && verdict.kind !== 'done') return { ...verdict, message: `${name}: ${verdict.message}` }
      return verdict
    } catch (error) {
      const reason = signal.aborted ? 'stopped' : reasonOf(deadline.signal.aborted ? deadline.signal.reason : error)
      if (sent) return { kind: 'unknown', message: `${name}: ${reason}` }
      throw new Failure('targetUnreachable', `${name}: ${reason}`, { cause: error })
    } finally {
      clearTimeout(timer)
      await client.destroy()
    }
  }
}
