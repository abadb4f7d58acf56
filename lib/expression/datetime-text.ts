import { isWhole, movedMicros } from './calendar.js'
import { momentText } from './calendar-text.js'
import { ExpressionFailure } from './problem.js'

/** A text read as a date with time. */
export interface ReadDatetime {
  /** With six fraction digits. */
  readonly text: string
  /** Nothing stands behind it that does not belong to it. */
  readonly clean: boolean
}

const DAY = 2
const SECOND = 5
const FRACTION = 6
const LARGEST_PART = 999_999

/**
 * A text as MySQL reads dates (str_to_datetime in sql-common/my_time.cc): parts between any punctuation, or digits without
 * any; what stands behind the last part is passed over. Null for what is no date, dates with a zero in month or day among
 * them (NO_ZERO_DATE, NO_ZERO_IN_DATE). Throws ExpressionFailure for a text with a time zone, which the server would move
 * to that of its session.
 */
export function readDatetime(text: string): ReadDatetime | null {
  const reader = new PartReader(text)
  const parts = reader.read()
  if (parts === null || parts.length < 3) return null
  const [year, month, day, hour = 0, minute = 0, second = 0, fraction = 0] = parts as [
    number,
    number,
    number,
    ...number[],
  ]
  if (hour > 23 || minute > 59 || second > 59) return null
  const micros = ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction
  const fullYear = reader.yearDigits !== 2 ? year : year < 70 ? 2000 + year : 1900 + year
  const moment = { year: fullYear, month, day, micros }
  if (fullYear > 9999 || !isWhole(moment)) return null
  const tail = /^(\d*)(.*)$/s.exec(text.slice(reader.end))!
  const rounded = parts.length > FRACTION && tail[1]! >= '5' ? movedMicros(moment, 1) : moment
  if (rounded === null) return null
  const rest = parts.length > FRACTION ? tail[2]! : text.slice(reader.end)
  if (parts.length > SECOND && /^[-+]\d\d:\d\d$/.test(rest)) {
    throw new ExpressionFailure('a text with a time zone offset has another value in each session')
  }
  return { text: momentText(rounded, 6), clean: /^[ \t\n\v\f\r]*$/.test(rest) }
}

/** As `readDatetime`, the text alone. */
export function datetimeOfText(text: string): string | null {
  return readDatetime(text)?.text ?? null
}

class PartReader {
  readonly #text: string
  #at: number
  /** Behind the last part that was read. */
  end = 0
  yearDigits = 0

  constructor(text: string) {
    this.#text = text
    this.#at = /^[ \t\n\v\f\r]*/.exec(text)![0].length
  }

  /** Year, month, day, hour, minute, second, microseconds: as many as there are; null when one is impossible. */
  read(): number[] | null {
    const text = this.#text
    const digits = /^[\dT]*/.exec(text.slice(this.#at))![0].length
    const next = text[this.#at + digits]
    const compact = next === undefined || next === '.'
    let width = compact ? (digits === 4 || digits === 8 || digits >= 14 ? 4 : 2) : 4
    const parts: number[] = []
    while (parts.length <= FRACTION && isDigit(text, this.#at)) {
      const i = parts.length
      const start = this.#at
      const most = compact || i === FRACTION ? width : Infinity
      while (isDigit(text, this.#at) && this.#at - start < most) this.#at++
      const shown = text.slice(start, this.#at)
      if (Number(shown) > LARGEST_PART) return null
      if (i === 0) this.yearDigits = shown.length
      parts.push(i === FRACTION ? Number(shown.padEnd(6, '0')) : Number(shown))
      width = 2
      this.end = this.#at
      if (this.#at === text.length) break
      if (i === DAY && text[this.#at] === 'T') this.#at++
      else if (i === SECOND) {
        if (text[this.#at] !== '.') break
        this.end = ++this.#at
        width = 6
      } else if (i === FRACTION) break
      else if (!this.#passDelimiters(i)) return null
    }
    return parts
  }

  /** False for a space where none may stand. */
  #passDelimiters(part: number): boolean {
    const text = this.#text
    for (; this.#at < text.length; this.#at++) {
      const c = text.charCodeAt(this.#at)
      if (c === 32 || (c >= 9 && c <= 13)) {
        if (part !== DAY) return false
      } else if (!isPunctuation(c)) break
    }
    this.end = this.#at
    return true
  }
}

function isDigit(text: string, at: number): boolean {
  const c = text.charCodeAt(at)
  return c >= 48 && c <= 57
}

function isPunctuation(c: number): boolean {
  return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126)
}
