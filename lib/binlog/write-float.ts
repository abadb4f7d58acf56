import { ValueProblem } from './value-problem.js'
import { writePadded, writeUint53 } from './write-int.js'
import { NOT_WRITTEN, writePlainDouble, writeShortFloat } from './write-shortest.js'

/** FLOAT and DOUBLE as the shortest text that reads back to the same number, in the notation that MySQL prints. */

const f32 = new Float32Array(1)
const f64 = new Float64Array(1)
const f32Bytes = new Uint8Array(f32.buffer)
const f64Bytes = new Uint8Array(f64.buffer)

const SMALLEST_NORMAL = 2 ** -126

/** Four bytes, IEEE 754 little-endian. */
export function writeFloat(o: Uint8Array, q: number, b: Uint8Array, p: number): number {
  f32Bytes[0] = b[p]!
  f32Bytes[1] = b[p + 1]!
  f32Bytes[2] = b[p + 2]!
  f32Bytes[3] = b[p + 3]!
  return writeSingle(o, q, f32[0]!, p)
}

/** The number whose text as a double stands in `b[p..p+n)`. Throws ValueProblem for what is no number. */
export function writeFloatText(o: Uint8Array, q: number, b: Uint8Array, p: number, n: number): number {
  return writeSingle(o, q, Math.fround(readDecimal(b, p, n)), p)
}

function writeSingle(o: Uint8Array, q: number, v: number, p: number): number {
  const at = writeShortFloat(o, q, v)
  return at === NOT_WRITTEN ? writeShortest(o, q, shortestOfFloat(v, p)) : at
}

/** Beyond the digits and exponents that doubles of a float's values are printed with. */
const TENS = Float64Array.from({ length: 100 }, (_, i) => Number(`1e${i}`))

/** A decimal number, off by no more than the last bits of a double: far less than floats are apart. */
function readDecimal(b: Uint8Array, p: number, n: number): number {
  const end = p + n
  const negative = b[p] === 45
  let i = negative ? p + 1 : p
  if (i === end) throw new ValueProblem('it is not a number', p)
  let digits = 0
  let scale = 0
  let point = false
  for (; i < end; i++) {
    const c = b[i]!
    if (c === 46) point = true
    else if (c >= 48 && c <= 57) {
      digits = digits * 10 + (c - 48)
      if (point) scale++
    } else break
  }
  if (i < end) scale -= readExponent(b, i, end)
  if (scale >= TENS.length || scale <= -TENS.length) throw new ValueProblem('it is not a number of a FLOAT', p)
  const size = scale > 0 ? digits / TENS[scale]! : digits * TENS[-scale]!
  return negative ? -size : size
}

function readExponent(b: Uint8Array, at: number, end: number): number {
  let i = at + 1
  const negative = b[i] === 45
  if (negative || b[i] === 43) i++
  let exponent = 0
  if ((b[at]! | 32) !== 101 || i >= end) throw new ValueProblem('it is not a number', at)
  for (; i < end; i++) {
    const digit = b[i]! - 48
    if (digit < 0 || digit > 9) throw new ValueProblem('it is not a number', at)
    exponent = exponent * 10 + digit
  }
  return negative ? -exponent : exponent
}

/** Eight bytes, IEEE 754 little-endian. */
export function writeDouble(o: Uint8Array, q: number, b: Uint8Array, p: number): number {
  f64Bytes[0] = b[p]!
  f64Bytes[1] = b[p + 1]!
  f64Bytes[2] = b[p + 2]!
  f64Bytes[3] = b[p + 3]!
  f64Bytes[4] = b[p + 4]!
  f64Bytes[5] = b[p + 5]!
  f64Bytes[6] = b[p + 6]!
  f64Bytes[7] = b[p + 7]!
  return writeNumber(o, q, f64[0]!, p)
}

/** The same for a number that was read; `p`: where, for a ValueProblem. */
export function writeNumber(o: Uint8Array, q: number, v: number, p: number): number {
  // Decimals of at most fifteen digits are told apart by every double, so one that fits is the shortest.
  if (v > -1e9 && v < 1e9 && v !== 0) {
    const scaled = Math.round(v * 1e6)
    if (scaled / 1e6 === v) return writeMillionths(o, q, scaled)
  }
  if (v - v !== 0) throw new ValueProblem('it is not a finite number', p)
  return writeShortest(o, q, v)
}

/** The double whose shortest text is the shortest text of the float `v`. */
function shortestOfFloat(v: number, at: number): number {
  if (v - v !== 0) throw new ValueProblem('it is not a finite number', at)
  if (v === 0) return v
  // Six digits are always exact, but the smallest floats have fewer.
  for (let digits = Math.abs(v) < SMALLEST_NORMAL ? 1 : 6; digits < 9; digits++) {
    const candidate = Number(v.toPrecision(digits))
    if (Math.fround(candidate) === v) return candidate
  }
  return Number(v.toPrecision(9))
}

/** scaled / 1e6 without trailing zeros. */
function writeMillionths(o: Uint8Array, q: number, scaled: number): number {
  let at = q
  let m = scaled
  if (m < 0) {
    o[at++] = 45
    m = -m
  }
  const whole = Math.floor(m / 1e6)
  at = writeUint53(o, at, whole)
  let rest = (m - whole * 1e6) | 0
  if (rest === 0) return at
  let left = 6
  for (;;) {
    const tenth = (rest / 10) | 0
    if (tenth * 10 !== rest) break
    rest = tenth
    left--
  }
  o[at] = 46
  return writePadded(o, at + 1, rest, left)
}

/**
 * MySQL's my_gcvt (strings/dtoa.cc): plain notation while the point stands at most 15 digits to the right of the first
 * digit (or inside the digits) and at most 14 zeros follow it, else "1.5e-20", "1e15".
 */
export function writeShortest(o: Uint8Array, q: number, v: number): number {
  const at = writePlainDouble(o, q, v)
  if (at !== NOT_WRITTEN) return at
  const size = Math.abs(v)
  if (size >= 1e-6 && size < 1e15) return writeAscii(o, q, `${v}`)
  if (v === 0) return writeAscii(o, q, Object.is(v, -0) ? '-0' : '0')
  const [mantissa, exponentText] = size.toExponential().split('e') as [string, string]
  const digits = mantissa.replace('.', '')
  const exponent = Number(exponentText)
  const sign = v < 0 ? '-' : ''
  const point = exponent + 1
  if (point < -14 || (point > 15 && digits.length <= point)) return writeAscii(o, q, `${sign}${mantissa}e${exponent}`)
  if (point <= 0) return writeAscii(o, q, `${sign}0.${'0'.repeat(-point)}${digits}`)
  return writeAscii(o, q, `${sign}${digits.slice(0, point)}.${digits.slice(point)}`)
}

export function writeAscii(o: Uint8Array, q: number, text: string): number {
  for (let i = 0; i < text.length; i++) o[q + i] = text.charCodeAt(i)
  return q + text.length
}
