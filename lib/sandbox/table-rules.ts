import type { Aggregate, SandboxColumn, SandboxTable, TableModel } from './catalog.js'
import type { ColumnType } from './column-type.js'
import type { ColumnDefinition, CreateTable } from './create-table-parser.js'
import { analyzingError, ddlError, SqlError } from './sql-error.js'

const PRIMARY_KEY_BASES = new Set([
  'boolean',
  'tinyint',
  'smallint',
  'int',
  'bigint',
  'largeint',
  'varchar',
  'date',
  'datetime',
])
const NEVER_KEY_BASES = new Set(['json', 'array', 'map', 'struct', 'bitmap', 'hll', 'varbinary', 'float', 'double'])
const KEYS_WORD: Readonly<Record<TableModel, string>> = {
  primary: 'PRIMARY_KEYS',
  duplicate: 'DUP_KEYS',
  aggregate: 'AGG_KEYS',
  unique: 'UNIQUE_KEYS',
}
/** Properties that StarRocks knows for native tables; any other is an error. */
const KNOWN_PROPERTIES = new Set([
  'replication_num',
  'enable_persistent_index',
  'persistent_index_type',
  'fast_schema_evolution',
  'light_schema_change',
  'partition_live_number',
  'partition_ttl',
  'partition_ttl_number',
  'partition_retention_condition',
  'storage_medium',
  'storage_cooldown_time',
  'storage_cooldown_ttl',
  'storage_volume',
  'storage_type',
  'compression',
  'colocate_with',
  'bloom_filter_columns',
  'bloom_filter_fpp',
  'write_quorum',
  'replicated_storage',
  'in_memory',
  'binlog_enable',
  'binlog_ttl_second',
  'binlog_max_size',
  'bucket_size',
  'base_compaction_forbidden_time_ranges',
  'unique_constraints',
  'foreign_key_constraints',
  'datacache.enable',
  'datacache.partition_duration',
  'enable_async_write_back',
  'primary_index_cache_expire_sec',
  'labels.location',
])
const COLUMN_NAME_MAX = 1024

/** How many columns and bytes make the key of a DUPLICATE table whose statement names none. */
const SHORT_KEY_COLUMNS = 3
const SHORT_KEY_BYTES = 36

/**
 * The table a CREATE TABLE statement asks for, after the checks of StarRocks' analyzer.
 * @param aliveBackends how many backends could hold replicas.
 * @throws SqlError with StarRocks' number and text.
 */
export function defineTable(statement: CreateTable, database: string, aliveBackends: number): Omit<SandboxTable, 'id'> {
  if (statement.external || statement.engine !== 'olap')
    throw ddlError(`Tables of ENGINE=${statement.engine} are not supported by this server`)
  checkColumnNames(statement.columns)
  const { model, key } = chooseKey(statement)
  const columns = statement.columns.map(definition => defineColumn(definition, model, key))
  checkKeyPlace(columns, key)
  for (const name of key) checkKeyColumn(requireColumn(columns, name), model)
  if (columns.filter(column => column.autoIncrement).length > 1)
    throw analyzingError('More than one AUTO_INCREMENT column defined in CREATE TABLE Statement')
  checkPartition(statement.partitionBy, columns, model, key)
  for (const name of statement.orderBy) requireColumn(columns, name)
  return {
    database,
    name: statement.name,
    model,
    columns,
    key: key.map(name => requireColumn(columns, name).name),
    comment: statement.comment,
    properties: defineProperties(statement.properties, model, aliveBackends),
    distribution: renderDistribution(statement.distribution, columns, model, key),
    partitionBy: statement.partitionBy,
    orderBy: statement.orderBy,
  }
}

/**
 * A column as the catalog keeps it. Key columns of PRIMARY KEY tables are NOT NULL when nothing is said, all others nullable.
 * @throws SqlError when default, nullability, aggregate or AUTO_INCREMENT do not fit together.
 */
