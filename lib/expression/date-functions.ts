import type { ValueType } from '../model/value.js'
import { daysInMonth, daysOfText, isoWeekday } from './calendar.js'
import { dateText, dayOf, hourOf, microsOf, minuteOf, monthOf, secondOf, timeMicros, yearOf } from './calendar-text.js'
import { castTo } from './cast.js'
import { asCount } from './conversions.js'
import { dateFormat } from './date-format.js'
import { addedInterval, microsecondsBetween, timestampDifference } from './date-interval.js'
import { datetimeOfText } from './datetime-text.js'
import { apply, type Call, type FunctionRow, lift } from './function-row.js'
import { BIGINT, kindName, type Made, nullPiece, type Piece, refuse, textType } from './piece.js'
import type { IntervalUnit } from './syntax.js'
import { asDatetime, temporalLiteral } from './temporal-piece.js'
import { calendarWeek, dayOfYear, weekMode } from './week.js'

const SMALL: Made = { type: { kind: 'integer', bits: 16, unsigned: false } }
const SMALL_TIME: Made = { type: { kind: 'integer', bits: 32, unsigned: false } }
const SMALL_OR_NULL: Made = { ...SMALL, mayBeNull: true }

/** A date or a date with time; texts are read as such from row to row, and are NULL where they are none. */
function moment(call: Call, index: number): Piece {
  const piece = call.piece(index)
  const { type } = piece
  if (type === null || type.kind === 'date' || type.kind === 'datetime') return piece
  if (type.kind !== 'text') refuse(piece, `a date must stand here, not ${kindName(piece)}`)
  if (typeof piece.literal === 'string') return temporalLiteral(call.b, piece, 'datetime')
  return call.b.lift(piece, [piece], x => `${call.b.hold(datetimeOfText)}(${x})`, {
    type: { kind: 'datetime', fractionDigits: 6 },
    mayBeNull: true,
  })
}

/** A part of a date, read off its text; zero dates have zeros. */
function part(read: (text: string) => number): (call: Call) => Piece {
  return call => apply(call, [moment(call, 0)], read as never, SMALL)
}

/** What only real days have; NULL for zero dates. */
function ofDay(read: (days: number, text: string) => number): (call: Call) => Piece {
  return call => {
    const run = (text: string): number | null => {
      const days = daysOfText(text)
      return days === null ? null : read(days, text)
    }
    return apply(call, [moment(call, 0)], run as never, SMALL_OR_NULL)
  }
}

/** Parts of the time of day: of a date with time, or of a TIME, whose sign only EXTRACT shows. */
function clock(ofMoment: (text: string) => number, ofTime: (micros: number) => number): (call: Call) => Piece {
  return call => {
    const piece = call.piece(0)
    const { type } = piece
    if (type?.kind === 'time') {
      const signed = call.name === 'extract'
      const run = (text: string): number => {
        const micros = timeMicros(text)
        return signed && micros < 0 ? 0 - ofTime(-micros) : ofTime(Math.abs(micros))
      }
      return apply(call, [piece], run as never, SMALL_TIME)
    }
    if (type?.kind === 'text') {
      refuse(piece, `${call.name} needs a TIME or a date with time: cast(… as time), or cast(… as datetime)`)
    }
    return apply(call, [moment(call, 0)], ofMoment as never, SMALL)
  }
}

const hour = clock(hourOf, micros => Math.floor(micros / 3_600_000_000))
const minute = clock(minuteOf, micros => Math.floor(micros / 60_000_000) % 60)
const second = clock(secondOf, micros => Math.floor(micros / 1_000_000) % 60)
const microsecond = clock(microsOf, micros => micros % 1_000_000)

const EXTRACTED: Readonly<Record<IntervalUnit, (call: Call) => Piece>> = {
  year: part(yearOf),
  quarter: part(text => Math.floor((monthOf(text) + 2) / 3)),
  month: part(monthOf),
  week: ofDay((_, text) => calendarWeek(text, weekMode(0)).week),
  day: part(dayOf),
  hour,
  minute,
  second,
  microsecond,
}

function week(call: Call): Piece {
  const mode = call.written.length === 2 ? call.piece(1).literal : 0
  if (typeof mode !== 'number' || mode < 0 || mode > 7) refuse(call.piece(1), 'the mode is a number from 0 to 7')
  return ofDay((_, text) => calendarWeek(text, weekMode(mode)).week)(call)
}

function yearweek(call: Call): Piece {
  const mode = call.written.length === 2 ? call.piece(1).literal : 0
  if (typeof mode !== 'number' || mode < 0 || mode > 7) refuse(call.piece(1), 'the mode is a number from 0 to 7')
  const run = (text: string): number => {
    const { year, week: number } = calendarWeek(text, weekMode(mode | 2))
    return year * 100 + number
  }
  const made: Made = { type: { kind: 'integer', bits: 32, unsigned: false }, mayBeNull: true }
  return apply(
    call,
    [moment(call, 0)],
    ((text: string) => (daysOfText(text) === null ? null : run(text))) as never,
    made,
  )
}

