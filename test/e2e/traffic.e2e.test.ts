import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { type Connection, createConnection } from 'mysql2/promise'
import { compareTables } from '../../lib/demo/compare.js'
import { FreshnessProbe } from '../../lib/demo/pulse.js'
import { startServer } from '../../lib/servers/test-server.js'
import { Engine, execute } from '../support/engine.js'
import { freshSchema } from '../support/servers.js'
import { comparedTables, createTables, SysbenchTraffic } from '../support/sysbench-traffic.js'

const CHANGES = 100_000
const CHANGES_PER_SECOND = 2000
const CONNECTIONS = 4

/** A sandbox in a process of its own, as a real StarRocks would be: its work does not stand in this process's way. */
async function startSandboxProcess(): Promise<{ fePort: number; mysqlPort: number; stop(): Promise<void> }> {
  const child = spawn(
    process.execPath,
    [resolve('bin/mysql-sr-sync'), 'sandbox', '--fe-port', '0', '--be-port', '0', '--mysql-port', '0', '--json'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  )
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const ready = JSON.parse(line) as { ready: boolean; fe_port: number; mysql_port: number }
  expect(ready.ready).toBe(true)
  return {
    fePort: ready.fe_port,
    mysqlPort: ready.mysql_port,
    async stop() {
      const closed = once(child, 'close')
      child.kill()
      await closed
    },
  }
}

test.each(['mysql', 'mariadb'] as const)(
  '100,000 mixed row changes from %s over 5 tables, 4 lanes, one stop and start in the middle',
  async kind => {
    const server = await startServer(kind)
    const schema = await freshSchema(server)
    const sandbox = await startSandboxProcess()
    const engine = await Engine.create()
    const open: Connection[] = []
    try {
      const connect = async (): Promise<Connection> => {
        const connection = await server.connect({ charset: 'utf8mb4' })
        open.push(connection)
        return connection
      }
      const target = await createConnection({
        host: '127.0.0.1',
        port: sandbox.mysqlPort,
        user: 'root',
        dateStrings: true,
        supportBigNumbers: true,
      })
      open.push(target)
      const main = await connect()
      await createTables(main, schema)
      await main.query(`create table ${schema}.pulse (id int primary key, at_ms bigint)`)
      await main.query(`insert into ${schema}.pulse values (1, ${Date.now()})`)
      await engine.configure({
        mysqlPort: server.port,
        fePort: sandbox.mysqlPort,
        feHttpPort: sandbox.fePort,
        flavor: kind,
        schema,
        top: { concurrent_size: 4, flush_interval_ms: 500 },
      })
      await script('start.sh', engine)
      await engine.caughtUp()

      const probe = new FreshnessProbe()
      const stopProbe = new AbortController()
      const watching = probe.watch(target, schema, stopProbe.signal)
      const beating = beat(await connect(), schema, stopProbe.signal)
      const started = performance.now()
      let changes = await play(connect, schema, 1, CHANGES / 2)
      stopProbe.abort()
      await Promise.all([watching, beating])
      const seconds = (performance.now() - started) / 1000

      await script('stop.sh', engine)
      changes += await play(connect, schema, 2, CHANGES / 4, Number.POSITIVE_INFINITY)
      await script('start.sh', engine)
      changes += await play(connect, schema, 3, CHANGES / 4, Number.POSITIVE_INFINITY)
      await engine.caughtUp(120)

      const compared = await compareTables({ source: main, target, tables: comparedTables(schema) })
      expect(compared.map(c => [c.table, c.differs, c.examples])).toEqual(
        comparedTables(schema).map(t => [t.source.table, 0, []]),
      )
      expect(compared.every(c => c.source > 500)).toBe(true)
      expect(changes).toBeGreaterThanOrEqual(CHANGES)
      await script('stop.sh', engine)
      const p = (share: number): string => `${Math.round(probe.quantileMs(share) ?? Number.NaN)} ms`
      process.stderr.write(
        `${kind}: ${changes} row changes, ${compared.reduce((n, c) => n + c.source, 0)} rows equal; at ${Math.round(CHANGES / 2 / seconds)} row changes/s freshness p50 ${p(0.5)}, p99 ${p(0.99)}\n`,
      )
    } finally {
      for (const connection of open) connection.destroy()
      await execute('./stop.sh', ['-c', engine.configFile], {})
      await engine.destroy()
      await sandbox.stop()
      await server.destroy()
    }
  },
  300_000,
)

async function script(name: string, engine: Engine): Promise<void> {
  const outcome = await execute(`./${name}`, ['-c', engine.configFile], {})
  expect([name, outcome.code, outcome.stderr]).toEqual([name, 0, ''])
}

/** Traffic over several connections at the wanted rate until at least so many rows have changed. */
async function play(
  connect: () => Promise<Connection>,
  schema: string,
  round: number,
  wanted: number,
  perSecond = CHANGES_PER_SECOND,
): Promise<number> {
  const started = performance.now()
  let changes = 0
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, i) => {
      const traffic = new SysbenchTraffic(await connect(), schema, i + CONNECTIONS * (round - 1), 1000 * round + i)
      while (changes < wanted) {
        const made = await traffic.transaction()
        changes += made
        const aheadMs = (changes / perSecond) * 1000 - (performance.now() - started)
        if (aheadMs > 0) await delay(aheadMs)
      }
    }),
  )
  return changes
}

async function beat(connection: Connection, schema: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await connection.query(`update ${schema}.pulse set at_ms = ${Date.now()} where id = 1`)
    await delay(100, undefined, { signal }).catch(() => undefined)
  }
}
