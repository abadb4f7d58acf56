import type { ValueType } from '../model/value.js'
import { dateNumber, datetimeNumber, timeNumber } from './calendar-text.js'
import { decimalDouble, decimalText, nearestEven, rescale, roundedQuotient, TENS } from './decimal-math.js'
import { unquotedJson } from './json-text.js'
import { COMPUTED_WIDTH, doubleOfText, doubleText } from './number-text.js'
import {
  type CodeBuilder,
  DOUBLE,
  isBig,
  isColumn,
  kindName,
  NUMBER_SPAN,
  type Piece,
  refuse,
  textType,
} from './piece.js'

/** Decimal digits of the integers below 2^span. */
function digitsOfSpan(span: number): number {
  return Math.max(1, Math.ceil(span * Math.LOG10E * Math.LN2 - 1e-9))
}

/** Precision and scale of an integer or a decimal. */
export function sizeOf(piece: Piece): { readonly precision: number; readonly scale: number } {
  const { type } = piece
  if (type?.kind === 'decimal') return type
  if (typeof piece.literal === 'bigint' || typeof piece.literal === 'number') {
    return { precision: String(piece.literal).replace('-', '').length, scale: 0 }
  }
  return { precision: digitsOfSpan(piece.span), scale: 0 }
}

/** In the place of a number: an integer, a decimal or a double; texts count by the number they begin with. */
export function asNumber(b: CodeBuilder, piece: Piece): Piece {
  const { type } = piece
  if (piece.ragged === true && (type?.kind === 'datetime' || type?.kind === 'text')) {
    refuse(piece, 'what may be one of several kinds has no one number: cast(… as …) each of them first')
  }
  switch (type?.kind) {
    case undefined:
    case 'integer':
    case 'decimal':
    case 'double':
      return piece
    case 'year':
      return { ...piece, type: { kind: 'integer', bits: 16, unsigned: true } }
    case 'bit':
      return { ...piece, type: { kind: 'integer', bits: 64, unsigned: true } }
    case 'text':
      return b.lift(piece, [piece], x => `${b.hold(doubleOfText)}(${x})`, { type: DOUBLE })
    case 'bytes':
      return b.lift(piece, [piece], x => `${b.hold(doubleOfBytes)}(${x})`, { type: DOUBLE })
    case 'date':
      return integerOf(b, piece, dateNumber, 27)
    case 'datetime':
      if (type.fractionDigits === 0) return integerOf(b, piece, datetimeNumber, 47)
      return decimalOf(b, piece, datetimeNumber, 14, type.fractionDigits)
    case 'time':
      if (type.fractionDigits === 0) return integerOf(b, piece, timeNumber, 23)
      return decimalOf(b, piece, timeNumber, 7, type.fractionDigits)
    default:
      return refuse(piece, `JSON is no number${JSON_ADVICE}`)
  }
}

function doubleOfBytes(bytes: Uint8Array): number {
  return doubleOfText(Buffer.from(bytes).toString('latin1'))
}

const JSON_ADVICE = ": take a text out of it with ->> '$.path'"

function integerOf(b: CodeBuilder, piece: Piece, read: (text: string) => number, span: number): Piece {
  const type: ValueType = { kind: 'integer', bits: 64, unsigned: false }
  return b.lift(piece, [piece], x => `${b.hold(read)}(${x})`, { type, span })
}

function decimalOf(b: CodeBuilder, piece: Piece, read: (t: string) => number, whole: number, digits: number): Piece {
  const type: ValueType = { kind: 'decimal', precision: whole + digits, scale: digits }
  const point = digits + 1
  const fraction = (x: string): string => `BigInt(${x}.slice(-${digits}))`
  const build = (x: string): string =>
    `${x}.charCodeAt(0) === 45 ? BigInt(${b.hold(read)}(${x}.slice(0, -${point}))) * ${TENS[digits]}n - ${fraction(x)} : BigInt(${b.hold(read)}(${x}.slice(0, -${point}))) * ${TENS[digits]}n + ${fraction(x)}`
  return b.lift(piece, [piece], build, { type })
}

/** A number as a double. */
export function asDouble(b: CodeBuilder, piece: Piece): Piece {
  const number = asNumber(b, piece)
  const { type } = number
  if (type === null || type.kind === 'double') return number
  if (type.kind === 'decimal') {
    if (typeof number.literal === 'bigint') {
      return b.literal(piece, decimalDouble(number.literal, type.scale), DOUBLE)
    }
    return b.lift(piece, [number], x => `${b.hold(decimalDouble)}(${x}, ${type.scale})`, { type: DOUBLE })
  }
  if (!isBig(number)) return { ...number, type: DOUBLE }
  if (typeof number.literal === 'bigint') return b.literal(piece, Number(number.literal), DOUBLE)
  return b.lift(piece, [number], x => `Number(${x})`, { type: DOUBLE })
}

/** An integer, carried by a bigint whatever its size. */
export function asBig(b: CodeBuilder, piece: Piece): Piece {
  if (isBig(piece)) return piece
  const wide = { span: NUMBER_SPAN + 1 }
  if (typeof piece.literal === 'number') return { ...b.literal(piece, BigInt(piece.literal), piece.type!), ...wide }
  return { ...b.lift(piece, [piece], x => `BigInt(${x})`, { type: piece.type! }), ...wide }
}

