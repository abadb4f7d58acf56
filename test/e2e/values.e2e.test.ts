import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createConnection } from 'mysql2/promise'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import { Engine, type EngineSetup } from '../support/engine.js'
import { freshSchema, sharedServer } from '../support/servers.js'

/** Values that have no place of their own in StarRocks, from a real server into the sandbox. */
describe.each(['mysql', 'mariadb'] as const)('values over %s', kind => {
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
  }, 180_000)
  afterAll(() => sandbox?.close())

  beforeEach(async () => {
    schema = await freshSchema(server)
    engine = await Engine.create()
  })
  afterEach(() => engine.destroy())

  function configure(rule: string, top: EngineSetup['top'] = {}): Promise<void> {
    return engine.configure({
      mysqlPort: server.port,
      fePort: sandbox.mysqlPort,
      feHttpPort: sandbox.feHttpPort,
      flavor: kind,
      schema,
      top,
      blocks: `[[source]]\nschema = "${schema}"\ntables = ["t"]\n[[rule]]\nschema = "${schema}"\ntable = "t"\n${rule}\n`,
    })
  }

  async function target(sql: string): Promise<unknown> {
    const connection = await createConnection({
      host: '127.0.0.1',
      port: sandbox.mysqlPort,
      user: 'root',
      dateStrings: true,
    })
    try {
      const [rows] = await connection.query({ sql, rowsAsArray: true })
      return rows
    } finally {
      await connection.end()
    }
  }

  const LOOSE = "set sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'"

  async function zeroDates(): Promise<void> {
    await server.sql([
      LOOSE,
      `create table ${schema}.t (id int primary key, d date not null, dt datetime(3) not null, ts timestamp null)`,
      `insert into ${schema}.t values (1, '2024-02-29', '2024-02-29 01:02:03.5', '2024-02-29 01:02:03')`,
      `insert into ${schema}.t values (2, '0000-00-00', '2023-02-31 01:02:03', '0000-00-00 00:00:00')`,
      `insert into ${schema}.t values (3, '2024-00-00', '2024-05-00 01:02:03', null)`,
    ])
  }

  async function synced(key = 'id'): Promise<unknown> {
    engine.start()
    await engine.caughtUp()
    return target(`select * from ${schema}.t order by ${key}`)
  }

  const REAL = [1, '2024-02-29', '2024-02-29 01:02:03.500000', '2024-02-29 01:02:03']

  test('dates that do not exist are NULL, also where the source has NOT NULL', async () => {
    await configure('')
    await zeroDates()
    expect(await synced()).toEqual([REAL, [2, null, null, null], [3, null, null, null]])
    await server.sql(`delete from ${schema}.t where id = 2`)
    await engine.caughtUp()
    expect(await target(`select id from ${schema}.t order by id`)).toEqual([[1], [3]])
  })

  test('or the least date', async () => {
    await configure('zero_date = "min"')
    await zeroDates()
    const least = '0000-01-01 00:00:00'
    expect(await synced()).toEqual([REAL, [2, '0000-01-01', least, least], [3, '0000-01-01', least, null]])
  })

  test('or a stop that names table, column, key and value; with another policy it goes on', async () => {
    await configure('', { zero_date: 'stop' })
    await zeroDates()
    engine.start()
    expect(await engine.ended()).toBe(8)
    expect(engine.output).toContain(
      `${schema}.t: column d of the row with key {"id":"2"} holds 0000-00-00, which ${schema}.t.d (date) cannot hold (zero_date = "stop").`,
    )
    await configure('zero_date = "min"', { zero_date: 'stop' })
    expect(await synced()).toHaveLength(3)
  })

  test('a key that is no date stops', async () => {
    await configure('')
    await server.sql([
      LOOSE,
      `create table ${schema}.t (d date primary key, n int)`,
      `insert into ${schema}.t values ('0000-00-00', 1)`,
    ])
    engine.start()
    expect(await engine.ended()).toBe(8)
    expect(engine.output).toContain(
      `${schema}.t: column d of the row with key {"d":"0000-00-00"} holds 0000-00-00, which ${schema}.t.d (date) cannot hold, nor NULL for it in a key column.`,
    )
  })

  test('a value longer than its column stops with its size; when the column is widened, nothing is missing', async () => {
    await configure('')
    await target(`create database ${schema}`)
    await target(
      `create table ${schema}.t (a int not null, b varchar(10) not null, v varchar(6) null, n tinyint null) primary key (a, b) distributed by hash(a)`,
    )
    await server.sql([
      `create table ${schema}.t (a int, b varchar(2), v varchar(40), n int, primary key (a, b))`,
      `insert into ${schema}.t values (1, 'x', 'größe', -128), (2, 'y', 'größer', 127)`,
    ])
    engine.start()
    expect(await engine.ended()).toBe(8)
    expect(engine.output).toContain(
      `${schema}.t: column v of the row with key {"a":"1","b":"x"} holds a value of 7 bytes, and ${schema}.t.v (varchar(6)) has room for 6.`,
    )
    await target(`alter table ${schema}.t modify column v varchar(160) null`)
    expect(await synced('a')).toEqual([
      [1, 'x', 'größe', -128],
      [2, 'y', 'größer', 127],
    ])
    await server.sql(`update ${schema}.t set n = 128 where a = 2`)
    expect(await engine.ended()).toBe(8)
    expect(engine.output).toContain(
      `column n of the row with key {"a":"2","b":"y"} holds 128, which is beyond ${schema}.t.n (tinyint).`,
    )
  })

  test('rows are parked instead where dead letters are kept', async () => {
    await configure('zero_date = "stop"', { on_bad_row: 'dead_letter' })
    await zeroDates()
    expect(await synced()).toEqual([REAL])
    const { stdout } = await engine.cli('dlq', 'list')
    expect(stdout).toMatch(/id=2 .*column d: /)
    expect(stdout).toMatch(/id=3 .*column d: /)
  })

  test('booleans and casts', async () => {
    await configure(
      'bit1 = "boolean"\ntinyint1 = "boolean"\ncast = { n = "VARCHAR(20)", day = "VARCHAR(10)", total = "DECIMAL(20,4)", code = "BIGINT" }',
    )
    await server.sql([
      LOOSE,
      `create table ${schema}.t (id int primary key, b bit(1), t tinyint(1), n bigint unsigned, day date, total decimal(5,2), code varchar(20))`,
      `insert into ${schema}.t values (1, 1, 0, 18446744073709551615, '0000-00-00', 123.45, '-42'), (2, null, 1, null, null, null, null)`,
    ])
    expect(await synced()).toEqual([
      [1, 1, 0, '18446744073709551615', '0000-00-00', '123.4500', -42],
      [2, null, 1, null, null, null, null],
    ])
    await server.sql(`insert into ${schema}.t (id, t) values (3, 2)`)
    expect(await engine.ended()).toBe(8)
    expect(engine.output).toContain(`column t of the row with key {"id":"3"} holds 2, which is neither 0 nor 1`)
  })

  test('a cast that cannot be is named with the place of its rule, by check and at the start', async () => {
    await configure('cast = { d = "INT" }')
    await zeroDates()
    const checked = await engine.cli('check')
    expect(checked.code).not.toBe(0)
    const said = /sync\.toml, line \d+: cast = \{ d = "INT" \} .*StarRocks cannot read values of date as INT/
    expect(checked.stdout).toMatch(said)
    engine.start()
    expect(await engine.ended()).toBe(2)
    expect(engine.output).toMatch(said)
  })
})
