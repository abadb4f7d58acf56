import { writePadded, writePair, writeUint32 } from './write-int.js'
import { writeClock, writeDay, writeInstant, writeZeroInstant } from './write-temporal.js'

/**
 * MariaDB's own times with fractions of a second, in tables made before 10.1 or with mysql56_temporal_format = OFF
 * (sql/field.cc, Field_time_hires and its neighbours): one big-endian number in units of the column's last digit. The table
 * map does not carry the digits.
 */

const TIME_BYTES = [3, 4, 4, 5, 5, 5, 6]
const DATETIME_BYTES = [5, 6, 6, 7, 7, 7, 8]
const FRACTION_BYTES = [0, 1, 1, 2, 2, 3, 3]
/** Times are stored from here on, so that negative ones sort first: 838:59:59 and a second. */
const TIME_ZERO_SECONDS = 3_020_400

/** Bytes of a value with 1 to 6 digits. */
export function hiresTimeBytes(digits: number): number {
  return TIME_BYTES[digits]!
}

export function hiresDatetimeBytes(digits: number): number {
  return DATETIME_BYTES[digits]!
}

export function hiresTimestampBytes(digits: number): number {
  return 4 + FRACTION_BYTES[digits]!
}

/** "-12:34:56.78" */
export function writeHiresTime(o: Uint8Array, q: number, b: Uint8Array, p: number, digits: number): number {
  const unit = 10 ** digits
  let value = 0
  for (let i = 0; i < TIME_BYTES[digits]!; i++) value = value * 256 + b[p + i]!
  value -= TIME_ZERO_SECONDS * unit
  let at = q
  if (value < 0) {
    o[at++] = 45
    value = -value
  }
  const seconds = Math.floor(value / unit)
  const hours = Math.floor(seconds / 3600)
  at = hours < 100 ? writePair(o, at, hours) : writeUint32(o, at, hours)
  o[at] = 58
  writePair(o, at + 1, Math.floor(seconds / 60) % 60)
  o[at + 3] = 58
  at = writePair(o, at + 4, seconds % 60)
  o[at] = 46
  return writePadded(o, at + 1, value - seconds * unit, digits)
}

/** "2024-02-29 12:34:56.78" */
export function writeHiresDatetime(o: Uint8Array, q: number, b: Uint8Array, p: number, digits: number): number {
  const unit = 10 ** digits
  // Six digits go beyond 2^53, so that the number is divided byte by byte.
  let seconds = 0
  let fraction = 0
  for (let i = 0; i < DATETIME_BYTES[digits]!; i++) {
    const rest = fraction * 256 + b[p + i]!
    const whole = Math.floor(rest / unit)
    seconds = seconds * 256 + whole
    fraction = rest - whole * unit
  }
  const days = Math.floor(seconds / 86_400)
  const clock = seconds - days * 86_400
  const months = Math.floor(days / 32)
  let at = writeDay(o, q, Math.floor(months / 13), months % 13, days % 32)
  o[at] = 32
  at = writeClock(o, at + 1, Math.floor(clock / 3600), Math.floor(clock / 60) % 60, clock % 60)
  o[at] = 46
  return writePadded(o, at + 1, fraction, digits)
}

/** "2024-02-29 12:34:56.78" in the zone that `offsetAt` tells the offset of, in seconds. */
export function writeHiresTimestamp(
  o: Uint8Array,
  q: number,
  b: Uint8Array,
  p: number,
  digits: number,
  offsetAt: (utcSeconds: number) => number,
): number {
  const seconds = ((b[p]! << 24) | (b[p + 1]! << 16) | (b[p + 2]! << 8) | b[p + 3]!) >>> 0
  let fraction = 0
  for (let i = 0; i < FRACTION_BYTES[digits]!; i++) fraction = fraction * 256 + b[p + 4 + i]!
  const at = seconds === 0 ? writeZeroInstant(o, q) : writeInstant(o, q, seconds + offsetAt(seconds))
  o[at] = 46
  return writePadded(o, at + 1, fraction, digits)
}
