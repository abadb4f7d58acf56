import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { TestServer } from '../../lib/servers/test-server.js'
import { Engine } from '../support/engine.js'
import { freshSchema } from '../support/servers.js'
import { SyncBench } from '../support/sync-bench.js'

describe.each(['mysql', 'mariadb'] as const)('what a %s source may put into its stream', kind => {
  let bench: SyncBench<TestServer>

  beforeAll(async () => {
    bench = await SyncBench.own(kind)
  }, 300_000)
  afterAll(() => bench?.close())
  beforeEach(async () => {
    await bench.endEngine()
    // Each test starts behind what the one before it left.
    await bench.server.sql(kind === 'mysql' ? 'reset binary logs and gtids' : 'reset master')
    await bench.renew()
    await bench.configure()
  })

  test('files with and without checksums: under way, and over restarts in each of them', async () => {
    let id = 0
    const insert = () => bench.server.sql(`insert into ${bench.schema}.t values (${++id}, 'value ${id}')`)
    await bench.server.sql(`create table ${bench.schema}.t (id int primary key, v varchar(20))`)
    bench.engine.start()
    for (const checksum of ['CRC32', 'NONE', 'CRC32', 'NONE']) {
      await bench.server.sql(`set global binlog_checksum = ${checksum}`)
      await insert()
      await bench.engine.caughtUp()
    }
    await insert()
    await bench.engine.caughtUp()
    await bench.engine.stop()
    await insert()
    await bench.server.sql('set global binlog_checksum = CRC32')
    await insert()
    // Begins in a file without checksums and goes on into one with them; the server writes them by now.
    bench.engine.start()
    await bench.engine.caughtUp()
    await bench.engine.stop('SIGKILL')
    await insert()
    await bench.server.sql('set global binlog_checksum = NONE')
    await insert()
    bench.engine.start()
    await bench.engine.caughtUp()
    // From the beginning, through all of them.
    expect(await bench.target(`select id, v from ${bench.schema}.t order by id`)).toEqual(
      Array.from({ length: id }, (_, i) => ({ id: i + 1, v: `value ${i + 1}` })),
    )
    await bench.engine.destroy()
    const again = await Engine.create()
    try {
      await bench.target(`drop database ${bench.schema}`)
      await again.configure(bench.setup)
      again.start()
      await again.caughtUp()
      expect(await bench.target(`select count(*) as n from ${bench.schema}.t`)).toEqual([{ n: id }])
    } finally {
      await again.destroy()
      await bench.server.sql('set global binlog_checksum = CRC32')
    }
  }, 120_000)

  test('a change of a wanted table that is logged as a statement stops; of another one it does not', async () => {
    const other = await freshSchema(bench.server)
    await bench.server.sql([
      `create table ${bench.schema}.t (id int primary key, v varchar(20))`,
      `create table ${other}.u (id int primary key)`,
    ])
    bench.engine.start()
    await bench.engine.caughtUp()
    const session = await bench.server.connect({ database: other })
    await session.query(`set session binlog_format = 'STATEMENT'`)
    await session.query('insert into u values (1)')
    await bench.engine.caughtUp()
    expect(bench.engine.alive).toBe(true)
    await session.query(`insert into ${bench.schema}.t values (1, 'one')`)
    await session.end()
    expect([await bench.engine.ended(), bench.engine.output]).toEqual([
      6,
      expect.stringMatching(/a statement, not rows/),
    ])
    expect(await bench.target(`select count(*) as n from ${bench.schema}.t`)).toEqual([{ n: 0 }])
  })

  test('an incident, after which changes are missing from the binlog, stops', async () => {
    await bench.server.sql(`create table ${bench.schema}.t (id int primary key, v varchar(200)) engine = MyISAM`)
    bench.engine.start()
    await bench.engine.caughtUp()
    await bench.server.sql(['set global binlog_stmt_cache_size = 4096', 'set global max_binlog_stmt_cache_size = 4096'])
    const session = await bench.server.connect({ database: bench.schema })
    const values = Array.from({ length: 500 }, (_, i) => `(${i}, repeat('x', 200))`).join(',')
    await expect(session.query(`insert into t values ${values}`)).rejects.toThrow(/max_binlog_stmt_cache_size/)
    await session.end()
    await bench.server.sql('set global max_binlog_stmt_cache_size = 18446744073709547520')
    expect([await bench.engine.ended(), bench.engine.output]).toEqual([6, expect.stringMatching(/reports an incident/)])
  })
})
