import { analyzingError } from './sql-error.js'

export type TypeBase =
  | 'boolean'
  | 'tinyint'
  | 'smallint'
  | 'int'
  | 'bigint'
  | 'largeint'
  | 'float'
  | 'double'
  | 'decimal'
  | 'char'
  | 'varchar'
  | 'varbinary'
  | 'date'
  | 'datetime'
  | 'json'
  | 'array'
  | 'map'
  | 'struct'
  | 'bitmap'
  | 'hll'

export interface ColumnType {
  /** Normalised lower-case StarRocks text, e.g. "varchar(160)", "decimal(20,4)", "array<int>". */
  readonly text: string
  readonly base: TypeBase
  /** Bytes for char/varchar/varbinary. */
  readonly length: number | null
  readonly precision: number | null
  readonly scale: number | null
  /** Element of an array, key and value of a map (both with an empty name), fields of a struct. */
  readonly children: readonly { readonly name: string; readonly type: ColumnType }[]
}

const MAX_VARCHAR_BYTES = 1_048_576
/** STRING and TEXT are VARCHAR of this many bytes. */
const STRING_BYTES = 65_533
const MAX_CHAR_BYTES = 255
/** DECIMAL(39..76) exists from 4.0 (DECIMAL256). */
const MAX_DECIMAL_PRECISION = 76

const SYNONYMS: Readonly<Record<string, TypeBase>> = {
  boolean: 'boolean',
  bool: 'boolean',
  tinyint: 'tinyint',
  smallint: 'smallint',
  int: 'int',
  integer: 'int',
  bigint: 'bigint',
  signed: 'bigint',
  largeint: 'largeint',
  float: 'float',
  double: 'double',
  decimal: 'decimal',
  numeric: 'decimal',
  number: 'decimal',
  decimalv2: 'decimal',
  decimal32: 'decimal',
  decimal64: 'decimal',
  decimal128: 'decimal',
  decimal256: 'decimal',
  char: 'char',
  varchar: 'varchar',
  string: 'varchar',
  text: 'varchar',
  varbinary: 'varbinary',
  binary: 'varbinary',
  date: 'date',
  datetime: 'datetime',
  json: 'json',
  jsonb: 'json',
  array: 'array',
  map: 'map',
  struct: 'struct',
  bitmap: 'bitmap',
  hll: 'hll',
}

/** The base type a type word names, or undefined when StarRocks has no such type. */
export function typeBaseOf(word: string): TypeBase | undefined {
  const lower = word.toLowerCase()
  return Object.hasOwn(SYNONYMS, lower) ? SYNONYMS[lower] : undefined
}

/**
 * A type without parts inside angle brackets from its word and its numbers in parentheses. Display widths of integers are
 * dropped; a missing length gets StarRocks' default.
 * @throws SqlError 1064 when a number is out of StarRocks' range.
 */
export function scalarType(word: string, numbers: readonly number[]): ColumnType {
  const lower = word.toLowerCase()
  const base = typeBaseOf(lower)
  if (base === undefined) throw analyzingError(`Unsupported data type: ${word}`)
  const plain = { base, length: null, precision: null, scale: null, children: [] }
  switch (base) {
    case 'decimal': {
      const precision = numbers[0] ?? 10
      const scale = numbers[1] ?? 0
      if (precision < 1 || precision > MAX_DECIMAL_PRECISION)
        throw analyzingError(`DECIMAL's precision should range from 1 to ${MAX_DECIMAL_PRECISION}`)
      if (scale > precision) throw analyzingError("DECIMAL's scale should be less than or equal to precision")
      return { ...plain, text: `decimal(${precision},${scale})`, precision, scale }
    }
    case 'char': {
      const length = numbers[0] ?? 1
      if (length < 1 || length > MAX_CHAR_BYTES) throw analyzingError('Char size must be between 1 and 255')
      return { ...plain, text: `char(${length})`, length }
    }
    case 'varchar': {
      const length = lower === 'varchar' ? (numbers[0] ?? 1) : STRING_BYTES
      if (length < 1 || length > MAX_VARCHAR_BYTES)
        throw analyzingError(`Varchar size must be between 1 and ${MAX_VARCHAR_BYTES}`)
      return { ...plain, text: `varchar(${length})`, length }
    }
    case 'varbinary': {
      const length = numbers[0] ?? MAX_VARCHAR_BYTES
      if (length < 1 || length > MAX_VARCHAR_BYTES)
        throw analyzingError(`Varbinary size must be between 1 and ${MAX_VARCHAR_BYTES}`)
      return { ...plain, text: numbers.length === 0 ? 'varbinary' : `varbinary(${length})`, length }
    }
    case 'array':
    case 'map':
    case 'struct':
      throw analyzingError(`${base} needs its parts in <>`)
    default:
      return { ...plain, text: base }
  }
}

/** A type with parts: array<element>, map<key,value>, struct<name type, ..>. */
export function nestedType(base: 'array' | 'map' | 'struct', children: ColumnType['children']): ColumnType {
  const parts = children.map(child => (base === 'struct' ? `${child.name} ${child.type.text}` : child.type.text))
  const text = `${base}<${parts.join(base === 'struct' ? ', ' : ',')}>`
  return { text, base, length: null, precision: null, scale: null, children }
}

/** The type as SHOW CREATE TABLE prints it, with MySQL's display widths (catalog/ScalarType#toSql). */
export function renderTypeWithWidth(type: ColumnType): string {
  switch (type.base) {
    case 'tinyint':
      return 'tinyint(4)'
    case 'smallint':
      return 'smallint(6)'
    case 'int':
      return 'int(11)'
    case 'bigint':
      return 'bigint(20)'
    case 'largeint':
      return 'largeint(40)'
    case 'decimal':
      return `decimal(${type.precision}, ${type.scale})`
    case 'array':
    case 'map':
      return `${type.base}<${type.children.map(child => renderTypeWithWidth(child.type)).join(',')}>`
    case 'struct':
      return `struct<${type.children.map(child => `\`${child.name}\` ${renderTypeWithWidth(child.type)}`).join(', ')}>`
    default:
      return type.text
  }
}
