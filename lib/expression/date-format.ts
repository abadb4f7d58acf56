import { dayNumber, daysOfText, isoWeekday } from './calendar.js'
import { dayOf, hourOf, microsOf, minuteOf, monthOf, pad, secondOf, yearOf } from './calendar-text.js'
import { calendarWeek, dayOfYear, weekMode } from './week.js'

const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const DAYS = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ')

/** DATE_FORMAT with English names; null where a zero date has no such part, and for the empty format. */
export function dateFormat(text: string, format: string): string | null {
  if (format === '') return null
  let result = ''
  for (let i = 0; i < format.length; i++) {
    const c = format[i]!
    if (c !== '%' || i + 1 === format.length) {
      result += c
      continue
    }
    const one = formatted(text, format[++i]!)
    if (one === null) return null
    result += one
  }
  return result
}

function formatted(text: string, sign: string): string | null {
  const hour = hourOf(text)
  const twelve = ((hour + 11) % 12) + 1
  switch (sign) {
    case 'Y':
      return pad(yearOf(text), 4)
    case 'y':
      return pad(yearOf(text) % 100, 2)
    case 'm':
      return pad(monthOf(text), 2)
    case 'c':
      return String(monthOf(text))
    case 'M':
      return MONTHS[monthOf(text) - 1] ?? null
    case 'b':
      return MONTHS[monthOf(text) - 1]?.slice(0, 3) ?? null
    case 'd':
      return pad(dayOf(text), 2)
    case 'e':
      return String(dayOf(text))
    case 'D':
      return ordinal(dayOf(text))
    case 'H':
      return pad(hour, 2)
    case 'k':
      return String(hour)
    case 'h':
    case 'I':
      return pad(twelve, 2)
    case 'l':
      return String(twelve)
    case 'i':
      return pad(minuteOf(text), 2)
    case 's':
    case 'S':
      return pad(secondOf(text), 2)
    case 'f':
      return pad(microsOf(text), 6)
    case 'p':
      return hour < 12 ? 'AM' : 'PM'
    case 'r':
      return `${pad(twelve, 2)}:${clockTail(text)} ${hour < 12 ? 'AM' : 'PM'}`
    case 'T':
      return `${pad(hour, 2)}:${clockTail(text)}`
    default:
      return ofDay(text, sign)
  }
}

function clockTail(text: string): string {
  return `${pad(minuteOf(text), 2)}:${pad(secondOf(text), 2)}`
}

function ordinal(day: number): string {
  const ending = day >= 10 && day <= 19 ? 'th' : (['th', 'st', 'nd', 'rd'][day % 10] ?? 'th')
  return `${day}${ending}`
}

/** Parts that 0000-00-00 does not have; every other character stands for itself. */
function ofDay(text: string, sign: string): string | null {
  if (!'aWwjUuVvXx'.includes(sign)) return sign
  if (sign === 'j') return pad(dayOfYear(text), 3)
  // The server prints weeks of zero dates as numbers that mean nothing.
  if (!'aWw'.includes(sign) && daysOfText(text) === null) return null
  if (yearOf(text) === 0 && monthOf(text) === 0) return null
  const weekday = isoWeekday(dayNumber(yearOf(text), monthOf(text), dayOf(text)))
  switch (sign) {
    case 'a':
      return DAYS[weekday - 1]!.slice(0, 3)
    case 'W':
      return DAYS[weekday - 1]!
    case 'w':
      return String(weekday % 7)
    case 'U':
      return pad(calendarWeek(text, weekMode(0)).week, 2)
    case 'u':
      return pad(calendarWeek(text, weekMode(1)).week, 2)
    case 'V':
      return pad(calendarWeek(text, weekMode(2)).week, 2)
    case 'v':
      return pad(calendarWeek(text, weekMode(3)).week, 2)
    case 'X':
      return pad(calendarWeek(text, weekMode(2)).year, 4)
    default:
      return pad(calendarWeek(text, weekMode(3)).year, 4)
  }
}