/** date_add and date_sub, also as + interval and - interval. */
function shifted(direction: 1 | -1): (call: Call) => Piece {
  return call => {
    const written = call.written[1]!
    if (written.form !== 'interval') refuse(written, 'an interval must stand here, such as interval 1 day')
    const base = call.piece(0)
    if (base.type?.kind === 'text')
      refuse(base, "a date must stand here, not a text: cast(… as date), or date '2021-12-21'")
    return addInterval(call, base, call.compile(written.amount), written.unit, direction)
  }
}

function addInterval(call: Call, base: Piece, size: Piece, unit: IntervalUnit, direction: 1 | -1): Piece {
  if (size.type?.kind === 'double') refuse(size, 'how many must be an integer or a decimal, not a double')
  if (size.type?.kind === 'decimal' && unit === 'second') refuse(size, 'seconds must be an integer: use microsecond')
  const amount = asCount(call.b, size)
  if (base.type === null || amount.type === null) return nullPiece(call)
  if (base.type.kind !== 'date' && base.type.kind !== 'datetime')
    refuse(base, `a date must stand here, not ${kindName(base)}`)
  const fine = unit === 'hour' || unit === 'minute' || unit === 'second' || unit === 'microsecond'
  const own = base.type.kind === 'datetime' ? base.type.fractionDigits : null
  const digits = unit === 'microsecond' ? 6 : (own ?? (fine ? 0 : null))
  const type: ValueType = digits === null ? { kind: 'date' } : { kind: 'datetime', fractionDigits: digits }
  const start = digits === null ? base : asDatetime(call.b, base, digits)
  const run = (text: string, n: number): string | null => addedInterval(text, n * direction, unit, digits)
  return apply(call, [start, amount], run as never, { type, mayBeNull: true })
}

function timestampdiff(call: Call): Piece {
  const unit = unitOf(call)
  const [from, to] = [asMoment(call, 1), asMoment(call, 2)]
  if (unit === 'microsecond') {
    return apply(call, [from, to], microsecondsBetween as never, { type: BIGINT, mayBeNull: true })
  }
  const run = (a: string, b: string): number | null => timestampDifference(unit, a, b)
  return apply(call, [from, to], run as never, {
    type: BIGINT,
    span: 53,
    mayBeNull: true,
  })
}

function asMoment(call: Call, index: number): Piece {
  const piece = moment(call, index)
  return piece.type?.kind === 'date' ? asDatetime(call.b, piece, 0) : piece
}

function unitOf(call: Call): IntervalUnit {
  const word = call.written[0]!
  return word.form === 'word' ? (word.word as IntervalUnit) : refuse(word, 'a unit must stand here')
}

function lastDay(text: string): string | null {
  const [year, month] = [yearOf(text), monthOf(text)]
  return month === 0 ? null : dateText(year, month, daysInMonth(year, month))
}

function name(form: 'W' | 'M'): (call: Call) => Piece {
  return call =>
    apply(
      call,
      [moment(call, 0)],
      ((text: string) => (form === 'W' && daysOfText(text) === null ? null : dateFormat(text, `%${form}`))) as never,
      {
        type: textType(9),
        mayBeNull: true,
      },
    )
}

