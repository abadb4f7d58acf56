import { describe, expect, test } from '@jest/globals'
import { MASKS, parseMask } from '../../../lib/config/mask.js'
import type { Mask } from '../../../lib/model/mask.js'
import type { SourceColumn } from '../../../lib/model/schema.js'
import { maskedColumn } from '../../../lib/rules/shape/masked-column.js'
import { mapColumn } from '../../../lib/starrocks/type-map.js'
import { column } from '../../starrocks/fixtures.js'

function parsed(text: string): Mask {
  const mask = parseMask(text)
  if (typeof mask === 'string') throw new Error(mask)
  return mask
}

/** The StarRocks type of the masked column, or why there is none. */
function type(mask: string, source: SourceColumn): string {
  const masked = maskedColumn(source, parsed(mask))
  if (typeof masked === 'string') return masked
  const mapped = mapColumn(masked, false)
  return 'type' in mapped ? mapped.type : mapped.unsupported
}

const varchar = column('varchar', { maxLength: 40, charset: 'utf8mb4' })
const latin1 = column('varchar', { maxLength: 40, charset: 'latin1' })
const text = column('text', { maxLength: 65_535, charset: 'utf8mb4' })
const long = column('longtext', { maxLength: 4_294_967_295, charset: 'utf8mb4' })
const kind = column('enum', { members: ['a', 'größer'], charset: 'utf8mb4' })
const kinds = column('set', { members: ['a', 'größer'], charset: 'utf8mb4' })
const bigint = column('bigint', { unsigned: true })
const tiny = column('tinyint')
const decimal = column('decimal', { precision: 20, scale: 4 })
const date = column('date')
const moment = column('datetime', { fractionDigits: 3 })
const blob = column('varbinary', { maxLength: 20 })
const json = column('json')

describe('the type of masked values', () => {
  test.each<[string, SourceColumn, string]>([
    ['keep(3,4)', varchar, 'varchar(160)'],
    ['keep(3,4)', latin1, 'varchar(120)'],
    ["keep(3,4,'•')", latin1, 'varchar(160)'],
    ['keep(3,4)', text, 'varchar(65535)'],
    ["keep(3,4,'•')", text, 'varchar(1048576)'],
    ['keep(3,4)', kind, 'varchar(24)'],
    ['keep(3,4)', kinds, 'varchar(32)'],
    ['keep(3,4)', bigint, 'varchar(80)'],
    ['keep(3,4)', decimal, 'varchar(92)'],
    ['truncate(2)', varchar, 'varchar(8)'],
    ['truncate(99)', varchar, 'varchar(160)'],
    ['truncate(2)', long, 'varchar(8)'],
    ['email', varchar, 'varchar(172)'],
    ['email', long, 'varchar(1048576)'],
    ['sha256', varchar, 'varchar(64)'],
    ['sha256', bigint, 'varchar(64)'],
    ['sha256', blob, 'varchar(64)'],
    ['sha256', json, 'varchar(64)'],
    ['null', bigint, 'largeint'],
    ['null', json, 'json'],
    ["fixed('größer')", bigint, 'varchar(24)'],
    ["fixed('')", varchar, 'varchar(4)'],
    ['year', date, 'date'],
    ['month', moment, 'datetime'],
    ['round(1000)', tiny, 'tinyint'],
    ['round(1000)', decimal, 'decimal(20,4)'],
  ])('%s', (mask, source, expected) => {
    expect(type(mask, source)).toBe(expected)
  })

  test.each<[string, SourceColumn, string]>([
    ['keep(3,4)', blob, 'takes texts and whole or decimal numbers only'],
    ['keep(3,4)', date, 'takes texts and whole or decimal numbers only'],
    ['keep(3,4)', json, 'takes texts and whole or decimal numbers only'],
    ['truncate(3)', column('double'), 'takes texts and whole or decimal numbers only'],
    ['email', bigint, 'takes texts only'],
    ['email', blob, 'takes texts only'],
    ['year', varchar, 'takes DATE, DATETIME and TIMESTAMP only'],
    ['month', column('time', { fractionDigits: 0 }), 'takes DATE, DATETIME and TIMESTAMP only'],
    ['round(10)', varchar, 'takes whole and decimal numbers only'],
    ['round(10)', column('double'), 'takes whole and decimal numbers only'],
  ])('%s does not go with every type', (mask, source, expected) => {
    expect(type(mask, source)).toBe(expected)
  })
})

test('NULL stays possible where it was, and becomes so by null alone', () => {
  for (const { example } of Object.values(MASKS))
    for (const nullable of [true, false]) {
      const source = example.startsWith('round') ? tiny : /year|month/.test(example) ? date : varchar
      const masked = maskedColumn({ ...source, nullable }, parsed(example)) as SourceColumn
      expect(masked.nullable).toBe(nullable || example === 'null')
    }
})

test('neither default nor generation of the raw column is left', () => {
  const source: SourceColumn = { ...varchar, defaultValue: { kind: 'text', text: 'raw' }, generated: 'stored' }
  for (const mask of ['keep(1,1)', 'sha256', 'null', 'email']) {
    const masked = maskedColumn(source, parsed(mask)) as SourceColumn
    expect(masked).not.toHaveProperty('defaultValue')
    expect(masked).not.toHaveProperty('generated')
  }
})
