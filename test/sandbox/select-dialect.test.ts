import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type SqlServer, startSqlServer } from './sql-client.js'

let server: SqlServer

beforeAll(async () => {
  server = await startSqlServer()
  await server.run('CREATE DATABASE d')
  await server.run('USE d')
  await server.run(`CREATE TABLE t (id BIGINT NOT NULL, name VARCHAR(40), n INT, price DECIMAL(20,4), ok BOOLEAN,
    at DATETIME, day DATE, big LARGEINT, f FLOAT, x DOUBLE, j JSON, b VARBINARY(20), w DECIMAL(65,30)) PRIMARY KEY(id)`)
  await server.run(`INSERT INTO t VALUES
    (1, 'Ann', 5, 1.5, true, '2024-02-29 13:04:05.25', '2024-02-29', -170141183460469231731687303715884105727, 0.1, 1e21,
     '{"b":1,"a":{"z":[1, 2.50],"y":"é"}}', 'raw', '123456789012345678901234567890.5'),
    (2, 'Zoë 🙂', NULL, 1234567890123456.7891, false, '2024-03-01 00:00:00', '2024-03-01', 7, 3, 0.1, '[1,"x",null]', NULL, NULL),
    (3, NULL, -5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`)
})

afterAll(() => server.close())

/** Each query answers one row; the values are those MySQL and StarRocks give, not those DuckDB would. */
const ONE_ROW: readonly (readonly [string, readonly (string | null)[]])[] = [
  // Strings
  [
    'SELECT "double quoted", \'it\'\'s\', \'tab\\tend\', "say ""hi"""',
    ['double quoted', "it's", 'tab\tend', 'say "hi"'],
  ],
  ["SELECT length('Zoë'), char_length('Zoë'), upper('ab'), hex('ab')", ['4', '3', 'AB', '6162']],
  ["SELECT concat('a', 1, 1.50, true), concat('a', NULL)", ['a11.501', null]],
  ["SELECT concat_ws('-', 'a', NULL, 2)", ['a-2']],
  ["SELECT locate('b', 'abc'), locate('b', 'abcb', 3), instr('abc', 'c')", ['2', '4', '3']],
  [
    "SELECT substr('abc', 0), substr('abc', 2), substr('abc', -2, 1), left('abc', 2), right('abc', 2)",
    ['', 'bc', 'b', 'ab', 'bc'],
  ],
  ["SELECT 'a_b' LIKE 'a\\_b', 'axb' LIKE 'a\\_b', 'A' LIKE 'a'", ['1', '0', '0']],
  ["SELECT 'abc' REGEXP 'b', 'abc' REGEXP '^b', 'abc' NOT REGEXP 'z'", ['1', '0', '1']],
  // Numbers
  ["SELECT '5' + 3, 7 / 2, 7 DIV 2, -7 DIV 2, -7 % 3, 5 MOD 3", ['8', '3.5', '3', '-3', '-1', '2']],
  ['SELECT 1 / 0, 5 % 0, 5 DIV 0', [null, null, null]],
  [
    "SELECT CAST('1.9' AS INT), CAST(1.9 AS INT), CAST(-1.9 AS BIGINT), CAST('x' AS INT), CAST(1.9e0 AS SIGNED)",
    ['1', '1', '-1', null, '1'],
  ],
  ["SELECT CAST('300' AS TINYINT), CAST('0x10' AS INT), CAST('1_000' AS INT)", [null, null, null]],
  [
    'SELECT CAST(12 AS STRING), CAST(true AS CHAR), CAST(1.0e0 AS VARCHAR), CAST(1.5 AS VARCHAR(10))',
    ['12', '1', '1', '1.5'],
  ],
  ['SELECT ceil(1.2), floor(-1.2), round(2.5), round(-2.5), truncate(1.29, 1)', ['2', '-2', '3', '-3', '1.2']],
  ['SELECT 1 = 1, 1 <=> NULL, NULL <=> NULL, NULL = NULL, NOT true', ['1', '0', '1', null, '0']],
  ['SELECT (1 = 1) && (1 = 2), (1 = 1) || (1 = 2), !(1 = 2)', ['0', '1', '1']],
  [
    "SELECT IF(1 > 2, 'a', 'b'), ifnull(NULL, 'c'), nvl(NULL, 3), coalesce(NULL, 4), nullif(1, 1)",
    ['b', 'c', '3', '4', null],
  ],
  // Dates
  [
    "SELECT dayofweek('2024-03-03'), weekday('2024-03-03'), dayofyear('2024-03-01'), week('2024-01-07')",
    ['1', '6', '61', '1'],
  ],
  [
    "SELECT year('2024-02-29'), month(day), hour(at), minute(at), second(at) FROM t WHERE id = 1",
    ['2024', '2', '13', '4', '5'],
  ],
  [
    "SELECT date_format('2024-02-09 03:04:05', '%Y/%m/%d %H:%i:%s'), date_format('2024-02-09', '%T %c %e %M')",
    ['2024/02/09 03:04:05', '00:00:00 2 9 February'],
  ],
  ["SELECT str_to_date('09.02.2024 03:04', '%d.%m.%Y %H:%i'), str_to_date('x', '%Y')", ['2024-02-09 03:04:00', null]],
  [
    "SELECT date_add('2024-01-31', INTERVAL 1 MONTH), date_sub('2024-03-01', INTERVAL 1 DAY)",
    ['2024-02-29 00:00:00', '2024-02-29 00:00:00'],
  ],
  [
    "SELECT '2024-01-01' + INTERVAL 1 DAY, DATE '2024-01-01', CAST('20240102' AS DATE)",
    ['2024-01-02 00:00:00', '2024-01-01', '2024-01-02'],
  ],
  [
    "SELECT datediff('2024-03-01', '2024-02-28'), timestampdiff(MONTH, '2024-01-31', '2024-02-28'), timestampdiff(HOUR, '2024-01-01', '2024-01-02')",
    ['2', '0', '24'],
  ],
  [
    "SELECT from_unixtime(0), unix_timestamp('1970-01-02'), last_day('2024-02-01')",
    ['1970-01-01 00:00:00', '86400', '2024-02-29'],
  ],
  [
    "SELECT extract(YEAR FROM '2024-02-01'), date('2024-02-01 10:00:00'), to_date('2024-02-01 10:00:00')",
    ['2024', '2024-02-01', '2024-02-01'],
  ],
  // Aggregates
  [
    'SELECT count(*), count(n), sum(n), avg(price), max(name), min(id) FROM t',
    ['3', '2', '0', '617283945061729.1', 'Zoë 🙂', '1'],
  ],
  [
    "SELECT group_concat(id ORDER BY id DESC SEPARATOR '|'), group_concat(DISTINCT ok) FROM t WHERE id < 3 AND ok",
    ['1', '1'],
  ],
  ["SELECT group_concat(id ORDER BY id DESC SEPARATOR '|') FROM t", ['3|2|1']],
  [
    'SELECT group_concat(DISTINCT x ORDER BY x DESC) FROM (SELECT 10 AS x UNION ALL SELECT 9 UNION ALL SELECT 10) q',
    ['10,9'],
  ],
  ['SELECT count(DISTINCT n, ok) FROM t', ['1']],
  ['SELECT sum(price), sum(ok), ndv(id) FROM t', ['1234567890123458.2891', '1', '3']],
  // JSON
  ["SELECT j->'$.a.y', get_json_string(j, '$.a.y'), get_json_int(j, '$.b') FROM t WHERE id = 1", ['"é"', 'é', '1']],
  ['SELECT parse_json(\'{"b":1,"a":[1,  2]}\')', ['{"a": [1, 2], "b": 1}']],
  // Names, clauses
  ['SELECT `t`.`id` FROM `d`.`t` WHERE d.t.id = 2', ['2']],
  ['SELECT a.id, b.id FROM t a, t AS b WHERE a.id = b.id AND a.id = 1', ['1', '1']],
  ['SELECT id FROM t ORDER BY id LIMIT 1, 1', ['2']],
  ['SELECT id FROM t ORDER BY n LIMIT 1', ['2']],
  ['SELECT id FROM t ORDER BY n DESC LIMIT 1', ['1']],
  [
    'WITH c AS (SELECT max(id) AS m FROM t), e (q) AS (SELECT m + 1 FROM c) SELECT m, q FROM c JOIN e ON e.q > c.m',
    ['3', '4'],
  ],
  ['SELECT (SELECT count(*) FROM t u WHERE u.id < t.id) FROM t WHERE id IN (SELECT max(id) FROM d.t)', ['2']],
  ['SELECT CASE WHEN n IS NULL THEN 1 ELSE 0 END FROM t WHERE id = 2', ['1']],
  ['SELECT * FROM (SELECT id FROM t UNION ALL SELECT 9) u WHERE id = 9', ['9']],
  ['SELECT id # comment\n FROM t -- more\n WHERE /* ; */ id = 1;', ['1']],
  ['SELECT count(*) FROM t LEFT JOIN (SELECT 1 AS one) z ON z.one = t.id WHERE z.one IS NULL', ['2']],
  ['SELECT row_number() OVER (PARTITION BY ok ORDER BY id) FROM t WHERE id = 1', ['1']],
  ['SELECT * EXCEPT (name, n, price, ok, at, day, big, f, x, j, b, w) FROM t WHERE id = 3', ['3']],
  // Session
  ['SELECT DATABASE(), version(), current_version()', ['d', '8.0.33', '4.1.0-sandbox']],
  ['SELECT @@version_comment LIMIT 1', ['StarRocks version 4.1.0-sandbox']],
  ['SELECT @@session.autocommit, @@global.sql_mode, @nothing', ['1', 'ONLY_FULL_GROUP_BY', null]],
  ['SELECT USER(), CURRENT_USER', ["'root'@'127.0.0.1'", "'root'@'%'"]],
]

