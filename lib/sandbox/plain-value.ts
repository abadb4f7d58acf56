import type { ColumnType } from './column-type.js'
import { MAX_DUCK_DECIMAL_PRECISION } from './store.js'

/** The narrow form of one field in which every parser reads the same value. */
export interface PlainShape {
  readonly kind: 'integer' | 'decimal' | 'float' | 'boolean' | 'date' | 'datetime' | 'text' | 'base64'
  readonly nullable: boolean
  /** Digits before the point, or bytes of text. */
  readonly max: number
  /** Digits behind the point. */
  readonly fraction: number
  /** The field's bytes count for the size of the primary key. */
  readonly isTextKey: boolean
}

const INTEGER_DIGITS = { tinyint: 3, smallint: 5, int: 10, bigint: 19, largeint: 38 } as const

/** The narrow form of a type, or null when it has none. */
export function plainShape(type: ColumnType, nullable: boolean): PlainShape | null {
  const shape = (kind: PlainShape['kind'], max: number, fraction = 0): PlainShape => {
    return { kind, nullable, max, fraction, isTextKey: false }
  }
  switch (type.base) {
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'largeint':
      return shape('integer', INTEGER_DIGITS[type.base])
    case 'decimal': {
      const precision = type.precision ?? 10
      const scale = type.scale ?? 0
      return precision > MAX_DUCK_DECIMAL_PRECISION ? null : shape('decimal', precision - scale, scale)
    }
    case 'float':
      return shape('float', 20)
    case 'double':
      return shape('float', 100)
    case 'boolean':
    case 'date':
    case 'datetime':
      return shape(type.base, 0)
    case 'char':
    case 'varchar':
      return shape('text', type.length ?? 1)
    case 'varbinary':
      return shape('base64', type.length ?? 0)
    default:
      return null
  }
}

/**
 * True when bytes[start, end) is `\N` where NULL is allowed, or a value in the narrow form: integers and decimals of digits
 * that fit, with at most a minus; `YYYY-MM-DD[ HH:MM:SS[.f…]]` with hours, minutes and seconds in range; text short enough;
 * whole base64 groups. Whether a date exists or an integer fits its type is left to DuckDB, which refuses what StarRocks does.
 */
export function isPlain(shape: PlainShape, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start === 2 && bytes[start] === 0x5c && bytes[start + 1] === 0x4e) return shape.nullable
  switch (shape.kind) {
    case 'text':
      return end - start <= shape.max
    case 'integer':
      return isNumber(shape, bytes, start, end)
    case 'decimal':
      return isNumber(shape, bytes, start, end)
    case 'float':
      return isFloat(shape, bytes, start, end)
    case 'boolean':
      return end - start === 1 && (bytes[start] === 0x30 || bytes[start] === 0x31)
    case 'date':
      return end - start === 10 && isDate(bytes, start)
    case 'datetime':
      return isDatetime(bytes, start, end)
    case 'base64':
      return isBase64(shape, bytes, start, end)
  }
}

function digitsFrom(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++
  return at - start
}

function isNumber(shape: PlainShape, bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start] === 0x2d ? start + 1 : start
  const digits = digitsFrom(bytes, first, end)
  const isZero = digits === 1 && bytes[first] === 0x30
  if (digits === 0 || (digits > shape.max && !isZero)) return false
  const point = first + digits
  if (point === end) return true
  if (shape.fraction === 0 || bytes[point] !== 0x2e) return false
  const fraction = digitsFrom(bytes, point + 1, end)
  return fraction > 0 && fraction <= shape.fraction && point + 1 + fraction === end
}

/** Digits, a fraction and an exponent of one digit: far from overflow in either width. */
function isFloat(shape: PlainShape, bytes: Uint8Array, start: number, end: number): boolean {
  let at = bytes[start] === 0x2d ? start + 1 : start
  const digits = digitsFrom(bytes, at, end)
  if (digits === 0 || digits > shape.max) return false
  at += digits
  if (at < end && bytes[at] === 0x2e) {
    const fraction = digitsFrom(bytes, at + 1, end)
    if (fraction === 0 || fraction > shape.max) return false
    at += 1 + fraction
  }
  if (at < end && bytes[at] === 0x65) {
    at++
    if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++
    if (digitsFrom(bytes, at, end) !== 1) return false
    at++
  }
  return at === end
}

function isDate(bytes: Uint8Array, start: number): boolean {
  return (
    digitsFrom(bytes, start, start + 4) === 4 &&
    bytes[start + 4] === 0x2d &&
    digitsFrom(bytes, start + 5, start + 7) === 2 &&
    bytes[start + 7] === 0x2d &&
    digitsFrom(bytes, start + 8, start + 10) === 2
  )
}

function isDatetime(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start
  if (length < 19 || length > 26 || length === 20 || !isDate(bytes, start) || bytes[start + 10] !== 0x20) return false
  const tens = bytes[start + 11]!
  if (tens > 0x32 || (tens === 0x32 && bytes[start + 12]! > 0x33)) return false
  if (digitsFrom(bytes, start + 11, start + 13) !== 2 || bytes[start + 13] !== 0x3a) return false
  if (digitsFrom(bytes, start + 14, start + 16) !== 2 || bytes[start + 16] !== 0x3a) return false
  if (digitsFrom(bytes, start + 17, start + 19) !== 2) return false
  if (bytes[start + 14]! > 0x35 || bytes[start + 17]! > 0x35) return false
  if (length === 19) return true
  return bytes[start + 19] === 0x2e && digitsFrom(bytes, start + 20, end) === length - 20
}

function isBase64(shape: PlainShape, bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start
  if (length % 4 !== 0) return false
  let last = end
  while (last > start && end - last < 2 && bytes[last - 1] === 0x3d) last--
  for (let at = start; at < last; at++) {
    const c = bytes[at]!
    const letter = (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a)
    if (!letter && !(c >= 0x30 && c <= 0x39) && c !== 0x2b && c !== 0x2f) return false
  }
  return (length / 4) * 3 - (end - last) <= shape.max
}
