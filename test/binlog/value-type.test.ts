import { describe, expect, test } from '@jest/globals'
import { sourceColumnOf, valueTypeOf } from '../../lib/binlog/value-type.js'
import type { ValueType } from '../../lib/model/value.js'
import { mapColumn, SOURCE_TYPES } from '../../lib/starrocks/type-map.js'
import { sourceColumn } from '../support/source-column.js'

test.each<[string, ValueType]>([
  ['tinyint', { kind: 'integer', bits: 8, unsigned: false }],
  ['mediumint unsigned', { kind: 'integer', bits: 24, unsigned: true }],
  ['bigint unsigned', { kind: 'integer', bits: 64, unsigned: true }],
  ['bit(9)', { kind: 'bit', bits: 9 }],
  ['decimal(20,4)', { kind: 'decimal', precision: 20, scale: 4 }],
  ['float', { kind: 'double' }],
  ['timestamp(3)', { kind: 'datetime', fractionDigits: 3 }],
  ['time', { kind: 'time', fractionDigits: 0 }],
  ['date', { kind: 'date' }],
  ['year', { kind: 'year' }],
  ['varbinary(20)', { kind: 'bytes', maxLength: 20 }],
  ['varchar(40)', { kind: 'text', maxLength: 40 }],
  ['text', { kind: 'text', maxLength: 65_535 }],
  ["enum('a','größer')", { kind: 'text', maxLength: 6 }],
  ["set('a','größer')", { kind: 'text', maxLength: 8 }],
  ['uuid', { kind: 'text', maxLength: 36 }],
  ['json', { kind: 'json' }],
  ['geometry', { kind: 'text', maxLength: null }],
])('%s', (type, expected) => {
  expect(valueTypeOf(sourceColumn('v', type))).toEqual(expected)
})

describe('a column of a type', () => {
  const types: readonly ValueType[] = [
    ...([8, 16, 24, 32, 64] as const).flatMap(bits =>
      [true, false].map(unsigned => ({ kind: 'integer' as const, bits, unsigned })),
    ),
    { kind: 'bit', bits: 64 },
    { kind: 'decimal', precision: 65, scale: 30 },
    { kind: 'double' },
    { kind: 'year' },
    { kind: 'text', maxLength: 0 },
    { kind: 'text', maxLength: 16_384 },
    { kind: 'bytes', maxLength: 255 },
    { kind: 'date' },
    { kind: 'datetime', fractionDigits: 6 },
    { kind: 'time', fractionDigits: 0 },
    { kind: 'json' },
  ]

  test.each(types)('holds just its values: %j', type => {
    const column = sourceColumnOf('c', type, 'why')
    expect(valueTypeOf(column)).toEqual(type)
    expect(SOURCE_TYPES).toContain(column.dataType)
    expect(mapColumn(column, false)).toHaveProperty('type')
    expect([column.name, column.comment, column.nullable]).toEqual(['c', 'why', true])
  })

  test.each(['text', 'bytes'] as const)('%s that may be of any length holds all of them', kind => {
    for (const maxLength of [null, 2_000_000_000]) {
      const type = valueTypeOf(sourceColumnOf('c', { kind, maxLength }, ''))
      expect(type).toEqual({ kind, maxLength: 4_294_967_295 })
    }
  })
})
