import type { SandboxTable } from './catalog.js'
import { analyzingError, ddlError, SqlError } from './sql-error.js'
import { has } from './version.js'

/** DECIMAL(39..76) came with DECIMAL256. */
const NARROW_DECIMAL = 38

/**
 * A table as a release makes it: with the defaults it has for properties.
 * @param given the properties the statement names.
 * @throws SqlError for types and properties the release does not know.
 */
export function asReleaseMakes<Table extends Omit<SandboxTable, 'id'>>(
  table: Table,
  given: Readonly<Record<string, string>>,
  version: string,
): Table {
  checkTypes(table.columns, version)
  const properties: Record<string, string> = { ...table.properties }
  if (!has(version, 'fastSchemaEvolution')) {
    for (const name of ['fast_schema_evolution', 'light_schema_change']) {
      if (Object.hasOwn(given, name)) throw ddlError(`Unknown properties: {${name}=${given[name]}}`)
      delete properties[name]
    }
  }
  const hasIndex = table.model === 'primary' && !Object.hasOwn(given, 'enable_persistent_index')
  if (hasIndex && !has(version, 'persistentIndexByDefault')) properties.enable_persistent_index = 'false'
  return { ...table, properties }
}

/** @throws SqlError 1064 for types the release does not know. */
export function checkTypes(columns: SandboxTable['columns'], version: string): void {
  for (const { type } of columns) {
    if (type.base === 'varbinary' && !has(version, 'varbinary')) {
      throw analyzingError(`Unsupported data type: ${type.text.toUpperCase()}`)
    }
    if ((type.precision ?? 0) > NARROW_DECIMAL && !has(version, 'wideDecimals')) {
      throw analyzingError(`DECIMAL's precision should range from 1 to ${NARROW_DECIMAL}`)
    }
  }
}

/** An error with the number the release gives it. */
export function asReleaseNumbers(error: SqlError, version: string): SqlError {
  if (has(version, 'ownErrorNumbers')) return error
  if (error.code === 5501) return new SqlError(1049, error.message, '42000')
  if (error.code === 5502) return new SqlError(1051, error.message, '42S02')
  return error
}

/** What `version()` and the handshake say; `current_version()` tells the StarRocks version. */
export function mysqlVersion(version: string): string {
  return has(version, 'mysql8') ? '8.0.33' : '5.1.0'
}
