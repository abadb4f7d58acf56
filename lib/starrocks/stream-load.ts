import type { Load } from '../dispatch/sink.js'
import { Failure } from '../model/failure.js'
import type { BodyTransfer, Transfer } from './body-transfer.js'
import type { Frontends } from './frontends.js'
import { basicAuthorization, loadHeaders, loadPath } from './load-body.js'
import { type LoadVerdict, parseLoadAnswer } from './load-status.js'

export interface StreamLoadOptions {
  readonly user: string
  readonly password: string
  /** The load's limit on the server. */
  readonly loadTimeoutMs: number
}

/** One attempt of Stream Loads (`PUT /api/{db}/{table}/_stream_load`): FE redirect, body to the BE, verdict. */
export class StreamLoad {
  readonly #options: StreamLoadOptions
  readonly #frontends: Frontends
  readonly #transfer: BodyTransfer

  constructor(options: StreamLoadOptions, frontends: Frontends, transfer: BodyTransfer) {
    this.#options = options
    this.#frontends = frontends
    this.#transfer = transfer
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
    const cargo = { headers, body: load.body }
    const path = loadPath(load.target)
    try {
      return await this.#frontends.tryEach(direct ? 'backend' : 'http', signal, async address => {
        const transfer = direct
          ? await this.#transfer.toTaker({ address, path }, cargo, signal)
          : await this.#transfer.throughFrontend({ address, path }, cargo, signal)
        const verdict = verdictOf(transfer)
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
}

function verdictOf(transfer: Transfer): LoadVerdict {
  switch (transfer.kind) {
    case 'misled':
      return { kind: 'rejected', message: transfer.message }
    case 'lost':
      return { kind: 'unknown', message: transfer.message }
    case 'answer': {
      const verdict = parseLoadAnswer(transfer.answer.text, transfer.answer.status)
      if (transfer.node !== null && 'message' in verdict && verdict.kind !== 'done')
        return { ...verdict, message: `${transfer.node}: ${verdict.message}` }
      return verdict
    }
  }
}
