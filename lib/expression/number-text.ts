import { clippedDecimal, nearestEven, rescale } from './decimal-math.js'

const NUMBER = /^[ \t\n\v\f\r]*([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)/

/** The number at the begin of a text, as MySQL takes a text for a number: 0 where there is none. */
export function doubleOfText(text: string): number {
  const match = NUMBER.exec(text)
  if (match === null) return 0
  const value = Number(match[1])
  return Number.isFinite(value) ? value : value < 0 ? -Number.MAX_VALUE : Number.MAX_VALUE
}

/** Characters that MySQL gives a double within a text. */
const DOUBLE_WIDTH = 22

/**
 * A double as MySQL puts it into a text (my_gcvt): the shortest digits that read back; with an exponent below 1e-15, from
 * 1e15, and where it would not fit otherwise; digits that do not fit then are rounded off.
 */
export function doubleText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa, exponentText] = value.toExponential().split('e') as [string, string]
  const exponent = Number(exponentText)
  const sign = value < 0 ? '-' : ''
  const digits = mantissa.replace('-', '').replace('.', '')
  if (exponent >= -15 && exponent < 15) {
    const fixed = sign + fixedText(digits, exponent)
    if (fixed.length <= DOUBLE_WIDTH) return fixed
  }
  const tail = `e${exponent}`
  if (mantissa.length + tail.length <= DOUBLE_WIDTH) return mantissa + tail
  const kept = DOUBLE_WIDTH - tail.length - sign.length - 1
  const [rounded, shifted] = value.toExponential(kept - 1).split('e') as [string, string]
  return `${rounded.replace(/\.?0+$/, '')}e${Number(shifted)}`
}

function fixedText(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`
  if (digits.length <= exponent + 1) return digits.padEnd(exponent + 1, '0')
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`
}

/** CAST(text AS SIGNED | UNSIGNED): the integer at the begin of a text, 0 where there is none; the nearest where it does not fit. */
export function integerOfText(text: string, unsigned: boolean): bigint {
  const match = /^[ \t\n\v\f\r]*([-+]?)(\d+)/.exec(text)
  if (match === null) return 0n
  const size = BigInt(match[2]!)
  if (match[1] === '-') {
    const value = size > 0x8000000000000000n ? -0x8000000000000000n : -size
    return unsigned ? BigInt.asUintN(64, value) : value
  }
  const value = size > 0xffffffffffffffffn ? 0xffffffffffffffffn : size
  return unsigned ? value : BigInt.asIntN(64, value)
}

/** CAST(double AS SIGNED | UNSIGNED): the nearest that 64 bits hold. */
export function integerOfDouble(value: number, unsigned: boolean): bigint {
  const rounded = nearestEven(value)
  if (rounded < -(2 ** 63)) return unsigned ? 0x8000000000000000n : -0x8000000000000000n
  if (unsigned && rounded < 2 ** 64) return BigInt.asUintN(64, BigInt(rounded))
  return rounded >= 2 ** 63 ? 0x7fffffffffffffffn : BigInt(rounded)
}

/** The decimal at the begin of a text, times 10^scale, rounded and clipped to `precision` digits. */
export function decimalOfText(text: string, precision: number, scale: number): bigint {
  const match = NUMBER.exec(text)
  return match === null ? 0n : clippedDecimal(scaledDigits(match[1]!, scale), precision)
}

/** Digits with a point and an exponent as a decimal times 10^scale. */
export function scaledDigits(digits: string, scale: number): bigint {
  const [, sign, whole, fraction, exponent] = /^([-+]?)(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?$/.exec(digits)!
  const shift = fraction!.length - Number(exponent ?? 0)
  const all = BigInt(`${whole}${fraction}` || '0')
  if (all === 0n) return 0n
  let value: bigint
  if (shift > 400) value = 0n
  else if (shift < -400) value = all * 10n ** 400n
  else if (shift <= scale) value = all * 10n ** BigInt(scale - shift)
  else if (shift - scale < 140) value = rescale(all, shift, scale)
  else value = all / 10n ** BigInt(shift - scale)
  return sign === '-' ? -value : value
}
