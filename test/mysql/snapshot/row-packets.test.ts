import { describe, expect, test } from '@jest/globals'
import { Failure } from '../../../lib/model/failure.js'
import { PIECE_BYTES } from '../../../lib/mysql/snapshot/piece-buffers.js'
import { RowPackets, type RowSink, ServerError } from '../../../lib/mysql/snapshot/row-packets.js'
import { failureOf } from '../../support/failure-of.js'

class Collected implements RowSink {
  readonly rows: Buffer[] = []
  readonly counts: number[] = []
  readonly lasts: Buffer[] = []

  take(bytes: number): Buffer {
    return Buffer.alloc(Math.max(bytes, PIECE_BYTES))
  }

  put(buffer: Buffer, end: number, rows: number, last: number): void {
    if (rows === 0) return
    this.rows.push(Buffer.from(buffer.subarray(0, end)))
    this.counts.push(rows)
    this.lasts.push(Buffer.from(buffer.subarray(last, end)))
  }

  get bytes(): Buffer {
    return Buffer.concat(this.rows)
  }
}

/** Payloads as packets, numbered from 1; those of 0xffffff bytes and more in several. */
function packets(payloads: readonly Buffer[]): Buffer {
  const parts: Buffer[] = []
  let sequence = 1
  for (const payload of payloads) {
    let at = 0
    for (let more = true; more; ) {
      const length = Math.min(0xffffff, payload.length - at)
      const header = Buffer.alloc(4)
      header.writeUIntLE(length, 0, 3)
      header[3] = sequence++ & 0xff
      parts.push(header, payload.subarray(at, at + length))
      at += length
      more = length === 0xffffff
    }
  }
  return Buffer.concat(parts)
}

const COLUMNS = [Buffer.from([2]), Buffer.from('\x03defcolumn one'), Buffer.from('\x03defcolumn two')]
const EOF = Buffer.from([0xfe, 0, 0, 2, 0])
/** With CLIENT_DEPRECATE_EOF: OK with affected rows, insert id, status, warnings. */
const OK_END = Buffer.from([0xfe, 0, 0, 2, 0, 0, 0])

function row(...values: (string | null)[]): Buffer {
  return Buffer.concat(
    values.map(value => {
      if (value === null) return Buffer.from([0xfb])
      const text = Buffer.from(value)
      const head = Buffer.alloc(text.length < 251 ? 1 : text.length < 65_536 ? 3 : text.length < 2 ** 24 ? 4 : 9)
      if (head.length === 1) head[0] = text.length
      else {
        head[0] = head.length === 3 ? 0xfc : head.length === 4 ? 0xfd : 0xfe
        head.writeUIntLE(text.length, 1, Math.min(head.length - 1, 6))
      }
      return Buffer.concat([head, text])
    }),
  )
}

function take(bytes: Buffer, size: number): Collected {
  const sink = new Collected()
  const reader = new RowPackets(sink)
  for (let at = 0; at < bytes.length; at += size) reader.take(bytes.subarray(at, at + size))
  expect(reader.isDone).toBe(true)
  return sink
}

