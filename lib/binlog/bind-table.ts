import { Failure } from '../model/failure.js'
import { type SourceColumn, type TableSchema, tableName } from '../model/schema.js'
import type { BoundColumn, ColumnForm } from './bound-column.js'
import { charsetForm, charsetOfCollation, maxBytesPerCharacter, normalizeCharset } from './charset.js'
import type { TableMap } from './table-map.js'
import type { WireColumn } from './wire-column.js'
import { hasCharset, WIRE, wireTypeName } from './wire-type.js'

/** Wire types a column of each DATA_TYPE may have; the older of two temporal forms is that of tables made before 5.6. */
const WIRE_TYPES: Readonly<Record<string, readonly number[]>> = {
  tinyint: [WIRE.TINY],
  smallint: [WIRE.SHORT],
  mediumint: [WIRE.INT24],
  int: [WIRE.LONG],
  bigint: [WIRE.LONGLONG],
  decimal: [WIRE.NEWDECIMAL],
  float: [WIRE.FLOAT],
  double: [WIRE.DOUBLE],
  bit: [WIRE.BIT],
  year: [WIRE.YEAR],
  date: [WIRE.DATE],
  time: [WIRE.TIME2, WIRE.TIME],
  datetime: [WIRE.DATETIME2, WIRE.DATETIME],
  timestamp: [WIRE.TIMESTAMP2, WIRE.TIMESTAMP],
  char: [WIRE.STRING],
  binary: [WIRE.STRING],
  varchar: [WIRE.VARCHAR, WIRE.VARCHAR_COMPRESSED],
  varbinary: [WIRE.VARCHAR, WIRE.VARCHAR_COMPRESSED],
  tinytext: [WIRE.BLOB, WIRE.BLOB_COMPRESSED],
  text: [WIRE.BLOB, WIRE.BLOB_COMPRESSED],
  mediumtext: [WIRE.BLOB, WIRE.BLOB_COMPRESSED],
  longtext: [WIRE.BLOB, WIRE.BLOB_COMPRESSED],
  tinyblob: [WIRE.BLOB, WIRE.BLOB_COMPRESSED],
  blob: [WIRE.BLOB, WIRE.BLOB_COMPRESSED],
  mediumblob: [WIRE.BLOB, WIRE.BLOB_COMPRESSED],
  longblob: [WIRE.BLOB, WIRE.BLOB_COMPRESSED],
  enum: [WIRE.ENUM],
  set: [WIRE.SET],
  json: [WIRE.JSON],
  uuid: [WIRE.STRING],
  inet4: [WIRE.STRING],
  inet6: [WIRE.STRING],
  vector: [WIRE.VECTOR, WIRE.VARCHAR],
  geometry: [WIRE.GEOMETRY],
  point: [WIRE.GEOMETRY],
  linestring: [WIRE.GEOMETRY],
  polygon: [WIRE.GEOMETRY],
  multipoint: [WIRE.GEOMETRY],
  multilinestring: [WIRE.GEOMETRY],
  multipolygon: [WIRE.GEOMETRY],
  geometrycollection: [WIRE.GEOMETRY],
  geomcollection: [WIRE.GEOMETRY],
}

/** Bytes of the length in front of values of the BLOB and TEXT types. */
const LENGTH_BYTES: Readonly<Record<string, number>> = {
  tinytext: 1,
  tinyblob: 1,
  text: 2,
  blob: 2,
  mediumtext: 3,
  mediumblob: 3,
  longtext: 4,
  longblob: 4,
}

/**
 * One fully known description per column, from what the table map says and what the schema of that position says.
 *
 * `schema` may be null when the table map carries FULL metadata (column names). A column whose values cannot be decoded
 * with certainty is marked `undecodable`, not refused: it may be one that nobody wants.
 * @throws Failure schemaMismatch naming table, column and both sides where the two contradict each other or leave
 *   something open
 */
export function bindTable(map: TableMap, schema: TableSchema | null): readonly BoundColumn[] {
  const table = tableName(map)
  if (schema !== null && schema.columns.length !== map.columns.length)
    throw new Failure(
      'schemaMismatch',
      `${table}: the table map has ${map.columns.length} columns, the known table ${schema.columns.length}`,
    )
  return map.columns.map((wire, i) => new ColumnBinding(table, i, wire, schema?.columns[i] ?? null).bind())
}

/** One column's two sides; every check names both. */
class ColumnBinding {
  readonly #name: string
  readonly #where: string

  constructor(
    readonly table: string,
    readonly index: number,
    readonly wire: WireColumn,
    readonly source: SourceColumn | null,
  ) {
    this.#name = source?.name ?? wire.name ?? ''
    this.#where = `${table}: column ${index + 1}${this.#name === '' ? '' : ` (${this.#name})`}`
  }