export function defineColumn(definition: ColumnDefinition, model: TableModel, key: readonly string[]): SandboxColumn {
  const { name, type, generated } = definition
  const isKey = key.some(other => other.toLowerCase() === name.toLowerCase())
  if (isKey && model === 'primary' && definition.nullable === true)
    throw analyzingError(`primary key column[${name}] cannot be nullable`)
  if (definition.autoIncrement) {
    if (type.base !== 'bigint') throw analyzingError('The AUTO_INCREMENT column must be BIGINT')
    if (definition.nullable === true) throw analyzingError(`AUTO_INCREMENT column ${name} must be NOT NULL`)
    if (definition.default !== null) throw analyzingError(`AUTO_INCREMENT column ${name} can't have a default value`)
  }
  checkDefault(definition)
  const aggregate = aggregateOf(definition, model, isKey)
  return {
    name,
    type: aggregate === 'sum' ? summedType(type) : type,
    nullable: definition.nullable ?? !(definition.autoIncrement || (isKey && model === 'primary')),
    default: definition.default,
    autoIncrement: definition.autoIncrement,
    generated,
    aggregate,
    comment: definition.comment,
  }
}

/** SUM columns of decimals hold as many digits as there are. */
function summedType(type: ColumnType): ColumnType {
  const digits = 38
  if (type.base !== 'decimal' || (type.precision ?? 0) >= digits) return type
  return { ...type, precision: digits, text: `decimal(${digits},${type.scale})` }
}

/** @throws SqlError 1166 when StarRocks keeps the name for itself. */
export function checkColumnName(name: string): void {
  const lower = name.toLowerCase()
  const reserved =
    lower === '__op' ||
    lower === '__row' ||
    lower.startsWith('__generated_partition_column_') ||
    lower.startsWith('__starrocks_shadow_')
  if (reserved || name.length === 0 || name.length > COLUMN_NAME_MAX)
    throw new SqlError(1166, `Incorrect column name '${name}'`)
}

