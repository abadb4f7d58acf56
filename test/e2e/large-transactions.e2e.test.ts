import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { TestServer } from '../../lib/servers/test-server.js'
import { SyncBench } from '../support/sync-bench.js'

const ROWS = Number(process.env.TRANSACTION_ROWS ?? 150_000)
const WINDOW = 20_000
/** Rows of one event: the server closes an event at binlog_row_event_max_size, 64 KiB at most here. */
const EVENT_ROWS = 8_000

const SERVERS = [
  ['MySQL without GTIDs', 'mysql', { gtid: false }],
  ['MySQL with compressed transactions', 'mysql', { compression: true }],
  ['MariaDB with compressed events', 'mariadb', { extra: ['log_bin_compress=ON'] }],
] as const

describe.each(SERVERS)('a transaction larger than the window, from %s', (_title, kind, options) => {
  let bench: SyncBench<TestServer>

  beforeAll(async () => {
    bench = await SyncBench.own(kind, options)
    await bench.configure({ top: { concurrent_ack_win: WINDOW, concurrent_size: 4 } })
  })
  afterAll(() => bench?.close())

  test('streams through; the position moves at its end only; memory stays bounded', async () => {
    await bench.server.sql([`create table ${bench.schema}.t (id int primary key, v varchar(60))`])
    bench.engine.start()
    await bench.engine.caughtUp()
    const before = await binPos()
    await bench.server.sql([
      kind === 'mysql'
        ? `set session cte_max_recursion_depth = ${ROWS + 1}`
        : `set session max_recursive_iterations = ${ROWS + 1}`,
      `insert into ${bench.schema}.t with recursive n as (select 1 as i union all select i + 1 from n where i < ${ROWS}) select i, repeat('v', 50) from n`,
    ])
    const end = Number(
      (await bench.server.sql(kind === 'mysql' ? 'show binary log status' : 'show master status'))[0]!.Position,
    )
    const positions = new Set<number>()
    let rows = 0
    let rss = 0
    const watch = setInterval(() => {
      rss = Math.max(
        rss,
        Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${bench.engine.pid}/status`, 'utf8'))?.[1] ?? 0),
      )
      const status = JSON.parse(readFileSync(`${bench.engine.folder}/var/status.json`, 'utf8')) as {
        status?: { window?: { rows: number } }
        window?: { rows: number }
      }
      rows = Math.max(rows, status.status?.window?.rows ?? status.window?.rows ?? 0)
      positions.add(positionNow())
    }, 50)
    try {
      await bench.engine.caughtUp(120)
    } finally {
      clearInterval(watch)
    }
    expect([...positions].filter(p => p !== before && p !== end)).toEqual([])
    expect(rows).toBeLessThanOrEqual(WINDOW + EVENT_ROWS)
    expect(rss).toBeLessThan(400_000)
    expect(await bench.differences('t')).toEqual([])
    process.stderr.write(`rss ${rss} KiB, window ${rows} rows, positions ${[...positions]}\n`)
  }, 240_000)

  async function binPos(): Promise<number> {
    await bench.engine.position()
    return positionNow()
  }

  function positionNow(): number {
    return Number(/bin_pos = (\d+)/.exec(readFileSync(bench.engine.masterInfo, 'utf8'))?.[1])
  }
})
