import { Failure } from '../model/failure.js'
import type { Value, ValueType } from '../model/value.js'
import { sourceViewOf, targetViewOf } from './byte-view.js'
import { writeAscii, writeNumber } from './write-float.js'
import { writePadded, writeUint53 } from './write-int.js'

const FIRST_BYTES = 65_536
/** Most room that is kept when there is no need for it. */
const KEPT_BYTES = 4_194_304
/** From this length on native copying is faster than a loop. */
const NATIVE_FROM = 256
/** The longest length that fits one byte. */
const SHORT = 250
const NULL = 251
/** Strings of up to so many characters have at most SHORT bytes. */
const SHORT_CHARACTERS = 83
/** Digits of a DECIMAL, sign and point; and no other number is longer. */
const NUMBER_BYTES = 128

const NOTHING = Buffer.alloc(0)

/**
 * Writes extended images into a buffer that grows: an image's own bytes (`copy`), then added values, each as the text protocol
 * carries it. Together they stand in `buffer` up to `end`: from 0, or from where `begin` left `end`.
 */
export class TextValueWriter {
  /** Another one whenever room is needed. */
  buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  end = 0
  /** What `begin` has put at the front of `buffer`. */
  #source: Buffer = NOTHING
  #from = 0
  #to = 0

  /** Begins anew: what was written before is no longer valid. */
  reset(): void {
    if (this.buffer.length > KEPT_BYTES && this.end <= FIRST_BYTES) this.buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
    this.end = 0
    this.#source = NOTHING
  }

  /** Begins anew, with images that stand in `source[from..to)` and will be copied: all at once is faster. */
  begin(source: Buffer, from: number, to: number): void {
    this.reset()
    const q = this.#room(to - from)
    copyBytes(source, from, to - from, this.buffer, q)
    this.end = q + to - from
    this.#source = source
    this.#from = from
    this.#to = to
  }

  /** The bytes `source[from..to)` as they are. */
  copy(source: Buffer, from: number, to: number): void {
    const bytes = to - from
    if (source === this.#source && from >= this.#from && to <= this.#to && bytes >= 16) {
      const q = this.#room(bytes)
      this.buffer.copyWithin(q, from - this.#from, to - this.#from)
      this.end = q + bytes
      return
    }
    const q = this.#room(bytes)
    copyBytes(source, from, bytes, this.buffer, q)
    this.end = q + bytes
  }

  null(): void {
    const q = this.#room(1)
    this.buffer[q] = NULL
    this.end = q + 1
  }

  /** Text in UTF-8. */
  text(value: string): void {
    const n = value.length
    if (n > SHORT_CHARACTERS) {
      const bytes = Buffer.byteLength(value)
      this.#length(bytes)
      const q = this.#room(bytes)
      this.end = q + this.buffer.write(value, q, 'utf8')
      return
    }
    const q = this.#room(1 + 3 * n)
    const { buffer } = this
    for (let i = 0; i < n; i++) {
      const c = value.charCodeAt(i)
      if (c >= 128) {
        const bytes = buffer.write(value, q + 1, 'utf8')
        buffer[q] = bytes
        this.end = q + 1 + bytes
        return
      }
      buffer[q + 1 + i] = c
    }
    buffer[q] = n
    this.end = q + 1 + n
  }

  /** A value's bytes, or its text as UTF-8. */
  bytes(value: Uint8Array): void {
    this.span(value, 0, value.length)
  }

  /** The value whose bytes, or text as UTF-8, are `source[from..to)`. */
  span(source: Uint8Array, from: number, to: number): void {
    const bytes = to - from
    this.#length(bytes)
    const q = this.#room(bytes)
    copyBytes(source, from, bytes, this.buffer, q)
    this.end = q + bytes
  }

  /** A value of so many bytes, which the caller writes into `buffer`, from the offset on that is returned. */
  open(bytes: number): number {
    const { buffer, end } = this
    if (bytes <= SHORT && end + 1 + bytes <= buffer.length) {
      buffer[end] = bytes
      this.end = end + 1 + bytes
      return end + 1
    }
    this.#length(bytes)
    const q = this.#room(bytes)
    this.end = q + bytes
    return q
  }

  /**
   * A value of this type, as the stream would write it.
   * @throws Failure internal for a value that is none of the type's
   */
  value(value: Value, type: ValueType): void {
    if (value === null) this.null()
    else if (typeof value === 'string' && isText(type)) this.text(value)
    else if (type.kind === 'bytes' && typeof value === 'object') this.bytes(value)
    else this.#number(value, type)
  }

  #number(value: number | bigint | string | Uint8Array, type: ValueType): void {
    const q = this.#room(1 + NUMBER_BYTES)
    const { buffer } = this
    const at = q + 1
    let end = -1
    switch (type.kind) {
      case 'integer':
      case 'bit':
        if (typeof value === 'number' && Number.isSafeInteger(value)) end = writeWhole(buffer, at, value)
        else if (typeof value === 'bigint') end = writeAscii(buffer, at, `${value}`)
        break
      case 'decimal':
        if (typeof value === 'bigint') end = writeDecimal(buffer, at, value, type.scale)
        break
      case 'double':
        if (typeof value === 'number' && Number.isFinite(value)) end = writeNumber(buffer, at, value, 0)
        break
      case 'year':
        if (typeof value === 'number' && value >= 0 && value <= 9999) end = writePadded(buffer, at, value, 4)
        break
    }
    if (end === -1 || end - at > NUMBER_BYTES)
      throw new Failure('internal', `a ${typeof value} was written as a value of type ${JSON.stringify(type)}`)
    buffer[q] = end - at
    this.end = end
  }

