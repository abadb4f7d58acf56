import type { ValueType } from '../model/value.js'
import { timeOfText } from './calendar.js'
import { timeMicros, timeText, withDigits } from './calendar-text.js'
import { type Collation, collationOf, refusedCollation } from './collation.js'
import { asBig, asDecimal, asDouble, asNumber, sizeOf } from './conversions.js'
import { readDatetime } from './datetime-text.js'
import { type CodeBuilder, isBig, kindName, kindOf, nullPiece, type Piece, refuse, TRUTH } from './piece.js'
import type { ComparisonOperator, Place } from './syntax.js'

const NUMERIC: ReadonlySet<string> = new Set(['integer', 'bit', 'decimal', 'double', 'year'])

/** The collation of MySQL 8 and later when nobody says another. */
export const DEFAULT_COLLATION = 'utf8mb4_0900_ai_ci'

/** The collation in which texts are compared: that of the columns among them. Throws ExpressionProblem where there is none. */
export function sharedCollation(place: Place, pieces: readonly Piece[]): Collation {
  const shared = joinedCollation(pieces) ?? collationOf(DEFAULT_COLLATION)
  if (shared.unsupported === null) return shared
  const culprit = pieces.find(({ collation }) => collation === shared) ?? place
  refuse(
    culprit,
    `${shared.unsupported}. Say how it is meant: … collate ${shared.name.split('_')[0] || 'utf8mb4'}_bin compares exactly, cast(… as char) by ${DEFAULT_COLLATION}`,
  )
}

/** The collation of what is made of texts; null: they have none of their own. It may be one that nothing can be compared by. */
export function joinedCollation(pieces: readonly Piece[]): Collation | null {
  let shared: Collation | null = null
  for (const { collation } of pieces) {
    if (collation === null || collation === shared || collation.name === shared?.name) continue
    if (shared === null || stronger(collation, shared)) shared = collation
    else if (!stronger(shared, collation)) {
      return refusedCollation('', `texts of the collations ${shared.name} and ${collation.name} have no common order`)
    }
  }
  return shared
}

/** Of one that is written, and of the collations of columns the one that is exact. */
function stronger(a: Collation, b: Collation): boolean {
  if ((a.explicit === true) !== (b.explicit === true)) return a.explicit === true
  return a.explicit !== true && a.name.endsWith('_bin') && !b.name.endsWith('_bin')
}

/** text COLLATE name: what it is compared with is compared by this. */
export function collated(place: Place, operand: Piece, name: string): Piece {
  if (operand.type === null) return nullPiece(place)
  if (kindOf(operand) !== 'text') refuse(operand, `collate is for texts, and this is ${kindName(operand)}`)
  const collation = collationOf(name)
  if (collation.unsupported !== null) refuse(place, `${name} is no collation whose order is known here`)
  const charset = operand.charset ?? operand.collation?.name.split('_')[0] ?? 'utf8mb4'
  const full = name.startsWith('uca1400_') ? `${charset}_${name}` : name
  if (charset !== '' && full !== 'binary' && full.split('_')[0] !== charset)
    refuse(place, `${name} is a collation of another character set than ${charset}, which this text is in`)
  return { ...operand, ...place, collation: { ...collation, explicit: true } }
}

/** Two values made alike, so that their JavaScript values can be compared; by `collation` where it is not null. */
export interface Comparable {
  /** Numbers and bigints meet. */
  readonly isMixed?: boolean
  readonly left: Piece
  readonly right: Piece
  readonly collation: Collation | null
}

