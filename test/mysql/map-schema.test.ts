import { expect, test } from '@jest/globals'
import type { TableMap } from '../../lib/binlog/table-map.js'
import { wireColumn } from '../../lib/binlog/wire-column.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import { schemaOfMap, withCollations } from '../../lib/mysql/map-schema.js'
import { sourceColumn, sourceTable } from '../support/source-column.js'

const NAMES = new Map([
  [46, 'utf8mb4_bin'],
  [63, 'binary'],
])

function mapOf(collationId: number | null): TableMap {
  const columns = [
    wireColumn(WIRE.LONG, { name: 'id', unsigned: false }),
    wireColumn(WIRE.VARCHAR, { name: 'a', length: 40, collationId, nullable: true }),
    wireColumn(WIRE.VARCHAR, { name: 'b', length: 40, collationId: 63, nullable: true }),
  ]
  return { id: 1, schema: 's', table: 't', columns, primaryKey: [0] }
}

const KNOWN = sourceTable([
  sourceColumn('id', 'int'),
  sourceColumn('a', 'varchar(10)'),
  sourceColumn('b', 'varbinary(40)'),
])

test('a table map tells the collations of its rows, whatever is known of the table', () => {
  const told = withCollations(KNOWN, mapOf(46), NAMES)
  expect(told.columns.map(column => column.collation)).toEqual([undefined, 'utf8mb4_bin', undefined])
  expect(told.columns[1]).toEqual({ ...KNOWN.columns[1], collation: 'utf8mb4_bin' })
})

test('where it does not tell one that has a name here, the known one stays', () => {
  expect(withCollations(KNOWN, mapOf(null), NAMES)).toBe(KNOWN)
  expect(withCollations(KNOWN, mapOf(255), NAMES)).toBe(KNOWN)
  expect(withCollations(KNOWN, mapOf(46), undefined)).toBe(KNOWN)
})

test('a table that is known by its map alone has them too', () => {
  const { columns } = schemaOfMap(mapOf(46), false, NAMES)
  expect(columns.map(({ charset, collation }) => [charset, collation])).toEqual([
    [null, undefined],
    ['utf8mb4', 'utf8mb4_bin'],
    [null, undefined],
  ])
})
