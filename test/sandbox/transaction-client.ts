import type { OutgoingHttpHeaders } from 'node:http'
import type { Sandbox } from '../../lib/sandbox/sandbox.js'
import { AUTHORIZATION, send } from './stream-load-client.js'

export type TransactionOp = 'begin' | 'load' | 'prepare' | 'commit' | 'rollback'

/** What an operation was answered with, and through how many redirects it went. */
export interface TransactionAnswer {
  readonly reply: Record<string, unknown>
  readonly redirects: number
  readonly continued: boolean
}

/** One transaction of one label, by way of the FE or at the BE directly; database `d`. */
export class TransactionClient {
  readonly #sandbox: Pick<Sandbox, 'feHttpPort' | 'beHttpPort'>
  readonly #headers: OutgoingHttpHeaders
  readonly #side: 'fe' | 'be'

  constructor(
    sandbox: Pick<Sandbox, 'feHttpPort' | 'beHttpPort'>,
    headers: OutgoingHttpHeaders,
    side: 'fe' | 'be' = 'fe',
  ) {
    this.#sandbox = sandbox
    this.#headers = headers
    this.#side = side
  }

  async run(op: TransactionOp, headers: OutgoingHttpHeaders = {}, body?: string | Buffer): Promise<TransactionAnswer> {
    const bytes = Buffer.from((body ?? '') as Buffer)
    const all: OutgoingHttpHeaders = {
      authorization: AUTHORIZATION,
      db: 'd',
      'content-length': bytes.length,
      ...(op === 'load' ? { expect: '100-continue' } : {}),
      ...this.#headers,
      ...headers,
    }
    const port = this.#side === 'fe' ? this.#sandbox.feHttpPort : this.#sandbox.beHttpPort
    let url = `http://127.0.0.1:${port}/api/transaction/${op}`
    for (let redirects = 0; redirects < 4; redirects++) {
      const answer = await send(op === 'load' ? 'PUT' : 'POST', url, all, bytes)
      if (answer.status !== 307) {
        const reply = JSON.parse(answer.text) as Record<string, unknown>
        return { reply, redirects, continued: answer.continued }
      }
      url = answer.headers.location!
    }
    throw new Error('too many redirects')
  }

  /** A load that must succeed. */
  async load(table: string, body: string | Buffer, headers: OutgoingHttpHeaders = {}): Promise<void> {
    const { reply } = await this.run('load', { table, ...headers }, body)
    if (reply.Status !== 'OK') throw new Error(`load refused: ${JSON.stringify(reply)}`)
  }
}
