import { isUtf8 } from 'node:buffer'
import { sourceViewOf } from './byte-view.js'
import { ValueProblem } from './value-problem.js'
import { isAscii } from './write-text.js'
import { WRITERS } from './writers.js'

/** Values of an image as JavaScript has them (see `Value`), for generated code; `p` is where a value begins, `n` its bytes. */

/** Decimal digits that a double surely holds. */
const SAFE_DIGITS = 15

function readInt64(b: Buffer, p: number): bigint {
  return sourceViewOf(b).getBigInt64(p, true)
}

function readUint64(b: Buffer, p: number): bigint {
  return sourceViewOf(b).getBigUint64(p, true)
}

/** BIT: big-endian bits. */
function readBits(b: Buffer, p: number, bytes: number): bigint {
  let high = 0
  let low = 0
  for (let i = 0; i < bytes; i++) {
    high = ((high << 8) | (low >>> 24)) >>> 0
    low = ((low << 8) | b[p + i]!) >>> 0
  }
  return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low)
}

function readFloat(b: Buffer, p: number): number {
  return finite(sourceViewOf(b).getFloat32(p, true), p)
}

function readDouble(b: Buffer, p: number): number {
  return finite(sourceViewOf(b).getFloat64(p, true), p)
}

function finite(v: number, p: number): number {
  if (v - v !== 0) throw new ValueProblem('it is not a finite number', p)
  return v
}

/** Bytes of a group of so many digits (MySQL strings/decimal.cc: dig2bytes). */
const DIGIT_BYTES = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]
const POWERS = Array.from({ length: SAFE_DIGITS + 1 }, (_, i) => 10 ** i)
const BIG_POWERS = POWERS.map(BigInt)

/** DECIMAL(precision, scale), times 10^scale: groups of nine digits, with the odd ones in front of and behind them. */
function readDecimal(b: Buffer, p: number, precision: number, scale: number): bigint {
  const flip = b[p]! < 128 ? 255 : 0
  let at = p
  let first = 128
  let whole = 0n
  /** What is read and not yet in `whole`, and its digits. */
  let part = 0
  let digits = 0
  const begin = precision - scale
  for (let left = begin, behind = scale; left > 0 || behind > 0; ) {
    const count = left > 0 ? left % 9 || 9 : Math.min(behind, 9)
    if (left > 0) left -= count
    else behind -= count
    let group = 0
    for (let i = DIGIT_BYTES[count]!; i > 0; i--) {
      group = (group << 8) | (b[at++]! ^ flip ^ first)
      first = 0
    }
    if (digits + count > SAFE_DIGITS) {
      whole = whole * BIG_POWERS[digits]! + BigInt(part)
      part = 0
      digits = 0
    }
    part = part * POWERS[count]! + group
    digits += count
  }
  const size = whole === 0n ? BigInt(part) : whole * BIG_POWERS[digits]! + BigInt(part)
  return flip === 0 ? size : -size
}

/** Why the text at `p` is no value; found by its length in front of it, since an empty text has no byte of its own. */
function noValue(why: string, p: number): ValueProblem {
  return new ValueProblem(why, p - 1)
}

/** A whole number of at most 15 digits. */
function readInteger(b: Buffer, p: number, n: number): number {
  const negative = b[p] === 45
  let v = 0
  for (let i = negative ? p + 1 : p; i < p + n; i++) {
    const digit = b[i]! - 48
    if (!(digit >= 0 && digit <= 9)) throw noValue('it is not a whole number', p)
    v = v * 10 + digit
  }
  if (n === 0 || n > SAFE_DIGITS + 1) throw noValue('it is not a number of its type', p)
  return negative && v !== 0 ? -v : v
}

function readBigInteger(b: Buffer, p: number, n: number): bigint {
  return n <= SAFE_DIGITS ? BigInt(readInteger(b, p, n)) : wholeOf(b.toString('latin1', p, p + n), p)
}

function wholeOf(text: string, p: number): bigint {
  if (!/^-?\d+$/.test(text)) throw noValue('it is not a whole number', p)
  return BigInt(text)
}

/** The text of a DECIMAL, times 10^scale. */
function readDecimalText(b: Buffer, p: number, n: number, scale: number): bigint {
  const text = b.toString('latin1', p, p + n)
  const point = text.indexOf('.')
  const behind = point === -1 ? 0 : n - point - 1
  if (behind > scale) throw noValue(`it has ${behind} digits behind the point, where its type has ${scale}`, p)
  return wholeOf(text.replace('.', '') + '0'.repeat(scale - behind), p)
}

function readDoubleText(b: Buffer, p: number, n: number): number {
  return finite(n === 0 ? Number.NaN : Number(b.toString('latin1', p, p + n)), p - 1)
}

/** Text of the text protocol gives a FLOAT as a double of the same value. */
function readFloatText(b: Buffer, p: number, n: number): number {
  return Math.fround(readDoubleText(b, p, n))
}

/** Up to so many characters a text is made faster without a native call. */
const SHORT = 12

/** Makes a text of as many ASCII characters as its index says, which stand in `b` from `p` on. */
const SHORT_TEXTS = Array.from({ length: SHORT + 1 }, (_, n) => {
  const bytes = Array.from({ length: n }, (_, i) => `b[p+${i}]`)
  return new Function('b', 'p', `return String.fromCharCode(${bytes.join(',')})`) as (b: Buffer, p: number) => string
})

/** What `toString('latin1')` calls: a third faster for the lengths that columns have. Every Buffer has it, its declaration not. */
interface NativeSlices {
  latin1Slice(from: number, to: number): string
}

function readAscii(b: Buffer, p: number, n: number): string {
  return n <= SHORT ? SHORT_TEXTS[n]!(b, p) : (b as Buffer & NativeSlices).latin1Slice(p, p + n)
}

function readUtf8(b: Buffer, p: number, n: number): string {
  if (isAscii(b, p, n)) return readAscii(b, p, n)
  const text = b.toString('utf8', p, p + n)
  // Bytes that are no UTF-8 become this character, and then nobody could tell.
  if (text.includes('\ufffd') && !isUtf8(b.subarray(p, p + n))) throw new ValueProblem('its text is not valid UTF-8', p)
  return text
}

/** Valid as long as the image is. */
function readBytes(b: Buffer, p: number, n: number): Uint8Array {
  return b.subarray(p, p + n)
}

function copyOfBytes(b: Buffer, p: number, n: number): Uint8Array {
  return Buffer.from(b.subarray(p, p + n))
}

/** Most room that is kept from one value to the next. */
const KEPT_BYTES = 65_536
const room: Buffer = Buffer.allocUnsafeSlow(KEPT_BYTES)

/** Room for a value that is written before it is read; the next call may hand out the same. */
function roomFor(bytes: number): Buffer {
  return bytes <= KEPT_BYTES ? room : Buffer.allocUnsafeSlow(bytes)
}

/** Everything that generated code of a value reader calls by name. */
export const READERS = {
  ...WRITERS,
  copyOfBytes,
  isAscii,
  readAscii,
  readBigInteger,
  readBits,
  readBytes,
  readDecimal,
  readDecimalText,
  readDouble,
  readDoubleText,
  readFloat,
  readFloatText,
  readInt64,
  readInteger,
  readUint64,
  readUtf8,
  roomFor,
}
