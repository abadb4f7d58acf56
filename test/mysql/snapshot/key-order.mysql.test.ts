import { describe, expect, test } from '@jest/globals'
import type { KeyBound } from '../../../lib/model/chunk.js'
import type { Zone } from '../../../lib/model/zone.js'
import { SourceSession } from '../../../lib/mysql/session.js'
import { KeyOrder } from '../../../lib/mysql/snapshot/key-order.js'
import { readSourceLoad } from '../../../lib/mysql/snapshot/source-load.js'
import { estimateTable } from '../../../lib/mysql/snapshot/table-estimate.js'
import { freshSchema, sharedServer } from '../../support/servers.js'
import { sourceAddressOf } from '../../support/source-address.js'
import { openReader, schemaOf } from './read-rig.js'

/** Key definition, values as rows of SQL, and whether the source has to be asked. */
const ORDERS: readonly { ddl: string; values: string; asks: boolean; only?: 'mariadb' }[] = [
  {
    ddl: 'k bigint primary key',
    values: '(-9223372036854775808), (-10), (-9), (-1), (0), (9), (10), (9223372036854775807)',
    asks: false,
  },
  {
    ddl: 'k bigint unsigned primary key',
    values: '(0), (9), (10), (9223372036854775808), (18446744073709551615)',
    asks: false,
  },
  { ddl: 'a int, b int unsigned, primary key (b, a)', values: '(1, 1), (-2, 1), (5, 0), (-5, 3)', asks: false },
  { ddl: "k enum('z', 'a', 'm') primary key", values: "('z'), ('a'), ('m')", asks: false },
  { ddl: 'k varbinary(4) primary key', values: "(''), (x'00'), (x'0000'), (x'61'), (x'6100'), (x'ff')", asks: false },
  { ddl: 'k date primary key', values: "('0000-00-00'), ('1999-12-31'), ('2024-02-29'), ('9999-12-31')", asks: false },
  {
    ddl: 'k datetime(3) primary key',
    values: "('2024-01-01 00:00:00.001'), ('2024-01-01'), ('1000-01-01')",
    asks: false,
  },
  {
    ddl: 'k time(1) primary key',
    values: "('-838:00:00'), ('-00:00:00.5'), ('00:00:00'), ('9:00:00'), ('100:00:00')",
    asks: true,
  },
  {
    ddl: 'k decimal(20, 3) primary key',
    values: '(-10), (-9.5), (0), (9.25), (10), (12345678901234567.125), (12345678901234567.126)',
    asks: true,
  },
  {
    ddl: 'k varchar(9) collate utf8mb4_general_ci primary key',
    values: "('a'), ('B'), ('c'), ('é'), ('Z'), ('_'), ('中')",
    asks: true,
  },
  {
    ddl: 'k varchar(9) collate utf8mb4_bin primary key',
    values: "('a'), ('B'), ('c'), ('é'), ('Z'), ('_'), ('中')",
    asks: true,
  },
  {
    ddl: 'k varchar(9) character set latin1 collate latin1_german2_ci primary key',
    values: "('ad'), ('ä'), ('af'), ('Z'), ('ß'), ('st')",
    asks: true,
  },
  {
    ddl: 'a varchar(9) collate utf8mb4_general_ci, b int, primary key (a, b)',
    values: "('x', 2), ('X', 1), ('w', 9), ('Y', 0)",
    asks: true,
  },
  {
    ddl: 'k uuid primary key',
    values:
      "('10000000-0000-1000-8000-000000000001'), ('00000000-0000-1000-8000-000000000002'), ('00000000-0000-7000-8000-000000000001')",
    asks: true,
    only: 'mariadb',
  },
  { ddl: 'k inet6 primary key', values: "('::9'), ('::10'), ('2001:db8::1')", asks: true, only: 'mariadb' },
]

const UTC: Zone = { name: 'UTC', fixedOffset: 0, offsetAt: () => 0 }
const BERLIN: Zone = { name: 'Europe/Berlin', fixedOffset: null, offsetAt: () => 3600 }

