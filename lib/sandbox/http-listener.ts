import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request handler; `expectsContinue` tells that the client waits for `100 Continue` before it sends its body. */
export type RequestHandler = (req: IncomingMessage, res: ServerResponse, expectsContinue: boolean) => Promise<void>

export interface HttpListener {
  readonly port: number
  /** Stops listening, drops every connection and waits until the handlers have ended. */
  close(): Promise<void>
}

/**
 * Listens without any of Node's own answers to `Expect` and without its time limits. A request whose headers are over
 * `maxHeaderBytes` is answered as StarRocks' FE does: 400 and a line of HTML.
 */
export async function listen(
  options: {
    readonly host: string
    readonly port: number
    readonly maxHeaderBytes: number
    readonly anyExpectation: boolean
  },
  handler: RequestHandler,
): Promise<HttpListener> {
  const server = createServer({ maxHeaderSize: options.maxHeaderBytes, requestTimeout: 0, keepAliveTimeout: 60_000 })
  const running = new Set<Promise<void>>()
  const handle = (req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void => {
    const done = handler(req, res, expectsContinue)
      .catch(error => {
        if (res.headersSent) res.destroy()
        else res.writeHead(500, { connection: 'close' }).end(String(error))
      })
      .finally(() => running.delete(done))
    running.add(done)
  }
  server.on('request', (req, res) => handle(req, res, false))
  server.on('checkContinue', (req, res) => handle(req, res, true))
  // Any other Expect: the BE's libevent answers 417 as Node does; the FE looks at it itself.
  if (options.anyExpectation) server.on('checkExpectation', (req, res) => handle(req, res, false))
  server.on('clientError', (_error, socket) => {
    if (!socket.writable) return
    socket.end('HTTP/1.1 400 Bad Request\r\ncontent-type: text/html\r\nconnection: close\r\n\r\nBad Request. <br/> ')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => resolve())
  })
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server, running) }
}

async function closeServer(server: Server, running: ReadonlySet<Promise<void>>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.close(error => (error === undefined ? resolve() : reject(error)))
    server.closeAllConnections()
  })
  await Promise.all(running)
}

/** The path's parts and the query of a request; parts stay percent-encoded. */
export function splitUrl(req: IncomingMessage): { readonly parts: readonly string[]; readonly query: URLSearchParams } {
  const url = req.url ?? '/'
  const question = url.indexOf('?')
  const path = question < 0 ? url : url.slice(0, question)
  return {
    parts: path.split('/').slice(1),
    query: new URLSearchParams(question < 0 ? '' : url.slice(question + 1)),
  }
}

/** A path part without its percent encoding; as it is when that is malformed. */
export function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (error) {
    if (error instanceof URIError) return part
    throw error
  }
}
