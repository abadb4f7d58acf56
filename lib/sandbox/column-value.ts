import type { ColumnType } from './column-type.js'
import { canonicalJson, JsonSyntaxError, type JsonToken, minifyJson, parseJsonValue } from './json-scan.js'

/** How a text reached its column: parsed by the CSV reader as that type, cast from a string, or out of a JSON body. */
export type Origin = 'csv' | 'cast' | 'json'

/**
 * A text as the column's type takes it (section 5.4 of the loading reference), in a form that DuckDB casts without loss:
 * VARBINARY as hex digits, DATE and DATETIME in full ISO form, numbers in plain decimal. Undefined: a bad value.
 */
export function convertText(type: ColumnType, text: string, origin: Origin): string | undefined {
  switch (type.base) {
    case 'boolean':
      return convertBoolean(text)
    case 'tinyint':
      return convertInteger(text, -128n, 127n)
    case 'smallint':
      return convertInteger(text, -32768n, 32767n)
    case 'int':
      return convertInteger(text, -2147483648n, 2147483647n)
    case 'bigint':
      return convertInteger(text, -(1n << 63n), (1n << 63n) - 1n)
    case 'largeint':
      return convertInteger(text, -(1n << 127n) + 1n, (1n << 127n) - 1n)
    case 'float':
      return convertFloat(text, 3.4028234663852886e38)
    case 'double':
      return convertFloat(text, Number.MAX_VALUE)
    case 'decimal':
      return convertDecimal(text, type.precision ?? 10, type.scale ?? 0)
    case 'char':
    case 'varchar':
      // A UTF-16 unit has at most three bytes in UTF-8.
      if (text.length * 3 <= (type.length ?? 1)) return text
      return Buffer.byteLength(text) <= (type.length ?? 1) ? text : undefined
    case 'varbinary':
      return convertBinary(text, type.length ?? 0, origin)
    case 'date':
      if (text.length === 10 && isFullDate(text)) return text
      return parseDateTime(text)?.slice(0, 10)
    case 'datetime':
      return parseDateTime(text)
    case 'json':
      return convertJsonText(text, origin)
    default:
      return undefined
  }
}

/** A value of a JSON body as the column's type takes it. `token` is not null. Undefined: a bad value. */
export function convertJson(type: ColumnType, token: JsonToken): string | undefined {
  if (type.base === 'json') return canonicalJson(token)
  if (token.kind === 'string' || token.kind === 'number') return convertText(type, token.text, 'json')
  if (type.base === 'char' || type.base === 'varchar') {
    const text = token.kind === 'boolean' ? (token.text === 'true' ? '1' : '0') : minifyJson(token)
    return convertText(type, text, 'json')
  }
  return token.kind === 'boolean' && type.base === 'boolean' ? token.text : undefined
}

const INTEGER = /^\s*([-+]?)0*(\d+)\s*$/
const NUMBER = /^\s*([-+]?)(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d{1,6}))?\s*$/

function convertBoolean(text: string): string | undefined {
  if (/^\s*true\s*$/i.test(text)) return 'true'
  if (/^\s*false\s*$/i.test(text)) return 'false'
  const digits = numberParts(text)?.digits
  return digits === undefined ? undefined : /[1-9]/.test(digits) ? 'true' : 'false'
}

/** Shortest form of an integer that a double holds exactly. */
const CANONICAL_INTEGER = /^(?:0|-?[1-9]\d{0,14})$/
/** Plain decimal form of so few digits that it is finite in either width. */
const SHORT_FLOAT = /^-?\d{1,15}(?:\.\d{1,15})?$/
const CANONICAL_DECIMAL = /^-?(?:0|[1-9]\d*)\.\d+$/

function convertInteger(text: string, min: bigint, max: bigint): string | undefined {
  if (CANONICAL_INTEGER.test(text)) {
    const value = Number(text)
    return value < min || value > max ? undefined : text
  }
  const plain = INTEGER.exec(text)
  let value: bigint
  if (plain !== null) {
    if (plain[2]!.length > 39) return undefined
    value = BigInt(plain[2]!)
    if (plain[1] === '-') value = -value
  } else {
    const scaled = scaledNumber(text, 0, 'truncate')
    if (scaled === undefined) return undefined
    value = scaled
  }
  return value < min || value > max ? undefined : value.toString()
}

function convertFloat(text: string, max: number): string | undefined {
  if (SHORT_FLOAT.test(text)) return text
  if (numberParts(text) === undefined) return undefined
  const value = Number(text)
  return Number.isFinite(value) && Math.abs(value) <= max ? text.trim().replace(/^\+/, '') : undefined
}

