import * as zlib from 'node:zlib'
import { ValueProblem } from './value-problem.js'

/**
 * Values of MariaDB's COMPRESSED columns (sql/field.cc, compress_zlib): nothing for an empty value; else a byte whose upper
 * half is the method. 0 = the value itself follows. 8 = zlib: the lower three bits say how many bytes of length (big-endian)
 * come before the compressed ones, the fourth that these are raw deflate without header and checksum.
 */
const STORED = 0
const ZLIB = 8
const RAW = 8
const LENGTH_BYTES = 7

/** Deflate makes no more than 1032 bytes of one (zlib's technical notes), so that a damaged length is found. */
const MOST_PER_BYTE = 1032

/** Bytes of the value that `b[p..p+n)` holds, as its head says. Throws ValueProblem for a head that cannot be true. */
export function inflatedBytes(b: Buffer, p: number, n: number): number {
  if (n === 0) return 0
  const head = b[p]!
  const method = head >> 4
  if (method === STORED) return n - 1
  const width = head & LENGTH_BYTES
  if (method !== ZLIB || width < 1 || width > 4 || 1 + width > n)
    throw new ValueProblem(`its compressed value begins with the unknown byte ${head}`, p)
  const size = b.readUIntBE(p + 1, width)
  if (size > (n - 1 - width) * MOST_PER_BYTE)
    throw new ValueProblem(`its compressed value of ${n} bytes claims to be ${size} bytes`, p)
  return size
}

/** The value itself, in place when it was not compressed. Throws ValueProblem when it cannot be had. */
export function inflateValue(b: Buffer, p: number, n: number): Buffer {
  const size = inflatedBytes(b, p, n)
  const head = n === 0 ? 0 : b[p]!
  if (head >> 4 === STORED) return b.subarray(p + Math.min(n, 1), p + n)
  const packed = b.subarray(p + 1 + (head & LENGTH_BYTES), p + n)
  const value = inflate(packed, (head & RAW) !== 0, size, p)
  if (value.length !== size)
    throw new ValueProblem(`its compressed value has ${value.length} bytes where its head says ${size}`, p)
  return value
}

function inflate(packed: Buffer, raw: boolean, size: number, p: number): Buffer {
  const options = { maxOutputLength: Math.max(1, size) }
  try {
    return raw ? zlib.inflateRawSync(packed, options) : zlib.inflateSync(packed, options)
  } catch (error) {
    throw new ValueProblem(`its compressed value cannot be unpacked (${(error as Error).message})`, p)
  }
}
