import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { canonicalJson, JsonSyntaxError, parseJsonValue } from '../../lib/sandbox/json-scan.js'
import { type SqlServer, startSqlServer } from './sql-client.js'

let server: SqlServer

beforeAll(async () => {
  server = await startSqlServer()
  await server.run('CREATE DATABASE d')
  await server.run('CREATE DATABASE D')
  await server.run('USE d')
  await server.run(
    'CREATE TABLE t (id INT, name VARCHAR(10) DEFAULT "none" COMMENT "who", at DATETIME) PRIMARY KEY(id) COMMENT "people"',
  )
  await server.run('CREATE TABLE T (id INT) DUPLICATE KEY(id)')
})

afterAll(() => server.close())

const refused = (sql: string, code: number, message: string) =>
  expect(server.run(sql)).rejects.toMatchObject({
    errno: code,
    message: expect.stringContaining(message) as unknown as string,
  })

describe('INSERT, UPDATE, DELETE', () => {
  test('an INSERT into a PRIMARY KEY table replaces whole rows; the last of a key wins', async () => {
    await server.run("INSERT INTO t VALUES (1, 'a', NULL), (2, 'b', '2024-01-01'), (1, 'c', '2024-01-02 03:04:05.5')")
    expect(await server.texts('SELECT * FROM t ORDER BY id')).toEqual([
      ['1', 'c', '2024-01-02 03:04:05.500000'],
      ['2', 'b', '2024-01-01 00:00:00'],
    ])
    await server.run('INSERT INTO d.t (at, id) VALUES (NULL, 2)')
    expect(await server.texts('SELECT * FROM t WHERE id = 2')).toEqual([['2', 'none', null]])
  })

  test('INSERT .. SELECT, DEFAULT, OVERWRITE and counts', async () => {
    await server.run("INSERT OVERWRITE t VALUES (1, DEFAULT, NULL), (2, 'b', NULL)")
    expect(await server.run("INSERT INTO t (id, name) SELECT id + 10, concat(name, '!') FROM t")).toMatchObject({
      affectedRows: 2,
    })
    expect(await server.texts('SELECT id, name FROM t ORDER BY id')).toEqual([
      ['1', 'none'],
      ['2', 'b'],
      ['11', 'none!'],
      ['12', 'b!'],
    ])
    expect(await server.run("UPDATE t SET name = concat(name, '?'), at = '2024-01-01' WHERE id > 10")).toMatchObject({
      affectedRows: 2,
    })
    expect(await server.run('DELETE FROM t WHERE id IN (SELECT max(id) FROM t)')).toMatchObject({ affectedRows: 1 })
    expect(await server.texts('SELECT * FROM t WHERE id > 2')).toEqual([['11', 'none!?', '2024-01-01 00:00:00']])
  })

  test('a DUPLICATE table keeps every row', async () => {
    await server.run('INSERT INTO T VALUES (1), (1)')
    await server.run('INSERT INTO T VALUES (1)')
    expect(await server.texts('SELECT count(*) FROM T')).toEqual([['3']])
  })

  test('a row that does not fit refuses the statement and changes nothing', async () => {
    await server.run("INSERT OVERWRITE t VALUES (1, 'kept', NULL)")
    await refused(
      "INSERT INTO t VALUES (1, 'x', NULL), (NULL, 'y', NULL)",
      1064,
      "NULL value in non-nullable column 'id'",
    )
    await refused(
      "INSERT INTO t VALUES (1, '12345678é', NULL), (2, '123456789é', NULL)",
      1064,
      "The max length of 'name' is 10",
    )
    await refused("INSERT INTO t VALUES (1, 'x', '2024-02-30')", 1064, "The type of 'at' is DATETIME")
    await refused("INSERT INTO t VALUES (2147483648, 'x', NULL)", 1064, '')
    await refused("UPDATE t SET name = '12345678901' WHERE id = 1", 1064, "The max length of 'name' is 10")
    await refused('UPDATE t SET name = NULL', 1064, 'must specify where clause')
    await refused('UPDATE T SET id = 2 WHERE id = 1', 1064, 'only support updating primary key table')
    await refused('INSERT INTO t VALUES (1)', 1064, "doesn't match select/value column count: 1")
    await refused('INSERT INTO t (nosuch) VALUES (1)', 1064, "Unknown column 'nosuch' in 't'")
    expect(await server.texts('SELECT * FROM t')).toEqual([['1', 'kept', null]])
  })

  test('writes inside BEGIN are refused, since they would not roll back', async () => {
    await server.run('BEGIN')
    await refused("INSERT INTO t VALUES (9, 'x', NULL)", 5305, 'only support queries')
    expect(await server.texts('SELECT count(*) FROM t WHERE id = 9')).toEqual([['0']])
    await server.run('ROLLBACK')
    await server.run("INSERT INTO t VALUES (9, 'x', NULL)")
    expect(await server.texts('SELECT count(*) FROM t WHERE id = 9')).toEqual([['1']])
  })
})

