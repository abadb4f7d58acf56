import type { SourceColumn } from '../model/schema.js'
import { parseTargetType } from './target-type.js'

/** How a field is written into a load body: its text as it is, or the base64 of its bytes. */
export type FieldForm = 'text' | 'base64'

export type MappedColumn = { readonly type: string; readonly form: FieldForm } | { readonly unsupported: string }

/** The longest VARCHAR and VARBINARY StarRocks has, in bytes; also the ceiling of a replicated TEXT or BLOB value. */
export const MAX_STRING_BYTES = 1_048_576

/** `-838:59:59.000000` */
const TIME_LENGTH = 17
/** Longest shortest-round-trip text of a double is 24 characters (`-1.7976931348623157e+308`). */
const FLOAT_KEY_LENGTH = 32

interface TypeRow {
  readonly value: (column: SourceColumn) => string
  /** For key columns, where the value type is no legal key type; absent when it is one. */
  readonly key?: (column: SourceColumn) => string | { readonly unsupported: string }
  readonly form?: FieldForm
}

const always = (type: string) => () => type
const integer = (signed: string, unsigned: string): TypeRow => ({ value: c => (c.unsigned ? unsigned : signed) })
const varchar = (bytes: number) => `varchar(${Math.min(Math.max(1, bytes), MAX_STRING_BYTES)})`
const varbinary = (bytes: number) => `varbinary(${Math.min(Math.max(1, bytes), MAX_STRING_BYTES)})`
const base64Length = (bytes: number) => 4 * Math.ceil(bytes / 3)
const noKey = (what: string) => () => ({ unsupported: `${what} cannot be a key column in StarRocks` })

const characters: TypeRow = { value: c => varchar((c.maxLength ?? MAX_STRING_BYTES) * bytesPerCharacter(c.charset)) }
const text: TypeRow = { value: c => varchar((c.maxLength ?? MAX_STRING_BYTES) * bytesPerByte(c.charset)) }
const bytes: TypeRow = {
  value: c => varbinary(c.maxLength ?? MAX_STRING_BYTES),
  key: c => varchar(base64Length(c.maxLength ?? MAX_STRING_BYTES)),
  form: 'base64',
}
const float = (type: string): TypeRow => ({ value: always(type), key: always(varchar(FLOAT_KEY_LENGTH)) })
const decimal: TypeRow = {
  value: c =>
    decimalPrecision(c) <= 38 ? `decimal(${decimalPrecision(c)},${c.scale ?? 0})` : varchar(decimalPrecision(c) + 3),
  // Sign, point and the zero before it stand beside the digits.
  key: c => varchar(decimalPrecision(c) + 3),
}
const geometry: TypeRow = {
  value: always(varbinary(MAX_STRING_BYTES)),
  key: noKey('a geometry value'),
  form: 'base64',
}

/** One row per source type, by DATA_TYPE in lower case. */
const TYPES: Readonly<Record<string, TypeRow>> = {
  tinyint: integer('tinyint', 'smallint'),
  smallint: integer('smallint', 'int'),
  mediumint: integer('int', 'int'),
  int: integer('int', 'bigint'),
  bigint: integer('bigint', 'largeint'),
  bit: { value: c => ((c.precision ?? 1) <= 63 ? 'bigint' : 'largeint') },
  year: { value: always('smallint') },
  float: float('float'),
  double: float('double'),
  decimal,
  date: { value: always('date') },
  datetime: { value: always('datetime') },
  timestamp: { value: always('datetime') },
  time: { value: always(varchar(TIME_LENGTH)) },
  char: characters,
  varchar: characters,
  tinytext: text,
  text,
  mediumtext: text,
  longtext: text,
  enum: { value: c => varchar(Math.max(0, ...c.members.map(utf8Length))) },
  set: { value: c => varchar(c.members.reduce((sum, member) => sum + utf8Length(member) + 1, -1)) },
  binary: bytes,
  varbinary: bytes,
  tinyblob: bytes,
  blob: bytes,
  mediumblob: bytes,
  longblob: bytes,
  json: { value: always('json'), key: noKey('a JSON value') },
  uuid: { value: always(varchar(36)) },
  inet4: { value: always(varchar(15)) },
  inet6: { value: always(varchar(45)) },
  // The server's internal form travels unchanged: four bytes of SRID, then WKB; a vector is its float32 values.
  geometry,
  point: geometry,
  linestring: geometry,
  polygon: geometry,
  multipoint: geometry,
  multilinestring: geometry,
  multipolygon: geometry,
  geometrycollection: geometry,
  geomcollection: geometry,
  vector: { value: always(varbinary(MAX_STRING_BYTES)), key: noKey('a vector'), form: 'base64' },
}

