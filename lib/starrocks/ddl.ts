import { Failure } from '../model/failure.js'
import { renderPartitionBy } from '../model/partition-by.js'
import { isSameName } from '../model/same-name.js'
import { type TargetModel, targetName } from '../model/schema.js'
import { KEY_TYPES, PRIMARY_KEY_TYPES } from './key-types.js'
import { checkDistribution, checkPartitions, checkSortColumns } from './layout-check.js'
import { parseTargetType } from './target-type.js'

/** How new tables are spread: a bucket count or StarRocks' own choice, and copies of each tablet (1 on a single-BE cluster). */
export interface TableLayout {
  readonly bucketCount: number | 'auto'
  readonly replicationNum: number
}

export interface RequestedColumn {
  readonly name: string
  readonly type: string
  readonly nullable: boolean
  readonly comment: string
  /** Value columns of an aggregate table. */
  readonly aggregate?: 'sum' | 'min' | 'max'
}

/** What a new table shall be; the dispatcher's `TargetRequest` is one. */
export interface RequestedTable {
  readonly database: string
  readonly table: string
  readonly model: TargetModel
  readonly columns: readonly RequestedColumn[]
  readonly key: readonly string[]
  readonly comment: string
  /** Names of the sort columns; null or absent: the key. */
  readonly orderBy?: readonly string[] | null
  /** See `parsePartitionBy`; null or absent: one partition. */
  readonly partitionBy?: string | null
  /** Columns whose hash gives the bucket; null or absent: the key. */
  readonly distributedBy?: readonly string[] | null
  /** Null or absent: as in `TableLayout`. */
  readonly buckets?: number | null
  /** Further PROPERTIES. */
  readonly properties?: Readonly<Record<string, string>>
}

type TableRef = { readonly database: string; readonly table: string }

const RESERVED_COLUMNS = new Set(['__op', '__row'])
const RESERVED_PREFIXES = ['__generated_partition_column_', '__starrocks_shadow_']
const MAX_NAME_LENGTH = 1024
const DATABASE_NAME = /^[a-z_][\w\-~!@#$%^&<>=+]{0,255}$/i

/** A name between backticks, with backticks inside doubled. A NUL has no form: Failure. */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0'))
    throw new Failure('targetUnfit', `StarRocks cannot have the name ${JSON.stringify(name)}`)
  return `\`${name.replaceAll('`', '``')}\``
}

/** A string literal between double quotes, on one line; StarRocks reads backslash escapes in it. */
export function quoteString(value: string): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '""').replaceAll('\0', '\\0')
  return `"${escaped.replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`
}

/** `database`.`table`, quoted. */
export function quoteTable(target: TableRef): string {
  return `${quoteIdentifier(target.database)}.${quoteIdentifier(target.table)}`
}

/** Buckets for a cluster of `beNum` backends: two for each, as StarRocks itself reckons for small clusters, at most 48. */
export function bucketCountFor(beNum: number): number {
  return Math.min(48, Math.max(1, Math.floor(beNum)) * 2)
}

/** CREATE DATABASE IF NOT EXISTS. A name StarRocks refuses is a Failure. */
export function renderCreateDatabase(database: string): string {
  if (!DATABASE_NAME.test(database))
    throw new Failure('targetUnfit', `StarRocks cannot have a database named ${JSON.stringify(database)}`, {
      advice: 'Give the rule an sr_schema that starts with a letter or underscore.',
    })
  return `CREATE DATABASE IF NOT EXISTS ${quoteIdentifier(database)}`
}

/**
 * CREATE TABLE of a table of the requested model: key columns first and in key order, hashed by the whole key; those of a
 * PRIMARY KEY NOT NULL whatever the source says. Failures name what StarRocks would refuse: no key, a key column missing or
 * of an illegal type, reserved or repeated column names.
 */
export function renderCreateTable(request: RequestedTable, layout: TableLayout): string {
  const name = targetName(request)
  const model = `${request.model.toUpperCase()} KEY`
  if (request.table === '' || request.table.length > MAX_NAME_LENGTH)
    throw new Failure('targetUnfit', `${name}: a table name has 1 to ${MAX_NAME_LENGTH} characters`)
  if (request.key.length === 0)
    throw new Failure('targetUnfit', `${name} has no key; a ${model} table cannot be made without one`)
  const seen = new Set<string>()
  for (const column of request.columns) {
    checkColumnName(column.name, name)
    const folded = column.name.toLowerCase()
    if (seen.has(folded))
      throw new Failure('targetUnfit', `${name} would have the column ${column.name} twice (column names ignore case)`)
    seen.add(folded)
  }
  const keys = request.key.map(key => keyColumn(request, key))
  const values = request.columns.filter(column => !keys.includes(column))
  const lines = [
    ...keys.map(column => `  ${renderColumn({ ...column, nullable: column.nullable && request.model !== 'primary' })}`),
    ...values.map(column => `  ${renderColumn(column)}`),
  ]
  const partitions = checkPartitions(request)
  const sorted = checkSortColumns(request)
  const hashed = checkDistribution(request) ?? keys.map(column => column.name)
  const buckets = request.buckets ?? layout.bucketCount
  const properties = [
    ['replication_num', String(layout.replicationNum)] as const,
    ...(request.model === 'primary' ? [['enable_persistent_index', 'true'] as const] : []),
    ...Object.entries(request.properties ?? {}),
  ]
  const keyList = keys.map(column => quoteIdentifier(column.name)).join(', ')
  return [
    `CREATE TABLE IF NOT EXISTS ${quoteTable(request)} (`,
    lines.join(',\n'),
    ') ENGINE=OLAP',
    `${model} (${keyList})`,
    ...(request.comment === '' ? [] : [`COMMENT ${quoteString(request.comment)}`]),
    ...(partitions === null ? [] : [`PARTITION BY ${renderPartitionBy(partitions, quoteIdentifier)}`]),
    `DISTRIBUTED BY HASH(${hashed.map(quoteIdentifier).join(', ')})${buckets === 'auto' ? '' : ` BUCKETS ${buckets}`}`,
    ...(sorted === null ? [] : [`ORDER BY (${sorted.map(quoteIdentifier).join(', ')})`]),
    // Without the persistent index a primary key index lives in memory; it is off by default before 3.1.
    `PROPERTIES (${properties.map(([name, value]) => `${quoteString(name)} = ${quoteString(value)}`).join(', ')})`,
  ].join('\n')
}

