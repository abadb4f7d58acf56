import { beforeAll, describe, expect, test } from '@jest/globals'
import { readTableSchema } from '../../lib/mysql/catalog.js'
import { composeFitQuery } from '../../lib/mysql/fit-query.js'
import { SourceSession } from '../../lib/mysql/session.js'
import { columnProbe, keyProbe } from '../../lib/schema-fit.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import { mapColumn } from '../../lib/starrocks/type-map.js'
import { freshSchema, sharedServer } from '../support/servers.js'
import { sourceAddressOf } from '../support/source-address.js'
import { TYPE_CASES } from '../support/type-cases.js'

describe.each(['mysql', 'mariadb'] as const)('measuring on %s', kind => {
  let server: ServerAddress
  beforeAll(async () => {
    server = await sharedServer(kind)
  }, 180_000)

  test('every type and value: lengths are those of the values as SELECT shows them, alone and in a key', async () => {
    const schema = await freshSchema(server)
    const session = await SourceSession.connect(sourceAddressOf(server))
    const cases = TYPE_CASES.filter(one => (one.server ?? kind) === kind && one.values.length > 0)
    const wrong: unknown[] = []
    try {
      for (const [i, { ddl, values }] of cases.entries()) {
        const rows = values.map(value => `(${value})`).join(', ')
        await server.sql([
          "set sql_mode = '', time_zone = '+00:00'",
          `create table ${schema}.t${i} (id int auto_increment primary key, c ${ddl})`,
          `insert into ${schema}.t${i} (c) values ${rows}`,
          ...(/not null/i.test(ddl) ? [] : [`insert into ${schema}.t${i} (c) values (null)`]),
        ])
        const table = (await readTableSchema(session, schema, `t${i}`))!
        const [id, column] = table.columns
        const mapped = mapColumn(column!, true)
        const keyType = 'unsupported' in mapped ? 'varchar(10)' : mapped.type
        const asValue = mapColumn(column!, false)
        if ('unsupported' in asValue) throw new Error(asValue.unsupported)
        const probe = columnProbe(column!, asValue.type, false)
        const key = 'unsupported' in mapped ? [] : [keyProbe(column!, keyType), keyProbe(id!, 'int')]
        const query = composeFitQuery(table, [probe], key, { sample: null, maxKeyBytes: 128 })
        const [measured] = await session.query(query.sql)
        const { columns, key: keyFit } = query.read(measured!)
        const read = column!.dataType === 'json' ? 'cast(c as char)' : 'c'
        const selected = await session.query(`select ${read} as c from ${schema}.t${i} where c is not null`)
        const shown = selected.map(row => row.c!)
        const length = (text: string) =>
          (isBytes(column!.dataType) ? Buffer.from(text, 'latin1') : Buffer.from(text)).length
        const longest = Math.max(...shown.map(length))
        if (columns[0]!.longestBytes !== null && columns[0]!.longestBytes !== longest && !isBytes(column!.dataType))
          wrong.push([ddl, 'longest', columns[0]!.longestBytes, longest])
        const isText =
          key.length > 0 && keyType.startsWith('varchar') && !isBytes(column!.dataType) && column!.dataType !== 'json'
        const inKey = Math.max(...shown.map(text => length(text) + text.split('\0').length + 1)) + 4
        if (isText && keyFit!.longestBytes !== inKey) wrong.push([ddl, 'key', keyFit!.longestBytes, inKey])
        const dates = /^(date|datetime|timestamp)$/.test(column!.dataType)
        const zero = shown.filter(text => text.startsWith('0000-00-00')).length
        const partial = shown.filter(text => !isCalendarDate(text.slice(0, 10))).length - zero
        const counted = [columns[0]!.zeroDates, columns[0]!.partialDates]
        if (dates && (counted[0] !== zero || counted[1] !== partial))
          wrong.push([ddl, 'dates', counted, [zero, partial]])
      }
    } finally {
      await session.close()
    }
    expect(wrong).toEqual([])
  })
})

function isCalendarDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

function isBytes(dataType: string): boolean {
  return /binary|blob|geom|point|line|polygon|vector/.test(dataType)
}
