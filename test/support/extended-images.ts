import type { BoundColumn } from '../../lib/binlog/bound-column.js'
import type { ImageKind } from '../../lib/binlog/image-form.js'
import type { RowLayout } from '../../lib/binlog/row-layout.js'
import { textColumn } from '../../lib/binlog/text-columns.js'
import { TextValueWriter } from '../../lib/binlog/text-image-writer.js'
import { compileValueReader } from '../../lib/binlog/value-reader.js'
import { sourceColumnOf, valueTypeOf } from '../../lib/binlog/value-type.js'
import type { TableSchema } from '../../lib/model/schema.js'
import type { Value, ValueType } from '../../lib/model/value.js'
import { type EncodedRow, encodeImages, layoutOf, SHANGHAI } from './encoded-rows.js'

/** What images of `id`, `v`, `n` (which is 7) hold, read and written again. */
export interface ReadImages {
  readonly ids: readonly number[]
  readonly values: readonly Value[]
  /** Rows whose added values are not written as the column itself is. */
  readonly unequal: readonly string[]
}

/** Types that no key has: their hashes need not agree. */
const KEYLESS = new Set(['json', 'vector', 'float'])
const TEXT: ValueType = { kind: 'text', maxLength: null }
const SHAPES = /^(point|linestring|polygon|multi|geom)/

/**
 * Reads the images at `buffer[at..end)`, and has encoders write the value of `v` from behind each image: once made anew of the
 * value (column `w`), once as the bytes that stand for it (column `x`).
 */
export function readExtended(
  images: ImageKind,
  columns: readonly BoundColumn[],
  schema: TableSchema,
  buffer: Buffer,
  at: number,
  end: number,
): ReadImages {
  const [id, v, n] = schema.columns as [TableSchema['columns'][0], TableSchema['columns'][0], TableSchema['columns'][0]]
  const type = valueTypeOf(v)
  const wanted = [
    { index: 2, type: valueTypeOf(n) },
    { index: 1, type },
    { index: 1, type: { kind: 'bytes', maxLength: null } },
    { index: 0, type: valueTypeOf(id) },
  ] as const
  const reader = compileValueReader(images, columns, wanted, SHANGHAI)
  const texts = compileValueReader(images, columns, [{ index: 1, type: TEXT }], SHANGHAI)
  const added = [
    textColumn(schema, sourceColumnOf('w', type, ''), 'text'),
    { ...textColumn(schema, v, 'text'), name: 'x' },
  ]
  const form = type.kind === 'bytes' ? 'base64' : 'text'
  const layout = (index: number, format: 'csv' | 'json'): RowLayout => {
    const all = [...columns, ...added]
    const fields = all.map((_, i) => (i === index ? ({ name: 'v', form } as const) : null))
    return layoutOf(all, { images, fields, key: [index], added: 2, format, op: true, zone: SHANGHAI })
  }
  const ids: number[] = []
  const values: Value[] = []
  const shown: string[] = []
  const unequal: string[] = []
  const to: Value[] = []
  const writer = new TextValueWriter()
  for (let from = at; from < end; ) {
    const next = reader.read(buffer, from, end, to, 3)
    const [seven, value, bytes, row] = to.slice(3) as [number, Value, Uint8Array | null, number]
    if (texts.read(buffer, from, end, to) !== next) unequal.push(`row ${row}: two readers end at two places`)
    if (seven !== 7) unequal.push(`row ${row}: n is ${seven}`)
    writer.copy(buffer, from, next)
    writer.value(value, type)
    if (bytes === null) writer.null()
    else writer.bytes(bytes)
    ids.push(row)
    values.push(value instanceof Uint8Array ? Buffer.from(value) : value)
    shown.push(`${to[0] ?? '\\N'}\x010\x02`)
    from = next
  }
  const isHashed = !KEYLESS.has(v.dataType) && !SHAPES.test(v.dataType)
  for (const format of ['csv', 'json'] as const) {
    const [own, again, copied] = [1, columns.length, columns.length + 1].map(index =>
      encodeImages(layout(index, format), writer.buffer, 0, writer.end),
    ) as [EncodedRow[], EncodedRow[], EncodedRow[]]
    ids.forEach((row, k) => {
      const isSame = (found: EncodedRow) =>
        found.text === own[k]!.text && found.unsafe === own[k]!.unsafe && (!isHashed || found.hash === own[k]!.hash)
      if (!isSame(copied[k]!)) unequal.push(`row ${row} copied: ${copied[k]!.text}, not ${own[k]!.text}`)
      // A FLOAT's value is a double of more digits.
      if (v.dataType !== 'float' && !isSame(again[k]!))
        unequal.push(`row ${row} made anew: ${again[k]!.text}, not ${own[k]!.text}`)
      if (format === 'csv' && shown[k] !== own[k]!.text)
        unequal.push(`row ${row}: the text ${shown[k]}, not ${own[k]!.text}`)
    })
  }
  return { ids, values, unequal }
}
