import type { SourceColumn, TableSchema } from '../model/schema.js'
import { columnDefault } from './column-default.js'
import type { CharacterSet } from './ddl/charset-choice.js'
import { type FollowedKey, type FollowedTable, tableSchemaOf } from './ddl/followed-table.js'
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
  const [found] = await readTables(session, schema, table)
  return found === undefined ? null : tableSchemaOf(found)
}

/** The base tables of a schema as the catalog has them at this moment, or only the one that is named. */
export async function readTables(session: SourceSession, schema: string, table?: string): Promise<FollowedTable[]> {
  const [and, values] = table === undefined ? ['', [schema]] : [' AND TABLE_NAME = ?', [schema, table]]
  const where = `WHERE TABLE_SCHEMA = ?${and}`
  const tables = await session.query(
    `SELECT TABLE_NAME, TABLE_COLLATION, TABLE_COMMENT FROM information_schema.TABLES ${where}
     AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY TABLE_NAME`,
    values,
  )
  const columns = await session.query(
    `SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, CHARACTER_SET_NAME, COLLATION_NAME,
            CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, COLUMN_COMMENT, COLUMN_DEFAULT, EXTRA, COLUMN_KEY,
            VERSION() LIKE '%MariaDB%' AS MARIADB
     FROM information_schema.COLUMNS ${where} ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    values,
  )
  const parts = await session.query(
    `SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME, NON_UNIQUE, SUB_PART FROM information_schema.STATISTICS ${where}
     ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`,
    values,
  )
  const columnsOf = grouped(columns)
  const partsOf = grouped(parts)
  return tables.flatMap(row => {
    const name = row.TABLE_NAME ?? ''
    const found = columnsOf.get(name)
    if (found === undefined) return []
    const collation = row.TABLE_COLLATION ?? ''
    const charset = collation.split('_')[0] ?? ''
    const keys = followedKeys(partsOf.get(name) ?? [], found)
    const comment = row.TABLE_COMMENT ?? ''
    return [{ schema, table: name, columns: found.map(column), keys, charset, collation, comment }]
  })
}

/** Names of the columns of all tables of a schema, by table. */
export async function readColumnNames(session: SourceSession, schema: string): Promise<Map<string, string[]>> {
  const rows = await session.query(
    'SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? ORDER BY TABLE_NAME, ORDINAL_POSITION',
    [schema],
  )
  return new Map([...grouped(rows)].map(([table, columns]) => [table, columns.map(row => row.COLUMN_NAME ?? '')]))
}

/** Default character sets of all schemas. */
export async function readSchemaCharsets(session: SourceSession): Promise<Map<string, CharacterSet>> {
  const rows = await session.query(
    'SELECT SCHEMA_NAME AS s, DEFAULT_CHARACTER_SET_NAME AS c, DEFAULT_COLLATION_NAME AS l FROM information_schema.SCHEMATA',
  )
  return new Map(rows.map(row => [row.s ?? '', { charset: row.c ?? '', collation: row.l ?? null }]))
}

function grouped(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const group = groups.get(row.TABLE_NAME ?? '')
    if (group === undefined) groups.set(row.TABLE_NAME ?? '', [row])
    else group.push(row)
  }
  return groups
}

/**
 * In an order in which the unique key comes first that the server itself takes in place of a primary key (COLUMN_KEY = PRI):
 * incomplete row images hold its columns.
 */
function followedKeys(rows: readonly Row[], columns: readonly Row[]): FollowedKey[] {
  const marked = new Set(columns.filter(c => c.COLUMN_KEY === 'PRI').map(c => c.COLUMN_NAME))
  const own = ({ parts }: FollowedKey) => parts.length === marked.size && parts.every(p => marked.has(p.column))
  const keys = new Map<string, Row[]>()
  for (const row of rows) keys.set(row.INDEX_NAME ?? '', [...(keys.get(row.INDEX_NAME ?? '') ?? []), row])
  const found = [...keys].map(
    ([name, parts]): FollowedKey => ({
      name,
      kind: name === 'PRIMARY' ? 'primary' : parts[0]?.NON_UNIQUE === '0' ? 'unique' : 'plain',
      parts: parts.map(part => ({ column: part.COLUMN_NAME ?? null, prefix: part.SUB_PART != null })),
    }),
  )
  return found.sort((a, b) => Number(b.kind === 'unique' && own(b)) - Number(a.kind === 'unique' && own(a)))
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
    unsigned: !isSet && /\bunsigned\b/i.test(columnType),
    nullable,
    charset: row.CHARACTER_SET_NAME ?? null,
    ...(row.COLLATION_NAME == null ? {} : { collation: row.COLLATION_NAME }),
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

const LABEL_ESCAPES: Readonly<Record<string, string>> = { 0: '\0', n: '\n', r: '\r' }

/** Labels of "enum('a','b,c','d''e','back\\\\slash')": quotes are doubled, and backslashes, line ends and zero bytes escaped. */
function parseMembers(columnType: string): string[] {
  const members: string[] = []
  let i = columnType.indexOf('(') + 1
  while (columnType[i] === "'") {
    let label = ''
    for (i++; i < columnType.length; i++) {
      if (columnType[i] === '\\') label += LABEL_ESCAPES[columnType[++i] ?? ''] ?? columnType[i]
      else if (columnType[i] !== "'") label += columnType[i]
      else if (columnType[i + 1] === "'") label += columnType[i++]
      else break
    }
    members.push(label)
    i += columnType[i + 1] === ',' ? 2 : 1
  }
  return members
}