describe('an answer', () => {
  const rows = Array.from({ length: 600 }, (_, n) =>
    row(n % 5 === 0 ? null : `value ${n}`, n % 7 === 0 ? 'x'.repeat(n) : n % 11 === 0 ? '' : null),
  )

  test.each([
    ['EOF', [...COLUMNS, EOF, ...rows, EOF]],
    ['CLIENT_DEPRECATE_EOF', [...COLUMNS, ...rows, OK_END]],
  ])('comes in chunks of any size (%s)', (_, payloads) => {
    const bytes = packets(payloads)
    for (const size of [1, 2, 3, 4, 5, 7, 64, 1000, 65_536, bytes.length]) {
      const { bytes: found, counts, lasts } = take(bytes, size)
      expect(found.equals(Buffer.concat(rows))).toBe(true)
      expect(counts.reduce((sum, n) => sum + n, 0)).toBe(600)
      expect(lasts.at(-1)!.equals(rows.at(-1)!)).toBe(true)
    }
  })

  test('without rows', () => {
    expect(take(packets([...COLUMNS, EOF, EOF]), 3).counts).toEqual([])
    expect(take(packets([...COLUMNS, OK_END]), 3).counts).toEqual([])
  })

  test('has rows longer than a piece, than a packet, and of just one packet', () => {
    const long = [0xffffff - 4, 0xffffff - 5, 0xffffff, 2 ** 24 + 17, 2 ** 25 + 5, PIECE_BYTES - 4, PIECE_BYTES]
    for (const length of long) {
      const rows = [row('a', 'b'), row('y'.repeat(length)), row('c', null)]
      for (const size of [65_536, 1_000_003]) {
        const { bytes, counts, lasts } = take(packets([...COLUMNS, EOF, ...rows, EOF]), size)
        expect(bytes.equals(Buffer.concat(rows))).toBe(true)
        expect(counts.reduce((sum, n) => sum + n, 0)).toBe(3)
        expect(lasts.at(-1)!.equals(rows.at(-1)!)).toBe(true)
      }
    }
  }, 60_000)

  test('never cuts a row between two pieces', () => {
    const rows = Array.from({ length: 40 }, (_, n) => row(String(n).padEnd(100_000, '.')))
    const { rows: pieces, counts } = take(packets([...COLUMNS, EOF, ...rows, EOF]), 65_536)
    expect(pieces.length).toBeGreaterThan(3)
    let n = 0
    pieces.forEach((piece, place) => {
      const expected = Buffer.concat(rows.slice(n, n + counts[place]!))
      expect(piece.equals(expected)).toBe(true)
      n += counts[place]!
    })
    expect(n).toBe(40)
  })
})

test('short rows up to the last byte of a piece and of a chunk', () => {
  const rows = Array.from({ length: Math.ceil(PIECE_BYTES / 33) + 100 }, (_, n) => row(String(n).padEnd(32, '.')))
  const bytes = packets([...COLUMNS, EOF, ...rows, EOF])
  const sink = new Collected()
  const reader = new RowPackets(sink)
  const first = packets([...COLUMNS, EOF]).length
  reader.take(bytes.subarray(0, first))
  // Each chunk lies in memory of its own and ends with a row.
  for (let at = first; at < bytes.length; at += 37 * 50) reader.take(Buffer.from(bytes.subarray(at, at + 37 * 50)))
  expect(reader.isDone).toBe(true)
  expect(sink.rows[0]!.length).toBe(PIECE_BYTES - (PIECE_BYTES % 33))
  expect(sink.bytes.equals(Buffer.concat(rows))).toBe(true)
})

describe('what is no whole answer', () => {
  const error = Buffer.from('\xff\x25\x05#70100Query execution was interrupted', 'latin1')

  test.each([1, 5, 1000])("the server's error, in chunks of %d", size => {
    for (const before of [[], COLUMNS, [...COLUMNS, EOF], [...COLUMNS, EOF, row('a', 'b')]]) {
      const sink = new Collected()
      const reader = new RowPackets(sink)
      const bytes = packets([...before, error])
      let thrown: unknown
      try {
        for (let at = 0; at < bytes.length; at += size) reader.take(bytes.subarray(at, at + size))
      } catch (e) {
        thrown = e
      }
      expect(thrown).toBeInstanceOf(ServerError)
      expect(thrown).toMatchObject({ errno: 1317, message: 'Query execution was interrupted' })
      expect(reader.isDone).toBe(false)
    }
  })

  test.each([
    [
      'a packet that is missing',
      () =>
        packets([...COLUMNS, EOF, row('a'), row('b')]).fill(
          9,
          packets([...COLUMNS, EOF]).length + 3,
          packets([...COLUMNS, EOF]).length + 4,
        ),
    ],
    ['an answer without rows', () => packets([Buffer.from([0, 0, 0, 2, 0, 0, 0])])],
    ['a request for a local file', () => packets([Buffer.from('\xfb/etc/passwd', 'latin1')])],
    ['a second result', () => packets([...COLUMNS, EOF, Buffer.from([0xfe, 0, 0, 10, 0])])],
    ['something behind the end', () => packets([...COLUMNS, EOF, EOF, row('a')])],
  ])('%s', (_, bytes) => {
    const failure = failureOf(() => new RowPackets(new Collected()).take(bytes()))
    expect(failure).toBeInstanceOf(Failure)
    expect(failure.kind).toBe('streamBroken')
  })
})
