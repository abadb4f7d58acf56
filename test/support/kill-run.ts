import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Sandbox } from '../../lib/sandbox/sandbox.js'
import type { ServerKind } from '../../lib/servers/server-recipe.js'
import { BankTraffic } from './bank-traffic.js'
import { bankRules, judgeBank, type Verdict } from './bank-verdict.js'
import type { Engine } from './engine.js'
import type { DeliveryMode, KillPoint } from './kill-points.js'
import type { Random } from './random.js'
import { SyncBench } from './sync-bench.js'

const KILLED_ENGINE = resolve('dist/test/support/killed-engine.js')
const EMULATED: Record<DeliveryMode, string> = { labels: '3.3.0', atomic: '4.1.0' }
/** How long something that must happen may take; how fast it happens decides nothing. */
const PATIENCE_MS = 120_000

/** An engine between a real source with traffic and a sandbox, killed at given points; then all is compared. */
export class KillRun {
  readonly traffic: BankTraffic
  /** How often the engine was killed, by the name of the point. */
  readonly hits = new Map<string, number>()
  readonly #bench: SyncBench
  readonly #random: Random
  #held: { readonly name: string; readonly afterMs: number } | null = null

  private constructor(bench: SyncBench, traffic: BankTraffic, random: Random) {
    this.#bench = bench
    this.traffic = traffic
    this.#random = random
  }

  /** Tables, sandbox and configuration are made; neither engine nor traffic runs yet. */
  static async create(source: ServerKind, delivery: DeliveryMode, random: Random): Promise<KillRun> {
    const sandbox = { emulatedVersion: EMULATED[delivery] }
    const bench = await SyncBench.shared(source, { sandbox, folder: 'killed-' })
    try {
      const traffic = await BankTraffic.create(bench.server, bench.schema, random.below(1e6))
      const top = { delivery, flush_interval_ms: 100, concurrent_size: 3, load_timeout_ms: 10_000 }
      await bench.configure({ top, blocks: bankRules(bench.schema) })
      return new KillRun(bench, traffic, random)
    } catch (error) {
      await bench.close()
      throw error
    }
  }

  get sandbox(): Sandbox {
    return this.#bench.sandbox
  }

  get engine(): Engine {
    return this.#bench.engine
  }

  get schema(): string {
    return this.#bench.schema
  }

  /** Starts the engine where it is not running, kills it at the point, and returns when it is dead. */
  async kill(point: KillPoint): Promise<void> {
    if (point.at === 'step') await this.#killAtStep(`${point.name}:${point.nth}`)
    else if (point.at === 'hold') await this.#killInHold(point.name, point.skip, point.releaseFirst)
    else {
      this.run()
      await delay(point.afterMs)
      await this.#killNow()
    }
    if (/was set back/.test(this.engine.output)) throw new Error(`nobody has set StarRocks back\n${this.#said()}`)
    this.hits.set(point.name, (this.hits.get(point.name) ?? 0) + 1)
  }

  /** Starts the engine unless it runs. A request that StarRocks still holds for the one before is let go meanwhile. */
  run(): void {
    if (!this.engine.alive) this.#start()
  }

  /** Ends the traffic, lets the engine catch up and compares. The engine goes on. */
  async verify(): Promise<Verdict> {
    await this.traffic.stop()
    this.run()
    await this.caughtUp()
    return judgeBank(this.#bench.server, this.sandbox.mysqlPort, this.schema, this.traffic)
  }

  /** Everything committed at the source is visible in the target. */
  async caughtUp(): Promise<void> {
    const outcome = await this.engine.wait(PATIENCE_MS / 1000)
    if (outcome.code !== 0) throw new Error(`wait: ${outcome.stderr}\n${this.#said()}`)
  }

  /** Resolves when `there` holds; rejects when the engine ends before (unless `ended` mends that), or it takes too long. */
  async until(what: string, there: () => boolean, ended?: () => void): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS
    while (!there()) {
      if (!this.engine.alive) ended?.()
      if (!this.engine.alive) throw new Error(`the engine has ended before ${what}\n${this.#said()}`)
      if (Date.now() > deadline) throw new Error(`no ${what}\n${this.#said()}`)
      await delay(5)
    }
  }

  async close(): Promise<void> {
    this.sandbox.faults.clear()
    await this.traffic.stop().finally(() => this.#bench.close())
  }

  async #killAtStep(killAt: string): Promise<void> {
    if (this.engine.alive) await this.engine.stop()
    this.#start({ KILL_AT: killAt }, [KILLED_ENGINE])
    const deadline = Date.now() + PATIENCE_MS
    while (this.engine.alive) {
      if (Date.now() > deadline) throw new Error(`the engine never came to ${killAt}\n${this.#said()}`)
      await delay(5)
    }
    if (this.engine.signal !== 'SIGKILL') throw new Error(`the engine has ended before ${killAt}\n${this.#said()}`)
  }

  async #killInHold(name: string, skip: number, releaseFirst: boolean): Promise<void> {
    const { faults } = this.sandbox
    this.run()
    // What the engine before has under way is let go first, so that the request held is this engine's.
    await this.until('connection to the source', () => / connected /.test(this.engine.output))
    let left = skip
    let held = false
    const when = () => {
      if (held || left-- > 0) return false
      held = true
      return true
    }
    faults.set({ [name]: { when } })
    await this.until(`request held by ${name}`, () => held)
    await this.#killNow()
    if (releaseFirst) faults.set({ [name]: null })
    else this.#held = { name, afterMs: this.#random.below(1500) }
  }

  async #killNow(): Promise<void> {
    await this.engine.stop('SIGKILL')
    if (this.engine.signal !== 'SIGKILL') throw new Error(`the engine had ended by itself\n${this.#said()}`)
  }

  #start(env: NodeJS.ProcessEnv = {}, command?: readonly string[]): void {
    this.engine.start(env, command)
    const held = this.#held
    this.#held = null
    if (held !== null) setTimeout(() => this.sandbox.faults.set({ [held.name]: null }), held.afterMs)
  }

  #said(): string {
    return `engine (${this.engine.signal ?? 'no signal'}): ${this.engine.output.split('\n').slice(-40).join('\n')}`
  }
}
