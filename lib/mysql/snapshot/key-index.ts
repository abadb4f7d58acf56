import type { TableSchema } from '../../model/schema.js'
import type { Row, SourceSession } from '../session.js'

/** The unique index over exactly the table's key columns, in their order and as a whole; null when there is none that statements may name. */
export async function keyIndex(session: SourceSession, { schema, table, key }: TableSchema): Promise<string | null> {
  const rows = await session.query(
    'SELECT * FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY INDEX_NAME, SEQ_IN_INDEX',
    [schema, table],
  )
  const indexes = new Map<string, Row[]>()
  for (const row of rows) indexes.set(row.INDEX_NAME ?? '', [...(indexes.get(row.INDEX_NAME ?? '') ?? []), row])
  const names = [...indexes].filter(([, parts]) => isNameable(parts) && hasColumns(parts, key)).map(([name]) => name)
  return names.find(name => name === 'PRIMARY') ?? names[0] ?? null
}

/** MySQL's invisible and MariaDB's ignored indexes may not be named in a statement. */
function isNameable(parts: readonly Row[]): boolean {
  return parts.every(part => part.NON_UNIQUE === '0' && part.IS_VISIBLE !== 'NO' && part.IGNORED !== 'YES')
}

function hasColumns(parts: readonly Row[], key: readonly string[]): boolean {
  const isSame = (part: Row, n: number): boolean =>
    part.SUB_PART == null && part.COLUMN_NAME?.toLowerCase() === key[n]?.toLowerCase()
  return parts.length === key.length && parts.every(isSame)
}
