import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import { CopiedTables } from './copied-tables.js'
import { Engine, type EngineSetup } from './engine.js'
import type { DeliveryMode } from './kill-points.js'
import type { Random } from './random.js'
import { freshSchema } from './servers.js'

const KILLED_ENGINE = resolve('dist/test/support/killed-engine.js')
const EMULATED: Record<DeliveryMode, string> = { labels: '3.3.0', atomic: '4.1.0' }
/** How long something that must happen may take; how fast it happens decides nothing. */
const PATIENCE_MS = 180_000
const STEPS = ['sealed', 'planned', 'sending', 'sent', 'committed', 'saving', 'fsync'] as const

/** An engine with [snapshot] between tables that have rows, with traffic on them, and a sandbox. */
export class SnapshotRun {
  readonly sandbox: Sandbox
  readonly engine: Engine
  readonly tables: CopiedTables
  readonly #server: ServerAddress
  readonly #random: Random
  readonly #setup: EngineSetup

  private constructor(
    server: ServerAddress,
    random: Random,
    setup: EngineSetup,
    parts: { sandbox: Sandbox; engine: Engine; tables: CopiedTables },
  ) {
    this.#server = server
    this.#random = random
    this.#setup = setup
    this.sandbox = parts.sandbox
    this.engine = parts.engine
    this.tables = parts.tables
  }

  /** `snapshot`: lines of [snapshot]. */
  static async create(
    server: ServerAddress,
    delivery: DeliveryMode,
    rows: number,
    random: Random,
    snapshot: string,
  ): Promise<SnapshotRun> {
    const schema = await freshSchema(server)
    const tables = await CopiedTables.create(server, schema, rows, random)
    const sandbox = await startSandbox({
      feHttpPort: 0,
      beHttpPort: 0,
      mysqlPort: 0,
      dataDir: null,
      user: 'root',
      password: '',
      emulatedVersion: EMULATED[delivery],
    })
    const engine = await Engine.create('snapshot-')
    const setup: EngineSetup = {
      mysqlPort: server.port,
      fePort: sandbox.mysqlPort,
      feHttpPort: sandbox.feHttpPort,
      flavor: server.kind,
      schema,
      top: { delivery, flush_interval_ms: 100, concurrent_size: 3, load_timeout_ms: 20_000 },
      blocks: `[snapshot]\n${snapshot}\n\n${tables.rules}`,
    }
    await engine.configure(setup)
    return new SnapshotRun(server, random, setup, { sandbox, engine, tables })
  }

  /** The engine's configuration with other blocks, from its next start on. */
  async reconfigure(blocks: string): Promise<void> {
    await this.engine.configure({ ...this.#setup, blocks })
  }

  /** Rows of the source that are in the target by the state's word. */
  get copied(): number {
    return this.engine.copies.reduce((sum, { rows }) => sum + rows, 0)
  }

  /** Starts the engine and kills it: once so many rows are copied, or at a step behind that. */
  async killBehind(rows: number, atStep: boolean): Promise<string> {
    if (atStep) {
      const step = `${STEPS[this.#random.below(STEPS.length)]!}:${1 + this.#random.below(6)}`
      this.engine.start({ KILL_AT: step }, [KILLED_ENGINE])
      await this.#until(`step ${step}`, () => !this.engine.alive, true)
      if (this.engine.signal !== 'SIGKILL') throw new Error(`the engine has ended before ${step}\n${this.#said()}`)
      return step
    }
    this.engine.start()
    await this.#until(`copy of ${rows} rows`, () => this.copied >= rows)
    await delay(this.#random.below(200))
    await this.engine.stop('SIGKILL')
    if (this.engine.signal !== 'SIGKILL') throw new Error(`the engine had ended by itself\n${this.#said()}`)
    return `${rows} rows`
  }

  /** Until the engine streams. */
  async untilConnected(): Promise<void> {
    await this.#until('connection to the source', () => / connected /.test(this.engine.output))
  }

  /** Until so many rows are copied. */
  async untilCopied(rows: number): Promise<void> {
    await this.#until(`copy of ${rows} rows`, () => this.copied >= rows)
  }

  /** Until all tables are copied by an engine that is none of its own. */
  async untilAllCopied(): Promise<void> {
    await this.#until('end of the snapshot', () => this.engine.isCopied, true)
  }

  /** Until source and target are equal; nothing may change meanwhile. Gives up with what differs. */
  async untilEqual(): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const { differences } = await this.tables.judge(this.sandbox.mysqlPort)
      if (differences.length === 0) return
      if (Date.now() > deadline) throw new Error(differences.join('\n'))
      await delay(200)
    }
  }

  /** Until all tables are copied. */
  async finish(): Promise<void> {
    if (!this.engine.alive) this.engine.start()
    await this.#until('end of the snapshot', () => / connected /.test(this.engine.output) && this.engine.isCopied)
  }

  /** Until rows that are gone at the source are gone in the targets too. */
  async untilCompared(): Promise<void> {
    await this.#until('end of the comparison', () => this.engine.copies.every(({ deadRows }) => !deadRows))
  }

  async close(): Promise<void> {
    await this.tables.stop().finally(async () => {
      await this.engine.destroy()
      await this.sandbox.close()
    })
  }

  get server(): ServerAddress {
    return this.#server
  }

  async #until(what: string, there: () => boolean, mayEnd = false): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS
    while (!there()) {
      if (!mayEnd && !this.engine.alive) throw new Error(`the engine has ended before ${what}\n${this.#said()}`)
      if (Date.now() > deadline) throw new Error(`no ${what}\n${this.#said()}`)
      await delay(10)
    }
  }

  #said(): string {
    return `copies: ${JSON.stringify(this.engine.copies)}\nengine (${this.engine.signal ?? 'no signal'}): ${this.engine.output.split('\n').slice(-40).join('\n')}`
  }
}
