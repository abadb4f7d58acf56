import type { SourceColumn } from '../model/schema.js'
import { isUtf8, isZerofill, quoteName } from '../model/source-sql.js'
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

/** Families of values by how their text reads: what they can be cast to follows from it. */
export type ValueKind = 'integer' | 'decimal' | 'float' | 'date' | 'time' | 'text' | 'bytes' | 'json' | 'special'

interface TypeRow {
  readonly kind: ValueKind
  readonly value: (column: SourceColumn) => string
  /** For key columns, where the value type is no legal key type; absent when it is one. */
  readonly key?: (column: SourceColumn) => string | { readonly unsupported: string }
  readonly form?: FieldForm
  /** How a value stands in a load, in words. */
  readonly text: string
  /**
   * SQL of the source whose result, as the text protocol carries it, is the text that the stream writes for the same value; `c` is the quoted column. For
   * sessions in utf8mb4 and in the stream's time zone. `bytes` and `special`: the bytes that the text is written from.
   * Null: no SQL tells the value.
   */
  readonly snapshot: (c: string, column: SourceColumn) => string | null
  /** What else there is to know, for the operator. */
  readonly remarks?: string
  /** Configuration keys that change the mapping, besides `cast`. */
  readonly options?: readonly string[]
  /** Definitions that the documentation shows, with the facts that the catalog gives for them; without any: the bare type. */
  readonly examples?: Readonly<Record<string, Partial<SourceColumn>>>
}

const always = (type: string) => () => type
const varchar = (bytes: number) => `varchar(${Math.min(Math.max(1, bytes), MAX_STRING_BYTES)})`
const varbinary = (bytes: number) => `varbinary(${Math.min(Math.max(1, bytes), MAX_STRING_BYTES)})`
const base64Length = (bytes: number) => 4 * Math.ceil(bytes / 3)
const noKey = (what: string) => () => ({ unsupported: `${what} cannot be a key column in StarRocks` })

const asItIs = (c: string) => c
/** Without the zeros that ZEROFILL shows. */
const asNumber = (c: string, column: SourceColumn) => (isZerofill(column) ? `${c} + 0` : c)
/** As a double of the same value; times one keeps -0 and the digits that FLOAT(M,D) and DOUBLE(M,D) do not show. */
const asDouble = (c: string) => `${c} * 1e0`

const CEILING = `values beyond ${MAX_STRING_BYTES} bytes stop: StarRocks has no longer ones`
const ZERO_DATES = 'dates that do not exist: see below'

