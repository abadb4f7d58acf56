import { bindTable } from '../lib/binlog/bind-table.js'
import type { BoundColumn } from '../lib/binlog/bound-column.js'
import { BinlogDecoder } from '../lib/binlog/decoder.js'
import { EVENT } from '../lib/binlog/event.js'
import { compileRowEncoder, type RowEncoder } from '../lib/binlog/row-encoder.js'
import { textColumn } from '../lib/binlog/text-columns.js'
import { WIRE } from '../lib/binlog/wire-type.js'
import { event, formatDescription, query, rows, tableMap, u8, u48, u64, xid } from '../test/support/binlog-builder.js'
import { encodeImages, layoutOf } from '../test/support/encoded-rows.js'
import { sourceColumn } from '../test/support/source-column.js'
import { textImage } from '../test/support/text-images.js'
import { type Column, images, largeEvents, NARROW, table, WIDE } from './row-events.js'

/**
 * How many row changes one core decodes and encodes, from events in memory: `node dist/bench/encode.bench.js [seconds]`.
 * narrow-1: one-row transactions (GTID, BEGIN, TABLE_MAP, rows, XID) of four columns; narrow-n: large events of the same;
 * wide: 40 columns of mixed types; update: before and after images with their keys compared; text: the same rows as a SELECT
 * gives them, in pieces of about 256 KiB.
 */

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
