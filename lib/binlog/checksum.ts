import * as zlib from 'node:zlib'

const TABLE = new Int32Array(256)
for (let i = 0; i < 256; i++) {
  let c = i
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
  TABLE[i] = c
}

/** zlib.crc32 exists since Node 20.15 and 22.2. */
const native = (zlib as { crc32?: typeof zlib.crc32 }).crc32

/** Below this length the call into zlib costs more than the table. */
const NATIVE_FROM = 96

/** CRC32 (IEEE, as zlib) of `buffer[start..end)`, unsigned. */
export function crc32(buffer: Buffer, start: number, end: number): number {
  if (native !== undefined && end - start >= NATIVE_FROM) return native(buffer.subarray(start, end))
  return tableCrc32(buffer, start, end, 0)
}

/** The same without zlib; `seed` is the CRC32 of the bytes before. */
export function tableCrc32(buffer: Uint8Array, start: number, end: number, seed: number): number {
  let c = ~seed
  for (let i = start; i < end; i++) c = TABLE[(c ^ buffer[i]!) & 255]! ^ (c >>> 8)
  return ~c >>> 0
}