/** An integer or a decimal, as a decimal of this scale, not below its own. */
export function asDecimal(b: CodeBuilder, piece: Piece, scale: number): Piece {
  const { precision, scale: own } = sizeOf(piece)
  const type: ValueType = { kind: 'decimal', precision: precision + scale - own, scale }
  const big = piece.type?.kind === 'decimal' ? piece : asBig(b, piece)
  if (scale === own) return { ...big, type, span: 0 }
  if (typeof big.literal === 'bigint') return b.literal(piece, rescale(big.literal, own, scale), type)
  return b.lift(piece, [big], x => `${x} * ${TENS[scale - own]}n`, { type })
}

/** A text; numbers as the server prints them. */
export function asText(b: CodeBuilder, piece: Piece): Piece {
  const { type } = piece
  const longest = longestText(piece)
  const made = { type: textType(longest) }
  switch (type?.kind) {
    case undefined:
    case 'text':
      return piece
    case 'date':
    case 'datetime':
    case 'time':
    case 'json':
      return { ...piece, type: textType(longest) }
    case 'integer':
      return b.lift(piece, [piece], x => `String(${x})`, made)
    case 'year':
      return b.lift(piece, [piece], x => `String(${x}).padStart(4, '0')`, made)
    case 'decimal':
      if (piece.ragged === true)
        refuse(piece, 'these decimals have different digits behind the point: cast(… as decimal(p,s)) says how many')
      return b.lift(piece, [piece], x => `${b.hold(decimalText)}(${x}, ${type.scale})`, made)
    case 'double':
      return b.lift(
        piece,
        [piece],
        x => `${b.hold(doubleText)}(${x}, ${isColumn(piece) ? 'Infinity' : COMPUTED_WIDTH})`,
        made,
      )
    case 'bytes':
      return refuse(piece, 'binary is no text: hex(…) makes one of it')
    case 'bit':
      return refuse(piece, 'a BIT is bytes where a text stands: + 0 behind it makes a number of it')
  }
}

/** Characters that the text of a value has at most; null: not known. */
export function longestText(piece: Piece): number | null {
  const { type } = piece
  if (typeof piece.literal === 'string') return [...piece.literal].length
  switch (type?.kind) {
    case 'text':
      return type.maxLength
    case 'integer':
      return digitsOfSpan(piece.span) + 1
    case 'year':
      return 4
    case 'decimal':
      return type.precision + 3
    case 'double':
      return 24
    case 'date':
      return 10
    case 'datetime':
      return type.fractionDigits === 0 ? 19 : 20 + type.fractionDigits
    case 'time':
      return type.fractionDigits === 0 ? 10 : 11 + type.fractionDigits
    default:
      return null
  }
}

/** Digits, positions and counts: an integer as a number, beyond 2^53 not exact; fractions are rounded. */
export function asCount(b: CodeBuilder, piece: Piece): Piece {
  const { type } = piece
  const integer = { type: { kind: 'integer', bits: 32, unsigned: false } as ValueType, span: NUMBER_SPAN }
  switch (type?.kind) {
    case undefined:
      return piece
    case 'integer':
    case 'year':
    case 'bit':
      return isBig(piece) ? b.lift(piece, [piece], x => `Number(${x})`, integer) : { ...piece, ...integer }
    case 'decimal':
      return b.lift(piece, [piece], x => `Number(${b.hold(roundedQuotient)}(${x}, ${TENS[type.scale]}n))`, integer)
    case 'double':
      return b.lift(piece, [piece], x => `${b.hold(nearestEven)}(${x})`, integer)
    case 'text':
      if (typeof piece.literal === 'string' && /^-?\d{1,15}$/.test(piece.literal)) {
        return b.literal(piece, Number(piece.literal), integer.type, NUMBER_SPAN)
      }
      return refuse(piece, 'a whole number must stand here: cast(… as signed) makes one of a text')
    default:
      return refuse(piece, `a whole number must stand here, not ${kindName(piece)}`)
  }
}

/** Numbers but 0, true, and strings that begin with such a number. */
function isTrueJson(json: string): boolean {
  return json === 'true' || doubleOfText(json.startsWith('"') ? unquotedJson(json) : json) !== 0
}

/** A JavaScript condition: the value is neither NULL nor 0. */
export function conditionOf(b: CodeBuilder, piece: Piece): string {
  if (piece.isTrue !== undefined) return piece.isTrue
  if (piece.type?.kind === 'json') {
    const json = b.variable()
    return `((${json} = ${piece.code}) !== null && ${b.hold(isTrueJson)}(${json}))`
  }
  // Whatever form a date is in, it is 0 in both or in none.
  const number = asNumber(b, { ...piece, ragged: false })
  if (number.type === null) return 'false'
  const zero = number.type.kind === 'decimal' || (number.type.kind === 'integer' && isBig(number)) ? '0n' : '0'
  if (!number.nullable) return `(${number.code} !== ${zero})`
  const name = b.variable()
  return `((${name} = ${number.code}) !== null && ${name} !== ${zero})`
}

/** 1, 0 or NULL. */
export function truthOf(b: CodeBuilder, piece: Piece): Piece {
  if (piece.type === null || piece.isTrue !== undefined) return piece
  const number = asNumber(b, { ...piece, ragged: false })
  const zero = number.type?.kind === 'decimal' || isBig(number) ? '0n' : '0'
  return b.lift(piece, [number], x => `${x} !== ${zero}`, {
    type: { kind: 'integer', bits: 8, unsigned: false },
    span: 1,
    condition: true,
  })
}
