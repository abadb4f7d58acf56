import type { SourceColumn } from '../model/schema.js'
import { isUtf8, isZerofill, quoteName } from '../model/source-sql.js'

/**
 * Key values as SQL literals that the source compares exactly, in the order of the column: numbers as digits (ENUM and SET by
 * their number, which is their order), FLOAT and DOUBLE as the double they are, strings as bytes of their own charset, so
 * that the column's collation decides and nothing is converted.
 */

const STRINGS = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext'])
const BYTES = new Set(['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'])
const DIGITS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'year', 'decimal'])
const OTHERS = new Set(['float', 'double', 'date', 'time', 'datetime', 'timestamp', 'uuid', 'inet4', 'inet6'])
const NUMBERED = new Set(['enum', 'set', 'bit'])

/** With more labels the servers compare a SET as a double, which does not tell its values apart. */
const MOST_SET_LABELS = 53

/** Whether the source tells all values of a column apart, and their order, by their literals, as chunks of a table need it. */
export function isComparable({ dataType, members }: SourceColumn): boolean {
  if (dataType === 'set') return members.length <= MOST_SET_LABELS
  const families = [NUMBERED, DIGITS, BYTES, STRINGS, OTHERS]
  return families.some(types => types.has(dataType))
}

/** SQL whose result, as the text protocol carries it, is what `keyLiteral` takes; for sessions in utf8mb4 and the stream's zone. */
export function keyExpression(column: SourceColumn): string {
  const name = quoteName(column.name)
  if (column.dataType === 'float' || column.dataType === 'double') return `${name} * 1e0`
  // As a number a SET is a double where it is added to.
  if (NUMBERED.has(column.dataType)) return `CAST(${name} AS UNSIGNED)`
  if (isZerofill(column)) return `${name} + 0`
  if (STRINGS.has(column.dataType) && !isUtf8(column.charset)) return `CAST(${name} AS BINARY)`
  return name
}

/** The literal of a value that `keyExpression` gave (of a FLOAT also its own shortest text). Equal values have equal literals. */
export function keyLiteral({ dataType, charset }: SourceColumn, value: Buffer): string {
  if (NUMBERED.has(dataType) || DIGITS.has(dataType)) return value.toString('latin1').replace(LEADING_ZEROS, '$1')
  if (dataType === 'float') return double(Math.fround(Number(value.toString('latin1'))))
  if (dataType === 'double') return double(Number(value.toString('latin1')))
  const hex = () => `x'${value.toString('hex').toUpperCase()}'`
  if (BYTES.has(dataType)) return hex()
  if (STRINGS.has(dataType)) return `_${charset ?? 'binary'} ${hex()}`
  // Dates, times and MariaDB's UUID and INET types, whose text holds no quote.
  return `'${value.toString('latin1')}'`
}

/** Of the year 0000, and of ZEROFILL. */
const LEADING_ZEROS = /^(-?)0+(?=\d)/

/** The value that a literal was made of, as `keyExpression` gives it. */
export function literalValue(literal: string): Buffer {
  const quote = literal.indexOf("'")
  if (quote === -1) return Buffer.from(literal)
  const inside = literal.slice(quote + 1, -1)
  return literal[quote - 1] === 'x' ? Buffer.from(inside, 'hex') : Buffer.from(inside)
}

function double(value: number): string {
  const text = String(value)
  return text.includes('e') ? text : `${text}e0`
}
