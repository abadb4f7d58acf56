import { describe, expect, test } from '@jest/globals'
import { freshSchema, sharedServer } from '../../support/servers.js'
import { headOf, keyNames, openReader, schemaOf, valuesOf } from './read-rig.js'

/** Rows 0 to 2,999 as `i`. */
const NUMBERS =
  'select a.n + 10 * b.n + 100 * c.n + 1000 * d.n as i from digits a, digits b, digits c, (select 0 n union select 1 union select 2) d'

interface KeyCase {
  readonly name: string
  readonly ddl: string
  readonly values: string
  readonly only?: 'mariadb'
}

const KEYS: readonly KeyCase[] = [
  { name: 'int', ddl: 'k int primary key', values: 'i * 7 - 9000' },
  { name: 'bigint unsigned', ddl: 'k bigint unsigned primary key', values: '18446744073709551615 - i * 3' },
  { name: 'zerofill', ddl: 'k int(8) unsigned zerofill primary key', values: 'i' },
  {
    name: 'composite',
    ddl: 'a int, b varchar(9), c date, primary key (c, a, b)',
    values: "i % 7, char(97 + i % 26), date '2024-01-01' + interval (i div 7 % 40) day + interval (i div 280) year",
  },
  {
    name: 'case-insensitive',
    ddl: 'k varchar(20) character set utf8mb4 collate utf8mb4_general_ci primary key',
    values: "concat(elt(1 + i % 4, 'a', 'B', 'é', '中'), if(i % 8 < 4, 'X', 'x'), i)",
  },
  {
    name: 'latin1',
    ddl: 'k varchar(20) character set latin1 collate latin1_swedish_ci primary key',
    values: "concat(elt(1 + i % 4, 'a', 'B', 'é', 'ü'), i, if(i % 3, ' ', ''))",
  },
  {
    name: 'gbk',
    ddl: 'k varchar(20) character set gbk primary key',
    values: "concat(elt(1 + i % 4, 'a', '中', '国', '丁'), i)",
  },
  { name: 'char of utf16', ddl: 'k char(12) character set utf16 primary key', values: 'concat(char(97 + i % 26), i)' },
  { name: 'binary', ddl: 'k binary(6) primary key', values: "unhex(lpad(hex(i * 7919 % 3001), 10, '0'))" },
  {
    name: 'varbinary',
    ddl: 'k varbinary(9) primary key',
    values: "unhex(if(i % 2, concat(lpad(hex(i), 4, '0'), '00'), lpad(hex(i), 4, '0')))",
  },
  { name: 'enum', ddl: "e enum('z', 'a', 'm'), i int, primary key (e, i)", values: '1 + i % 3, i' },
  { name: 'bit', ddl: 'k bit(64) primary key', values: '9223372036854775808 - 1500 + i' },
  { name: 'decimal', ddl: 'k decimal(30, 4) primary key', values: '(i - 1500) * 12345678901234567.0625' },
  {
    name: 'datetime',
    ddl: 'k datetime(6) primary key',
    values: "'2024-02-28 00:00:00' + interval i * 1234567 microsecond",
  },
  {
    name: 'timestamp',
    ddl: 'k timestamp(3) primary key',
    values: "'2024-02-28 00:00:00' + interval i * 1234567 microsecond",
  },
  { name: 'time', ddl: 'k time(2) primary key', values: 'sec_to_time((i - 1500) * 1999)' },
  { name: 'year', ddl: 'y year, i int, primary key (y, i)', values: 'if(i % 156 = 0, 0, 1900 + i % 156), i' },
  { name: 'unique', ddl: 'v int, k bigint not null, unique (v), unique (k)', values: 'null, i * 2' },
  { name: 'odd names', ddl: '`a``b` int, `order` int, primary key (`order`, `a``b`)', values: 'i, i % 5' },
  {
    name: 'uuid',
    ddl: 'k uuid primary key',
    values: "concat(lpad(hex(i * 7919 % 3001), 8, '0'), '-0000-1000-8000-', lpad(hex(i % 7), 12, '0'))",
    only: 'mariadb',
  },
  { name: 'inet6', ddl: 'k inet6 primary key', values: "concat('::', hex(i))", only: 'mariadb' },
]

describe.each(['mysql', 'mariadb'] as const)('%s', kind => {
  test('chunks hold every row once, in the order of the key', async () => {
    const server = await sharedServer(kind)
    const schema = await freshSchema(server)
    await server.sql([
      `use ${schema}`,
      'create table digits (n int)',
      'insert into digits values (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)',
    ])
    for (const key of KEYS.filter(({ only }) => only === undefined || only === kind)) {
      await server.sql([
        `use ${schema}`,
        'drop table if exists t',
        `create table t (${key.ddl}, note varchar(20))`,
        `insert into t select ${key.values}, if(i % 11, concat('n', i), null) from (${NUMBERS}) s`,
      ])
      const table = await schemaOf(server, schema, 't')
      const expected = await server.sql([
        `use ${schema}`,
        "set time_zone = '+00:00'",
        `select note, ${keyNames(table)} from t order by ${keyNames(table)}`,
      ])
      const notes = expected[2]!.map(row => row.note)
      expect(notes).toHaveLength(3000)
      const reader = await openReader(server, table)
      const head = await headOf(server)
      const found: unknown[] = []
      let after: readonly string[] | null = null
      for (let chunks = 0; ; chunks++) {
        expect(chunks).toBeLessThan(20)
        const upTo: readonly string[] | null = await reader.boundBehind(after, 217)
        const chunk = await reader.read({ after, upTo }, head)
        expect({ key: key.name, rows: chunk.rows, last: chunk.last }).toEqual({
          key: key.name,
          rows: upTo === null ? 3000 % 217 : 217,
          last: upTo,
        })
        expect(chunk.high.reachedBy(head)).toBe(true)
        found.push(...valuesOf(chunk.pieces, table.columns.length).map(row => row.at(-1)))
        chunk.release()
        if (upTo === null) break
        after = upTo
      }
      expect({ key: key.name, notes: found }).toEqual({ key: key.name, notes })
      const next: unknown[] = []
      for (let last: readonly string[] | null = null, more = true; more; ) {
        const chunk = await reader.readNext(last, 300, head)
        expect(chunk.last === null ? 0 : 300).toBe(chunk.rows)
        next.push(...valuesOf(chunk.pieces, table.columns.length).map(row => row.at(-1)))
        last = chunk.last
        more = last !== null
      }
      expect({ key: key.name, notes: next }).toEqual({ key: key.name, notes })
      // The same keys one by one: the bounds of every 217th row.
      const keys: (readonly string[])[] = []
      for (let bound = await reader.boundBehind(null, 1); bound !== null; bound = await reader.boundBehind(bound, 217))
        keys.push(bound)
      const rows = await reader.readKeys(keys, head)
      expect({ key: key.name, notes: valuesOf(rows.pieces, table.columns.length).map(row => row.at(-1)) }).toEqual({
        key: key.name,
        notes: notes.filter((_, n) => n % 217 === 0),
      })
      await reader.close()
    }
  }, 170_000)
})