describe('SHOW and information_schema', () => {
  test('databases and tables, by name with their case', async () => {
    expect(await server.texts('SHOW DATABASES')).toEqual([['D'], ['d'], ['information_schema']])
    expect(await server.texts('SHOW TABLES')).toEqual([['T'], ['t']])
    expect(await server.texts('SHOW TABLES FROM D')).toEqual([])
    expect(await server.texts("SHOW FULL TABLES IN d LIKE 't'")).toEqual([['t', 'BASE TABLE']])
    expect(await server.texts("SHOW DATABASES LIKE '%schema'")).toEqual([['information_schema']])
    expect(await server.texts("SHOW TABLES LIKE 'it''s'")).toEqual([])
  })

  test('columns', async () => {
    const described = [
      ['id', 'int', 'NO', 'true', null, ''],
      ['name', 'varchar(10)', 'YES', 'false', 'none', ''],
      ['at', 'datetime', 'YES', 'false', null, ''],
    ]
    expect(await server.texts('DESC d.t')).toEqual(described)
    expect(await server.texts('DESCRIBE t')).toEqual(described)
    expect(await server.texts('SHOW COLUMNS FROM t FROM d WHERE Field = "name"')).toEqual([
      ['name', 'varchar(10)', 'YES', 'NO', 'none', ''],
    ])
    expect(await server.run("SHOW FULL COLUMNS FROM t LIKE 'na%'")).toEqual([
      {
        Field: 'name',
        Type: 'varchar(10)',
        Collation: 'utf8_general_ci',
        Null: 'YES',
        Key: 'NO',
        Default: 'none',
        Extra: '',
        Privileges: '',
        Comment: 'who',
      },
    ])
  })

  test('information_schema takes part in queries', async () => {
    const sql = `SELECT t.table_name, t.table_comment, count(*) AS n FROM information_schema.tables t
      JOIN INFORMATION_SCHEMA.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
      WHERE t.table_schema = DATABASE() GROUP BY 1, 2 ORDER BY 1`
    expect(await server.texts(sql)).toEqual([
      ['T', '', '1'],
      ['t', 'people', '3'],
    ])
    expect(
      await server.texts(
        "SELECT TABLE_MODEL, PRIMARY_KEY FROM information_schema.tables_config WHERE TABLE_NAME = 't'",
      ),
    ).toEqual([['PRIMARY_KEYS', '`id`']])
    expect(await server.texts('SELECT SCHEMA_NAME FROM information_schema.schemata ORDER BY 1')).toHaveLength(3)
    await refused('SELECT * FROM information_schema.nosuch', 5502, 'information_schema.nosuch')
  })

  test('the cluster', async () => {
    expect(await server.run('SHOW FRONTENDS')).toEqual([
      expect.objectContaining({
        IP: '127.0.0.1',
        HttpPort: '18030',
        QueryPort: '19030',
        Role: 'LEADER',
        Alive: 'true',
        Version: '4.1.0-sandbox',
      }),
    ])
    const backend = expect.objectContaining({ BackendId: '10001', IP: '127.0.0.1', HttpPort: '18040', Alive: 'true' })
    expect(await server.run('SHOW BACKENDS')).toEqual([backend])
    expect(await server.run("SHOW PROC '/backends'")).toEqual([backend])
    expect(await server.run('SHOW COMPUTE NODES')).toEqual([])
  })

  test('what clients ask without need', async () => {
    expect(await server.texts("SHOW VARIABLES LIKE 'lower\\_case%'")).toEqual([['lower_case_table_names', '0']])
    expect(await server.texts("SHOW SESSION VARIABLES WHERE Variable_name = 'version'")).toEqual([
      ['version', '8.0.33'],
    ])
    for (const sql of ['SHOW WARNINGS', 'SHOW STATUS', 'SHOW INDEX FROM t', 'SHOW ERRORS'])
      expect(await server.texts(sql)).toEqual([])
    expect(await server.texts('SHOW GRANTS')).toEqual([["'root'@'%'", null, "GRANT 'root' TO USER 'root'@'%'"]])
    for (const sql of [
      "SET NAMES 'utf8mb4'",
      'SET autocommit = ON',
      'SET SESSION TRANSACTION READ ONLY',
      "CREATE USER u IDENTIFIED BY 'p'",
      'GRANT SELECT ON d.* TO u',
      'DROP USER u',
    ])
      await server.run(sql)
    await refused('SHOW NONSENSE', 1064, "Unexpected input 'NONSENSE'")
  })

  test('SET and variables', async () => {
    await server.run("SET @a = 'x', @b = 1 + 2, sql_mode = 'ANSI', SESSION query_timeout = 5")
    expect(await server.texts('SELECT @a, @b, @@sql_mode, @@query_timeout')).toEqual([['x', '3', 'ANSI', '5']])
    await refused('SELECT @@nosuch', 1064, "Unknown system variable 'nosuch'")
    const other = await server.connect()
    expect((await other.query('SELECT @a AS a, @@sql_mode AS m'))[0]).toEqual([{ a: null, m: 'ONLY_FULL_GROUP_BY' }])
    other.destroy()
  })

  test('DROP and TRUNCATE', async () => {
    await server.run('CREATE TABLE gone (id BIGINT AUTO_INCREMENT, v INT) PRIMARY KEY(id)')
    await server.run('INSERT INTO gone (v) VALUES (1), (2)')
    await server.run('TRUNCATE TABLE gone')
    expect(await server.texts('SELECT count(*) FROM gone')).toEqual([['0']])
    await server.run('DROP TABLE gone FORCE')
    await refused('DROP TABLE gone', 5502, "Unknown table 'd.gone'")
    await server.run('DROP TABLE IF EXISTS gone')
    await server.run('CREATE DATABASE short')
    await server.run('CREATE TABLE short.t (id BIGINT AUTO_INCREMENT) PRIMARY KEY(id)')
    await server.run('DROP DATABASE short')
    await server.run('DROP DATABASE IF EXISTS short')
    await refused('DROP DATABASE short', 1008, "database doesn't exist")
    await refused('USE short', 5501, "Unknown database 'short'")
  })

  test('no database is selected at first', async () => {
    const fresh = await server.connect()
    await expect(fresh.query('SELECT * FROM t')).rejects.toMatchObject({ errno: 1046, message: 'No database selected' })
    fresh.destroy()
  })
})

describe('JSON text', () => {
  test.each([
    ['{"b":1,"a":[1,{"d":null,"c":"\\u00e9\\n"}]}', '{"a": [1, {"c": "é\\n", "d": null}], "b": 1}'],
    [' 12345678901234567890123 ', '1.2345678901234568e+22'],
    ['[1.50,-0,1e5,true]', '[1.5, 0, 100000, true]'],
    ['{}', '{}'],
    ['[ ]', '[]'],
    ['"a\\"b"', '"a\\"b"'],
  ])('%s', (text, expected) => expect(canonicalJson(parseJsonValue(text))).toBe(expected))

  test.each(['{', '{"a" 1}', '[1 2]', 'nul', '1 2', '"open'])('%s is no JSON', text => {
    expect(() => parseJsonValue(text)).toThrow(JsonSyntaxError)
  })
})
