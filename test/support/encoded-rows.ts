import type { BoundColumn } from '../../lib/binlog/bound-column.js'
import { compileRowEncoder, type RowEncoder } from '../../lib/binlog/row-encoder.js'
import type { FieldForm, RowLayout } from '../../lib/binlog/row-layout.js'
import type { Zone } from '../../lib/model/zone.js'

export const UTC: Zone = { name: 'UTC', fixedOffset: 0, offsetAt: () => 0 }
export const SHANGHAI: Zone = { name: '+08:00', fixedOffset: 28_800, offsetAt: () => 28_800 }

/** A layout of all columns, binary ones as base64, keyed by the first column. */
export function layoutOf(columns: readonly BoundColumn[], changes: Partial<RowLayout> = {}): RowLayout {
  return {
    columns,
    fields: columns.map(column => ({
      name: column.name,
      form: (column.isBinary ? 'base64' : 'text') as FieldForm,
    })),
    key: [0],
    change: false,
    measures: [],
    constants: [],
    op: false,
    format: 'csv',
    columnSeparator: Buffer.from([1]),
    rowDelimiter: Buffer.from([2]),
    zone: UTC,
    ...changes,
  }
}

export interface EncodedRow {
  readonly text: string
  readonly unsafe: boolean
  readonly hash: number
}

/**
 * Encodes the images at `buffer[at..end)`; also checks that skip agrees with encode and that bound holds. `prepare` sees the
 * encoder before each image, with the image's ordinal.
 */
export function encodeImages(
  layout: RowLayout,
  buffer: Buffer,
  at: number,
  end: number,
  { op = 0, prepare = () => undefined }: { op?: 0 | 1; prepare?: (encoder: RowEncoder, row: number) => void } = {},
): EncodedRow[] {
  const encoder = compileRowEncoder(layout)
  const found: EncodedRow[] = []
  for (let from = at; from < end; ) {
    prepare(encoder, found.length)
    const next = encoder.skip(buffer, from, end)
    const room = encoder.bound(next - from + encoder.inflated(buffer, from, end))
    const out = Buffer.alloc(room + 5, 0xee)
    const q = encoder.encode(buffer, from, end, out, 5, op)
    if (encoder.end !== next) throw new Error(`encode ends at ${encoder.end}, skip at ${next}`)
    if (q > 5 + room) throw new Error(`${q - 5} bytes where ${room} were promised`)
    const { unsafe } = encoder
    encoder.locateKey(buffer, from, end)
    found.push({ text: out.toString('utf8', 5, q), unsafe, hash: encoder.hash })
    from = next
  }
  return found
}

/** The body text of an image that is one row. */
export function encodeOne(
  columns: RowLayout['columns'],
  image: Buffer,
  changes: Partial<RowLayout> = {},
): ReturnType<typeof encodeImages>[number] {
  const rows = encodeImages(layoutOf(columns, changes), image, 0, image.length)
  if (rows.length !== 1) throw new Error(`the image holds ${rows.length} rows`)
  return rows[0]!
}
