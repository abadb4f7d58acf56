import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import { startServer, type TestServer } from '../../lib/servers/test-server.js'
import { Engine } from '../support/engine.js'
import { freshSchema } from '../support/servers.js'

describe.each(['mysql', 'mariadb'] as const)('what a %s source may put into its stream', kind => {
  let server: TestServer
  let sandbox: Sandbox
  let engine: Engine
  let schema: string

  beforeAll(async () => {
    server = await startServer(kind)
    sandbox = await startSandbox({
      feHttpPort: 0,
      beHttpPort: 0,
      mysqlPort: 0,
      dataDir: null,
      user: 'root',
      password: '',
    })
  }, 300_000)
  afterAll(async () => {
    await sandbox?.close()
    await server?.destroy()
  })
  beforeEach(async () => {
    // Each test starts behind what the one before it left.
    await server.sql(kind === 'mysql' ? 'reset binary logs and gtids' : 'reset master')
    schema = await freshSchema(server)
    engine = await Engine.create()
    await engine.configure({
      mysqlPort: server.port,
      fePort: sandbox.mysqlPort,
      feHttpPort: sandbox.feHttpPort,
      flavor: kind,
      schema,
    })
  })
  afterEach(() => engine.destroy())

  async function target(sql: string): Promise<RowDataPacket[]> {
    const connection = await createConnection({ host: '127.0.0.1', port: sandbox.mysqlPort, user: 'root' })
    try {
      return (await connection.query<RowDataPacket[]>(sql))[0]
    } finally {
      await connection.end()
    }
  }

  test('files with and without checksums: under way, and over restarts in each of them', async () => {
    let id = 0
    const insert = () => server.sql(`insert into ${schema}.t values (${++id}, 'value ${id}')`)
    await server.sql(`create table ${schema}.t (id int primary key, v varchar(20))`)
    engine.start()
    for (const checksum of ['CRC32', 'NONE', 'CRC32', 'NONE']) {
      await server.sql(`set global binlog_checksum = ${checksum}`)
      await insert()
      await engine.caughtUp()
    }
    await insert()
    await engine.caughtUp()
    await engine.stop()
    await insert()
    await server.sql('set global binlog_checksum = CRC32')
    await insert()
    // Begins in a file without checksums and goes on into one with them; the server writes them by now.
    engine.start()
    await engine.caughtUp()
    await engine.stop('SIGKILL')
    await insert()
    await server.sql('set global binlog_checksum = NONE')
    await insert()
    engine.start()
    await engine.caughtUp()
    // From the beginning, through all of them.
    expect(await target(`select id, v from ${schema}.t order by id`)).toEqual(
      Array.from({ length: id }, (_, i) => ({ id: i + 1, v: `value ${i + 1}` })),
    )
    await engine.destroy()
    const again = await Engine.create()
    try {
      await target(`drop database ${schema}`)
      await again.configure({
        mysqlPort: server.port,
        fePort: sandbox.mysqlPort,
        feHttpPort: sandbox.feHttpPort,
        flavor: kind,
        schema,
      })
      again.start()
      await again.caughtUp()
      expect(await target(`select count(*) as n from ${schema}.t`)).toEqual([{ n: id }])
    } finally {
      await again.destroy()
      await server.sql('set global binlog_checksum = CRC32')
    }
  }, 120_000)

  test('a change of a wanted table that is logged as a statement stops; of another one it does not', async () => {
    const other = await freshSchema(server)
    await server.sql([
      `create table ${schema}.t (id int primary key, v varchar(20))`,
      `create table ${other}.u (id int primary key)`,
    ])
    engine.start()
    await engine.caughtUp()
    const session = await server.connect({ database: other })
    await session.query(`set session binlog_format = 'STATEMENT'`)
    await session.query('insert into u values (1)')
    await engine.caughtUp()
    expect(engine.alive).toBe(true)
    await session.query(`insert into ${schema}.t values (1, 'one')`)
    await session.end()
    expect([await engine.ended(), engine.output]).toEqual([6, expect.stringMatching(/a statement, not rows/)])
    expect(await target(`select count(*) as n from ${schema}.t`)).toEqual([{ n: 0 }])
  })

  test('an incident, after which changes are missing from the binlog, stops', async () => {
    await server.sql(`create table ${schema}.t (id int primary key, v varchar(200)) engine = MyISAM`)
    engine.start()
    await engine.caughtUp()
    await server.sql(['set global binlog_stmt_cache_size = 4096', 'set global max_binlog_stmt_cache_size = 4096'])
    const session = await server.connect({ database: schema })
    const values = Array.from({ length: 500 }, (_, i) => `(${i}, repeat('x', 200))`).join(',')
    await expect(session.query(`insert into t values ${values}`)).rejects.toThrow(/max_binlog_stmt_cache_size/)
    await session.end()
    await server.sql('set global max_binlog_stmt_cache_size = 18446744073709547520')
    expect([await engine.ended(), engine.output]).toEqual([6, expect.stringMatching(/reports an incident/)])
  })
})
