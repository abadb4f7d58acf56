import { describe, expect, test } from '@jest/globals'
import type { SourceColumn } from '../../lib/model/schema.js'
import { chooseType, type KeyRole } from '../../lib/starrocks/chosen-type.js'
import { mapColumn, SOURCE_TYPES } from '../../lib/starrocks/type-map.js'
import { MAPPED_TYPES } from '../support/rule-spec.js'
import { column } from './fixtures.js'

const cast = (found: SourceColumn, type: string, role: KeyRole = 'none') =>
  chooseType(found, role, { ...MAPPED_TYPES, cast: new Map([['c', type]]) })
const varchar = column('varchar', { columnType: 'varchar(40)', maxLength: 40, charset: 'utf8mb4' })

test('without a choice every column has its mapped type', () => {
  for (const type of SOURCE_TYPES) {
    const mapped = mapColumn(column(type), false)
    expect(chooseType(column(type), 'none', MAPPED_TYPES)).toEqual(
      'type' in mapped ? { ...mapped, loss: null } : mapped,
    )
  }
})

describe('BOOLEAN', () => {
  const choices = { ...MAPPED_TYPES, bit1: 'boolean', tinyint1: 'boolean' } as const
  test.each([
    ['bit', { precision: 1 }, 'boolean'],
    ['bit', { precision: 2 }, 'bigint'],
    ['tinyint', { columnType: 'tinyint(1)' }, 'boolean'],
    ['tinyint', { columnType: 'tinyint(4)' }, 'tinyint'],
    ['tinyint', { columnType: 'tinyint' }, 'tinyint'],
    ['tinyint', { columnType: 'tinyint unsigned', unsigned: true }, 'smallint'],
  ] as const)('%s %j is %s', (type, facts, wanted) => {
    for (const role of ['none', 'primary', 'group'] as const)
      expect(chooseType(column(type, facts), role, choices)).toMatchObject({ type: wanted, loss: null })
  })

  test('each option is for its own type', () => {
    const tiny = column('tinyint', { columnType: 'tinyint(1)' })
    expect(chooseType(tiny, 'none', { ...MAPPED_TYPES, bit1: 'boolean' })).toMatchObject({ type: 'tinyint' })
    const bit = column('bit', { precision: 1 })
    expect(chooseType(bit, 'none', { ...MAPPED_TYPES, tinyint1: 'boolean' })).toMatchObject({ type: 'bigint' })
  })
})

describe('cast', () => {
  test.each<[SourceColumn, string, string, string | null]>([
    [column('int'), 'VARCHAR(64)', 'varchar(64)', null],
    [column('int'), ' LargeInt ', 'largeint', null],
    [column('bigint'), 'INT', 'int', null],
    [column('int'), 'double', 'double', null],
    [column('int'), 'boolean', 'boolean', null],
    [column('decimal', { precision: 10, scale: 2 }), 'decimal(20,4)', 'decimal(20,4)', null],
    [column('decimal', { precision: 10, scale: 2 }), 'bigint', 'bigint', 'fractions are cut off'],
    [column('double'), 'decimal(20,4)', 'decimal(20,4)', 'fractions are rounded to 4 digits'],
    [column('datetime'), 'date', 'date', 'times of day are cut off'],
    [column('date'), 'string', 'varchar(65533)', null],
    [varchar, 'json', 'json', null],
    [varchar, 'datetime', 'datetime', null],
    [varchar, 'char(20)', 'char(20)', null],
    [varchar, 'varbinary(20)', 'varbinary(20)', null],
    [column('json'), 'varchar(1000)', 'varchar(1000)', null],
  ])('%j as %s is %s', (found, type, wanted, loss) => {
    expect(cast(found, type)).toMatchObject({ type: wanted, loss })
  })

  test.each<[SourceColumn, string, string]>([
    [column('date'), 'int', 'StarRocks cannot read values of date as int'],
    [column('datetime'), 'json', 'StarRocks cannot read values of datetime as json'],
    [column('time'), 'datetime', 'StarRocks cannot read values of time as datetime'],
    [column('int'), 'json', 'StarRocks cannot read values of int as json'],
    [column('blob'), 'bigint', 'StarRocks cannot read values of blob as bigint'],
    [column('json'), 'int', 'StarRocks cannot read values of json as int'],
    [column('int'), 'array', 'array is no type that a column can be cast to'],
    [column('int'), 'bitmap', 'bitmap is no type that a column can be cast to'],
    [column('int'), 'constructor', 'constructor is no type that a column can be cast to'],
    [varchar, 'char(256)', 'a CHAR has 1 to 255 bytes'],
    [varchar, 'varchar(0)', 'a VARCHAR has 1 to 1048576 bytes'],
    [varchar, 'varchar(1048577)', 'a VARCHAR has 1 to 1048576 bytes'],
    [column('int'), 'decimal(39,0)', 'a DECIMAL has 1 to 38 digits, of which some or all may be fraction digits'],
    [column('int'), 'decimal(4,5)', 'a DECIMAL has 1 to 38 digits, of which some or all may be fraction digits'],
  ])('%j as %s is impossible', (found, type, reason) => {
    expect(cast(found, type)).toEqual({ impossible: reason })
  })

  test.each<[SourceColumn, string, string]>([
    [column('int'), 'varchar(20)', 'varchar(20)'],
    [column('bigint'), 'int', 'int'],
    [column('date'), 'datetime', 'datetime'],
    [column('binary', { maxLength: 16 }), 'varchar(24)', 'varchar(24)'],
  ])('%j as %s may be a key', (found, type, wanted) => {
    expect(cast(found, type, 'primary')).toMatchObject({ type: wanted })
  })

  test.each<[SourceColumn, string, RegExp]>([
    [column('datetime'), 'date', /would become one date, and the column is a key/],
    [varchar, 'bigint', /would become one bigint/],
    [varchar, 'datetime', /would become one datetime/],
    [column('decimal', { precision: 4, scale: 2 }), 'int', /would become one int/],
    [column('int'), 'double', /double cannot be a key column/],
    [column('int'), 'decimal(20,0)', /cannot be a key column/],
    [varchar, 'char(20)', /cannot be a key column/],
  ])('%j as %s is no key', (found, type, reason) => {
    expect(cast(found, type, 'primary')).toEqual({ impossible: expect.stringMatching(reason) })
  })
})
