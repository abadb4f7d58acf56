import type { DuckDBConnection } from '@duckdb/node-api'
import { isKeyColumn, type SandboxColumn, type SandboxTable } from './catalog.js'
import { quoteName } from './store.js'

/**
 * Puts staged rows into a table by the rules of its model, inside the caller's transaction. The staging table holds all
 * columns but the generated ones, under their names; a later row (by rowid) follows an earlier one.
 * @param rows quoted DuckDB names of the table's rows and of the staging table.
 */
export async function mergeRows(
  connection: DuckDBConnection,
  table: SandboxTable,
  rows: string,
  staging: string,
): Promise<void> {
  const columns = table.columns.filter(column => column.generated === null)
  const names = columns.map(column => quoteName(column.name)).join(', ')
  const keys = columns.filter(column => isKeyColumn(table, column.name)).map(column => quoteName(column.name))
  const sameKey = (other: string) =>
    keys.map(key => `${rows}.${key} IS NOT DISTINCT FROM ${other}.${key}`).join(' AND ')
  let source = staging
  switch (table.model) {
    case 'duplicate':
      break
    case 'primary':
    case 'unique':
      await connection.run(
        `DELETE FROM ${staging} WHERE rowid NOT IN (SELECT max(rowid) FROM ${staging} GROUP BY ${keys.join(', ')})`,
      )
      await connection.run(`DELETE FROM ${rows} USING ${staging} WHERE ${sameKey(staging)}`)
      break
    case 'aggregate': {
      source = 'sandbox_merged'
      const values = columns.map(column => aggregateSql(column)).join(', ')
      await connection.run(
        `CREATE OR REPLACE TEMP TABLE ${source} AS SELECT ${values} FROM (
           SELECT ${names}, -1 AS sandbox_order FROM ${rows} WHERE EXISTS (SELECT 1 FROM ${staging} WHERE ${sameKey(staging)})
           UNION ALL SELECT ${names}, rowid AS sandbox_order FROM ${staging}) GROUP BY ${keys.join(', ')}`,
      )
      await connection.run(`DELETE FROM ${rows} USING ${source} WHERE ${sameKey(source)}`)
    }
  }
  await connection.run(`INSERT INTO ${rows} (${names}) SELECT ${names} FROM ${source}`)
  if (source !== staging) await connection.run(`DROP TABLE ${source}`)
}

function aggregateSql(column: SandboxColumn): string {
  const name = quoteName(column.name)
  switch (column.aggregate) {
    case null:
      return name
    case 'sum':
    case 'max':
    case 'min':
      return `${column.aggregate}(${name}) AS ${name}`
    case 'replace':
      return `arg_max_null(${name}, sandbox_order) AS ${name}`
    case 'replace_if_not_null':
      return `arg_max(${name}, sandbox_order) AS ${name}`
    case 'bitmap_union':
    case 'hll_union':
      return `list_distinct(flatten(list(${name}))) AS ${name}`
  }
}
