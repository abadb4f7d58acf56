import { isSameName } from '../model/same-name.js'
import type { TargetTable } from '../model/schema.js'
import type { RowTag } from '../model/target-change.js'
import { quoteIdentifier, quoteString, quoteTable } from './ddl.js'
import { rowField, type Statements } from './starrocks-session.js'
import { parseTargetType } from './target-type.js'

/** A row that was looked for: its key as StarRocks prints it, and its tag. */
export interface FoundKey {
  readonly key: readonly string[]
  readonly tag: string | null
}

const NUMBERS = new Set(['boolean', 'tinyint', 'smallint', 'int', 'bigint', 'largeint', 'decimal'])

/** One row that has one of the keys, and with a tag: another text than its in that column; null: there is none. */
export async function findKey(
  session: Pick<Statements, 'query'>,
  target: TargetTable,
  keys: readonly (readonly string[])[],
  tag: RowTag | null,
): Promise<FoundKey | null> {
  if (keys.length === 0) return null
  const rows = await session.query(renderFindKey(target, keys, tag))
  const row = rows[0]
  if (row === undefined) return null
  return { key: target.key.map((_, n) => rowField(row, `k${n}`) ?? ''), tag: rowField(row, 'tag') }
}

/** `keys`: texts of all key columns; keys of one column are a list, which StarRocks looks up by its index. */
export function renderFindKey(target: TargetTable, keys: readonly (readonly string[])[], tag: RowTag | null): string {
  const names = target.key.map(quoteIdentifier)
  const literals = keys.map(key => key.map((text, n) => literal(target, n, text)))
  const among =
    names.length === 1
      ? `${names[0]} IN (${literals.map(([only]) => only).join(', ')})`
      : `(${literals.map(key => `(${key.map((value, n) => `${names[n]} = ${value}`).join(' AND ')})`).join(' OR ')})`
  const tagName = tag === null ? null : quoteIdentifier(tag.name)
  const list = [...names.map((name, n) => `${name} AS k${n}`), ...(tagName === null ? [] : [`${tagName} AS tag`])]
  const other = tag === null ? '' : ` AND (${tagName} <> ${quoteString(tag.text)} OR ${tagName} IS NULL)`
  return `SELECT ${list.join(', ')} FROM ${quoteTable(target)} WHERE ${among}${other} LIMIT 1`
}

function literal({ columns, key }: TargetTable, n: number, text: string): string {
  const column = columns.find(({ name }) => isSameName(name, key[n]!))
  const isNumber = column !== undefined && NUMBERS.has(parseTargetType(column.type).base)
  return isNumber && /^-?\d+(\.\d+)?$/.test(text) ? text : quoteString(text)
}
