import * as zlib from 'node:zlib'
import { sourceViewOf } from './byte-view.js'

/** Eight tables of 256 in a row: for one byte, and for bytes that one to seven others follow ("slicing by eight"). */
const TABLES = new Int32Array(8 * 256)
for (let i = 0; i < 256; i++) {
  let c = i
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
  TABLES[i] = c
}
for (let i = 256; i < TABLES.length; i++) {
  const before = TABLES[i - 256]!
  TABLES[i] = TABLES[before & 255]! ^ (before >>> 8)
}

/** zlib.crc32 exists since Node 20.15 and 22.2. */
const native = (zlib as { crc32?: typeof zlib.crc32 }).crc32

/** Below this length the call into zlib costs more than the tables. */
const NATIVE_FROM = 384

/** CRC32 (IEEE, as zlib) of `buffer[start..end)`, unsigned. */
export function crc32(buffer: Buffer, start: number, end: number): number {
  if (native !== undefined && end - start >= NATIVE_FROM) return native(buffer.subarray(start, end))
  return tableCrc32(buffer, start, end)
}

/** The same without zlib. */
export function tableCrc32(buffer: Uint8Array, start: number, end: number): number {
  const view = sourceViewOf(buffer)
  const t = TABLES
  let c = -1
  let i = start
  for (; i + 8 <= end; i += 8) {
    // What does not depend on the bytes before is looked up first: the processor does it while it waits for the rest.
    const y = view.getInt32(i + 4, true)
    const rest = t[768 + (y & 255)]! ^ t[512 + ((y >>> 8) & 255)]! ^ (t[256 + ((y >>> 16) & 255)]! ^ t[y >>> 24]!)
    const x = c ^ view.getInt32(i, true)
    const first = t[1792 + (x & 255)]! ^ t[1536 + ((x >>> 8) & 255)]!
    c = rest ^ (first ^ (t[1280 + ((x >>> 16) & 255)]! ^ t[1024 + (x >>> 24)]!))
  }
  if (i + 4 <= end) {
    const x = c ^ view.getInt32(i, true)
    c = t[768 + (x & 255)]! ^ t[512 + ((x >>> 8) & 255)]! ^ (t[256 + ((x >>> 16) & 255)]! ^ t[x >>> 24]!)
    i += 4
  }
  for (; i < end; i++) c = t[(c ^ view.getUint8(i)) & 255]! ^ (c >>> 8)
  return ~c >>> 0
}
