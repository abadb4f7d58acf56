import type { AlterClause, ColumnPlace } from './alter-table-parser.js'
import { columnOf, isKeyColumn, type SandboxColumn, type SandboxTable } from './catalog.js'
import type { ColumnType } from './column-type.js'
import type { ColumnDefinition } from './create-table-parser.js'
import { analyzingError, ddlError, SqlError } from './sql-error.js'
import { checkColumnName, defineColumn } from './table-rules.js'

export interface AlteredTable {
  readonly table: SandboxTable
  /** New column names to old ones, both in lower case. */
  readonly renamed: ReadonlyMap<string, string>
  /** True when StarRocks lists the change as a job in SHOW ALTER TABLE COLUMN. */
  readonly isJob: boolean
}

/**
 * A table after the column clauses, comments and properties of one ALTER TABLE; names of tables are the caller's matter.
 * @throws SqlError with StarRocks' text for what it refuses.
 */
export function alterTable(before: SandboxTable, clauses: readonly AlterClause[]): AlteredTable {
  let table = before
  let isJob = false
  const renamed = new Map<string, string>()
  for (const clause of clauses) {
    switch (clause.kind) {
      case 'addColumn':
        table = addColumn(table, clause.column, clause.place)
        isJob = true
        break
      case 'dropColumn':
        table = dropColumn(table, clause.column)
        isJob = true
        break
      case 'modifyColumn':
        table = modifyColumn(table, clause.column, clause.place)
        isJob = true
        break
      case 'commentColumn':
        table = replaceColumn(table, { ...requireColumn(table, clause.column), comment: clause.comment })
        break
      case 'renameColumn':
        table = renameColumn(table, clause.from, clause.to)
        renamed.set(clause.to.toLowerCase(), renamed.get(clause.from.toLowerCase()) ?? clause.from.toLowerCase())
        break
      case 'orderColumns':
        table = orderColumns(table, clause.columns)
        isJob = true
        break
      case 'comment':
        table = { ...table, comment: clause.comment }
        break
      case 'setProperties':
        table = { ...table, properties: { ...table.properties, ...clause.properties } }
        break
      case 'index':
        isJob = true
        break
      case 'renameTable':
      case 'swapWith':
        throw analyzingError(`${clause.kind} cannot be combined with other clauses`)
    }
  }
  return { table, renamed, isJob }
}

/** The refusal for a type change, or null when StarRocks can do it (catalog/SchemaChangeTypeCompatibility). */
export function typeChangeRefusal(from: ColumnType, to: ColumnType): string | null {
  if (from.text === to.text) return null
  const refusal = `Can not change ${from.text.toUpperCase()} to ${to.text.toUpperCase()}`
  if ((from.base === 'char' || from.base === 'varchar') && (to.base === 'char' || to.base === 'varchar')) {
    if (from.base === 'varchar' && to.base === 'char') return refusal
    return (to.length ?? 0) < (from.length ?? 0) ? 'Cannot shorten string length' : null
  }
  if (from.base === 'varbinary' && to.base === 'varbinary')
    return (to.length ?? 0) < (from.length ?? 0) ? 'Cannot shorten string length' : null
  if (from.base === 'decimal' && to.base === 'decimal') {
    const integers = (type: ColumnType) => (type.precision ?? 0) - (type.scale ?? 0)
    return integers(to) >= integers(from) && (to.scale ?? 0) >= (from.scale ?? 0) ? null : refusal
  }
  if (from.base === 'decimal' && to.base === 'varchar')
    return (to.length ?? 0) >= (from.precision ?? 0) + 2 ? null : refusal
  return TYPE_CHANGES[from.base]?.includes(to.base) ? null : refusal
}

