import { dateOfDays, dayNumber, daysInMonth, isWhole, movedMicros } from './calendar.js'
import { DAY_MICROS, dateText, type Moment, momentOf, momentText } from './calendar-text.js'
import type { IntervalUnit } from './syntax.js'

const MICROS: Readonly<Record<string, number>> = {
  microsecond: 1,
  second: 1_000_000,
  minute: 60_000_000,
  hour: 3_600_000_000,
  day: DAY_MICROS,
  week: 7 * DAY_MICROS,
}
const MONTHS: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12 }

/**
 * A date (`digits` null) or a date with time, later by an interval; null for zero dates and beyond the years 0 to 9999.
 */
export function addedInterval(text: string, amount: number, unit: IntervalUnit, digits: number | null): string | null {
  const moment = momentOf(text)
  if (!Number.isSafeInteger(amount)) return null
  const moved = unit in MONTHS ? movedMonths(moment, amount * MONTHS[unit]!) : movedBy(moment, amount, unit)
  if (moved === null || moved.year > 9999) return null
  return digits === null ? dateText(moved.year, moved.month, moved.day) : momentText(moved, digits)
}

function movedMonths(moment: Moment, months: number): Moment | null {
  if (moment.month === 0 || moment.day === 0) return null
  const total = moment.year * 12 + moment.month - 1 + months
  if (total < 0 || total >= 120_000) return null
  const year = Math.floor(total / 12)
  const month = (total % 12) + 1
  return { ...moment, year, month, day: Math.min(moment.day, daysInMonth(year, month)) }
}

function movedBy(moment: Moment, amount: number, unit: IntervalUnit): Moment | null {
  if (!isWhole(moment)) return null
  if (unit === 'day' || unit === 'week') {
    const days = dayNumber(moment.year, moment.month, moment.day) + amount * (unit === 'week' ? 7 : 1)
    const date = dateOfDays(days)
    return date === null ? null : { ...date, micros: moment.micros }
  }
  // Split, for the microseconds of ten thousand years are no exact double.
  const unitMicros = MICROS[unit]!
  const perDay = DAY_MICROS / unitMicros
  const days = Math.trunc(amount / perDay)
  const whole = movedBy(moment, days, 'day')
  return whole === null ? null : movedMicros(whole, (amount - days * perDay) * unitMicros)
}

/** Whole units, seconds or more, from one date with time to another, towards zero; null for zero dates. */
export function timestampDifference(unit: IntervalUnit, fromText: string, toText: string): number | null {
  const [from, to] = [momentOf(fromText), momentOf(toText)]
  if (!isWhole(from) || !isWhole(to)) return null
  const days = dayNumber(to.year, to.month, to.day) - dayNumber(from.year, from.month, from.day)
  const micros = to.micros - from.micros
  if (unit in MONTHS) return Math.trunc(monthsBetween(from, to, days, micros) / MONTHS[unit]!) + 0
  const unitMicros = MICROS[unit]!
  const seconds = days * 86_400 + Math.trunc(micros / 1_000_000)
  const rest = micros % 1_000_000
  // A part of a second counts against the direction of the rest.
  const whole = seconds > 0 && rest < 0 ? seconds - 1 : seconds < 0 && rest > 0 ? seconds + 1 : seconds
  return Math.trunc(whole / (unitMicros / 1_000_000)) + 0
}

/** Microseconds from one date with time to another; null for zero dates. */
export function microsecondsBetween(fromText: string, toText: string): bigint | null {
  const [from, to] = [momentOf(fromText), momentOf(toText)]
  if (!isWhole(from) || !isWhole(to)) return null
  const days = dayNumber(to.year, to.month, to.day) - dayNumber(from.year, from.month, from.day)
  return BigInt(days) * BigInt(DAY_MICROS) + BigInt(to.micros - from.micros)
}

function monthsBetween(from: Moment, to: Moment, days: number, micros: number): number {
  if (days < 0 || (days === 0 && micros < 0)) return -monthsBetween(to, from, -days, -micros)
  const months = (to.year - from.year) * 12 + to.month - from.month
  return to.day < from.day || (to.day === from.day && micros < 0) ? months - 1 : months
}
