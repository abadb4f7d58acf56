import type { ValueType } from '../model/value.js'
import { asBig, asDecimal, asDouble, asNumber, sizeOf } from './conversions.js'
import { divideDecimals, finite, heldDecimal, notNegative, signed64, unsigned64 } from './decimal-math.js'
import {
  BIGINT,
  type CodeBuilder,
  DOUBLE,
  isBig,
  NUMBER_SPAN,
  nullPiece,
  type Piece,
  refuse,
  UNSIGNED_BIGINT,
} from './piece.js'
import type { ArithmeticOperator, Place } from './syntax.js'

/** MySQL's div_precision_increment at its default. */
const DIVISION_DIGITS = 4
const MOST_DIGITS = 65
const MOST_SCALE = 30

/** One of + - * / div and mod, by the rules for the types that MySQL has. */
export function arithmetic(
  b: CodeBuilder,
  place: Place,
  operator: ArithmeticOperator,
  left: Piece,
  right: Piece,
): Piece {
  const [x, y] = [asNumber(b, left), asNumber(b, right)]
  if (x.type === null || y.type === null) return nullPiece(place)
  if (operator === 'div') return wholeDivision(b, place, x, y)
  if (x.type.kind === 'double' || y.type.kind === 'double') {
    return doubles(b, place, operator, asDouble(b, x), asDouble(b, y))
  }
  if (operator === '/') return division(b, place, x, y)
  if (x.type.kind === 'decimal' || y.type.kind === 'decimal') return decimals(b, place, operator, x, y)
  return integers(b, place, operator, x, y)
}

/** -value */
export function minus(b: CodeBuilder, place: Place, operand: Piece): Piece {
  const x = asNumber(b, operand)
  if (x.type === null) return nullPiece(place)
  if (x.type.kind === 'double') {
    if (typeof x.literal === 'number') return b.literal(place, -x.literal, DOUBLE)
    return b.lift(place, [x], v => `-${v}`, { type: DOUBLE })
  }
  if (typeof x.literal === 'bigint' && x.type.kind === 'decimal') {
    if (x.type.scale === 0 && x.literal === 2n ** 63n) return b.literal(place, -x.literal, BIGINT)
    return b.literal(place, -x.literal, x.type)
  }
  if (x.literal !== undefined && x.literal !== null) {
    const value = -BigInt(x.literal as number | bigint)
    if (value < -(2n ** 63n)) return b.literal(place, value, { kind: 'decimal', precision: 20, scale: 0 })
    return isBig(x) ? b.literal(place, value, BIGINT) : b.literal(place, Number(value), BIGINT, x.span)
  }
  if (x.type.kind === 'decimal') return b.lift(place, [x], v => `-${v}`, { type: x.type })
  if (!isBig(x)) return b.lift(place, [x], v => `0 - ${v}`, { type: BIGINT, span: x.span })
  return b.lift(place, [x], v => `${b.hold(signed64)}(-${v})`, { type: BIGINT })
}

function isUnsigned(piece: Piece): boolean {
  return piece.type?.kind === 'integer' && piece.type.unsigned
}

function integers(b: CodeBuilder, place: Place, operator: '+' | '-' | '*' | 'mod', x: Piece, y: Piece): Piece {
  const unsigned = operator === 'mod' ? isUnsigned(x) : isUnsigned(x) || isUnsigned(y)
  const type = unsigned ? UNSIGNED_BIGINT : BIGINT
  if (operator === 'mod') {
    const span = x.span
    if (!isBig(x) && !isBig(y)) {
      return b.lift(place, [x, y], (m, n) => `${n} === 0 ? null : ${m} % ${n} + 0`, { type, mayBeNull: true, span })
    }
    return b.lift(place, [asBig(b, x), asBig(b, y)], (m, n) => `${n} === 0n ? null : ${m} % ${n}`, {
      type,
      mayBeNull: true,
    })
  }
  const span = operator === '*' ? x.span + y.span : Math.max(x.span, y.span) + 1
  if (span <= NUMBER_SPAN) {
    const below = unsigned && (operator === '-' || !isUnsigned(x) || !isUnsigned(y))
    // Zero is added because 0 * -1 is -0.
    const body = (m: string, n: string): string => (operator === '*' ? `${m} * ${n} + 0` : `${m} ${operator} ${n}`)
    return b.lift(place, [x, y], (m, n) => (below ? `${b.hold(notNegative)}(${body(m, n)})` : body(m, n)), {
      type,
      span,
    })
  }
  const check = b.hold(unsigned ? unsigned64 : signed64)
  const made = { type, span: Math.min(64, span) }
  if (span <= 62 && !unsigned) {
    const product = b.lift(place, [asBig(b, x), asBig(b, y)], (m, n) => `${m} ${operator} ${n}`, {
      ...made,
      span: Math.max(span, NUMBER_SPAN + 1),
    })
    if (operator !== '*' || isBig(x) || isBig(y)) return product
    return { ...product, compact: b.lift(place, [x, y], (m, n) => `${b.hold(compactProduct)}(${m}, ${n})`, made).code }
  }
  return b.lift(place, [asBig(b, x), asBig(b, y)], (m, n) => `${check}(${m} ${operator} ${n})`, made)
}

/** Of two whole numbers: a double up to 2^53 is what they make exactly. */
function compactProduct(x: number, y: number): number | bigint {
  const product = x * y
  return Number.isSafeInteger(product) ? product + 0 : BigInt(x) * BigInt(y)
}