const TYPE_CHANGES: Readonly<Record<string, readonly string[]>> = {
  boolean: ['tinyint', 'smallint', 'int', 'bigint', 'largeint', 'float', 'double', 'varchar'],
  tinyint: ['smallint', 'int', 'bigint', 'largeint', 'float', 'double', 'varchar'],
  smallint: ['int', 'bigint', 'largeint', 'float', 'double', 'varchar'],
  int: ['bigint', 'largeint', 'double', 'date', 'varchar'],
  bigint: ['largeint', 'double', 'varchar'],
  largeint: ['varchar'],
  float: ['double', 'varchar'],
  double: ['varchar'],
  varchar: ['tinyint', 'smallint', 'int', 'bigint', 'largeint', 'float', 'double', 'date', 'json', 'decimal'],
  json: ['varchar'],
  date: ['datetime'],
  datetime: ['date'],
}

function addColumn(table: SandboxTable, definition: ColumnDefinition, place: ColumnPlace): SandboxTable {
  checkColumnName(definition.name)
  if (columnOf(table, definition.name) !== undefined)
    throw new SqlError(1060, `Duplicate column name '${definition.name}'`)
  if (definition.key && table.model === 'primary') throw ddlError('Can not add key column to primary key table')
  if (definition.autoIncrement) throw analyzingError('Can not add AUTO_INCREMENT column')
  const isKey = definition.key || (table.model === 'aggregate' && definition.aggregate === null)
  const key = isKey ? [...table.key, definition.name] : table.key
  const column = defineColumn(definition, table.model, key)
  if (!column.nullable && column.default === null && column.generated === null)
    throw ddlError(`Column '${column.name}' is NOT NULL and has no default value: add a DEFAULT`)
  const wanted: ColumnPlace = isKey && place.kind === 'last' ? { kind: 'after', column: table.key.at(-1) ?? '' } : place
  const columns = insertAt(table, table.columns, column, wanted)
  const names = new Set(key.map(name => name.toLowerCase()))
  const newKey = columns.filter(other => names.has(other.name.toLowerCase())).map(other => other.name)
  checkKeysFirst(columns, newKey)
  return { ...table, columns, key: newKey }
}

function dropColumn(table: SandboxTable, name: string): SandboxTable {
  const column = columnOf(table, name)
  if (column === undefined) throw ddlError(`Column does not exists: ${name}`)
  if (isKeyColumn(table, name)) {
    if (table.model === 'primary' || table.model === 'unique')
      throw ddlError(`Can not drop key column in ${table.model} data model table`)
    const values = table.columns.filter(other => !isKeyColumn(table, other.name))
    if (table.model === 'aggregate' && values.some(other => other.aggregate?.startsWith('replace')))
      throw ddlError(`Can not drop key column when table has value column with REPLACE aggregation method`)
  }
  if (table.orderBy.some(other => other.toLowerCase() === name.toLowerCase()))
    throw ddlError(`Can not drop sort column in primary data model table`)
  const used = new RegExp(`(^|[^\\w$])\`?${escapeRegExp(name)}\`?($|[^\\w$])`, 'i')
  if (table.partitionBy !== null && used.test(table.partitionBy))
    throw ddlError(`Partition column[${name}] cannot be dropped`)
  if (used.test(table.distribution)) throw ddlError(`Distribution column[${name}] cannot be dropped`)
  const dependent = table.columns.find(other => other.generated !== null && used.test(other.generated))
  if (dependent !== undefined && dependent !== column)
    throw ddlError(`Column: ${name} can not be dropped, because it is used in generated column: ${dependent.name}`)
  const columns = table.columns.filter(other => other !== column)
  if (columns.length === 0) throw ddlError(`There is no key column left in table ${table.name}`)
  return { ...table, columns, key: table.key.filter(other => other.toLowerCase() !== name.toLowerCase()) }
}

