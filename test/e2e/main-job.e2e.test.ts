import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createConnection } from 'mysql2/promise'
import { compareTables } from '../../lib/demo/compare.js'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import { Engine } from '../support/engine.js'
import { freshSchema, sharedServer } from '../support/servers.js'

describe.each(['mysql', 'mariadb'] as const)('from %s into StarRocks', kind => {
  let server: ServerAddress
  let sandbox: Sandbox
  let engine: Engine
  let schema: string

  beforeAll(async () => {
    server = await sharedServer(kind)
    sandbox = await startSandbox({
      feHttpPort: 0,
      beHttpPort: 0,
      mysqlPort: 0,
      dataDir: null,
      user: 'root',
      password: '',
    })
    schema = await freshSchema(server)
    engine = await Engine.create()
    await engine.configure({
      mysqlPort: server.port,
      fePort: sandbox.mysqlPort,
      feHttpPort: sandbox.feHttpPort,
      flavor: kind,
      schema,
    })
  }, 180_000)
  afterAll(async () => {
    await engine?.destroy()
    await sandbox?.close()
  })

  async function equal(...tables: string[]): Promise<void> {
    await engine.caughtUp()
    const source = await server.connect({ database: schema, charset: 'utf8mb4' })
    const target = await createConnection({
      host: '127.0.0.1',
      port: sandbox.mysqlPort,
      user: 'root',
      database: schema,
      dateStrings: true,
      supportBigNumbers: true,
    })
    try {
      const compared = await compareTables({
        source,
        target,
        tables: tables.map(table => ({ source: { schema, table }, target: { database: schema, table }, key: ['id'] })),
      })
      expect(compared.map(c => [c.table, c.differs, c.examples])).toEqual(tables.map(table => [table, 0, []]))
    } finally {
      await source.end()
      await target.end()
    }
  }

  test('a table made before the start, its rows, updates, deletes and moved keys', async () => {
    await server.sql([
      `create table ${schema}.customers (id int primary key, name varchar(40), credit decimal(12,2), born date, seen datetime(6), note text)`,
      `insert into ${schema}.customers values (1, 'Ann', 10.50, '1990-01-02', '2024-02-29 12:34:56.789012', 'a'), (2, '赵 \\'q\\'', null, null, null, 'tab\\there\\nline')`,
    ])
    engine.start()
    await equal('customers')
    await server.sql([
      `update ${schema}.customers set credit = credit + 1 where id = 1`,
      `insert into ${schema}.customers values (3, '', 0, '2000-12-31', '2000-01-01 00:00:00', '')`,
      `update ${schema}.customers set id = 30 where id = 3`,
      `delete from ${schema}.customers where id = 2`,
    ])
    await equal('customers')
  }, 60_000)

  test('what csv cannot carry arrives all the same', async () => {
    await server.sql([
      `create table ${schema}.odd (id int primary key, a varchar(50), b varbinary(50))`,
      `insert into ${schema}.odd values (1, '\\\\N', x'0102'), (2, concat('x', char(1), 'y', char(2), 'z'), x'00ff'), (3, null, null), (4, '', ''), (5, '"quoted" \\\\ back', 'plain')`,
    ])
    await equal('odd')
  }, 60_000)

  test('a table made while it runs, and a column added later', async () => {
    await server.sql([
      `create table ${schema}.later (id bigint unsigned primary key, v int)`,
      `insert into ${schema}.later values (18446744073709551615, -1), (0, 1)`,
    ])
    await equal('later')
    await server.sql([
      `alter table ${schema}.later add w varchar(20)`,
      `insert into ${schema}.later values (7, 7, 'new')`,
    ])
    await equal('later')
  }, 60_000)

  test('a stop drains and saves; the next start goes on from there', async () => {
    await server.sql(`insert into ${schema}.later values (8, 8, 'before')`)
    expect(await engine.stop()).toBe(0)
    const saved = await engine.position()
    expect(saved).toMatch(/^bin_name = ".+"\nbin_pos = \d+\n/)
    await server.sql(`insert into ${schema}.later values (9, 9, 'between')`)
    engine.start()
    await equal('later')
    expect(await engine.position()).not.toBe(saved)
  }, 60_000)

  test('kill -9 loses nothing', async () => {
    for (let round = 0; round < 3; round++) {
      await server.sql(`insert into ${schema}.later values (${100 + round}, 1, 'killed ${round}')`)
      await engine.stop('SIGKILL')
      await server.sql(`update ${schema}.later set v = v + 1`)
      engine.start()
    }
    await equal('later', 'customers', 'odd')
  }, 60_000)

  test('truncate is followed', async () => {
    await server.sql([`truncate table ${schema}.later`, `insert into ${schema}.later values (1, 1, 'after')`])
    await equal('later')
  }, 60_000)
})
