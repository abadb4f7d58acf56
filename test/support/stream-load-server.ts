import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A request a scripted node has seen; `body` fills as the script reads it. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly expected: boolean
  /** Port of the client's end: which connection it came over. */
  readonly clientPort: number
  bodyBytes: number
  body: string
}

/** One request in the hands of a script. */
export class Exchange {
  readonly seen: SeenRequest
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  /** Kept here, since a request gives its socket up when its body is left half read. */
  readonly #socket: Socket

  constructor(request: IncomingMessage, response: ServerResponse, expected: boolean) {
    this.#request = request
    this.#response = response
    this.#socket = request.socket
    const { method = '', url = '', headers } = request
    const clientPort = request.socket.remotePort!
    this.seen = { method, path: url, headers, expected, clientPort, bodyBytes: 0, body: '' }
  }

  get authorized(): boolean {
    return this.seen.headers.authorization !== undefined
  }

  sayContinue(): void {
    this.#response.writeContinue()
  }

  async readBody(limit = Number.POSITIVE_INFINITY): Promise<void> {
    const chunks = this.#request.iterator({ destroyOnReturn: false })
    for await (const chunk of chunks) {
      this.seen.bodyBytes += (chunk as Buffer).byteLength
      this.seen.body += (chunk as Buffer).toString('latin1')
      if (this.seen.bodyBytes >= limit) return
    }
  }

  answer(status: number, text: string, headers: Record<string, string> = {}): void {
    this.#response.writeHead(status, { connection: 'close', ...headers })
    this.#response.end(text)
  }

  redirect(to: string): void {
    this.answer(307, '', { location: to })
  }

  /** Writes raw bytes and ends the connection. */
  raw(bytes: string): void {
    this.#socket.end(bytes)
  }

  cut(): void {
    this.#socket.destroy()
  }
}

export type Script = (exchange: Exchange) => void | Promise<void>

/** An HTTP node on 127.0.0.1 that follows a script and remembers what it was sent. */
export class ScriptedNode {
  readonly seen: SeenRequest[] = []
  script: Script
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(script: Script) {
    this.script = script
    this.#server = createServer()
    this.#server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      // Clients of these tests cut connections on purpose.
      socket.on('error', () => socket.destroy())
    })
    const run = (expected: boolean) => (request: IncomingMessage, response: ServerResponse) => {
      const exchange = new Exchange(request, response, expected)
      this.seen.push(exchange.seen)
      Promise.resolve(this.script(exchange)).catch(() => exchange.cut())
    }
    this.#server.on('request', run(false))
    this.#server.on('checkContinue', run(true))
  }

  static async start(script: Script): Promise<ScriptedNode> {
    const node = new ScriptedNode(script)
    await new Promise<void>(resolve => node.#server.listen(0, '127.0.0.1', resolve))
    return node
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  get url(): string {
    return `http://${this.address}`
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>(resolve => this.#server.close(() => resolve()))
  }
}

/** Nodes of one test, which end together. */
export class ScriptedNodes {
  readonly #started: ScriptedNode[] = []

  async start(script: Script): Promise<ScriptedNode> {
    const node = await ScriptedNode.start(script)
    this.#started.push(node)
    return node
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.splice(0).map(node => node.stop()))
  }
}

/** A port on which nobody listens (one that was free a moment ago). */
export async function closedPort(): Promise<number> {
  const node = await ScriptedNode.start(() => undefined)
  const { port } = node
  await node.stop()
  return port
}

/** Behaves as an FE: 401 without credentials, refusal without Expect, else a redirect to the same path elsewhere. */
export function frontendScript(backend: () => string, states: () => string = () => 'UNKNOWN'): Script {
  return exchange => {
    const { path, expected } = exchange.seen
    if (!exchange.authorized)
      return exchange.answer(401, '{"status":"FAILED","msg":"Need auth information."}', {
        'www-authenticate': 'Basic realm=""',
      })
    if (path.includes('/get_load_state'))
      return exchange.answer(200, `{"state":"${states()}","status":"OK","msg":"Success"}`)
    if (!expected) return exchange.answer(200, '{"status":"FAILED","msg":"There is no 100-continue header"}')
    exchange.redirect(`${backend()}${path}`)
  }
}

/** Behaves as a BE: refuses without credentials at header time, else reads the body and lets `verdict` answer. */
export function backendScript(verdict: (exchange: Exchange) => void | Promise<void>): Script {
  return async exchange => {
    if (!exchange.authorized) return exchange.answer(200, '{"Status":"Fail","Message":"no valid Basic authorization"}')
    if (exchange.seen.expected) exchange.sayContinue()
    await exchange.readBody()
    await verdict(exchange)
  }
}

/** The answer of a BE to a load that went well. */
export function successText(rows: number, status = 'Success'): string {
  return JSON.stringify(
    {
      TxnId: 1003,
      Label: 'l-1',
      Status: status,
      Message: 'OK',
      NumberTotalRows: rows,
      NumberLoadedRows: rows,
      NumberFilteredRows: 0,
      NumberUnselectedRows: 0,
      LoadBytes: 40,
      LoadTimeMs: 12,
    },
    null,
    4,
  )
}
