import { dayNumber, isLeap, isoWeekday } from './calendar.js'
import { dayOf, monthOf, yearOf } from './calendar-text.js'

/** How weeks are counted: MySQL's bits WEEK_MONDAY_FIRST, WEEK_YEAR and WEEK_FIRST_WEEKDAY. */
export interface WeekMode {
  readonly mondayFirst: boolean
  /** Days before week 1 belong to the last week of the year before; else to week 0. */
  readonly ofYear: boolean
  /** Week 1 begins with the first Monday or Sunday; else it is the one with four days of the year. */
  readonly fullFirst: boolean
}

/** The mode that WEEK calls 0 to 7. */
export function weekMode(mode: number): WeekMode {
  const mondayFirst = (mode & 1) !== 0
  const third = (mode & 4) !== 0
  return { mondayFirst, ofYear: (mode & 2) !== 0, fullFirst: mondayFirst ? third : !third }
}

/** Day of the year from 1, of a date text. */
export function dayOfYear(text: string): number {
  return dayNumber(yearOf(text), monthOf(text), dayOf(text)) - dayNumber(yearOf(text), 1, 1) + 1
}

/** Week and the year that it belongs to, as MySQL's calc_week. */
export function calendarWeek(text: string, mode: WeekMode): { readonly year: number; readonly week: number } {
  let year = yearOf(text)
  const day = dayNumber(year, monthOf(text), dayOf(text))
  let first = dayNumber(year, 1, 1)
  let weekday = mode.mondayFirst ? isoWeekday(first) - 1 : isoWeekday(first) % 7
  let ofYear = mode.ofYear
  if (monthOf(text) === 1 && dayOf(text) <= 7 - weekday) {
    if (!ofYear && (mode.fullFirst ? weekday !== 0 : weekday >= 4)) return { year, week: 0 }
    ofYear = true
    if (mode.fullFirst ? weekday !== 0 : weekday >= 4) {
      year--
      const length = isLeap(year) ? 366 : 365
      first -= length
      weekday = (weekday + 53 * 7 - length) % 7
    }
  }
  const late = mode.fullFirst ? weekday !== 0 : weekday >= 4
  const days = late ? day - (first + (7 - weekday)) : day - (first - weekday)
  if (ofYear && days >= 52 * 7) {
    const next = (weekday + (isLeap(year) ? 366 : 365)) % 7
    if (mode.fullFirst ? next === 0 : next < 4) return { year: year + 1, week: 1 }
  }
  return { year, week: Math.floor(days / 7) + 1 }
}