/**
 * ALTER TABLE … ADD COLUMN. Added columns are nullable whatever the source says: StarRocks demands a default for NOT NULL,
 * and rows that exist hold no value of the new column.
 */
export function renderAddColumns(target: TableRef, columns: readonly RequestedColumn[]): string {
  for (const column of columns) checkColumnName(column.name, targetName(target))
  const clauses = columns.map(column => `ADD COLUMN ${renderColumn({ ...column, nullable: true })}`)
  return `ALTER TABLE ${quoteTable(target)} ${clauses.join(', ')}`
}

/** A row when the table is there, and may be seen. */
export function renderFindTable(target: TableRef): string {
  const where = `TABLE_SCHEMA = ${quoteString(target.database)} AND TABLE_NAME = ${quoteString(target.table)}`
  return `SELECT TABLE_NAME FROM information_schema.tables WHERE ${where}`
}

/** One row when the table has any whose columns have these texts. */
export function renderAnyRow(
  target: TableRef,
  columns: readonly { readonly name: string; readonly text: string }[],
): string {
  const terms = columns.map(({ name, text }) => `${quoteIdentifier(name)} = ${quoteString(text)}`)
  const where = terms.length === 0 ? '' : ` WHERE ${terms.join(' AND ')}`
  return `SELECT 1 AS n FROM ${quoteTable(target)}${where} LIMIT 1`
}

/** TRUNCATE TABLE. */
export function renderTruncate(target: TableRef): string {
  return `TRUNCATE TABLE ${quoteTable(target)}`
}

function renderColumn(column: RequestedColumn): string {
  const comment = column.comment === '' ? '' : ` COMMENT ${quoteString(column.comment)}`
  const aggregate = column.aggregate === undefined ? '' : ` ${column.aggregate.toUpperCase()}`
  const nullable = column.nullable ? 'NULL' : 'NOT NULL'
  return `${quoteIdentifier(column.name)} ${column.type.toUpperCase()}${aggregate} ${nullable}${comment}`
}

function keyColumn(request: RequestedTable, key: string): RequestedColumn {
  const name = targetName(request)
  const column = request.columns.find(candidate => isSameName(candidate.name, key))
  if (column === undefined) throw new Failure('targetUnfit', `${name}: the key column ${key} is not among its columns`)
  const { base } = parseTargetType(column.type)
  const legal = request.model === 'primary' ? PRIMARY_KEY_TYPES : KEY_TYPES
  if (!legal.has(base))
    throw new Failure(
      'targetUnfit',
      `${name}: the key column ${column.name} cannot be ${column.type} in ${anKey(request.model)}`,
    )
  return column
}

/** "a PRIMARY KEY", "an AGGREGATE KEY". */
export function anKey(model: TargetModel): string {
  return `${model === 'aggregate' ? 'an' : 'a'} ${model.toUpperCase()} KEY`
}

function checkColumnName(column: string, table: string): void {
  const fault = columnNameFault(column)
  if (fault !== null)
    throw new Failure(
      'targetUnfit',
      `${table}: StarRocks cannot have a column named ${JSON.stringify(column)}: ${fault}`,
      {
        advice: 'Rename or exclude the column in a [[rule]].',
      },
    )
}

/** Why StarRocks refuses a column name (FeNameFormat), or null. */
function columnNameFault(column: string): string | null {
  const folded = column.toLowerCase()
  if (column === '' || column.length > MAX_NAME_LENGTH) return `names have 1 to ${MAX_NAME_LENGTH} characters`
  if (RESERVED_COLUMNS.has(folded)) return 'the name is reserved'
  if (RESERVED_PREFIXES.some(prefix => folded.startsWith(prefix))) return 'the prefix is reserved'
  if (/[\0=<>!*]/.test(column)) return 'the characters = < > ! * and NUL are not allowed'
  return null
}
