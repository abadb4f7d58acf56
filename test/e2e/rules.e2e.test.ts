import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { SyncBench } from '../support/sync-bench.js'

describe.each(['mysql', 'mariadb'] as const)('rules over %s', kind => {
  let bench: SyncBench
  let one: string
  let two: string

  beforeAll(async () => {
    bench = await SyncBench.shared(kind)
    const base = bench.schema
    one = `${base}_1`
    two = `${base}_2`
    await bench.configure({
      blocks: `
[[source]]
schema = "/^${base}_[12]$/"
tables = ["/^orders_[0-9]+$/", "people", "wide"]

[[rule]]
schema = "/^${base}_[12]$/"
table = "/^orders_[0-9]+$/"
sr_table = "orders"
rename = { note = "remark" }
exclude = ["secret"]
constants = { shard = "$schema.$table" }

[[rule]]
schema = "/^${base}_([12])$/"
table = "people"
sr_table = "people_$1"
columns = ["id", "name"]

[[rule]]
schema = "${base}_1"
table = "wide"
`,
    })
    for (const name of [one, two]) {
      await bench.server.sql([
        `create database ${name} character set utf8mb4`,
        `create table ${name}.orders_1 (id bigint unsigned primary key, note varchar(40), secret int, total decimal(10,2))`,
        `create table ${name}.orders_2 (id bigint unsigned primary key, note varchar(40), secret int, total decimal(10,2))`,
        `create table ${name}.people (id int primary key, name varchar(40) character set latin1, born date)`,
      ])
    }
    await bench.server.sql(
      `create table ${one}.wide (code varchar(20), at datetime(3), n bigint unsigned, v varchar(20), primary key (code, at, n))`,
    )
    bench.engine.start()
  })
  afterAll(() => bench?.close())

  test('tables of two schemas in one target; a row that moves from one to another ends where it went last', async () => {
    const big = '18446744073709551615'
    await bench.server.sql([
      `insert into ${one}.orders_1 values (1, 'a', 7, 1.50), (${big}, 'max', 7, -0.01)`,
      `insert into ${two}.orders_2 values (2, 'b', 7, 2.00)`,
      `insert into ${one}.orders_2 values (3, 'c', 7, 3.00)`,
    ])
    const connection = await bench.server.connect()
    for (let round = 0; round < 20; round++) {
      const [from, to] = round % 2 === 0 ? [one, two] : [two, one]
      const table = round === 0 ? `${one}.orders_1` : `${from}.orders_2`
      await connection.query('start transaction')
      await connection.query(`delete from ${table} where id = 1`)
      await connection.query(`insert into ${to}.orders_2 values (1, 'round ${round}', 7, ${round})`)
      await connection.query('commit')
    }
    await connection.query(`update ${one}.orders_2 set id = 30 where id = 3`)
    await connection.end()
    await bench.engine.caughtUp()
    expect(await bench.targetRows(`select id, remark, total, shard from ${bench.schema}.orders order by id`)).toEqual([
      ['1', 'round 19', '19.00', `${one}.orders_2`],
      ['2', 'b', '2.00', `${two}.orders_2`],
      ['30', 'c', '3.00', `${one}.orders_2`],
      [big, 'max', '-0.01', `${one}.orders_1`],
    ])
  }, 120_000)

  test('chosen columns, and latin1 text', async () => {
    await bench.server.sql([
      `insert into ${one}.people values (1, 'Zoë', '2000-01-01')`,
      `insert into ${two}.people values (1, 'Ñandú', null)`,
      `update ${two}.people set born = '1999-01-01' where id = 1`,
    ])
    await bench.engine.caughtUp()
    expect(await bench.targetRows(`select * from ${bench.schema}.people_1`)).toEqual([[1, 'Zoë']])
    expect(await bench.targetRows(`select * from ${bench.schema}.people_2`)).toEqual([[1, 'Ñandú']])
  }, 120_000)

  test('a composite key of text, time and unsigned number, updated, moved and deleted', async () => {
    await bench.server.sql([
      `insert into ${one}.wide values ('a', '2024-01-01 00:00:00.001', 18446744073709551615, 'x'), ('A', '2024-01-01 00:00:00.002', 0, 'y'), ('', '1000-01-01 00:00:00', 1, null)`,
      `update ${one}.wide set v = 'z' where n = 0`,
      `update ${one}.wide set at = '2024-12-31 23:59:59.999' where n > 5`,
      `update ${one}.wide set code = 'moved', v = 'm' where n = 0`,
      `delete from ${one}.wide where n = 1`,
    ])
    const wide = {
      source: { schema: one, table: 'wide' },
      target: { database: bench.schema, table: 'wide' },
      key: ['code', 'at', 'n'],
    }
    expect(await bench.differences(wide)).toEqual([])
  }, 120_000)

  test('a column added to one of the tables of a target: rows of both keep their order', async () => {
    await bench.server.sql([
      `alter table ${one}.orders_1 add extra int`,
      `insert into ${one}.orders_1 values (50, 'in one', 7, 1, 5)`,
      `delete from ${one}.orders_1 where id = 50`,
      `insert into ${two}.orders_1 values (50, 'in two', 7, 2)`,
      `delete from ${two}.orders_1 where id = 50`,
      `insert into ${one}.orders_1 values (50, 'in one again', 7, 3, 6)`,
    ])
    await bench.engine.caughtUp()
    expect(await bench.targetRows(`select id, remark, total, extra from ${bench.schema}.orders where id = 50`)).toEqual(
      [['50', 'in one again', '3.00', 6]],
    )
  }, 120_000)
})
