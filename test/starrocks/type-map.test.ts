import { describe, expect, test } from '@jest/globals'
import type { SourceColumn } from '../../lib/model/schema.js'
import { formFor, mapColumn, SOURCE_TYPES } from '../../lib/starrocks/type-map.js'
import { column } from './fixtures.js'

type Case = [string, Partial<SourceColumn>, string, string]
const unsigned = { unsigned: true }
const text = (maxLength: number, charset = 'utf8mb4') => ({ maxLength, charset })

/** source type, facts, type as value, type as key */
const CASES: Case[] = [
  ['tinyint', { columnType: 'tinyint(1)' }, 'tinyint', 'tinyint'],
  ['tinyint', unsigned, 'smallint', 'smallint'],
  ['smallint', {}, 'smallint', 'smallint'],
  ['smallint', unsigned, 'int', 'int'],
  ['mediumint', {}, 'int', 'int'],
  ['mediumint', unsigned, 'int', 'int'],
  ['int', {}, 'int', 'int'],
  ['int', unsigned, 'bigint', 'bigint'],
  ['bigint', {}, 'bigint', 'bigint'],
  ['bigint', unsigned, 'largeint', 'largeint'],
  ['bit', { precision: 1 }, 'bigint', 'bigint'],
  ['bit', { precision: 63 }, 'bigint', 'bigint'],
  ['bit', { precision: 64 }, 'largeint', 'largeint'],
  ['year', {}, 'smallint', 'smallint'],
  ['float', {}, 'float', 'varchar(32)'],
  ['double', {}, 'double', 'varchar(32)'],
  ['decimal', { precision: 20, scale: 4 }, 'decimal(20,4)', 'varchar(23)'],
  ['decimal', { precision: 38, scale: 0 }, 'decimal(38,0)', 'varchar(41)'],
  ['decimal', { precision: 39, scale: 30 }, 'varchar(42)', 'varchar(42)'],
  ['decimal', { precision: 65, scale: 30 }, 'varchar(68)', 'varchar(68)'],
  ['date', {}, 'date', 'date'],
  ['datetime', { fractionDigits: 6 }, 'datetime', 'datetime'],
  ['timestamp', { fractionDigits: 0 }, 'datetime', 'datetime'],
  ['time', { fractionDigits: 6 }, 'varchar(17)', 'varchar(17)'],
  ['char', text(10), 'varchar(40)', 'varchar(40)'],
  ['char', text(0), 'varchar(1)', 'varchar(1)'],
  ['varchar', text(40), 'varchar(160)', 'varchar(160)'],
  ['varchar', text(40, 'utf8mb3'), 'varchar(120)', 'varchar(120)'],
  ['varchar', text(40, 'latin1'), 'varchar(120)', 'varchar(120)'],
  ['varchar', text(40, 'ascii'), 'varchar(40)', 'varchar(40)'],
  ['varchar', text(40, 'gb18030'), 'varchar(160)', 'varchar(160)'],
  ['tinytext', text(255), 'varchar(255)', 'varchar(255)'],
  ['text', text(65_535), 'varchar(65535)', 'varchar(65535)'],
  ['text', text(65_535, 'latin1'), 'varchar(196605)', 'varchar(196605)'],
  ['mediumtext', text(16_777_215), 'varchar(1048576)', 'varchar(1048576)'],
  ['longtext', text(4_294_967_295), 'varchar(1048576)', 'varchar(1048576)'],
  ['enum', { members: ['a', 'größer', ''] }, 'varchar(8)', 'varchar(8)'],
  ['enum', { members: [''] }, 'varchar(1)', 'varchar(1)'],
  ['set', { members: ['a', 'bb', '中'] }, 'varchar(8)', 'varchar(8)'],
  ['enum', { members: ['a?'], charset: 'utf8mb4' }, 'varchar(5)', 'varchar(5)'],
  ['set', { members: ['?', '中'], charset: 'gbk' }, 'varchar(5)', 'varchar(5)'],
  ['binary', { maxLength: 16 }, 'varbinary(16)', 'varchar(24)'],
  ['varbinary', { maxLength: 20 }, 'varbinary(20)', 'varchar(28)'],
  ['blob', { maxLength: 65_535 }, 'varbinary(65535)', 'varchar(87380)'],
  ['longblob', { maxLength: 4_294_967_295 }, 'varbinary(1048576)', 'varchar(1048576)'],
  ['uuid', {}, 'varchar(36)', 'varchar(36)'],
  ['inet6', {}, 'varchar(45)', 'varchar(45)'],
]

describe('mapColumn', () => {
  test.each(CASES)('%s %j -> %s, as key %s', (type, facts, value, key) => {
    const form = /binary|blob/.test(type) ? 'base64' : 'text'
    expect(mapColumn(column(type, facts), false)).toEqual({ type: value, form })
    expect(mapColumn(column(type, facts), true)).toEqual({ type: key, form })
  })

  test.each(['json', 'geometry', 'vector'])('%s is a value but no key', type => {
    expect(mapColumn(column(type), false)).toHaveProperty('type')
    expect(mapColumn(column(type), true)).toHaveProperty('unsupported')
  })

  test('every known type as a key is a legal PRIMARY KEY type or named as impossible', () => {
    for (const type of SOURCE_TYPES) {
      const mapped = mapColumn(
        column(type, { precision: 10, scale: 2, maxLength: 4, charset: 'utf8mb4', members: ['x'] }),
        true,
      )
      if ('type' in mapped)
        expect(mapped.type).toMatch(/^(tinyint|smallint|int|bigint|largeint|date|datetime|varchar\(\d+\))$/)
    }
  })

  test.each(['', 'constructor', 'sql_variant'])('the type "%s" is not guessed', type => {
    expect(mapColumn(column(type), false)).toHaveProperty('unsupported')
  })
})

describe('formFor', () => {
  test('everything bound for VARBINARY is base64, whatever its source', () => {
    expect(formFor(column('varchar'), 'varbinary(20)')).toBe('base64')
    expect(formFor(column('blob'), 'varbinary')).toBe('base64')
  })
  test('other targets get text', () => {
    expect(formFor(column('blob'), 'varchar(20)')).toBe('text')
    expect(formFor(column('varchar'), 'json')).toBe('text')
  })
  test('binary keys agree with the column mapColumn makes for them', () => {
    const binary = column('binary', { maxLength: 16 })
    const mapped = mapColumn(binary, true)
    expect(mapped).toEqual({ type: 'varchar(24)', form: formFor(binary, 'varchar(24)', true) })
  })
})
