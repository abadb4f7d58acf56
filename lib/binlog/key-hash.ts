import { LATIN1 } from './charset.js'
import { writeInt64, writeUint64 } from './write-int.js'

/**
 * Hashes of key values. The same text gives the same hash whatever integer or string type it comes from, so that a key
 * stays in its lane when its column is widened or re-typed: whole numbers of up to 15 digits are hashed as numbers,
 * also when they are text, everything else as UTF-8 bytes.
 */

export const HASH_SEED = 0x811c9dc5 | 0
const PRIME = 0x01000193
const MAX_NUMBER_DIGITS = 15
const NUMBER_END = 10 ** MAX_NUMBER_DIGITS
const LAST_HIGH = Math.floor(NUMBER_END / 4_294_967_296)

/** Folds a whole number of at most 15 digits into `h`. */
export function hashNumber(h: number, v: number): number {
  const high = Math.floor(v / 4_294_967_296)
  return mix(mix(h, v | 0), high)
}

export function hashUint64(h: number, high: number, low: number): number {
  if (high <= LAST_HIGH) {
    const v = high * 4_294_967_296 + low
    if (v < NUMBER_END) return hashNumber(h, v)
  }
  return hashBytes(h, digits, 0, writeUint64(digits, 0, high, low))
}

export function hashInt64(h: number, high: number, low: number): number {
  const signed = high | 0
  if (signed >= -LAST_HIGH - 1 && signed <= LAST_HIGH) {
    const v = signed * 4_294_967_296 + low
    if (v > -NUMBER_END && v < NUMBER_END) return hashNumber(h, v)
  }
  return hashBytes(h, digits, 0, writeInt64(digits, 0, high, low))
}

/** Room for the text of a number too long for a double. */
const digits = Buffer.alloc(24)

/** Folds UTF-8 text into `h`. */
export function hashText(h: number, b: Buffer, p: number, n: number): number {
  const first = b[p]!
  if (n > 0 && n <= MAX_NUMBER_DIGITS + 1 && first <= 57 && (first >= 48 || first === 45)) {
    const v = wholeNumber(b, p, n)
    if (!Number.isNaN(v)) return hashNumber(h, v)
  }
  return hashBytes(h, b, p, n)
}

/** The same for MySQL's latin1, hashed as the UTF-8 that it becomes. */
export function hashLatin1(h: number, b: Buffer, p: number, n: number): number {
  for (let i = p; i < p + n; i++) if (b[i]! >= 128) return hashLatin1Bytes(h, b, p, n)
  return hashText(h, b, p, n)
}

function hashLatin1Bytes(h: number, b: Buffer, p: number, n: number): number {
  let hash = h
  for (let i = p; i < p + n; i++) {
    const point = LATIN1[b[i]!]!
    if (point < 128) hash = Math.imul(hash ^ point, PRIME)
    else if (point < 0x800) {
      hash = Math.imul(hash ^ (0xc0 | (point >> 6)), PRIME)
      hash = Math.imul(hash ^ (0x80 | (point & 63)), PRIME)
    } else {
      hash = Math.imul(hash ^ (0xe0 | (point >> 12)), PRIME)
      hash = Math.imul(hash ^ (0x80 | ((point >> 6) & 63)), PRIME)
      hash = Math.imul(hash ^ (0x80 | (point & 63)), PRIME)
    }
  }
  return mix(hash, 0)
}

/** Folds bytes as they are into `h`. */
export function hashBytes(h: number, b: Uint8Array, p: number, n: number): number {
  let hash = h
  for (let i = p; i < p + n; i++) hash = Math.imul(hash ^ b[i]!, PRIME)
  return mix(hash, 0)
}

/** NULL in a key; differs from every text. */
export function hashNull(h: number): number {
  return mix(h, 0x9e3779b9 | 0)
}

/** Spreads the folded values over 32 bits, unsigned. */
export function finishHash(h: number): number {
  let hash = h
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function mix(h: number, v: number): number {
  const hash = Math.imul(h ^ v, 0xcc9e2d51 | 0)
  return Math.imul((hash << 15) | (hash >>> 17), 0x1b873593) ^ 0x52dce729
}

/** The number that a text is, written the one way a number is written; NaN for any other text. */
function wholeNumber(b: Buffer, p: number, n: number): number {
  const negative = b[p] === 45
  const from = negative ? p + 1 : p
  const count = negative ? n - 1 : n
  if (count < 1 || count > MAX_NUMBER_DIGITS || (b[from] === 48 && (count > 1 || negative))) return Number.NaN
  let v = 0
  for (let i = from; i < p + n; i++) {
    const digit = b[i]! - 48
    if (digit < 0 || digit > 9) return Number.NaN
    v = v * 10 + digit
  }
  return negative ? -v : v
}