/** Makes two values alike, as MySQL does before it compares them. Throws ExpressionProblem for those that cannot be. */
export function comparable(b: CodeBuilder, place: Place, left: Piece, right: Piece): Comparable {
  const [x, y] = [kindOf(left), kindOf(right)]
  if (x === null || y === null) return { left, right, collation: null }
  if (x === 'json' || y === 'json') {
    refuse(x === 'json' ? left : right, "JSON cannot be compared: take a text out of it with ->> '$.path'")
  }
  if (x === 'bytes' && y === 'bytes') {
    return { left: latin(b, left), right: latin(b, right), collation: collationOf('binary') }
  }
  if (x === 'bytes' || y === 'bytes')
    refuse(place, 'binary can be compared with binary only: hex(…) makes a text of it')
  if (x === 'text' && y === 'text') return { left, right, collation: sharedCollation(place, [left, right]) }
  refuseShortYear(left, right)
  refuseShortYear(right, left)
  const temporals = alikeTemporals(b, place, left, right)
  if (temporals !== null) return temporals
  return { ...alikeNumbers(b, left, right), collation: null }
}

/** The server reads a number of two digits beside a YEAR as one of 1970 to 2069. */
function refuseShortYear(year: Piece, other: Piece): void {
  if (kindOf(year) !== 'year' || other.literal === undefined || other.literal === null) return
  const value = kindOf(other) === 'decimal' ? 1 : Number(other.literal)
  if (value !== 0 && !(value >= 100)) refuse(other, 'beside a YEAR stands a whole number of four digits')
}

/** One character for each byte. */
function latin(b: CodeBuilder, piece: Piece): Piece {
  return b.lift(piece, [piece], x => `Buffer.from(${x}).toString('latin1')`, {
    type: { kind: 'text', maxLength: null },
  })
}

function alikeNumbers(b: CodeBuilder, left: Piece, right: Piece): Omit<Comparable, 'collation'> {
  const exact = exactLiteral(b, left, right) ?? exactLiteral(b, right, left)
  const swapped = exact !== null && exact.literal === left
  const x = exact === null ? asNumber(b, left) : swapped ? exact.value : asNumber(b, left)
  const y = exact === null || swapped ? asNumber(b, right) : exact.value
  if (kindOf(x) === 'double' || kindOf(y) === 'double') return { left: asDouble(b, x), right: asDouble(b, y) }
  if (kindOf(x) === 'decimal' || kindOf(y) === 'decimal') {
    const scale = Math.max(sizeOf(x).scale, sizeOf(y).scale)
    return { left: asDecimal(b, x, scale), right: asDecimal(b, y, scale) }
  }
  if (isBig(x) !== isBig(y)) {
    const [compactX, compactY] = [compactPiece(x), compactPiece(y)]
    if (compactX !== null && compactY !== null) return { left: compactX, right: compactY, isMixed: true }
    return { left: asBig(b, x), right: asBig(b, y) }
  }
  return { left: x, right: y }
}

/** An integer that is a number in nearly all rows; null: one that is always a bigint. */
function compactPiece(piece: Piece): Piece | null {
  if (!isBig(piece)) return piece
  return piece.compact === undefined ? null : { ...piece, code: piece.compact }
}

/** A text in the expression that spells an integer counts as one beside an integer. */
function exactLiteral(b: CodeBuilder, literal: Piece, other: Piece): { literal: Piece; value: Piece } | null {
  if (typeof literal.literal !== 'string' || kindOf(literal) !== 'text') return null
  if (kindOf(other) !== 'integer' || !/^-?\d{1,18}$/.test(literal.literal)) return null
  const type: ValueType = { kind: 'integer', bits: 64, unsigned: false }
  const value = BigInt(literal.literal)
  const span = value.toString(2).replace('-', '').length
  return {
    literal,
    value: span <= 53 ? b.literal(literal, Number(value), type, span) : b.literal(literal, value, type, 63),
  }
}

