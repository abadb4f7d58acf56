import { type Catalog, type ColumnDefault, isKeyColumn, type SandboxColumn, type SandboxTable } from './catalog.js'
import type { ColumnType } from './column-type.js'
import { type MemoryTable, memoryTable } from './memory-table.js'
import { renderTimestamp } from './value-text.js'

const COLUMN_KEY = { primary: 'PRI', duplicate: 'DUP', aggregate: 'AGG', unique: 'UNI' } as const
const TABLE_MODEL = {
  primary: 'PRIMARY_KEYS',
  duplicate: 'DUP_KEYS',
  aggregate: 'AGG_KEYS',
  unique: 'UNIQUE_KEYS',
} as const

/** Which tables a question is about. */
export type TableFilter = (table: SandboxTable) => boolean

/** Names of the tables of information_schema that the catalog answers; each has rows for the tables that are asked for alone. */
export const SYSTEM_TABLES: Readonly<Record<string, (catalog: Catalog, filter: TableFilter) => MemoryTable>> = {
  schemata: schemataTable,
  tables: tablesTable,
  columns: columnsTable,
  tables_config: tablesConfigTable,
}

const NAME = `('[^'\\\\]*'|"[^"\\\\]*")`
const ONE_TABLE = new RegExp(
  String.raw`^\s*select\s[^;]*?\sfrom\s+information_schema\.\w+\s+where\s+table_schema\s*=\s*${NAME}\s+and\s+table_name\s*=\s*${NAME}\s*$`,
  'i',
)

/**
 * The tables that a query can need: the one that it asks for, else all. With hundreds of tables the engine's many questions about
 * one of them would each be put to all.
 */
export function tablesAskedFor(query: string): TableFilter {
  const [, schema, name] = ONE_TABLE.exec(query) ?? []
  if (schema === undefined || name === undefined) return () => true
  return table => table.database === schema.slice(1, -1) && table.name === name.slice(1, -1)
}

/** Milliseconds since 1970 as `YYYY-MM-DD HH:MM:SS` in UTC. */
export function renderTime(ms: number): string {
  return renderTimestamp(BigInt(Math.floor(ms / 1000)) * 1_000_000n)
}

/** A default as DESC and information_schema print it; null when there is none. */
export function renderDefault(value: ColumnDefault | null): string | null {
  switch (value?.kind) {
    case undefined:
      return null
    case 'literal':
      return value.text
    case 'now':
      return 'CURRENT_TIMESTAMP'
    case 'uuid':
      return 'uuid()'
  }
}

/** Bucket count of a distribution text, 0 when StarRocks chooses. */
function bucketsOf(table: SandboxTable): number {
  return Number(/ BUCKETS (\d+)$/.exec(table.distribution)?.[1] ?? '0')
}

function schemataTable(catalog: Catalog): MemoryTable {
  const names = ['information_schema', ...catalog.databases().map(database => database.name)]
  return memoryTable(
    ['CATALOG_NAME', 'SCHEMA_NAME', 'DEFAULT_CHARACTER_SET_NAME', 'DEFAULT_COLLATION_NAME', 'SQL_PATH'],
    names.map(name => ['def', name, 'utf8', 'utf8_general_ci', null]),
  )
}

function tablesTable(catalog: Catalog, filter: TableFilter): MemoryTable {
  const system = Object.keys(SYSTEM_TABLES).map(name => ['information_schema', name, 'SYSTEM VIEW', 'MEMORY', null, ''])
  const own = tablesOf(catalog, filter).map(table => [
    table.database,
    table.name,
    'BASE TABLE',
    'StarRocks',
    renderTime(catalog.createdAt(table)),
    table.comment,
  ])
  return memoryTable(
    `TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_TYPE ENGINE VERSION:BIGINT ROW_FORMAT TABLE_ROWS:BIGINT
    AVG_ROW_LENGTH:BIGINT DATA_LENGTH:BIGINT MAX_DATA_LENGTH:BIGINT INDEX_LENGTH:BIGINT DATA_FREE:BIGINT
    AUTO_INCREMENT:BIGINT CREATE_TIME:TIMESTAMP UPDATE_TIME:TIMESTAMP CHECK_TIME:TIMESTAMP TABLE_COLLATION
    CHECKSUM:BIGINT CREATE_OPTIONS TABLE_COMMENT`.split(/\s+/),
    [...system, ...own].map(([database, name, type, engine, created, comment]) => [
      'def',
      database ?? '',
      name ?? '',
      type ?? '',
      engine ?? '',
      ...Array<null>(9).fill(null),
      created ?? null,
      null,
      null,
      'utf8_general_ci',
      null,
      null,
      comment ?? '',
    ]),
  )
}

