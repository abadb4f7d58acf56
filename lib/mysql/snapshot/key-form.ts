import type { SourceColumn } from '../../model/schema.js'

/**
 * How the value of a key column stands in SQL: `number` as digits, `bytes` as a hex literal (text with the introducer of its own
 * character set, so that nothing is converted), `quoted` as a string that the server reads by the column's type.
 */
export type KeyForm = 'number' | 'bytes' | 'quoted'

const INTEGERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint'])
/** Kept by the server as numbers, and ordered by them: an ENUM by the index of its label, not by the label. */
const NUMBERED = new Set(['bit', 'enum', 'set', 'year'])
const BYTES = new Set(['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'])
const TEXT = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext'])
const QUOTED = new Set(['date', 'datetime', 'timestamp', 'time', 'uuid', 'inet4', 'inet6'])
/** From here on the server compares a SET with a number as DOUBLE, which does not tell its values apart. */
const SET_BITS_EXACT = 53

/** The form of a column in keys; null for types whose values SQL cannot compare exactly (FLOAT, DOUBLE, shapes, wide SETs). */
export function keyForm(column: SourceColumn): KeyForm | null {
  const { dataType } = column
  if (dataType === 'set' && column.members.length > SET_BITS_EXACT) return null
  if (INTEGERS.has(dataType) || NUMBERED.has(dataType) || dataType === 'decimal') return 'number'
  if (BYTES.has(dataType) || TEXT.has(dataType)) return 'bytes'
  return QUOTED.has(dataType) ? 'quoted' : null
}

/** Whether the column's key values are whole numbers, which can be compared as such. */
export function isWholeNumber(column: SourceColumn): boolean {
  return INTEGERS.has(column.dataType) || NUMBERED.has(column.dataType)
}

/** The expression that selects a key column's value as the text that `keyLiteral` takes. `name`: the quoted column. */
export function keyExpression(column: SourceColumn, name: string): string {
  if (keyForm(column) === 'bytes') return `HEX(${name})`
  return NUMBERED.has(column.dataType) ? `CAST(${name} AS UNSIGNED)` : name
}

/**
 * A key value as a SQL literal that compares with its column exactly and by the column's index.
 * `text`: `number`: digits with sign and point; ENUM, SET, BIT and YEAR by their number. `bytes`: the column's own bytes, in its own
 * character set, in hex (BINARY(n) with all its n bytes). `quoted`: as the server prints it.
 */
export function keyLiteral(column: SourceColumn, text: string): string {
  switch (keyForm(column)) {
    case 'bytes':
      return `${column.charset === null ? '' : `_${column.charset} `}x'${text.toUpperCase()}'`
    case 'quoted':
      return `'${text}'`
    default:
      // ZEROFILL
      return text.replace(/^(-?)0+(?=\d)/, '$1')
  }
}
