import { expect, test } from '@jest/globals'
import type { BoundColumn } from '../../lib/binlog/bound-column.js'
import type { ChangeOp } from '../../lib/binlog/change-text.js'
import { compileRowEncoder } from '../../lib/binlog/row-encoder.js'
import type { RowLayout } from '../../lib/binlog/row-layout.js'
import type { ChangePlace } from '../../lib/model/change-place.js'
import type { Zone } from '../../lib/model/zone.js'
import { renderColumnsHeader } from '../../lib/rules/columns-header.js'
import { u8, u32 } from '../support/binlog-builder.js'
import { int, varchar } from '../support/bound-columns.js'
import { encodeImages, layoutOf, SHANGHAI } from '../support/encoded-rows.js'
import { failureOf } from '../support/failure-of.js'

const str = (value: string) => Buffer.concat([u8(Buffer.from(value).length), Buffer.from(value)])
const COLUMNS = [int('id'), varchar('name', { nullable: true })]
const PLACE: ChangePlace = { binName: 'mysql-bin.000007', binPos: 1234, event: 2 }
/** 2024-02-29 12:34:56.789 UTC */
const COMMIT_MS = 1_709_210_096_789
const image = (id: number, name: string | null) =>
  name === null ? Buffer.concat([u8(2), u32(id)]) : Buffer.concat([u8(0), u32(id), str(name)])

function encode(
  images: readonly Buffer[],
  changes: Partial<RowLayout> = {},
  { op = 'insert', place = PLACE, ms = COMMIT_MS }: { op?: ChangeOp; place?: ChangePlace; ms?: number } = {},
  columns: readonly BoundColumn[] = COLUMNS,
) {
  const buffer = Buffer.concat(images)
  return encodeImages(layoutOf(columns, { change: true, key: [], ...changes }), buffer, 0, buffer.length, {
    prepare: (encoder, row) => encoder.setChange(op, place, ms, row),
  })
}

test.each(['insert', 'update', 'delete'] as const)('%s: place, operation and time stand before the columns', op => {
  const rows = encode([image(7, 'é'), image(8, null)], { constants: [{ name: 'c', text: 'x' }] }, { op })
  expect(rows.map(row => row.text)).toEqual([
    `mysql-bin.000007\x011234\x012\x010\x01${op}\x012024-02-29 12:34:56.789000\x017\x01é\x01x\x02`,
    `mysql-bin.000007\x011234\x012\x011\x01${op}\x012024-02-29 12:34:56.789000\x018\x01\\N\x01x\x02`,
  ])
  expect(rows.map(row => row.unsafe)).toEqual([false, false])
})

test('the same as JSON', () => {
  const rows = encode([image(7, '"'), image(8, null)], { format: 'json' }, { op: 'update' })
  expect(rows.map(row => row.text)).toEqual([
    '{"_bin_name":"mysql-bin.000007","_bin_pos":"1234","_event":"2","_row":"0","_op":"update","_commit_time":"2024-02-29 12:34:56.789000","id":"7","name":"\\""}',
    '{"_bin_name":"mysql-bin.000007","_bin_pos":"1234","_event":"2","_row":"1","_op":"update","_commit_time":"2024-02-29 12:34:56.789000","id":"8","name":null}',
  ])
})

test('the place may be one object that moves on, and every part of it counts', () => {
  const place = { binName: 'a.000001', binPos: 4, event: 0 }
  const encoder = compileRowEncoder(layoutOf(COLUMNS, { change: true }))
  const out = Buffer.alloc(1000)
  const row = image(1, 'x')
  const next = (op: ChangeOp, ms: number, ordinal: number) => {
    encoder.setChange(op, place, ms, ordinal)
    return out
      .toString('utf8', 0, encoder.encode(row, 0, row.length, out, 0, 0))
      .split('\x01')
      .slice(0, 6)
      .join(' ')
  }
  const seen = [next('insert', 0, 0), next('insert', 0, 4_000_000)]
  place.event = 1
  seen.push(next('insert', 0, 0))
  place.binPos = 2 ** 52
  seen.push(next('insert', 0, 0))
  place.binName = 'a.000002'
  seen.push(next('insert', 0, 0), next('delete', 0, 0), next('delete', 1, 0))
  expect(seen).toEqual([
    'a.000001 4 0 0 insert 1970-01-01 00:00:00.000000',
    'a.000001 4 0 4000000 insert 1970-01-01 00:00:00.000000',
    'a.000001 4 1 0 insert 1970-01-01 00:00:00.000000',
    'a.000001 4503599627370496 1 0 insert 1970-01-01 00:00:00.000000',
    'a.000002 4503599627370496 1 0 insert 1970-01-01 00:00:00.000000',
    'a.000002 4503599627370496 1 0 delete 1970-01-01 00:00:00.000000',
    'a.000002 4503599627370496 1 0 delete 1970-01-01 00:00:00.001000',
  ])
})

