import { spanAt, spanBytes } from '../lib/binlog/ascii-span.js'
import { bindTable } from '../lib/binlog/bind-table.js'
import type { BoundColumn } from '../lib/binlog/bound-column.js'
import { BinlogDecoder } from '../lib/binlog/decoder.js'
import { EVENT } from '../lib/binlog/event.js'
import { compileRowEncoder, type RowEncoder } from '../lib/binlog/row-encoder.js'
import { textColumn } from '../lib/binlog/text-columns.js'
import { TextValueWriter } from '../lib/binlog/text-image-writer.js'
import { compileValueReader, type WantedValue } from '../lib/binlog/value-reader.js'
import { WIRE } from '../lib/binlog/wire-type.js'
import type { Value, ValueType } from '../lib/model/value.js'
import { maskSpan } from '../lib/rules/shape/mask-span.js'
import { formatDescription } from '../test/support/binlog-builder.js'
import { layoutOf, UTC } from '../test/support/encoded-rows.js'
import { sourceColumn } from '../test/support/source-column.js'
import { largeEvents, NARROW, WIDE } from './row-events.js'

/**
 * What it costs to look into rows and to change them, against the byte path, on the same images in one run:
 * `node dist/bench/shape.bench.js [seconds]`. Every row passes the filter, which is the dearest case. All read large
 * events, checksums checked.
 */

interface Images {
  readonly buffer: Buffer
  readonly at: number
  readonly end: number
}

const INT: ValueType = { kind: 'integer', bits: 32, unsigned: false }
const TEXT: ValueType = { kind: 'text', maxLength: null }

const out = Buffer.allocUnsafeSlow(64 << 20)

function newDecoder(): BinlogDecoder {
  const decoder = new BinlogDecoder({ flavor: 'mysql', wanted: () => true, verifyChecksum: true })
  const head = formatDescription(true)
  decoder.decode(head, 0, head.length)
  return decoder
}

function columnsOf(events: Buffer): readonly BoundColumn[] {
  const found = newDecoder().decode(events, 0, events.readUInt32LE(9))
  if (found.kind !== 'tableMap' || found.map === null) throw new Error('the first event is no table map')
  return bindTable(found.map, null)
}

/** What is done with the images of an event before they are encoded. */
type Shape = (images: Images) => Images | null

/** From events to rows of a load body; returns the rows written. */
function way(shape: Shape, encoder: RowEncoder): (events: Buffer) => number {
  const decoder = newDecoder()
  return events => {
    let rows = 0
    let q = 0
    for (let next = 0; next < events.length; ) {
      const limit = next + events.readUInt32LE(next + 9)
      const found = decoder.decode(events, next, limit)
      next = limit
      if (found.kind !== 'rows') continue
      const images = shape(found)
      if (images === null) continue
      const { buffer, at, end } = images
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
function filter(columns: readonly BoundColumn[], wanted: WantedValue, refused: Value): Shape {
  const reader = compileValueReader('binlog', columns, [wanted], UTC)
  const values: Value[] = [null]
  return images => {
    const { buffer, at, end } = images
    let kept = true
    for (let p = at; p < end; ) {
      p = reader.read(buffer, p, end, values)
      if (values[0] === refused) kept = false
    }
    return kept ? images : null
  }
}

/** Reads two columns, one for the filter and one to be masked, and writes extended images. */
function filterAndMask(columns: readonly BoundColumn[], filtered: WantedValue, mask: number): Shape {
  const reader = compileValueReader('binlog', columns, [filtered, { index: mask, type: TEXT, asSpan: true }], UTC)
  const values: Value[] = [null, null]
  const writer = new TextValueWriter()
  const hide = maskSpan({ by: 'keep', head: 2, tail: 2, fill: '*' })!
  return ({ buffer, at, end }) => {
    writer.begin(buffer, at, end)
    const first = writer.end
    for (let p = at; p < end; ) {
      const next = reader.read(buffer, p, end, values)
      if (values[0] !== -1) {
        writer.copy(buffer, p, next)
        const text = values[1]
        if (typeof text === 'number') hide(buffer, spanAt(text), spanBytes(text), writer)
        else if (typeof text === 'string') writer.text(`${text.slice(0, 2)}****${text.slice(-2)}`)
        else writer.null()
      }
      p = next
    }
    return { buffer: writer.buffer, at: first, end: writer.end }
  }
}

/** Of images whose last value, an added one, stands in place of column `mask`. */
function maskedEncoder(columns: readonly BoundColumn[], format: 'csv' | 'json', mask: number): RowEncoder {
  const column = textColumn({ schema: 'bench', table: 't' }, sourceColumn('masked', 'varchar(400)'), 'text')
  const all = [...columns, column]
  const fields = all.map(({ name }, i) => (i === mask ? null : ({ name, form: 'text' } as const)))
  return compileRowEncoder(layoutOf(all, { op: true, format, added: 1, fields }))
}

const seconds = Number(process.argv[2] ?? 3)

/**
 * CPU microseconds of a row, by way: those of the quickest of many passes, which are made in turn, since what else the machine
 * does only slows.
 */
function measure(ways: readonly ReturnType<typeof way>[], events: Buffer): number[] {
  const best = ways.map(() => Number.POSITIVE_INFINITY)
  for (const way of ways) for (let i = 0; i < 3; i++) way(events)
  const until = Date.now() + seconds * 1000
  while (Date.now() < until)
    ways.forEach((way, i) => {
      const begun = process.cpuUsage()
      const rows = way(events)
      const used = process.cpuUsage(begun)
      best[i] = Math.min(best[i]!, (used.user + used.system) / rows)
    })
  return best
}

for (const [name, columns, perEvent, count, text, mask] of [
  ['narrow', NARROW, 40, 20_000, 2, 3],
  ['wide', WIDE, 14, 7000, 24, 25],
] as const) {
  const events = largeEvents(EVENT.WRITE_ROWS, columns, count, perEvent)
  const bound = columnsOf(events)
  const integer = { index: bound.findIndex(({ type }) => type === WIRE.LONG), type: INT }
  for (const format of ['csv', 'json'] as const) {
    const plain = () => compileRowEncoder(layoutOf(bound, { op: true, format }))
    const ways = {
      'byte path': way(images => images, plain()),
      'filter on an integer': way(filter(bound, integer, -1), plain()),
      'filter on a text': way(filter(bound, { index: text, type: TEXT }, ''), plain()),
      'filter and mask': way(filterAndMask(bound, integer, mask), maskedEncoder(bound, format, mask)),
    }
    const micros = measure(Object.values(ways), events)
    Object.keys(ways).forEach((way, i) => {
      const ratio = (micros[i]! / micros[0]!).toFixed(2)
      console.log(`${name.padEnd(6)} ${format.padEnd(4)} ${way.padEnd(20)} ${micros[i]!.toFixed(2)} us a row, ${ratio}`)
    })
  }
}
