/** Decimal text of integers, written as bytes from `o[q]` on; every function returns the offset behind it. */

/** "00" to "99". */
const PAIRS = new Uint8Array(200)
for (let i = 0; i < 100; i++) {
  PAIRS[2 * i] = 48 + Math.floor(i / 10)
  PAIRS[2 * i + 1] = 48 + (i % 10)
}

/** An integer from 0 to 2^32 - 1. */
export function writeUint32(o: Uint8Array, q: number, value: number): number {
  let v = value
  if (v < 10) {
    o[q] = 48 + v
    return q + 1
  }
  if (v < 100) {
    const pair = v << 1
    o[q] = PAIRS[pair]!
    o[q + 1] = PAIRS[pair + 1]!
    return q + 2
  }
  const end =
    q +
    (v < 100_000
      ? v < 1000
        ? 3
        : v < 10_000
          ? 4
          : 5
      : v < 10_000_000
        ? v < 1_000_000
          ? 6
          : 7
        : v < 100_000_000
          ? 8
          : v < 1_000_000_000
            ? 9
            : 10)
  let e = end
  if (v > 0x7fff_ffff) {
    const rest = Math.floor(v / 100)
    const pair = (v - rest * 100) << 1
    v = rest
    e -= 2
    o[e] = PAIRS[pair]!
    o[e + 1] = PAIRS[pair + 1]!
  }
  v |= 0
  while (v >= 100) {
    const rest = (v / 100) | 0
    const pair = (v - rest * 100) << 1
    v = rest
    e -= 2
    o[e] = PAIRS[pair]!
    o[e + 1] = PAIRS[pair + 1]!
  }
  if (v >= 10) {
    o[e - 2] = PAIRS[v << 1]!
    o[e - 1] = PAIRS[(v << 1) + 1]!
  } else o[e - 1] = 48 + v
  return end
}

/** An integer from -2^31 to 2^31 - 1. */
export function writeInt32(o: Uint8Array, q: number, v: number): number {
  if (v >= 0) return writeUint32(o, q, v)
  o[q] = 45
  return writeUint32(o, q + 1, -v)
}

/** Two digits. */
export function writePair(o: Uint8Array, q: number, v: number): number {
  o[q] = PAIRS[v << 1]!
  o[q + 1] = PAIRS[(v << 1) + 1]!
  return q + 2
}

/** Exactly `digits` digits of an integer below 2^31. */
export function writePadded(o: Uint8Array, q: number, value: number, digits: number): number {
  let v = value
  let e = q + digits
  for (let left = digits; left >= 2; left -= 2) {
    const rest = (v / 100) | 0
    const pair = (v - rest * 100) << 1
    v = rest
    e -= 2
    o[e] = PAIRS[pair]!
    o[e + 1] = PAIRS[pair + 1]!
  }
  if ((digits & 1) === 1) o[q] = 48 + (v % 10)
  return q + digits
}

/** An integer from 0 to 2^53 - 1. */
export function writeUint53(o: Uint8Array, q: number, v: number): number {
  if (v < 4_294_967_296) return writeUint32(o, q, v)
  const high = Math.floor(v / 100_000_000)
  return writePadded(o, writeUint53(o, q, high), v - high * 100_000_000, 8)
}

/** high * 2^32 + low, both unsigned. */
export function writeUint64(o: Uint8Array, q: number, high: number, low: number): number {
  if (high < 2_097_152) return writeUint53(o, q, high * 4_294_967_296 + low)
  // Long division by 10^9 in base 2^16; every step fits a double.
  const a = (high / 1_000_000_000) | 0
  let t = (high - a * 1_000_000_000) * 65_536 + (low >>> 16)
  const b = Math.floor(t / 1_000_000_000)
  t = (t - b * 1_000_000_000) * 65_536 + (low & 0xffff)
  const c = Math.floor(t / 1_000_000_000)
  return writePadded(o, writeUint53(o, q, a * 4_294_967_296 + b * 65_536 + c), t - c * 1_000_000_000, 9)
}

/** The two's complement number of the unsigned halves `high` and `low`. */
export function writeInt64(o: Uint8Array, q: number, high: number, low: number): number {
  if (high < 0x8000_0000) return writeUint64(o, q, high, low)
  o[q] = 45
  return low === 0 ? writeUint64(o, q + 1, -high >>> 0, 0) : writeUint64(o, q + 1, ~high >>> 0, -low >>> 0)
}

/** Eight bytes, unsigned, little-endian: no halves are handed over, which would be objects where they exceed 31 bits. */
export function writeUint64At(o: Uint8Array, q: number, b: Uint8Array, p: number): number {
  const high = b[p + 4]! | (b[p + 5]! << 8) | (b[p + 6]! << 16) | (b[p + 7]! << 24)
  const low = b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24)
  return high === 0 ? writeUint32(o, q, low >>> 0) : writeUint64(o, q, high >>> 0, low >>> 0)
}

/** The same for the two's complement. */
export function writeInt64At(o: Uint8Array, q: number, b: Uint8Array, p: number): number {
  const high = b[p + 4]! | (b[p + 5]! << 8) | (b[p + 6]! << 16) | (b[p + 7]! << 24)
  const low = b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24)
  return high === 0 ? writeUint32(o, q, low >>> 0) : writeInt64(o, q, high >>> 0, low >>> 0)
}

/** Turns the sign of the number that stands as text in `o[q..end)`; zero stays as it is. Returns the new end. */
export function negateNumber(o: Uint8Array, q: number, end: number): number {
  if (o[q] === 45) {
    o.copyWithin(q, q + 1, end)
    return end - 1
  }
  let zero = true
  for (let i = q; i < end && zero; i++) zero = o[i] === 48 || o[i] === 46
  if (zero) return end
  o.copyWithin(q + 1, q, end)
  o[q] = 45
  return end + 1
}
