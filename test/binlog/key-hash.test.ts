import { expect, test } from '@jest/globals'
import { WIRE } from '../../lib/binlog/wire-type.js'
import { u8, u32 } from '../support/binlog-builder.js'
import { column, int, varchar } from '../support/bound-columns.js'
import { encodeOne } from '../support/encoded-rows.js'

test('hashes stay what they are from version to version: dead letters on disk are found by them', () => {
  const text = (value: string) => Buffer.concat([u8(0), u8(Buffer.from(value).length), Buffer.from(value)])
  const both = Buffer.concat([u8(0), u32(7), u8(3), Buffer.from('abc')])
  expect([
    encodeOne([int('k')], Buffer.concat([u8(0), u32(7)]), { key: [0] }).hash,
    encodeOne([varchar('k')], text('abc'), { key: [0] }).hash,
    encodeOne([varchar('k')], text('é'), { key: [0] }).hash,
    encodeOne([int('k'), varchar('l')], both, { key: [1, 0] }).hash,
  ]).toEqual([1258778607, 383062652, 1586421316, 1030808370])
})

test('a key that is no text is hashed as the text that stands in its row', () => {
  const text = (value: string) => Buffer.concat([u8(0), u8(Buffer.from(value).length), Buffer.from(value)])
  const day = encodeOne([column('k', WIRE.DATE)], Buffer.concat([u8(0), Buffer.from('5dd00f', 'hex')]), { key: [0] })
  expect(day.text.slice(0, -1)).toBe('2024-02-29')
  expect(day.hash).toBe(encodeOne([varchar('k')], text('2024-02-29'), { key: [0] }).hash)
  const bits = encodeOne([column('k', WIRE.BIT, { length: 16 })], Buffer.from([0, 1, 2]), { key: [0] })
  expect(bits.hash).toBe(encodeOne([varchar('k')], text('258'), { key: [0] }).hash)
})

test('labels have one hash in bodies of both kinds', () => {
  const list = column('k', WIRE.ENUM, { length: 1, form: 'labels', members: [Buffer.from('x"y')] })
  const hashes = (['csv', 'json'] as const).map(
    format => encodeOne([list], Buffer.from([0, 1]), { key: [0], format }).hash,
  )
  expect(hashes[0]).toBe(hashes[1])
})
