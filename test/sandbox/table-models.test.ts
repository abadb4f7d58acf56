import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Connection, createConnection } from 'mysql2/promise'
import type { Sandbox } from '../../lib/sandbox/sandbox.js'
import { openSandbox, PASSWORD, rowsOf, streamLoad, USER } from './stream-load-client.js'
import { TransactionClient } from './transaction-client.js'

let sandbox: Sandbox
let client: Connection
beforeAll(async () => {
  sandbox = await openSandbox({ emulatedVersion: '4.1.0' })
  client = await createConnection({
    host: '127.0.0.1',
    port: sandbox.mysqlPort,
    user: USER,
    password: PASSWORD,
    database: 'd',
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    rowsAsArray: true,
  })
})
afterAll(async () => {
  client.destroy()
  await sandbox.close()
})

const load = (table: string, body: string, headers: Record<string, string> = {}) =>
  streamLoad(sandbox, { table, body, headers: { column_separator: ',', row_delimiter: ';', ...headers } })
const ask = async (sql: string) => (await client.query(sql))[0]

describe('AGGREGATE KEY', () => {
  test('rows of one key become one, within a load and with what is there', async () => {
    await ask(`CREATE TABLE agg (k int, day date, n bigint SUM, high int MAX, low int MIN, last varchar(9) REPLACE,
      known varchar(9) REPLACE_IF_NOT_NULL) AGGREGATE KEY (k, day) DISTRIBUTED BY HASH(k)`)
    await load('agg', '1,2024-01-01,2,5,5,a,a;1,2024-01-01,3,9,1,b,b;2,2024-01-01,7,1,1,x,x;')
    expect(await rowsOf(sandbox, 'agg', 'k')).toEqual([
      ['1', '2024-01-01', '5', '9', '1', 'b', 'b'],
      ['2', '2024-01-01', '7', '1', '1', 'x', 'x'],
    ])
    await load('agg', '1,2024-01-01,-5,1,0,\\N,\\N;')
    expect(await rowsOf(sandbox, 'agg', 'k')).toEqual([
      ['1', '2024-01-01', '0', '9', '0', null, 'b'],
      ['2', '2024-01-01', '7', '1', '1', 'x', 'x'],
    ])
  })

  test('NULL: skipped by SUM, MAX and MIN unless there is nothing else; NULL keys are one key', async () => {
    await ask(
      'CREATE TABLE nulls (a int, b int, n int SUM, high int MAX, low int MIN) AGGREGATE KEY (a, b) DISTRIBUTED BY HASH(a)',
    )
    await load('nulls', '\\N,1,\\N,\\N,\\N;')
    expect(await rowsOf(sandbox, 'nulls')).toEqual([[null, '1', null, null, null]])
    await load('nulls', '\\N,1,4,4,4;\\N,1,\\N,\\N,\\N;\\N,\\N,1,1,1;')
    expect(await rowsOf(sandbox, 'nulls', 'b NULLS LAST')).toEqual([
      [null, '1', '4', '4', '4'],
      [null, null, '1', '1', '1'],
    ])
  })

  test('sums are exact, and decimals have room for them', async () => {
    await ask(
      'CREATE TABLE exact (k int, big bigint SUM, huge largeint SUM, price decimal(10,2) SUM) AGGREGATE KEY (k) DISTRIBUTED BY HASH(k)',
    )
    const row = '1,4611686018427387903,85070591730234615865843651857942052863,99999999.99;'
    await load('exact', row + row)
    expect(await rowsOf(sandbox, 'exact')).toEqual([
      ['1', '9223372036854775806', '170141183460469231731687303715884105726', '199999999.98'],
    ])
    expect(await ask('DESC exact')).toEqual([
      ['k', 'int', 'YES', 'true', null, ''],
      ['big', 'bigint', 'YES', 'false', null, 'SUM'],
      ['huge', 'largeint', 'YES', 'false', null, 'SUM'],
      ['price', 'decimal(38,2)', 'YES', 'false', null, 'SUM'],
    ])
  })

  test('columns that are left out get their default; __op is an ignored field', async () => {
    await ask('CREATE TABLE partly (k int, n int SUM DEFAULT "1", m int SUM) AGGREGATE KEY (k) DISTRIBUTED BY HASH(k)')
    await load('partly', '1,1;1,1;', { columns: 'k,__op' })
    expect(await rowsOf(sandbox, 'partly')).toEqual([['1', '2', null]])
  })

  test('many rows, by the other parser', async () => {
    await ask('CREATE TABLE many (k int, n bigint SUM) AGGREGATE KEY (k) DISTRIBUTED BY HASH(k)')
    const body = Array.from({ length: 60_000 }, (_, at) => `${at % 1000},${at};`).join('')
    await load('many', body)
    await load('many', body)
    expect(sandbox.loader.lastParser).toBe('fast')
    expect(await rowsOf(sandbox, 'many', '1', 'count(*), sum(n)')).toEqual([['1000', String(59_999 * 60_000)]])
  })
})

