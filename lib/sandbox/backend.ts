import type { IncomingMessage, ServerResponse } from 'node:http'
import { BackendLoads, type BackendOptions, type BackendParts } from './backend-load.js'
import { BackendTransactions, type TransactionSides } from './backend-transaction.js'
import { decodePart, type HttpListener, listen, splitUrl } from './http-listener.js'
import { has } from './version.js'

/** libevent has no limit of its own. */
const MAX_HEADER_BYTES = 16 * 1024 * 1024

/** The BE's HTTP port: Stream Load itself, the loads of transactions, and the pages of rejected rows. */
export class Backend {
  readonly #options: BackendOptions
  readonly #parts: BackendParts
  readonly #loads: BackendLoads
  readonly #transactions: BackendTransactions

  constructor(options: BackendOptions, parts: BackendParts & TransactionSides) {
    this.#options = options
    this.#parts = parts
    this.#loads = new BackendLoads(options, parts)
    this.#transactions = new BackendTransactions(options, parts)
  }

  async listen(): Promise<HttpListener> {
    const { host, port } = this.#options
    return listen({ host, port, maxHeaderBytes: MAX_HEADER_BYTES, anyExpectation: false }, (req, res, expects) =>
      this.#handle(req, res, expects),
    )
  }

  async #handle(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): Promise<void> {
    const { parts, query } = splitUrl(req)
    const isWrite = req.method === 'PUT' || req.method === 'POST'
    if (req.method === 'PUT' && parts.length === 4 && parts[0] === 'api' && parts[3] === '_stream_load') {
      const decode = has(this.#options.emulatedVersion, 'encodedPaths') ? decodePart : (part: string) => part
      const target = { database: decode(parts[1]!), table: decode(parts[2]!) }
      await this.#counted(() => this.#loads.handle(req, res, target, expectsContinue))
    } else if (isWrite && parts.length === 3 && parts[0] === 'api' && parts[1] === 'transaction') {
      const op = parts[2]!.toLowerCase()
      if (op === 'load') await this.#counted(() => this.#transactions.load(req, res, expectsContinue))
      else await this.#transactions.manage(req, res, op, expectsContinue)
    } else if (req.method === 'GET' && parts[0] === 'api' && parts[1] === '_load_error_log') {
      const page = this.#parts.logs.page(query.get('file') ?? '')
      res.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(page ?? 'file not exist')
    } else {
      res.writeHead(404, { 'content-type': 'text/html' }).end('Not Found')
    }
  }

  async #counted(load: () => Promise<void>): Promise<void> {
    this.#parts.stats.openLoads++
    try {
      await load()
    } finally {
      this.#parts.stats.openLoads--
    }
  }
}
