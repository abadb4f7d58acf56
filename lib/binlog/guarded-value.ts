import type { FieldGuard } from './field-guard.js'
import { refuseBytes, refuseDate, refuseNumber } from './refused-value.js'
import { writeClock, writeDay } from './write-temporal.js'

/** The exact judgements behind the first comparison that `guardCode` makes; each looks at the text in `o[from..to)`. */

/**
 * Is the "YYYY-MM-DD" at `o[q]` no date of StarRocks: month or day 0, month beyond 12, or a day that its month does not
 * have? February of the year 0 has 28 days for MySQL, so its 29th counts as none.
 */
export function isNoDate(o: Uint8Array, q: number): boolean {
  const year = digits(o, q) * 100 + digits(o, q + 2)
  const month = digits(o, q + 5)
  const day = digits(o, q + 8)
  return month === 0 || month > 12 || day === 0 || day > daysOf(year, month)
}

function digits(o: Uint8Array, q: number): number {
  return o[q]! * 10 + o[q + 1]! - 528
}

function daysOf(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return year > 0 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

/** The least DATE or DATETIME of StarRocks. */
export function writeLeastDate(o: Uint8Array, q: number, timed: boolean): number {
  const at = writeDay(o, q, 0, 1, 1)
  if (!timed) return at
  o[at] = 32
  return writeClock(o, at + 1, 0, 0, 0)
}

/** A key date that may have no place in the target: the wholly zero one becomes the least; returns the offset behind it. */
export function writeKeyDate(
  guard: FieldGuard,
  column: number,
  o: Uint8Array,
  from: number,
  to: number,
  timed: boolean,
): number {
  if (isNoDate(o, from)) {
    for (let i = from; i < to; i++)
      if (o[i]! > 48 && o[i]! < 58)
        refuseDate(
          column,
          o,
          from,
          to,
          `which ${guard.target} cannot hold: in keys only the wholly zero date has a place`,
        )
    return writeLeastDate(o, from, timed)
  }
  if (digits(o, from) + digits(o, from + 2) === 0 && digits(o, from + 5) === 1 && digits(o, from + 8) === 1)
    refuseDate(column, o, from, to, `the date that stands for 0000-00-00 in the key of ${guard.target}`)
  return to
}

export function checkInteger(
  guard: FieldGuard,
  column: number,
  o: Uint8Array,
  from: number,
  to: number,
  { min, max }: { readonly min: bigint; readonly max: bigint },
): void {
  const value = BigInt(String.fromCharCode(...o.subarray(from, to)))
  if (value < min || value > max) refuseNumber(guard, column, o, from, to)
}

/** Digits before the decimal point; a single zero there is none. */
export function checkWholeDigits(
  guard: FieldGuard,
  column: number,
  o: Uint8Array,
  from: number,
  to: number,
  most: number,
): void {
  let at = o[from] === 45 ? from + 1 : from
  if (o[at] === 48) at++
  const first = at
  while (at < to && o[at] !== 46) at++
  if (at - first > most) refuseNumber(guard, column, o, from, to)
}

/** Text inside a JSON string: an escape is one byte. Control characters are the only ones written as \u00xx. */
export function checkJsonText(
  guard: FieldGuard,
  column: number,
  o: Uint8Array,
  from: number,
  to: number,
  most: number,
): void {
  let bytes = to - from
  for (let i = from; i < to; i++)
    if (o[i] === 92) {
      const escaped = o[i + 1] === 117 ? 5 : 1
      bytes -= escaped
      i += escaped
    }
  if (bytes > most) refuseBytes(guard, column, bytes, most)
}

export function checkBase64(
  guard: FieldGuard,
  column: number,
  o: Uint8Array,
  from: number,
  to: number,
  most: number,
): void {
  const padding = o[to - 2] === 61 ? 2 : o[to - 1] === 61 ? 1 : 0
  const bytes = ((to - from) / 4) * 3 - padding
  if (bytes > most) refuseBytes(guard, column, bytes, most)
}
