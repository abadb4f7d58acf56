import type { Readable } from 'node:stream'
import type { Client } from 'undici'
import { Failure } from '../model/failure.js'
import { underSignals } from '../model/linked-signal.js'
import { type Frontends, formatAddress } from './frontends.js'
import { expectHop, type HopAnswer, type HopTimes, reasonOf } from './http-hop.js'
import { NodeClients } from './node-clients.js'
import { type Destination, MAX_HOPS, redirectOf, tooManyRedirects } from './redirects.js'

export interface TransferOptions {
  /** The load's limit on the server; the answer is awaited a little longer. */
  readonly loadTimeoutMs: number
  readonly connectTimeoutMs: number
  /** Wait for an FE's redirect; the official client's value by default. */
  readonly redirectTimeoutMs?: number
  /** How much longer than the load's own time-out its answer is awaited, so that the server's verdict comes first; 30 s when absent. */
  readonly answerGraceMs?: number
}

/** What a transfer sends; `content-length` is among the headers. */
export interface Cargo {
  readonly headers: Readonly<Record<string, string>>
  readonly body: readonly Uint8Array[]
}

export type Transfer =
  /** An answer to judge. `node`: who took the body, null when an FE answered for itself. */
  | { readonly kind: 'answer'; readonly answer: HopAnswer; readonly node: string | null }
  /** A node took the body and then redirected. */
  | { readonly kind: 'misled'; readonly message: string }
  /** Bytes of the body left, and no answer came. */
  | { readonly kind: 'lost'; readonly message: string }

const REDIRECT_TIMEOUT_MS = 30_000
const ANSWER_GRACE_MS = 30_000
const MAX_TEXT = 1 << 20

/** Brings a body to the BE that takes it: header block to an FE, its redirects, body to the BE, answer. */
export class BodyTransfer {
  readonly #options: TransferOptions
  readonly #frontends: Frontends
  readonly #times: HopTimes
  /** Nodes that take bodies, learnt by asking; addresses as reached from here. */
  readonly #takers = new Set<string>()
  readonly #clients: NodeClients

  constructor(options: TransferOptions, frontends: Frontends) {
    this.#options = options
    this.#frontends = frontends
    this.#clients = new NodeClients(options.connectTimeoutMs)
    this.#times = {
      connectTimeoutMs: options.connectTimeoutMs,
      answerTimeoutMs: options.redirectTimeoutMs ?? REDIRECT_TIMEOUT_MS,
    }
  }

  /** Through an FE at `start`. Rejects with Failure('targetUnreachable') as long as no byte of the body left. */
  async throughFrontend(start: Destination, cargo: Cargo, signal: AbortSignal): Promise<Transfer> {
    const found = await this.locate(start, cargo.headers, signal)
    return found.kind === 'answer'
      ? { kind: 'answer', answer: found.answer, node: null }
      : this.toTaker(found.destination, cargo, signal)
  }

  /**
   * Follows an FE's redirects without sending the body, for `start`'s path: resolves with the node that would take it, or
   * with the FE's refusal.
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
      const next = redirectOf(this.#frontends, result.answer, destination.address)
      if (next === null) return { kind: 'answer', answer: result.answer }
      destination = next
      if (!this.#frontends.isFrontend(destination.address) && (await this.#takesBodies(destination, signal)))
        return { kind: 'taker', destination }
    }
    throw tooManyRedirects(start)
  }

  /** Sends the body to a node that takes it and reads the answer. No Expect here: undici refuses that header. */
  async toTaker(destination: Destination, cargo: Cargo, signal: AbortSignal): Promise<Transfer> {
    const name = formatAddress(destination.address)
    const { connectTimeoutMs, loadTimeoutMs } = this.#options
    const waitMs = connectTimeoutMs + loadTimeoutMs + (this.#options.answerGraceMs ?? ANSWER_GRACE_MS)
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(new Error(`no answer within ${waitMs} ms`)), waitMs)
    const client = this.#clients.take(name)
    let answered = false
    let sent = false
    // A generator is pulled only once the connection stands, so nothing was sent before its first step.
    const pieces = async function* () {
      for (const piece of cargo.body) {
        sent = true
        yield piece
      }
    }
    try {
      const answer = await underSignals([signal, deadline.signal], either =>
        exchange(client, destination.path, cargo.headers, pieces(), either),
      )
      answered = true
      if (answer.status < 300 || answer.status > 399) return { kind: 'answer', answer, node: name }
      const message = `${name} took the body and then redirected: a proxy stands before the FE. Set sr_be_http`
      return { kind: 'misled', message }
    } catch (error) {
      const reason = signal.aborted ? 'stopped' : reasonOf(deadline.signal.aborted ? deadline.signal.reason : error)
      if (sent) return { kind: 'lost', message: `${name}: ${reason}` }
      throw new Failure('targetUnreachable', `${name}: ${reason}`, { cause: error })
    } finally {
      clearTimeout(timer)
      // undici itself closes the connection behind an answer that came before all of the body had left.
      if (answered) this.#clients.give(name, client)
      else await client.destroy()
    }
  }

  /** Closes connections that are open for the next load; loads under way end by themselves. */
  close(): Promise<void> {
    return this.#clients.close()
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
}

async function exchange(
  client: Client,
  path: string,
  headers: Readonly<Record<string, string>>,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<HopAnswer> {
  // undici takes any async iterable; its types name only streams.
  const body = pieces as unknown as Readable
  const response = await client.request({ method: 'PUT', path, headers, body, signal })
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    if (length < MAX_TEXT) chunks.push(chunk)
    length += chunk.byteLength
  }
  return { status: response.statusCode, location: null, text: Buffer.concat(chunks).toString('utf8') }
}
