import { excerpt } from './answer-text.js'

/** One line of a load's error log. */
export interface RejectedRow {
  readonly reason: string
  /** The row's text as StarRocks shows it, cut short; "" when the line has none. */
  readonly row: string
  /** The column the reason names, or null. */
  readonly column: string | null
}

const SHOWN_ROWS = 3

/** The forms in which reasons name a column: CSV field, strict-mode cast, length check, NULL check. */
const COLUMN_FORMS = [
  /\(name = ([^,)]+), pos = \d+\)/,
  /The type of '([^']+)' is/,
  /max length of '([^']+)' is/,
  /non-nullable column '([^']+)'/,
  /auto increment column '([^']+)'/,
  /\bcolumn[ :]+'?`?([A-Za-z_][\w$]*)/i,
]

/** The first rejected rows of the text behind an ErrorURL: lines `Error: <reason>. Row: <row>`, a sample of about 50. */
export function parseErrorLog(text: string): RejectedRow[] {
  return text
    .split('\n')
    .filter(line => line.trim() !== '')
    .slice(0, SHOWN_ROWS)
    .map(line => {
      const match = /^\s*(?:Error|Reason):\s*(.*?)\.?\s*Row:\s*(.*)$/is.exec(line)
      const reason = match?.[1] ?? line
      return { reason: excerpt(reason, 300), row: excerpt(match?.[2] ?? '', 200), column: columnOf(reason) }
    })
}

/** The column a rejection names, or null. */
export function columnOf(reason: string): string | null {
  for (const form of COLUMN_FORMS) {
    const match = form.exec(reason)
    if (match !== null) return match[1]!
  }
  return null
}
