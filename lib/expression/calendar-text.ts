/** Texts of dates and times in the server's own form: "2021-12-21", "2021-12-21 10:00:00.123", "-838:59:59". */

/** A date and time, its parts as they stand; days that no calendar has (month 0) may be among them. */
export interface Moment {
  readonly year: number
  readonly month: number
  readonly day: number
  /** Microseconds since midnight. */
  readonly micros: number
}

export const DAY_MICROS = 86_400_000_000

export function yearOf(text: string): number {
  return two(text, 0) * 100 + two(text, 2)
}

export function monthOf(text: string): number {
  return two(text, 5)
}

export function dayOf(text: string): number {
  return two(text, 8)
}

function two(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48
}

/** Of a date with time. */
export function hourOf(text: string): number {
  return text.length < 13 ? 0 : two(text, 11)
}

export function minuteOf(text: string): number {
  return text.length < 16 ? 0 : two(text, 14)
}

export function secondOf(text: string): number {
  return text.length < 19 ? 0 : two(text, 17)
}

/** Microseconds behind the last point of a date with time or a TIME. */
export function microsOf(text: string): number {
  const point = text.indexOf('.')
  return point === -1 ? 0 : Number(text.slice(point + 1).padEnd(6, '0'))
}

/** "2021-12-21" as 20211221. */
export function dateNumber(text: string): number {
  return yearOf(text) * 10_000 + monthOf(text) * 100 + dayOf(text)
}

/** "2021-12-21 10:00:00" as 20211221100000; without the fraction. */
export function datetimeNumber(text: string): number {
  return dateNumber(text) * 1_000_000 + hourOf(text) * 10_000 + minuteOf(text) * 100 + secondOf(text)
}

/** "-12:34:56" as -123456; without the fraction. */
export function timeNumber(text: string): number {
  const size = Math.floor(Math.abs(timeMicros(text)) / 1_000_000)
  const number = Math.floor(size / 3600) * 10_000 + Math.floor((size % 3600) / 60) * 100 + (size % 60)
  return text.charCodeAt(0) === 45 ? -number : number
}

/** A TIME in microseconds. */
export function timeMicros(text: string): number {
  const negative = text.charCodeAt(0) === 45
  const colon = text.indexOf(':')
  const hours = Number(text.slice(negative ? 1 : 0, colon))
  const seconds = hours * 3600 + two(text, colon + 1) * 60 + two(text, colon + 4)
  const micros = seconds * 1_000_000 + microsOf(text)
  return negative ? -micros : micros
}

const LONGEST_TIME = (838 * 3600 + 59 * 60 + 59) * 1_000_000

/** A TIME of so many microseconds, cut at ±838:59:59; digits that do not fit are cut off. */
export function timeText(micros: number, digits: number): string {
  const size = Math.min(Math.abs(micros), LONGEST_TIME)
  const seconds = Math.floor(size / 1_000_000)
  const body = `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor((seconds % 3600) / 60), 2)}:${pad(seconds % 60, 2)}`
  return `${micros < 0 ? '-' : ''}${body}${fractionText(size % 1_000_000, digits)}`
}

export function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}

function fractionText(micros: number, digits: number): string {
  return digits === 0 ? '' : `.${pad(micros, 6).slice(0, digits)}`
}

export function dateText(year: number, month: number, day: number): string {
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
}

/** Midnight's micros as "10:00:00.123". */
function clockText(micros: number, digits: number): string {
  const seconds = Math.floor(micros / 1_000_000)
  return `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor((seconds % 3600) / 60), 2)}:${pad(seconds % 60, 2)}${fractionText(micros % 1_000_000, digits)}`
}

export function momentOf(text: string): Moment {
  const micros = ((hourOf(text) * 60 + minuteOf(text)) * 60 + secondOf(text)) * 1_000_000 + microsOf(text)
  return { year: yearOf(text), month: monthOf(text), day: dayOf(text), micros }
}

export function momentText(moment: Moment, digits: number): string {
  return `${dateText(moment.year, moment.month, moment.day)} ${clockText(moment.micros, digits)}`
}

/** Fraction digits of a date with time or a TIME: cut to fewer, zeros for more. */
export function withDigits(text: string, digits: number): string {
  const point = text.indexOf('.')
  if (point === -1) return digits === 0 ? text : `${text}.${'0'.repeat(digits)}`
  if (digits === 0) return text.slice(0, point)
  return text.slice(0, point + 1 + digits).padEnd(point + 1 + digits, '0')
}