const integer = (signed: string, unsigned: string, name: string): TypeRow => ({
  kind: 'integer',
  value: c => (c.unsigned ? unsigned : signed),
  text: 'digits',
  snapshot: asNumber,
  examples: { [name]: {}, [`${name} UNSIGNED`]: { unsigned: true } },
})
const characters = (name: string): TypeRow => ({
  kind: 'text',
  value: c => varchar((c.maxLength ?? MAX_STRING_BYTES) * bytesPerCharacter(c.charset)),
  text: 'UTF-8',
  snapshot: asItIs,
  remarks: 'lengths of StarRocks count bytes of UTF-8: n times the longest character of the charset',
  examples: {
    [`${name}(40) utf8mb4`]: { maxLength: 40, charset: 'utf8mb4' },
    [`${name}(40) utf8mb3, latin1`]: { maxLength: 40, charset: 'latin1' },
    [`${name}(40) ascii`]: { maxLength: 40, charset: 'ascii' },
  },
})
const text = (maxLength: number): TypeRow => ({
  kind: 'text',
  value: c => varchar((c.maxLength ?? MAX_STRING_BYTES) * bytesPerByte(c.charset)),
  text: 'UTF-8',
  snapshot: asItIs,
  ...(maxLength > MAX_STRING_BYTES ? { remarks: CEILING } : {}),
  examples: { '': { maxLength, charset: 'utf8mb4' } },
})
const bytes = (name: string, maxLength: number): TypeRow => ({
  kind: 'bytes',
  value: c => varbinary(c.maxLength ?? MAX_STRING_BYTES),
  key: c => varchar(base64Length(c.maxLength ?? MAX_STRING_BYTES)),
  form: 'base64',
  text: 'base64 of the bytes, which StarRocks decodes; as key the base64 text itself',
  snapshot: asItIs,
  ...(maxLength > MAX_STRING_BYTES ? { remarks: CEILING } : {}),
  examples: { [name]: { maxLength } },
})
const float = (type: string): TypeRow => ({
  kind: 'float',
  value: always(type),
  key: always(varchar(FLOAT_KEY_LENGTH)),
  text: 'the shortest digits that give the same value back',
  snapshot: asDouble,
  remarks: 'as key the text',
})
const decimal: TypeRow = {
  kind: 'decimal',
  value: c =>
    decimalPrecision(c) <= 38 ? `decimal(${decimalPrecision(c)},${c.scale ?? 0})` : varchar(decimalPrecision(c) + 3),
  // Sign, point and the zero before it stand beside the digits.
  key: c => varchar(decimalPrecision(c) + 3),
  text: 'all digits of the scale',
  snapshot: asNumber,
  remarks: 'more than 38 digits are kept as text',
  examples: { 'DECIMAL(20,4)': { precision: 20, scale: 4 }, 'DECIMAL(65,30)': { precision: 65, scale: 30 } },
}
const day = (type: string, remarks: string): TypeRow => ({
  kind: 'date',
  value: always(type),
  text: type === 'date' ? '`2024-02-29`' : '`2024-02-29 12:34:56.987654`, as many fraction digits as declared',
  snapshot: asItIs,
  remarks,
  options: ['zero_date'],
})
const label = (type: string, value: TypeRow['value'], shown: string): TypeRow => ({
  kind: 'text',
  value,
  text: shown,
  snapshot: asItIs,
  examples: { [`${type}('a','größer')`]: { members: ['a', 'größer'] } },
})
const printed = (bytes: number, shown: string): TypeRow => ({
  kind: 'text',
  value: always(varchar(bytes)),
  text: shown,
  snapshot: asItIs,
  remarks: 'MariaDB',
})
const geometry: TypeRow = {
  kind: 'special',
  value: always(varchar(MAX_STRING_BYTES)),
  key: noKey('a geometry value'),
  text: '`POINT(1 2)`, with an SRID `SRID=4326;POINT(20 10)`: coordinates as they are stored, longitude first',
  snapshot: asItIs,
  remarks: "a VARBINARY target gets the server's bytes: four of SRID, then WKB",
}

/** One row per source type, by DATA_TYPE in lower case. */
const TYPES: Readonly<Record<string, TypeRow>> = {
  tinyint: {
    ...integer('tinyint', 'smallint', 'TINYINT'),
    options: ['tinyint1'],
    remarks: 'tinyint1 = "boolean" makes TINYINT(1) BOOLEAN, where other values than 0 and 1 stop',
  },
  smallint: integer('smallint', 'int', 'SMALLINT'),
  mediumint: integer('int', 'int', 'MEDIUMINT'),
  int: integer('int', 'bigint', 'INT'),
  bigint: integer('bigint', 'largeint', 'BIGINT'),
  bit: {
    kind: 'integer',
    value: c => ((c.precision ?? 1) <= 63 ? 'bigint' : 'largeint'),
    text: 'the bits as an unsigned number, in digits',
    snapshot: c => `CAST(${c} AS UNSIGNED)`,
    remarks: 'bit1 = "boolean" makes BIT(1) BOOLEAN',
    options: ['bit1'],
    examples: { 'BIT(1) to BIT(63)': { precision: 1 }, 'BIT(64)': { precision: 64 } },
  },
  year: {
    kind: 'integer',
    value: always('smallint'),
    text: 'four digits, 0000 included',
    // YEAR(2) shows 0 and 2000 alike.
    snapshot: (c, { columnType }) => (/\(2\)/.test(columnType) ? null : c),
  },
  // The server's text of a FLOAT has 6 digits: it is read as a double, whose 32 bits are written anew.
  float: float('float'),
  double: float('double'),
  decimal,
  date: day('date', ZERO_DATES),
  datetime: day('datetime', ZERO_DATES),
  timestamp: day('datetime', `in the zone of time_zone; 0: see below`),
  time: {
    kind: 'time',
    value: always(varchar(TIME_LENGTH)),
    text: '`-838:59:59.000000`, as many fraction digits as declared',
    snapshot: asItIs,
    remarks: 'StarRocks has no such type',
  },
  char: {
    ...characters('CHAR'),
    remarks: 'as VARCHAR; without trailing spaces, as a SELECT shows it',
    examples: { 'CHAR(10) utf8mb4': { maxLength: 10, charset: 'utf8mb4' } },
  },
  varchar: characters('VARCHAR'),
  tinytext: text(255),
  text: text(65_535),
  mediumtext: text(16_777_215),
  longtext: { ...text(4_294_967_295), remarks: `${CEILING}; JSON of MariaDB is such a text` },
  enum: label('ENUM', c => varchar(Math.max(0, ...labelLengths(c))), 'the label'),
  set: label(
    'SET',
    c => varchar(labelLengths(c).reduce((sum, length) => sum + length + 1, -1)),
    'the labels, joined by commas',
  ),
  binary: { ...bytes('BINARY(16)', 16), remarks: 'with its trailing zero bytes' },
  varbinary: bytes('VARBINARY(20)', 20),
  tinyblob: bytes('', 255),
  blob: bytes('', 65_535),
  mediumblob: bytes('', 16_777_215),
  longblob: bytes('', 4_294_967_295),
  json: {
    kind: 'json',
    value: always('json'),
    key: noKey('a JSON value'),
    text: 'the document as MySQL prints it; scalars travel in loads of JSON, since CSV would make them strings',
    snapshot: asItIs,
    remarks: 'MySQL; documents beyond 16 MiB are refused by StarRocks; it keeps integers beyond 64 bits as DOUBLE',
  },
  uuid: printed(36, '`00112233-4455-6677-8899-aabbccddeeff`'),
  inet4: printed(15, '`192.168.0.1`'),
  inet6: printed(45, '`2001:db8::1`'),
  geometry,
  point: geometry,
  linestring: geometry,
  polygon: geometry,
  multipoint: geometry,
  multilinestring: geometry,
  multipolygon: geometry,
  geometrycollection: geometry,
  geomcollection: geometry,
  vector: {
    kind: 'special',
    value: always(varchar(MAX_STRING_BYTES)),
    key: noKey('a vector'),
    text: '`[1,2.5,-0.0000003]`, the shortest text of each float',
    snapshot: asItIs,
    remarks: 'a VARBINARY target gets the bytes of the floats',
  },
}

