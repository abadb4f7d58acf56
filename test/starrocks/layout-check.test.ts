import { expect, test } from '@jest/globals'
import { type RequestedTable, renderCreateTable } from '../../lib/starrocks/ddl.js'

const column = (name: string, type: string, nullable = true) => ({ name, type, nullable, comment: '' })
const TABLE: RequestedTable = {
  database: 'd',
  table: 't',
  model: 'primary',
  key: ['id', 'at'],
  columns: [
    column('id', 'bigint', false),
    column('at', 'datetime', false),
    column('Day', 'date'),
    column('name', 'varchar(40)'),
    column('price', 'decimal(10,2)'),
    column('doc', 'json'),
  ],
  comment: '',
}
const sql = (more: Partial<RequestedTable>) =>
  renderCreateTable({ ...TABLE, ...more }, { bucketCount: 2, replicationNum: 1 })
const duplicate = { model: 'duplicate', key: ['id'] } as const

test('the clauses stand in the order of the grammar, with the names as the table has them', () => {
  const lines = sql({ orderBy: ['NAME', 'day'], partitionBy: "date_trunc('day', AT)", comment: 'c' }).split('\n')
  expect(lines.slice(7)).toEqual([
    ') ENGINE=OLAP',
    'PRIMARY KEY (`id`, `at`)',
    'COMMENT "c"',
    "PARTITION BY date_trunc('day', `at`)",
    'DISTRIBUTED BY HASH(`id`, `at`) BUCKETS 2',
    'ORDER BY (`name`, `Day`)',
    'PROPERTIES ("replication_num" = "1", "enable_persistent_index" = "true")',
  ])
})

test.each<[Partial<RequestedTable>, RegExp]>([
  [{ orderBy: ['nmae'] }, /d\.t: order_by names column "nmae".*it has id, at/],
  [{ orderBy: ['price'] }, /cannot sort by decimal/],
  [{ ...duplicate, orderBy: ['doc'] }, /cannot sort by json/],
  [{ model: 'aggregate', orderBy: ['at', 'name'] }, /all key columns \(id, at\)/],
  [{ model: 'aggregate', orderBy: ['at'] }, /all key columns/],
  [{ partitionBy: 'nope' }, /partition_by names column "nope"/],
  [
    { partitionBy: "date_trunc('day', day)" },
    /"Day", which is no key column; the key is \(id, at\).*primary key table/,
  ],
  [{ ...duplicate, partitionBy: "date_trunc('day', id)" }, /date_trunc by day does not take bigint/],
  [{ ...duplicate, partitionBy: "date_trunc('hour', day)" }, /date_trunc by hour does not take date/],
  [{ ...duplicate, partitionBy: 'time_slice(day, INTERVAL 2 month)' }, /time_slice by month does not take date/],
  [{ ...duplicate, partitionBy: 'price' }, /decimal\(10,2\) makes no partitions/],
])('%j is refused', (more, message) => expect(() => sql(more)).toThrow(message))

test.each<Partial<RequestedTable>>([
  { ...duplicate, orderBy: ['price', 'name'] },
  { ...duplicate, partitionBy: "date_trunc('month', day)" },
  { ...duplicate, partitionBy: 'name, day' },
  { partitionBy: 'time_slice(at, INTERVAL 12 hour)' },
  { model: 'unique', orderBy: ['at', 'id'] },
])('%j is taken', more => expect(sql(more)).toMatch(/ORDER BY|PARTITION BY/))
