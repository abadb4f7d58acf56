import { describe, expect, test } from '@jest/globals'
import { BinlogDecoder } from '../../lib/binlog/decoder.js'
import { EVENT } from '../../lib/binlog/event.js'
import { Failure } from '../../lib/model/failure.js'
import { formatDescription, randomFrom, rows, u8, u16, u32 } from '../support/binlog-builder.js'
import { consume, prepared, SPEC, sampleEvents } from '../support/event-samples.js'

/** What became of an event: how many rows, or the kind of failure. Anything but a Failure is thrown on. */
function outcome(checksum: boolean, bytes: Buffer, start = 0, end = bytes.length): number | string {
  const decoder = prepared(checksum)
  try {
    return consume(decoder, decoder.decode(bytes, start, end))
  } catch (error) {
    if (error instanceof Failure && error.kind !== 'internal') return error.kind
    throw error
  }
}

/** Rows (in CSV and in JSON) that the events of the stream hold, by type. */
const WHOLE = new Map<number, number>([
  [EVENT.WRITE_ROWS, 4],
  [EVENT.UPDATE_ROWS, 4],
  [EVENT.DELETE_ROWS_COMPRESSED_V1, 2],
  [EVENT.TRANSACTION_PAYLOAD, 2],
  [EVENT.PARTIAL_UPDATE_ROWS, 8],
  [EVENT.DELETE_ROWS, 2],
  [EVENT.WRITE_ROWS_V1, 2],
  [EVENT.UPDATE_ROWS_V1, 4],
  [EVENT.DELETE_ROWS_V1, 2],
  [EVENT.WRITE_ROWS_COMPRESSED_V1, 2],
  [EVENT.UPDATE_ROWS_COMPRESSED_V1, 4],
  [EVENT.WRITE_ROWS_COMPRESSED, 2],
  [EVENT.UPDATE_ROWS_COMPRESSED, 4],
  [EVENT.DELETE_ROWS_COMPRESSED, 2],
])

describe('damaged events', () => {
  test('whole, they decode', () => {
    for (const checksum of [true, false])
      for (const bytes of sampleEvents(checksum)) {
        const decoder = prepared(checksum)
        const found = decoder.decode(bytes, 0, bytes.length)
        const count = consume(decoder, found)
        expect([bytes[4], count]).toEqual([bytes[4], WHOLE.get(bytes[4]!) ?? 0])
      }
  })

  test('cut at any byte, they are a failure', () => {
    for (const checksum of [true, false])
      for (const bytes of sampleEvents(checksum))
        for (let end = 0; end < bytes.length; end++) expect(outcome(checksum, bytes, 0, end)).toBe('notDecodable')
  })

  test('cut at any byte with a header that agrees, they are a failure or hold fewer whole changes, never part of one', () => {
    for (const bytes of sampleEvents(false)) {
      const type = bytes[4]!
      const whole = WHOLE.get(type) ?? 0
      const counts = new Map<number, number>()
      for (let end = 19; end < bytes.length; end++) {
        const cut = Buffer.from(bytes.subarray(0, end))
        cut.writeUInt32LE(end, 9)
        const found = outcome(false, cut)
        if (typeof found === 'number') counts.set(found, (counts.get(found) ?? 0) + 1)
      }
      // Of the sample's changes each boundary is met once, and none but those: what is compressed has no boundary inside.
      const perChange = type === EVENT.PARTIAL_UPDATE_ROWS || type === EVENT.UPDATE_ROWS ? 4 : 2
      if (whole > 0)
        for (const [found, times] of counts)
          expect([type, found % perChange, found < whole, times]).toEqual([type, 0, true, 1])
    }
  })

  test('a flipped bit is found by the checksum', () => {
    for (const bytes of sampleEvents(true))
      for (let bit = bytes[4]! % 5; bit < bytes.length * 8; bit += 5) {
        const flipped = Buffer.from(bytes)
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        const found = outcome(true, flipped)
        if (found !== 'checksumWrong' && found !== 'notDecodable')
          throw new Error(`bit ${bit} of ${bytes[4]}: ${found}`)
      }
  })

  test('without checksums flipped bits give a failure or a value, never another error and no end to the work', () => {
    const seed = (Date.now() & 0x7fffffff) | 1
    const random = randomFrom(seed)
    const events = sampleEvents(false)
    for (let i = 0; i < 6000; i++) {
      const bytes = Buffer.from(events[random(events.length)]!)
      for (let flips = 1 + random(4); flips > 0; flips--) bytes[13 + random(bytes.length - 13)]! ^= 1 << random(8)
      try {
        outcome(false, bytes)
      } catch (error) {
        throw new Error(`seed ${seed}, run ${i}: ${bytes.toString('hex')}`, { cause: error })
      }
    }
  })

  test('a format description with any flipped bit is a failure, or the same as before', () => {
    const clean = formatDescription(true)
    for (let bit = 0; bit < clean.length * 8; bit++) {
      const bytes = Buffer.from(clean)
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      const decoder = new BinlogDecoder({ flavor: 'mysql', wanted: () => true, verifyChecksum: true })
      let found = ''
      try {
        found = decoder.decode(bytes, 0, bytes.length).kind
      } catch (error) {
        if (!(error instanceof Failure)) throw error
      }
      expect([bit, found]).toEqual([bit, bit === 17 * 8 ? 'format' : ''])
    }
  })

  test('a JSON document that refers to itself ends', () => {
    // An array whose ten elements are the array itself.
    const bomb = Buffer.concat([u8(2), u16(10), u16(34), ...Array<Buffer>(10).fill(Buffer.concat([u8(2), u16(0)]))])
    const image = Buffer.concat([u16(0xfffa), u32(1), u32(bomb.length), bomb])
    const decoder = prepared(false)
    const bytes = rows(EVENT.WRITE_ROWS, 5, SPEC.columns.length, [image], { checksum: false })
    const found = decoder.decode(bytes, 0, bytes.length)
    expect(() => consume(decoder, found)).toThrow(/column j cannot be decoded/)
  })
})