test('the commit time is in the zone of TIMESTAMP values, summer time included, to the microsecond when there is one', () => {
  const summer: Zone = { name: 'x', fixedOffset: null, offsetAt: utc => (utc >= 1_709_210_096 ? 7200 : 3600) }
  const time = (zone: Zone, ms: number) => encode([image(1, null)], { zone }, { ms })[0]!.text.split('\x01')[5]
  expect([
    time(SHANGHAI, COMMIT_MS),
    time(summer, COMMIT_MS - 1000),
    time(summer, COMMIT_MS),
    time(SHANGHAI, COMMIT_MS + 0.125),
  ]).toEqual([
    '2024-02-29 20:34:56.789000',
    '2024-02-29 13:34:55.789000',
    '2024-02-29 14:34:56.789000',
    '2024-02-29 20:34:56.789125',
  ])
})

test('a binlog name that CSV cannot carry sends every row as JSON, the longest and oddest ones included', () => {
  const odd = { ...PLACE, binName: 'my_bin.000001' }
  const separators = { columnSeparator: Buffer.from('_'), rowDelimiter: Buffer.from('\n') }
  expect(encode([image(1, 'a'), image(2, 'b')], separators, { place: odd }).map(row => row.unsafe)).toEqual([
    true,
    true,
  ])
  expect(encode([image(1, 'a')], {}, { place: odd })[0]!.unsafe).toBe(false)
  const wide = Array.from({ length: 70 }, (_, i) => int(`c${i}`))
  const wideImage = Buffer.concat([Buffer.alloc(9), ...wide.map((_, i) => u32(i))])
  expect(encode([wideImage], separators, { place: odd }, wide)[0]!.unsafe).toBe(true)
  expect(encode([wideImage], {}, { place: odd }, wide)[0]).toMatchObject({ unsafe: false })
  const worst = { ...PLACE, binName: '"\\\x01'.repeat(85) }
  const document = JSON.parse(encode([image(1, null)], { format: 'json' }, { place: worst })[0]!.text)
  expect(document._bin_name).toBe(worst.binName)
  expect(() => encode([image(1, null)], {}, { place: { ...PLACE, binName: 'x'.repeat(256) } })).toThrow(/longer/)
})

test('rows without columns, and rows whose only field may be empty text, are never an empty line', () => {
  const rows = encode([Buffer.concat([u8(0), str('')])], {}, {}, [varchar('v')])
  expect(rows[0]).toMatchObject({ unsafe: false })
  expect(encode([image(1, 'a')], { fields: [null, null] })[0]!.text).toMatch(/\.789000\x02$/)
  expect(encode([image(1, 'a')], { fields: [null, null], format: 'json' })[0]!.text).toMatch(/\.789000"}$/)
})

test('the columns header names the fields of a row in their order', () => {
  const constants = [{ name: 'src', text: 's' }]
  const layout = layoutOf(COLUMNS, { change: true, constants })
  const fields = layout.fields.map(field => field && { ...field, toBinary: false })
  const names = renderColumnsHeader(fields, { ...layout }, 'csv').split(',')
  const [csv] = encode([image(7, 'n')], { constants })
  const [json] = encode([image(7, 'n')], { constants, format: 'json' })
  const values = csv!.text.slice(0, -1).split('\x01')
  expect(names).toHaveLength(values.length)
  expect(Object.fromEntries(names.map((name, i) => [name.slice(1, -1), values[i]]))).toEqual(JSON.parse(json!.text))
  expect(names.join()).toBe('`_bin_name`,`_bin_pos`,`_event`,`_row`,`_op`,`_commit_time`,`id`,`name`,`src`')
})

test('a change that was never set, and one set where none is written, are defects', () => {
  const out = Buffer.alloc(1000)
  const row = image(1, 'x')
  const changes = compileRowEncoder(layoutOf(COLUMNS, { change: true }))
  expect(failureOf(() => changes.encode(row, 0, row.length, out, 0, 0)).kind).toBe('internal')
  const upserts = compileRowEncoder(layoutOf(COLUMNS))
  expect(failureOf(() => upserts.setChange('insert', PLACE, 0, 0)).kind).toBe('internal')
})