function columnsTable(catalog: Catalog, filter: TableFilter): MemoryTable {
  return memoryTable(
    `TABLE_CATALOG TABLE_SCHEMA TABLE_NAME COLUMN_NAME ORDINAL_POSITION:BIGINT COLUMN_DEFAULT IS_NULLABLE DATA_TYPE
    CHARACTER_MAXIMUM_LENGTH:BIGINT CHARACTER_OCTET_LENGTH:BIGINT NUMERIC_PRECISION:BIGINT NUMERIC_SCALE:BIGINT
    DATETIME_PRECISION:BIGINT CHARACTER_SET_NAME COLLATION_NAME COLUMN_TYPE COLUMN_KEY EXTRA PRIVILEGES COLUMN_COMMENT
    COLUMN_SIZE:BIGINT DECIMAL_DIGITS:BIGINT GENERATION_EXPRESSION SRS_ID:BIGINT`.split(/\s+/),
    tablesOf(catalog, filter).flatMap(table => table.columns.map((column, at) => columnRow(table, column, at + 1))),
  )
}

function columnRow(table: SandboxTable, column: SandboxColumn, position: number): (string | number | null)[] {
  const { type } = column
  const isText = type.base === 'char' || type.base === 'varchar'
  const precision = numericPrecision(type)
  return [
    'def',
    table.database,
    table.name,
    column.name,
    position,
    renderDefault(column.default),
    column.nullable ? 'YES' : 'NO',
    dataType(type),
    isText ? type.length : null,
    isText ? type.length : null,
    precision,
    type.base === 'decimal' ? type.scale : precision === null ? null : 0,
    null,
    isText ? 'utf8' : null,
    isText ? 'utf8_general_ci' : null,
    columnType(type),
    isKeyColumn(table, column.name) ? COLUMN_KEY[table.model] : '',
    column.autoIncrement ? 'auto_increment' : '',
    '',
    column.comment,
    type.length ?? precision,
    type.scale,
    column.generated,
    null,
  ]
}

function tablesConfigTable(catalog: Catalog, filter: TableFilter): MemoryTable {
  return memoryTable(
    `TABLE_SCHEMA TABLE_NAME TABLE_ENGINE TABLE_MODEL PRIMARY_KEY PARTITION_KEY DISTRIBUTE_KEY DISTRIBUTE_TYPE
    DISTRIBUTE_BUCKET:BIGINT SORT_KEY PROPERTIES TABLE_ID:BIGINT`.split(/\s+/),
    tablesOf(catalog, filter).map(table => {
      const key = quoteList(table.key)
      return [
        table.database,
        table.name,
        'OLAP',
        TABLE_MODEL[table.model],
        table.model === 'primary' || table.model === 'unique' ? key : '',
        table.partitionBy ?? '',
        /^HASH\((.*)\)/.exec(table.distribution)?.[1] ?? '',
        table.distribution.startsWith('HASH') ? 'HASH' : 'RANDOM',
        bucketsOf(table),
        table.orderBy.length > 0 ? quoteList(table.orderBy) : key,
        JSON.stringify(Object.fromEntries(Object.entries(table.properties).sort())),
        table.id,
      ]
    }),
  )
}

/** DATA_TYPE and COLUMN_TYPE as the BE's schema scanner words them (schema_columns_scanner.cpp). */
function dataType(type: ColumnType): string {
  switch (type.base) {
    case 'boolean':
      return 'tinyint'
    case 'largeint':
      return 'bigint unsigned'
    case 'array':
    case 'map':
    case 'struct':
      return 'unknown'
    default:
      return type.base
  }
}

function columnType(type: ColumnType): string {
  switch (type.base) {
    case 'boolean':
      return 'tinyint(1)'
    case 'tinyint':
      return 'tinyint(4)'
    case 'smallint':
      return 'smallint(6)'
    case 'int':
      return 'int(11)'
    case 'bigint':
      return 'bigint(20)'
    case 'largeint':
      return 'bigint(20) unsigned'
    default:
      return type.text
  }
}

function numericPrecision(type: ColumnType): number | null {
  const digits: Readonly<Record<string, number>> = { tinyint: 3, smallint: 5, int: 10, bigint: 19, largeint: 39 }
  if (type.base === 'decimal') return type.precision
  return digits[type.base] ?? null
}

function tablesOf(catalog: Catalog, filter: TableFilter): SandboxTable[] {
  return catalog.databases().flatMap(database => catalog.tables(database.name).filter(filter))
}

function quoteList(names: readonly string[]): string {
  return names.map(name => `\`${name}\``).join(', ')
}
