import type { ValueType } from '../model/value.js'
import { timeOfText } from './calendar.js'
import { timeText, withDigits } from './calendar-text.js'
import { readDatetime } from './datetime-text.js'
import { type CodeBuilder, type Piece, refuse } from './piece.js'

/** Fraction digits of a date with time; -1 for a date. */
export function digitsOf(piece: Piece): number {
  return piece.type?.kind === 'datetime' ? piece.type.fractionDigits : -1
}

/** A date or a date with time, with so many fraction digits, not below its own. */
export function asDatetime(b: CodeBuilder, piece: Piece, digits: number): Piece {
  const own = digitsOf(piece)
  if (own === digits) return piece
  const tail = `${own === -1 ? ' 00:00:00' : ''}${own > 0 ? '' : digits > 0 ? '.' : ''}${'0'.repeat(digits - Math.max(0, own))}`
  const type: ValueType = { kind: 'datetime', fractionDigits: digits }
  if (typeof piece.literal === 'string') return b.literal(piece, piece.literal + tail, type)
  return b.lift(piece, [piece], x => `${x} + '${tail}'`, { type })
}

/** A text of the expression as the date or the time that it stands for. */
export function temporalLiteral(b: CodeBuilder, piece: Piece, kind: 'date' | 'datetime' | 'time'): Piece {
  if (typeof piece.literal !== 'string') {
    const cast = kind === 'time' ? 'time' : 'datetime'
    refuse(piece, `a ${kind} meets a text that changes from row to row: cast(… as ${cast}) says what it means`)
  }
  if (kind === 'time') {
    const micros = timeOfText(piece.literal)
    if (micros === null) refuse(piece, `'${piece.literal}' is no time`)
    return b.literal(piece, timeText(micros, 6), { kind: 'time', fractionDigits: 6 })
  }
  if (/:\d\d(\.\d*)?[-+]\d\d:/.test(piece.literal)) refuse(piece, 'a date stands without a time zone')
  const read = readDatetime(piece.literal)
  if (read === null || !read.clean) {
    const isZero = /^0[0\D]*$/.test(piece.literal)
    refuse(piece, `'${piece.literal}' is no date${isZero ? ': year(…) = 0 is true for zero dates' : ''}`)
  }
  const { text } = read
  const fraction = text.slice(20).replace(/0+$/, '').length
  if (fraction === 0 && kind === 'date' && text.slice(11, 19) === '00:00:00') {
    return b.literal(piece, text.slice(0, 10), { kind: 'date' })
  }
  return b.literal(piece, withDigits(text, fraction), { kind: 'datetime', fractionDigits: fraction })
}