/** Extra fraction digits are rounded half away from zero; an integer part that is too long is a bad value. */
function convertDecimal(text: string, precision: number, scale: number): string | undefined {
  const point = text.indexOf('.')
  if (point > 0 && text.length - point - 1 === scale && text[0] !== '-' && CANONICAL_DECIMAL.test(text)) {
    // As it would be written; a zero before the point is no digit.
    if (point + scale <= precision || text[0] === '0') return text
    return undefined
  }
  const value = scaledNumber(text, scale, 'round')
  if (value === undefined) return undefined
  const magnitude = (value < 0n ? -value : value).toString()
  if (magnitude.length > precision && value !== 0n) return undefined
  const sign = value < 0n ? '-' : ''
  if (scale === 0) return `${sign}${magnitude}`
  const padded = magnitude.padStart(scale + 1, '0')
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}

function numberParts(text: string): { negative: boolean; digits: string; exponent: number } | undefined {
  const parts = NUMBER.exec(text)
  if (parts === null) return undefined
  const fraction = parts[3] ?? ''
  const digits = parts[2]! + fraction
  if (digits === '') return undefined
  return { negative: parts[1] === '-', digits, exponent: Number(parts[4] ?? 0) - fraction.length }
}

/** The number times 10^scale as an integer. Undefined: no number, or more than 80 digits. */
function scaledNumber(text: string, scale: number, excess: 'truncate' | 'round'): bigint | undefined {
  const parts = numberParts(text)
  if (parts === undefined) return undefined
  const digits = parts.digits.replace(/^0+/, '')
  const shift = parts.exponent + scale
  if (digits === '' || digits.length + shift < 0) return 0n
  if (digits.length + shift > 80) return undefined
  let value: bigint
  if (shift >= 0) {
    value = BigInt(digits) * 10n ** BigInt(shift)
  } else {
    const kept = digits.slice(0, shift)
    value = kept === '' ? 0n : BigInt(kept)
    if (excess === 'round' && digits[digits.length + shift]! >= '5') value += 1n
  }
  return parts.negative ? -value : value
}

/** CSV: base64-decoded if it decodes, raw bytes otherwise. Everywhere else the bytes of the string as they are. */
function convertBinary(text: string, maxBytes: number, origin: Origin): string | undefined {
  const bytes = (origin === 'csv' ? decodeBase64(text) : undefined) ?? Buffer.from(text, 'utf8')
  return bytes.length <= maxBytes ? bytes.toString('hex') : undefined
}

/** Strict base64: whole groups of four, padding only at the end. */
export function decodeBase64(text: string): Buffer | undefined {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined
}

/** Text that begins with `{`, `[` or `"` is parsed, anything else is stored as a JSON string; in a JSON body it is one. */
function convertJsonText(text: string, origin: Origin): string | undefined {
  if (origin === 'json' || !/^\s*[{["]/.test(text)) return JSON.stringify(text)
  try {
    return canonicalJson(parseJsonValue(text))
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined
    throw error
  }
}

const ISO = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]+(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?)?Z?)?$/
const COMPACT = /^(\d{4}|\d{2})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})(?:\.(\d*))?)?$/
/** Any punctuation between the parts, years of two digits: the forms MySQL reads too. */
const LENIENT =
  /^(\d{4}|\d{1,2})[-/.^@_,:;](\d{1,2})[-/.^@_,:;](\d{1,2})(?:[ T]+(\d{1,2})(?:[-/.^@_,:;](\d{1,2})(?:[-/.^@_,:;](\d{1,2})(?:\.(\d*))?)?)?Z?)?$/

/** The time of a datetime in full form, in range. */
const FULL_TIME = /^.{10} (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?$/

/** Whether the first ten characters are a date that exists, as `YYYY-MM-DD`. */
function isFullDate(text: string): boolean {
  if (text[4] !== '-' || text[7] !== '-') return false
  const year = digitsAt(text, 0) * 100 + digitsAt(text, 2)
  const month = digitsAt(text, 5)
  const day = digitsAt(text, 8)
  // Not a number where a digit is missing, which every comparison refuses.
  return year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month)
}

/** The number of two digits, or NaN. */
function digitsAt(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30
  const ones = text.charCodeAt(at + 1) - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

/** A date or datetime text in full: "YYYY-MM-DD HH:MM:SS.ffffff". Undefined: a bad value, as are zero dates and offsets. */
function parseDateTime(text: string): string | undefined {
  if (FULL_TIME.test(text) && isFullDate(text)) return text.length === 19 ? `${text}.000000` : text.padEnd(26, '0')
  const trimmed = text.trim()
  const parts = ISO.exec(trimmed) ?? COMPACT.exec(trimmed) ?? LENIENT.exec(trimmed)
  if (parts === null) return undefined
  const year = fullYear(parts[1]!)
  const [month, day, hour, minute, second] = [2, 3, 4, 5, 6].map(i => Number(parts[i] ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
  ]
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const micros = (parts[7] ?? '').slice(0, 6).padEnd(6, '0')
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)} ${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}.${micros}`
}

function fullYear(text: string): number {
  const year = Number(text)
  return text.length === 4 ? year : year < 70 ? 2000 + year : 1900 + year
}

/** Days of a month in the proleptic Gregorian calendar. */
export function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
