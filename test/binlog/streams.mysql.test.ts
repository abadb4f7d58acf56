import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bindTable } from '../../lib/binlog/bind-table.js'
import type { BinlogEvent } from '../../lib/binlog/event.js'
import { compileRowEncoder } from '../../lib/binlog/row-encoder.js'
import type { Failure } from '../../lib/model/failure.js'
import { type Row, startServer, type TestServer } from '../../lib/servers/test-server.js'
import { readBinlogs } from '../support/binlog-files.js'
import { encodeImages, layoutOf, SHANGHAI } from '../support/encoded-rows.js'
import { readTableSchema } from '../support/source-schema.js'
import { written } from '../support/written-binlogs.js'

type Kind = 'mysql' | 'mariadb'

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

  // Its table maps tell BINARY(16) from everything else.
  if (kind === 'mysql') return

  test('values that cannot be told do not keep other columns from being read', async () => {
    const names = await written(server, [
      'set global binlog_row_metadata = FULL',
      'create table odd (id int primary key, u uuid, z int)',
      `insert into odd values (1, '123e4567-e89b-12d3-a456-426655440000', 77)`,
      'set global binlog_row_metadata = NO_LOG',
    ])
    const read: string[] = []
    await readBinlogs(server, names, (event: BinlogEvent) => {
      if (event.kind !== 'rows') return
      const columns = bindTable(event.map, null)
      expect(() => compileRowEncoder(layoutOf(columns))).toThrow(/t\.odd: column u is BINARY, UUID, INET4 or INET6/)
      const layout = layoutOf(columns)
      const fields = layout.fields.map((field, i) => (columns[i]!.undecodable === null ? field : null))
      for (const row of encodeImages({ ...layout, fields }, event.buffer, event.at, event.end)) read.push(row.text)
    })
    expect(read).toEqual(['1\x0177\x02'])
  })
})
