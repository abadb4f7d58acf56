import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { TestServer } from '../../lib/servers/test-server.js'
import { SyncBench } from '../support/sync-bench.js'
import { TcpProxy } from '../support/tcp-proxy.js'

describe.each(['mysql', 'mariadb'] as const)('a %s that goes and comes', kind => {
  let bench: SyncBench<TestServer>
  let proxy: TcpProxy

  beforeAll(async () => {
    bench = await SyncBench.own(kind)
  })
  afterAll(() => bench?.close())
  beforeEach(async () => {
    await bench.renew()
    proxy = await TcpProxy.start(bench.server.port)
    await configure(20_000)
    await bench.server.sql([
      `create table ${bench.schema}.a (id int primary key, v int, pad varchar(200))`,
      `create table ${bench.schema}.b (id int primary key, v int)`,
    ])
  })
  afterEach(async () => {
    await bench.endEngine()
    await proxy?.close()
  })

  async function configure(windowRows: number): Promise<void> {
    const top = { heartbeat_ms: 300, read_timeout_ms: 1500, concurrent_ack_win: windowRows }
    await bench.configure({ mysqlPort: proxy.port, top })
  }

  /** Transactions over both tables with many rows, from `first` on. */
  async function traffic(first: number, transactions: number): Promise<void> {
    const connection = await bench.server.connect({ database: bench.schema })
    try {
      for (let n = first; n < first + transactions; n++) {
        const values = Array.from({ length: 40 }, (_, i) => `(${n * 40 + i}, ${n}, repeat('x', 150))`)
        await connection.query('start transaction')
        await connection.query(`insert into a values ${values.join(',')}`)
        await connection.query(`insert into b values (${n}, ${n}) on duplicate key update v = v + 1`)
        await connection.query(`update a set v = v + 1 where id % 7 = ${n % 7} and id > ${(n - 5) * 40}`)
        await connection.query(`delete from a where id % 11 = ${n % 11} and id > ${(n - 3) * 40}`)
        await connection.query('commit')
      }
    } finally {
      connection.destroy()
    }
  }

  async function equal(): Promise<void> {
    expect(await bench.differences('a', 'b')).toEqual([])
  }

  test('cut again and again in the middle of transactions', async () => {
    bench.engine.start()
    await traffic(0, 1)
    await equal()
    proxy.cutAfterBytes = 70_000
    for (let n = 1; proxy.cuts < 12; n += 5) await traffic(n, 5)
    proxy.cutAfterBytes = null
    await equal()
    expect(proxy.cuts).toBeGreaterThanOrEqual(12)
  }, 120_000)

  test('a connection that says nothing any more is given up', async () => {
    bench.engine.start()
    await traffic(0, 5)
    await equal()
    proxy.stall()
    await traffic(5, 5)
    await bench.engine.said(/not even a heartbeat/)
    proxy.pass()
    await traffic(10, 5)
    await equal()
  }, 120_000)

  test('a restart of the server, clean and by kill -9, under traffic', async () => {
    bench.engine.start()
    await traffic(0, 10)
    for (const end of ['stop', 'kill'] as const) {
      const running = traffic(end === 'stop' ? 10 : 400, 300).catch(() => undefined)
      await new Promise(resolve => setTimeout(resolve, 300))
      await bench.server[end]()
      await running
      await bench.server.restart()
    }
    await traffic(900, 5)
    await equal()
  }, 180_000)

  // It waits its full time, whatever the source is.
  if (kind === 'mysql')
    test('a stop ends although StarRocks is away and the window is full', async () => {
      await configure(500)
      bench.engine.start()
      await traffic(0, 3)
      await equal()
      bench.sandbox.faults.set({ holdContinue: true })
      await traffic(3, 60)
      while (!(await bench.engine.status()).window?.waiting) await new Promise(resolve => setTimeout(resolve, 50))
      const started = Date.now()
      const code = await bench.engine.stop()
      expect([code, Date.now() - started < 100_000]).toEqual([0, true])
      bench.sandbox.faults.clear()
      bench.engine.start()
      await equal()
    }, 180_000)
})
