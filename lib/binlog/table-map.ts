import type { EventReader } from './event-reader.js'
import { decodeOptionalMetadata } from './table-map-metadata.js'
import { type MutableColumn, type WireColumn, wireColumn } from './wire-column.js'
import { hasSignedness, WIRE, wireTypeName } from './wire-type.js'

/** The layout of a table's row images, as of the moment they were written. */
export interface TableMap {
  /** The server's number for this version of the table; up to 48 bits. */
  readonly id: number
  readonly schema: string
  readonly table: string
  readonly columns: readonly WireColumn[]
  /** Column indexes of the primary key in key order; null = the table map does not say. */
  readonly primaryKey: readonly number[] | null
}

/**
 * The body of a TABLE_MAP event from behind the table name on (MySQL libs/mysql/binlog/event/rows_event.h,
 * MariaDB sql/log_event.h): column types, their metadata, NULL bits, optional metadata.
 */
export function decodeTableMap(reader: EventReader, id: number, schema: string, table: string): TableMap {
  const count = reader.packed()
  if (count === 0 || count > 4096) throw reader.fail(`it has ${count} columns`)
  const types = reader.bytes(count)
  const metadataEnd = reader.packed() + reader.at
  const columns: MutableColumn[] = []
  for (const type of types) columns.push(decodeColumn(reader, type))
  if (reader.at !== metadataEnd)
    throw reader.fail(`the column metadata of ${schema}.${table} ends at ${reader.at}, not at ${metadataEnd}`)
  const nullBits = reader.bytes((count + 7) >> 3)
  for (let i = 0; i < count; i++) columns[i]!.nullable = ((nullBits[i >> 3]! >> (i & 7)) & 1) === 1
  const primaryKey = decodeOptionalMetadata(reader, columns)
  return { id, schema, table, columns, primaryKey }
}

function decodeColumn(reader: EventReader, wireType: number): MutableColumn {
  let type = wireType
  let length = 0
  let scale = 0
  switch (wireType) {
    case WIRE.TINY:
    case WIRE.SHORT:
    case WIRE.INT24:
    case WIRE.LONG:
    case WIRE.LONGLONG:
    case WIRE.NULL:
    case WIRE.YEAR:
    case WIRE.DATE:
    case WIRE.NEWDATE:
    case WIRE.TIME:
    case WIRE.DATETIME:
    case WIRE.TIMESTAMP:
      break
    case WIRE.FLOAT:
    case WIRE.DOUBLE:
      length = reader.u8()
      if (length !== (wireType === WIRE.FLOAT ? 4 : 8))
        throw reader.fail(`a ${wireTypeName(wireType)} of ${length} bytes`)
      break
    case WIRE.TIME2:
    case WIRE.DATETIME2:
    case WIRE.TIMESTAMP2:
      length = reader.u8()
      if (length > 6) throw reader.fail(`${length} fraction digits of a second`)
      break
    case WIRE.BLOB:
    case WIRE.TINY_BLOB:
    case WIRE.MEDIUM_BLOB:
    case WIRE.LONG_BLOB:
    case WIRE.BLOB_COMPRESSED:
    case WIRE.JSON:
    case WIRE.GEOMETRY:
    case WIRE.VECTOR:
      length = reader.u8()
      if (length < 1 || length > 4) throw reader.fail(`a ${wireTypeName(wireType)} whose length has ${length} bytes`)
      break
    case WIRE.VARCHAR:
    case WIRE.VARCHAR_COMPRESSED:
      length = reader.u16()
      break
    case WIRE.NEWDECIMAL:
      length = reader.u8()
      scale = reader.u8()
      if (length < 1 || length > 65 || scale > 30 || scale > length) throw reader.fail(`a DECIMAL(${length},${scale})`)
      break
    case WIRE.BIT: {
      const bits = reader.u8()
      length = reader.u8() * 8 + bits
      if (bits > 7 || length < 1 || length > 64) throw reader.fail(`a BIT(${length})`)
      break
    }
    case WIRE.STRING:
    case WIRE.VAR_STRING:
    case WIRE.ENUM:
    case WIRE.SET: {
      // The real type in the first byte; lengths over 255 borrow two of its bits, inverted.
      const first = reader.u8()
      const second = reader.u8()
      if (first === WIRE.ENUM || first === WIRE.SET) {
        type = first
        length = second
        if (length < 1 || length > (type === WIRE.ENUM ? 2 : 8) || length === 5 || length === 6 || length === 7)
          throw reader.fail(`${wireTypeName(type)} values of ${length} bytes`)
      } else if ((first | 0x30) === WIRE.STRING) {
        type = WIRE.STRING
        length = (((first << 4) & 0x300) ^ 0x300) | second
      } else throw reader.fail(`a string column of ${wireTypeName(first)}`)
      break
    }
    default:
      throw reader.fail(`column ${wireTypeName(wireType)} is not known`)
  }
  return wireColumn(type, { length, scale, unsigned: hasSignedness(type) ? null : false })
}
