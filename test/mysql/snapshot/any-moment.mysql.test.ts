import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { TextRows } from '../../../lib/model/chunk.js'
import type { ServerAddress } from '../../../lib/servers/test-server.js'
import { freshSchema, sharedServer } from '../../support/servers.js'
import { openReader, schemaOf, valuesOf } from './read-rig.js'

describe.each(['mysql', 'mariadb'] as const)('a whole read of %s at any one moment', kind => {
  let server: ServerAddress
  let schema: string

  beforeAll(async () => {
    server = await sharedServer(kind)
    schema = await freshSchema(server)
    await server.sql([
      `create table ${schema}.t (id int primary key, v varchar(200))`,
      `insert into ${schema}.t with recursive n as (select 1 as id union all select id + 1 from n where id < 900)
         select id, repeat('x', 200) from n`,
    ])
  }, 180_000)
  afterAll(() => server.sql(`drop database ${schema}`))

  test('waits for no writer, keeps none waiting, and sees what was committed before it', async () => {
    const writer = await server.connect({ database: schema })
    const reader = await openReader(server, await schemaOf(server, schema, 't'))
    try {
      await writer.query('start transaction')
      await writer.query("update t set v = 'open' where id = 1")
      const read = await reader.readWhole(null)
      await writer.query("insert into t values (1000, 'open')")
      await writer.query('commit')
      await server.sql(`delete from ${schema}.t where id = 2`)
      const rows: (string | null)[][] = []
      for await (const piece of read.pieces) rows.push(...valuesOf([piece as TextRows], 2))
      expect(rows.map(([id]) => Number(id)).sort((a, b) => a - b)).toEqual(Array.from({ length: 900 }, (_, i) => i + 1))
      expect(rows.every(([, v]) => v === 'x'.repeat(200))).toBe(true)
      expect(read.at).toMatchObject({ exact: false, binName: expect.stringMatching(/\.\d+$/) })
    } finally {
      await reader.close()
      await writer.end()
    }
  }, 120_000)
})
