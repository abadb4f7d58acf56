import { expect, test } from '@jest/globals'
import { u8, u32 } from '../support/binlog-builder.js'
import { int, varchar } from '../support/bound-columns.js'
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