test('UNIQUE KEY: the last row of a key replaces the others', async () => {
  await ask('CREATE TABLE uniq (k int, v varchar(9)) UNIQUE KEY (k) DISTRIBUTED BY HASH(k)')
  await load('uniq', '1,a;1,b;\\N,x;')
  await load('uniq', '\\N,y;')
  expect(await rowsOf(sandbox, 'uniq', 'k')).toEqual([
    [null, 'y'],
    ['1', 'b'],
  ])
})

test('a transaction over all models', async () => {
  await ask('CREATE TABLE log (k int, v varchar(9)) DUPLICATE KEY (k) DISTRIBUTED BY RANDOM')
  await ask('CREATE TABLE sums (k int, n int SUM) AGGREGATE KEY (k) DISTRIBUTED BY HASH(k)')
  await ask('CREATE TABLE now (k int NOT NULL, v varchar(9)) PRIMARY KEY (k) DISTRIBUTED BY HASH(k)')
  const transaction = new TransactionClient(sandbox, { label: 'models', transaction_type: 'multi' })
  await transaction.run('begin')
  for (const op of ['1\ta\n1\ta\n', '1\tb\n']) {
    await transaction.load('log', op)
    await transaction.load('now', op)
  }
  await transaction.load('sums', '1\t2\n1\t3\n')
  await transaction.load('sums', '1\t-1\n')
  expect((await transaction.run('commit')).reply.Status).toBe('OK')
  expect(await rowsOf(sandbox, 'log', 'v')).toEqual([
    ['1', 'a'],
    ['1', 'a'],
    ['1', 'b'],
  ])
  expect(await rowsOf(sandbox, 'sums')).toEqual([['1', '4']])
  expect(await rowsOf(sandbox, 'now')).toEqual([['1', 'b']])
})

test('what tells model, key and function of a table', async () => {
  await ask('CREATE TABLE told (k int, d date, n decimal(9,1) SUM) AGGREGATE KEY (k, d) DISTRIBUTED BY HASH(k)')
  await ask('CREATE TABLE events (at datetime, v int) DUPLICATE KEY (at) DISTRIBUTED BY RANDOM')
  expect(
    await ask(
      "SELECT TABLE_NAME, TABLE_MODEL, PRIMARY_KEY, SORT_KEY FROM information_schema.tables_config WHERE TABLE_NAME IN ('told', 'events') ORDER BY 1",
    ),
  ).toEqual([
    ['events', 'DUP_KEYS', '', '`at`'],
    ['told', 'AGG_KEYS', '', '`k`, `d`'],
  ])
  expect(
    await ask(
      "SELECT COLUMN_NAME, COLUMN_KEY, COLUMN_TYPE FROM information_schema.columns WHERE TABLE_NAME = 'told' ORDER BY ORDINAL_POSITION",
    ),
  ).toEqual([
    ['k', 'AGG', 'int(11)'],
    ['d', 'AGG', 'date'],
    ['n', '', 'decimal(38,1)'],
  ])
  const [[, created]] = (await ask('SHOW CREATE TABLE told')) as unknown as [[string, string]]
  expect(created).toContain('`n` decimal(38, 1) SUM NULL')
  expect(created).toContain('AGGREGATE KEY(`k`, `d`)')
  expect(await ask('DESC events')).toEqual([
    ['at', 'datetime', 'YES', 'true', null, ''],
    ['v', 'int', 'YES', 'false', null, ''],
  ])
})

test('DELETE from a PRIMARY KEY table by any of its columns', async () => {
  await ask(
    'CREATE TABLE marks (task varchar(64) NOT NULL, db varchar(64) NOT NULL, epoch bigint, note json) PRIMARY KEY (task, db) DISTRIBUTED BY HASH(task)',
  )
  await ask(
    `INSERT INTO marks VALUES ('a', 'x', 1, '{"n": 1}'), ('a', 'y', 2, NULL), ('b', 'x', 1, NULL), ('c', 'it''s', 9, NULL)`,
  )
  await ask("DELETE FROM d.marks WHERE task = 'a' AND `db` = 'y'")
  await ask('DELETE FROM marks WHERE epoch > 5 AND note IS NULL')
  expect(await rowsOf(sandbox, 'marks', 'task', 'task, db')).toEqual([
    ['a', 'x'],
    ['b', 'x'],
  ])
  await ask("DELETE FROM marks WHERE task IN ('a', 'b')")
  expect(await rowsOf(sandbox, 'marks')).toEqual([])
  await expect(ask('DELETE FROM marks')).rejects.toThrow('Where clause is not set')
})