/** Dates and times among each other, and with texts in the expression; null when neither is one. */
function alikeTemporals(b: CodeBuilder, place: Place, left: Piece, right: Piece): Comparable | null {
  const [x, y] = [kindOf(left)!, kindOf(right)!]
  const isDate = (kind: string): boolean => kind === 'date' || kind === 'datetime'
  if (!isDate(x) && !isDate(y) && x !== 'time' && y !== 'time') return null
  const [temporal, other] = isDate(x) || x === 'time' ? [left, right] : [right, left]
  const otherKind = kindOf(other)!
  if (NUMERIC.has(otherKind)) {
    refuse(
      place,
      `${kindName(temporal)} and ${kindName(other)} cannot be compared: write the ${kindOf(temporal)} as text, '2021-12-21'`,
    )
  }
  if (otherKind === 'text') {
    const literal = temporalLiteral(b, other, kindOf(temporal) as 'date' | 'datetime' | 'time')
    return comparable(b, place, temporal === left ? left : literal, temporal === left ? literal : right)
  }
  if ((x === 'time') !== (y === 'time')) refuse(place, 'a TIME cannot be compared with a date')
  if (x === 'time') {
    const micros = (piece: Piece): Piece =>
      b.lift(piece, [piece], t => `${b.hold(timeMicros)}(${t})`, { type: { kind: 'double' } })
    return { left: micros(left), right: micros(right), collation: null }
  }
  const digits = Math.max(digitsOf(left), digitsOf(right))
  if (digits === -1) return { left, right, collation: null }
  return { left: asDatetime(b, left, digits), right: asDatetime(b, right, digits), collation: null }
}

/** Fraction digits of a date with time; -1 for a date. */
function digitsOf(piece: Piece): number {
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
  if (read === null || !read.clean) refuse(piece, `'${piece.literal}' is no date`)
  const { text } = read
  const fraction = text.slice(20).replace(/0+$/, '').length
  if (fraction === 0 && kind === 'date' && text.slice(11, 19) === '00:00:00') {
    return b.literal(piece, text.slice(0, 10), { kind: 'date' })
  }
  return b.literal(piece, withDigits(text, fraction), { kind: 'datetime', fractionDigits: fraction })
}

/** left operator right: 1, 0 or NULL. */
export function comparison(
  b: CodeBuilder,
  place: Place,
  operator: ComparisonOperator,
  left: Piece,
  right: Piece,
): Piece {
  const alike = comparable(b, place, left, right)
  if (operator === '<=>') return nullSafe(b, place, alike)
  if (left.type === null || right.type === null) return nullPiece(place)
  return b.lift(place, [alike.left, alike.right], (x, y) => relation(b, alike, operator, x, y), {
    type: TRUTH,
    span: 1,
    condition: true,
  })
}

/** The JavaScript condition of a comparison of two values that are not NULL. */
function relation(b: CodeBuilder, { collation, isMixed }: Comparable, operator: string, x: string, y: string): string {
  if (collation === null) {
    const exact = isMixed === true ? '' : '='
    const sign = operator === '=' ? `==${exact}` : operator === '<>' ? `!=${exact}` : operator
    return `${x} ${sign} ${y}`
  }
  if (operator === '=') return `${b.hold(collation.equal)}(${x}, ${y})`
  if (operator === '<>') return `!${b.hold(collation.equal)}(${x}, ${y})`
  return `${b.hold(collation.compare)}(${x}, ${y}) ${operator} 0`
}

function nullSafe(b: CodeBuilder, place: Place, alike: Comparable): Piece {
  const { left, right } = alike
  const [x, y] = [b.variable(), b.variable()]
  const equal = relation(b, alike, '=', x, y)
  const whole = `((${x} = ${left.code}, ${y} = ${right.code}, ${x} === null || ${y} === null) ? ${x} === ${y} : ${equal})`
  return conditionPiece(place, whole)
}

/** A JavaScript condition as a piece that is 1 or 0, never NULL. */
export function conditionPiece(place: Place, condition: string): Piece {
  return {
    at: place.at,
    length: place.length,
    code: `(${condition} ? 1 : 0)`,
    type: TRUTH,
    nullable: false,
    span: 1,
    collation: null,
    charset: null,
    isTrue: condition,
  }
}
