import { describe, expect, test } from '@jest/globals'
import { keyColumns, rangeCondition } from '../../../lib/mysql/snapshot/key-range.js'
import { freshSchema, sharedServer } from '../../support/servers.js'
import { openReader, schemaOf } from './read-rig.js'

const KEYS: readonly (readonly [ddl: string, values: string])[] = [
  ['a int, b int, c int, primary key (a, b, c)', 'i div 100, (i div 10) % 10, i % 10'],
  ["e enum('z', 'a', 'm', 'b'), i int, primary key (e, i)", '1 + i % 4, i'],
  ['k varchar(30) character set latin1 primary key', "concat('k', lpad(i, 6, '0'))"],
  ['k bit(20) primary key', 'i'],
  ['k datetime(3) primary key', "'2024-01-01' + interval i second"],
]

describe.each(['mysql', 'mariadb'] as const)('%s', kind => {
  test('a chunk reads its own stretch of the index and nothing else', async () => {
    const server = await sharedServer(kind)
    const schema = await freshSchema(server)
    await server.sql([
      `use ${schema}`,
      'create table digits (n int)',
      'insert into digits values (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)',
    ])
    for (const [ddl, values] of KEYS) {
      await server.sql([
        `use ${schema}`,
        'drop table if exists t',
        `create table t (${ddl}, note varchar(20))`,
        `insert into t select ${values}, 'x' from (select a.n + 10 * b.n + 100 * c.n + 1000 * d.n as i from digits a, digits b, digits c, digits d) s`,
        'analyze table t',
      ])
      const table = await schemaOf(server, schema, 't')
      const reader = await openReader(server, table)
      const after = (await reader.boundBehind(null, 4321))!
      const upTo = (await reader.boundBehind(after, 100))!
      await reader.close()
      const condition = rangeCondition(keyColumns(table), { after, upTo })
      const [, , rows, counters] = await server.sql([
        `use ${schema}`,
        'flush status',
        `select note from t force index (primary) where ${condition}`,
        "show session status like 'Handler_read%'",
      ])
      const reads = counters!.reduce((sum, row) => sum + Number(row.Value), 0)
      expect({ ddl, rows: rows!.length }).toEqual({ ddl, rows: 100 })
      expect({ ddl, reads, isFew: reads < 115 }).toEqual({ ddl, reads, isFew: true })
    }
    await server.sql(`drop database ${schema}`)
  }, 120_000)
})
