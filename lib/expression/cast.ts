import type { ValueType } from '../model/value.js'
import { isWholeText, roundedDatetime, roundedTime } from './calendar.js'
import { timeMicros } from './calendar-text.js'
import { collationOf } from './collation.js'
import { asBig, asDecimal, asDouble, asNumber, asText, sizeOf } from './conversions.js'
import { datetimeOfText } from './datetime-text.js'
import { clippedDecimal, rescale, roundedQuotient, TENS } from './decimal-math.js'
import { decimalOfText, doubleText, integerOfDouble, integerOfText } from './number-text.js'
import {
  BIGINT,
  type CodeBuilder,
  kindName,
  kindOf,
  nullOf,
  type Piece,
  refuse,
  textType,
  UNSIGNED_BIGINT,
} from './piece.js'
import { DEFAULT_COLLATION } from './shared-collation.js'
import type { CastTarget, Place } from './syntax.js'
import { asDatetime, temporalLiteral } from './temporal-piece.js'
import { firstCharacters } from './text-runtime.js'

/** CAST(value AS …). What does not fit is what the server's SELECT shows, which warns and goes on. */
export function castTo(b: CodeBuilder, place: Place, operand: Piece, to: CastTarget): Piece {
  if (operand.type === null) return nullOf(place, typeOf(to))
  switch (to.kind) {
    case 'signed':
    case 'unsigned':
      return { ...castInteger(b, place, operand, to.kind === 'unsigned'), at: place.at, length: place.length }
    case 'double':
      return { ...asDouble(b, operand), at: place.at, length: place.length }
    case 'decimal':
      return { ...castDecimal(b, place, operand, to.precision, to.scale), ragged: false }
    case 'char':
      return castChar(b, place, operand, to.length)
    case 'date':
      return castDate(b, place, operand)
    case 'datetime':
      return castDatetime(b, place, operand, to.fractionDigits)
    case 'time':
      return castTime(b, place, operand, to.fractionDigits)
  }
}

/** The type of a cast NULL. */
function typeOf(to: CastTarget): ValueType {
  switch (to.kind) {
    case 'signed':
      return BIGINT
    case 'unsigned':
      return UNSIGNED_BIGINT
    case 'char':
      return textType(to.length)
    case 'date':
    case 'double':
      return { kind: to.kind }
    default:
      return to
  }
}

function castInteger(b: CodeBuilder, place: Place, operand: Piece, unsigned: boolean): Piece {
  const type = unsigned ? UNSIGNED_BIGINT : BIGINT
  if (kindOf(operand) === 'text') {
    return b.lift(place, [operand], x => `${b.hold(integerOfText)}(${x}, ${unsigned})`, { type })
  }
  const number = asNumber(b, withoutFraction(b, operand))
  if (kindOf(number) === 'double') {
    return b.lift(place, [number], x => `${b.hold(integerOfDouble)}(${x}, ${unsigned})`, { type })
  }
  if (number.type?.kind === 'decimal') {
    const { scale } = number.type
    return b.lift(place, [number], x => `${b.hold(clippedInteger)}(${x}, ${scale}, ${unsigned})`, { type })
  }
  const own = number.type?.kind === 'integer' && number.type.unsigned
  if (own === unsigned || (own && number.span < 64)) return { ...number, type }
  return b.lift(place, [asBig(b, number)], x => `BigInt.${unsigned ? 'asUintN' : 'asIntN'}(64, ${x})`, { type })
}

/** Dates with time and TIMEs are rounded to whole seconds before they become integers. */
function withoutFraction(b: CodeBuilder, operand: Piece): Piece {
  const { type } = operand
  if (type?.kind === 'time' && type.fractionDigits > 0) return castTime(b, operand, operand, 0)
  if (type?.kind !== 'datetime' || type.fractionDigits === 0) return operand
  const rounded: ValueType = { kind: 'datetime', fractionDigits: 0 }
  return b.lift(operand, [operand], x => `${b.hold(nearestSecond)}(${x})`, { type: rounded })
}

function nearestSecond(text: string): string {
  // The last second of the year 9999 cannot be rounded up; the server then shows midnight.
  return roundedDatetime(text, 0) ?? `${text.slice(0, 10)} 00:00:00`
}

function clippedInteger(value: bigint, scale: number, unsigned: boolean): bigint {
  const whole = roundedQuotient(value, TENS[scale]!)
  const most = unsigned ? 0xffffffffffffffffn : 0x7fffffffffffffffn
  if (whole > most) return most
  const held = whole < -0x8000000000000000n ? -0x8000000000000000n : whole
  return unsigned ? BigInt.asUintN(64, held) : held
}

