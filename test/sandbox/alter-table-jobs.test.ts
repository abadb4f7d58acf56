import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { Faults } from '../../lib/sandbox/faults.js'
import { type SqlServer, startSqlServer } from './sql-client.js'

const faults = new Faults()
let server: SqlServer

beforeAll(async () => {
  server = await startSqlServer({ faults })
})
beforeEach(async () => {
  await server.run('DROP DATABASE IF EXISTS d')
  await server.run('CREATE DATABASE d')
  await server.run('USE d')
  await server.run('CREATE TABLE t (id INT NOT NULL, a INT) PRIMARY KEY(id)')
  await server.run('INSERT INTO t VALUES (1, 10)')
})
afterEach(() => faults.clear())
afterAll(() => server.close())

const jobs = async () =>
  (await server.texts('SHOW ALTER TABLE COLUMN ORDER BY JobId')).map(job => [job[1], job[9], job[10], job[3] !== null])
const names = async () => (await server.texts('DESC t')).map(row => row[0])
const ended = async () => {
  while ((await jobs()).some(job => job[1] === 'RUNNING')) await new Promise(resolve => setImmediate(resolve))
}

test('a held change runs behind its statement, and its table takes no other until it is over', async () => {
  faults.set({ holdAlter: { table: 't' } })
  await server.run('ALTER TABLE t ADD COLUMN b INT DEFAULT "5"')
  expect(await jobs()).toEqual([['t', 'RUNNING', '', false]])
  expect(await names()).toEqual(['id', 'a'])
  for (const statement of ['ALTER TABLE t DROP COLUMN a', 'ALTER TABLE t RENAME u', 'TRUNCATE TABLE t', 'DROP TABLE t'])
    await expect(server.run(statement)).rejects.toThrow('A schema change operation is in progress on the table t.')
  await server.run('INSERT INTO t VALUES (2, 20)')
  await server.run('CREATE TABLE other (id INT) PRIMARY KEY(id)')
  await expect(server.run('ALTER TABLE other SWAP WITH t')).rejects.toThrow('in progress on the table t.')
  await server.run('ALTER TABLE other ADD COLUMN b INT')
  faults.clear()
  await ended()
  expect(await server.texts('SELECT * FROM t ORDER BY id')).toEqual([
    ['1', '10', '5'],
    ['2', '20', '5'],
  ])
  expect(await jobs()).toEqual([
    ['t', 'FINISHED', '', true],
    ['other', 'FINISHED', '', true],
  ])
})

test('a cancelled change leaves the table as it was, at once or when it is let go', async () => {
  faults.set({ alterCancelled: { times: 1, value: 'no space' } })
  await server.run('ALTER TABLE t DROP COLUMN a')
  expect(await jobs()).toEqual([['t', 'CANCELLED', 'no space', true]])
  faults.set({ holdAlter: true, alterCancelled: true })
  await server.run('ALTER TABLE t DROP COLUMN a')
  faults.set({ holdAlter: null })
  await ended()
  expect((await jobs())[1]).toEqual(['t', 'CANCELLED', 'user cancelled', true])
  expect(await names()).toEqual(['id', 'a'])
})

test('comments and new names are no jobs; what is wrong is refused at once', async () => {
  faults.set({ holdAlter: true })
  await server.run('ALTER TABLE t COMMENT = "x"')
  await server.run('ALTER TABLE t RENAME COLUMN a TO z')
  await expect(server.run('ALTER TABLE t DROP COLUMN nosuch')).rejects.toMatchObject({ errno: 1064 })
  expect(await jobs()).toEqual([])
  expect(await names()).toEqual(['id', 'z'])
})
