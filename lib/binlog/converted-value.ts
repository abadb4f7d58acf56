import type { BoundColumn } from './bound-column.js'
import { containsAscii, transcoderOf, UTF8_RATIO } from './transcode.js'
import { ValueProblem } from './value-problem.js'
import { writeJsonText } from './write-text.js'

/** A value that is no text as it stands in the event: it is converted into a buffer of its own, and copied from there. */
export interface ValueConverter {
  /** The value converted last, from 0 on; another buffer after a call that needed more room. */
  readonly bytes: Buffer
  /** Values whose bytes are all below 80 need no conversion. */
  readonly keepsAscii: boolean
  /** Converts `b[p..p+n)` and returns how many of `bytes` the result takes. */
  convert(b: Buffer, p: number, n: number): number
}

/** How the values of a column are converted, for text or for their bytes in base64; null = they are copied as they are. */
export function converterOf(column: BoundColumn, base64: boolean): ValueConverter | null {
  if (base64) return null
  return column.form === 'transcoded' ? new TranscodedText(column.charset!) : null
}

/** Bytes of text for a byte of the event's, at most, of a column that has a converter. */
export function convertedRatio(_column: BoundColumn): number {
  return UTF8_RATIO
}

/** Most room that is kept from one value to the next. */
const KEPT_BYTES = 65_536

/** Room that grows with the largest value and does not stay huge. */
export function roomFor(bytes: Buffer, needed: number): Buffer {
  return needed <= bytes.length && (bytes.length <= KEPT_BYTES || needed > KEPT_BYTES)
    ? bytes
    : Buffer.allocUnsafeSlow(Math.max(256, 2 ** Math.ceil(Math.log2(needed + 1))))
}

class TranscodedText implements ValueConverter {
  bytes: Buffer = Buffer.allocUnsafeSlow(256)
  readonly keepsAscii: boolean
  readonly #write

  constructor(charset: string) {
    this.keepsAscii = containsAscii(charset)
    this.#write = transcoderOf(charset)!
  }

  convert(b: Buffer, p: number, n: number): number {
    if (n * UTF8_RATIO > this.bytes.length) this.bytes = roomFor(this.bytes, n * UTF8_RATIO)
    return this.#write(b, p, n, this.bytes, 0)
  }
}

/** Converted text as the inside of a JSON string; `at` is where the value stands in the event, for a ValueProblem. */
export function writeJsonConverted(bytes: Buffer, n: number, o: Buffer, q: number, at: number): number {
  try {
    return writeJsonText(bytes, 0, n, o, q)
  } catch (error) {
    throw error instanceof ValueProblem ? new ValueProblem(error.message, at) : error
  }
}
