import { ExpressionFailure } from './problem.js'

/** Powers of ten as bigints, up to the digits of any DECIMAL. */
export const TENS: readonly bigint[] = Array.from({ length: 140 }, (_, i) => 10n ** BigInt(i))

/** The text of a decimal: `value` is it times 10^scale. */
export function decimalText(value: bigint, scale: number): string {
  if (scale === 0) return value.toString()
  const negative = value < 0n
  const digits = (negative ? -value : value).toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${negative ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** The double that is nearest to a decimal. */
export function decimalDouble(value: bigint, scale: number): number {
  return Number(decimalText(value, scale))
}

/** Another number of fraction digits; what falls away is rounded half away from zero. */
export function rescale(value: bigint, from: number, to: number): bigint {
  if (to >= from) return value * TENS[to - from]!
  return roundedQuotient(value, TENS[from - to]!)
}

/** value / unit, rounded half away from zero; `unit` is positive. */
export function roundedQuotient(value: bigint, unit: bigint): bigint {
  const half = unit / 2n
  return value < 0n ? -((-value + half) / unit) : (value + half) / unit
}

/** What falls away is cut off. */
export function cutScale(value: bigint, from: number, to: number): bigint {
  return to >= from ? value * TENS[to - from]! : value / TENS[from - to]!
}

/**
 * a / b as MySQL's decimal division: digits are made in words of nine, `kept` fraction digits of the quotient in all,
 * and the result is rounded to `scale` of them. Null for division by zero.
 */
export function divideDecimals(
  a: bigint,
  aScale: number,
  b: bigint,
  bScale: number,
  kept: number,
  scale: number,
): bigint | null {
  if (b === 0n) return null
  const shift = kept + bScale - aScale
  const quotient = shift >= 0 ? (a * power(shift)) / b : a / (b * power(-shift))
  return rescale(quotient, kept, scale)
}

function power(digits: number): bigint {
  return TENS[digits] ?? 10n ** BigInt(digits)
}

const LIMIT = TENS[65]!

/** A decimal of at most 65 digits. */
export function heldDecimal(value: bigint): bigint {
  if (value >= LIMIT || value <= -LIMIT)
    throw new ExpressionFailure('DECIMAL value is out of range: it has more than 65 digits')
  return value
}

/** What CAST(… AS DECIMAL(precision, …)) makes of a value with too many digits: the largest that fits. */
export function clippedDecimal(value: bigint, precision: number): bigint {
  const limit = TENS[precision]!
  return value >= limit ? limit - 1n : value <= -limit ? 1n - limit : value
}

/** A signed 64-bit integer. */
export function signed64(value: bigint): bigint {
  if (value > 0x7fffffffffffffffn || value < -0x8000000000000000n) {
    throw new ExpressionFailure('BIGINT value is out of range')
  }
  return value
}

/** An unsigned 64-bit integer. */
export function unsigned64(value: bigint): bigint {
  if (value < 0n || value > 0xffffffffffffffffn) throw new ExpressionFailure('BIGINT UNSIGNED value is out of range')
  return value
}

/** As `unsigned64`, for what is small enough to be a number. */
export function notNegative(value: number): number {
  if (value < 0) throw new ExpressionFailure('BIGINT UNSIGNED value is out of range')
  return value
}

/** A double that is a number. */
export function finite(value: number): number {
  if (!Number.isFinite(value)) throw new ExpressionFailure('DOUBLE value is out of range')
  return value
}

/** A double to the nearest integer, halves to the even one. */
export function nearestEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest < 0.5) return floor
  if (rest > 0.5) return floor + 1
  return floor % 2 === 0 ? floor : floor + 1
}
