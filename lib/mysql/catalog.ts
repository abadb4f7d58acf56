import type { SourceColumn, TableSchema } from '../model/schema.js'
import { columnDefault } from './column-default.js'
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
            NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, COLUMN_COMMENT, COLUMN_DEFAULT, EXTRA, COLUMN_KEY,
            VERSION() LIKE '%MariaDB%' AS MARIADB
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
  return {
    schema,
    table,
    columns: columns.map(column),
    key: chooseKey(keys, columns),
    comment: info?.TABLE_COMMENT ?? '',
  }
}

function column(row: Row): SourceColumn {
  const columnType = row.COLUMN_TYPE ?? ''
  const dataType = (row.DATA_TYPE ?? '').toLowerCase()
  const nullable = row.IS_NULLABLE === 'YES'
  const fill = columnDefault(
    { dataType, nullable, text: row.COLUMN_DEFAULT ?? null, extra: row.EXTRA ?? '' },
    row.MARIADB === '1',
  )
  const isSet = dataType === 'enum' || dataType === 'set'
  return {
    name: row.COLUMN_NAME ?? '',
    dataType,
    columnType,
    unsigned: /\bunsigned\b/i.test(columnType),
    nullable,
    charset: row.CHARACTER_SET_NAME ?? null,
    maxLength: number(row.CHARACTER_MAXIMUM_LENGTH),
    precision: number(row.NUMERIC_PRECISION),
    scale: number(row.NUMERIC_SCALE),
    fractionDigits: number(row.DATETIME_PRECISION),
    members: isSet ? parseMembers(columnType) : [],
    comment: row.COLUMN_COMMENT ?? '',
    ...(fill === null ? {} : { defaultValue: fill }),
    ...generation(row.EXTRA ?? ''),
  }
}

/** MariaDB before 10.2 says PERSISTENT for STORED, and both leave out GENERATED. */
function generation(extra: string): Pick<SourceColumn, 'generated'> {
  const word = /\b(VIRTUAL|STORED|PERSISTENT)\b/i.exec(extra)?.[1]?.toUpperCase()
  return word === undefined ? {} : { generated: word === 'VIRTUAL' ? 'virtual' : 'stored' }
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

/**
 * The primary key, else a unique key over whole NOT NULL columns, else none. Of several the one that the server itself takes
 * in place of a primary key (COLUMN_KEY = PRI): incomplete row images hold its columns.
 */
function chooseKey(rows: readonly Row[], columns: readonly Row[]): string[] {
  const keys = new Map<string, Row[]>()
  for (const row of rows) keys.set(row.INDEX_NAME ?? '', [...(keys.get(row.INDEX_NAME ?? '') ?? []), row])
  const whole = [...keys].filter(([name, parts]) =>
    parts.every(p => p.COLUMN_NAME !== null && p.SUB_PART === null && (name === 'PRIMARY' || p.NULLABLE !== 'YES')),
  )
  const marked = new Set(columns.filter(c => c.COLUMN_KEY === 'PRI').map(c => c.COLUMN_NAME))
  const own = whole.find(([, parts]) => parts.length === marked.size && parts.every(p => marked.has(p.COLUMN_NAME)))
  return ((own ?? whole[0])?.[1] ?? []).map(p => p.COLUMN_NAME ?? '')
}