/** @throws SqlError 1102 for a name no StarRocks database can have. */
export function checkDatabaseName(name: string): void {
  if (!/^[a-zA-Z_][\w\-~!@#$%^&<>=+]{0,255}$/.test(name)) throw new SqlError(1102, `Incorrect database name '${name}'`)
}

function checkColumnNames(columns: readonly ColumnDefinition[]): void {
  const seen = new Set<string>()
  for (const column of columns) {
    checkColumnName(column.name)
    const lower = column.name.toLowerCase()
    if (seen.has(lower)) throw new SqlError(1060, `Duplicate column name '${column.name}'`)
    seen.add(lower)
  }
}

function chooseKey(statement: CreateTable): { model: TableModel; key: readonly string[] } {
  if (statement.model !== null) return { model: statement.model, key: statement.key }
  const model = statement.columns.some(column => column.aggregate !== null) ? 'aggregate' : 'duplicate'
  const marked = statement.columns.filter(column => column.key)
  if (marked.length > 0) return { model, key: marked.map(column => column.name) }
  if (model === 'aggregate') {
    const plain = statement.columns.filter(column => column.aggregate === null)
    return { model, key: plain.map(column => column.name) }
  }
  const key: string[] = []
  let bytes = 0
  for (const column of statement.columns) {
    if (key.length === SHORT_KEY_COLUMNS || NEVER_KEY_BASES.has(column.type.base)) break
    bytes += keyBytes(column.type)
    if (key.length > 0 && bytes > SHORT_KEY_BYTES) break
    key.push(column.name)
    if (column.type.base === 'varchar') break
  }
  if (key.length === 0) throw analyzingError('Data type of first column cannot be key')
  return { model, key }
}

function keyBytes(type: ColumnType): number {
  const byBase: Readonly<Record<string, number>> = { boolean: 1, tinyint: 1, smallint: 2, int: 4, date: 3, bigint: 8 }
  return type.length ?? byBase[type.base] ?? 16
}

function aggregateOf(definition: ColumnDefinition, model: TableModel, isKey: boolean): Aggregate | null {
  const { aggregate, name } = definition
  if (isKey) {
    if (aggregate !== null) throw analyzingError(`Cannot specify aggregate function for key column ${name}`)
    return null
  }
  if (model === 'aggregate') {
    if (aggregate === null)
      throw analyzingError(`AGG_KEYS table should specify aggregate type for non-key column[${name}]`)
    return aggregate
  }
  if (aggregate !== null)
    throw analyzingError(`${KEYS_WORD[model]} table should not specify aggregate type for non-key column[${name}]`)
  return null
}

function checkKeyPlace(columns: readonly SandboxColumn[], key: readonly string[]): void {
  key.forEach((name, at) => {
    requireColumn(columns, name)
    if (columns[at]?.name.toLowerCase() !== name.toLowerCase())
      throw analyzingError(
        'Key columns must be the first few columns of the schema and the order ' +
          ' of the key columns must be consistent with the order of the schema',
      )
  })
}

function checkKeyColumn(column: SandboxColumn, model: TableModel): void {
  const { base } = column.type
  if (model === 'primary') {
    if (!PRIMARY_KEY_BASES.has(base))
      throw analyzingError(`primary key column[${column.name}] type not supported: ${column.type.text.toUpperCase()}`)
  } else if (NEVER_KEY_BASES.has(base)) {
    const advice = base === 'float' || base === 'double' ? ', use decimal instead' : ''
    throw analyzingError(`Invalid data type of key column '${column.name}': '${base}'${advice}`)
  }
}

function checkPartition(
  partitionBy: string | null,
  columns: readonly SandboxColumn[],
  model: TableModel,
  key: readonly string[],
): void {
  if (partitionBy === null || model !== 'primary') return
  const head = /^\s*(?:RANGE|LIST)?\s*\(([^)]*)\)/i.exec(partitionBy)?.[1] ?? partitionBy
  const words: string[] = head.match(/`[^`]+`|[\w$]+/g) ?? []
  for (const word of words) {
    const name = word.replaceAll('`', '').toLowerCase()
    const isColumn = columns.some(column => column.name.toLowerCase() === name)
    if (isColumn && !key.some(other => other.toLowerCase() === name))
      throw analyzingError('partition column must be key column')
  }
}