/** The source types the table knows, for documentation and tests. */
export const SOURCE_TYPES: readonly string[] = Object.keys(TYPES)

/**
 * The StarRocks type (DDL text, lower case) and field form of a source column. Lengths are in bytes of UTF-8, the only
 * charset StarRocks has. A key column gets a legal primary key type: BOOLEAN, integers, LARGEINT, VARCHAR, DATE or DATETIME
 * (StarRocks: `primary key column[c] type not supported`); binary keys become the base64 text itself.
 */
export function mapColumn(column: SourceColumn, isKey: boolean): MappedColumn {
  const row = Object.hasOwn(TYPES, column.dataType) ? TYPES[column.dataType] : undefined
  if (row === undefined) return { unsupported: `the source type ${column.columnType} has no StarRocks type here` }
  const type = isKey && row.key !== undefined ? row.key(column) : row.value(column)
  return typeof type === 'string' ? { type, form: row.form ?? 'text' } : type
}

/** The longest text that a group column may have; longer ones are documents, and STRING ends here. */
const MAX_GROUP_BYTES = 65_533

/**
 * The StarRocks type of a source column as key column of an AGGREGATE KEY table, where DECIMAL is legal and FLOAT, DOUBLE,
 * JSON and VARBINARY are not (StarRocks: `Invalid data type of key column 'c': 'float'`).
 */
export function mapGroupColumn(column: SourceColumn): MappedColumn {
  if (column.dataType === 'float' || column.dataType === 'double')
    return { unsupported: 'a floating point value cannot be a key column in StarRocks' }
  const mapped = mapColumn(column, column.dataType !== 'decimal')
  if ('unsupported' in mapped) return mapped
  const { base, length } = parseTargetType(mapped.type)
  if (base === 'varchar' && length! > MAX_GROUP_BYTES)
    return { unsupported: `texts of up to ${length} bytes are too long to group by (${MAX_GROUP_BYTES} at most)` }
  return mapped
}

/** `exact: false`: sums of the column depend on the order of the rows in their last digits. */
export type MappedSum = { readonly type: string; readonly exact: boolean } | { readonly unsupported: string }

/** The StarRocks type of a SUM over a source column, wide enough for sums of very many values. */
export function mapSum(column: SourceColumn): MappedSum {
  switch (column.dataType) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
      return { type: 'bigint', exact: true }
    case 'bigint':
      return { type: 'largeint', exact: true }
    case 'decimal':
      if (decimalPrecision(column) > 38) return { unsupported: 'a sum has room for 38 digits' }
      return { type: `decimal(38,${column.scale ?? 0})`, exact: true }
    case 'float':
    case 'double':
      return { type: 'double', exact: false }
    default:
      return { unsupported: 'only integers, decimals and floating point values can be summed' }
  }
}

/** The type of a count of rows. */
export const COUNT_TYPE = 'bigint'

/**
 * The form for an existing target column, whatever its type. StarRocks base64-decodes CSV fields of VARBINARY columns when
 * they happen to decode, so everything bound for one is sent as base64, and nothing else is: except binary keys, which are
 * kept as base64 text (see `mapColumn`).
 */
export function formFor(column: SourceColumn, targetType: string, isKey = false): FieldForm {
  const { base } = parseTargetType(targetType)
  if (base === 'varbinary') return 'base64'
  return isKey && base === 'varchar' && TYPES[column.dataType] === bytes ? 'base64' : 'text'
}

function decimalPrecision(column: SourceColumn): number {
  return column.precision ?? 10
}

function utf8Length(value: string): number {
  return Buffer.byteLength(value, 'utf8')
}

/** Longest UTF-8 form of one character of a MySQL charset. Charsets outside this list stay within the BMP: three bytes. */
function bytesPerCharacter(charset: string | null): number {
  switch (charset) {
    case null:
    case 'utf8mb4':
    case 'utf16':
    case 'utf16le':
    case 'utf32':
    case 'gb18030':
      return 4
    case 'ascii':
    case 'binary':
      return 1
    default:
      return 3
  }
}

/** TEXT limits count bytes of the column's own charset; one of those can become up to three in UTF-8. */
function bytesPerByte(charset: string | null): number {
  switch (charset) {
    case null:
    case 'utf8mb4':
    case 'utf8mb3':
    case 'utf8':
    case 'ascii':
    case 'binary':
      return 1
    default:
      return 3
  }
}
