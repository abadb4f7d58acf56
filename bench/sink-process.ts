import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { CLI, endProcess } from './child-process.js'
import { type Usage, usageOf } from './process-usage.js'

/** `count` splits bodies and counts rows; `duckdb` keeps them. */
export type SinkMode = 'count' | 'duckdb'

/** The stand-in for StarRocks in a process of its own, so that its CPU is told apart from the engine's. */
export class SinkProcess {
  readonly #child: ChildProcess
  readonly httpPort: number
  readonly mysqlPort: number

  private constructor(child: ChildProcess, ports: { readonly fe_port: number; readonly mysql_port: number }) {
    this.#child = child
    this.httpPort = ports.fe_port
    this.mysqlPort = ports.mysql_port
  }

  static async start(mode: SinkMode): Promise<SinkProcess> {
    const ports = ['--fe-port', '0', '--be-port', '0', '--mysql-port', '0']
    const child = spawn(process.execPath, [CLI, 'sandbox', ...ports, '--mode', mode, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the sandbox ended with ${code}`)
    })
    const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])) as [string]
    // From here on its end is seen by whoever speaks to it.
    ended.catch(() => undefined)
    return new SinkProcess(child, JSON.parse(line))
  }

  usage(): Promise<Usage> {
    return usageOf(this.#child.pid!)
  }

  stop(): Promise<void> {
    return endProcess(this.#child)
  }
}
