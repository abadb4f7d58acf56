import { describe, expect, test } from '@jest/globals'
import type { BoundColumn } from '../../lib/binlog/bound-column.js'
import type { FieldGuard, ValueGuard } from '../../lib/binlog/field-guard.js'
import type { RowLayout } from '../../lib/binlog/row-layout.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import { daysOf } from '../../lib/sandbox/column-value.js'
import { u8, u16, u32, u64 } from '../support/binlog-builder.js'
import { bigint, column, int, varchar } from '../support/bound-columns.js'
import { encodeOne } from '../support/encoded-rows.js'
import { failureOf } from '../support/failure-of.js'

const FORMATS = ['csv', 'json'] as const

function guarded(value: ValueGuard | null, notNull = false): FieldGuard {
  return { target: 'd.t.v (some type)', notNull, value }
}

/** Field v of a row 7|v, as CSV or JSON shows it; null = NULL. */
function field(
  v: BoundColumn,
  bytes: Buffer | null,
  guard: FieldGuard,
  format: RowLayout['format'],
  form: 'text' | 'base64' = 'text',
): string | null {
  const columns = [int('id'), v]
  const image = Buffer.concat([u8(bytes === null ? 2 : 0), u32(7), bytes ?? Buffer.alloc(0)])
  const fields = [
    { name: 'id', form: 'text' as const },
    { name: 'v', form, guard },
  ]
  const { text } = encodeOne(columns, image, { fields, format, op: true })
  if (format === 'json') return (JSON.parse(text) as { v: string | null }).v
  const [, shown] = text.slice(0, -1).split('\x01')
  return shown === '\\N' ? null : shown!
}

const dateBytes = (year: number, month: number, day: number) => {
  const value = (year << 9) | (month << 5) | day
  return u8(value & 255, (value >> 8) & 255, value >> 16)
}
const datetimeBytes = (year: number, month: number, day: number, clock = 0) => {
  const high = (year * 13 + month) * 32 + day
  return Buffer.from((0x80_0000_0000 + high * 2 ** 17 + clock).toString(16), 'hex')
}
const date = column('v', WIRE.DATE, { nullable: true })
const datetime = column('v', WIRE.DATETIME2, { nullable: true })
const timestamp = column('v', WIRE.TIMESTAMP2, { nullable: true, length: 2 })
const policy = (name: 'null' | 'min' | 'minKey') => guarded({ kind: 'date', policy: name })
const stop = guarded({ kind: 'date', policy: 'stop', why: 'which is forbidden' })

describe.each(FORMATS)('dates that do not exist, in %s', format => {
  const real = [
    [2024, 2, 29],
    [2000, 2, 29],
    [2023, 2, 28],
    [9999, 12, 31],
    [0, 1, 1],
    [1, 10, 31],
    [2024, 11, 30],
  ] as const
  const none = [
    [0, 0, 0],
    [2024, 0, 0],
    [2024, 0, 10],
    [2024, 10, 0],
    [2023, 2, 29],
    [1900, 2, 29],
    [2023, 2, 31],
    [2023, 4, 31],
    [2023, 11, 31],
    [0, 2, 29],
  ] as const

  test.each(real)('%i-%i-%i is a date under every policy', (year, month, day) => {
    const shown = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
    for (const guard of [policy('null'), policy('min'), stop]) {
      expect(field(date, dateBytes(year, month, day), guard, format)).toBe(shown)
      expect(field(datetime, datetimeBytes(year, month, day, 5), guard, format)).toBe(`${shown} 00:00:05`)
    }
  })

  test.each(none)('%i-%i-%i is none', (year, month, day) => {
    for (const [v, bytes] of [
      [date, dateBytes(year, month, day)],
      [datetime, datetimeBytes(year, month, day, 5)],
    ] as const) {
      expect(field(v, bytes, policy('null'), format)).toBe(null)
      expect(field(v, bytes, policy('min'), format)).toBe(v === date ? '0000-01-01' : '0000-01-01 00:00:00')
      const failure = failureOf(() => field(v, bytes, stop, format))
      expect(failure.kind).toBe('valueUnfit')
      expect(failure.message).toMatch(
        /^s\.t: column v of the row with key \{"id":"7"\} holds \d{4}-\d\d-\d\d.* which is forbidden\.$/,
      )
      expect(failure.advice).toContain('zero_date')
    }
  })

  test('every day of the calendar is judged as StarRocks does', () => {
    for (const year of [1, 4, 1900, 2000, 2023, 2024, 9999])
      for (let month = 0; month <= 12; month++)
        for (let day = 0; day <= 31; day++) {
          const exists = month > 0 && day > 0 && day <= daysOf(year, month)
          const shown = field(date, dateBytes(year, month, day), policy('null'), format)
          expect([year, month, day, shown !== null]).toEqual([year, month, day, exists])
        }
  })

  test('TIMESTAMP 0, whatever its fraction', () => {
    const zero = u8(0, 0, 0, 0, 50)
    expect(field(timestamp, zero, policy('null'), format)).toBe(null)
    expect(field(timestamp, zero, policy('min'), format)).toBe('0000-01-01 00:00:00')
    expect(field(timestamp, u8(0, 0, 0, 1, 50), policy('null'), format)).toBe('1970-01-01 00:00:01.50')
  })

  test('in a key the wholly zero date alone becomes the least one, and no other date may be that', () => {
    const key = policy('minKey')
    expect(field(date, dateBytes(0, 0, 0), key, format)).toBe('0000-01-01')
    expect(field(datetime, datetimeBytes(0, 0, 0), key, format)).toBe('0000-01-01 00:00:00')
    expect(field(date, dateBytes(2024, 2, 29), key, format)).toBe('2024-02-29')
    expect(field(date, dateBytes(0, 1, 2), key, format)).toBe('0000-01-02')
    for (const bytes of [dateBytes(2024, 0, 0), dateBytes(2023, 2, 31), dateBytes(0, 1, 1)])
      expect(failureOf(() => field(date, bytes, key, format)).kind).toBe('valueUnfit')
    expect(failureOf(() => field(datetime, datetimeBytes(0, 0, 0, 5), key, format)).message).toContain(
      '0000-00-00 00:00:05',
    )
  })

  test('NULL stays NULL, or stops where the column is NOT NULL', () => {
    expect(field(date, null, stop, format)).toBe(null)
    const failure = failureOf(() => field(date, null, guarded(null, true), format))
    expect(failure.message).toBe(
      's.t: column v of the row with key {"id":"7"} holds NULL, and d.t.v (some type) is NOT NULL.',
    )
  })
})

