import { isInline, JSONB, MAX_JSON_DEPTH } from './json-type.js'
import { ValueProblem } from './value-problem.js'
import { decimalBytes, WIRE } from './wire-type.js'
import { writeDecimal } from './write-decimal.js'
import { writeAscii, writeShortest } from './write-float.js'
import { writeInt32, writeInt64At, writeUint32, writeUint64At } from './write-int.js'
import { writePackedDatetime, writePackedTime } from './write-temporal.js'
import { writeBase64, writeConstant, writeJsonText } from './write-text.js'

/** The server breaks base64 into lines of 76 letters. */
const BASE64_LINE_BYTES = 57

/** Whole digits are counted in nines, so a DECIMAL(65,30) says 66: nine groups are most (strings/decimal.cc). */
const MAX_DECIMAL_DIGITS = 81

const LITERALS = [Buffer.from('null'), Buffer.from('true'), Buffer.from('false')]

/** Text bytes per document byte are never more than this, plus a few: a control character as \u0001. */
export const JSON_RATIO = 6
export const JSON_EXTRA = 64

/** The document being written: offsets inside it are relative to `base` and checked against `end`. */
let source: Buffer = Buffer.alloc(0)
let out: Buffer = source
let end = 0
let outEnd = 0

/**
 * Writes the document at `b[p..p+n)` as the server prints it: ", " and ": " between the parts, keys in stored order.
 * An empty document is JSON null, as the server reads it.
 * Throws ValueProblem for a document that contradicts itself, before it writes more than JSON_RATIO * n + JSON_EXTRA.
 */
export function writeJson(b: Buffer, p: number, n: number, o: Buffer, q: number): number {
  if (n === 0) return writeConstant(o, q, LITERALS[0]!)
  source = b
  out = o
  end = p + n
  outEnd = q + n * JSON_RATIO
  const at = writeValue(q, b[p]!, p + 1, 1)
  if (at > outEnd + JSON_EXTRA) throw new ValueProblem('its JSON document is larger than its bytes', p)
  return at
}

function writeValue(q: number, type: number, p: number, depth: number): number {
  if (q > outEnd) throw new ValueProblem('its JSON document is larger than its bytes', p)
  switch (type) {
    case JSONB.SMALL_OBJECT:
      return writeContainer(q, p, depth, true, 2)
    case JSONB.LARGE_OBJECT:
      return writeContainer(q, p, depth, true, 4)
    case JSONB.SMALL_ARRAY:
      return writeContainer(q, p, depth, false, 2)
    case JSONB.LARGE_ARRAY:
      return writeContainer(q, p, depth, false, 4)
    case JSONB.LITERAL: {
      const literal = LITERALS[source[need(p, 1)]!]
      if (literal === undefined) throw new ValueProblem('its JSON document holds an unknown literal', p)
      return writeConstant(out, q, literal)
    }
    case JSONB.INT16:
      return writeInt32(out, q, (readShort(need(p, 2)) << 16) >> 16)
    case JSONB.UINT16:
      return writeUint32(out, q, readShort(need(p, 2)))
    case JSONB.INT32:
      return writeInt32(out, q, readLong(need(p, 4)))
    case JSONB.UINT32:
      return writeUint32(out, q, readLong(need(p, 4)) >>> 0)
    case JSONB.INT64:
      return writeInt64At(out, q, source, need(p, 8))
    case JSONB.UINT64:
      return writeUint64At(out, q, source, need(p, 8))
    case JSONB.DOUBLE:
      return writeJsonDouble(q, source.readDoubleLE(need(p, 8)), p)
    case JSONB.STRING: {
      const size = readLength(p)
      return writeString(q, lengthEnd, size)
    }
    case JSONB.OPAQUE:
      return writeOpaque(q, p)
    default:
      throw new ValueProblem(`its JSON document holds a value of unknown type ${type}`, p)
  }
}

/**
 * Object or array at `p`: count, size, for objects key entries (offset, 2-byte length), value entries (type, offset or
 * the value itself when it fits); offsets are relative to `p` and, like count and size, of `width` bytes.
 */
