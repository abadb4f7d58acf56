import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { Failure } from '../model/failure.js'
import { type Address, formatAddress } from './frontends.js'

/** An answer of a node, read to its end. */
export interface HopAnswer {
  readonly status: number
  readonly location: string | null
  readonly text: string
}

/** What a request with `Expect: 100-continue` and no body met. */
export type HopResult = { readonly kind: 'answer'; readonly answer: HopAnswer } | { readonly kind: 'continue' }

export interface HopTimes {
  readonly connectTimeoutMs: number
  /** Wait for the answer, from the moment the connection stands. */
  readonly answerTimeoutMs: number
}

/** What it means that a connection stood and no answer came. */
type Lost = 'targetUnreachable' | 'loadUnknown'

/** Longest answer text kept, in characters; what follows is dropped. */
const MAX_TEXT = 1 << 20

/**
 * Sends the header block of a load and never a byte of its body: an FE answers with a redirect, a node that would take the
 * body with 100 Continue. The socket is fresh and destroyed afterwards. Rejects with Failure('targetUnreachable') when no
 * answer comes; nothing was loaded then.
 */
export function expectHop(
  address: Address,
  path: string,
  headers: Readonly<Record<string, string>>,
  times: HopTimes,
  signal: AbortSignal | null,
): Promise<HopResult> {
  const outgoing = request({
    host: address.host,
    port: address.port,
    path,
    method: 'PUT',
    agent: false,
    headers: { ...headers, host: formatAddress(address), expect: '100-continue', connection: 'close' },
  })
  const result = settle(outgoing, address, times, signal, 'targetUnreachable')
  outgoing.flushHeaders()
  return result
}

/** One GET on a fresh connection; redirects are returned, not followed. Rejects as `expectHop` does. */
export function get(
  address: Address,
  path: string,
  headers: Readonly<Record<string, string>>,
  times: HopTimes,
  signal: AbortSignal | null,
): Promise<HopAnswer> {
  return ask('GET', address, path, headers, times, signal, 'targetUnreachable')
}

/**
 * One POST without a body on a fresh connection; redirects are returned, not followed. Rejects with
 * Failure('targetUnreachable') while nothing can have been done, with Failure('loadUnknown') when the connection stood and
 * no answer came.
 */
export function post(
  address: Address,
  path: string,
  headers: Readonly<Record<string, string>>,
  times: HopTimes,
  signal: AbortSignal | null,
): Promise<HopAnswer> {
  return ask('POST', address, path, { ...headers, 'content-length': '0' }, times, signal, 'loadUnknown')
}

async function ask(
  method: 'GET' | 'POST',
  address: Address,
  path: string,
  headers: Readonly<Record<string, string>>,
  times: HopTimes,
  signal: AbortSignal | null,
  lost: Lost,
): Promise<HopAnswer> {
  const outgoing = request({
    host: address.host,
    port: address.port,
    path,
    method,
    agent: false,
    headers: { ...headers, host: formatAddress(address), connection: 'close' },
  })
  const result = settle(outgoing, address, times, signal, lost)
  outgoing.end()
  const settled = await result
  if (settled.kind === 'continue')
    throw new Failure(lost, `${formatAddress(address)} answered a ${method} without a body with 100 Continue`)
  return settled.answer
}

/**
 * The node and path a `Location` names. User and password in it are dropped; another scheme than http is refused, since the
 * credentials sent along would change hands.
 */
export function parseLocation(location: string, from: Address): { readonly address: Address; readonly path: string } {
  let url: URL
  try {
    url = new URL(Buffer.from(location, 'latin1').toString('utf8'), `http://${formatAddress(from)}`)
  } catch {
    // The parser's error repeats the address, with whatever credentials stand in it.
    throw new Failure('targetUnreachable', `${formatAddress(from)} redirected to an address that cannot be read`)
  }
  if (url.protocol !== 'http:')
    throw new Failure('targetUnfit', `${formatAddress(from)} redirected to ${url.protocol}//${url.host}, not to http`, {
      advice: 'Point sr_http_port at the FE itself, or give the BEs in sr_be_http.',
    })
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
  return { address: { host, port: url.port === '' ? 80 : Number(url.port) }, path: `${url.pathname}${url.search}` }
}

function settle(
  outgoing: ClientRequest,
  address: Address,
  times: HopTimes,
  signal: AbortSignal | null,
  lost: Lost,
): Promise<HopResult> {
  const name = formatAddress(address)
  let connected = false
  return new Promise<HopResult>((resolve, reject) => {
    let timer = setTimeout(
      () => fail(`${name}: no connection within ${times.connectTimeoutMs} ms`),
      times.connectTimeoutMs,
    )
    const onAbort = () => fail(`${name}: stopped before it answered`)
    const finish = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      outgoing.destroy()
    }
    const fail = (message: string, cause?: unknown) => {
      reject(new Failure(connected ? lost : 'targetUnreachable', message, { cause }))
      finish()
    }
    outgoing.on('socket', socket =>
      socket.once('connect', () => {
        connected = true
        clearTimeout(timer)
        timer = setTimeout(() => fail(`${name}: no answer within ${times.answerTimeoutMs} ms`), times.answerTimeoutMs)
      }),
    )
    outgoing.on('continue', () => {
      resolve({ kind: 'continue' })
      finish()
    })
    outgoing.on('response', response => {
      readAll(response, (text, cut) => {
        if (cut !== null && text === '' && response.headers.location === undefined)
          return fail(`${name}: the answer was cut (${cut})`)
        const location = response.headers.location ?? null
        resolve({ kind: 'answer', answer: { status: response.statusCode ?? 0, location, text } })
        finish()
      })
    })
    // Stays on after settling: destroying the socket may still raise an error that concerns nobody.
    outgoing.on('error', error => fail(`${name}: ${reasonOf(error)}`, error))
    if (signal?.aborted === true) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** Collects the answer's text; `done` runs once, with the reason when the stream was cut before its end. */
function readAll(response: IncomingMessage, done: (text: string, cut: string | null) => void): void {
  const pieces: Buffer[] = []
  let length = 0
  let settled = false
  const settleOnce = (cut: string | null) => {
    if (settled) return
    settled = true
    done(Buffer.concat(pieces).toString('utf8'), cut)
  }
  response.on('data', (piece: Buffer) => {
    if (length < MAX_TEXT) pieces.push(piece)
    length += piece.byteLength
  })
  response.on('end', () => settleOnce(null))
  response.on('error', error => settleOnce(reasonOf(error)))
  response.on('close', () => settleOnce('connection closed'))
}

/** The short reason of a socket error: its message, or its code where the message is empty (AggregateError). */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return error.message === '' ? code || error.name : error.message
}
