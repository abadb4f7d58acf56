import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type SqlServer, startSqlServer } from './sql-client.js'

let server: SqlServer

beforeAll(async () => {
  server = await startSqlServer()
  await server.run('CREATE DATABASE d')
  await server.run('USE d')
})

afterAll(() => server.close())

const PRIMARY = `CREATE TABLE IF NOT EXISTS d.orders (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'the key; "quoted"',
  customer int(11) NOT NULL DEFAULT "0",
  note varchar(160) NULL DEFAULT 'a;b',
  total DECIMAL(20, 4) DEFAULT "1.50",
  created DATETIME DEFAULT CURRENT_TIMESTAMP
) ENGINE=OLAP
PRIMARY KEY (id)
COMMENT "orders -- of the shop"
DISTRIBUTED BY HASH(id) BUCKETS 4
ORDER BY (customer)
PROPERTIES ("replication_num" = "1", "enable_persistent_index" = "true");`

const DUPLICATE = `CREATE TABLE events (
  at DATETIME NOT NULL, kind VARCHAR(20), tags ARRAY<VARCHAR(10)>, attributes MAP<VARCHAR(5),INT>,
  place STRUCT<lat DOUBLE, names ARRAY<ARRAY<STRING>>>, body JSON
) DUPLICATE KEY (at, kind) PARTITION BY date_trunc('day', at) DISTRIBUTED BY RANDOM`

const AGGREGATE = `CREATE TABLE visits (
  day DATE, page VARCHAR(20), hits BIGINT SUM DEFAULT "0", slowest INT MAX, last_user VARCHAR(20) REPLACE,
  last_known VARCHAR(20) REPLACE_IF_NOT_NULL, users BITMAP BITMAP_UNION, devices HLL HLL_UNION
) AGGREGATE KEY (day, page)
PARTITION BY RANGE(day) (
  PARTITION p1 VALUES [("2024-01-01"), ("2024-02-01")),
  PARTITION p2 VALUES LESS THAN ("2024-03-01")
) DISTRIBUTED BY HASH(page) BUCKETS 1`

const INDEXED = `CREATE TABLE files (
  id INT NOT NULL, \`name\` VARCHAR(50) CHARACTER SET utf8 COMMENT 'größe', content VARBINARY(100), price DECIMAL128(38, 10),
  INDEX by_name (\`name\`) USING BITMAP COMMENT 'x', INDEX grams (\`name\`) USING NGRAMBF ("gram_num" = "4")
) ENGINE = OLAP DEFAULT CHARSET = utf8 PRIMARY KEY (id)`

const UNIQUE = `CREATE TABLE people (
  id LARGEINT, token VARCHAR(64) DEFAULT (uuid()), born DATE, year INT AS year(born)
) UNIQUE KEY (id) DISTRIBUTED BY HASH(id) BUCKETS AUTO`

const EXTERNAL = `CREATE EXTERNAL TABLE far (id INT) ENGINE=mysql PROPERTIES ("host" = "h", "port" = "3306")`

