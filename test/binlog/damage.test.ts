import { describe, expect, test } from '@jest/globals'
import { bindTable } from '../../lib/binlog/bind-table.js'
import { BinlogDecoder } from '../../lib/binlog/decoder.js'
import { type BinlogEvent, EVENT } from '../../lib/binlog/event.js'
import { compileRowEncoder, type RowEncoder } from '../../lib/binlog/row-encoder.js'
import type { TableMap } from '../../lib/binlog/table-map.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import { Failure } from '../../lib/model/failure.js'
import {
  event,
  formatDescription,
  packed,
  packedBytes,
  payload,
  query,
  randomFrom,
  rotate,
  rows,
  tableMap,
  u8,
  u16,
  u32,
  u64,
  varint,
  xid,
} from '../support/binlog-builder.js'
import { layoutOf } from '../support/encoded-rows.js'

const names = (...all: string[]) => Buffer.concat(all.map(packedBytes))
const SPEC = {
  id: 5,
  schema: 's',
  table: 't',
  columns: [
    { type: WIRE.LONG },
    { type: WIRE.VARCHAR, metadata: u16(400), nullable: true },
    { type: WIRE.JSON, metadata: u8(4), nullable: true },
    { type: WIRE.NEWDECIMAL, metadata: u8(20, 4), nullable: true },
    { type: WIRE.STRING, metadata: u8(WIRE.ENUM, 1), nullable: true },
    { type: WIRE.TIMESTAMP2, metadata: u8(3), nullable: true },
    { type: WIRE.BLOB, metadata: u8(2), nullable: true },
  ],
  optional: [
    [1, u8(0)],
    [2, Buffer.concat([packed(255), packed(1), packed(63)])],
    [4, names('id', 'v', 'j', 'd', 'e', 's', 'b')],
    [6, Buffer.concat([packed(2), names('x', 'yy')])],
    [10, packed(255)],
  ] as const,
}
/** {"a": "x"} in MySQL's binary form. */
const DOCUMENT = Buffer.from('0001000e000b0001000c0c00610178', 'hex')
const IMAGE = Buffer.concat([
  u8(0x80),
  u32(7),
  u16(5),
  Buffer.from('hello'),
  u32(DOCUMENT.length),
  DOCUMENT,
  Buffer.from('8000000000000001000f', 'hex'),
  u8(1),
  u32(0x66778899),
  u16(1230),
  u16(4),
  u32(0xffffffff),
])

function stream(checksum: boolean): Buffer[] {
  const options = { checksum }
  const inner = { checksum: false }
  const fields = Buffer.concat([
    varint(12n),
    varint(1n),
    ...Array<Buffer>(16).fill(varint(200n)),
    varint(2n),
    varint(8n),
  ])
  const tagged = Buffer.concat([varint(1n), varint(BigInt(fields.length + 2)), fields])
  return [
    rotate('mbin.000001', 4, options),
    event(EVENT.PREVIOUS_GTIDS, Buffer.concat([u64(1), Buffer.alloc(16, 7), u64(1), u64(1), u64(5)]), options),
    event(EVENT.GTID_LIST, Buffer.concat([u32(1), u32(0), u32(1), u64(5)]), options),
    event(
      EVENT.GTID,
      Buffer.concat([u8(0), Buffer.alloc(16, 7), u64(9), u8(2), u64(1), u64(2), Buffer.alloc(7, 3)]),
      options,
    ),
    event(EVENT.GTID_TAGGED, tagged, options),
    event(EVENT.MARIADB_GTID, Buffer.concat([u64(1), u32(0), u8(0), Buffer.alloc(6)]), options),
    query('s', 'BEGIN', options),
    query('schema', 'alter table t add x int', { ...options, status: Buffer.concat([u8(0), u32(0), u8(1), u64(4)]) }),
    tableMap(SPEC, options),
    rows(EVENT.WRITE_ROWS, 5, 7, [IMAGE, IMAGE], options),
    rows(EVENT.UPDATE_ROWS, 5, 7, [IMAGE, IMAGE], options),
    rows(EVENT.DELETE_ROWS_COMPRESSED_V1, 5, 7, [IMAGE], options),
    payload(
      Buffer.concat([
        query('', 'BEGIN', inner),
        tableMap(SPEC, inner),
        rows(EVENT.WRITE_ROWS, 5, 7, [IMAGE], inner),
        xid(inner),
      ]),
      0,
      options,
    ),
    event(
      EVENT.HEARTBEAT_V2,
      Buffer.concat([packed(1), packedBytes('f.1'), packed(2), packedBytes(packed(70000)), packed(0)]),
      options,
    ),
    event(EVENT.INCIDENT, Buffer.concat([u16(1), u8(3), Buffer.from('abc')]), options),
    event(EVENT.XA_PREPARE, Buffer.concat([u8(1), u32(1), u32(2), u32(1), Buffer.from('abc')]), options),
    xid(options),
  ]
}

