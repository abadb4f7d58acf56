import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { type Connection, createConnection } from 'mysql2/promise'
import type { Sandbox } from '../../lib/sandbox/sandbox.js'
import { errorLog, loadState, openSandbox, PASSWORD, streamLoad, USER } from './stream-load-client.js'

let sandbox: Sandbox
let sql: Connection
beforeEach(async () => {
  sandbox = await openSandbox()
  sql = await createConnection({ host: '127.0.0.1', port: sandbox.mysqlPort, user: USER, password: PASSWORD })
})
afterEach(async () => {
  await sql.end()
  await sandbox.close()
})

test('a table made by SQL, filled by Stream Load, altered, filled again, read by SQL', async () => {
  await sql.query('CREATE DATABASE shop')
  await sql.query(
    'CREATE TABLE shop.orders (id bigint NOT NULL, v varchar(10), at datetime) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)',
  )
  const load = (label: string, columns: string, body: string) =>
    streamLoad(sandbox, {
      database: 'shop',
      table: 'orders',
      body,
      headers: { label, columns, column_separator: '\\x01', row_delimiter: '\\x02', strict_mode: 'true' },
    })
  expect(
    await load('a', 'id,v,at,__op', '1\x01a\x012024-01-02 03:04:05.5\x010\x022\x01b\x01\\N\x010\x02'),
  ).toMatchObject({
    Status: 'Success',
    Db: 'shop',
  })
  await sql.query("ALTER TABLE shop.orders ADD COLUMN n int DEFAULT '7'")
  expect(
    await load('b', 'id,v,n,__op', '2\x01B\x011\x010\x023\x01c\x01\\N\x010\x021\x01\\N\x01\\N\x011\x02'),
  ).toMatchObject({
    Status: 'Success',
  })
  const [rows] = await sql.query({ sql: 'SELECT id, v, at, n FROM shop.orders ORDER BY id', rowsAsArray: true })
  expect(rows).toEqual([
    [2, 'B', null, 1],
    [3, 'c', null, null],
  ])
})

test('what SQL shows of the cluster are the ports it listens on', async () => {
  const [rows] = await sql.query('SHOW BACKENDS')
  expect(rows).toMatchObject([{ HttpPort: String(sandbox.beHttpPort), Alive: 'true' }])
  sandbox.faults.set({ noBackendAlive: true })
  const [down] = await sql.query('SHOW BACKENDS')
  expect(down).toMatchObject([{ Alive: 'false' }])
})

test('a row that is refused can be read about', async () => {
  await sql.query('CREATE TABLE d.t (id int NOT NULL) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
  const reply = await streamLoad(sandbox, { table: 't', body: 'x\n', headers: { label: 'l', strict_mode: 'true' } })
  expect(await errorLog(reply)).toContain('(name = id, pos = 0) is out of range. Type: INT')
  expect(await loadState(sandbox, 'l')).toMatchObject({ state: 'ABORTED' })
})

test('closing ends held loads and frees the ports', async () => {
  await sql.query('CREATE TABLE d.t (id int NOT NULL) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
  sandbox.faults.set({ holdAnswer: true })
  const other = await openSandbox()
  await sql.end()
  const pending = streamLoad(sandbox, { table: 't', body: '1\n', headers: { label: 'l' } }).catch(() => 'dropped')
  while ((await loadState(sandbox, 'l')).state !== 'VISIBLE') await new Promise(setImmediate)
  const { feHttpPort, beHttpPort } = sandbox
  await sandbox.close()
  await pending
  sandbox = await openSandbox({ feHttpPort, beHttpPort })
  expect([sandbox.feHttpPort, sandbox.beHttpPort]).toEqual([feHttpPort, beHttpPort])
  await other.close()
  sql = await createConnection({ host: '127.0.0.1', port: sandbox.mysqlPort, user: USER, password: PASSWORD })
})

test('a port that is taken is an error, and nothing stays open', async () => {
  await expect(openSandbox({ feHttpPort: sandbox.feHttpPort })).rejects.toThrow('EADDRINUSE')
})