function renderDistribution(
  distribution: CreateTable['distribution'],
  columns: readonly SandboxColumn[],
  model: TableModel,
  key: readonly string[],
): string {
  const buckets = distribution?.buckets ? ` BUCKETS ${distribution.buckets}` : ''
  const kind = distribution?.kind ?? (model === 'duplicate' ? 'random' : 'hash')
  if (kind === 'random') {
    if (model !== 'duplicate')
      throw analyzingError(`${KEYS_WORD[model]} does not support random distribution: use DISTRIBUTED BY HASH`)
    return `RANDOM${buckets}`
  }
  const names = distribution?.columns ?? key
  for (const name of names) {
    const column = requireColumn(columns, name)
    if (model !== 'duplicate' && !key.some(other => other.toLowerCase() === column.name.toLowerCase()))
      throw ddlError(`Distribution column[${name}] is not key column`)
  }
  return `HASH(${names.map(name => `\`${name}\``).join(', ')})${buckets}`
}

function defineProperties(
  given: Readonly<Record<string, string>>,
  model: TableModel,
  aliveBackends: number,
): Record<string, string> {
  const unknown = Object.entries(given).filter(
    ([name]) => !KNOWN_PROPERTIES.has(name) && !name.startsWith('dynamic_partition.'),
  )
  if (unknown.length > 0)
    throw ddlError(`Unknown properties: {${unknown.map(([name, value]) => `${name}=${value}`).join(', ')}}`)
  const { light_schema_change: alias, ...rest } = given
  const evolution = rest.fast_schema_evolution ?? alias ?? 'true'
  if (evolution !== 'true' && evolution !== 'false') throw ddlError('fast_schema_evolution must be `true` or `false`')
  const replicas = Number(rest.replication_num ?? '1')
  if (!Number.isInteger(replicas) || replicas < 1) throw ddlError('Replication num should larger than 0')
  if (replicas > aliveBackends)
    throw ddlError(
      'Table replication num should be less than or equal to the number of available backends. ' +
        'You can change this default by setting the replication_num table properties. ' +
        `Current alive backend is [${aliveBackends > 0 ? '10001' : ''}].`,
    )
  return {
    compression: 'LZ4',
    ...(model === 'primary' ? { enable_persistent_index: 'true' } : {}),
    replicated_storage: 'true',
    ...rest,
    fast_schema_evolution: evolution,
    replication_num: String(replicas),
  }
}

function checkDefault(definition: ColumnDefinition): void {
  const { name, type } = definition
  if (definition.default === null) return
  const invalid = (why: string) => analyzingError(`Invalid default value for '${name}': ${why}`)
  switch (definition.default.kind) {
    case 'now':
      if (type.base !== 'datetime' && type.base !== 'date')
        throw invalid('CURRENT_TIMESTAMP is for DATETIME columns only')
      return
    case 'uuid':
      if (type.base !== 'varchar') throw invalid('uuid() is for VARCHAR columns only')
      return
    case 'literal':
      if (!literalFits(definition.default.text, type))
        throw invalid(`'${definition.default.text}' is no ${type.text.toUpperCase()}`)
  }
}

function literalFits(text: string, type: ColumnType): boolean {
  switch (type.base) {
    case 'boolean':
      return /^(true|false|0|1)$/i.test(text)
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'largeint':
      return integerFits(text, type.base)
    case 'float':
    case 'double':
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)
    case 'decimal': {
      const match = /^[+-]?0*(\d*)(?:\.(\d*))?$/.exec(text)
      if (match === null) return false
      return (match[1] ?? '').length <= (type.precision ?? 0) - (type.scale ?? 0) && /\d/.test(text)
    }
    case 'char':
    case 'varchar':
      return Buffer.byteLength(text) <= (type.length ?? 0)
    case 'date':
    case 'datetime':
      return dateFits(text, type.base === 'datetime')
    case 'json':
      return true
    case 'varbinary':
    case 'bitmap':
    case 'hll':
      return text === ''
    case 'array':
    case 'map':
    case 'struct':
      return false
  }
}

function integerFits(text: string, base: 'tinyint' | 'smallint' | 'int' | 'bigint' | 'largeint'): boolean {
  if (!/^[+-]?\d+$/.test(text)) return false
  const bits = { tinyint: 7n, smallint: 15n, int: 31n, bigint: 63n, largeint: 127n }[base]
  const value = BigInt(text.replace(/^\+/, ''))
  return value >= -(1n << bits) && value < 1n << bits
}

function dateFits(text: string, withTime: boolean): boolean {
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d{1,6})?)?$/.exec(text)
  if (match === null || (!withTime && match[4] !== undefined)) return false
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(part => Number(part ?? 0)) as number[]
  const date = new Date(0)
  date.setUTCFullYear(year ?? 0, (month ?? 0) - 1, day ?? 0)
  if (date.getUTCMonth() !== (month ?? 0) - 1 || date.getUTCDate() !== day) return false
  return (hour ?? 0) < 24 && (minute ?? 0) < 60 && (second ?? 0) < 60
}

function requireColumn(columns: readonly SandboxColumn[], name: string): SandboxColumn {
  const found = columns.find(column => column.name.toLowerCase() === name.toLowerCase())
  if (found === undefined) throw new SqlError(1064, `Key column(${name}) doesn't exist.`)
  return found
}
