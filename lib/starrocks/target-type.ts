/** A StarRocks type taken apart. `length` counts bytes. */
export interface TargetType {
  /** Lower-case family name: "bigint", "largeint", "decimal", "varchar", "varbinary", "array", … */
  readonly base: string
  readonly length: number | null
  readonly precision: number | null
  readonly scale: number | null
}

/** What happens to values of the wanted type in an existing column of another type. */
export type TypeFit =
  | { readonly kind: 'fits' }
  /** Values beyond the column's range are rejected by StarRocks, all others arrive unchanged. */
  | { readonly kind: 'narrow'; readonly reason: string }
  /** Some values would be changed without any error. */
  | { readonly kind: 'lossy'; readonly reason: string }

const STRING_LENGTH = 65_533
const INTEGER_BITS: Readonly<Record<string, number>> = {
  boolean: 1,
  tinyint: 8,
  smallint: 16,
  int: 32,
  bigint: 64,
  largeint: 128,
}
/** Decimal digits every value of the type fits into, sign not counted. */
const INTEGER_DIGITS: Readonly<Record<string, number>> = {
  boolean: 1,
  tinyint: 3,
  smallint: 5,
  int: 10,
  bigint: 19,
  largeint: 39,
}
/** Text lengths of types whose values have a longest text. */
const TEXT_LENGTH: Readonly<Record<string, number>> = { date: 10, datetime: 26, float: 16, double: 24 }
const EXACT_BITS: Readonly<Record<string, number>> = { float: 24, double: 53 }

/**
 * Reads a type as DDL, DESC, SHOW CREATE TABLE or information_schema print it. Display widths go (`int(11)`), LARGEINT is
 * recognised by its disguise `bigint(20) unsigned`, BOOLEAN by `tinyint(1)` (a StarRocks TINYINT prints width 4).
 */
export function parseTargetType(text: string): TargetType {
  const lower = text.trim().toLowerCase().replace(/\s+/g, ' ')
  const match = /^([a-z_][a-z0-9_]*)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*(unsigned)?/.exec(lower)
  if (match === null) return { base: lower, length: null, precision: null, scale: null }
  const name = match[1]!
  const first = match[2] === undefined ? null : Number(match[2])
  const second = match[3] === undefined ? null : Number(match[3])
  const plain = (base: string): TargetType => ({ base, length: null, precision: null, scale: null })
  switch (name) {
    case 'tinyint':
      return plain(first === 1 ? 'boolean' : 'tinyint')
    case 'bool':
    case 'boolean':
      return plain('boolean')
    case 'integer':
      return plain('int')
    case 'bigint':
      return plain(match[4] === undefined ? 'bigint' : 'largeint')
    case 'decimal':
    case 'decimalv2':
    case 'decimalv3':
    case 'decimal32':
    case 'decimal64':
    case 'decimal128':
    case 'decimal256':
    case 'numeric':
      return { base: 'decimal', length: null, precision: first ?? 10, scale: second ?? 0 }
    case 'string':
    case 'text':
      return { base: 'varchar', length: STRING_LENGTH, precision: null, scale: null }
    case 'varchar':
    case 'char':
      return { base: name, length: first ?? 1, precision: null, scale: null }
    case 'binary':
    case 'varbinary':
      return { base: 'varbinary', length: first ?? 1_048_576, precision: null, scale: null }
    default:
      return plain(name)
  }
}

/** The canonical DDL text of a type, lower case and without display widths. */
export function renderTargetType(type: TargetType): string {
  if (type.base === 'decimal') return `decimal(${type.precision},${type.scale})`
  return type.length === null ? type.base : `${type.base}(${type.length})`
}

/**
 * Judges whether every value meant for a column of type `wanted` survives in one of type `existing`. The conversions are
 * StarRocks' own: integers truncate fractions, DECIMAL rounds half up, DATE cuts times, all without an error.
 */
