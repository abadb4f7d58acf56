import { expect, test } from '@jest/globals'
import { columnDefault } from '../../lib/mysql/column-default.js'

const of = (dataType: string, text: string | null, mariadb = false, extra = '', nullable = true) =>
  columnDefault({ dataType, nullable, text, extra }, mariadb)
const text = (value: string) => ({ kind: 'text', text: value })

// COLUMN_DEFAULT as MySQL 9.7 and MariaDB 10.11 print it, and what SELECT printed of a row that took the default.
test.each<[string, string, string, string]>([
  ['decimal', '1.00', '1.00', '1.00'],
  ['float', '0.1', '0.1', '0.1'],
  ['year', '2020', '2020', '2020'],
  ['char', 'a', "'a'", 'a'],
  ['bit', "b'101'", "b'101'", '5'],
  ['tinyint', '1', '1', '1'],
  ['datetime', '2020-01-01 00:00:00.000', "'2020-01-01 00:00:00.000'", '2020-01-01 00:00:00.000'],
  ['enum', "b'c", "'b''c'", "b'c"],
  ['varchar', "x'y\\z", "'x''y\\\\z'", "x'y\\z"],
  ['varchar', '', "''", ''],
  ['varchar', 'é', "'é'", 'é'],
  ['varchar', 'NULL', "'NULL'", 'NULL'],
  ['time', '10:00:00.000', "'10:00:00.000'", '10:00:00.000'],
])('%s default %s', (dataType, mysql, mariadb, selected) => {
  expect(of(dataType, mysql)).toEqual(text(selected))
  expect(of(dataType, mariadb, true)).toEqual(text(selected))
})

test('no default is NULL where the column may be NULL, else nothing', () => {
  expect([of('int', null), of('int', 'NULL', true)]).toEqual([{ kind: 'null' }, { kind: 'null' }])
  expect([of('int', null, false, '', false), of('int', null, true, '', false)]).toEqual([null, null])
})

test('what the server computes is in every row image, so nothing is said of it', () => {
  expect(of('int', null, false, 'auto_increment', false)).toBeNull()
  expect(of('int', null, false, 'VIRTUAL GENERATED')).toBeNull()
  expect(of('varchar', 'uuid()', false, 'DEFAULT_GENERATED')).toBeNull()
  expect([of('varchar', 'uuid()', true), of('int', '(1 + 2)', true), of('date', 'curdate()', true)]).toEqual([
    null,
    null,
    null,
  ])
  expect(of('datetime', 'CURRENT_TIMESTAMP', false, 'DEFAULT_GENERATED')).toBeNull()
})

test('what the catalog does not tell exactly is not known', () => {
  for (const [dataType, value] of [
    ['timestamp', '2020-01-01 00:00:00'],
    ['binary', '0x6162'],
    ['date', '0000-00-00'],
    ['datetime', '2020-00-01 00:00:00'],
  ] as const)
    expect(of(dataType, value)).toEqual({ kind: 'unknown', reason: expect.any(String) })
  expect(of('timestamp', "'2020-01-01 00:00:00'", true)).toEqual({ kind: 'unknown', reason: expect.any(String) })
})
