import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bindTable } from '../../lib/binlog/bind-table.js'
import type { BinlogEvent } from '../../lib/binlog/event.js'
import { compileRowEncoder } from '../../lib/binlog/row-encoder.js'
import type { Failure } from '../../lib/model/failure.js'
import { type Row, startServer, type TestServer } from '../../lib/servers/test-server.js'
import { binlogNames, readBinlogs } from '../support/binlog-files.js'
import { encodeImages, layoutOf, SHANGHAI } from '../support/encoded-rows.js'
import { readTableSchema } from '../support/source-schema.js'

type Kind = 'mysql' | 'mariadb'

/** Starts a new binlog file, runs statements in schema t over one connection, and returns the names of the files written. */
async function written(server: TestServer, statements: readonly string[]): Promise<string[]> {
  const connection = await server.connect({ database: 't', charset: 'utf8mb4' })
  try {
    await connection.query('flush binary logs')
    const before = await binlogNames(server)
    for (const statement of statements) await connection.query(statement)
    return (await binlogNames(server)).slice(before.length - 1)
  } finally {
    await connection.end()
  }
}

/** CSV fields of all inserted rows of a table. */
async function inserted(server: TestServer, names: readonly string[], table: string): Promise<string[][]> {
  const schema = await readTableSchema(server, 't', table)
  const found: string[][] = []
  await readBinlogs(server, names, event => {
    if (event.kind !== 'rows' || event.op !== 'insert' || event.map.table !== table) return
    const layout = layoutOf(bindTable(event.map, schema), { zone: SHANGHAI })
    for (const row of encodeImages(layout, event.buffer, event.at, event.end))
      found.push(row.text.slice(0, -1).split('\x01'))
  })
  return found
}

async function kinds(server: TestServer, names: readonly string[]): Promise<string[]> {
  const found: string[] = []
  await readBinlogs(server, names, event => {
    found.push(event.kind)
  })
  return found
}

const texts = (rows: readonly Row[]) =>
  rows.map(row => Object.values(row).map(value => (value === null ? '\\N' : String(value))))

