import { uint32 } from './event-reader.js'
import { ValueProblem } from './value-problem.js'
import type { WireColumn } from './wire-column.js'
import { decimalBytes, WIRE } from './wire-type.js'

/**
 * Where the value of `column` that begins at `b[p]` ends, its length prefix included (MySQL
 * libs/mysql/binlog/event/rows_event.h, MariaDB sql/log_event.h).
 * Throws ValueProblem when that lies behind `limit`.
 */
export function valueEnd(column: WireColumn, b: Buffer, p: number, limit: number): number {
  const fixed = fixedBytes(column)
  if (fixed !== null) return within(p + fixed, p, limit)
  const prefix = lengthBytes(column)
  within(p + prefix, p, limit)
  return within(p + prefix + readLength(b, p, prefix), p, limit)
}

/** Bytes of the length in front of a value of a type whose values differ in length. */
export function lengthBytes({ type, length }: WireColumn): number {
  const isString = type === WIRE.VARCHAR || type === WIRE.VARCHAR_COMPRESSED || type === WIRE.STRING
  return isString ? (length > 255 ? 2 : 1) : length
}

function readLength(b: Buffer, p: number, bytes: number): number {
  return bytes === 4 ? uint32(b, p) : b.readUIntLE(p, bytes)
}

function within(end: number, p: number, limit: number): number {
  if (end > limit) throw new ValueProblem(`its value is ${end - limit} bytes longer than the event`, Math.min(p, limit))
  return end
}

/** Null when values differ in length. */
function fixedBytes({ type, length, scale }: WireColumn): number | null {
  switch (type) {
    case WIRE.NULL:
      return 0
    case WIRE.TINY:
    case WIRE.YEAR:
      return 1
    case WIRE.SHORT:
      return 2
    case WIRE.INT24:
    case WIRE.DATE:
    case WIRE.NEWDATE:
    case WIRE.TIME:
      return 3
    case WIRE.LONG:
    case WIRE.FLOAT:
    case WIRE.TIMESTAMP:
      return 4
    case WIRE.LONGLONG:
    case WIRE.DOUBLE:
    case WIRE.DATETIME:
      return 8
    case WIRE.NEWDECIMAL:
      return decimalBytes(length, scale)
    case WIRE.BIT:
      return (length + 7) >> 3
    case WIRE.TIME2:
      return 3 + ((length + 1) >> 1)
    case WIRE.TIMESTAMP2:
      return 4 + ((length + 1) >> 1)
    case WIRE.DATETIME2:
      return 5 + ((length + 1) >> 1)
    case WIRE.ENUM:
    case WIRE.SET:
      return length
    default:
      return null
  }
}
