import * as zlib from 'node:zlib'
import { sourceViewOf } from './byte-view.js'

/** Tables for one byte and for bytes that one, two, three others follow ("slicing by four"). */
const T0 = new Int32Array(256)
const T1 = new Int32Array(256)
const T2 = new Int32Array(256)
const T3 = new Int32Array(256)
for (let i = 0; i < 256; i++) {
  let c = i
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
  T0[i] = c
}
for (let i = 0; i < 256; i++) {
  T1[i] = T0[T0[i]! & 255]! ^ (T0[i]! >>> 8)
  T2[i] = T0[T1[i]! & 255]! ^ (T1[i]! >>> 8)
  T3[i] = T0[T2[i]! & 255]! ^ (T2[i]! >>> 8)
}

/** zlib.crc32 exists since Node 20.15 and 22.2. */
const native = (zlib as { crc32?: typeof zlib.crc32 }).crc32

/** Below this length the call into zlib costs more than the tables. */
const NATIVE_FROM = 256

/** CRC32 (IEEE, as zlib) of `buffer[start..end)`, unsigned. */
export function crc32(buffer: Buffer, start: number, end: number): number {
  if (native !== undefined && end - start >= NATIVE_FROM) return native(buffer.subarray(start, end))
  return tableCrc32(buffer, start, end)
}

/** The same without zlib. */
export function tableCrc32(buffer: Uint8Array, start: number, end: number): number {
  const view = sourceViewOf(buffer)
  let c = -1
  let i = start
  for (; i + 4 <= end; i += 4) {
    c ^= view.getInt32(i, true)
    c = T3[c & 255]! ^ T2[(c >>> 8) & 255]! ^ T1[(c >>> 16) & 255]! ^ T0[c >>> 24]!
  }
  for (; i < end; i++) c = T0[(c ^ buffer[i]!) & 255]! ^ (c >>> 8)
  return ~c >>> 0
}
