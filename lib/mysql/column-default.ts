import type { ColumnFill } from '../model/column-fill.js'

/** What information_schema.COLUMNS says of a column's default. */
export interface DefaultFacts {
  readonly dataType: string
  readonly nullable: boolean
  /** COLUMN_DEFAULT; null: SQL NULL. */
  readonly text: string | null
  readonly extra: string
}

/** Their defaults are printed as SELECT prints the values. */
const TEXTS = new Set([
  ...['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext'],
  ...['enum', 'set', 'time'],
])
const NUMBERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'float', 'double', 'year'])
const DATES = new Set(['date', 'datetime'])

/**
 * What a column holds where an INSERT names no value for it, as SELECT prints it. MySQL prints a constant default bare and
 * marks expressions with DEFAULT_GENERATED; MariaDB (10.2.7+) quotes texts and dates, prints NULL as that word, and an
 * expression as it is (information_schema.COLUMNS in both manuals). Null: none, or one that the server computes, whose value
 * is in every row image.
 */
export function columnDefault(facts: DefaultFacts, mariadb: boolean): ColumnFill | null {
  const { dataType, nullable, text, extra } = facts
  if (/\bauto_increment\b/i.test(extra)) return null
  if (/\b(VIRTUAL|STORED|PERSISTENT) GENERATED\b/i.test(extra) || /\bDEFAULT_GENERATED\b/i.test(extra)) return null
  if (text === null || (mariadb && text.toUpperCase() === 'NULL')) return nullable ? { kind: 'null' } : null
  const quoted = mariadb ? unquote(text) : null
  if (NUMBERS.has(dataType)) {
    const number = quoted ?? text
    return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(number) ? { kind: 'text', text: number } : null
  }
  if (dataType === 'bit') {
    const bits = /^b'([01]+)'$/.exec(text)?.[1]
    return bits === undefined ? null : { kind: 'text', text: BigInt(`0b${bits}`).toString() }
  }
  if (mariadb && quoted === null) return null
  const printed = quoted ?? text
  // A CHAR is stored, and so SELECTed, without its trailing spaces.
  const value = dataType === 'char' ? printed.replace(/ +$/, '') : printed
  if (TEXTS.has(dataType)) return { kind: 'text', text: value }
  if (DATES.has(dataType))
    return /^\d{4}-(?!00)\d\d-(?!00)\d\d( \d\d:\d\d:\d\d(\.\d+)?)?$/.test(value) && !value.startsWith('0000')
      ? { kind: 'text', text: value }
      : zeroOrComputed(value)
  // A TIMESTAMP depends on the zone of whoever asks; binary values are printed in another way by each server.
  return unknown(`has a default of type ${dataType}, whose value the catalog does not tell exactly`)
}

function zeroOrComputed(value: string): ColumnFill | null {
  return /^\d/.test(value) ? unknown('has a zero date as default') : null
}

function unknown(reason: string): ColumnFill {
  return { kind: 'unknown', reason }
}

/** The text of a literal 'it''s' as MariaDB prints it; null for anything else. */
function unquote(literal: string): string | null {
  if (!/^'(?:[^'\\]|''|\\[\s\S])*'$/.test(literal)) return null
  return literal
    .slice(1, -1)
    .replace(/''|\\([\s\S])/g, (pair, escaped?: string) => (pair === "''" ? "'" : escapes(escaped!)))
}

function escapes(character: string): string {
  return { n: '\n', t: '\t', r: '\r', 0: '\0', Z: '\x1a' }[character] ?? character
}