  /** Room for `bytes` more; where they begin. */
  #room(bytes: number): number {
    const { buffer, end } = this
    if (end + bytes <= buffer.length) return end
    this.buffer = Buffer.allocUnsafeSlow(Math.max(2 * buffer.length, end + bytes))
    buffer.copy(this.buffer, 0, 0, end)
    return end
  }

  #length(bytes: number): void {
    const q = this.#room(9)
    const { buffer } = this
    if (bytes <= SHORT) {
      buffer[q] = bytes
      this.end = q + 1
    } else if (bytes < 65_536) {
      buffer[q] = 252
      this.end = buffer.writeUInt16LE(bytes, q + 1)
    } else if (bytes < 16_777_216) {
      buffer[q] = 253
      this.end = buffer.writeUIntLE(bytes, q + 1, 3)
    } else {
      buffer[q] = 254
      this.end = buffer.writeUInt32LE(0, buffer.writeUInt32LE(bytes, q + 1))
    }
  }
}

/** Kinds whose values are texts as they are. */
function isText({ kind }: ValueType): boolean {
  switch (kind) {
    case 'text':
    case 'json':
    case 'date':
    case 'datetime':
    case 'time':
      return true
    default:
      return false
  }
}

function writeWhole(o: Buffer, q: number, value: number): number {
  if (value >= 0) return writeUint53(o, q, value)
  o[q] = 45
  return writeUint53(o, q + 1, -value)
}

/** All digits of the scale, and at least one in front of the point. */
function writeDecimal(o: Buffer, q: number, value: bigint, scale: number): number {
  const negative = value < 0n
  const digits = `${negative ? -value : value}`.padStart(scale + 1, '0')
  const whole = digits.length - scale
  const text = scale === 0 ? digits : `${digits.slice(0, whole)}.${digits.slice(whole)}`
  return writeAscii(o, q, negative ? `-${text}` : text)
}

/** One byte, so many times. */
export function fillBytes(o: Buffer, q: number, n: number, byte: number): void {
  if (n < 8) {
    for (let i = 0; i < n; i++) o[q + i] = byte
    return
  }
  const to = targetViewOf(o)
  const word = Math.imul(byte, 0x0101_0101)
  for (let i = 0; i + 8 <= n; i += 8) {
    to.setInt32(q + i, word, true)
    to.setInt32(q + i + 4, word, true)
  }
  // What is left, together with some that are filled already.
  to.setInt32(q + n - 8, word, true)
  to.setInt32(q + n - 4, word, true)
}

/** Images are short and many: up to a length they are copied without the view that a native call needs of each. */
function copyBytes(b: Uint8Array, p: number, n: number, o: Buffer, q: number): void {
  if (n >= NATIVE_FROM) {
    o.set(b.subarray(p, p + n), q)
    return
  }
  let i = 0
  if (n >= 16) {
    const from = sourceViewOf(b)
    const to = targetViewOf(o)
    for (; i + 16 <= n; i += 16) {
      const first = from.getInt32(p + i, true)
      const second = from.getInt32(p + i + 4, true)
      const third = from.getInt32(p + i + 8, true)
      const fourth = from.getInt32(p + i + 12, true)
      to.setInt32(q + i, first, true)
      to.setInt32(q + i + 4, second, true)
      to.setInt32(q + i + 8, third, true)
      to.setInt32(q + i + 12, fourth, true)
    }
  }
  for (; i < n; i++) o[q + i] = b[p + i]!
}
