import { literalValue } from '../binlog/key-literal.js'
import { textValue } from '../binlog/text-value.js'
import { transcoderOf } from '../binlog/transcode.js'
import { writeDouble } from '../binlog/write-float.js'
import type { KeyBound } from '../model/chunk.js'
import { Failure } from '../model/failure.js'
import { type SourceColumn, type TableSchema, tableName } from '../model/schema.js'
import { valueKind } from '../starrocks/type-map.js'
import type { TextImages } from './route-images.js'

/** An image of which only the key is true; see `CopyRoutes.deleteImage`. */
export function deletedImage(
  schema: TableSchema,
  images: TextImages,
  key: readonly number[],
  literals: KeyBound,
): Buffer {
  if (literals.length !== key.length)
    throw new Failure(
      'internal',
      `${tableName(schema)}: a key of ${literals.length} values where ${key.length} are due`,
    )
  return Buffer.concat(
    images.sources.map((i, index) => {
      const column = schema.columns[i]!
      const k = key.indexOf(i)
      if (k === -1) return textValue(column.nullable ? null : leastValue(column))
      const value = literalValue(literals[k]!)
      if (column.dataType === 'year') return textValue(Buffer.from(value.toString().padStart(4, '0')))
      if (column.dataType === 'float' || column.dataType === 'double') return textValue(doubleText(value))
      return textValue(index === images.place(i, 'key') ? value : shownValue(column, value))
    }),
  )
}

function doubleText(literal: Buffer): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(Number(literal.toString()))
  const text = Buffer.alloc(32)
  return text.subarray(0, writeDouble(text, 0, bytes, 0))
}

/** What SELECT prints for a key value that is compared by number or by its own bytes. */
function shownValue(column: SourceColumn, value: Buffer): Buffer {
  const { dataType, members, charset } = column
  if (dataType === 'enum') {
    const index = Number(value.toString())
    return Buffer.from(index === 0 ? '' : (members[index - 1] ?? ''))
  }
  if (dataType === 'set') {
    const bits = BigInt(value.toString())
    return Buffer.from(members.filter((_, i) => (bits >> BigInt(i)) & 1n).join(','))
  }
  const transcode = charset === null ? null : transcoderOf(charset)
  if (transcode === null) return value
  const out = Buffer.alloc(value.length * 4)
  return out.subarray(0, transcode(value, 0, value.length, out, 0))
}

const TEXTS = new Set(['text', 'bytes'])

/** POINT(0 0): four bytes of SRID, then WKB. */
const POINT = `000000000101000000${'00'.repeat(16)}`

/** A value that every column of the type can hold. */
function leastValue(column: SourceColumn): Buffer {
  const { dataType, members } = column
  switch (dataType) {
    case 'date':
      return Buffer.from('1970-01-01')
    case 'datetime':
    case 'timestamp':
      return Buffer.from('1970-01-01 00:00:00')
    case 'time':
      return Buffer.from('00:00:00')
    case 'json':
      return Buffer.from('null')
    case 'enum':
      return Buffer.from(members[0] ?? '')
    case 'uuid':
      return Buffer.from('00000000-0000-0000-0000-000000000000')
    case 'inet4':
      return Buffer.from('0.0.0.0')
    case 'inet6':
      return Buffer.from('::')
    case 'vector':
      return Buffer.alloc(4)
    default:
      if (valueKind(column) === 'special') return Buffer.from(POINT, 'hex')
      return TEXTS.has(valueKind(column)) ? Buffer.alloc(0) : Buffer.from('0')
  }
}
