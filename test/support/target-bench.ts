import type { Sandbox, SandboxOptions } from '../../lib/sandbox/sandbox.js'
import { Frontends } from '../../lib/starrocks/frontends.js'
import { StarRocksSession } from '../../lib/starrocks/starrocks-session.js'
import { StarRocksSink, type StarRocksSinkOptions } from '../../lib/starrocks/starrocks-sink.js'
import { sinkOptions } from '../starrocks/fixtures.js'
import { memorySandbox } from './memory-sandbox.js'

/** A stand-in for StarRocks with the engine's own sink and session on it. */
export class TargetBench {
  readonly sandbox: Sandbox
  readonly options: StarRocksSinkOptions
  readonly sink: StarRocksSink
  readonly session: StarRocksSession

  private constructor(sandbox: Sandbox, more: Partial<StarRocksSinkOptions>) {
    this.sandbox = sandbox
    const { feHttpPort: httpPort, mysqlPort: queryPort } = sandbox
    this.options = sinkOptions({ frontends: [{ host: '127.0.0.1', queryPort, httpPort }], ...more })
    this.sink = new StarRocksSink(this.options)
    this.session = new StarRocksSession(this.options, new Frontends(this.options))
  }

  static async start(
    sandbox: Partial<SandboxOptions> = {},
    more: Partial<StarRocksSinkOptions> = {},
  ): Promise<TargetBench> {
    return new TargetBench(await memorySandbox({ user: 'sync', password: 'se:cret@1', ...sandbox }), more)
  }

  async close(): Promise<void> {
    await this.sink.close()
    await this.session.close()
    await this.sandbox.close()
  }
}
