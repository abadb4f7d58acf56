import type { ChunkRange, KeyBound } from '../../model/chunk.js'
import type { SourceColumn, TableSchema } from '../../model/schema.js'
import { keyForm } from './key-form.js'

/** Labels of an ENUM in a key, above which a condition that names them all is too long. */
export const MOST_ENUM_LABELS = 256

/** A name as SQL. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** The table's key columns in key order. */
export function keyColumns(schema: TableSchema): SourceColumn[] {
  return schema.key.map(name => schema.columns.find(column => column.name === name)!)
}

/**
 * The condition that a row lies in the range, in a form that the optimizers of MySQL and MariaDB read as one stretch of the index:
 * `(a > x OR (a = x AND (b > y)))`, not `(a, b) > (x, y)`, for which they read the index from its beginning.
 * Null: every row does.
 */
export function rangeCondition(key: readonly SourceColumn[], { after, upTo }: ChunkRange): string | null {
  const sides = [after === null ? null : behind(key, after), upTo === null ? null : notBehind(key, upTo)]
  const said = sides.filter(side => side !== null)
  return said.length === 0 ? null : said.join(' AND ')
}

/** The condition that a row has one of the keys. */
export function oneOfCondition(key: readonly SourceColumn[], keys: readonly KeyBound[]): string {
  const names = key.map(column => quoteName(column.name))
  if (names.length === 1) return `${names[0]} IN (${keys.map(([literal]) => literal).join(', ')})`
  return keys.map(literals => `(${names.map((name, n) => `${name} = ${literals[n]}`).join(' AND ')})`).join(' OR ')
}

function behind(key: readonly SourceColumn[], bound: KeyBound): string {
  return spelledOut(key, bound, '>', false)
}

function notBehind(key: readonly SourceColumn[], bound: KeyBound): string {
  return spelledOut(key, bound, '<', true)
}

function spelledOut(key: readonly SourceColumn[], bound: KeyBound, than: '<' | '>', orSame: boolean): string {
  let condition = ''
  for (let n = key.length - 1; n >= 0; n--) {
    const column = key[n]!
    const literal = bound[n]!
    const beyond = isBeyond(column, than, literal)
    const same = `${quoteName(column.name)} = ${literal}`
    if (n === key.length - 1) condition = orSame ? isBeyondOrSame(column, than, literal) : beyond
    else condition = `(${beyond} OR (${same} AND ${condition}))`
  }
  return condition
}

/** An ENUM is ordered by the index of its label; for a comparison with a number no server uses an index, for a list of them both do. */
function isBeyond(column: SourceColumn, than: '<' | '>', literal: string): string {
  if (column.dataType !== 'enum') return `${quoteName(column.name)} ${than} ${literal}`
  return isOneOf(
    column,
    than === '>' ? Number(literal) + 1 : 0,
    than === '>' ? column.members.length : Number(literal) - 1,
  )
}

function isBeyondOrSame(column: SourceColumn, than: '<' | '>', literal: string): string {
  if (column.dataType !== 'enum') return `${quoteName(column.name)} ${than}= ${literal}`
  return isOneOf(column, than === '>' ? Number(literal) : 0, than === '>' ? column.members.length : Number(literal))
}

/** Index 0 is the value of a label that does not exist. */
function isOneOf(column: SourceColumn, first: number, last: number): string {
  if (first > last) return 'FALSE'
  const numbers = Array.from({ length: last - first + 1 }, (_, n) => first + n)
  return `${quoteName(column.name)} IN (${numbers.join(', ')})`
}

/** Why the key's columns cannot be used to cut chunks; null: they can. */
export function keyObjection(schema: TableSchema): string | null {
  if (schema.key.length === 0) return 'it has no primary key and no unique key over NOT NULL columns'
  for (const column of keyColumns(schema)) {
    const name = `its key column ${column.name} (${column.columnType})`
    if (keyForm(column) === null) return `${name} cannot be compared exactly in SQL`
    if (column.dataType === 'set') return `no index is used for the order of ${name}`
    if (column.dataType === 'enum' && column.members.length > MOST_ENUM_LABELS)
      return `${name} has more than ${MOST_ENUM_LABELS} labels, whose order no index is used for`
  }
  return null
}