function decimals(b: CodeBuilder, place: Place, operator: '+' | '-' | '*' | 'mod', x: Piece, y: Piece): Piece {
  const [xSize, ySize] = [sizeOf(x), sizeOf(y)]
  if (operator === '*') {
    const scale = xSize.scale + ySize.scale
    if (scale > MOST_SCALE) refuse(place, `this product would have more than ${MOST_SCALE} digits behind the point`)
    const type: ValueType = {
      kind: 'decimal',
      precision: Math.min(MOST_DIGITS, xSize.precision + ySize.precision),
      scale,
    }
    return held(b, place, asDecimal(b, x, xSize.scale), asDecimal(b, y, ySize.scale), (m, n) => `${m} * ${n}`, type)
  }
  const scale = Math.max(xSize.scale, ySize.scale)
  const whole = Math.max(xSize.precision - xSize.scale, ySize.precision - ySize.scale)
  const [m, n] = [asDecimal(b, x, scale), asDecimal(b, y, scale)]
  if (operator === 'mod') {
    const type: ValueType = { kind: 'decimal', precision: Math.min(MOST_DIGITS, whole + scale), scale }
    return b.lift(place, [m, n], (p, q) => `${q} === 0n ? null : ${p} % ${q}`, { type, mayBeNull: true })
  }
  const type: ValueType = { kind: 'decimal', precision: Math.min(MOST_DIGITS, whole + 1 + scale), scale }
  return held(b, place, m, n, (p, q) => `${p} ${operator} ${q}`, type)
}

/** Checked against overflow where the digits of the parts allow one. */
function held(
  b: CodeBuilder,
  place: Place,
  x: Piece,
  y: Piece,
  build: (m: string, n: string) => string,
  type: ValueType & { kind: 'decimal' },
): Piece {
  const checked = type.precision >= MOST_DIGITS
  return b.lift(place, [x, y], (m, n) => (checked ? `${b.hold(heldDecimal)}(${build(m, n)})` : build(m, n)), { type })
}

/** Digits of a decimal fraction as MySQL keeps them: words of nine. */
function words(digits: number): number {
  return Math.ceil(digits / 9) * 9
}

function division(b: CodeBuilder, place: Place, x: Piece, y: Piece): Piece {
  const [xSize, ySize] = [sizeOf(x), sizeOf(y)]
  const scale = Math.min(MOST_SCALE, xSize.scale + DIVISION_DIGITS)
  const padding = words(xSize.scale) - xSize.scale + words(ySize.scale) - ySize.scale
  const kept = words(words(xSize.scale) + words(ySize.scale) + Math.max(0, DIVISION_DIGITS - padding))
  const precision = Math.min(MOST_DIGITS, xSize.precision + ySize.scale + DIVISION_DIGITS)
  const type: ValueType = { kind: 'decimal', precision: Math.max(precision, scale), scale }
  const divide = b.hold(divideDecimals)
  return b.lift(
    place,
    [asDecimal(b, x, xSize.scale), asDecimal(b, y, ySize.scale)],
    (m, n) => `${divide}(${m}, ${xSize.scale}, ${n}, ${ySize.scale}, ${kept}, ${scale})`,
    { type, mayBeNull: true },
  )
}

/** a DIV b: an integer, cut towards zero. */
function wholeDivision(b: CodeBuilder, place: Place, x: Piece, y: Piece): Piece {
  const unsigned = isUnsigned(x) || isUnsigned(y)
  const type = unsigned ? UNSIGNED_BIGINT : BIGINT
  const check = b.hold(unsigned ? unsigned64 : signed64)
  if (x.type?.kind === 'double' || y.type?.kind === 'double') {
    refuse(place, 'div of a double has no exact value: cast(… as decimal(p,s)) first, or use truncate(a / b, 0)')
  }
  if (x.type?.kind === 'decimal' || y.type?.kind === 'decimal') {
    const scale = Math.max(sizeOf(x).scale, sizeOf(y).scale)
    return b.lift(
      place,
      [asDecimal(b, x, scale), asDecimal(b, y, scale)],
      (m, n) => `${n} === 0n ? null : ${check}(${m} / ${n})`,
      { type, mayBeNull: true },
    )
  }
  if (!isBig(x) && !isBig(y)) {
    const below = unsigned && !(isUnsigned(x) && isUnsigned(y)) ? b.hold(notNegative) : ''
    return b.lift(place, [x, y], (m, n) => `${n} === 0 ? null : ${below}(Math.trunc(${m} / ${n}) + 0)`, {
      type,
      mayBeNull: true,
      span: x.span,
    })
  }
  return b.lift(place, [asBig(b, x), asBig(b, y)], (m, n) => `${n} === 0n ? null : ${check}(${m} / ${n})`, {
    type,
    mayBeNull: true,
  })
}

function doubles(b: CodeBuilder, place: Place, operator: ArithmeticOperator, x: Piece, y: Piece): Piece {
  const check = b.hold(finite)
  if (operator === '/' || operator === 'mod') {
    const sign = operator === '/' ? '/' : '%'
    return b.lift(place, [x, y], (m, n) => `${n} === 0 ? null : ${check}(${m} ${sign} ${n})`, {
      type: DOUBLE,
      mayBeNull: true,
    })
  }
  return b.lift(place, [x, y], (m, n) => `${check}(${m} ${operator} ${n})`, { type: DOUBLE })
}
