import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { asFailure, Failure } from '../model/failure.js'
import { startServer, type TestServer } from '../servers/test-server.js'
import { CLI, Engine, startSandbox } from './companions.js'
import { compareTables } from './compare.js'
import { DEMO_USAGE, type DemoOptions, parseDemoOptions } from './demo-options.js'
import { DemoWatch } from './demo-watch.js'
import { beat, FreshnessProbe, firstBeat } from './pulse.js'
import { SHOP, SHOP_TABLES, shopStatements } from './shop-schema.js'
import { ShopTraffic } from './shop-traffic.js'
import { judge, renderVerdict, renderVerdictJson, type Verdict } from './verdict.js'

const CATCH_UP_SECONDS = 120
const SYNC_USER = { user: 'sync', password: 'demo' }

/**
 * `mysql-sr-sync demo`: runs it and resolves with the exit status, 0 when source and target are identical. `cli` is the
 * program whose commands sandbox, run and wait are used.
 */
export async function runDemo(args: readonly string[], cli: string = CLI): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(DEMO_USAGE)
    return 0
  }
  const options = parseDemoOptions(args)
  const demo = new Demo(options, cli)
  let verdict: Verdict
  try {
    verdict = await demo.run()
  } catch (error) {
    const failure = asFailure(error)
    process.stderr.write(`demo: ${failure.message}\n${failure.advice}\n`)
    verdict = { ...demo.played, identical: false, tables: [], error: failure.message }
  } finally {
    await demo.close()
  }
  if (options.json) process.stdout.write(`${renderVerdictJson(verdict)}\n`)
  return verdict.identical ? 0 : 1
}

/** One run of the demo: what it starts is closed by `close`, in reverse order, whatever happened. */
class Demo {
  readonly #options: DemoOptions
  readonly #cli: string
  readonly #closers: Array<() => Promise<unknown>> = []
  readonly #freshness = new FreshnessProbe()
  readonly #interrupt = new Interrupt()
  #traffic: ShopTraffic[] = []
  #beats = 0

  constructor(options: DemoOptions, cli: string) {
    this.#options = options
    this.#cli = cli
  }

  /** Numbers of the traffic so far. */
  get played() {
    return {
      rows: this.#traffic.reduce((sum, traffic) => sum + traffic.rows, 0) + this.#beats,
      freshnessP50Ms: this.#freshness.quantileMs(0.5),
      freshnessP99Ms: this.#freshness.quantileMs(0.99),
    }
  }

  async run(): Promise<Verdict> {
    const folder = await mkdtemp(join(tmpdir(), 'mysql-sr-sync-demo-'))
    this.#onClose(() => rm(folder, { recursive: true, force: true }))
    const server = await this.#startSource(folder)
    this.#say(`source: ${server.kind} ${server.version} on port ${server.port}`)
    await server.sql(shopStatements())
    await server.createUser(SYNC_USER.user, SYNC_USER.password)
    const { sandbox, ports } = await startSandbox(this.#cli, folder)
    this.#onClose(() => sandbox.stop())
    this.#say(`target: StarRocks sandbox on ports ${ports.mysql} (MySQL protocol) and ${ports.fe} (HTTP)`)
    const connectTarget = () => this.#connection(createConnection(targetOptions(ports.mysql)))
    const target = await connectTarget()
    await target.query(`create database if not exists ${SHOP}`)
    const tables = SHOP_TABLES.map(table => table.name)
    const engine = await Engine.start(this.#cli, folder, {
      mysqlPort: server.port,
      ...SYNC_USER,
      flavor: server.kind,
      ports,
      database: SHOP,
      tables,
    })
    this.#onClose(() => engine.companion.stop())
    this.#say(`sync: running with ${engine.configFile}`)

    await this.#play(server, await connectTarget(), new DemoWatch(this.#options.json, engine, await connectTarget()))

    this.#say('traffic stopped; waiting until the target has caught up')
    await this.#whileWanted(engine.caughtUp(CATCH_UP_SECONDS))
    this.#say('comparing every row and every column')
    const source = await this.#connection(server.connect())
    const compared = tables.map(table => ({
      source: { schema: SHOP, table },
      target: { database: SHOP, table },
      key: SHOP_TABLES.find(shop => shop.name === table)!.key,
    }))
    const result = await this.#whileWanted(compareTables({ source, target, tables: compared }))
    const verdict = judge(result, this.played)
    for (const line of renderVerdict(verdict)) this.#say(line)
    if (this.#options.seconds === undefined && process.stdin.isTTY && !this.#options.json) {
      this.#say('')
      this.#say('  Look around, both are still up and the sync runs:')
      this.#say(`    source  mysql -h 127.0.0.1 -P ${server.port} -u root ${SHOP}`)
      this.#say(`    target  mysql -h 127.0.0.1 -P ${ports.mysql} -u root ${SHOP}`)
      this.#say(`    status  bin/mysql-sr-sync status -c ${engine.configFile}`)
      this.#say('  Enter or Ctrl-C ends the demo and removes everything.')
      await this.#interrupt.enterOrAgain()
    }
    return verdict
  }

