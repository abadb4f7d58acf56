import { charsetOfCollation, decodeText } from './charset.js'
import type { EventReader } from './event-reader.js'
import type { MutableColumn } from './wire-column.js'
import { hasCharset, hasSignedness, WIRE } from './wire-type.js'

/** Field types of the optional metadata (MySQL Table_map_event::Optional_metadata_field_type; MariaDB the same to 12). */
const FIELD = {
  SIGNEDNESS: 1,
  DEFAULT_CHARSET: 2,
  COLUMN_CHARSET: 3,
  COLUMN_NAME: 4,
  SET_STR_VALUE: 5,
  ENUM_STR_VALUE: 6,
  GEOMETRY_TYPE: 7,
  SIMPLE_PRIMARY_KEY: 8,
  PRIMARY_KEY_WITH_PREFIX: 9,
  ENUM_AND_SET_DEFAULT_CHARSET: 10,
  ENUM_AND_SET_COLUMN_CHARSET: 11,
  COLUMN_VISIBILITY: 12,
  VECTOR_DIMENSIONALITY: 13,
} as const

/** Fills in what the optional metadata says about the columns; returns the primary key, or null when it does not say. */
export function decodeOptionalMetadata(reader: EventReader, columns: MutableColumn[]): number[] | null {
  const numeric = columns.filter(column => hasSignedness(column.type))
  const strings = columns.filter(column => hasCharset(column.type))
  const lists = columns.filter(column => column.type === WIRE.ENUM || column.type === WIRE.SET)
  const labels: { column: MutableColumn; bytes: Buffer[] }[] = []
  const eventEnd = reader.end
  let primaryKey: number[] | null = null
  let hasPrefix = false
  while (reader.left > 0) {
    const field = reader.u8()
    const size = reader.packed()
    const fieldEnd = reader.skip(size) + size
    reader.at = fieldEnd - size
    reader.end = fieldEnd
    switch (field) {
      case FIELD.SIGNEDNESS:
        readBits(reader, numeric, (column, bit) => {
          column.unsigned = bit
        })
        break
      case FIELD.DEFAULT_CHARSET:
        readDefaultCharset(reader, strings)
        break
      case FIELD.COLUMN_CHARSET:
        for (const column of strings) column.collationId = reader.packed()
        break
      case FIELD.ENUM_AND_SET_DEFAULT_CHARSET:
        readDefaultCharset(reader, lists)
        break
      case FIELD.ENUM_AND_SET_COLUMN_CHARSET:
        for (const column of lists) column.collationId = reader.packed()
        break
      case FIELD.COLUMN_NAME:
        for (const column of columns) column.name = reader.text(reader.packed())
        break
      case FIELD.SET_STR_VALUE:
      case FIELD.ENUM_STR_VALUE: {
        const type = field === FIELD.SET_STR_VALUE ? WIRE.SET : WIRE.ENUM
        for (const column of columns) {
          if (column.type !== type) continue
          const bytes: Buffer[] = []
          for (let left = reader.packed(); left > 0; left--) bytes.push(reader.bytes(reader.packed()))
          labels.push({ column, bytes })
        }
        break
      }
      case FIELD.GEOMETRY_TYPE:
        for (const column of columns) if (column.type === WIRE.GEOMETRY) column.geometryType = reader.packed()
        break
      case FIELD.SIMPLE_PRIMARY_KEY:
        primaryKey = []
        while (reader.left > 0) primaryKey.push(readIndex(reader, columns.length))
        break
      case FIELD.PRIMARY_KEY_WITH_PREFIX:
        primaryKey = []
        while (reader.left > 0) {
          primaryKey.push(readIndex(reader, columns.length))
          if (reader.packed() !== 0) hasPrefix = true
        }
        break
      case FIELD.COLUMN_VISIBILITY:
        readBits(reader, columns, (column, bit) => {
          column.visible = bit
        })
        break
      case FIELD.VECTOR_DIMENSIONALITY:
        for (const column of columns) if (column.type === WIRE.VECTOR) column.dimensions = reader.packed()
        break
      default:
        // Later servers may add fields; each one only adds to what is known.
        reader.at = fieldEnd
    }
    if (reader.at !== fieldEnd) throw reader.fail(`optional metadata field ${field} has a wrong length`)
    reader.end = eventEnd
  }
  // The charset of labels may follow them.
  for (const { column, bytes } of labels) {
    column.memberCount = bytes.length
    column.members = decodeLabels(column, bytes)
  }
  // A key over the beginning of a value does not tell which column it is the key of.
  return hasPrefix ? null : primaryKey
}

function decodeLabels(column: MutableColumn, bytes: readonly Buffer[]): readonly string[] | null {
  const charset = column.collationId === null ? null : charsetOfCollation(column.collationId)
  if (charset === null) return null
  const texts = bytes.map(label => decodeText(charset, label))
  return texts.every(text => text !== null) ? (texts as string[]) : null
}

/** One bit per column, the first column in the highest bit. */
function readBits(
  reader: EventReader,
  columns: MutableColumn[],
  set: (column: MutableColumn, bit: boolean) => void,
): void {
  const bits = reader.bytes((columns.length + 7) >> 3)
  columns.forEach((column, i) => {
    set(column, ((bits[i >> 3]! >> (7 - (i & 7))) & 1) === 1)
  })
}

/** A collation for all columns, then pairs (index among these columns, other collation). */
function readDefaultCharset(reader: EventReader, columns: MutableColumn[]): void {
  const collationId = reader.packed()
  for (const column of columns) column.collationId = collationId
  while (reader.left > 0) columns[readIndex(reader, columns.length)]!.collationId = reader.packed()
}

function readIndex(reader: EventReader, count: number): number {
  const index = reader.packed()
  if (index >= count) throw reader.fail(`it names column ${index} of ${count}`)
  return index
}