/** The source types the table knows, for documentation and tests. */
export const SOURCE_TYPES: readonly string[] = Object.keys(TYPES)

/** What the table says of a type in words; null for a type it does not have. */
export function typeNotes(dataType: string): Pick<TypeRow, 'text' | 'remarks' | 'options' | 'examples'> | null {
  return rowOf(dataType) ?? null
}

/** The family of a column's values; `special` also stands for types the table does not have. */
export function valueKind(column: SourceColumn): ValueKind {
  return rowOf(column.dataType)?.kind ?? 'special'
}

/**
 * SQL whose result, as the text protocol carries it, is the text that the stream writes for a column's values, for sessions in
 * utf8mb4 and in the stream's time zone: of FLOAT the text of a double of the same value, to be narrowed and written as the
 * stream does; of bytes, shapes and vectors the bytes that the stream makes its text of. Null: no SQL tells the values.
 */
export function snapshotExpression(column: SourceColumn): string | null {
  return rowOf(column.dataType)?.snapshot(quoteName(column.name), column) ?? null
}

/** The same for a target column of bytes: text in the column's own charset. */
export function bytesExpression(column: SourceColumn): string | null {
  const { dataType, charset } = column
  if (valueKind(column) !== 'text' || dataType === 'enum' || dataType === 'set' || isUtf8(charset))
    return snapshotExpression(column)
  return `CAST(${quoteName(column.name)} AS BINARY)`
}

function rowOf(dataType: string): TypeRow | undefined {
  return Object.hasOwn(TYPES, dataType) ? TYPES[dataType] : undefined
}

/**
 * The StarRocks type (DDL text, lower case) and field form of a source column. Lengths are in bytes of UTF-8, the only
 * charset StarRocks has. A key column gets a legal primary key type: BOOLEAN, integers, LARGEINT, VARCHAR, DATE or DATETIME
 * (StarRocks: `primary key column[c] type not supported`); binary keys become the base64 text itself.
 */
export function mapColumn(column: SourceColumn, isKey: boolean): MappedColumn {
  const row = rowOf(column.dataType)
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
  return isKey && base === 'varchar' && valueKind(column) === 'bytes' ? 'base64' : 'text'
}

function decimalPrecision(column: SourceColumn): number {
  return column.precision ?? 10
}

/** Catalogs show a character above U+FFFF of a label, four bytes in UTF-8, as a question mark. */
function labelLengths({ members, charset }: SourceColumn): number[] {
  return members.map(label =>
    Buffer.byteLength(bytesPerCharacter(charset) === 4 ? label.replaceAll('?', '\u{10000}') : label, 'utf8'),
  )
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
