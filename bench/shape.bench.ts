import { bindTable } from '../lib/binlog/bind-table.js'
import type { BoundColumn } from '../lib/binlog/bound-column.js'
import { BinlogDecoder } from '../lib/binlog/decoder.js'
import { EVENT } from '../lib/binlog/event.js'
import { compileRowEncoder } from '../lib/binlog/row-encoder.js'
import { textColumn } from '../lib/binlog/text-columns.js'
import { TextValueWriter } from '../lib/binlog/text-image-writer.js'
import { compileValueReader, type WantedValue } from '../lib/binlog/value-reader.js'
import type { Value, ValueType } from '../lib/model/value.js'
import { formatDescription } from '../test/support/binlog-builder.js'
import { layoutOf, UTC } from '../test/support/encoded-rows.js'
import { sourceColumn } from '../test/support/source-column.js'
import { largeEvents, NARROW, WIDE } from './row-events.js'

/**
 * What it costs to look into rows and to change them, against the byte path, on the same images in one run:
 * `node dist/bench/shape.bench.js [seconds]`. Every row passes the filter, which is the dearest case. The images are decoded
 * events; without the decoder's own time, which all have in common.
 */

interface Images {
  readonly buffer: Buffer
  readonly at: number
  readonly end: number
}

const INT: ValueType = { kind: 'integer', bits: 32, unsigned: true }
const TEXT: ValueType = { kind: 'text', maxLength: null }

const out = Buffer.allocUnsafeSlow(64 << 20)

function decoded(events: Buffer): { columns: readonly BoundColumn[]; pieces: Images[] } {
  const decoder = new BinlogDecoder({ flavor: 'mysql', wanted: () => true, verifyChecksum: false })
  const head = formatDescription(true)
  decoder.decode(head, 0, head.length)
  const pieces: Images[] = []
  let columns: readonly BoundColumn[] = []
  for (let at = 0; at < events.length; ) {
    const end = at + events.readUInt32LE(at + 9)
    const found = decoder.decode(events, at, end)
    at = end
    if (found.kind !== 'rows') continue
    columns = bindTable(found.map, null)
    pieces.push({ buffer: found.buffer, at: found.at, end: found.end })
  }
  return { columns, pieces }
}

/** One way from images to rows of a load body; returns the rows written. */
type Way = (pieces: readonly Images[]) => number

function bytePath(columns: readonly BoundColumn[], format: 'csv' | 'json'): Way {
  const encoder = compileRowEncoder(layoutOf(columns, { op: true, format }))
  return pieces => {
    let rows = 0
    let q = 0
    for (const { buffer, at, end } of pieces) {
      for (let p = at; p < end; p = encoder.end, rows++) {
        encoder.locateKey(buffer, p, end)
        q = encoder.encode(buffer, p, end, out, q, 0)
      }
      if (q > 32 << 20) q = 0
    }
    return rows
  }
}

/** Reads the column, which never holds `refused`, and hands on the images as they are. */
function filtered(columns: readonly BoundColumn[], format: 'csv' | 'json', wanted: WantedValue, refused: Value): Way {
  const path = bytePath(columns, format)
  const reader = compileValueReader('binlog', columns, [wanted], UTC)
  const values: Value[] = [null]
  return pieces => {
    let rows = 0
    for (const piece of pieces) {
      const { buffer, end } = piece
      let kept = true
      for (let p = piece.at; p < end; ) {
        p = reader.read(buffer, p, end, values)
        kept &&= values[0] !== refused
      }
      if (kept) rows += path([piece])
    }
    return rows
  }
}

/** Reads two columns, one for the filter and one to be masked, and writes extended images. */
function masked(columns: readonly BoundColumn[], format: 'csv' | 'json', filter: WantedValue, mask: number): Way {
  const column = textColumn({ schema: 'bench', table: 't' }, sourceColumn('masked', 'varchar(400)'), 'text')
  const all = [...columns, column]
  const fields = all.map(({ name }, i) => (i === mask ? null : ({ name, form: 'text' } as const)))
  const encoder = compileRowEncoder(layoutOf(all, { op: true, format, added: 1, fields }))
  const reader = compileValueReader('binlog', columns, [filter, { index: mask, type: TEXT }], UTC)
  const values: Value[] = [null, null]
  const writer = new TextValueWriter()
  return pieces => {
    let rows = 0
    let q = 0
    for (const { buffer, at, end } of pieces) {
      writer.reset()
      for (let p = at; p < end; ) {
        const next = reader.read(buffer, p, end, values)
        if (values[0] !== -1) {
          writer.copy(buffer, p, next)
          const text = values[1]
          if (typeof text === 'string') writer.text(`${text.slice(0, 2)}****${text.slice(-2)}`)
          else writer.null()
        }
        p = next
      }
      const limit = writer.end
      for (let p = 0; p < limit; p = encoder.end, rows++) {
        encoder.locateKey(writer.buffer, p, limit)
        q = encoder.encode(writer.buffer, p, limit, out, q, 0)
      }
      if (q > 32 << 20) q = 0
    }
    return rows
  }
}

const seconds = Number(process.argv[2] ?? 3)

/** Runs the ways in turn, so that what else the machine does meets all alike; the CPU microseconds of a row, by way. */
function measure(ways: readonly Way[], pieces: readonly Images[]): number[] {
  const spent = ways.map(() => 0)
  const rows = ways.map(() => 0)
  for (const way of ways) for (let i = 0; i < 3; i++) way(pieces)
  const until = Date.now() + seconds * 1000
  while (Date.now() < until)
    ways.forEach((way, i) => {
      const begun = process.cpuUsage()
      rows[i]! += way(pieces)
      const used = process.cpuUsage(begun)
      spent[i]! += used.user + used.system
    })
  return spent.map((micros, i) => micros / rows[i]!)
}

for (const [name, columns, perEvent, count, text, mask] of [
  ['narrow', NARROW, 40, 20_000, 2, 3],
  ['wide', WIDE, 14, 7000, 24, 25],
] as const) {
  const { columns: bound, pieces } = decoded(largeEvents(EVENT.WRITE_ROWS, columns, count, perEvent))
  const integer = { index: bound.findIndex(({ type }) => type === 3), type: { ...INT, unsigned: false } }
  for (const format of ['csv', 'json'] as const) {
    const ways = {
      'byte path': bytePath(bound, format),
      'filter on an integer': filtered(bound, format, integer, -1),
      'filter on a text': filtered(bound, format, { index: text, type: TEXT }, ''),
      'filter and mask': masked(bound, format, integer, mask),
    }
    const micros = measure(Object.values(ways), pieces)
    Object.keys(ways).forEach((way, i) => {
      const ratio = (micros[i]! / micros[0]!).toFixed(2)
      console.log(`${name.padEnd(6)} ${format.padEnd(4)} ${way.padEnd(20)} ${micros[i]!.toFixed(2)} us a row, ${ratio}`)
    })
  }
}
