import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Connection, createConnection } from 'mysql2/promise'
import type { Sandbox } from '../../lib/sandbox/sandbox.js'
import { has } from '../../lib/sandbox/version.js'
import {
  type Answer,
  AUTHORIZATION,
  loadPath,
  makeTable,
  openSandbox,
  PASSWORD,
  rowsOf,
  send,
  streamLoad,
  USER,
} from './stream-load-client.js'
import { TransactionClient } from './transaction-client.js'

test('releases by number', () => {
  expect(has('3.10.0', 'restCode')).toBe(true)
  expect(has('4.0', 'settledMulti')).toBe(false)
  expect(has('4.0.10-sandbox', 'settledMulti')).toBe(true)
  expect(has('2.3.9', 'transactions')).toBe(false)
})

describe.each(['2.5.13', '3.1.9', '3.3.0', '3.5.4', '4.0.7', '4.1.0'])('StarRocks %s', version => {
  let sandbox: Sandbox
  let sql: Connection
  beforeAll(async () => {
    sandbox = await openSandbox({ emulatedVersion: version })
    const { mysqlPort: port } = sandbox
    sql = await createConnection({ host: '127.0.0.1', port, user: USER, password: PASSWORD, rowsAsArray: true })
  })
  afterAll(async () => {
    sql.destroy()
    await sandbox.close()
  })
  const from = (release: string) => Number.parseFloat(version) >= Number.parseFloat(release)
  const atFrontend = (method: string, path: string, headers: Record<string, string> = {}): Promise<Answer> =>
    send(method, `http://127.0.0.1:${sandbox.feHttpPort}${path}`, { authorization: AUTHORIZATION, ...headers })

  test('says so', async () => {
    const [[row]] = (await sql.query('SELECT current_version(), version()')) as unknown as [[string[]]]
    expect(row).toEqual([version, from('3.4') ? '8.0.33' : '5.1.0'])
  })

  test('what a load without Expect is told', async () => {
    const { text } = await atFrontend('PUT', loadPath({ table: 't' }))
    const refusal = 'There is no 100-continue header'
    const expected = from('3.1')
      ? { Status: 'FAILED', Message: `class com.starrocks.common.DdlException: ${refusal}` }
      : { status: 'FAILED', msg: refusal }
    expect(JSON.parse(text)).toEqual(expected)
  })

  test('numbers of unknown databases and tables', async () => {
    const unknown = from('3.3') ? [5501, 5502] : [1049, 1051]
    await expect(sql.query('USE nowhere')).rejects.toMatchObject({ errno: unknown[0] })
    await expect(sql.query('SELECT * FROM d.nothing')).rejects.toMatchObject({ errno: unknown[1] })
    await expect(sql.query('DROP TABLE d.nothing')).rejects.toMatchObject({ errno: unknown[1] })
  })

  test('the state of a label', async () => {
    const { text } = await atFrontend('GET', '/api/d/get_load_state?label=none')
    const expected = from('3.4')
      ? { state: 'UNKNOWN', reason: '', status: 'OK', code: '0', msg: 'Success', message: 'OK' }
      : { state: 'UNKNOWN', status: 'OK', msg: 'Success' }
    expect(JSON.parse(text)).toEqual(expected)
  })

  test('transactions: always of one table, of several from 4.0', async () => {
    await makeTable(sandbox, 't (id int NOT NULL) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
    const single = new TransactionClient(sandbox, { label: 'single', table: 't' })
    await single.run('begin')
    await single.load('t', '1\n')
    expect((await single.run('commit')).reply.Status).toBe('OK')
    expect(await rowsOf(sandbox, 't')).toEqual([['1']])
    const { reply } = await new TransactionClient(sandbox, { label: 'm', transaction_type: 'multi' }).run('begin')
    expect(reply.Status).toBe(from('4.0') ? 'OK' : 'ANALYSIS_ERROR')
    const { reply: refused } = await new TransactionClient(sandbox, { table: 't' }).run('begin')
    const exception = from('3.4') ? 'StarRocksException' : 'UserException'
    const message = from('3.3') ? 'Empty label.' : 'empty label.'
    expect(refused).toEqual({ Status: 'FAILED', Message: `class com.starrocks.common.${exception}: ${message}` })
  })

  test('a load without a row', async () => {
    await makeTable(sandbox, 'e (id int NOT NULL) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
    const { Message } = await streamLoad(sandbox, { table: 'e', body: '' })
    const text = from('4.0') ? /^No rows were imported/ : from('3.1') ? /^No partitions have data/ : /^all partitions/
    expect(Message).toMatch(text)
  })

  test('CSV with quotes is read from 3.0 on', async () => {
    await makeTable(sandbox, 'q (id int NOT NULL, v varchar(9)) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
    await streamLoad(sandbox, { table: 'q', body: '1,"a"\n', headers: { column_separator: ',', enclose: '"' } })
    expect(await rowsOf(sandbox, 'q')).toEqual([['1', from('3.0') ? 'a' : '"a"']])
  })

  test('what tables may have', async () => {
    const make = (name: string, columns: string, properties = '') =>
      sql.query(
        `CREATE TABLE d.${name} (id int NOT NULL${columns}) PRIMARY KEY (id) DISTRIBUTED BY HASH(id) ${properties}`,
      )
    const allowed = async (work: Promise<unknown>) =>
      work.then(
        () => true,
        (error: Error) => error.message,
      )
    expect(await allowed(make('wide', ', v decimal(40, 2)'))).toBe(
      from('4.0') || "Getting analyzing error. Detail message: DECIMAL's precision should range from 1 to 38.",
    )
    expect(await allowed(make('bytes', ', v varbinary'))).toBe(
      from('3.0') || 'Getting analyzing error. Detail message: Unsupported data type: VARBINARY.',
    )
    expect(await allowed(make('fast', '', 'PROPERTIES ("fast_schema_evolution" = "true")'))).toBe(
      from('3.2') || 'Unknown properties: {fast_schema_evolution=true}',
    )
    await make('plain', ', v int')
    const [[[, text]]] = (await sql.query('SHOW CREATE TABLE d.plain')) as unknown as [[[string, string]]]
    expect(text.includes('fast_schema_evolution')).toBe(from('3.2'))
    expect(text).toContain(`"enable_persistent_index" = "${from('3.1')}"`)
    expect(await allowed(sql.query('ALTER TABLE d.plain RENAME COLUMN v TO w'))).toEqual(
      from('3.4') || expect.stringMatching(/^Getting syntax error/),
    )
  })

  test('BEGIN does nothing before 3.5', async () => {
    await sql.query('CREATE TABLE d.b (id int NOT NULL) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
    await sql.query('BEGIN')
    const inserted = sql.query('INSERT INTO d.b VALUES (1)')
    if (from('3.5')) await expect(inserted).rejects.toMatchObject({ errno: 5305 })
    else await inserted
    await sql.query('COMMIT')
  })
})