export const DATE_FUNCTIONS: readonly FunctionRow[] = [
  {
    names: ['date'],
    form: 'date(x)',
    text: 'The date of a date with time.',
    count: [1, 1],
    compile: call => castTo(call.b, call, call.piece(0), { kind: 'date' }),
  },
  {
    names: ['time'],
    form: 'time(x)',
    text: 'The time of day of a date with time.',
    count: [1, 1],
    compile: call => {
      const piece = call.piece(0)
      if (piece.type?.kind !== 'datetime' && piece.type !== null)
        refuse(piece, `a date with time must stand here, not ${kindName(piece)}`)
      const digits = piece.type?.kind === 'datetime' ? piece.type.fractionDigits : 0
      return lift(call, [piece], x => `${x}.slice(11)`, { type: { kind: 'time', fractionDigits: digits } })
    },
  },
  { names: ['year'], form: 'year(x)', text: 'The year.', count: [1, 1], compile: EXTRACTED.year },
  { names: ['quarter'], form: 'quarter(x)', text: '1 to 4.', count: [1, 1], compile: EXTRACTED.quarter },
  { names: ['month'], form: 'month(x)', text: '1 to 12.', count: [1, 1], compile: EXTRACTED.month },
  {
    names: ['week'],
    form: 'week(x[, mode])',
    text: 'Week of the year, by the mode 0 to 7.',
    count: [1, 2],
    compile: week,
  },
  {
    names: ['weekofyear'],
    form: 'weekofyear(x)',
    text: 'Week of the year by ISO 8601, as week(x, 3).',
    count: [1, 1],
    compile: ofDay((_, text) => calendarWeek(text, weekMode(3)).week),
  },
  {
    names: ['yearweek'],
    form: 'yearweek(x[, mode])',
    text: 'Year and week: 202152.',
    count: [1, 2],
    compile: yearweek,
  },
  { names: ['day', 'dayofmonth'], form: 'day(x)', text: '1 to 31.', count: [1, 1], compile: EXTRACTED.day },
  {
    names: ['dayofweek'],
    form: 'dayofweek(x)',
    text: '1 for Sunday to 7 for Saturday.',
    count: [1, 1],
    compile: ofDay(days => (isoWeekday(days) % 7) + 1),
  },
  {
    names: ['weekday'],
    form: 'weekday(x)',
    text: '0 for Monday to 6 for Sunday.',
    count: [1, 1],
    compile: ofDay(days => isoWeekday(days) - 1),
  },
  {
    names: ['dayofyear'],
    form: 'dayofyear(x)',
    text: '1 to 366.',
    count: [1, 1],
    compile: ofDay((_, text) => dayOfYear(text)),
  },
  { names: ['dayname'], form: 'dayname(x)', text: 'The English name of the day.', count: [1, 1], compile: name('W') },
  {
    names: ['monthname'],
    form: 'monthname(x)',
    text: 'The English name of the month.',
    count: [1, 1],
    compile: name('M'),
  },
  { names: ['hour'], form: 'hour(x)', text: 'The hour, of a TIME too.', count: [1, 1], compile: hour },
  { names: ['minute'], form: 'minute(x)', text: '0 to 59.', count: [1, 1], compile: minute },
  { names: ['second'], form: 'second(x)', text: '0 to 59.', count: [1, 1], compile: second },
  { names: ['microsecond'], form: 'microsecond(x)', text: '0 to 999999.', count: [1, 1], compile: microsecond },
  {
    names: ['extract'],
    form: 'extract(unit from x)',
    text: 'The part of this unit: year, quarter, month, week, day, hour, minute, second, microsecond.',
    count: [2, 2],
    compile: call => EXTRACTED[unitOf(call)]({ ...call, written: [call.written[1]!], piece: () => call.piece(1) }),
  },
  {
    names: ['to_days'],
    form: 'to_days(x)',
    text: 'Days since year 0.',
    count: [1, 1],
    compile: call =>
      apply(call, [moment(call, 0)], daysOfText as never, {
        type: { kind: 'integer', bits: 32, unsigned: false },
        mayBeNull: true,
      }),
  },
  {
    names: ['datediff'],
    form: 'datediff(a, b)',
    text: 'Days from `b` to `a`.',
    count: [2, 2],
    compile: call => {
      const run = (a: string, b: string): number | null => {
        const [x, y] = [daysOfText(a), daysOfText(b)]
        return x === null || y === null ? null : x - y
      }
      return apply(call, [moment(call, 0), moment(call, 1)], run as never, {
        type: { kind: 'integer', bits: 32, unsigned: false },
        mayBeNull: true,
      })
    },
  },
  {
    names: ['timestampdiff'],
    form: 'timestampdiff(unit, a, b)',
    text: 'Whole units from `a` to `b`.',
    count: [3, 3],
    compile: timestampdiff,
  },
  {
    names: ['date_add', 'adddate'],
    form: 'date_add(x, interval n unit)',
    text: 'Later by so much. Also `x + interval n unit`. Units: microsecond to year.',
    count: [2, 2],
    compile: shifted(1),
  },
  {
    names: ['date_sub', 'subdate'],
    form: 'date_sub(x, interval n unit)',
    text: 'Earlier by so much. Also `x - interval n unit`.',
    count: [2, 2],
    compile: shifted(-1),
  },
  {
    names: ['last_day'],
    form: 'last_day(x)',
    text: 'The last day of the month.',
    count: [1, 1],
    compile: call => apply(call, [moment(call, 0)], lastDay as never, { type: { kind: 'date' }, mayBeNull: true }),
  },
  {
    names: ['date_format'],
    form: "date_format(x, '%Y-%m')",
    text: 'The date as text, by the signs that MySQL knows; names are English.',
    count: [2, 2],
    compile: call => {
      const format = call.piece(1)
      return apply(call, [moment(call, 0), format], dateFormat as never, { type: textType(null), mayBeNull: true })
    },
  },
  {
    names: ['time_to_sec'],
    form: 'time_to_sec(x)',
    text: 'A TIME in seconds.',
    count: [1, 1],
    compile: call => {
      const piece = call.piece(0)
      if (piece.type !== null && piece.type.kind !== 'time')
        refuse(piece, `a TIME must stand here, not ${kindName(piece)}`)
      return apply(call, [piece], ((t: string) => Math.trunc(timeMicros(t) / 1_000_000)) as never, {
        type: { kind: 'integer', bits: 32, unsigned: false },
      })
    },
  },
]
