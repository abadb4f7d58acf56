import { timeMicros } from './calendar-text.js'
import { type Collation, collationOf } from './collation.js'
import { asBig, asDecimal, asDouble, asNumber, sizeOf } from './conversions.js'
import { decimalOfText, doubleOfText } from './number-text.js'
import {
  BIGINT,
  type CodeBuilder,
  isBig,
  isColumn,
  kindName,
  kindOf,
  nullPiece,
  type Piece,
  refuse,
  TRUTH,
  uncolumned,
} from './piece.js'
import { sharedCollation } from './shared-collation.js'
import type { ComparisonOperator, Place } from './syntax.js'
import { asDatetime, digitsOf, temporalLiteral } from './temporal-piece.js'

const NUMERIC: ReadonlySet<string> = new Set(['integer', 'bit', 'decimal', 'double', 'year'])

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
  const isWhole = typeof other.literal !== 'string' || Number.isInteger(value)
  if (!isWhole || (value !== 0 && !(value >= 100))) refuse(other, 'beside a YEAR stands a whole number of four digits')
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

/** A text in the expression that spells an integer counts as one beside an integer: a double would make the same of both. */
function exactLiteral(b: CodeBuilder, literal: Piece, other: Piece): { literal: Piece; value: Piece } | null {
  if (typeof literal.literal !== 'string' || kindOf(literal) !== 'text' || kindOf(other) !== 'integer') return null
  if (!/^-?\d{1,15}$/.test(literal.literal)) return storedLiteral(b, literal, other)
  const value = Number(literal.literal) + 0
  return { literal, value: b.literal(literal, value, BIGINT, Math.abs(value).toString(2).length) }
}

function storedLiteral(b: CodeBuilder, literal: Piece, other: Piece): { literal: Piece; value: Piece } | null {
  const value = storedValue(literal, other)
  return value === null ? null : { literal, value: b.literal(literal, value, other.type!) }
}

/**
 * A text beside a BIGINT column, as that column would hold it: the server compares so where nothing is lost by it that a double
 * would tell (convert_constant_arg_to_field in sql/item_cmpfunc.cc). Null: it compares doubles.
 */
function storedValue({ literal }: Piece, other: Piece): bigint | null {
  const { type } = other
  if (typeof literal !== 'string' || type?.kind !== 'integer' || type.bits !== 64 || !isColumn(other)) return null
  const value = decimalOfText(literal, 65, 0)
  const isHeld = type.unsigned ? BigInt.asUintN(64, value) === value : BigInt.asIntN(64, value) === value
  return isHeld && Number(value) === doubleOfText(literal) ? value : null
}

/** A value that is compared with several others: the server holds none of them for a value of its column, or all. */
export function comparedWithAll(value: Piece, others: readonly Piece[]): Piece {
  return others.every(other => storedValue(other, value) !== null) ? value : uncolumned(value)
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
