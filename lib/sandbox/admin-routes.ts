import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Faults } from './faults.js'
import type { Labels } from './labels.js'
import type { LoadStats } from './load-stats.js'
import type { MultiTransactions } from './multi-transactions.js'

const MAX_BODY_BYTES = 65_536

/**
 * The sandbox's own routes at the FE: `POST /sandbox/faults` (the settings of `Faults.set` as JSON), `GET /sandbox/faults`
 * (what is armed), `GET /sandbox/struck` (how often each has struck), `GET /sandbox/stats`, and
 * `POST /sandbox/forget_labels?db=d` (the labels of a database that are finished are unknown from now on).
 */
export class AdminRoutes {
  readonly #faults: Faults
  readonly #stats: LoadStats
  readonly #labels: Labels

  readonly #multi: MultiTransactions

  constructor(parts: {
    readonly faults: Faults
    readonly stats: LoadStats
    readonly labels: Labels
    readonly multi: MultiTransactions
  }) {
    this.#faults = parts.faults
    this.#stats = parts.stats
    this.#labels = parts.labels
    this.#multi = parts.multi
  }

  /** `route`: method and name, as "GET stats". */
  async handle(req: IncomingMessage, res: ServerResponse, route: string, query: URLSearchParams): Promise<void> {
    const answer = (status: number, body: unknown) =>
      void res.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
    switch (route) {
      case 'GET stats':
        return answer(200, this.#stats.snapshot())
      case 'GET faults':
        return answer(200, this.#faults.armed())
      case 'GET struck':
        return answer(200, this.#faults.allStruck())
      case 'POST forget_labels': {
        const database = query.get('db') ?? ''
        this.#multi.forgetFinished(database)
        return answer(200, { forgotten: await this.#labels.forget(database) })
      }
      case 'POST faults':
        try {
          this.#faults.set(await readSettings(req))
        } catch (error) {
          if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error
          return answer(400, { error: error.message })
        }
        return answer(200, this.#faults.armed())
      default:
        return answer(404, { error: 'unknown route' })
    }
  }
}

async function readSettings(req: IncomingMessage): Promise<Parameters<Faults['set']>[0]> {
  const settings: unknown = JSON.parse(await readText(req))
  if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) {
    return settings as Parameters<Faults['set']>[0]
  }
  throw new TypeError('the body must be a JSON object of fault names')
}

async function readText(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new TypeError(`the body is over ${MAX_BODY_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
