import { Client } from 'undici'

/** An idle connection is closed after so long: nodes close theirs later, so that none is closed while a body leaves. */
const IDLE_MS = 500

/**
 * Connections to nodes that take bodies: one load has one to itself, and the next load may have it when that one was answered. An
 * epoch of hundreds of tables makes hundreds of loads one behind the other, and each connection costs as much as a small load.
 */
export class NodeClients {
  readonly #connectTimeoutMs: number
  readonly #idle = new Map<string, Client[]>()
  #closed = false

  constructor(connectTimeoutMs: number) {
    this.#connectTimeoutMs = connectTimeoutMs
  }

  /** For one load to the node "host:port"; to be given back, or destroyed. */
  take(node: string): Client {
    const known = this.#idle.get(node)?.pop()
    if (known !== undefined) return known
    return new Client(`http://${node}`, {
      pipelining: 1,
      connect: { timeout: this.#connectTimeoutMs },
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  /** The load was answered, and all of its body sent. */
  give(node: string, client: Client): void {
    if (this.#closed) {
      void client.destroy()
      return
    }
    const idle = this.#idle.get(node)
    if (idle === undefined) this.#idle.set(node, [client])
    else idle.push(client)
  }

  /** Closes what is idle; what is taken is closed when it is given back. */
  async close(): Promise<void> {
    this.#closed = true
    const idle = [...this.#idle.values()].flat()
    this.#idle.clear()
    await Promise.all(idle.map(client => client.destroy()))
  }
}
