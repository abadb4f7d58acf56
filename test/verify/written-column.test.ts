import { expect, test } from '@jest/globals'
import { constantColumn, writtenColumn } from '../../lib/verify/written-column.js'
import { sourceColumn } from '../support/source-column.js'

const target = (type: string) => ({ name: 'c', type, nullable: true, hasDefault: false })

test.each([
  ['int', 'int', '007', '7'],
  ['bit(1)', 'boolean', '1', '1'],
  ['bit(1)', 'boolean', 'true', '1'],
  ['bigint unsigned', 'largeint', '18446744073709551615', '18446744073709551615'],
  ['decimal(10,2)', 'decimal(12,4)', '-1.50', '-1.5000'],
  ['decimal(10,2)', 'decimal(12,2)', '-0.00', '0.00'],
  ['decimal(10,0)', 'bigint', '12', '12'],
  ['date', 'date', '2024-02-29', '2024-02-29'],
  ['date', 'datetime', '2024-02-29', '2024-02-29 00:00:00'],
  ['datetime(3)', 'datetime', '2024-02-29 11:00:00.000', '2024-02-29 11:00:00'],
  ['datetime(3)', 'datetime', '2024-02-29 11:00:00.120', '2024-02-29 11:00:00.120000'],
  ['datetime', 'date', '2024-02-29 11:00:00', '2024-02-29'],
  ['varchar(20)', 'varchar(80)', ' 1.50 ', ' 1.50 '],
])('%s in %s: what is written as %s is told as %s', (source, type, written, shown) => {
  const column = writtenColumn(sourceColumn('c', source), target(type), false, 'null')
  if (typeof column === 'string') throw new Error(column)
  expect([column.column.fetched, column.shown(written)]).toEqual([false, shown])
})

test.each([
  ['double', 'double', 'double'],
  ['float', 'float', 'float'],
  ['json', 'json', 'json'],
  ['varchar(20)', 'int', 'integer'],
])('%s in %s is compared by its meaning', (source, type, kind) => {
  const column = writtenColumn(sourceColumn('c', source), target(type), false, 'null')
  expect(column).toMatchObject({ column: { fetched: true, kind } })
})

test('what has no exact comparison is told', () => {
  expect(writtenColumn(sourceColumn('c', 'decimal(10,4)'), target('decimal(10,2)'), false, 'null')).toBe(
    'decimal(10,4) and decimal(10,2) have no exact comparison',
  )
  expect(constantColumn(target('int'))).toBe('a constant is compared in a text column only')
})
