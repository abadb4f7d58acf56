import type { SourceColumn, TableSchema } from '../../lib/model/schema.js'
import type { Row, ServerAddress } from '../../lib/servers/test-server.js'

/** The table as information_schema describes it now. */
export async function readTableSchema(server: ServerAddress, schema: string, table: string): Promise<TableSchema> {
  return (await readSchemas(server, schema)).get(table)!
}

/** All tables of a schema, by name. */
export async function readSchemas(server: ServerAddress, schema: string): Promise<Map<string, TableSchema>> {
  const rows = await server.sql(
    'select * from information_schema.COLUMNS where TABLE_SCHEMA = ? order by TABLE_NAME, ORDINAL_POSITION',
    [schema],
  )
  const columns = new Map<string, SourceColumn[]>()
  for (const row of rows) {
    const table = String(row.TABLE_NAME)
    columns.set(table, [...(columns.get(table) ?? []), sourceColumn(row)])
  }
  return new Map(
    [...columns].map(([table, found]) => [table, { schema, table, columns: found, key: ['id'], comment: '' }]),
  )
}

function sourceColumn(row: Row): SourceColumn {
  const number = (value: unknown) => (value === null ? null : Number(value))
  const dataType = String(row.DATA_TYPE)
  const columnType = String(row.COLUMN_TYPE)
  const isList = dataType === 'enum' || dataType === 'set'
  return {
    name: String(row.COLUMN_NAME),
    dataType,
    columnType,
    unsigned: /\bunsigned\b/.test(columnType.replace(/'[^']*'/g, '')),
    nullable: row.IS_NULLABLE === 'YES',
    charset: row.CHARACTER_SET_NAME === null ? null : String(row.CHARACTER_SET_NAME),
    ...(row.COLLATION_NAME === null ? {} : { collation: String(row.COLLATION_NAME) }),
    maxLength: isList ? null : number(row.CHARACTER_MAXIMUM_LENGTH),
    precision: number(row.NUMERIC_PRECISION),
    scale: number(row.NUMERIC_SCALE),
    fractionDigits: number(row.DATETIME_PRECISION),
    members: isList ? listMembers(columnType) : [],
    comment: '',
  }
}

/** Labels of "enum('a','it''s')". */
function listMembers(columnType: string): string[] {
  return [...columnType.matchAll(/'((?:[^']|'')*)'/g)].map(match => match[1]!.replaceAll("''", "'"))
}