describe.each(['mysql', 'mariadb'] as const)('%s', kind => {
  test('keys are in the order that the table has them in', async () => {
    const server = await sharedServer(kind)
    const schema = await freshSchema(server)
    for (const { ddl, values, asks } of ORDERS.filter(({ only }) => only === undefined || only === kind)) {
      await server.sql([
        `use ${schema}`,
        "set sql_mode = ''",
        'drop table if exists t',
        `create table t (${ddl})`,
        `insert into t values ${values}`,
      ])
      const table = await schemaOf(server, schema, 't')
      const reader = await openReader(server, table)
      const keys: KeyBound[] = []
      for (let key = await reader.boundBehind(null, 1); key !== null; key = await reader.boundBehind(key, 1))
        keys.push(key)
      expect(keys.length).toBeGreaterThan(2)
      const order = new KeyOrder(sourceAddressOf(server), table)
      for (const [n, bound] of keys.entries()) {
        const expected = keys.map((_, m) => m <= n)
        expect({ ddl, bound, at: await order.areAtMost(keys, bound) }).toEqual({ ddl, bound, at: expected })
        const [first, last] = [order.isAtMost(keys[0]!, bound), order.isAtMost(keys.at(-1)!, bound)]
        if (n > 0 && n < keys.length - 1) expect({ ddl, asks: first instanceof Promise }).toEqual({ ddl, asks })
        expect([await first, await last]).toEqual([true, n === keys.length - 1])
      }
      await order.close()
      await reader.close()
    }
    await server.sql(`drop database ${schema}`)
  }, 170_000)

  test('many keys at once', async () => {
    const server = await sharedServer(kind)
    const schema = await freshSchema(server)
    await server.sql(`create table ${schema}.t (k decimal(10, 2) primary key)`)
    const order = new KeyOrder(sourceAddressOf(server), await schemaOf(server, schema, 't'))
    const keys = Array.from({ length: 501 }, (_, n) => [`${n}.50`])
    expect(await order.areAtMost(keys, ['250.5'])).toEqual(keys.map((_, n) => n <= 250))
    await order.close()
    await server.sql(`drop database ${schema}`)
  }, 120_000)

  test('which tables can be read in chunks, and how large they are', async () => {
    const server = await sharedServer(kind)
    const schema = await freshSchema(server)
    const tables: Record<string, [string, RegExp | null]> = {
      good: ['id int primary key, v varchar(200)', null],
      keyless: ['id int, v varchar(200)', /no primary key/],
      prefixed: ['id varchar(40) not null, v varchar(200), unique (id(10))', /no primary key/],
      fuzzy: ['id double primary key, v varchar(200)', /id \(double\) cannot be compared exactly/],
      sets: ["id set('a', 'b') primary key, v varchar(200)", /no index is used/],
      stamped: ['id timestamp(3) primary key, v varchar(200)', /TIMESTAMP, and in the zone Europe\/Berlin/],
      old: ['id int primary key, v varchar(200)) engine = myisam', /no transactions/],
    }
    await SourceSession.during(sourceAddressOf(server), async session => {
      for (const [name, [columns, why]] of Object.entries(tables)) {
        await server.sql(`create table ${schema}.${name} (${columns}${name === 'old' ? '' : ')'}`)
        const table = await schemaOf(server, schema, name)
        const { unusable, key } = await estimateTable(session, table, BERLIN)
        expect({ name, unusable }).toEqual({ name, unusable: why === null ? null : expect.stringMatching(why) })
        expect(key).toEqual(table.key)
      }
      const good = await schemaOf(server, schema, 'good')
      expect((await estimateTable(session, good, UTC)).rows).toBe(0)
      const rows = Array.from({ length: 2000 }, (_, n) => `(${n}, repeat('x', 150))`)
      await server.sql([`insert into ${schema}.good values ${rows.join(', ')}`, `analyze table ${schema}.good`])
      const estimate = await estimateTable(session, good, UTC)
      expect(estimate.rows).toBeGreaterThan(1000)
      expect(estimate.rows).toBeLessThan(4000)
      expect(estimate.avgRowBytes).toBeGreaterThan(100)
      expect(estimate.dataBytes).toBeGreaterThan(200_000)
      const stamped = await schemaOf(server, schema, 'stamped')
      expect((await estimateTable(session, stamped, UTC)).unusable).toBeNull()
      expect(await readSourceLoad(session)).toEqual({ threadsRunning: expect.any(Number), replicaLagS: null })
      expect((await readSourceLoad(session)).threadsRunning).toBeGreaterThan(0)
    })
    await server.sql(`drop database ${schema}`)
  }, 120_000)
})