  bind(): BoundColumn {
    const { wire, source } = this
    if (source === null && wire.name === null)
      throw new Failure('schemaMismatch', `${this.#where}: no table is known, and the table map has no column names`)
    if (source !== null) this.#agree(source)
    const charset = this.#charset()
    const unsigned = wire.unsigned ?? source?.unsigned
    if (unsigned === undefined) throw this.#open('signedness')
    const bound = {
      table: this.table,
      name: this.#name,
      type: wire.type,
      length: this.#length(),
      scale: wire.scale,
      nullable: wire.nullable,
      unsigned,
    }
    const undecodable = this.#undecodable(charset)
    if (undecodable !== null)
      return { ...bound, form: 'binary', charset: null, isBinary: true, members: [], undecodable }
    const form = this.#form(charset)
    return {
      ...bound,
      form,
      charset: form === 'transcoded' ? charset : null,
      isBinary: form === 'binary',
      members: this.#members().map(label => (this.#isCertain(label, charset) ? utf8Bytes(label) : null)),
      undecodable: null,
    }
  }

  /** Everything both sides say must be the same. */
  #agree(source: SourceColumn): void {
    const { wire } = this
    const types = WIRE_TYPES[source.dataType]
    if (types !== undefined && !types.includes(wire.type))
      throw this.#mismatch(`is ${wireTypeName(wire.type)}`, source.columnType)
    if (wire.name !== null && wire.name !== source.name)
      throw this.#mismatch(`is named ${wire.name}`, `one named ${source.name}`)
    if (wire.unsigned !== null && wire.unsigned !== source.unsigned && wire.type !== WIRE.YEAR && isNumeric(wire.type))
      throw this.#mismatch(`is ${wire.unsigned ? 'unsigned' : 'signed'}`, source.columnType)
    const length = expectedLength(source, wire)
    if (length !== null && length !== wire.length)
      throw this.#mismatch(
        `is ${wireTypeName(wire.type)} with length ${wire.length}`,
        `${source.columnType} (${length})`,
      )
    if (wire.type === WIRE.NEWDECIMAL && source.scale !== null && source.scale !== wire.scale)
      throw this.#mismatch(`is DECIMAL(${wire.length},${wire.scale})`, source.columnType)
    const members = wire.memberCount ?? source.members.length
    if (members !== source.members.length)
      throw this.#mismatch(`has ${members} labels`, `${source.members.length} labels: ${source.columnType}`)
    const other = wire.members?.findIndex((member, i) => !isSameLabel(member, source.members[i]!)) ?? -1
    if (other !== -1)
      throw this.#mismatch(`has ${JSON.stringify(wire.members![other])} as label ${other + 1}`, source.columnType)
    const charset = wire.collationId === null ? null : charsetOfCollation(wire.collationId)
    const sourceCharset = sourceCharsetOf(source)
    if (charset !== null && sourceCharset !== null && charset !== sourceCharset)
      throw this.#mismatch(`is in charset ${charset}`, `charset ${sourceCharset}`)
  }

  /** Charset of a string column; null for all others. */
  #charset(): string | null {
    const { wire, source } = this
    if (!hasCharset(wire.type) && wire.type !== WIRE.ENUM && wire.type !== WIRE.SET) return null
    if (source !== null) {
      const known = sourceCharsetOf(source)
      if (known !== null) return known
    }
    if (wire.collationId !== null)
      return charsetOfCollation(wire.collationId) ?? `unknown to this version (collation ${wire.collationId})`
    if (source !== null && SPECIAL.has(source.dataType)) return 'binary'
    if (hasCharset(wire.type)) throw this.#open('charset')
    return null
  }

  #length(): number {
    const { wire, source } = this
    const isOld = wire.type === WIRE.TIME || wire.type === WIRE.DATETIME || wire.type === WIRE.TIMESTAMP
    return isOld ? (source?.fractionDigits ?? 0) : wire.length
  }

  #form(charset: string | null): ColumnForm {
    const { wire, source } = this
    switch (wire.type) {
      case WIRE.ENUM:
      case WIRE.SET:
        return 'labels'
      case WIRE.JSON:
        return 'json'
      case WIRE.GEOMETRY:
        return 'geometry'
      case WIRE.VECTOR:
        return 'vector'
    }
    if (source?.dataType === 'vector') return 'vector'
    if (source?.dataType === 'inet4' || source?.dataType === 'inet6' || source?.dataType === 'uuid')
      return source.dataType
    if (charset === null) return 'number'
    const form = charsetForm(charset)
    return form === 'unknown' ? 'binary' : form
  }

  #members(): readonly string[] {
    const { wire, source } = this
    if (wire.type !== WIRE.ENUM && wire.type !== WIRE.SET) return []
    const members = wire.members ?? source?.members ?? null
    if (members === null) throw this.#open('labels')
    const bytes = wire.type === WIRE.ENUM ? (members.length < 256 ? 1 : 2) : setBytes(members.length)
    if (members.length === 0 || bytes !== wire.length)
      throw this.#mismatch(`has values of ${wire.length} bytes`, `${members.length} labels`)
    return members
  }

  /**
   * A catalog shows every character above U+FFFF of a label as a question mark (both servers keep it in utf8mb3), so that
   * only a table map with labels tells whether there is one.
   */
  #isCertain(label: string, charset: string | null): boolean {
    return this.wire.members !== null || !label.includes('?') || !ASTRAL_CHARSETS.has(charset ?? '')
  }

  #undecodable(charset: string | null): string | null {
    const { wire, source } = this
    switch (wire.type) {
      case WIRE.NULL:
      case WIRE.DECIMAL:
      case WIRE.NEWDATE:
        return `is of type ${wireTypeName(wire.type)}`
      case WIRE.TIME:
      case WIRE.DATETIME:
      case WIRE.TIMESTAMP:
        // Its table maps do not carry fraction digits, and MariaDB's values have as many bytes as the digits need.
        if (source === null || source.fractionDigits === null)
          return 'is in the temporal format from before MySQL 5.6 and may have fractions of a second'
        return null
      case WIRE.ENUM:
      case WIRE.SET:
        if (source === null && wire.members === null && wire.memberCount !== null)
          return `has labels in charset ${charset}`
        return null
    }
    if (source !== null && WIRE_TYPES[source.dataType] === undefined) return `is of type ${source.dataType}`
    if (source === null && wire.type === WIRE.STRING && charset === 'binary' && wire.visible === null)
      if (wire.length === 4 || wire.length === 16)
        return 'is BINARY, UUID, INET4 or INET6 (the table map of MariaDB does not tell which)'
    if (charset !== null && charsetForm(charset) === 'unknown') return `is in charset ${charset}`
    return null
  }

  #mismatch(wire: string, source: string): Failure {
    return new Failure('schemaMismatch', `${this.#where} ${wire} in the table map; the known table has ${source}`)
  }

  #open(what: string): Failure {
    return new Failure('schemaMismatch', `${this.#where}: neither the table map nor a known table says its ${what}`)
  }
}

