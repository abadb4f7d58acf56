import { writePadded, writeUint32 } from './write-int.js'

/**
 * The shortest text of a number without a string made for it: its digits are found by arithmetic on doubles, and wherever
 * that could be off by its own rounding nothing is written. It is the text that JavaScript's own conversion gives: the fewest
 * digits that read back to the same number, and of these the nearest to it.
 */

/** What the functions return in place of an offset for a number that they leave to others. */
export const NOT_WRITTEN = -1

/** The powers of ten that are doubles without error. */
const TENS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))

/** Splits a double into two of 26 bits each, whose products have no error (T. J. Dekker 1971). */
const SPLITTER = 134_217_729
const TENS_HIGH = TENS.map(ten => SPLITTER * ten - (SPLITTER * ten - ten))
const TENS_LOW = TENS.map((ten, i) => ten - TENS_HIGH[i]!)

/** Far more than rounding can amount to, in units of the last digit. */
const DOUBT = 2 ** -16

/** Half of what doubles are apart from each other, by their exponent from 1e-5 to below 1e15; 1023 stands for 2^0. */
const LEAST_EXPONENT = 1023 - 17
const HALF_STEPS = Float64Array.from({ length: 17 + 50 }, (_, i) => 2 ** (i - 17 - 53))

const f64 = new Float64Array(1)
const f64Halves = new Uint32Array(f64.buffer)

/** Digits in front of the point of a number from 1e-5 to below 1e15; less than 1 for one below 1: how many zeros follow its point. */
function wholeDigits(size: number): number {
  if (size < 1) return size >= 0.1 ? 0 : size >= 0.01 ? -1 : size >= 0.001 ? -2 : size >= 0.0001 ? -3 : -4
  let digits = size < 1e5 ? 1 : size < 1e10 ? 6 : 11
  while (digits < 15 && size >= TENS[digits]!) digits++
  return digits
}

/** A float from 1e-4 to below 1e9. */
export function writeShortFloat(o: Uint8Array, q: number, v: number): number {
  const size = v < 0 ? -v : v
  if (!(size >= 1e-4 && size < 1e9)) return NOT_WRITTEN
  const whole = wholeDigits(size)
  // Every float tells six digits apart, so that a shorter text is the same number with zeros at its end; nine tell all floats apart.
  for (let digits = 6; digits <= 9; digits++) {
    const power = digits - whole
    let scaled: number
    let candidate: number
    if (power >= 0) {
      // 24 bits times at most 10^12: without error.
      scaled = Math.round(size * TENS[power]!)
      candidate = scaled / TENS[power]!
    } else {
      const quotient = size / TENS[-power]!
      scaled = Math.round(quotient)
      if (Math.abs(Math.abs(quotient - scaled) - 0.5) < DOUBT) return NOT_WRITTEN
      candidate = scaled * TENS[-power]!
    }
    if (digits === 9 || Math.fround(candidate) === size) return writeScaled(o, begin(o, q, v), scaled, power)
  }
  return NOT_WRITTEN
}

/** scaled / 10^power, which is below 2^31, without zeros at the end of its fraction. */
function writeScaled(o: Uint8Array, q: number, scaled: number, power: number): number {
  if (power <= 0) return writeUint32(o, q, scaled * TENS[-power]!)
  let digits = scaled | 0
  let left = power
  while (left > 0) {
    const rest = (digits / 10) | 0
    if (rest * 10 !== digits) break
    digits = rest
    left--
  }
  if (left === 0) return writeUint32(o, q, digits)
  const whole = left > 9 ? 0 : (digits / TENS[left]!) | 0
  const at = writeUint32(o, q, whole)
  o[at] = 46
  return writePadded(o, at + 1, left > 9 ? digits : (digits - whole * TENS[left]!) | 0, left)
}

/** A double from 1e-5 to below 1e15. */
export function writePlainDouble(o: Uint8Array, q: number, v: number): number {
  const size = v < 0 ? -v : v
  if (!(size >= 1e-5 && size < 1e15)) return NOT_WRITTEN
  const whole = wholeDigits(size)
  // Every double tells fifteen digits apart: what reads back is the only number that does.
  const ten = TENS[15 - whole]!
  const fifteen = Math.round(size * ten)
  if (fifteen / ten === size) {
    const high = Math.floor(fifteen / 1e6)
    return withoutZeros(o, q, writeDigits(o, begin(o, q, v), high | 0, (fifteen - high * 1e6) | 0, 6, whole))
  }
  return writeLongDouble(o, q, v, size, whole)
}

/** Sixteen digits where they read back, else seventeen, which always do. */
function writeLongDouble(o: Uint8Array, q: number, v: number, size: number, whole: number): number {
  const power = 17 - whole
  const ten = TENS[power]!
  // product + error is size * 10^power: from 10^16 to below 10^17, without error.
  const product = size * ten
  const shifted = SPLITTER * size
  const sizeHigh = shifted - (shifted - size)
  const sizeLow = size - sizeHigh
  const tenHigh = TENS_HIGH[power]!
  const tenLow = TENS_LOW[power]!
  const error = sizeHigh * tenHigh - product + sizeHigh * tenLow + sizeLow * tenHigh + sizeLow * tenLow
  // Half the distance to the next double, in the same units. It is the same on both sides but for powers of two, and those
  // have at most fifteen digits in this range.
  f64[0] = size
  const reach = HALF_STEPS[(f64Halves[1]! >>> 20) - LEAST_EXPONENT]! * ten
  let high = Math.floor(product / 1e8)
  let low = product - high * 1e8 + error
  if (low < 0) {
    high--
    low += 1e8
  } else if (low >= 1e8) {
    high++
    low -= 1e8
  }
  const sixteenth = Math.round(low / 10)
  const distance = Math.abs(low - sixteenth * 10)
  if (Math.abs(distance - reach) < DOUBT) return NOT_WRITTEN
  if (distance < reach) {
    if (5 - distance < DOUBT || sixteenth >= 1e7) return NOT_WRITTEN
    return writeDigits(o, begin(o, q, v), high | 0, sixteenth | 0, 7, whole)
  }
  const seventeenth = Math.round(low)
  if (0.5 - Math.abs(low - seventeenth) < DOUBT || seventeenth >= 1e8) return NOT_WRITTEN
  return writeDigits(o, begin(o, q, v), high | 0, seventeenth | 0, 8, whole)
}

/** The sign. */
function begin(o: Uint8Array, q: number, v: number): number {
  if (v >= 0) return q
  o[q] = 45
  return q + 1
}

/** The nine digits of `high` and the `lowDigits` of `low` with the point behind the first `whole` of them. */
function writeDigits(o: Uint8Array, q: number, high: number, low: number, lowDigits: number, whole: number): number {
  if (whole > 0) {
    writePadded(o, q + 1, high, 9)
    const end = writePadded(o, q + 10, low, lowDigits)
    for (let i = q; i < q + whole; i++) o[i] = o[i + 1]!
    o[q + whole] = 46
    return end
  }
  o[q] = 48
  o[q + 1] = 46
  let at = q + 2
  for (let zeros = whole; zeros < 0; zeros++) o[at++] = 48
  return writePadded(o, writePadded(o, at, high, 9), low, lowDigits)
}

/** Where the number in `o[q..end)` ends without zeros at the end of its fraction, and without its point if that was all. */
function withoutZeros(o: Uint8Array, q: number, end: number): number {
  let at = end
  while (at > q && o[at - 1] === 48) at--
  return o[at - 1] === 46 ? at - 1 : at
}
