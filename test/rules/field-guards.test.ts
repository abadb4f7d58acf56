import { describe, expect, test } from '@jest/globals'
import type { SourceColumn, TargetColumn } from '../../lib/model/schema.js'
import type { ZeroDate } from '../../lib/model/value-policy.js'
import { fieldGuard } from '../../lib/rules/field-guards.js'
import { formFor, mapColumn, SOURCE_TYPES } from '../../lib/starrocks/type-map.js'
import { column } from '../starrocks/fixtures.js'

interface Place {
  readonly nullable?: boolean
  readonly isKey?: boolean
  readonly zeroDate?: ZeroDate
  readonly stops?: boolean
}

function guard(
  source: SourceColumn,
  type: string,
  { nullable = true, isKey = false, zeroDate = 'null', stops = true }: Place = {},
) {
  const target: TargetColumn = { name: 'v', type, nullable, hasDefault: false }
  const table = { database: 'd', table: 't', model: 'primary', columns: [target], key: isKey ? ['v'] : [] } as const
  const form = formFor(source, type, isKey)
  return fieldGuard({ source, target, table, form, isKey }, zeroDate, stops)
}

const varchar = column('varchar', { maxLength: 40, charset: 'utf8mb4' })

test('a column made for its source is not looked at, but for dates and for what StarRocks has no room for', () => {
  const guarded = SOURCE_TYPES.filter(type => {
    const found = column(type, {
      maxLength: MAX_LENGTHS[type] ?? 20,
      precision: 20,
      scale: 4,
      charset: 'utf8mb4',
      members: ['ab'],
    })
    const mapped = mapColumn(found, false)
    if (!('type' in mapped) || /geom|point|string$|polygon|vector/.test(type)) return false
    return guard(found, mapped.type) !== null
  })
  expect(guarded).toEqual(['date', 'datetime', 'timestamp', 'mediumtext', 'longtext', 'mediumblob', 'longblob'])
})

const MAX_LENGTHS: Readonly<Record<string, number>> = {
  text: 65_535,
  blob: 65_535,
  mediumtext: 16_777_215,
  mediumblob: 16_777_215,
  longtext: 4_294_967_295,
  longblob: 4_294_967_295,
}

describe('dates', () => {
  const kinds = (place: Place, type = 'datetime') => guard(column('timestamp'), type, place)?.value ?? null

  test.each<[ZeroDate, Place, string | null]>([
    ['null', {}, 'null'],
    ['null', { nullable: false }, 'stop'],
    ['null', { isKey: true }, 'stop'],
    ['null', { isKey: true, stops: false }, null],
    ['null', { nullable: false, stops: false }, null],
    ['null', { stops: false }, 'null'],
    ['min', {}, 'min'],
    ['min', { nullable: false }, 'min'],
    ['min', { stops: false }, 'min'],
    ['min', { isKey: true }, 'minKey'],
    ['min', { isKey: true, stops: false }, null],
    ['stop', {}, 'stop'],
    ['stop', { stops: false }, null],
  ])('zero_date = "%s" with %j: %s', (zeroDate, place, policy) => {
    const value = kinds({ ...place, zeroDate })
    expect(value && 'policy' in value ? value.policy : value).toBe(policy)
  })

  test('a text column takes them as they are', () => {
    expect(kinds({}, 'varchar(40)')).toBe(null)
    expect(guard(varchar, 'datetime')?.value ?? null).toBe(null)
  })
})

test('NULL into NOT NULL stops, unless StarRocks is to judge', () => {
  expect(guard(column('int'), 'int', { nullable: false })).toEqual({
    target: 'd.t.v (int)',
    notNull: true,
    value: null,
  })
  expect(guard(column('int', { nullable: false }), 'int', { nullable: false })).toBe(null)
  expect(guard(column('int'), 'int', { nullable: false, stops: false })).toBe(null)
})

describe('columns that are narrower than their source', () => {
  test.each<[SourceColumn, string, unknown]>([
    [varchar, 'varchar(159)', { kind: 'bytes', most: 159, decoded: false }],
    [varchar, 'varchar(160)', null],
    [varchar, 'char(20)', { kind: 'bytes', most: 20, decoded: false }],
    [varchar, 'varbinary(20)', { kind: 'bytes', most: 20, decoded: true }],
    [column('varbinary', { maxLength: 20 }), 'varbinary(19)', { kind: 'bytes', most: 19, decoded: true }],
    [column('int'), 'varchar(5)', { kind: 'bytes', most: 5, decoded: false }],
    [column('int'), 'varchar(11)', null],
    [column('datetime'), 'varchar(19)', { kind: 'bytes', most: 19, decoded: false }],
    [column('bigint'), 'int', { kind: 'integer', min: -(2n ** 31n), max: 2n ** 31n - 1n }],
    [column('int', { unsigned: true }), 'int', { kind: 'integer', min: -(2n ** 31n), max: 2n ** 31n - 1n }],
    [column('int', { unsigned: true }), 'bigint', null],
    [column('decimal', { precision: 20, scale: 0 }), 'tinyint', { kind: 'integer', min: -128n, max: 127n }],
    [column('decimal', { precision: 20, scale: 4 }), 'decimal(10,4)', { kind: 'wholeDigits', most: 6 }],
    [column('int'), 'decimal(5,2)', { kind: 'wholeDigits', most: 3 }],
    [column('tinyint', { columnType: 'tinyint(1)' }), 'boolean', { kind: 'boolean' }],
    [column('bit', { precision: 1 }), 'boolean', null],
    [column('bit', { precision: 2 }), 'boolean', { kind: 'boolean' }],
  ])('%j into %s', (source, type, value) => {
    expect(guard(source, type)?.value ?? null).toEqual(value)
    // StarRocks refuses all of these by itself, but a number that is no boolean.
    const left = guard(source, type, { stops: false })?.value ?? null
    expect(left).toEqual(left === null ? null : { kind: 'boolean' })
    if (type === 'boolean') expect(left).toEqual(value)
  })

  test('a binary key counts the bytes of its base64', () => {
    const binary = column('varbinary', { maxLength: 16 })
    expect(guard(binary, 'varchar(24)', { isKey: true })).toBe(null)
    expect(guard(binary, 'varchar(23)', { isKey: true })?.value).toEqual({ kind: 'bytes', most: 23, decoded: false })
  })
})