describe.each<[Kind]>([['mysql'], ['mariadb']])('%s', kind => {
  let server: TestServer

  beforeAll(async () => {
    server = await startServer(kind)
    await server.sql(['create database t character set utf8mb4'])
  }, 300_000)

  afterAll(async () => {
    await server.destroy()
  })

  test('files with and without checksums follow each other in one stream', async () => {
    const names = await written(server, [
      'create table sums (id int primary key, v varchar(20))',
      `insert into sums values (1, 'with')`,
      'set global binlog_checksum = NONE',
      `insert into sums values (2, 'without')`,
      'flush binary logs',
      `insert into sums values (3, 'still without'), (4, null)`,
      'set global binlog_checksum = CRC32',
      `insert into sums values (5, 'with again')`,
    ])
    expect(names.length).toBeGreaterThanOrEqual(4)
    expect(await inserted(server, names, 'sums')).toEqual([
      ['1', 'with'],
      ['2', 'without'],
      ['3', 'still without'],
      ['4', '\\N'],
      ['5', 'with again'],
    ])
  })

  test('compressed transactions and events', async () => {
    const on = kind === 'mysql' ? 'set session binlog_transaction_compression = 1' : 'set global log_bin_compress = 1'
    const off = kind === 'mysql' ? 'set session binlog_transaction_compression = 0' : 'set global log_bin_compress = 0'
    const values = Array.from({ length: 500 }, (_, i) => `(${i}, repeat('payload ${i} ', 40))`).join(',')
    const names = await written(server, [
      'create table packed (id int primary key, v text)',
      on,
      `insert into packed values ${values}`,
      `alter table packed comment '${'a long comment '.repeat(60)}'`,
      `update packed set v = concat(v, 'x') where id < 100`,
      'delete from packed where id >= 400',
      off,
    ])
    const rows = await inserted(server, names, 'packed')
    expect(rows).toHaveLength(500)
    expect(rows[499]).toEqual(['499', 'payload 499 '.repeat(40)])
    const statements: string[] = []
    const ops = new Set<string>()
    let compressed = 0
    await readBinlogs(server, names, event => {
      if (event.kind === 'query') statements.push(event.sql)
      if (event.kind === 'rows') ops.add(event.op)
      if (event.kind === 'rows' && (kind === 'mysql' ? event.logPos === 0 : event.type >= 166)) compressed++
    })
    expect(ops).toEqual(new Set(['insert', 'update', 'delete']))
    expect(compressed).toBeGreaterThan(2)
    expect(statements.some(sql => sql.includes(`${'a long comment '.repeat(60)}`))).toBe(true)
  })

  test('a large compressed transaction of many zstd blocks', async () => {
    const on = kind === 'mysql' ? 'set session binlog_transaction_compression = 1' : 'set global log_bin_compress = 1'
    const names = await written(server, [
      'create table blocks (id int primary key, v mediumtext)',
      on,
      `insert into blocks with recursive r as (select 1 as i union all select i + 1 from r where i < 300)
         select i, concat(repeat(sha2(i, 256), 50), repeat(sha2(i * 7, 256), 50)) from r`,
      kind === 'mysql' ? 'do 0' : 'set global log_bin_compress = 0',
    ])
    const expected = texts(await server.sql('select id, v from t.blocks order by id'))
    expect(await inserted(server, names, 'blocks')).toEqual(expected)
  })

  test('a table of 300 columns, with NULLs at every place', async () => {
    const types = [
      'int',
      'varchar(20)',
      'decimal(20,4)',
      'datetime(3)',
      'double',
      'char(8)',
      'tinyint unsigned',
      'text',
      'bigint',
      'date',
    ]
    const literals = [
      '-5',
      `'é text'`,
      '-12.3400',
      `'2024-02-29 01:02:03.004'`,
      '1.5e10',
      `'ab'`,
      '200',
      `'t'`,
      '9007199254740993',
      `'2024-12-31'`,
    ]
    const columns = Array.from(
      { length: 299 },
      (_, i) => `c${i} ${types[i % types.length]}${i % 7 === 0 ? ' not null' : ''}`,
    )
    const row = (id: number, hole: number) =>
      `(${id}, ${columns.map((_, i) => (i % 7 !== 0 && i % hole === 1 ? 'null' : literals[i % literals.length])).join(',')})`
    const names = await written(server, [
      `create table wide (id int primary key, ${columns.join(',')})`,
      `insert into wide values ${[2, 3, 5, 11, 400].map((hole, i) => row(i, hole)).join(',')}`,
    ])
    const casts = columns.map((_, i) => `cast(c${i} as char) as c${i}`).join(',')
    const expected = texts(await server.sql(`select cast(id as char) as id, ${casts} from t.wide order by id`))
    expect(await inserted(server, names, 'wide')).toEqual(expected)
  })

  test('a row of more than 16 MB', async () => {
    await server.sql('set global max_allowed_packet = 64 * 1024 * 1024')
    const names = await written(server, [
      'create table large (id int primary key, v longtext, w int)',
      `insert into large values (1, repeat('0123456789abcdef', 1200000), 7)`,
    ])
    const [row] = await inserted(server, names, 'large')
    expect(row![1]!.length).toBe(19_200_000)
    expect(row![1] === '0123456789abcdef'.repeat(1_200_000)).toBe(true)
    expect([row![0], row![2]]).toEqual(['1', '7'])
  })

  test('doubles and floats of every size read back to the same bits', async () => {
    const names = await written(server, [
      'create table floats (id int auto_increment primary key, d double, f float)',
      `insert into floats (d, f) with recursive r as (select 1 as i union all select i + 1 from r where i < 900)
         select (rand(i) - 0.5) * pow(10, i % 601 - 300), (rand(i + 7) - 0.5) * pow(10, i % 75 - 37) from r`,
    ])
    // Not CAST AS CHAR, which cuts at 22 letters.
    const connection = await server.connect({ database: 't', typeCast: field => field.string() })
    const [selected] = await connection.query('select id, d, cast(f as double) as f from floats order by id')
    await connection.end()
    const expected = texts(selected as Row[])
    const rows = await inserted(server, names, 'floats')
    expect(rows).toHaveLength(900)
    rows.forEach((row, i) => {
      expect(row[1]).toBe(expected[i]![1])
      expect(Math.fround(Number(row[2]))).toBe(Number(expected[i]![2]))
    })
  })

  test('images without all columns are marked as such', async () => {
    const names = await written(server, [
      'create table partial (id int primary key, a int, b text)',
      'set session binlog_row_image = MINIMAL',
      `insert into partial values (1, 2, 'b')`,
      'update partial set a = 3',
      'delete from partial',
      'set session binlog_row_image = FULL',
      `insert into partial values (2, 2, 'b')`,
    ])
    const found: [string, boolean, readonly number[]][] = []
    await readBinlogs(server, names, event => {
      if (event.kind === 'rows') found.push([event.op, event.complete, event.missing()])
    })
    expect(found).toEqual([
      ['insert', true, []],
      ['update', false, [0, 1, 2]],
      ['delete', false, [1, 2]],
      ['insert', true, []],
    ])
  })

  test('a table whose columns changed has another map, and the older rows keep theirs', async () => {
    const names = await written(server, [
      'create table moved (id int primary key, a int)',
      'insert into moved values (1, 2)',
      'insert into moved values (2, 2)',
      'alter table moved add b varchar(5) first',
      `insert into moved values ('x', 3, 4)`,
    ])
    const maps: (object | null)[] = []
    const counts: number[] = []
    await readBinlogs(server, names, event => {
      if (event.kind !== 'tableMap') return
      maps.push(event.map)
      counts.push(event.map!.columns.length)
    })
    expect(counts).toEqual([2, 2, 3])
    expect(maps[0]).toBe(maps[1])
    const schema = await readTableSchema(server, 't', 'moved')
    const contradictions: string[] = []
    await readBinlogs(server, names, event => {
      if (event.kind !== 'rows') return
      try {
        bindTable(event.map, schema)
      } catch (error) {
        contradictions.push(`${(error as Failure).kind}: ${(error as Failure).message}`)
      }
    })
    const expected = 'schemaMismatch: t.moved: the table map has 2 columns, the known table 3'
    expect(contradictions).toEqual([expected, expected])
  })

  test('the events around rows: transactions, savepoints, DDL, two-phase transactions', async () => {
    const names = await written(server, [
      'create table steps (id int primary key) engine = InnoDB',
      'create table steps_m (id int primary key) engine = MyISAM',
      'begin',
      'insert into steps values (1)',
      'savepoint a',
      'insert into steps values (2)',
      'commit',
      'insert into steps_m values (1)',
      `xa start 'x'`,
      'insert into steps values (3)',
      `xa end 'x'`,
      `xa prepare 'x'`,
      `xa commit 'x'`,
      'drop table steps_m',
    ])
    const found = (await kinds(server, names)).filter(kind => kind !== 'ignored')
    const head = kind === 'mysql' ? ['format', 'previousGtids'] : ['format', 'gtidList']
    expect(found.slice(0, 2)).toEqual(head)
    const begin = kind === 'mysql' ? ['begin'] : []
    const rows = ['tableMap', 'rows']
    const inserts = [...begin, ...rows, 'query', ...rows, 'commit']
    expect(found.slice(2, 6)).toEqual(['gtid', 'query', 'gtid', 'query'])
    expect(found.slice(6, 7 + inserts.length)).toEqual(['gtid', ...inserts])
    const rest = found.slice(7 + inserts.length)
    expect(rest.slice(0, 1 + begin.length + 3)).toEqual(['gtid', ...begin, ...rows, 'commit'])
    expect(rest.slice(-2)).toEqual(['gtid', 'query'])
    expect(rest).toContain('xaPrepare')
  })

  test('values that cannot be decoded do not keep other columns from being read', async () => {
    const vector = kind === 'mysql' ? ', v vector(3)' : ''
    const names = await written(server, [
      `create table odd (id int primary key, g geometry, k varchar(9) character set gbk ${vector}, z int)`,
      `insert into odd (id, g, k, z) values (1, st_geomfromtext('point(1 2)'), '中', 77)`,
      ...(kind === 'mysql' ? [`update odd set v = string_to_vector('[1,2,3]'), z = 78`] : []),
    ])
    const schema = await readTableSchema(server, 't', 'odd')
    const read: string[] = []
    await readBinlogs(server, names, (event: BinlogEvent) => {
      if (event.kind !== 'rows') return
      const columns = bindTable(event.map, schema)
      expect(columns.map(column => column.undecodable !== null)).toEqual(
        columns.map(column => !/^(id|z)$/.test(column.name)),
      )
      expect(() => compileRowEncoder(layoutOf(columns))).toThrow(/t\.odd: column g is of type GEOMETRY/)
      const layout = layoutOf(columns)
      const fields = layout.fields.map((field, i) => (columns[i]!.undecodable === null ? field : null))
      for (const row of encodeImages({ ...layout, fields }, event.buffer, event.at, event.end)) read.push(row.text)
    })
    expect(read[0]).toBe('1\x0177\x02')
    expect(read.at(-1)).toBe(kind === 'mysql' ? '1\x0178\x02' : '1\x0177\x02')
  })
})

