import { DAY_MICROS, dayOf, type Moment, momentOf, momentText, monthOf, timeText } from './calendar-text.js'

/** Dates counted and read by the rules of MySQL's proleptic Gregorian calendar, years 0 to 9999. */

/** Days since year 0, as TO_DAYS counts them. */
export function dayNumber(year: number, month: number, day: number): number {
  if (year === 0 && month === 0) return 0
  let days = 365 * year + 31 * (month - 1) + day
  let y = year
  if (month <= 2) y--
  else days -= Math.trunc((month * 4 + 23) / 10)
  return days + Math.trunc(y / 4) - Math.trunc((Math.trunc(y / 100 + 1) * 3) / 4)
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

export function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || (year % 400 === 0 && year !== 0))
}

/** Days of a month from 1 to 12. */
export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : MONTH_DAYS[month - 1]!
}

/** The date of a day number; null outside of the years 0 to 9999. */
export function dateOfDays(
  days: number,
): { readonly year: number; readonly month: number; readonly day: number } | null {
  if (days <= 365 || days > 3_652_424) return null
  let year = Math.trunc((days * 100) / 36525)
  const century = Math.trunc(((Math.trunc((year - 1) / 100) + 1) * 3) / 4)
  let dayOfYear = days - year * 365 - Math.trunc((year - 1) / 4) + century
  for (;;) {
    const length = isLeap(year) ? 366 : 365
    if (dayOfYear <= length) break
    dayOfYear -= length
    year++
  }
  let month = 1
  while (dayOfYear > daysInMonth(year, month)) dayOfYear -= daysInMonth(year, month++)
  return { year, month, day: dayOfYear }
}

/** Has the date a month and a day that its calendar knows? */
export function isWhole(moment: Moment): boolean {
  return (
    moment.month >= 1 && moment.month <= 12 && moment.day >= 1 && moment.day <= daysInMonth(moment.year, moment.month)
  )
}

/** As `isWhole`, of a date text. Only such dates can be cast (NO_ZERO_DATE, NO_ZERO_IN_DATE). */
export function isWholeText(text: string): boolean {
  const [month, day] = [monthOf(text), dayOf(text)]
  return (month >= 1 && month <= 12 && day >= 1 && day <= 28) || isWhole(momentOf(text))
}

/** Day number of a date text; null when its month or day is 0. */
export function daysOfText(text: string): number | null {
  const moment = momentOf(text)
  return isWhole(moment) ? dayNumber(moment.year, moment.month, moment.day) : null
}

/** 1 for Monday to 7 for Sunday, of a day number. */
export function isoWeekday(days: number): number {
  return ((days + 5) % 7) + 1
}

/** So many microseconds later; null beyond the years 0 to 9999. */
export function movedMicros(moment: Moment, micros: number): Moment | null {
  const total = moment.micros + micros
  const days = Math.floor(total / DAY_MICROS)
  if (days === 0) return { ...moment, micros: total }
  const date = dateOfDays(dayNumber(moment.year, moment.month, moment.day) + days)
  return date === null ? null : { ...date, micros: total - days * DAY_MICROS }
}

/** A date with time, rounded to fewer fraction digits; null when that is beyond the year 9999. */
export function roundedDatetime(text: string, digits: number): string | null {
  const moment = momentOf(text)
  const unit = 10 ** (6 - digits)
  const rest = moment.micros % unit
  if (rest * 2 < unit || rest === 0) return momentText(moment, digits)
  const isMovable = isWhole(moment) || moment.micros + unit - rest < DAY_MICROS
  const moved = isMovable ? movedMicros(moment, unit - rest) : null
  return moved === null ? null : momentText(moved, digits)
}

/** Rounds a TIME's microseconds to fewer digits. */
export function roundedTime(micros: number, digits: number): string {
  const unit = 10 ** (6 - digits)
  const size = Math.floor((Math.abs(micros) + unit / 2) / unit) * unit
  return timeText(micros < 0 ? -size : size, digits)
}

/** "-12:34:56.7", "12:34" or "1 12:34" as microseconds of a TIME; null for what is none. */
export function timeOfText(text: string): number | null {
  const match = /^[ \t]*(-?)(?:(\d+) )?(\d+):(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?[ \t]*$/.exec(text)
  if (match === null) return null
  const [, sign, days = '', hours = '', minutes = '', seconds = '', fraction = ''] = match
  if (Number(minutes) > 59 || Number(seconds) > 59) return null
  const whole = (Number(days) * 24 + Number(hours)) * 3600 + Number(minutes) * 60 + Number(seconds)
  const rounded = fraction.charAt(6) >= '5' ? 1 : 0
  const micros = whole * 1_000_000 + Number(fraction.slice(0, 6).padEnd(6, '0')) + rounded
  const clipped = Math.min(micros, (838 * 3600 + 59 * 60 + 59) * 1_000_000)
  return sign === '-' ? -clipped : clipped
}
