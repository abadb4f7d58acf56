import { expect, test } from '@jest/globals'
import { parseTargetType, typeFit } from '../../lib/starrocks/target-type.js'
import { widestType } from '../../lib/starrocks/widest-type.js'

test.each([
  ['int', 'int', 'int'],
  ['int', 'bigint', 'bigint'],
  ['tinyint', 'smallint', 'smallint'],
  ['bigint', 'largeint', 'largeint'],
  ['varchar(10)', 'varchar(40)', 'varchar(40)'],
  ['int', 'varchar(5)', 'varchar(11)'],
  ['decimal(10,2)', 'decimal(12,6)', 'decimal(14,6)'],
  ['decimal(38,0)', 'decimal(38,10)', 'varchar(41)'],
  ['int', 'decimal(5,2)', 'decimal(12,2)'],
  ['bigint', 'double', 'varchar(24)'],
  ['int', 'float', 'double'],
  ['date', 'datetime', 'datetime'],
  ['date', 'int', 'varchar(11)'],
  ['json', 'varchar(10)', 'varchar(1048576)'],
  ['varbinary(10)', 'varbinary(20)', 'varbinary(20)'],
])('%s and %s: %s', (a, b, expected) => {
  expect([widestType(a, b), widestType(b, a)]).toEqual([expected, expected])
  for (const type of [a, b])
    if (parseTargetType(type).base !== 'json') expect(typeFit(type, expected)).toEqual({ kind: 'fits' })
})

test.each(['varchar(10)', 'int', 'json'])('varbinary and %s have no common type', other => {
  expect(widestType('varbinary(4)', other)).toBeNull()
})
