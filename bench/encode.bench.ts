import { bindTable } from '../lib/binlog/bind-table.js'
import type { BoundColumn } from '../lib/binlog/bound-column.js'
import { BinlogDecoder } from '../lib/binlog/decoder.js'
import { EVENT } from '../lib/binlog/event.js'
import { compileRowEncoder, type RowEncoder } from '../lib/binlog/row-encoder.js'
import { textColumn } from '../lib/binlog/text-columns.js'
import { hasSignedness, WIRE } from '../lib/binlog/wire-type.js'
import {
  type ColumnSpec,
  event,
  formatDescription,
  packed,
  packedBytes,
  query,
  randomFrom,
  rows,
  tableMap,
  u8,
  u16,
  u32,
  u48,
  u64,
  xid,
} from '../test/support/binlog-builder.js'
import { encodeImages, layoutOf } from '../test/support/encoded-rows.js'
import { sourceColumn } from '../test/support/source-column.js'
import { textImage } from '../test/support/text-images.js'

/**
 * How many row changes one core decodes and encodes, from events in memory: `node dist/bench/encode.bench.js [seconds]`.
 * narrow-1: one-row transactions (GTID, BEGIN, TABLE_MAP, rows, XID) of four columns; narrow-n: large events of the same;
 * wide: 40 columns of mixed types; update: before and after images with their keys compared; text: the same rows as a SELECT
 * gives them, in pieces of about 256 KiB.
 */

interface Column extends ColumnSpec {
  value(random: (below: number) => number): Buffer
}

const text = (max: number, length: (random: (below: number) => number) => number): Column => ({
  type: WIRE.VARCHAR,
  metadata: u16(max),
  value: random => {
    const n = length(random)
    const bytes = Buffer.alloc(n)
    for (let i = 0; i < n; i++) bytes[i] = 97 + random(26)
    return Buffer.concat([max > 255 ? u16(n) : u8(n), bytes])
  },
})
const fixed = (type: number, bytes: number, metadata?: Buffer): Column => ({
  type,
  ...(metadata === undefined ? {} : { metadata }),
  value: random => Buffer.from(Array.from({ length: bytes }, () => random(256))),
})
const decimal = (precision: number, scale: number): Column => ({
  type: WIRE.NEWDECIMAL,
  metadata: u8(precision, scale),
  value: random =>
    Buffer.concat([
      u8(0x80),
      u8(0, 0, random(100)),
      u8(random(20), random(256), random(256), random(256)),
      u8(random(90)),
    ]),
})
const double: Column = {
  type: WIRE.DOUBLE,
  metadata: u8(8),
  value: random => {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(random(2) === 0 ? random(1e9) / 1e4 : Math.sqrt(random(1e9)))
    return bytes
  },
}
const float: Column = {
  type: WIRE.FLOAT,
  metadata: u8(4),
  value: random => {
    const bytes = Buffer.alloc(4)
    bytes.writeFloatLE(random(1e6) / 100)
    return bytes
  },
}
const when = (type: number, digits: number): Column => ({
  type,
  metadata: u8(digits),
  value: random => {
    const fraction = Buffer.from(Array.from({ length: (digits + 1) >> 1 }, () => random(15)))
    if (type === WIRE.TIMESTAMP2) {
      const seconds = Buffer.alloc(4)
      seconds.writeUInt32BE(1_700_000_000 + random(1e7))
      return Buffer.concat([seconds, fraction])
    }
    const packed = Buffer.alloc(8)
    const day = BigInt((2024 * 13 + 1 + random(12)) * 32 + 1 + random(28))
    packed.writeBigUInt64BE((1n << 39n) | (day << 17n) | BigInt((random(24) << 12) | (random(60) << 6) | random(60)))
    return Buffer.concat([packed.subarray(3), fraction])
  },
})
const json: Column = {
  type: WIRE.JSON,
  metadata: u8(4),
  // {"a": "x"}
  value: () => Buffer.concat([u32(15), Buffer.from('0001000e000b0001000c0c00610178', 'hex')]),
}

const id: Column = { type: WIRE.LONGLONG, value: random => u64(random(2 ** 31)) }
const int = fixed(WIRE.LONG, 4)
const NARROW = [id, int, text(480, () => 120), text(240, () => 60)]
const WIDE = [
  id,
  ...[
    fixed(WIRE.TINY, 1),
    fixed(WIRE.SHORT, 2),
    fixed(WIRE.INT24, 3),
    int,
    int,
    fixed(WIRE.LONGLONG, 8),
    fixed(WIRE.LONGLONG, 8),
  ],
  ...Array.from({ length: 6 }, (_, i) => decimal(18, i % 2 === 0 ? 2 : 2)),
  float,
  double,
  double,
  ...[
    when(WIRE.DATETIME2, 0),
    when(WIRE.DATETIME2, 3),
    when(WIRE.DATETIME2, 6),
    when(WIRE.TIMESTAMP2, 0),
    when(WIRE.TIMESTAMP2, 3),
  ],
  fixed(WIRE.DATE, 3),
  fixed(WIRE.YEAR, 1),
  fixed(WIRE.TIME2, 3, u8(0)),
  ...Array.from({ length: 8 }, (_, i) => ({
    ...text(i % 2 === 0 ? 80 : 400, random => 5 + random(30)),
    nullable: i % 3 === 0,
  })),
  { ...text(4000, random => 20 + random(200)), nullable: true },
  { type: WIRE.STRING, metadata: u8(WIRE.ENUM, 1), value: (random: (below: number) => number) => u8(1 + random(3)) },
  { type: WIRE.STRING, metadata: u8(WIRE.SET, 1), value: (random: (below: number) => number) => u8(random(8)) },
  fixed(WIRE.BIT, 2, u8(0, 2)),
  json,
  { ...int, nullable: true },
]

