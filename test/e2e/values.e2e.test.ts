import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { EngineSetup } from '../support/engine.js'
import { SyncBench } from '../support/sync-bench.js'

/** Values that have no place of their own in StarRocks, from a real server into the sandbox. */
describe.each(['mysql', 'mariadb'] as const)('values over %s', kind => {
  let bench: SyncBench

  beforeAll(async () => {
    bench = await SyncBench.shared(kind)
  })
  afterAll(() => bench?.close())
  beforeEach(() => bench.renew())

  /** A test in which the server has no part. */
  const once = kind === 'mysql' ? test : (): void => undefined

  function configure(rule: string, top: EngineSetup['top'] = {}): Promise<void> {
    return bench.configure({ top, blocks: bench.blocks({ t: rule }) })
  }

  const LOOSE = "set sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'"

  async function zeroDates(): Promise<void> {
    await bench.server.sql([
      LOOSE,
      `create table ${bench.schema}.t (id int primary key, d date not null, dt datetime(3) not null, ts timestamp null)`,
      `insert into ${bench.schema}.t values (1, '2024-02-29', '2024-02-29 01:02:03.5', '2024-02-29 01:02:03')`,
      `insert into ${bench.schema}.t values (2, '0000-00-00', '2023-02-31 01:02:03', '0000-00-00 00:00:00')`,
      `insert into ${bench.schema}.t values (3, '2024-00-00', '2024-05-00 01:02:03', null)`,
    ])
  }

  async function synced(key = 'id'): Promise<unknown> {
    bench.engine.start()
    await bench.engine.caughtUp()
    return bench.targetRows(`select * from ${bench.schema}.t order by ${key}`)
  }

  const REAL = [1, '2024-02-29', '2024-02-29 01:02:03.500000', '2024-02-29 01:02:03']

  test('dates that do not exist are NULL, also where the source has NOT NULL', async () => {
    await configure('')
    await zeroDates()
    expect(await synced()).toEqual([REAL, [2, null, null, null], [3, null, null, null]])
    await bench.server.sql(`delete from ${bench.schema}.t where id = 2`)
    await bench.engine.caughtUp()
    expect(await bench.targetRows(`select id from ${bench.schema}.t order by id`)).toEqual([[1], [3]])
  })

  test('or the least date', async () => {
    await configure('zero_date = "min"')
    await zeroDates()
    const least = '0000-01-01 00:00:00'
    expect(await synced()).toEqual([REAL, [2, '0000-01-01', least, least], [3, '0000-01-01', least, null]])
  })

  once('or a stop that names table, column, key and value; with another policy it goes on', async () => {
    await configure('', { zero_date: 'stop' })
    await zeroDates()
    bench.engine.start()
    expect(await bench.engine.ended()).toBe(8)
    expect(bench.engine.output).toContain(
      `${bench.schema}.t: column d of the row with key {"id":"2"} holds 0000-00-00, which ${bench.schema}.t.d (date) cannot hold (zero_date = "stop").`,
    )
    await configure('zero_date = "min"', { zero_date: 'stop' })
    expect(await synced()).toHaveLength(3)
  })

  once('a key that is no date stops', async () => {
    await configure('')
    await bench.server.sql([
      LOOSE,
      `create table ${bench.schema}.t (d date primary key, n int)`,
      `insert into ${bench.schema}.t values ('0000-00-00', 1)`,
    ])
    bench.engine.start()
    expect(await bench.engine.ended()).toBe(8)
    expect(bench.engine.output).toContain(
      `${bench.schema}.t: column d of the row with key {"d":"0000-00-00"} holds 0000-00-00, which ${bench.schema}.t.d (date) cannot hold, nor NULL for it in a key column.`,
    )
  })

  once(
    'a value longer than its column stops with its size; when the column is widened, nothing is missing',
    async () => {
      await configure('')
      await bench.targetRows(`create database ${bench.schema}`)
      await bench.targetRows(
        `create table ${bench.schema}.t (a int not null, b varchar(10) not null, v varchar(6) null, n tinyint null) primary key (a, b) distributed by hash(a)`,
      )
      await bench.server.sql([
        `create table ${bench.schema}.t (a int, b varchar(2), v varchar(40), n int, primary key (a, b))`,
        `insert into ${bench.schema}.t values (1, 'x', 'größe', -128), (2, 'y', 'größer', 127)`,
      ])
      bench.engine.start()
      expect(await bench.engine.ended()).toBe(8)
      expect(bench.engine.output).toContain(
        `${bench.schema}.t: column v of the row with key {"a":"1","b":"x"} holds a value of 7 bytes, and ${bench.schema}.t.v (varchar(6)) has room for 6.`,
      )
      await bench.targetRows(`alter table ${bench.schema}.t modify column v varchar(160) null`)
      expect(await synced('a')).toEqual([
        [1, 'x', 'größe', -128],
        [2, 'y', 'größer', 127],
      ])
      await bench.server.sql(`update ${bench.schema}.t set n = 128 where a = 2`)
      expect(await bench.engine.ended()).toBe(8)
      expect(bench.engine.output).toContain(
        `column n of the row with key {"a":"2","b":"y"} holds 128, which is beyond ${bench.schema}.t.n (tinyint).`,
      )
    },
  )

  once('rows are parked instead where dead letters are kept', async () => {
    await configure('zero_date = "stop"', { on_bad_row: 'dead_letter' })
    await zeroDates()
    expect(await synced()).toEqual([REAL])
    const { stdout } = await bench.engine.cli('dlq', 'list')
    expect(stdout).toMatch(/id=2 .*column d: /)
    expect(stdout).toMatch(/id=3 .*column d: /)
  })

  test('booleans and casts', async () => {
    await configure(
      'bit1 = "boolean"\ntinyint1 = "boolean"\ncast = { n = "VARCHAR(20)", day = "VARCHAR(10)", total = "DECIMAL(20,4)", code = "BIGINT" }',
    )
    await bench.server.sql([
      LOOSE,
      `create table ${bench.schema}.t (id int primary key, b bit(1), t tinyint(1), n bigint unsigned, day date, total decimal(5,2), code varchar(20))`,
      `insert into ${bench.schema}.t values (1, 1, 0, 18446744073709551615, '0000-00-00', 123.45, '-42'), (2, null, 1, null, null, null, null)`,
    ])
    expect(await synced()).toEqual([
      [1, 1, 0, '18446744073709551615', '0000-00-00', '123.4500', -42],
      [2, null, 1, null, null, null, null],
    ])
    await bench.server.sql(`insert into ${bench.schema}.t (id, t) values (3, 2)`)
    expect(await bench.engine.ended()).toBe(8)
    expect(bench.engine.output).toContain(`column t of the row with key {"id":"3"} holds 2, which is neither 0 nor 1`)
  })

  once('a cast that cannot be is named with the place of its rule, by check and at the start', async () => {
    await configure('cast = { d = "INT" }')
    await zeroDates()
    const checked = await bench.engine.cli('check')
    expect(checked.code).not.toBe(0)
    const said = /sync\.toml, line \d+: cast = \{ d = "INT" \} .*StarRocks cannot read values of date as INT/
    expect(checked.stdout).toMatch(said)
    bench.engine.start()
    expect(await bench.engine.ended()).toBe(2)
    expect(bench.engine.output).toMatch(said)
  })
})
