import { ValueProblem } from './value-problem.js'

/** Values of the text protocol: a length (one byte below 0xfb, or 0xfc, 0xfd, 0xfe and 2, 3, 8 bytes little-endian), then the bytes. */

const NULL = 0xfb
const TWO_BYTES = 0xfc
const THREE_BYTES = 0xfd
const EIGHT_BYTES = 0xfe

/** The length at `b[p]`, which does not fit one byte. Throws ValueProblem for a NULL, and where the row ends before it. */
export function longLength(b: Buffer, p: number): number {
  const first = b[p]
  if (first === NULL) throw new ValueProblem('a column that is NOT NULL is NULL', p)
  if (first === undefined || p + longLengthBytes(b, p) > b.length) throw new ValueProblem('the row ends too early', p)
  switch (first) {
    case TWO_BYTES:
      return b[p + 1]! | (b[p + 2]! << 8)
    case THREE_BYTES:
      return b[p + 1]! | (b[p + 2]! << 8) | (b[p + 3]! << 16)
    case EIGHT_BYTES:
      return b.readUInt32LE(p + 1) + b.readUInt32LE(p + 5) * 4_294_967_296
    default:
      throw new ValueProblem(`its length begins with the unknown byte ${first}`, p)
  }
}

/** Bytes of the length at `b[p]`, the first one included. */
export function longLengthBytes(b: Buffer, p: number): number {
  return b[p] === TWO_BYTES ? 3 : b[p] === THREE_BYTES ? 4 : 9
}

/** From this length on native copying is faster than a loop. */
const NATIVE_FROM = 64

/** Copies bytes that no separator can be among; the offset behind them. */
export function copyPlain(b: Buffer, p: number, n: number, o: Buffer, q: number): number {
  if (n >= NATIVE_FROM) b.copy(o, q, p, p + n)
  else for (let i = 0; i < n; i++) o[q + i] = b[p + i]!
  return q + n
}

/** A value as the text protocol carries it; null: NULL. */
export function textValue(bytes: Uint8Array | null): Buffer {
  if (bytes === null) return Buffer.from([NULL])
  const n = bytes.length
  if (n < NULL) return Buffer.concat([Buffer.from([n]), bytes])
  if (n < 65_536) return Buffer.concat([Buffer.from([TWO_BYTES, n & 255, n >> 8]), bytes])
  if (n < 16_777_216) return Buffer.concat([Buffer.from([THREE_BYTES, n & 255, (n >> 8) & 255, n >> 16]), bytes])
  const head = Buffer.alloc(9)
  head[0] = EIGHT_BYTES
  head.writeUInt32LE(n, 1)
  return Buffer.concat([head, bytes])
}