export function typeFit(wanted: string, existing: string): TypeFit {
  const from = parseTargetType(wanted)
  const to = parseTargetType(existing)
  const narrow = (reason: string): TypeFit => ({ kind: 'narrow', reason })
  const lossy = (reason: string): TypeFit => ({ kind: 'lossy', reason })
  const fits: TypeFit = { kind: 'fits' }
  if (to.base === 'varchar' || to.base === 'char') {
    const needed = textLength(from)
    if (needed !== null && to.length! >= needed) return fits
    return narrow(needed === null ? `${wanted} has no longest text` : `texts of up to ${needed} bytes are possible`)
  }
  const bits = INTEGER_BITS[to.base]
  const fromBits = INTEGER_BITS[from.base]
  if (bits !== undefined) {
    if (fromBits !== undefined)
      return fromBits <= bits
        ? fits
        : to.base === 'boolean'
          ? narrow('every value but 0 becomes true')
          : narrow(`${from.base} reaches beyond ${to.base}`)
    if (from.base === 'decimal' && from.scale === 0)
      return from.precision! < INTEGER_DIGITS[to.base]! ? fits : narrow(`${wanted} reaches beyond ${to.base}`)
    if (from.base === 'decimal' || EXACT_BITS[from.base] !== undefined) return lossy('fractions are cut off')
    return narrow(`${wanted} values must be whole numbers to be accepted`)
  }
  if (to.base === 'decimal') {
    const whole = to.precision! - to.scale!
    if (fromBits !== undefined)
      return INTEGER_DIGITS[from.base]! <= whole
        ? fits
        : narrow(`${from.base} needs ${INTEGER_DIGITS[from.base]} digits`)
    if (EXACT_BITS[from.base] !== undefined) return lossy(`fractions are rounded to ${to.scale} digits`)
    if (from.base !== 'decimal') return narrow(`${wanted} values must be numbers to be accepted`)
    if (from.scale! > to.scale!) return lossy(`fractions are rounded to ${to.scale} digits`)
    return from.precision! - from.scale! <= whole ? fits : narrow(`${wanted} has more integer digits`)
  }
  const exact = EXACT_BITS[to.base]
  if (exact !== undefined) {
    if (from.base === to.base || (from.base === 'float' && to.base === 'double')) return fits
    if (fromBits !== undefined) return fromBits <= exact ? fits : lossy('large numbers lose their last digits')
    if (EXACT_BITS[from.base] !== undefined || from.base === 'decimal') return lossy('numbers lose their last digits')
    return narrow(`${wanted} values must be numbers to be accepted`)
  }
  if (to.base === 'datetime' && from.base === 'date') return fits
  if (to.base === 'date' && from.base === 'datetime') return lossy('times of day are cut off')
  if (to.base === 'varbinary') {
    const needed = from.base === 'varbinary' ? from.length : textLength(from)
    return needed !== null && needed <= to.length!
      ? fits
      : narrow(`values of up to ${needed ?? 'any number of'} bytes are possible`)
  }
  return from.base === to.base
    ? fits
    : narrow(`${wanted} values are accepted only where StarRocks can read them as ${to.base}`)
}

/** Digits of the longest value of an integer type, sign not counted; null for all others. */
export function integerDigits(type: TargetType): number | null {
  return INTEGER_DIGITS[type.base] ?? null
}

/** Bytes of the longest text of a value of this type; null when there is no bound. */
export function textLength(type: TargetType): number | null {
  if (type.length !== null) return type.length
  if (type.base === 'decimal') return type.precision! + 3
  const digits = INTEGER_DIGITS[type.base]
  return digits === undefined ? (TEXT_LENGTH[type.base] ?? null) : digits + 1
}

/**
 * A value that every column of this type takes, as load text: for NOT NULL columns of rows that are deleted, which StarRocks
 * parses and checks like all others. `type`: DDL text.
 */
export function fillerText(type: string): string {
  switch (parseTargetType(type).base) {
    case 'date':
      return '1970-01-01'
    case 'datetime':
      return '1970-01-01 00:00:00'
    case 'char':
    case 'varchar':
    case 'string':
    case 'varbinary':
    case 'binary':
      return ''
    case 'json':
      return '{}'
    default:
      return '0'
  }
}