/** A decoder that has seen the file's head and the table map. */
function prepared(checksum: boolean): BinlogDecoder {
  const decoder = new BinlogDecoder({ flavor: 'mysql', wanted: () => true, verifyChecksum: true })
  const format = formatDescription(checksum)
  decoder.decode(format, 0, format.length)
  const map = tableMap(SPEC, { checksum })
  decoder.decode(map, 0, map.length)
  return decoder
}

/** Compiled once per different table. */
const encoders = new Map<string, RowEncoder[]>()
const keys = new WeakMap<TableMap, string>()
const out = Buffer.alloc(1 << 20)

/** Everything a reader would do with an event; returns how many rows came out. */
function consume(decoder: BinlogDecoder, found: BinlogEvent): number {
  let count = 0
  if (found.kind === 'gtid') found.gtid()
  if (found.kind === 'rows' && found.complete) {
    const key = keys.get(found.map) ?? JSON.stringify(found.map)
    keys.set(found.map, key)
    let compiled = encoders.get(key)
    if (compiled === undefined) {
      const layout = layoutOf(bindTable(found.map, null), { op: true })
      compiled = [compileRowEncoder(layout), compileRowEncoder({ ...layout, format: 'json' })]
      encoders.set(key, compiled)
    }
    for (const encoder of compiled) {
      for (let at = found.at; at < found.end; ) {
        encoder.locateKey(found.buffer, at, found.end)
        const q = encoder.encode(found.buffer, at, found.end, out, 0, 0)
        if (q > encoder.bound(found.end - at)) throw new Error(`row of ${q} bytes`)
        if (encoder.end <= at) throw new Error('no progress')
        at = encoder.end
        count++
      }
    }
  }
  if (found.kind === 'payload')
    for (let at = 0; at < found.buffer.length; ) {
      const inner = decoder.decodeInner(found.buffer, at)
      at += inner.size
      count += consume(decoder, inner)
    }
  return count
}

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
])

describe('damaged events', () => {
  test('whole, they decode', () => {
    for (const checksum of [true, false])
      for (const bytes of stream(checksum)) {
        const decoder = prepared(checksum)
        const found = decoder.decode(bytes, 0, bytes.length)
        const count = consume(decoder, found)
        expect([bytes[4], count]).toEqual([bytes[4], WHOLE.get(bytes[4]!) ?? 0])
      }
  })

  test('cut at any byte, they are a failure', () => {
    for (const checksum of [true, false])
      for (const bytes of stream(checksum))
        for (let end = 0; end < bytes.length; end++) expect(outcome(checksum, bytes, 0, end)).toBe('notDecodable')
  })

  test('cut at any byte with a header that agrees, they are a failure or a shorter event, never another error', () => {
    for (const bytes of stream(false))
      for (let end = 19; end < bytes.length; end++) {
        const cut = Buffer.from(bytes.subarray(0, end))
        cut.writeUInt32LE(end, 9)
        outcome(false, cut)
      }
  })

  test('any flipped bit is found by the checksum', () => {
    for (const bytes of stream(true))
      for (let bit = 0; bit < bytes.length * 8; bit++) {
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
    const events = stream(false)
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
    const image = Buffer.concat([u8(0xfa), u32(1), u32(bomb.length), bomb])
    const decoder = prepared(false)
    const found = decoder.decode(
      rows(EVENT.WRITE_ROWS, 5, 7, [image], { checksum: false }),
      0,
      30 + image.length + 1 - 0,
    )
    expect(() => consume(decoder, found)).toThrow(/column j cannot be decoded/)
  })
})
