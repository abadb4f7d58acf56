import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

interface Pair {
  readonly client: Socket
  readonly upstream: Socket
}

/** What becomes of connections: passed on, refused at once, or (stalled) left without another byte in either direction. */
export type ProxyMode = 'pass' | 'refuse' | 'stall'

/** A TCP proxy to a port of 127.0.0.1 that can be made to misbehave as networks do. */
export class TcpProxy {
  mode: ProxyMode = 'pass'
  /** Bytes from the server after which the connection that carried them is cut; null: never. */
  cutAfterBytes: number | null = null
  cuts = 0
  readonly #server: Server
  readonly #pairs = new Set<Pair>()

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer()
    const proxy = new TcpProxy(server)
    server.on('connection', client => proxy.#accept(client, targetPort))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get connections(): number {
    return this.#pairs.size
  }

  /** Drops every connection that stands now. */
  cut(): void {
    for (const pair of this.#pairs) this.#drop(pair)
  }

  /** From now on no byte moves, and nobody is told; connections are still accepted. */
  stall(): void {
    this.mode = 'stall'
    for (const { client, upstream } of this.#pairs) {
      client.pause()
      upstream.pause()
    }
  }

  /** Connections that were stalled are dropped; new ones pass. */
  pass(): void {
    if (this.mode === 'stall') this.cut()
    this.mode = 'pass'
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #accept(client: Socket, targetPort: number): void {
    if (this.mode === 'refuse') {
      client.destroy()
      return
    }
    const upstream = connect(targetPort, '127.0.0.1')
    const pair = { client, upstream }
    this.#pairs.add(pair)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('error', () => this.#drop(pair))
      from.on('close', () => this.#drop(pair))
      from.on('drain', () => {
        if (this.mode !== 'stall') to.resume()
      })
    }
    client.on('data', data => this.#move(data, client, upstream))
    let sent = 0
    upstream.on('data', data => {
      this.#move(data, upstream, client)
      sent += data.length
      if (this.cutAfterBytes !== null && sent > this.cutAfterBytes) {
        this.cuts++
        this.#drop(pair)
      }
    })
    if (this.mode === 'stall') {
      client.pause()
      upstream.pause()
    }
  }

  #move(data: Buffer, from: Socket, to: Socket): void {
    if (!to.write(data)) from.pause()
  }

  #drop(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return
    pair.client.destroy()
    pair.upstream.destroy()
  }
}