function table(columns: readonly Column[]) {
  const names = columns.map((_, i) => packedBytes(`c${i}`))
  const labels = Buffer.concat([packed(3), packedBytes('one'), packedBytes('two'), packedBytes('three')])
  return {
    id: 42,
    schema: 'bench',
    table: 't',
    columns,
    optional: [
      [1, Buffer.alloc((columns.filter(column => hasSignedness(column.type)).length + 7) >> 3)],
      [2, packed(255)],
      [4, Buffer.concat(names)],
      ...(columns === WIDE ? [[5, labels] as const, [6, labels] as const, [10, packed(255)] as const] : []),
    ] as (readonly [number, Buffer])[],
  }
}

function images(columns: readonly Column[], count: number): Buffer[] {
  const random = randomFrom(7)
  return Array.from({ length: count }, () => {
    const nulls = Buffer.alloc((columns.length + 7) >> 3)
    const values = columns.map((column, i) => {
      if (column.nullable && random(5) === 0) {
        nulls[i >> 3]! |= 1 << (i & 7)
        return Buffer.alloc(0)
      }
      return column.value(random)
    })
    return Buffer.concat([nulls, ...values])
  })
}

const gtid = () =>
  event(EVENT.GTID, Buffer.concat([u8(0), Buffer.alloc(16, 7), u64(9), u8(2), u64(1), u64(2), u48(1e12), u8(0)]))

function oneRowTransactions(columns: readonly Column[], count: number): Buffer {
  const map = tableMap(table(columns))
  return Buffer.concat(
    images(columns, count).flatMap(image => [
      gtid(),
      query('', 'BEGIN'),
      map,
      rows(EVENT.WRITE_ROWS, 42, columns.length, [image]),
      xid(),
    ]),
  )
}

function largeEvents(type: number, columns: readonly Column[], count: number, perEvent: number): Buffer {
  const all = images(columns, count)
  const map = tableMap(table(columns))
  const events: Buffer[] = []
  for (let i = 0; i < count; i += perEvent) {
    const some = all.slice(i, i + perEvent)
    events.push(
      map,
      rows(type, 42, columns.length, type === EVENT.UPDATE_ROWS ? some.flatMap(image => [image, image]) : some),
    )
  }
  return Buffer.concat(events)
}

const out = Buffer.allocUnsafeSlow(64 << 20)

/** One pass over the events, as a reader makes it; returns rows and bytes written. */
function pass(
  decoder: BinlogDecoder,
  events: Buffer,
  format: 'csv' | 'json',
  encoders: Map<object, RowEncoder>,
): [number, number] {
  let count = 0
  let bytes = 0
  let q = 0
  for (let at = 0; at < events.length; ) {
    const end = at + events.readUInt32LE(at + 9)
    const found = decoder.decode(events, at, end)
    at = end
    if (found.kind !== 'rows') continue
    let encoder = encoders.get(found.map)
    if (encoder === undefined) {
      encoder = compileRowEncoder(layoutOf(bindTable(found.map, null), { op: true, format }))
      encoders.set(found.map, encoder)
    }
    const limit = found.end
    for (let p = found.at; p < limit; ) {
      if (found.op === 'update') {
        const before = p
        p = encoder.skip(found.buffer, p, limit)
        if (!encoder.sameKey(found.buffer, before, p, limit)) throw new Error('the key moved')
      }
      encoder.locateKey(found.buffer, p, limit)
      q = encoder.encode(found.buffer, p, limit, out, q, 0)
      p = encoder.end
      count++
    }
    if (q > 32 << 20) {
      bytes += q
      q = 0
    }
  }
  return [count, bytes + q]
}

const seconds = Number(process.argv[2] ?? 2)

