import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Account, checkBasicAuth } from './basic-auth.js'
import type { ErrorLogs, RejectedRows } from './error-log.js'
import { LoadError } from './load-error.js'
import { has } from './version.js'

/** Throws a LoadError unless the request carries the account. */
export function authorizeAtBackend(req: IncomingMessage, account: Account): void {
  const { verdict, user } = checkBasicAuth(req.headers.authorization, account)
  if (verdict === 'missing') throw new LoadError('no valid Basic authorization')
  if (verdict === 'denied') throw new LoadError(`Access denied for ${user}@${req.socket.remoteAddress ?? ''}`)
}

/** A reply of the BE: 200 whatever it says, pretty-printed, called HTML before 4.0. */
export function answerAtBackend(res: ServerResponse, reply: Record<string, unknown>, emulatedVersion: string): void {
  const text = JSON.stringify(reply, null, 4)
  res.setHeader(
    'content-type',
    has(emulatedVersion, 'jsonAnswers') ? 'application/json' : 'text/html; charset=ISO-8859-1',
  )
  res.setHeader('content-length', Buffer.byteLength(text))
  res.writeHead(200).end(text)
}

/** An answer given before the body: a client that waits for 100 Continue gets it at once, any other when it has sent all. */
export function answerEarly(
  req: IncomingMessage,
  res: ServerResponse,
  expectsContinue: boolean,
  answer: () => void,
): void {
  res.setHeader('connection', 'close')
  if (expectsContinue) {
    answer()
    return
  }
  req.once('end', answer)
  req.once('error', () => res.destroy())
  req.resume()
}

/** Keeps the rejected rows as a page of the BE at `address` (host:port); undefined when there are none. */
export function errorUrl(logs: ErrorLogs, rejected: RejectedRows, address: string): string | undefined {
  if (rejected.lines.length === 0) return undefined
  return `http://${address}/api/_load_error_log?file=${logs.keep(rejected)}`
}
