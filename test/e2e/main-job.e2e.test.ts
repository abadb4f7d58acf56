import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { SyncBench } from '../support/sync-bench.js'

describe.each(['mysql', 'mariadb'] as const)('from %s into StarRocks', kind => {
  let bench: SyncBench

  beforeAll(async () => {
    bench = await SyncBench.shared(kind)
    await bench.configure()
  })
  afterAll(() => bench?.close())

  async function equal(...tables: string[]): Promise<void> {
    expect(await bench.differences(...tables)).toEqual([])
  }

  test('a table made before the start, its rows, updates, deletes and moved keys', async () => {
    await bench.server.sql([
      `create table ${bench.schema}.customers (id int primary key, name varchar(40), credit decimal(12,2), born date, seen datetime(6), note text)`,
      `insert into ${bench.schema}.customers values (1, 'Ann', 10.50, '1990-01-02', '2024-02-29 12:34:56.789012', 'a'), (2, '赵 \\'q\\'', null, null, null, 'tab\\there\\nline')`,
    ])
    bench.engine.start()
    await equal('customers')
    await bench.server.sql([
      `update ${bench.schema}.customers set credit = credit + 1 where id = 1`,
      `insert into ${bench.schema}.customers values (3, '', 0, '2000-12-31', '2000-01-01 00:00:00', '')`,
      `update ${bench.schema}.customers set id = 30 where id = 3`,
      `delete from ${bench.schema}.customers where id = 2`,
    ])
    await equal('customers')
  }, 120_000)

  test('what csv cannot carry arrives all the same', async () => {
    await bench.server.sql([
      `create table ${bench.schema}.odd (id int primary key, a varchar(50), b varbinary(50))`,
      `insert into ${bench.schema}.odd values (1, '\\\\N', x'0102'), (2, concat('x', char(1), 'y', char(2), 'z'), x'00ff'), (3, null, null), (4, '', ''), (5, '"quoted" \\\\ back', 'plain')`,
    ])
    await equal('odd')
  }, 120_000)

  test('a table made while it runs, and a column added later', async () => {
    await bench.server.sql([
      `create table ${bench.schema}.later (id bigint unsigned primary key, v int)`,
      `insert into ${bench.schema}.later values (18446744073709551615, -1), (0, 1)`,
    ])
    await equal('later')
    await bench.server.sql([
      `alter table ${bench.schema}.later add w varchar(20)`,
      `insert into ${bench.schema}.later values (7, 7, 'new')`,
    ])
    await equal('later')
  }, 120_000)

  test('a stop drains and saves; the next start goes on from there', async () => {
    await bench.server.sql(`insert into ${bench.schema}.later values (8, 8, 'before')`)
    expect(await bench.engine.stop()).toBe(0)
    const saved = await bench.engine.position()
    expect(saved).toMatch(/^bin_name = ".+"\nbin_pos = \d+\n/)
    await bench.server.sql(`insert into ${bench.schema}.later values (9, 9, 'between')`)
    bench.engine.start()
    await equal('later')
    expect(await bench.engine.position()).not.toBe(saved)
  }, 120_000)

  test('kill -9 loses nothing', async () => {
    for (let round = 0; round < 3; round++) {
      await bench.server.sql(`insert into ${bench.schema}.later values (${100 + round}, 1, 'killed ${round}')`)
      await bench.engine.stop('SIGKILL')
      await bench.server.sql(`update ${bench.schema}.later set v = v + 1`)
      bench.engine.start()
    }
    await equal('later', 'customers', 'odd')
  }, 120_000)

  test('truncate is followed', async () => {
    await bench.server.sql([
      `truncate table ${bench.schema}.later`,
      `insert into ${bench.schema}.later values (1, 1, 'after')`,
    ])
    await equal('later')
  }, 120_000)
})
