import { crc32 } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { isSealed, parseSealed, renderSealed } from '../../lib/binlog/sealed-line.js'

const RECORD = { kind: 'edit', name: 'größe "x"', n: [1, null] }
const LINE = Buffer.from(renderSealed(RECORD)).subarray(0, -1)

test('a record comes back from its line, which ends with the CRC32 of what is before', () => {
  const body = JSON.stringify(RECORD).slice(0, -1)
  expect(LINE.toString()).toBe(`${body},"crc":"${crc32(Buffer.from(body)).toString(16).padStart(8, '0')}"}`)
  expect(parseSealed(LINE)).toEqual({ ...RECORD, crc: expect.any(String) })
})

test('a line of which one byte is another, or that is cut anywhere, is told from a whole one', () => {
  for (let at = 0; at < LINE.length; at++) {
    const other = Buffer.from(LINE)
    other[at]! ^= 0x01
    expect([at, isSealed(other), parseSealed(other)]).toEqual([at, false, null])
    expect([at, isSealed(LINE.subarray(0, at)), parseSealed(LINE.subarray(0, at))]).toEqual([at, false, null])
  }
})