/** Runs passes for some seconds, after one that warms up, and prints their rate. */
function measure(name: string, format: string, note: string, once: () => [number, number]): void {
  once()
  const begun = process.cpuUsage()
  let count = 0
  let bytes = 0
  const until = Date.now() + seconds * 1000
  while (Date.now() < until) {
    const [more, moreBytes] = once()
    count += more
    bytes += moreBytes
  }
  const used = process.cpuUsage(begun)
  const cpu = (used.user + used.system) / 1e6
  const rate = Math.round(count / cpu).toLocaleString('en')
  const perMillion = ((cpu / count) * 1e6).toFixed(2)
  console.log(
    `${name.padEnd(13)} ${format.padEnd(4)} ${note.padEnd(3)} ${rate.padStart(10)} rows per CPU second, ${perMillion} CPU s per million, ${Math.round(bytes / cpu / 1e6)} MB/s out`,
  )
}

const LOADS: readonly (readonly [string, Buffer])[] = [
  ['narrow-1', oneRowTransactions(NARROW, 40_000)],
  ['narrow-n', largeEvents(EVENT.WRITE_ROWS, NARROW, 60_000, 40)],
  ['wide', largeEvents(EVENT.WRITE_ROWS, WIDE, 30_000, 14)],
  ['wide update', largeEvents(EVENT.UPDATE_ROWS, WIDE, 20_000, 7)],
]
for (const verifyChecksum of [true, false]) {
  for (const [name, events] of LOADS) {
    for (const format of ['csv', 'json'] as const) {
      const decoder = new BinlogDecoder({ flavor: 'mysql', wanted: () => true, verifyChecksum })
      const head = formatDescription(true)
      decoder.decode(head, 0, head.length)
      const encoders = new Map<object, RowEncoder>()
      measure(name, format, verifyChecksum ? 'crc' : '', () => pass(decoder, events, format, encoders))
    }
  }
}

/** The type of a column whose values read the same as those of a wire type. */
const SELECTED: Readonly<Record<number, string>> = {
  [WIRE.TINY]: 'tinyint',
  [WIRE.SHORT]: 'smallint',
  [WIRE.INT24]: 'mediumint',
  [WIRE.LONG]: 'int',
  [WIRE.LONGLONG]: 'bigint',
  [WIRE.NEWDECIMAL]: 'decimal',
  [WIRE.FLOAT]: 'float',
  [WIRE.DOUBLE]: 'double',
  [WIRE.DATETIME2]: 'datetime',
  [WIRE.TIMESTAMP2]: 'timestamp',
  [WIRE.DATE]: 'date',
  [WIRE.YEAR]: 'year',
  [WIRE.TIME2]: 'time',
  [WIRE.BIT]: 'bit',
  [WIRE.JSON]: 'json',
  [WIRE.ENUM]: 'enum',
  [WIRE.SET]: 'set',
}

const PIECE_BYTES = 256 * 1024

/** Rows of the text protocol with the values that the stream has in these events. */
function textPieces(events: Buffer): { columns: BoundColumn[]; pieces: Buffer[] } {
  const decoder = new BinlogDecoder({ flavor: 'mysql', wanted: () => true, verifyChecksum: false })
  const head = formatDescription(true)
  decoder.decode(head, 0, head.length)
  const pieces: Buffer[] = []
  let rows: Buffer[] = []
  let bytes = 0
  let columns: BoundColumn[] = []
  for (let at = 0; at < events.length; ) {
    const end = at + events.readUInt32LE(at + 9)
    const found = decoder.decode(events, at, end)
    at = end
    if (found.kind !== 'rows') continue
    const bound = bindTable(found.map, null)
    const sources = bound.map(({ name, type, nullable }) =>
      sourceColumn(name, SELECTED[type] ?? 'varchar(400)', { nullable }),
    )
    columns = sources.map(source => textColumn({ schema: 'bench', table: 't' }, source, 'text'))
    for (const { text } of encodeImages(layoutOf(bound), found.buffer, found.at, found.end)) {
      const fields = text.slice(0, -1).split('\x01')
      const values = fields.map((field, i) => {
        if (field === '\\N') return null
        return sources[i]!.dataType === 'float' ? String(Math.fround(Number(field))) : field
      })
      const row = textImage(values)
      rows.push(row)
      bytes += row.length
      if (bytes < PIECE_BYTES) continue
      pieces.push(Buffer.concat(rows))
      rows = []
      bytes = 0
    }
  }
  return { columns, pieces: [...pieces, Buffer.concat(rows)] }
}

function textPass(pieces: readonly Buffer[], encoder: RowEncoder): [number, number] {
  let count = 0
  let bytes = 0
  let q = 0
  for (const piece of pieces) {
    for (let p = 0; p < piece.length; p = encoder.end, count++) {
      encoder.locateKey(piece, p, piece.length)
      q = encoder.encode(piece, p, piece.length, out, q, 0)
    }
    if (q > 32 << 20) {
      bytes += q
      q = 0
    }
  }
  return [count, bytes + q]
}

for (const [name, events] of LOADS.slice(1, 3)) {
  const { columns, pieces } = textPieces(events)
  for (const format of ['csv', 'json'] as const) {
    const encoder = compileRowEncoder(layoutOf(columns, { images: 'text', op: true, format }))
    measure(`${name} text`, format, '', () => textPass(pieces, encoder))
  }
}
