import type { BoundColumn } from './bound-column.js'
import { inflateValue } from './compressed-value.js'
import { containsAscii, transcoderOf, UTF8_RATIO } from './transcode.js'
import { ValueProblem } from './value-problem.js'
import { isCompressed } from './wire-type.js'
import { GEOMETRY_EXTRA, GEOMETRY_RATIO, writeGeometry } from './write-geometry.js'
import { writeJsonText } from './write-text.js'
import { VECTOR_EXTRA, VECTOR_RATIO, writeVector } from './write-vector.js'

/** A value that is no text as it stands in the event: it is converted into a buffer of its own, and copied from there. */
export interface ValueConverter {
  /** The value converted last, from 0 on; may be another buffer after every call. */
  readonly bytes: Buffer
  /** Values whose bytes are all below 80 need no conversion. */
  readonly keepsAscii: boolean
  /** Bytes that a value of n bytes (inflated, if it is compressed) becomes, at most: ratio * n + extra. */
  readonly ratio: number
  readonly extra: number
  /** Converts `b[p..p+n)` and returns how many of `bytes` the result takes. Throws ValueProblem for bytes that are no value. */
  convert(b: Buffer, p: number, n: number): number
}

/** How the values of a column are converted, into text or (for base64) bytes; null = they are copied as they are. */
export function converterOf(column: BoundColumn, base64: boolean): ValueConverter | null {
  const text = base64 ? null : textConverter(column)
  return isCompressed(column.type) ? new InflatedValue(text) : text
}

function textConverter(column: BoundColumn): ValueConverter | null {
  switch (column.form) {
    case 'transcoded':
      return new WrittenValue(transcoderOf(column.charset!)!, UTF8_RATIO, 0, containsAscii(column.charset!))
    case 'latin1':
      // What is not compressed has write functions of its own.
      return isCompressed(column.type) ? new WrittenValue(transcoderOf('latin1')!, UTF8_RATIO, 0, true) : null
    case 'geometry':
      return new WrittenValue(writeGeometry, GEOMETRY_RATIO, GEOMETRY_EXTRA, false)
    case 'vector':
      return new WrittenValue(writeVector, VECTOR_RATIO, VECTOR_EXTRA, false)
    default:
      return null
  }
}

/** Most room that is kept from one value to the next. */
const KEPT_BYTES = 65_536
const FIRST_BYTES = 256

class WrittenValue implements ValueConverter {
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)

  constructor(
    readonly write: (b: Buffer, p: number, n: number, o: Buffer, q: number) => number,
    readonly ratio: number,
    readonly extra: number,
    readonly keepsAscii: boolean,
  ) {}

  convert(b: Buffer, p: number, n: number): number {
    const needed = n * this.ratio + this.extra
    if (needed > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(2 * needed)
    else if (this.bytes.length > KEPT_BYTES && needed <= FIRST_BYTES) this.bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
    return this.write(b, p, n, this.bytes, 0)
  }
}

class InflatedValue implements ValueConverter {
  bytes: Buffer = Buffer.alloc(0)
  readonly keepsAscii = false
  readonly ratio: number
  readonly extra: number

  constructor(readonly text: ValueConverter | null) {
    this.ratio = text?.ratio ?? 1
    this.extra = text?.extra ?? 0
  }

  convert(b: Buffer, p: number, n: number): number {
    const value = inflateValue(b, p, n)
    if (this.text === null) {
      this.bytes = value
      return value.length
    }
    const length = this.text.convert(value, 0, value.length)
    this.bytes = this.text.bytes
    return length
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
