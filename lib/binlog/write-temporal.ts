import { writePadded, writePair, writeUint32 } from './write-int.js'

/** Dates and times as MySQL prints them; zero dates and impossible days stay as they are. */

/** "2024-02-29" */
export function writeDay(o: Uint8Array, q: number, year: number, month: number, day: number): number {
  writePadded(o, q, year, 4)
  o[q + 4] = 45
  writePair(o, q + 5, month)
  o[q + 7] = 45
  return writePair(o, q + 8, day)
}

/** "23:59:59" */
export function writeClock(o: Uint8Array, q: number, hour: number, minute: number, second: number): number {
  writePair(o, q, hour)
  o[q + 2] = 58
  writePair(o, q + 3, minute)
  o[q + 5] = 58
  return writePair(o, q + 6, second)
}

/** ".120" from the 0 to 3 fraction bytes at `p` (big-endian, two digits each; an odd last digit is stored times ten). */
export function writeFraction(o: Uint8Array, q: number, b: Uint8Array, p: number, digits: number): number {
  let value = b[p]!
  if (digits > 2) value = (value << 8) | b[p + 1]!
  if (digits > 4) value = (value << 8) | b[p + 2]!
  o[q] = 46
  return writePadded(o, q + 1, (digits & 1) === 1 ? (value / 10) | 0 : value, digits)
}

/** DATETIME2: five bytes big-endian: sign, year * 13 + month, day, hour, minute, second. */
export function writeDatetime2(o: Uint8Array, q: number, b: Uint8Array, p: number): number {
  const yearMonth = ((b[p]! & 127) << 10) | (b[p + 1]! << 2) | (b[p + 2]! >> 6)
  const rest = ((b[p + 2]! & 63) << 16) | (b[p + 3]! << 8) | b[p + 4]!
  const year = (yearMonth / 13) | 0
  const at = writeDay(o, q, year, yearMonth - year * 13, rest >> 17)
  o[at] = 32
  return writeClock(o, at + 1, (rest >> 12) & 31, (rest >> 6) & 63, rest & 63)
}

/** TIME2: 3 to 6 bytes big-endian, one number (with the fraction) shifted so that negative times sort first. */
export function writeTime2(o: Uint8Array, q: number, b: Uint8Array, p: number, digits: number): number {
  let value = (b[p]! << 16) | (b[p + 1]! << 8) | b[p + 2]!
  let unit = 1
  if (digits > 0) {
    value = value * 256 + b[p + 3]!
    unit = 256
  }
  if (digits > 2) {
    value = value * 256 + b[p + 4]!
    unit = 65_536
  }
  if (digits > 4) {
    value = value * 256 + b[p + 5]!
    unit = 16_777_216
  }
  value -= 0x80_0000 * unit
  let at = q
  if (value < 0) {
    o[at++] = 45
    value = -value
  }
  const whole = Math.floor(value / unit)
  at = writeHours(o, at, (whole >> 12) & 1023)
  o[at] = 58
  writePair(o, at + 1, (whole >> 6) & 63)
  o[at + 3] = 58
  at = writePair(o, at + 4, whole & 63)
  if (digits === 0) return at
  const fraction = value - whole * unit
  o[at] = 46
  return writePadded(o, at + 1, (digits & 1) === 1 ? (fraction / 10) | 0 : fraction, digits)
}

function writeHours(o: Uint8Array, q: number, hours: number): number {
  return hours < 100 ? writePair(o, q, hours) : writeUint32(o, q, hours)
}

/** "1970-01-01 00:00:00" plus `local` seconds. */
export function writeInstant(o: Uint8Array, q: number, local: number): number {
  const days = Math.floor(local / 86_400)
  const clock = local - days * 86_400
  // Days since 0000-03-01, in 400-year eras.
  const z = days + 719_468
  const era = (z / 146_097) | 0
  const dayOfEra = z - era * 146_097
  const yearOfEra =
    ((dayOfEra - ((dayOfEra / 1460) | 0) + ((dayOfEra / 36_524) | 0) - ((dayOfEra / 146_096) | 0)) / 365) | 0
  const dayOfYear = dayOfEra - (365 * yearOfEra + (yearOfEra >> 2) - ((yearOfEra / 100) | 0))
  const marchMonth = ((5 * dayOfYear + 2) / 153) | 0
  const day = dayOfYear - (((153 * marchMonth + 2) / 5) | 0) + 1
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  const at = writeDay(o, q, year, month, day)
  o[at] = 32
  const hour = (clock / 3600) | 0
  const minute = ((clock - hour * 3600) / 60) | 0
  return writeClock(o, at + 1, hour, minute, clock - hour * 3600 - minute * 60)
}

