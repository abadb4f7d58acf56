import { StarRocksSink, type StarRocksSinkOptions } from '../../lib/starrocks/starrocks-sink.js'
import { sinkOptions } from '../starrocks/fixtures.js'
import { backendScript, type Exchange, type Script, ScriptedNode, type SeenRequest } from './stream-load-server.js'

export type Op = 'begin' | 'load' | 'prepare' | 'commit' | 'rollback' | 'state'

/** An answer's fields, a raw text, or what to do with the exchange. */
export type Reply = object | string | ((exchange: Exchange) => void | Promise<void>)

export const OK = { Status: 'OK', Message: '' }
export const failed = (Message: string): object => ({ Status: 'FAILED', Message })
export const state = (name: string, reason = ''): object => ({ state: name, reason, status: 'OK', msg: 'Success' })

/** Nodes and sinks of a test; `end` goes into afterEach. */
export class TransactionClusters {
  readonly #nodes: ScriptedNode[] = []
  readonly #sinks: StarRocksSink[] = []

  async node(script: Script): Promise<ScriptedNode> {
    const node = await ScriptedNode.start(script)
    this.#nodes.push(node)
    return node
  }

  sink(more: Partial<StarRocksSinkOptions>): StarRocksSink {
    const sink = new StarRocksSink(sinkOptions(more))
    this.#sinks.push(sink)
    return sink
  }

  /**
   * One FE and one BE. Each op takes its replies one after the other, the last one again and again; OK (UNKNOWN for `state`)
   * when it has none. Loads are redirected to the BE, which reads the body before it replies.
   */
  async start(
    replies: Partial<Record<Op, readonly Reply[]>>,
    more: Partial<StarRocksSinkOptions> = {},
  ): Promise<TransactionCluster> {
    const left = new Map(Object.entries(replies).map(([op, list]) => [op as Op, [...list]]))
    const next = (op: Op): Reply => {
      const list = left.get(op) ?? []
      const [first] = list
      if (list.length > 1) list.shift()
      return first ?? (op === 'state' ? state('UNKNOWN') : OK)
    }
    const be = await this.node(backendScript(exchange => respond(exchange, next('load'))))
    const fe = await this.node(exchange => {
      if (!exchange.authorized) return exchange.answer(401, '{"status":"FAILED","msg":"Need auth information."}')
      const op = opOf(exchange.seen)
      return op === 'load' ? exchange.redirect(`${be.url}${exchange.seen.path}`) : respond(exchange, next(op))
    })
    const sink = this.sink({ frontends: [{ host: '127.0.0.1', queryPort: 9, httpPort: fe.port }], ...more })
    return new TransactionCluster(sink, fe, be)
  }

  async end(): Promise<void> {
    await Promise.all(this.#sinks.splice(0).map(sink => sink.close()))
    await Promise.all(this.#nodes.splice(0).map(node => node.stop()))
  }
}

export class TransactionCluster {
  readonly sink: StarRocksSink
  readonly fe: ScriptedNode
  readonly be: ScriptedNode

  constructor(sink: StarRocksSink, fe: ScriptedNode, be: ScriptedNode) {
    this.sink = sink
    this.fe = fe
    this.be = be
  }

  /** What the FE was asked, in order. */
  get ops(): Op[] {
    return this.fe.seen.map(opOf)
  }

  requests(op: Op): SeenRequest[] {
    return this.fe.seen.filter(seen => opOf(seen) === op)
  }

  /** Loads whose body reached the BE. */
  get loads(): SeenRequest[] {
    return this.be.seen.filter(seen => seen.bodyBytes > 0)
  }
}

export function opOf(seen: SeenRequest): Op {
  return seen.path.includes('/get_load_state') ? 'state' : (seen.path.split('/').at(-1) as Op)
}

function respond(exchange: Exchange, reply: Reply): void | Promise<void> {
  if (typeof reply === 'function') return reply(exchange)
  exchange.answer(200, typeof reply === 'string' ? reply : JSON.stringify(reply))
}
