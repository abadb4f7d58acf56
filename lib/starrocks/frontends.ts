import { asFailure, Failure } from '../model/failure.js'

/** A host and port; IPv6 hosts without brackets. */
export interface Address {
  readonly host: string
  readonly port: number
}

export interface Frontend {
  readonly host: string
  readonly queryPort: number
  readonly httpPort: number
}

export interface FrontendsOptions {
  readonly frontends: readonly Frontend[]
  /** "host:port" of BEs to load into without asking an FE. */
  readonly backends?: readonly string[] | undefined
  /** What an FE says a node's address is -> where it is reached from here, both "host:port". */
  readonly addressMap: Readonly<Record<string, string>>
}

export type Channel = 'http' | 'query' | 'backend'

/** "host:port", IPv6 hosts in brackets. */
export function formatAddress(address: Address): string {
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
}

/** The inverse of `formatAddress`; anything else is a Failure('configInvalid'). */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port < 1 || port > 65_535) throw new Failure('configInvalid', `"${text}" is no host:port`)
  return { host: match[1] ?? match[2]!, port }
}

/** The known entrances of a StarRocks cluster; each way in remembers which of them answered last. */
export class Frontends {
  readonly #frontends: readonly Frontend[]
  readonly #backends: readonly Address[]
  readonly #addressMap: ReadonlyMap<string, Address>
  readonly #lastGood: Record<Channel, number> = { http: 0, query: 0, backend: 0 }

  constructor(options: FrontendsOptions) {
    this.#frontends = options.frontends
    this.#backends = (options.backends ?? []).map(parseAddress)
    this.#addressMap = new Map(
      Object.entries(options.addressMap).map(([from, to]) => [from.toLowerCase(), parseAddress(to)]),
    )
    if (this.#frontends.length === 0) throw new Failure('configInvalid', 'no StarRocks FE is given')
  }

  /** Whether loads go straight to given BEs. */
  get direct(): boolean {
    return this.#backends.length > 0
  }

  get all(): readonly Frontend[] {
    return this.#frontends
  }

  /** Where an address given by StarRocks is reached from here. */
  map(address: Address): Address {
    return this.#addressMap.get(formatAddress(address).toLowerCase()) ?? address
  }

  /** Whether the address is the HTTP address of a given FE. */
  isFrontend(address: Address): boolean {
    return this.#frontends.some(fe => fe.httpPort === address.port && fe.host === address.host)
  }

  /**
   * Runs `attempt` against one entrance after the other, starting with the one that answered last, until one does not
   * reject with Failure('targetUnreachable'). Any other rejection is an answer and ends the round. When all are
   * unreachable, one Failure names every reason.
   */
  async tryEach<T>(
    channel: Channel,
    signal: AbortSignal | null,
    attempt: (address: Address) => Promise<T>,
  ): Promise<T> {
    const addresses = this.#addresses(channel)
    const first = this.#lastGood[channel]
    const reasons: string[] = []
    for (let turn = 0; turn < addresses.length; turn += 1) {
      const index = (first + turn) % addresses.length
      try {
        const result = await attempt(addresses[index]!)
        this.#lastGood[channel] = index
        return result
      } catch (error) {
        const failure = asFailure(error)
        if (failure.kind !== 'targetUnreachable' || signal?.aborted === true) throw failure
        reasons.push(failure.message)
      }
    }
    // The next round begins elsewhere, so that one bad node is not asked first for ever.
    this.#lastGood[channel] = (first + 1) % addresses.length
    throw new Failure('targetUnreachable', reasons.join('; '))
  }

  #addresses(channel: Channel): readonly Address[] {
    switch (channel) {
      case 'http':
        return this.#frontends.map(fe => ({ host: fe.host, port: fe.httpPort }))
      case 'query':
        return this.#frontends.map(fe => ({ host: fe.host, port: fe.queryPort }))
      case 'backend':
        return this.#backends
    }
  }
}