/** "0000-00-00 00:00:00", what TIMESTAMP 0 stands for. */
export function writeZeroInstant(o: Uint8Array, q: number): number {
  const at = writeDay(o, q, 0, 0, 0)
  o[at] = 32
  return writeClock(o, at + 1, 0, 0, 0)
}

/** YEAR: one byte, years since 1900; 0 is the year 0000. */
export function writeYear(o: Uint8Array, q: number, value: number): number {
  return writePadded(o, q, value === 0 ? 0 : 1900 + value, 4)
}

/** DATE: three bytes little-endian: year, month (4 bits), day (5 bits). */
export function writeDate(o: Uint8Array, q: number, b: Uint8Array, p: number): number {
  const value = b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16)
  return writeDay(o, q, value >> 9, (value >> 5) & 15, value & 31)
}

/** TIME from before 5.6: three bytes little-endian, signed, digits hhhmmss. */
export function writeOldTime(o: Uint8Array, q: number, b: Uint8Array, p: number): number {
  let value = ((b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16)) << 8) >> 8
  let at = q
  if (value < 0) {
    o[at++] = 45
    value = -value
  }
  at = writeHours(o, at, (value / 10_000) | 0)
  o[at] = 58
  writePair(o, at + 1, ((value / 100) | 0) % 100)
  o[at + 3] = 58
  return writePair(o, at + 4, value % 100)
}

/** DATETIME from before 5.6: eight bytes little-endian, digits yyyymmddhhmmss. */
export function writeOldDatetime(o: Uint8Array, q: number, b: Uint8Array, p: number): number {
  const low = (b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24)) >>> 0
  const high = (b[p + 4]! | (b[p + 5]! << 8) | (b[p + 6]! << 16) | (b[p + 7]! << 24)) >>> 0
  const value = high * 4_294_967_296 + low
  const day = Math.floor(value / 1_000_000)
  const clock = value - day * 1_000_000
  const at = writeDay(o, q, (day / 10_000) | 0, ((day / 100) | 0) % 100, day % 100)
  o[at] = 32
  return writeClock(o, at + 1, (clock / 10_000) | 0, ((clock / 100) | 0) % 100, clock % 100)
}

/** JSON's DATE, DATETIME and TIMESTAMP: the fields of DATETIME2 shifted left by 24 bits of microseconds, little-endian. */
export function writePackedDatetime(o: Uint8Array, q: number, b: Uint8Array, p: number, dateOnly: boolean): number {
  const yearMonth = (b[p + 7]! << 10) | (b[p + 6]! << 2) | (b[p + 5]! >> 6)
  const rest = ((b[p + 5]! & 63) << 16) | (b[p + 4]! << 8) | b[p + 3]!
  const year = (yearMonth / 13) | 0
  let at = writeDay(o, q, year, yearMonth - year * 13, rest >> 17)
  if (dateOnly) return at
  o[at] = 32
  at = writeClock(o, at + 1, (rest >> 12) & 31, (rest >> 6) & 63, rest & 63)
  o[at] = 46
  return writePadded(o, at + 1, b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16), 6)
}

/** JSON's TIME: one signed number, hour, minute and second shifted left by 24 bits of microseconds, little-endian. */
export function writePackedTime(o: Uint8Array, q: number, b: Uint8Array, p: number): number {
  let whole = b[p + 3]! | (b[p + 4]! << 8) | (b[p + 5]! << 16) | (b[p + 6]! << 24)
  let micros = b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16)
  let at = q
  if (b[p + 7]! >= 128) {
    o[at++] = 45
    // Two's complement of the whole, borrow included.
    whole = micros === 0 ? -whole : ~whole
    micros = micros === 0 ? 0 : 0x100_0000 - micros
  }
  at = writeHours(o, at, (whole >> 12) & 1023)
  o[at] = 58
  writePair(o, at + 1, (whole >> 6) & 63)
  o[at + 3] = 58
  at = writePair(o, at + 4, whole & 63)
  o[at] = 46
  return writePadded(o, at + 1, micros, 6)
}