function castDecimal(b: CodeBuilder, place: Place, operand: Piece, precision: number, scale: number): Piece {
  const type: ValueType = { kind: 'decimal', precision, scale }
  const clip = b.hold(clippedDecimal)
  const ofText = b.hold(decimalOfText)
  if (kindOf(operand) === 'text') {
    return b.lift(place, [operand], x => `${ofText}(${x}, ${precision}, ${scale})`, { type })
  }
  const number = asNumber(b, operand)
  if (kindOf(number) === 'double') {
    return b.lift(place, [number], x => `${ofText}(${b.hold(doubleText)}(${x}, Infinity), ${precision}, ${scale})`, {
      type,
    })
  }
  const { scale: own } = sizeOf(number)
  const exact = asDecimal(b, number, own)
  return b.lift(place, [exact], x => `${clip}(${b.hold(rescale)}(${x}, ${own}, ${scale}), ${precision})`, { type })
}

/** The server gives the result the collation of the connection, whatever that of the column is. */
function castChar(b: CodeBuilder, place: Place, operand: Piece, length: number | null): Piece {
  const text = asText(b, operand)
  const from = text.type?.kind === 'text' ? text.type.maxLength : null
  const ruled = { at: place.at, length: place.length, collation: collationOf(DEFAULT_COLLATION), charset: text.charset }
  if (length === null) return { ...text, ...ruled }
  const type = textType(from === null ? length : Math.min(from, length))
  return { ...b.lift(place, [text], x => `${b.hold(firstCharacters)}(${x}, ${length})`, { type }), ...ruled }
}

function castDate(b: CodeBuilder, place: Place, operand: Piece): Piece {
  const type: ValueType = { kind: 'date' }
  switch (operand.type?.kind) {
    case 'date':
    case 'datetime': {
      const day = b.hold((text: string) => (isWholeText(text) ? text.slice(0, 10) : null))
      return b.lift(place, [operand], x => `${day}(${x})`, { type, mayBeNull: true })
    }
    case 'text': {
      const read = b.hold((text: string) => datetimeOfText(text)?.slice(0, 10) ?? null)
      return b.lift(place, [operand], x => `${read}(${x})`, { type, mayBeNull: true })
    }
    default:
      return refuse(operand, `a date is made of a text or a date with time, not of ${kindName(operand)}`)
  }
}

function castDatetime(b: CodeBuilder, place: Place, operand: Piece, digits: number): Piece {
  const type: ValueType = { kind: 'datetime', fractionDigits: digits }
  const made = { type, mayBeNull: true }
  switch (operand.type?.kind) {
    case 'date':
    case 'datetime': {
      const isCut = operand.type.kind === 'datetime' && operand.type.fractionDigits > digits
      const whole = isCut ? operand : asDatetime(b, operand, digits)
      const held = (text: string) => (!isWholeText(text) ? null : isCut ? roundedDatetime(text, digits) : text)
      return b.lift(place, [whole], x => `${b.hold(held)}(${x})`, made)
    }
    case 'text': {
      const read = b.hold((text: string) => {
        const moment = datetimeOfText(text)
        return moment === null ? null : roundedDatetime(moment, digits)
      })
      return b.lift(place, [operand], x => `${read}(${x})`, made)
    }
    default:
      return refuse(operand, `a date with time is made of a text or a date, not of ${kindName(operand)}`)
  }
}

function castTime(b: CodeBuilder, place: Place, operand: Piece, digits: number): Piece {
  const type: ValueType = { kind: 'time', fractionDigits: digits }
  const round = b.hold(roundedTime)
  switch (operand.type?.kind) {
    case 'time':
      return b.lift(place, [operand], x => `${round}(${b.hold(timeMicros)}(${x}), ${digits})`, { type })
    case 'datetime':
      return b.lift(place, [operand], x => `${round}(${b.hold(timeMicros)}(${x}.slice(11)), ${digits})`, { type })
    case 'date':
      return b.lift(place, [operand], () => `'${roundedTime(0, digits)}'`, { type })
    case 'text': {
      if (typeof operand.literal !== 'string')
        refuse(operand, 'a TIME cannot be made of a text that changes from row to row')
      const literal = temporalLiteral(b, operand, 'time')
      return { ...castTime(b, place, literal, digits), at: place.at, length: place.length }
    }
    default:
      return refuse(operand, `a TIME is made of a text, a TIME or a date with time, not of ${kindName(operand)}`)
  }
}
