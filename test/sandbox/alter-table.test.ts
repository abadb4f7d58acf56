import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { typeChangeRefusal } from '../../lib/sandbox/alter-table.js'
import { parseColumnType } from '../../lib/sandbox/type-parser.js'
import { type SqlServer, startSqlServer } from './sql-client.js'

let server: SqlServer

beforeAll(async () => {
  server = await startSqlServer()
  await server.run('CREATE DATABASE d')
  await server.run('USE d')
})

beforeEach(async () => {
  await server.run('DROP DATABASE IF EXISTS d')
  await server.run('CREATE DATABASE d')
  await server.run('USE d')
  await server.run('CREATE TABLE t (id INT NOT NULL, a INT, b VARCHAR(10), s INT) PRIMARY KEY(id) ORDER BY (s)')
  await server.run("INSERT INTO t VALUES (1, 10, 'x', 0), (2, NULL, NULL, 0)")
})

afterAll(() => server.close())

const rows = () => server.texts('SELECT * FROM t ORDER BY id')
const columns = async () => (await server.texts('DESC t')).map(row => `${row[0]} ${row[1]}`)

describe('ALTER TABLE', () => {
  test('ADD COLUMN appends, with its default in old rows', async () => {
    await server.run('ALTER TABLE d.t ADD COLUMN c BIGINT NOT NULL DEFAULT "7" COMMENT "new"')
    expect(await rows()).toEqual([
      ['1', '10', 'x', '0', '7'],
      ['2', null, null, '0', '7'],
    ])
  })

  test('ADD COLUMN (a, b) and places', async () => {
    await server.run('ALTER TABLE t ADD COLUMN (c INT, e VARCHAR(5) DEFAULT "z") PROPERTIES ("timeout" = "60")')
    await server.run('ALTER TABLE t ADD COLUMN f DATE AFTER a')
    expect(await columns()).toEqual(['id int', 'a int', 'f date', 'b varchar(10)', 's int', 'c int', 'e varchar(5)'])
    expect(await rows()).toEqual([
      ['1', '10', null, 'x', '0', null, 'z'],
      ['2', null, null, null, '0', null, 'z'],
    ])
  })

  test('DROP COLUMN and ADD COLUMN in one statement', async () => {
    await server.run('ALTER TABLE t DROP COLUMN b, ADD COLUMN c INT DEFAULT "1" AFTER id')
    expect(await columns()).toEqual(['id int', 'c int', 'a int', 's int'])
    expect(await rows()).toEqual([
      ['1', '1', '10', '0'],
      ['2', '1', null, '0'],
    ])
  })

  test('a failing clause leaves the table as it was', async () => {
    await expect(server.run('ALTER TABLE t DROP COLUMN b, DROP COLUMN nosuch')).rejects.toMatchObject({ errno: 1064 })
    expect(await columns()).toEqual(['id int', 'a int', 'b varchar(10)', 's int'])
    expect(await rows()).toEqual([
      ['1', '10', 'x', '0'],
      ['2', null, null, '0'],
    ])
  })

  test('MODIFY COLUMN widens, converts and moves', async () => {
    await server.run('ALTER TABLE t MODIFY COLUMN b VARCHAR(20)')
    await server.run('ALTER TABLE t MODIFY COLUMN a VARCHAR(12) AFTER s')
    expect(await columns()).toEqual(['id int', 'b varchar(20)', 's int', 'a varchar(12)'])
    expect(await rows()).toEqual([
      ['1', 'x', '0', '10'],
      ['2', null, '0', null],
    ])
  })

  test('MODIFY COLUMN INT to DATE reads YYYYMMDD', async () => {
    await server.run('INSERT INTO t VALUES (1, 20240229, NULL, 0)')
    await server.run('ALTER TABLE t MODIFY COLUMN a DATE')
    expect(await rows()).toEqual([
      ['1', '2024-02-29', null, '0'],
      ['2', null, null, '0'],
    ])
  })

  test('MODIFY COLUMN .. COMMENT and COMMENT = change texts only', async () => {
    await server.run('ALTER TABLE t MODIFY COLUMN a COMMENT "col"')
    await server.run('ALTER TABLE t COMMENT = "tab"')
    const [created] = await server.texts('SHOW CREATE TABLE t')
    expect(created?.[1]).toContain('`a` int(11) NULL COMMENT "col"')
    expect(created?.[1]).toContain('\nCOMMENT "tab"\n')
    expect(await server.texts('SHOW ALTER TABLE COLUMN')).toEqual([])
  })

  test('RENAME COLUMN keeps the values', async () => {
    await server.run('ALTER TABLE t RENAME COLUMN b TO title')
    expect(await server.texts('SELECT title FROM t ORDER BY id')).toEqual([['x'], [null]])
    await server.run('ALTER TABLE t RENAME COLUMN id TO number')
    expect((await server.texts('DESC t'))[0]?.slice(0, 4)).toEqual(['number', 'int', 'NO', 'true'])
    await server.run("INSERT INTO t VALUES (1, 1, 'upserted', 0)")
    expect(await server.texts('SELECT count(*), max(title) FROM t')).toEqual([['2', 'upserted']])
  })

  test('RENAME and SWAP WITH', async () => {
    await server.run('CREATE TABLE u (id INT) PRIMARY KEY(id)')
    await server.run('ALTER TABLE t SWAP WITH u')
    expect(await server.texts('SELECT count(*) FROM u')).toEqual([['2']])
    expect(await server.texts('SELECT count(*) FROM t')).toEqual([['0']])
    await server.run('ALTER TABLE u RENAME v')
    expect(await server.texts('SHOW TABLES')).toEqual([['t'], ['v']])
  })

  test('SWAP WITH exchanges definitions with the rows, and leaves both as they were when it is refused', async () => {
    await server.run("CREATE TABLE u (id INT, c INT) PRIMARY KEY(id) COMMENT 'other'")
    for (const other of ['nosuch', 't'])
      await expect(server.run(`ALTER TABLE t SWAP WITH ${other}`)).rejects.toMatchObject({ errno: 1064 })
    await server.run('INSERT INTO u VALUES (7, 8)')
    await server.run('ALTER TABLE d.t SWAP WITH u')
    expect(await server.texts('SELECT * FROM t')).toEqual([['7', '8']])
    expect((await server.texts('SHOW CREATE TABLE t'))[0]?.[1]).toContain('COMMENT "other"')
    await server.run('DROP TABLE u')
    expect(await server.texts('SELECT * FROM t')).toEqual([['7', '8']])
  })

  test('ORDER BY and SET', async () => {
    await server.run('ALTER TABLE t ORDER BY (id, s, b, a)')
    await server.run('ALTER TABLE t SET ("enable_persistent_index" = "false")')
    expect((await rows())[0]).toEqual(['1', '0', 'x', '10'])
    const [created] = await server.texts('SHOW CREATE TABLE t')
    expect(created?.[1]).toContain('"enable_persistent_index" = "false"')
  })

  test('a column change is listed as a FINISHED job', async () => {
    await server.run('ALTER TABLE t ADD COLUMN c INT')
    await server.run('ALTER TABLE t DROP COLUMN c')
    const jobs = await server.run(
      "SHOW ALTER TABLE COLUMN FROM d WHERE TableName = 't' ORDER BY CreateTime DESC, JobId DESC LIMIT 1",
    )
    expect(jobs).toEqual([expect.objectContaining({ TableName: 't', State: 'FINISHED', SchemaVersion: '2:0' })])
  })

  test.each([
    ['ALTER TABLE t ADD COLUMN A INT', "Duplicate column name 'A'"],
    ['ALTER TABLE t ADD COLUMN c INT NOT NULL', 'has no default value'],
    ['ALTER TABLE t ADD COLUMN c INT KEY', 'Can not add key column to primary key table'],
    ['ALTER TABLE t ADD COLUMN c INT FIRST', 'Can not add value column before key column'],
    ['ALTER TABLE t DROP COLUMN id', 'Can not drop key column'],
    ['ALTER TABLE t DROP COLUMN s', 'Can not drop sort column'],
    ['ALTER TABLE t MODIFY COLUMN id BIGINT', 'Can not modify key column'],
    ['ALTER TABLE t MODIFY COLUMN b VARCHAR(5)', 'Cannot shorten string length'],
    ['ALTER TABLE t MODIFY COLUMN a SMALLINT', 'Can not change INT to SMALLINT'],
    ['ALTER TABLE t MODIFY COLUMN a INT NOT NULL', 'Can not change from nullable to non-nullable'],
    ['ALTER TABLE t MODIFY COLUMN a INT DEFAULT "3"', 'Can not change default value'],
    ['ALTER TABLE t MODIFY COLUMN nosuch INT', 'Column[nosuch] does not exist'],
    ['ALTER TABLE t RENAME COLUMN a TO b', 'Column name[b] is already used'],
    ['ALTER TABLE t RENAME t', 'Same table name'],
    ['ALTER TABLE nosuch ADD COLUMN c INT', "Unknown table 'd.nosuch'"],
    ['ALTER TABLE t FROBNICATE', "Unexpected input 'FROBNICATE'"],
  ])('%s is refused', async (sql, message) => {
    await expect(server.run(sql)).rejects.toMatchObject({
      message: expect.stringContaining(message) as unknown as string,
    })
  })

  test.each([
    ['decimal(10,2)', 'decimal(12,2)', true],
    ['decimal(10,2)', 'decimal(11,4)', false],
    ['decimal(10,2)', 'varchar(11)', false],
    ['decimal(10,2)', 'varchar(12)', true],
    ['int', 'bigint', true],
    ['int', 'float', false],
    ['bigint', 'int', false],
    ['char(3)', 'varchar(3)', true],
    ['varchar(3)', 'char(3)', false],
    ['varchar(3)', 'json', true],
    ['date', 'datetime', true],
    ['datetime', 'varchar(30)', false],
    ['json', 'varchar(30)', true],
  ])('%s to %s: %p', (from, to, allowed) => {
    expect(typeChangeRefusal(parseColumnType(from), parseColumnType(to)) === null).toBe(allowed)
  })
})
