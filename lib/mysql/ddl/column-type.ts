import { maxBytesPerCharacter, normalizeCharset } from '../../binlog/charset.js'
import type { SourceColumn } from '../../model/schema.js'
import { LOB_SIZES } from '../lob-sizes.js'
import { type CharacterSet, charsetFacts, chooseCharset } from './charset-choice.js'
import type { DataType } from './ddl.js'
import { type Dialect, SQL_MODE } from './tokens.js'
import { TYPE_NAMES, WIDTHS } from './type-names.js'
import { UnreadableDdl } from './unreadable-ddl.js'

/** What a type says of a column: everything but name, NULL and comment. */
export type ColumnType = Omit<SourceColumn, 'name' | 'nullable' | 'comment'>

const PLAIN: Omit<ColumnType, 'dataType' | 'columnType'> = {
  unsigned: false,
  charset: null,
  maxLength: null,
  precision: null,
  scale: null,
  fractionDigits: null,
  members: [],
}

/** A row has at most so many bytes: a longer VARCHAR becomes a TEXT where sql_mode allows it. */
const MAX_ROW_BYTES = 65_535
const FLOAT_BITS = 24
const DEFAULT_DIMENSIONS = 2048
const COMPRESSED = ' /*M!100301 COMPRESSED*/'

/**
 * A type as information_schema.COLUMNS of this server describes it. `tableCharset`: where the type names none.
 * @throws UnreadableDdl for a type that is not known
 */
export function resolveType(type: DataType, tableCharset: CharacterSet, dialect: Dialect): ColumnType {
  const name = canonicalName(type, dialect)
  const resolved = resolve(name, type, tableCharset, dialect)
  return type.compressed ? { ...resolved, columnType: `${resolved.columnType}${COMPRESSED}` } : resolved
}

function canonicalName({ name, sizes }: DataType, { mariadb, sqlMode }: Dialect): string {
  const mode = sqlMode ?? 0
  if ((mode & SQL_MODE.ORACLE) !== 0 && mariadb) {
    if (name === 'DATE') return 'DATETIME'
    if (name === 'BLOB') return 'LONGBLOB'
  }
  if (name === 'NUMBER') return sizes.length === 0 ? 'DOUBLE' : 'DECIMAL'
  if (name === 'REAL' && (mode & SQL_MODE.REAL_AS_FLOAT) !== 0) return 'FLOAT'
  return TYPE_NAMES[name] ?? name
}

function resolve(name: string, type: DataType, tableCharset: CharacterSet, dialect: Dialect): ColumnType {
  const lower = name.toLowerCase()
  const digits = { ...PLAIN, dataType: lower, columnType: withDigits(lower, type.sizes[0]) }
  switch (name) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'MEDIUMINT':
    case 'INT':
    case 'BIGINT':
    case 'BOOL':
    case 'SERIAL':
      return integer(name, type, dialect)
    case 'DECIMAL':
      return decimal(type)
    case 'FLOAT':
    case 'DOUBLE':
      return floating(name, type)
    case 'BIT':
      return { ...PLAIN, dataType: 'bit', columnType: `bit(${type.sizes[0] ?? 1})`, precision: type.sizes[0] ?? 1 }
    case 'YEAR':
      return { ...PLAIN, dataType: 'year', columnType: year(type, dialect) }
    case 'DATE':
      return { ...PLAIN, dataType: 'date', columnType: 'date' }
    case 'TIME':
    case 'DATETIME':
    case 'TIMESTAMP':
      return { ...digits, fractionDigits: type.sizes[0] ?? 0 }
    case 'ENUM':
    case 'SET':
      return labelled(lower, type, chooseCharset(type.charset, tableCharset, dialect))
    case 'JSON':
      if (!dialect.mariadb) return { ...PLAIN, dataType: 'json', columnType: 'json' }
      return text('long', { charset: 'utf8mb4', collation: 'utf8mb4_bin' })
    case 'VECTOR':
      return vector(type)
    case 'UUID':
    case 'INET4':
    case 'INET6':
    case 'GEOMETRY':
    case 'POINT':
    case 'LINESTRING':
    case 'POLYGON':
    case 'MULTIPOINT':
    case 'MULTILINESTRING':
    case 'MULTIPOLYGON':
      return { ...PLAIN, dataType: lower, columnType: lower }
    case 'GEOMETRYCOLLECTION': {
      const collection = !dialect.mariadb && dialect.version >= 80011 ? 'geomcollection' : lower
      return { ...PLAIN, dataType: collection, columnType: collection }
    }
    default:
      return string(name, type, tableCharset, dialect)
  }
}

function integer(name: string, type: DataType, { mariadb, version }: Dialect): ColumnType {
  const dataType = { BOOL: 'tinyint', SERIAL: 'bigint' }[name] ?? name.toLowerCase()
  const unsigned = type.unsigned || name === 'SERIAL'
  const [signedWidth, unsignedWidth, signedDigits, unsignedDigits] = WIDTHS[dataType]!
  const width = name === 'BOOL' ? 1 : type.sizes[0] || (unsigned ? unsignedWidth : signedWidth)
  // MySQL 8.0.19 prints widths no more, but for ZEROFILL and what stands for BOOL.
  const printed = mariadb || version < 80019 || type.zerofill || (dataType === 'tinyint' && width === 1 && !unsigned)
  const columnType = `${dataType}${printed ? `(${width})` : ''}${sign({ ...type, unsigned })}`
  const digits = unsigned && mariadb && dataType === 'mediumint' ? 8 : unsigned ? unsignedDigits : signedDigits
  return { ...PLAIN, dataType, columnType, unsigned, precision: digits, scale: 0 }
}