function writeContainer(q: number, p: number, depth: number, isObject: boolean, width: 2 | 4): number {
  if (depth > MAX_JSON_DEPTH) throw new ValueProblem(`its JSON document is deeper than ${MAX_JSON_DEPTH}`, p)
  need(p, 2 * width)
  const count = readOffset(p, width)
  const keys = p + 2 * width
  const values = keys + (isObject ? count * (width + 2) : 0)
  need(p, values - p + count * (1 + width))
  let at = q
  out[at++] = isObject ? 123 : 91
  for (let i = 0; i < count; i++) {
    if (i > 0) {
      out[at] = 44
      out[at + 1] = 32
      at += 2
    }
    if (isObject) {
      const key = keys + i * (width + 2)
      at = writeString(at, p + readOffset(key, width), readShort(key + width))
      out[at] = 58
      out[at + 1] = 32
      at += 2
    }
    const entry = values + i * (1 + width)
    const type = source[entry]!
    at = writeValue(at, type, isInline(type, width) ? entry + 1 : p + readOffset(entry + 1, width), depth + 1)
  }
  out[at] = isObject ? 125 : 93
  return at + 1
}

function writeString(q: number, p: number, n: number): number {
  need(p, n)
  if (q + n > outEnd) throw new ValueProblem('its JSON document is larger than its bytes', p)
  out[q] = 34
  const at = writeJsonText(source, p, n, out, q + 1)
  out[at] = 34
  return at + 1
}

/** As the server prints it: a whole number without exponent gets ".0". */
function writeJsonDouble(q: number, v: number, p: number): number {
  if (v - v !== 0) throw new ValueProblem('its JSON document holds a number that is not finite', p)
  const at = writeShortest(out, q, v)
  for (let i = q; i < at; i++) if (out[i] === 46 || out[i] === 101) return at
  out[at] = 46
  out[at + 1] = 48
  return at + 2
}

/** A value of a column type: type byte, length, bytes. Decimals print as numbers, times as strings, others as base64. */
function writeOpaque(q: number, p: number): number {
  const type = source[need(p, 1)]!
  const size = readLength(p + 1)
  const data = need(lengthEnd, size)
  switch (type) {
    case WIRE.NEWDECIMAL: {
      const precision = size < 2 ? 0 : source[data]!
      const scale = size < 2 ? 0 : source[data + 1]!
      if (
        precision < 1 ||
        precision > MAX_DECIMAL_DIGITS ||
        scale > precision ||
        size !== 2 + decimalBytes(precision, scale)
      )
        throw new ValueProblem('its JSON document holds a damaged decimal', p)
      return writeDecimal(out, q, source, data + 2, precision, scale)
    }
    case WIRE.DATE:
    case WIRE.DATETIME:
    case WIRE.TIMESTAMP:
    case WIRE.TIME: {
      if (size !== 8) throw new ValueProblem('its JSON document holds a damaged time', p)
      out[q] = 34
      const at =
        type === WIRE.TIME
          ? writePackedTime(out, q + 1, source, data)
          : writePackedDatetime(out, q + 1, source, data, type === WIRE.DATE)
      out[at] = 34
      return at + 1
    }
    default: {
      let at = writeAscii(out, q, `"base64:type${type}:`)
      for (let from = 0; from < size; from += BASE64_LINE_BYTES) {
        if (from > 0) at = writeAscii(out, at, '\\n')
        at = writeBase64(source, data + from, Math.min(BASE64_LINE_BYTES, size - from), out, at)
      }
      out[at] = 34
      return at + 1
    }
  }
}

/** Where the bytes behind the length that readLength read last begin. */
let lengthEnd = 0

/** Seven bits per byte, lowest first; the high bit says that another byte follows. */
function readLength(p: number): number {
  let value = 0
  for (let i = 0; i < 5; i++) {
    const byte = source[need(p + i, 1)]!
    value += (byte & 127) * 2 ** (7 * i)
    if (byte < 128) {
      lengthEnd = p + i + 1
      return value
    }
  }
  throw new ValueProblem('its JSON document holds a damaged length', p)
}

function readOffset(p: number, width: 2 | 4): number {
  return width === 2 ? readShort(p) : readLong(p) >>> 0
}

/** Byte by byte: a Buffer's own methods check each time what `need` has checked for the whole. */
function readShort(p: number): number {
  return source[p]! | (source[p + 1]! << 8)
}

function readLong(p: number): number {
  return source[p]! | (source[p + 1]! << 8) | (source[p + 2]! << 16) | (source[p + 3]! << 24)
}

function need(p: number, n: number): number {
  if (p + n > end) throw new ValueProblem('its JSON document points outside itself', Math.min(p, end))
  return p
}
