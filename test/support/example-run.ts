import { readdirSync } from 'node:fs'
import { cp, mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { TableSchema } from '../../lib/model/schema.js'
import { fixtureTable } from '../../lib/rule-test/fixture-table.js'
import type { ServerKind } from '../../lib/servers/server-recipe.js'
import { promisedDifferences } from './promised-rows.js'
import type { Random } from './random.js'
import { RandomRows, type RandomRowsOptions } from './random-rows.js'
import { EXAMPLES, type Promised, type RuleExample } from './rule-example.js'
import { SyncBench } from './sync-bench.js'

const KILLED_ENGINE = resolve('dist/test/support/killed-engine.js')
const TARGET = 'demo'

export interface ExampleSetup {
  readonly source: ServerKind
  readonly delivery: 'auto' | 'labels' | 'atomic'
  readonly emulatedVersion: string
  /** CREATE TABLE statements; one may stand there more than once. */
  readonly tables: readonly string[]
  readonly random: Random
  readonly traffic: RandomRowsOptions
}

/** Examples of rules, copied as they stand into the rules/ of one engine, between a real source with traffic and a sandbox. */
export class ExampleRun {
  readonly bench: SyncBench
  readonly traffic: RandomRows
  readonly #schemas: readonly string[]

  private constructor(bench: SyncBench, traffic: RandomRows, schemas: readonly string[]) {
    this.bench = bench
    this.traffic = traffic
    this.#schemas = schemas
  }

  /** Tables have rows; neither engine nor traffic runs yet. The schemas that the examples name are made anew. */
  static async create(examples: readonly RuleExample[], setup: ExampleSetup): Promise<ExampleRun> {
    const { source, delivery, emulatedVersion, random, traffic } = setup
    const bench = await SyncBench.shared(source, { sandbox: { emulatedVersion }, folder: 'example-' })
    const statements = [...new Set(setup.tables)]
    const tables = statements.map((statement): TableSchema => fixtureTable(statement, source))
    const schemas = [...new Set(tables.map(({ schema }) => schema))]
    const run = new ExampleRun(bench, new RandomRows(bench.server, tables, random, traffic), schemas)
    try {
      await run.#drop()
      for (const schema of schemas) await bench.server.sql(`create database ${schema} character set utf8mb4`)
      await bench.server.sql(statements)
      await run.traffic.fill()
      await rm(bench.engine.masterInfo)
      await bench.configure({
        top: { sr_dbname: TARGET, delivery, mask_salt: 'sixteen letters or more', flush_interval_ms: 200 },
        blocks: `[snapshot]\nmode = "initial"\nchunk_rows = ${Math.round(traffic.ids / 6)}\n`,
      })
      const rules = join(bench.engine.folder, 'rules')
      await mkdir(rules)
      const named = examples.flatMap(({ name }) => [`${name}.toml`, `${name}.test.toml`])
      const modules = readdirSync(EXAMPLES).filter(file => file.endsWith('.mjs'))
      for (const file of [...named, ...modules]) await cp(join(EXAMPLES, file), join(rules, file))
      return run
    } catch (error) {
      await run.close()
      throw error
    }
  }

  /** Copies under traffic that goes on, killed at each of these steps; the engine goes on too. */
  async copy(kills: readonly string[]): Promise<void> {
    const { engine } = this.bench
    this.traffic.start()
    for (const step of kills) await this.#killedAt(step)
    engine.start()
    while (!this.#isCopied()) {
      if (!engine.alive) throw new Error(`ended: ${engine.output}`)
      await delay(50)
    }
  }

  /** Follows the traffic behind the copy, killed at each of these steps, to its end. The engine goes on. */
  async follow(kills: readonly string[]): Promise<void> {
    const { engine } = this.bench
    await engine.stop('SIGKILL')
    for (const step of kills) await this.#killedAt(step)
    engine.start()
    await this.traffic.more(40)
    await this.traffic.stop()
    await engine.caughtUp()
  }

  async #killedAt(step: string): Promise<void> {
    const { engine } = this.bench
    engine.start({ KILL_AT: step }, [KILLED_ENGINE])
    await engine.ended()
    if (engine.signal !== 'SIGKILL') throw new Error(`ended before ${step}: ${engine.output}`)
  }

  /** What is not as promised, in sentences; nothing may change meanwhile. */
  differences(promised: readonly Promised[]): Promise<string[]> {
    return promisedDifferences(this.bench, TARGET, promised)
  }

  /** Rows of a SELECT in the target. */
  target(sql: string): Promise<Record<string, unknown>[]> {
    return this.bench.target(`use ${TARGET}`, sql)
  }

  async close(): Promise<void> {
    await this.traffic.stop().finally(() => this.#drop().finally(() => this.bench.close()))
  }

  async #drop(): Promise<void> {
    for (const schema of this.#schemas) await this.bench.server.sql(`drop database if exists ${schema}`)
  }

  #isCopied(): boolean {
    const { copies } = this.bench.engine
    return copies.length > 0 && copies.every(({ state }) => state === 'copied')
  }
}