describe('SELECT dialect', () => {
  test.each(ONE_ROW)('%s', async (sql, expected) => {
    expect(await server.texts(sql)).toEqual([expected])
  })

  test('stored values print as StarRocks prints them', async () => {
    expect(await server.texts('SELECT * FROM t ORDER BY id')).toEqual([
      [
        '1',
        'Ann',
        '5',
        '1.5000',
        '1',
        '2024-02-29 13:04:05.250000',
        '2024-02-29',
        '-170141183460469231731687303715884105727',
        '0.1',
        '1e+21',
        '{"a": {"y": "é", "z": [1, 2.5]}, "b": 1}',
        'raw',
        '123456789012345678901234567890.500000000000000000000000000000',
      ],
      [
        '2',
        'Zoë 🙂',
        null,
        '1234567890123456.7891',
        '0',
        '2024-03-01 00:00:00',
        '2024-03-01',
        '7',
        '3',
        '0.1',
        '[1, "x", null]',
        null,
        null,
      ],
      ['3', null, '-5', ...Array(10).fill(null)],
    ])
  })

  test('NULLs come first in ascending and last in descending order', async () => {
    expect(await server.texts('SELECT n FROM t ORDER BY n')).toEqual([[null], ['-5'], ['5']])
    expect(await server.texts('SELECT n FROM t ORDER BY n DESC')).toEqual([['5'], ['-5'], [null]])
  })

  test('columns are named by alias, by column, else by their text', async () => {
    const [, fields] = await server.client.query(
      "SELECT COUNT(*), id AS `the id`, t.n, n + 1, 'x' FROM t GROUP BY id, n",
    )
    expect(fields.map(field => field.name)).toEqual(['count(*)', 'the id', 'n', 'n + 1', "'x'"])
  })

  test.each([
    ['SELECT * FROM nosuch', 5502, "Unknown table 'd.nosuch'"],
    ['SELECT * FROM nodb.t', 5501, "Unknown database 'nodb'"],
    ['SELECT * FROM T', 5502, "Unknown table 'd.T'"],
    ['SELECT nocolumn FROM t', 1064, "Column 'nocolumn' cannot be resolved"],
    ['SELECT nofunction(1)', 1064, 'No matching function with signature: nofunction'],
    ['SELECT (1', 1064, 'Getting syntax error at line 1'],
    ["SELECT 'open", 1064, 'the string is not closed'],
    ['FROBNICATE', 1064, "Unexpected input 'FROBNICATE'"],
    ["SELECT * FROM read_csv('/etc/passwd')", 1064, "Unknown table function 'read_csv"],
    ["SELECT * FROM '/etc/passwd'", 1064, 'a table is expected'],
    ['SELECT * FROM duckdb_settings', 5502, "Unknown table 'd.duckdb_settings'"],
    ['SELECT 2 ^ 3', 1064, 'operator ^ is not supported'],
  ])('%s is refused', async (sql, code, message) => {
    await expect(server.run(sql)).rejects.toMatchObject({
      errno: code,
      message: expect.stringContaining(message) as unknown as string,
    })
  })
})
