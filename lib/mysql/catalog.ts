import type { SourceColumn, TableSchema } from '../model/schema.js'
import type { Row, SourceSession } from './session.js'

/** Names of all base tables outside the server's own schemas. */
export async function listTables(session: SourceSession): Promise<{ schema: string; table: string }[]> {
  const rows = await session.query(
    `SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t FROM information_schema.TABLES
     WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
       AND TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY 1, 2`,
  )
  return rows.map(r => ({ schema: r.s ?? '', table: r.t ?? '' }))
}

/** A table as the server's catalog has it at this moment; null when it does not exist or this user may not see it. */
export async function readTableSchema(
  session: SourceSession,
  schema: string,
  table: string,
): Promise<TableSchema | null> {
  const columns = await session.query(
    `SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, CHARACTER_SET_NAME, CHARACTER_MAXIMUM_LENGTH,
            NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, COLUMN_COMMENT
     FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
    [schema, table],
  )
  if (columns.length === 0) return null
  const keys = await session.query(
    `SELECT INDEX_NAME, COLUMN_NAME, NULLABLE, SUB_PART FROM information_schema.STATISTICS
     WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND NON_UNIQUE = 0
     ORDER BY INDEX_NAME = 'PRIMARY' DESC, INDEX_NAME, SEQ_IN_INDEX`,
    [schema, table],
  )
  const [info] = await session.query(
    'SELECT TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
    [schema, table],
  )
  return { schema, table, columns: columns.map(column), key: chooseKey(keys), comment: info?.TABLE_COMMENT ?? '' }
}

function column(row: Row): SourceColumn {
  const columnType = row.COLUMN_TYPE ?? ''
  const dataType = (row.DATA_TYPE ?? '').toLowerCase()
  const isSet = dataType === 'enum' || dataType === 'set'
  return {
    name: row.COLUMN_NAME ?? '',
    dataType,
    columnType,
    unsigned: /\bunsigned\b/i.test(columnType),
    nullable: row.IS_NULLABLE === 'YES',
    charset: row.CHARACTER_SET_NAME ?? null,
    maxLength: number(row.CHARACTER_MAXIMUM_LENGTH),
    precision: number(row.NUMERIC_PRECISION),
    scale: number(row.NUMERIC_SCALE),
    fractionDigits: number(row.DATETIME_PRECISION),
    members: isSet ? parseMembers(columnType) : [],
    comment: row.COLUMN_COMMENT ?? '',
  }
}

function number(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Number(text)
}

/** Labels of "enum('a','b,c','d''e')": quotes are doubled inside, nothing else is escaped (SHOW CREATE TABLE form). */
export function parseMembers(columnType: string): string[] {
  const members: string[] = []
  let i = columnType.indexOf('(') + 1
  while (columnType[i] === "'") {
    let label = ''
    for (i++; i < columnType.length; i++) {
      if (columnType[i] !== "'") label += columnType[i]
      else if (columnType[i + 1] === "'") label += columnType[i++]
      else break
    }
    members.push(label)
    i += columnType[i + 1] === ',' ? 2 : 1
  }
  return members
}

/** The primary key, else the first unique key over whole NOT NULL columns, else none. */
function chooseKey(rows: readonly Row[]): string[] {
  const keys = new Map<string, Row[]>()
  for (const row of rows) keys.set(row.INDEX_NAME ?? '', [...(keys.get(row.INDEX_NAME ?? '') ?? []), row])
  for (const [name, parts] of keys) {
    const whole = parts.every(
      p => p.COLUMN_NAME !== null && p.SUB_PART === null && (name === 'PRIMARY' || p.NULLABLE !== 'YES'),
    )
    if (whole) return parts.map(p => p.COLUMN_NAME ?? '')
  }
  return []
}