describe('CREATE TABLE', () => {
  test('PRIMARY KEY with AUTO_INCREMENT, defaults and sort key', async () => {
    await server.run(PRIMARY)
    await server.run(PRIMARY)
    expect(await server.texts('SHOW CREATE TABLE orders')).toEqual([
      [
        'orders',
        [
          'CREATE TABLE `orders` (',
          '  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT "the key; \\"quoted\\"",',
          '  `customer` int(11) NOT NULL DEFAULT "0" COMMENT "",',
          '  `note` varchar(160) NULL DEFAULT "a;b" COMMENT "",',
          '  `total` decimal(20, 4) NULL DEFAULT "1.50" COMMENT "",',
          '  `created` datetime NULL DEFAULT CURRENT_TIMESTAMP COMMENT ""',
          ') ENGINE=OLAP ',
          'PRIMARY KEY(`id`)',
          'COMMENT "orders -- of the shop"',
          'DISTRIBUTED BY HASH(`id`) BUCKETS 4',
          'ORDER BY(`customer`)',
          'PROPERTIES (',
          '"compression" = "LZ4",',
          '"enable_persistent_index" = "true",',
          '"fast_schema_evolution" = "true",',
          '"replicated_storage" = "true",',
          '"replication_num" = "1"',
          ');',
        ].join('\n'),
      ],
    ])
    await server.run('INSERT INTO orders (customer) VALUES (7), (8)')
    await server.run("INSERT INTO orders (id, note) VALUES (100, 'given')")
    expect(
      await server.texts('SELECT id, customer, note, total, created > "2020-01-01" FROM orders ORDER BY id'),
    ).toEqual([
      ['1', '7', 'a;b', '1.5000', '1'],
      ['2', '8', 'a;b', '1.5000', '1'],
      ['100', '0', 'given', '1.5000', '1'],
    ])
  })

  test('DUPLICATE KEY with nested types and an expression partition', async () => {
    await server.run(DUPLICATE)
    await server.run(`INSERT INTO events VALUES ('2024-01-01 10:00:00', 'x', ['a','b'], NULL, NULL, '{"b":2,"a":1}')`)
    await server.run(`INSERT INTO events VALUES ('2024-01-01 10:00:00', 'x', [], NULL, NULL, '5')`)
    expect(await server.texts('SELECT * FROM events ORDER BY array_length(tags)')).toEqual([
      ['2024-01-01 10:00:00', 'x', '[]', null, null, '"5"'],
      ['2024-01-01 10:00:00', 'x', '["a","b"]', null, null, '{"a": 1, "b": 2}'],
    ])
    const [created] = await server.texts('SHOW CREATE TABLE events')
    expect(created?.[1]).toContain("PARTITION BY date_trunc('day', at)\nDISTRIBUTED BY RANDOM\n")
    expect(created?.[1]).toContain('`place` struct<`lat` double, `names` array<array<varchar(65533)>>> NULL')
  })

  test("AGGREGATE KEY merges by each column's function; half-open ranges are kept", async () => {
    await server.run(AGGREGATE)
    const row = (hits: number, slowest: number, last: string, known: string, user: number) =>
      `INSERT INTO visits VALUES ('2024-01-05', 'p', ${hits}, ${slowest}, ${last}, ${known}, to_bitmap(${user}), hll_hash(${user}))`
    await server.run(row(2, 5, "'a'", "'a'", 1))
    await server.run(row(3, 4, 'NULL', 'NULL', 2))
    await server.run(row(4, 9, "'c'", 'NULL', 2))
    expect(await server.texts('SELECT day, page, hits, slowest, last_user, last_known FROM visits')).toEqual([
      ['2024-01-05', 'p', '9', '9', 'c', 'a'],
    ])
    expect(
      await server.texts('SELECT users, devices, bitmap_count(users), hll_cardinality(devices) FROM visits'),
    ).toEqual([[null, null, '2', '2']])
    const [created] = await server.texts('SHOW CREATE TABLE visits')
    expect(created?.[1]).toContain('PARTITION p1 VALUES [("2024-01-01"), ("2024-02-01")),\n')
    expect(created?.[1]).toContain('`hits` bigint(20) SUM NULL DEFAULT "0"')
  })

  test('PRIMARY KEY with indexes, charset, bytes and wide decimals', async () => {
    await server.run(INDEXED)
    expect(await server.texts('DESC files')).toEqual([
      ['id', 'int', 'NO', 'true', null, ''],
      ['name', 'varchar(50)', 'YES', 'false', null, ''],
      ['content', 'varbinary(100)', 'YES', 'false', null, ''],
      ['price', 'decimal(38,10)', 'YES', 'false', null, ''],
    ])
    await server.run("INSERT INTO files VALUES (1, 'n', 'abc', '1234567890123456789012345678.1234567891')")
    expect(await server.texts('SELECT content, hex(content), length(content), price FROM files')).toEqual([
      ['abc', '616263', '3', '1234567890123456789012345678.1234567891'],
    ])
  })

  test('UNIQUE KEY with uuid() and a generated column', async () => {
    await server.run(UNIQUE)
    await server.run("INSERT INTO people (id, born) VALUES (1, '1999-05-05'), (1, '2000-01-01')")
    expect(await server.texts('SELECT id, length(token), born, year FROM people')).toEqual([
      ['1', '36', '2000-01-01', '2000'],
    ])
    await expect(server.run('INSERT INTO people (id, year) VALUES (2, 3)')).rejects.toMatchObject({
      message: expect.stringContaining("generated column 'year' can not be specified") as unknown as string,
    })
  })

  test('an external table is read and refused', async () => {
    await expect(server.run(EXTERNAL)).rejects.toMatchObject({
      message: 'Tables of ENGINE=mysql are not supported by this server',
    })
  })

  test('without a key clause the first columns make a DUPLICATE key', async () => {
    await server.run('CREATE TABLE plain (a INT, b BIGINT, c VARCHAR(10), e INT)')
    await server.run('CREATE TABLE short (a INT, b VARCHAR(100), c INT)')
    const models = await server.texts(
      "SELECT TABLE_NAME, TABLE_MODEL, SORT_KEY, DISTRIBUTE_TYPE FROM information_schema.tables_config WHERE TABLE_NAME IN ('plain', 'short') ORDER BY 1",
    )
    expect(models).toEqual([
      ['plain', 'DUP_KEYS', '`a`, `b`, `c`', 'RANDOM'],
      ['short', 'DUP_KEYS', '`a`', 'RANDOM'],
    ])
  })

  test('columns as information_schema words them', async () => {
    await server.run(`CREATE TABLE every (a BOOLEAN, b TINYINT, c LARGEINT, e DECIMAL(20,4), f VARCHAR(160), g CHAR(3), h STRING,
      i VARBINARY, j JSON, k ARRAY<INT>, l DATETIME) DUPLICATE KEY(a)`)
    const rows = await server.texts(
      `SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, COLUMN_KEY, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE
       FROM information_schema.columns WHERE TABLE_SCHEMA = 'd' AND TABLE_NAME = 'every' ORDER BY ORDINAL_POSITION`,
    )
    expect(rows).toEqual([
      ['a', 'tinyint', 'tinyint(1)', 'DUP', null, null, null],
      ['b', 'tinyint', 'tinyint(4)', '', null, '3', '0'],
      ['c', 'bigint unsigned', 'bigint(20) unsigned', '', null, '39', '0'],
      ['e', 'decimal', 'decimal(20,4)', '', null, '20', '4'],
      ['f', 'varchar', 'varchar(160)', '', '160', null, null],
      ['g', 'char', 'char(3)', '', '3', null, null],
      ['h', 'varchar', 'varchar(65533)', '', '65533', null, null],
      ['i', 'varbinary', 'varbinary', '', null, null, null],
      ['j', 'json', 'json', '', null, null, null],
      ['k', 'unknown', 'array<int>', '', null, null, null],
      ['l', 'datetime', 'datetime', '', null, null, null],
    ])
  })

  test.each([
    [
      'CREATE TABLE r (a INT DEFAULT 0) DUPLICATE KEY(a)',
      1064,
      "Unexpected input '0', the most similar input is a string",
    ],
    ['CREATE TABLE r (a INT) DEFAULT CHARSET=utf8mb4', 1064, 'charset name utf8mb4 is not supported yet'],
    ['CREATE TABLE r (a INT UNSIGNED)', 1064, "Unexpected input 'UNSIGNED'"],
    ['CREATE TABLE r (a DATETIME ON UPDATE CURRENT_TIMESTAMP)', 1064, "Unexpected input 'ON'"],
    [
      'CREATE TABLE r (v INT, id INT) PRIMARY KEY(id)',
      1064,
      'Key columns must be the first few columns of the schema and the order  of the key columns must be consistent with the order of the schema',
    ],
    ['CREATE TABLE r (a INT, b INT) PRIMARY KEY(b, a)', 1064, 'Key columns must be the first few columns'],
    ['CREATE TABLE r (id CHAR(5)) PRIMARY KEY(id)', 1064, 'primary key column[id] type not supported: CHAR(5)'],
    [
      'CREATE TABLE r (id DECIMAL(20,0)) PRIMARY KEY(id)',
      1064,
      'primary key column[id] type not supported: DECIMAL(20,0)',
    ],
    ['CREATE TABLE r (id INT NULL) PRIMARY KEY(id)', 1064, 'primary key column[id] cannot be nullable'],
    [
      'CREATE TABLE r (id FLOAT) DUPLICATE KEY(id)',
      1064,
      "Invalid data type of key column 'id': 'float', use decimal instead",
    ],
    [
      'CREATE TABLE r (id INT, v INT) PRIMARY KEY(id) DISTRIBUTED BY HASH(v)',
      1064,
      'Distribution column[v] is not key column',
    ],
    [
      "CREATE TABLE r (id INT, v DATE) PRIMARY KEY(id) PARTITION BY date_trunc('day', v)",
      1064,
      'partition column must be key column',
    ],
    ["CREATE TABLE r (id INT, v DATE DEFAULT '0000-00-00') PRIMARY KEY(id)", 1064, "Invalid default value for 'v'"],
    ["CREATE TABLE r (id INT, v TINYINT DEFAULT '300') PRIMARY KEY(id)", 1064, "Invalid default value for 'v'"],
    ["CREATE TABLE r (id INT, v VARCHAR(2) DEFAULT 'abc') PRIMARY KEY(id)", 1064, "Invalid default value for 'v'"],
    ['CREATE TABLE r (id INT, __op INT) PRIMARY KEY(id)', 1166, "Incorrect column name '__op'"],
    ['CREATE TABLE r (id INT, ID INT) PRIMARY KEY(id)', 1060, "Duplicate column name 'ID'"],
    ['CREATE TABLE r (id INT) PRIMARY KEY(id) PROPERTIES ("nonsense" = "1")', 1064, 'Unknown properties: {nonsense=1}'],
    [
      'CREATE TABLE r (id INT) PRIMARY KEY(id) PROPERTIES ("light_schema_change" = "yes")',
      1064,
      'fast_schema_evolution must be `true` or `false`',
    ],
    [
      'CREATE TABLE r (id INT) PRIMARY KEY(id) PROPERTIES ("replication_num" = "3")',
      1064,
      'Table replication num should be less than or equal to the number of available backends.',
    ],
    [
      'CREATE TABLE r (id INT) PRIMARY KEY(id) ORDER BY (id) DISTRIBUTED BY HASH(id)',
      1064,
      "Unexpected input 'DISTRIBUTED'",
    ],
    ['CREATE TABLE r (id INT, v CHAR(256)) PRIMARY KEY(id)', 1064, 'between 1 and 255'],
    ['CREATE TABLE r (id INT, v VARCHAR(1048577)) PRIMARY KEY(id)', 1064, 'between 1 and 1048576'],
    ['CREATE TABLE r (id INT, v GEOMETRY) PRIMARY KEY(id)', 1064, 'Unsupported data type: GEOMETRY'],
    ['CREATE TABLE nowhere.r (id INT) PRIMARY KEY(id)', 5501, "Unknown database 'nowhere'"],
    ['CREATE TABLE plain2 (id INT) AGGREGATE KEY(id), 5', 1064, 'Unexpected input'],
    [
      'CREATE TABLE r (id INT, v INT) AGGREGATE KEY(id)',
      1064,
      'AGG_KEYS table should specify aggregate type for non-key column[v]',
    ],
    ['CREATE DATABASE d', 1007, "Can't create database 'd'; database exists"],
    ['CREATE DATABASE `1x`', 1102, "Incorrect database name '1x'"],
  ])('%s is refused', async (sql, code, message) => {
    await expect(server.run(sql)).rejects.toMatchObject({
      errno: code,
      message: expect.stringContaining(message) as unknown as string,
    })
  })

  test('a second CREATE of one name is refused', async () => {
    await server.run('CREATE TABLE twice (id INT) PRIMARY KEY(id)')
    await expect(server.run('CREATE TABLE twice (id INT) PRIMARY KEY(id)')).rejects.toMatchObject({ errno: 1050 })
    await server.run('CREATE TABLE Twice (id INT) PRIMARY KEY(id)')
  })

  test('no table can be made while no backend is alive', async () => {
    const dead = await startSqlServer({ backendAlive: false })
    await dead.run('CREATE DATABASE d')
    await expect(dead.run('CREATE TABLE d.t (id INT) PRIMARY KEY(id)')).rejects.toMatchObject({
      message: expect.stringContaining('Current alive backend is []') as unknown as string,
    })
    await dead.close()
  })
})