/** Charsets with characters above U+FFFF. */
const ASTRAL_CHARSETS = new Set(['utf8mb4', 'utf16', 'utf16le', 'utf32', 'gb18030'])

/** Is the label of a table map the same as the catalog's, which shows characters above U+FFFF as question marks? */
function isSameLabel(label: string, shown: string): boolean {
  return label === shown || label.replace(/[\u{10000}-\u{10ffff}]/gu, '?') === shown
}

const encoder = new TextEncoder()
const utf8Bytes = (text: string): Uint8Array => encoder.encode(text)

/** MariaDB types that travel as STRING and have no charset. */
const SPECIAL = new Set(['uuid', 'inet4', 'inet6', 'vector'])

const BINARY = new Set(['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'])

function sourceCharsetOf(source: SourceColumn): string | null {
  if (BINARY.has(source.dataType)) return 'binary'
  return source.charset === null ? null : normalizeCharset(source.charset)
}

function isNumeric(type: number): boolean {
  switch (type) {
    case WIRE.TINY:
    case WIRE.SHORT:
    case WIRE.INT24:
    case WIRE.LONG:
    case WIRE.LONGLONG:
    case WIRE.FLOAT:
    case WIRE.DOUBLE:
    case WIRE.NEWDECIMAL:
      return true
    default:
      return false
  }
}

/** The `length` that the table map of a column must have, null where it cannot be told. */
function expectedLength(source: SourceColumn, wire: WireColumn): number | null {
  switch (wire.type) {
    case WIRE.NEWDECIMAL:
    case WIRE.BIT:
      return source.precision
    case WIRE.TIME2:
    case WIRE.DATETIME2:
    case WIRE.TIMESTAMP2:
      return source.fractionDigits
    case WIRE.BLOB:
      return LENGTH_BYTES[source.dataType] ?? null
    case WIRE.VARCHAR:
    case WIRE.STRING: {
      if (source.maxLength === null) return null
      if (BINARY.has(source.dataType)) return source.maxLength
      const perCharacter = source.charset === null ? null : maxBytesPerCharacter(normalizeCharset(source.charset))
      return perCharacter === null ? null : source.maxLength * perCharacter
    }
    default:
      return null
  }
}

function setBytes(members: number): number {
  const bytes = (members + 7) >> 3
  return bytes > 4 ? 8 : bytes
}