function decimal(type: DataType): ColumnType {
  const precision = type.sizes[0] || 10
  const scale = type.sizes[1] ?? 0
  const columnType = `decimal(${precision},${scale})${sign(type)}`
  return { ...PLAIN, dataType: 'decimal', columnType, unsigned: type.unsigned, precision, scale }
}

function floating(name: string, type: DataType): ColumnType {
  const [precision, scale] = type.sizes
  const { unsigned } = type
  if (precision !== undefined && scale !== undefined) {
    const dataType = name.toLowerCase()
    return {
      ...PLAIN,
      dataType,
      columnType: `${dataType}(${precision},${scale})${sign(type)}`,
      unsigned,
      precision,
      scale,
    }
  }
  const dataType = name === 'FLOAT' && (precision ?? 0) <= FLOAT_BITS ? 'float' : 'double'
  return {
    ...PLAIN,
    dataType,
    columnType: `${dataType}${sign(type)}`,
    unsigned,
    precision: dataType === 'float' ? 12 : 22,
  }
}

function sign({ unsigned, zerofill }: Pick<DataType, 'unsigned' | 'zerofill'>): string {
  return `${unsigned ? ' unsigned' : ''}${zerofill ? ' zerofill' : ''}`
}

function year(type: DataType, { mariadb, version }: Dialect): string {
  if (!mariadb && version >= 80019) return 'year'
  return `year(${type.sizes[0] === 2 ? 2 : 4})`
}

function withDigits(name: string, digits: number | undefined): string {
  return digits === undefined || digits === 0 ? name : `${name}(${digits})`
}

function labelled(dataType: string, type: DataType, charset: CharacterSet): ColumnType {
  const members = type.members.map(member => (charset.charset === 'binary' ? member : member.replace(/ +$/, '')))
  const lengths = members.map(member => [...member].length)
  const maxLength =
    dataType === 'enum' ? Math.max(0, ...lengths) : lengths.reduce((sum, n) => sum + n, 0) + members.length - 1
  const labels = members.map(printedLabel).join(',')
  return { ...PLAIN, dataType, columnType: `${dataType}(${labels})`, ...charsetFacts(charset), maxLength, members }
}

/** As SHOW CREATE TABLE prints it (MySQL and MariaDB sql/unireg, append_unescaped). */
function printedLabel(member: string): string {
  const escaped = member.replace(/[\\\0\n\r']/g, c => LABEL_ESCAPES[c]!)
  return `'${escaped}'`
}

const LABEL_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\0': '\\0',
  '\n': '\\n',
  '\r': '\\r',
  "'": "''",
}

function vector(type: DataType): ColumnType {
  const dimensions = type.sizes[0] ?? DEFAULT_DIMENSIONS
  return { ...PLAIN, dataType: 'vector', columnType: `vector(${dimensions})`, maxLength: dimensions * 4 }
}

function string(name: string, type: DataType, tableCharset: CharacterSet, dialect: Dialect): ColumnType {
  const national = name.startsWith('NATIONAL ')
  const base = national ? name.slice('NATIONAL '.length) : name
  const choice = national ? { ...type.charset, charset: 'utf8mb3' } : type.charset
  const charset = chooseCharset(choice, tableCharset, dialect)
  const bytes = base.endsWith('BINARY') || base.endsWith('BLOB') || charset.charset === 'binary'
  const perCharacter = bytes ? 1 : (maxBytesPerCharacter(normalizeCharset(charset.charset)) ?? 1)
  const length = type.sizes[0]
  switch (base) {
    case 'CHAR':
    case 'BINARY':
      return fixed(bytes ? 'binary' : 'char', length ?? 1, charset)
    case 'VARCHAR':
    case 'VARBINARY':
      if (length === undefined) throw new UnreadableDdl(`${base} without a length`, 0)
      if (length * perCharacter > MAX_ROW_BYTES) return sized(length * perCharacter, bytes, charset)
      return fixed(bytes ? 'varbinary' : 'varchar', length, charset)
    case 'TINYTEXT':
    case 'TINYBLOB':
      return large('tiny', bytes, charset)
    case 'TEXT':
    case 'BLOB':
      return length === undefined || length === 0
        ? large('', bytes, charset)
        : sized(length * perCharacter, bytes, charset)
    case 'MEDIUMTEXT':
    case 'MEDIUMBLOB':
      return large('medium', bytes, charset)
    case 'LONGTEXT':
    case 'LONGBLOB':
      return large('long', bytes, charset)
    default:
      throw new UnreadableDdl(`type ${name} is not known`, 0)
  }
}

function fixed(dataType: string, maxLength: number, charset: CharacterSet): ColumnType {
  const isBinary = dataType.endsWith('binary')
  const facts = isBinary ? {} : charsetFacts(charset)
  return { ...PLAIN, dataType, columnType: `${dataType}(${maxLength})`, ...facts, maxLength }
}

/** The smallest TEXT or BLOB for so many bytes. */
export function sized(bytes: number, isBinary: boolean, charset: CharacterSet): ColumnType {
  const size = LOB_SIZES.find(([, most]) => bytes <= most)?.[0] ?? 'long'
  return large(size, isBinary, charset)
}

function large(size: (typeof LOB_SIZES)[number][0], isBinary: boolean, charset: CharacterSet): ColumnType {
  return isBinary ? blob(size) : text(size, charset)
}

function blob(size: string): ColumnType {
  const maxLength = LOB_SIZES.find(([name]) => name === size)![1]
  return { ...PLAIN, dataType: `${size}blob`, columnType: `${size}blob`, maxLength }
}

function text(size: string, charset: CharacterSet): ColumnType {
  const maxLength = LOB_SIZES.find(([name]) => name === size)![1]
  return { ...PLAIN, dataType: `${size}text`, columnType: `${size}text`, ...charsetFacts(charset), maxLength }
}
