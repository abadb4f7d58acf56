import { deflateSync } from 'node:zlib'
import { bindTable } from '../../lib/binlog/bind-table.js'
import { BinlogDecoder } from '../../lib/binlog/decoder.js'
import { type BinlogEvent, EVENT } from '../../lib/binlog/event.js'
import { compileRowEncoder, type RowEncoder } from '../../lib/binlog/row-encoder.js'
import type { TableMap } from '../../lib/binlog/table-map.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import {
  event,
  formatDescription,
  mariadbCompressed,
  packed,
  packedBytes,
  payload,
  query,
  rotate,
  rows,
  tableMap,
  u8,
  u16,
  u32,
  u64,
  varint,
  xid,
} from './binlog-builder.js'
import { layoutOf } from './encoded-rows.js'

const names = (...all: string[]) => Buffer.concat(all.map(packedBytes))
export const SPEC = {
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
    { type: WIRE.GEOMETRY, metadata: u8(4), nullable: true },
    { type: WIRE.VECTOR, metadata: u8(4), nullable: true },
    { type: WIRE.BLOB_COMPRESSED, metadata: u8(2), nullable: true },
    { type: WIRE.VARCHAR, metadata: u16(60), nullable: true },
  ],
  optional: [
    [1, u8(0)],
    [2, Buffer.concat([255, 1, 63, 2, 63, 4, 28].map(packed))],
    [4, names('id', 'v', 'j', 'd', 'e', 's', 'b', 'g', 'w', 'c', 'k')],
    [6, Buffer.concat([packed(2), names('x', 'yy')])],
    [10, packed(255)],
  ] as const,
}
/** {"a": "x"} in MySQL's binary form. */
const DOCUMENT = Buffer.from('0001000e000b0001000c0c00610178', 'hex')
/** SRID 4326, a collection of a point. */
const SHAPE = Buffer.from('e61000000107000000010000000101000000000000000000f03f0000000000000040', 'hex')
const PACKED = Buffer.concat([Buffer.from([0x82, 1, 44]), deflateSync('x'.repeat(300))])
const COLUMNS = SPEC.columns.length
export const IMAGE = Buffer.concat([
  u16(0xf800),
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
  u32(SHAPE.length),
  SHAPE,
  u32(8),
  Buffer.from('0000803f00002040', 'hex'),
  u16(PACKED.length),
  PACKED,
  u8(3),
  Buffer.from('d6d061', 'hex'),
])

/** The second image of a partial update: options, one bit for the JSON column, NULL bits, and differences for it. */
const DIFFS = Buffer.concat([
  Buffer.concat([u8(0), packedBytes('$.a'), packedBytes(Buffer.from('0c0179', 'hex'))]),
  Buffer.concat([u8(1), packedBytes('$."b c"'), packedBytes(Buffer.from('0001000c000b0001000509007a', 'hex'))]),
  Buffer.concat([u8(2), packedBytes('$."b c".z')]),
])
const PARTIAL = Buffer.concat([
  u8(1, 1),
  IMAGE.subarray(0, IMAGE.indexOf(u32(DOCUMENT.length))),
  u32(DIFFS.length),
  DIFFS,
  IMAGE.subarray(IMAGE.indexOf(DOCUMENT) + DOCUMENT.length),
])

/** One event of every kind that carries anything. */
export function sampleEvents(checksum: boolean): Buffer[] {
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
    rows(EVENT.WRITE_ROWS, 5, COLUMNS, [IMAGE, IMAGE], options),
    rows(EVENT.UPDATE_ROWS, 5, COLUMNS, [IMAGE, IMAGE], options),
    rows(EVENT.DELETE_ROWS_COMPRESSED_V1, 5, COLUMNS, [IMAGE], options),
    rows(EVENT.PARTIAL_UPDATE_ROWS, 5, COLUMNS, [IMAGE, PARTIAL, IMAGE, u8(0), IMAGE], options),
    rows(EVENT.DELETE_ROWS, 5, COLUMNS, [IMAGE], options),
    rows(EVENT.WRITE_ROWS_V1, 5, COLUMNS, [IMAGE], options),
    rows(EVENT.UPDATE_ROWS_V1, 5, COLUMNS, [IMAGE, IMAGE], options),
    rows(EVENT.DELETE_ROWS_V1, 5, COLUMNS, [IMAGE], options),
    rows(EVENT.WRITE_ROWS_COMPRESSED_V1, 5, COLUMNS, [IMAGE], options),
    rows(EVENT.UPDATE_ROWS_COMPRESSED_V1, 5, COLUMNS, [IMAGE, IMAGE], options),
    rows(EVENT.WRITE_ROWS_COMPRESSED, 5, COLUMNS, [IMAGE], options),
    rows(EVENT.UPDATE_ROWS_COMPRESSED, 5, COLUMNS, [IMAGE, IMAGE], options),
    rows(EVENT.DELETE_ROWS_COMPRESSED, 5, COLUMNS, [IMAGE], options),
    event(
      EVENT.QUERY_COMPRESSED,
      Buffer.concat([
        u32(7),
        u32(0),
        u8(1),
        u16(0),
        u16(0),
        Buffer.from('s\0'),
        mariadbCompressed(Buffer.from('drop table t')),
      ]),
      options,
    ),
    event(EVENT.HEARTBEAT, Buffer.from('mbin.000001'), options),
    payload(
      Buffer.concat([
        query('', 'BEGIN', inner),
        tableMap(SPEC, inner),
        rows(EVENT.WRITE_ROWS, 5, COLUMNS, [IMAGE], inner),
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
export function prepared(checksum: boolean): BinlogDecoder {
  const decoder = new BinlogDecoder({ flavor: 'mysql', wanted: () => true, verifyChecksum: true })
  const format = formatDescription(checksum)
  decoder.decode(format, 0, format.length)
  const file = rotate('mbin.000001', 4, { checksum })
  decoder.decode(file, 0, file.length)
  const map = tableMap(SPEC, { checksum })
  decoder.decode(map, 0, map.length)
  return decoder
}

/** Compiled once per different table. */
const encoders = new Map<string, RowEncoder[]>()
const keys = new WeakMap<TableMap, string>()
const out = Buffer.alloc(1 << 20)

/** Everything a reader would do with an event; returns how many images came out. An update's come in pairs. */
export function consume(decoder: BinlogDecoder, found: BinlogEvent): number {
  let count = 0
  if (found.kind === 'gtid') void found.gtid.text
  if (found.kind === 'rows' && found.complete) {
    const perChange = found.op === 'update' ? 2 : 1
    const key = keys.get(found.map) ?? JSON.stringify(found.map)
    keys.set(found.map, key)
    let compiled = encoders.get(key)
    if (compiled === undefined) {
      const layout = layoutOf(bindTable(found.map, null), { op: true })
      compiled = [compileRowEncoder(layout), compileRowEncoder({ ...layout, format: 'json' })]
      encoders.set(key, compiled)
    }
    for (const encoder of compiled) {
      for (let at = found.at, images = 0; at < found.end || images % perChange !== 0; images++) {
        encoder.locateKey(found.buffer, at, found.end)
        const q = encoder.encode(found.buffer, at, found.end, out, 0, 0)
        if (q > encoder.bound(found.end - at + encoder.inflated(found.buffer, at, found.end)))
          throw new Error(`row of ${q} bytes`)
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
