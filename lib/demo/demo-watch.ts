import type { Connection } from 'mysql2/promise'
import { Failure } from '../model/failure.js'
import type { Engine } from './companions.js'
import { readEngineNumbers } from './engine-numbers.js'
import { type DemoMoment, renderLine, renderView, Screen } from './live-view.js'
import { pause } from './pause.js'
import { type FreshnessProbe, visibleBeat } from './pulse.js'
import { SHOP, SHOP_TABLES } from './shop-schema.js'
import type { Changes } from './shop-traffic.js'

/** Times between two drawings, between two lines where nothing can be redrawn, and between two counts of the target. */
const DRAW_MS = 250
const LINE_MS = 2000
const COUNT_MS = 1000
const RATE_OVER_MS = 2000
const LIVE_TIMEOUT_MS = 120_000

export interface Played {
  readonly traffic: readonly Changes[]
  readonly freshness: FreshnessProbe
  readonly rows: number
  readonly freshnessP50Ms: number | undefined
  readonly freshnessP99Ms: number | undefined
}

/** Shows the run as it goes, and fails when the engine ends by itself. */
export class DemoWatch {
  readonly #out: NodeJS.WriteStream
  readonly #screen: Screen | undefined
  readonly #engine: Engine
  readonly #target: Connection
  readonly #counts = new Map<string, number>()

  constructor(json: boolean, engine: Engine, target: Connection) {
    this.#out = json ? process.stderr : process.stdout
    this.#screen = this.#out.isTTY && !json ? new Screen(this.#out) : undefined
    this.#engine = engine
    this.#target = target
  }

  /** Resolves when the first beat is visible in the target, or at `signal`; fails when the engine ends before. */
  async untilLive(signal: AbortSignal): Promise<void> {
    for (const endMs = performance.now() + LIVE_TIMEOUT_MS; !signal.aborted; ) {
      await this.#engine.companion.check()
      const made = (await this.#tables(SHOP)).includes('pulse')
      if (made && (await visibleBeat(this.#target, SHOP)) !== undefined) return
      if (performance.now() > endMs)
        throw new Failure('internal', `no row reached the target in time:\n${await this.#engine.companion.tail()}`)
      await pause(50, signal)
    }
  }

  async show(played: () => Played, signal: AbortSignal): Promise<void> {
    const startMs = performance.now()
    const recent: Array<{ atMs: number; rows: number }> = []
    let countedMs = Number.NEGATIVE_INFINITY
    while (!signal.aborted) {
      await this.#engine.companion.check()
      const nowMs = performance.now()
      if (nowMs - countedMs >= COUNT_MS) {
        await this.#count()
        countedMs = nowMs
      }
      const now = played()
      recent.push({ atMs: nowMs, rows: now.rows })
      while (recent.length > 2 && recent[1]!.atMs <= nowMs - RATE_OVER_MS) recent.shift()
      const first = recent[0]!
      const rowsPerSecond = nowMs > first.atMs ? ((now.rows - first.rows) * 1000) / (nowMs - first.atMs) : 0
      const moment: DemoMoment = {
        title: 'mysql-sr-sync demo',
        elapsedMs: nowMs - startMs,
        rows: now.rows,
        rowsPerSecond,
        freshnessMs: now.freshness.lastMs,
        freshnessP50Ms: now.freshnessP50Ms,
        freshnessP99Ms: now.freshnessP99Ms,
        engine: await readEngineNumbers(this.#engine.dataDir),
        tables: SHOP_TABLES.filter(({ name }) => name !== 'pulse').map(({ name }) => ({
          name,
          sent: now.traffic.reduce((sum, changes) => sum + (changes[name] ?? 0), 0),
          inTarget: this.#counts.get(name),
        })),
      }
      if (this.#screen) this.#screen.draw(renderView(moment, this.#out.columns || 80))
      else this.#out.write(`${renderLine(moment)}\n`)
      await pause(this.#screen ? DRAW_MS : LINE_MS, signal)
    }
  }

  async #count(): Promise<void> {
    for (const name of await this.#tables(SHOP)) {
      const [rows] = await this.#target.query(`select count(*) as n from ${SHOP}.${name}`)
      this.#counts.set(name, Number((rows as Array<{ n: number | string }>)[0]?.n))
    }
  }

  async #tables(database: string): Promise<string[]> {
    const [rows] = await this.#target.query({ sql: `show tables from ${database}`, rowsAsArray: true })
    return (rows as unknown as string[][]).map(row => row[0]!)
  }
}