describe('CREATE TABLE LIKE', () => {
  const shown = async (name: string) => (await server.texts(`SHOW CREATE TABLE ${name}`))[0]?.[1]

  test.each([
    [
      'liked_primary',
      `CREATE TABLE liked_primary (id INT NOT NULL, s VARCHAR(9) DEFAULT "x" COMMENT "c") PRIMARY KEY(id) COMMENT "t" DISTRIBUTED BY HASH(id) BUCKETS 3 ORDER BY (s) PROPERTIES ("replication_num" = "1")`,
    ],
    [
      'liked_duplicate',
      "CREATE TABLE liked_duplicate (at DATETIME NOT NULL, v INT) DUPLICATE KEY(at) PARTITION BY date_trunc('day', at)",
    ],
    ['liked_sums', 'CREATE TABLE liked_sums (g INT, n BIGINT SUM) AGGREGATE KEY(g) DISTRIBUTED BY HASH(g)'],
  ])('%s: all of the definition, and no rows', async (name, statement) => {
    await server.run(statement)
    await server.run(`CREATE TABLE d.${name}_copy LIKE ${name}`)
    expect(await shown(`${name}_copy`)).toBe(String(await shown(name)).replace(`\`${name}\``, `\`${name}_copy\``))
    expect(await server.texts(`SELECT count(*) FROM ${name}_copy`)).toEqual([['0']])
  })

  test('each has rows and numbers of its own', async () => {
    await server.run('CREATE TABLE counted (id BIGINT NOT NULL AUTO_INCREMENT, v INT) PRIMARY KEY(id)')
    await server.run('INSERT INTO counted (v) VALUES (1), (2)')
    await server.run('CREATE TABLE counted_copy LIKE counted')
    await server.run('INSERT INTO counted_copy (v) VALUES (3)')
    expect(await server.texts('SELECT v FROM counted_copy')).toEqual([['3']])
    expect(await server.texts('SELECT count(*) FROM counted')).toEqual([['2']])
  })

  test('an unknown original, and a name that is taken', async () => {
    await expect(server.run('CREATE TABLE copied LIKE nosuch')).rejects.toMatchObject({ errno: 5502 })
    await server.run('CREATE TABLE single (id INT) PRIMARY KEY(id)')
    await expect(server.run('CREATE TABLE single LIKE single')).rejects.toMatchObject({ errno: 1050 })
    await server.run('CREATE TABLE IF NOT EXISTS single LIKE single')
    await expect(server.run('CREATE TABLE other LIKE single AS x')).rejects.toMatchObject({ errno: 1064 })
  })
})