  /** Plays until the time is over or Ctrl-C; fails as soon as any part does, the sync and its target included. */
  async #play(server: TestServer, target: Connection, watch: DemoWatch): Promise<void> {
    const ending = new AbortController()
    const [seconds, rate] = [this.#options.seconds, this.#options.rate]
    this.#traffic = await Promise.all(
      [1, 2].map(async shop => {
        const connection = await this.#connection(server.connect())
        return new ShopTraffic({ seed: shop, rowsPerSecond: rate / 2, firstId: shop * 1_000_000_000 }, connection)
      }),
    )
    const pulse = await this.#connection(server.connect())
    const end = () => ending.abort()
    this.#interrupt.once(end)
    await firstBeat(pulse)
    this.#beats = 1
    const beforeMs = performance.now()
    await watch.untilLive(ending.signal)
    if (!ending.signal.aborted)
      this.#say(`the first row was visible in the target after ${((performance.now() - beforeMs) / 1000).toFixed(1)} s`)
    const over = seconds === undefined ? undefined : setTimeout(end, seconds * 1000)
    const guard = <T>(work: Promise<T>): Promise<T> =>
      work.catch(error => {
        end()
        throw error
      })
    const moment = () => ({
      traffic: this.#traffic.map(traffic => traffic.changes),
      freshness: this.#freshness,
      ...this.played,
    })
    const parts = [
      ...this.#traffic.map(traffic => guard(traffic.play(ending.signal))),
      guard(beat(pulse, ending.signal)).then(beats => {
        this.#beats += beats
      }),
      guard(this.#freshness.watch(target, SHOP, ending.signal)),
      guard(watch.show(moment, ending.signal)),
    ]
    try {
      await Promise.all(parts)
    } finally {
      clearTimeout(over)
    }
  }

  async #startSource(folder: string): Promise<TestServer> {
    const wanted = this.#options.server
    const progress = (line: string) => this.#say(line)
    const start = async (kind: 'mysql' | 'mariadb') => {
      const server = await startServer(kind, { folder, progress })
      this.#onClose(() => server.destroy())
      return server
    }
    try {
      return await start(wanted)
    } catch (error) {
      if (wanted === 'mariadb') throw error
      const failure = asFailure(error)
      this.#say(
        `${failure.message}\n${failure.advice}\nMySQL is not to be had here, so this demo goes on with MariaDB.`,
      )
      return start('mariadb')
    }
  }

  async #connection(connecting: Promise<Connection>): Promise<Connection> {
    const connection = await connecting
    this.#onClose(async () => connection.destroy())
    return connection
  }

  /** The work, unless Ctrl-C comes a second time. */
  #whileWanted<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#interrupt.second()])
  }

  #say(line: string): void {
    const out = this.#options.json ? process.stderr : process.stdout
    out.write(`${line}\n`)
  }

  #onClose(closer: () => Promise<unknown>): void {
    this.#closers.push(closer)
  }

  async close(): Promise<void> {
    this.#interrupt.close()
    for (const closer of this.#closers.reverse()) {
      try {
        await closer()
      } catch (error) {
        process.stderr.write(`demo: while cleaning up: ${asFailure(error).message}\n`)
      }
    }
  }
}

function targetOptions(port: number) {
  return { host: '127.0.0.1', port, user: 'root', password: '', dateStrings: true, supportBigNumbers: true }
}

/** Ctrl-C (or SIGTERM): the first ends the traffic, the second everything. */
class Interrupt {
  #count = 0
  readonly #listeners: Array<(count: number) => void> = []
  readonly #heard = () => {
    this.#count++
    for (const listener of this.#listeners) listener(this.#count)
  }

  constructor() {
    process.on('SIGINT', this.#heard)
    process.on('SIGTERM', this.#heard)
  }

  once(listener: () => void): void {
    if (this.#count > 0) listener()
    this.#listeners.push(listener)
  }

  second(): Promise<never> {
    return new Promise((_, reject) => {
      const fail = () =>
        reject(new Failure('internal', 'interrupted', { advice: 'Nothing is wrong: Ctrl-C was pressed.' }))
      const needed = Math.max(2, this.#count + 1)
      this.#listeners.push(count => count >= needed && fail())
    })
  }

  async enterOrAgain(): Promise<void> {
    const again = new Promise<void>(resolve => {
      this.#listeners.push(() => resolve())
    })
    const enter = new Promise<void>(resolve => process.stdin.once('data', () => resolve()))
    await Promise.race([again, enter])
    process.stdin.pause()
    await delay(0)
  }

  close(): void {
    process.off('SIGINT', this.#heard)
    process.off('SIGTERM', this.#heard)
  }
}