function modifyColumn(table: SandboxTable, definition: ColumnDefinition, place: ColumnPlace | null): SandboxTable {
  const old = columnOf(table, definition.name)
  if (old === undefined) throw ddlError(`Column[${definition.name}] does not exists`)
  if (old.autoIncrement) throw ddlError("Can't not modify a AUTO_INCREMENT column")
  if (definition.autoIncrement) throw ddlError('Can not change column to AUTO_INCREMENT')
  const isKey = isKeyColumn(table, old.name)
  if (isKey && table.model === 'primary') {
    const widens = old.type.base === 'varchar' && definition.type.base === 'varchar'
    if (!widens || place !== null) throw ddlError('Can not modify key column: primary key table')
  }
  const column = {
    ...defineColumn({ ...definition, aggregate: definition.aggregate ?? old.aggregate }, table.model, table.key),
    name: old.name,
  }
  if (column.aggregate !== old.aggregate) throw ddlError('Can not change aggregation type')
  const refusal = typeChangeRefusal(old.type, column.type)
  if (refusal !== null) throw ddlError(refusal)
  if (old.nullable && !column.nullable) throw ddlError('Can not change from nullable to non-nullable')
  if (JSON.stringify(old.default) !== JSON.stringify(column.default)) throw ddlError('Can not change default value')
  if (old.generated !== column.generated) throw ddlError('Can not change the expression of a generated column')
  if (place === null) return replaceColumn(table, column)
  const others = table.columns.filter(other => other !== old)
  const columns = insertAt(table, others, column, place)
  checkKeysFirst(columns, table.key)
  return { ...table, columns }
}

function renameColumn(table: SandboxTable, from: string, to: string): SandboxTable {
  const old = columnOf(table, from)
  if (old === undefined) throw ddlError(`Column[${from}] does not exist`)
  checkColumnName(to)
  if (to.toLowerCase() !== from.toLowerCase() && columnOf(table, to) !== undefined)
    throw ddlError(`Column name[${to}] is already used`)
  const rename = (name: string) => (name.toLowerCase() === from.toLowerCase() ? to : name)
  const quoted = new RegExp(`\`${escapeRegExp(from)}\``, 'gi')
  return {
    ...table,
    columns: table.columns.map(column => (column === old ? { ...column, name: to } : column)),
    key: table.key.map(rename),
    orderBy: table.orderBy.map(rename),
    distribution: table.distribution.replace(quoted, () => `\`${to}\``),
  }
}

function orderColumns(table: SandboxTable, names: readonly string[]): SandboxTable {
  if (names.length !== table.columns.length) {
    if (table.model !== 'primary' && table.model !== 'duplicate')
      throw ddlError('Reorder stmt should contains all columns')
    for (const name of names) requireColumn(table, name)
    return { ...table, orderBy: names }
  }
  const columns = names.map(name => requireColumn(table, name))
  if (new Set(columns).size !== columns.length) throw ddlError('Reduplicative column in ORDER BY')
  checkKeysFirst(columns, table.key)
  return { ...table, columns }
}

function insertAt(
  table: SandboxTable,
  columns: readonly SandboxColumn[],
  column: SandboxColumn,
  place: ColumnPlace,
): SandboxColumn[] {
  switch (place.kind) {
    case 'last':
      return [...columns, column]
    case 'first':
      return [column, ...columns]
    case 'after': {
      const at = columns.indexOf(requireColumn(table, place.column))
      return [...columns.slice(0, at + 1), column, ...columns.slice(at + 1)]
    }
  }
}

function checkKeysFirst(columns: readonly SandboxColumn[], key: readonly string[]): void {
  const names = new Set(key.map(name => name.toLowerCase()))
  const first = columns.slice(0, key.length)
  if (!first.every(column => names.has(column.name.toLowerCase())))
    throw ddlError('Can not add value column before key column: key columns must be the first ones')
}

function replaceColumn(table: SandboxTable, column: SandboxColumn): SandboxTable {
  const lower = column.name.toLowerCase()
  return { ...table, columns: table.columns.map(other => (other.name.toLowerCase() === lower ? column : other)) }
}

function requireColumn(table: SandboxTable, name: string): SandboxColumn {
  const column = columnOf(table, name)
  if (column === undefined) throw ddlError(`Column[${name}] does not exist in table ${table.name}`)
  return column
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
