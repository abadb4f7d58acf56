import { analyzingError } from './sql-error.js'

/** MySQL's specifiers of DATE_FORMAT and STR_TO_DATE in strftime's words. */
const SPECIFIERS: Readonly<Record<string, string>> = {
  a: '%a',
  b: '%b',
  c: '%-m',
  d: '%d',
  e: '%-d',
  f: '%f',
  H: '%H',
  h: '%I',
  I: '%I',
  i: '%M',
  j: '%j',
  k: '%-H',
  l: '%-I',
  M: '%B',
  m: '%m',
  p: '%p',
  r: '%I:%M:%S %p',
  S: '%S',
  s: '%S',
  T: '%H:%M:%S',
  U: '%U',
  W: '%A',
  w: '%w',
  Y: '%Y',
  y: '%y',
  '%': '%%',
}

/** Joda-style patterns that StarRocks takes beside MySQL's. */
const PATTERNS: Readonly<Record<string, string>> = {
  yyyyMMdd: '%Y%m%d',
  'yyyy-MM-dd': '%Y-%m-%d',
  'yyyy-MM-dd HH:mm:ss': '%Y-%m-%d %H:%M:%S',
}

/**
 * A DATE_FORMAT pattern for DuckDB's strftime and strptime, which want it constant.
 * @throws SqlError 1064 for a specifier that has no equal there.
 */
export function renderDateFormat(format: string): string {
  const pattern = PATTERNS[format]
  if (pattern !== undefined) return pattern
  let out = ''
  for (let at = 0; at < format.length; at++) {
    const char = format[at] as string
    if (char !== '%') {
      out += char
      continue
    }
    at++
    const letter = format[at] ?? ''
    const specifier = SPECIFIERS[letter]
    if (specifier === undefined)
      throw analyzingError(`Date format specifier %${letter} is not supported by this server`)
    out += specifier
  }
  return out
}