describe.each(FORMATS)('values that are too large, in %s', format => {
  const limited = varchar('v', { length: 1000, nullable: true })
  const text = (value: string) => Buffer.concat([u16(Buffer.byteLength(value)), Buffer.from(value)])

  test.each([
    ['abcd', 4],
    ['é"\\\n', 5],
    ['\x01\x1f\t😀', 7],
    ['', 1],
    ['u\\u0041', 8],
  ])('%j has %i bytes or fewer', (value, most) => {
    const bytes = { kind: 'bytes', decoded: false } as const
    if (format === 'json' || !value.includes('\x01'))
      expect(field(limited, text(value), guarded({ ...bytes, most }), format)).toBe(value)
    const size = Buffer.byteLength(value)
    if (size === 0) return
    const failure = failureOf(() => field(limited, text(value), guarded({ ...bytes, most: size - 1 }), format))
    expect(failure.message).toBe(
      `s.t: column v of the row with key {"id":"7"} holds a value of ${size} bytes, and d.t.v (some type) has room for ${size - 1}.`,
    )
  })

  test.each([0, 1, 2, 3, 4, 5, 6, 299, 300, 301])('%i bytes in base64', size => {
    const bytes = varchar('v', { length: 1000, form: 'binary', isBinary: true })
    const image = Buffer.concat([u16(size), Buffer.alloc(size, 7)])
    const guard = (most: number) => guarded({ kind: 'bytes', decoded: true, most })
    expect(field(bytes, image, guard(size), format, 'base64')).toBe(Buffer.alloc(size, 7).toString('base64'))
    if (size > 0)
      expect(failureOf(() => field(bytes, image, guard(size - 1), format, 'base64')).message).toContain(
        ` ${size} bytes, and d.t.v (some type) has room for ${size - 1}`,
      )
  })

  test.each([
    [-128, 127],
    [-32_768, 32_767],
    [-2_147_483_648, 2_147_483_647],
  ])('integers from %i to %i', (min, max) => {
    const guard = guarded({ kind: 'integer', min: BigInt(min), max: BigInt(max) })
    const shown = (value: number) => field(bigint('v'), u64(BigInt.asUintN(64, BigInt(value))), guard, format)
    for (const value of [min, min + 1, -99, -1, 0, 99, max - 1, max]) expect(shown(value)).toBe(String(value))
    for (const value of [min - 1, max + 1, max * 10, -9_007_199_254_740_991])
      expect(failureOf(() => shown(value)).message).toContain(`holds ${value}, which is beyond d.t.v`)
  })

  test('digits before the decimal point', () => {
    const decimal = column('v', WIRE.NEWDECIMAL, { length: 4, scale: 2 })
    const guard = guarded({ kind: 'wholeDigits', most: 1 })
    expect(field(decimal, u8(0x80, 50), guard, format)).toBe('0.50')
    expect(field(decimal, u8(0x76, 0xff ^ 50), guard, format)).toBe('-9.50')
    expect(failureOf(() => field(decimal, u8(0x8a, 0), guard, format)).message).toContain(
      'holds 10.00, which is beyond',
    )
    expect(failureOf(() => field(decimal, u8(0x75, 0xff), guard, format)).message).toContain('holds -10.00, which is')
  })

  test('a BOOLEAN takes 0 and 1', () => {
    const tiny = column('v', WIRE.TINY)
    const guard = guarded({ kind: 'boolean' })
    expect([0, 1].map(value => field(tiny, u8(value), guard, format))).toEqual(['0', '1'])
    for (const value of [2, 9, 10, 127, 255])
      expect(failureOf(() => field(tiny, u8(value), guard, format)).message).toContain('neither 0 nor 1')
  })
})