describe('mysql alone', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await startServer('mysql')
    await server.sql(['create database t character set utf8mb4'])
  }, 300_000)

  afterAll(async () => {
    await server.destroy()
  })

  test('tagged GTIDs in events and in the set before a file', async () => {
    const names = await written(server, [
      'create table tagged (id int primary key)',
      `set gtid_next = 'AUTOMATIC:blue'`,
      'insert into tagged values (1)',
      'insert into tagged values (2)',
      'flush binary logs',
    ])
    const gtids: (string | null)[] = []
    const sets: string[] = []
    const lag: number[] = []
    await readBinlogs(server, names, event => {
      if (event.kind === 'gtid') {
        gtids.push(event.gtid())
        lag.push(event.commitMs - event.timestamp * 1000)
      }
      if (event.kind === 'previousGtids') sets.push(event.gtidSet)
    })
    expect(gtids.slice(1)).toEqual([`${server.serverUuid}:blue:1`, `${server.serverUuid}:blue:2`])
    expect(sets.at(-1)).toMatch(/^[0-9a-f-]{36}:1-\d+:blue:1-2$/)
    const [executed] = await server.sql('select @@gtid_executed as v')
    expect(sets.at(-1)).toBe(String(executed!.v))
    for (const ms of lag) expect(ms).toBeGreaterThanOrEqual(-1)
  })

  test('partial JSON updates are refused for wanted tables and passed over for others', async () => {
    const names = await written(server, [
      'create table docs (id int primary key, d json)',
      `insert into docs values (1, '{"a": 1, "b": "${'x'.repeat(200)}"}')`,
      `set session binlog_row_value_options = 'PARTIAL_JSON'`,
      `update docs set d = json_set(d, '$.a', 2)`,
    ])
    await expect(readBinlogs(server, names, () => {})).rejects.toThrow(/PARTIAL_UPDATE_ROWS.*t\.docs/)
    await expect(
      readBinlogs(
        server,
        names,
        () => {},
        () => false,
      ),
    ).resolves.toBeUndefined()
  })
})

