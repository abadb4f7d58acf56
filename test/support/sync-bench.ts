import { createConnection, type RowDataPacket } from 'mysql2/promise'
import type { ComparedTable } from '../../lib/demo/compare.js'
import type { Sandbox, SandboxOptions } from '../../lib/sandbox/sandbox.js'
import type { ServerKind } from '../../lib/servers/server-recipe.js'
import { type ServerAddress, type StartOptions, startServer, type TestServer } from '../../lib/servers/test-server.js'
import { Engine, type EngineSetup } from './engine.js'
import { differences } from './equal-tables.js'
import { memorySandbox } from './memory-sandbox.js'
import { freshSchema, sharedServer } from './servers.js'

export interface BenchOptions {
  readonly sandbox?: Partial<SandboxOptions>
  /** How names of the engines' folders begin. */
  readonly folder?: string
}

/** A source, a stand-in for StarRocks, and an engine between them that has a schema of the source to itself. */
export class SyncBench<Server extends ServerAddress = ServerAddress> {
  readonly server: Server
  readonly sandbox: Sandbox
  engine!: Engine
  schema!: string
  readonly #options: BenchOptions
  readonly #endServer: (() => Promise<void>) | null

  private constructor(
    server: Server,
    sandbox: Sandbox,
    options: BenchOptions,
    endServer: (() => Promise<void>) | null,
  ) {
    this.server = server
    this.sandbox = sandbox
    this.#options = options
    this.#endServer = endServer
  }

  /**
   * On the server of all tests of this jest worker: it is not stopped, its binlogs stay, and so do its global variables. Engines
   * begin at its head, since what other tests did there lies before.
   */
  static async shared(kind: ServerKind, options: BenchOptions = {}): Promise<SyncBench> {
    return SyncBench.#open(await sharedServer(kind), options, null)
  }

  /** On a server of its own, to do with as one likes. */
  static async own(
    kind: ServerKind,
    start: StartOptions = {},
    options: BenchOptions = {},
  ): Promise<SyncBench<TestServer>> {
    const server = await startServer(kind, start)
    return SyncBench.#open(server, options, () => server.destroy())
  }

  static async #open<Server extends ServerAddress>(
    server: Server,
    options: BenchOptions,
    endServer: (() => Promise<void>) | null,
  ): Promise<SyncBench<Server>> {
    const sandbox = await memorySandbox(options.sandbox).catch(async error => {
      await endServer?.()
      throw error
    })
    const bench = new SyncBench(server, sandbox, options, endServer)
    try {
      await bench.renew()
      return bench
    } catch (error) {
      await bench.close()
      throw error
    }
  }

  /** An empty schema, an engine that has not run yet, and no faults; the engine before it is ended. */
  async renew(): Promise<void> {
    await this.endEngine()
    this.schema = await freshSchema(this.server)
    this.engine = await Engine.create(this.#options.folder)
    if (this.#endServer === null) await this.#startAtHead()
  }

  async #startAtHead(): Promise<void> {
    const status = this.server.kind === 'mysql' ? 'show binary log status' : 'show master status'
    const [head] = await this.server.sql(status)
    await this.engine.startAt(String(head!.File), Number(head!.Position))
  }

  /** Ends the engine and removes its folder. */
  async endEngine(): Promise<void> {
    this.sandbox.faults.clear()
    await this.engine?.destroy()
  }

  /** Ends all of it, whatever of it cannot be ended. */
  async close(): Promise<void> {
    try {
      await this.endEngine()
    } finally {
      await this.sandbox.close().finally(() => this.#endServer?.())
    }
  }

  /** Writes the engine's sync.toml: all tables of the schema, but for the given parts. */
  configure(changes: Partial<EngineSetup> = {}): Promise<void> {
    return this.engine.configure({ ...this.setup, ...changes })
  }

  /** What `configure` starts from. */
  get setup(): EngineSetup {
    const { mysqlPort: fePort, feHttpPort } = this.sandbox
    return { mysqlPort: this.server.port, fePort, feHttpPort, flavor: this.server.kind, schema: this.schema }
  }

  /** [[source]] and [[rule]] blocks of these tables of the schema; each value holds further lines of the rule. */
  blocks(rules: Readonly<Record<string, string>>): string {
    const of = `schema = "${this.schema}"`
    const names = JSON.stringify(Object.keys(rules))
    const blocks = Object.entries(rules).map(([table, lines]) => `[[rule]]\n${of}\ntable = "${table}"\n${lines}\n`)
    return `[[source]]\n${of}\ntables = ${names}\n\n${blocks.join('\n')}`
  }

  /** Runs statements in the target; the rows of the last. Moments come as text. */
  async target(...statements: readonly string[]): Promise<RowDataPacket[]> {
    return this.#inTarget(statements, false) as Promise<RowDataPacket[]>
  }

  /** The same with each row as a list of its values. */
  async targetRows(...statements: readonly string[]): Promise<unknown[][]> {
    return this.#inTarget(statements, true) as Promise<unknown[][]>
  }

  async #inTarget(statements: readonly string[], rowsAsArray: boolean): Promise<unknown[]> {
    const connection = await createConnection({
      host: '127.0.0.1',
      port: this.sandbox.mysqlPort,
      user: 'root',
      password: this.#options.sandbox?.password ?? '',
      dateStrings: true,
      supportBigNumbers: true,
      rowsAsArray,
    })
    try {
      let rows: unknown[] = []
      for (const statement of statements) [rows] = await connection.query<RowDataPacket[]>(statement)
      return rows
    } finally {
      await connection.end()
    }
  }

  /** Waits until all is visible, and says what differs then: nothing of it may. A name is a table of the schema with the key id. */
  async differences(...tables: readonly (string | ComparedTable)[]): Promise<unknown[]> {
    await this.engine.caughtUp()
    const { schema } = this
    const compared = tables.map(table =>
      typeof table === 'string'
        ? { source: { schema, table }, target: { database: schema, table }, key: ['id'] }
        : table,
    )
    return differences(this.server, this.sandbox.mysqlPort, compared)
  }
}