describe('mariadb alone', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await startServer('mariadb')
    await server.sql(['create database t character set utf8mb4'])
  }, 300_000)

  afterAll(async () => {
    await server.destroy()
  })

  test('temporal columns in the format from before MySQL 5.6', async () => {
    const names = await written(server, [
      'set global mysql56_temporal_format = OFF',
      `set sql_mode = '', time_zone = '+08:00'`,
      'create table old_times (id int primary key, t time, d datetime, s timestamp null, y date)',
      `insert into old_times values (1, '-838:59:59', '9999-12-31 23:59:59', '2024-02-29 12:34:56', '2024-02-29'),
         (2, '00:00:00', '0000-00-00 00:00:00', '0000-00-00 00:00:00', '0000-00-00'),
         (3, '-00:00:01', '1000-01-01 00:00:01', '1970-01-01 08:00:01', null), (4, '123:04:05', null, null, null)`,
      'create table old_fractions (id int primary key, t time(3))',
      `insert into old_fractions values (1, '01:02:03.004')`,
      'set global mysql56_temporal_format = ON',
    ])
    const [, rows] = await server.sql([
      `set time_zone = '+08:00'`,
      'select cast(id as char) as id, cast(t as char) as t, cast(d as char) as d, cast(s as char) as s, cast(y as char) as y from t.old_times',
    ])
    expect(rows).toHaveLength(4)
    const found: string[][] = []
    const types: number[][] = []
    const old = await readTableSchema(server, 't', 'old_times')
    const fractions = await readTableSchema(server, 't', 'old_fractions')
    await readBinlogs(server, names, event => {
      if (event.kind !== 'rows') return
      types.push(event.map.columns.map(column => column.type))
      if (event.map.table === 'old_fractions') {
        const columns = bindTable(event.map, fractions)
        const layout = layoutOf(columns, { fields: [{ name: 'id', form: 'text' }, null] })
        expect(() => compileRowEncoder(layout)).toThrow(
          /t\.old_fractions: column t is in the temporal format from before/,
        )
        return
      }
      const layout = layoutOf(bindTable(event.map, old), { zone: SHANGHAI })
      for (const row of encodeImages(layout, event.buffer, event.at, event.end))
        found.push(row.text.slice(0, -1).split('\x01'))
    })
    expect(types[0]!.slice(1, 4)).toEqual([11, 12, 7])
    expect(found).toEqual([
      ['1', '-838:59:59', '9999-12-31 23:59:59', '2024-02-29 12:34:56', '2024-02-29'],
      ['2', '00:00:00', '0000-00-00 00:00:00', '0000-00-00 00:00:00', '0000-00-00'],
      ['3', '-00:00:01', '1000-01-01 00:00:01', '1970-01-01 08:00:01', '\\N'],
      ['4', '123:04:05', '\\N', '\\N', '\\N'],
    ])
  })

  test('COMPRESSED columns are refused by name, and stepped over when left out', async () => {
    const names = await written(server, [
      'create table squeezed (id int primary key, c text compressed, v varchar(300) compressed, z int)',
      `insert into squeezed values (1, repeat('x', 500), 'short', 9)`,
    ])
    const schema = await readTableSchema(server, 't', 'squeezed')
    await readBinlogs(server, names, event => {
      if (event.kind !== 'rows') return
      const layout = layoutOf(bindTable(event.map, schema))
      expect(() => compileRowEncoder(layout)).toThrow(/t\.squeezed: column c is COMPRESSED/)
      const fields = layout.fields.map((field, i) => (i === 1 || i === 2 ? null : field))
      expect(encodeImages({ ...layout, fields }, event.buffer, event.at, event.end)[0]!.text).toBe('1\x019\x02')
    })
  })

  test('standalone statements have no commit, transactions begin without BEGIN', async () => {
    const names = await written(server, ['create table alone (id int primary key)', 'insert into alone values (1)'])
    const found: [string | null, boolean][] = []
    await readBinlogs(server, names, event => {
      if (event.kind === 'gtid') found.push([event.gtid(), event.standalone])
    })
    expect(found.map(([, standalone]) => standalone)).toEqual([true, false])
    for (const [gtid] of found) expect(gtid).toMatch(/^0-\d+-\d+$/)
  })
})
