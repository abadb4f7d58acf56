import type { DuckDBConnection } from '@duckdb/node-api'
import type { CatalogDraft, SandboxColumn, SandboxDatabase, SandboxTable } from './catalog.js'
import { renderStrictCast } from './select-functions.js'
import { SqlError, unknownDatabase } from './sql-error.js'
import { defaultSqlOf, duckTypeOf, quoteName, type Store, schemaNameOf } from './store.js'

/** How a generated column's StarRocks expression reads in DuckDB; given from outside, since it needs the SELECT dialect. */
export type RenderExpression = (expression: string) => string

/**
 * Makes a database.
 * @throws SqlError 1007 when it exists.
 */
export function createDatabase(store: Store, name: string): Promise<SandboxDatabase> {
  return store.define(async (connection, draft) => {
    const database = draft.addDatabase(name)
    await connection.run(`CREATE SCHEMA ${schemaNameOf(database.id)}`)
    return database
  })
}

/** Removes a database with all its tables; nothing happens when it is not there. */
export function dropDatabase(store: Store, name: string): Promise<void> {
  return store.define(async (connection, draft) => {
    const database = draft.database(name)
    if (database === undefined) return
    await connection.run(`DROP SCHEMA ${schemaNameOf(database.id)} CASCADE`)
    draft.removeDatabase(name)
  })
}

/**
 * Makes a table and its (empty) rows; its id is given here.
 * @throws SqlError 1050 when it exists, 5501 when its database does not.
 */
export function createTable(
  store: Store,
  definition: Omit<SandboxTable, 'id'>,
  renderExpression: RenderExpression = expression => expression,
): Promise<SandboxTable> {
  return store.define(async (connection, draft) => {
    if (draft.database(definition.database) === undefined) throw unknownDatabase(definition.database)
    if (draft.table(definition.database, definition.name) !== undefined)
      throw new SqlError(1050, `Table '${definition.name}' already exists`, '42S01')
    const table = { ...definition, id: draft.nextId() }
    await createRows(connection, draft, table, tableRowsName(table), renderExpression)
    if (table.columns.some(column => column.autoIncrement))
      await connection.run(`CREATE SEQUENCE ${schemaOf(draft, table)}.${sequenceName(table)}`)
    draft.putTable(table, Date.now())
    return table
  })
}

/** Removes a table and its rows inside a running `define`. */
export async function dropRows(connection: DuckDBConnection, draft: CatalogDraft, table: SandboxTable): Promise<void> {
  const schema = schemaOf(draft, table)
  await connection.run(`DROP TABLE ${schema}.${tableRowsName(table)}`)
  await connection.run(`DROP SEQUENCE IF EXISTS ${schema}.${sequenceName(table)}`)
  draft.removeTable(table.id)
}

/**
 * Gives the rows of `before` the shape of `after` (same table id) inside a running `define`. `renamed` maps the new names of
 * columns, in lower case, to the old ones. Appending, dropping and renaming columns changes the table in place; any other
 * change writes the rows anew, so that their columns stand in the order of the catalog.
 */
export async function reshapeRows(
  connection: DuckDBConnection,
  draft: CatalogDraft,
  before: SandboxTable,
  after: SandboxTable,
  renamed: ReadonlyMap<string, string>,
  renderExpression: RenderExpression,
): Promise<void> {
  const schema = schemaOf(draft, after)
  const rows = `${schema}.${tableRowsName(after)}`
  const oldByName = new Map(before.columns.map(column => [column.name.toLowerCase(), column]))
  const oldOf = (column: SandboxColumn) =>
    oldByName.get(renamed.get(column.name.toLowerCase()) ?? column.name.toLowerCase())
  const kept = after.columns.filter(column => oldOf(column) !== undefined)
  const keptNames = new Set(kept.map(column => oldOf(column)?.name))
  const survivors = before.columns.filter(column => keptNames.has(column.name))
  const inPlace =
    after.columns.slice(0, kept.length).every((column, at) => oldOf(column) === survivors[at]) &&
    kept.every(column => duckTypeOf(column.type) === duckTypeOf(oldOf(column)?.type ?? column.type)) &&
    [...before.columns, ...after.columns].every(column => column.generated === null)
  if (inPlace) {
    for (const column of before.columns)
      if (!keptNames.has(column.name)) await connection.run(`ALTER TABLE ${rows} DROP COLUMN ${quoteName(column.name)}`)
    for (const column of kept) {
      const old = oldOf(column)?.name ?? column.name
      if (old !== column.name)
        await connection.run(`ALTER TABLE ${rows} RENAME COLUMN ${quoteName(old)} TO ${quoteName(column.name)}`)
    }
    for (const column of after.columns.slice(kept.length)) {
      await connection.run(`ALTER TABLE ${rows} ADD COLUMN ${quoteName(column.name)} ${duckTypeOf(column.type)}`)
      if (column.default !== null)
        await connection.run(`UPDATE ${rows} SET ${quoteName(column.name)} = ${defaultSqlOf(column)}`)
    }
    return
  }
  const fresh = `t_${after.id}_new`
  await createRows(connection, draft, after, quoteName(fresh), renderExpression)
  const written = after.columns.filter(column => column.generated === null)
  const values = written.map(column => {
    const old = oldOf(column)
    if (old === undefined) return defaultSqlOf(column)
    if (old.type.text === column.type.text) return quoteName(old.name)
    const message = `A value of column ${old.name} cannot be converted to ${column.type.text.toUpperCase()}`
    return renderStrictCast(quoteName(old.name), column.type, message)
  })
  const names = written.map(column => quoteName(column.name)).join(', ')
  await connection.run(`INSERT INTO ${schema}.${quoteName(fresh)} (${names}) SELECT ${values.join(', ')} FROM ${rows}`)
  await connection.run(`DROP TABLE ${rows}`)
  await connection.run(`ALTER TABLE ${schema}.${quoteName(fresh)} RENAME TO ${tableRowsName(after)}`)
}

async function createRows(
  connection: DuckDBConnection,
  draft: CatalogDraft,
  table: SandboxTable,
  rowsName: string,
  renderExpression: RenderExpression,
): Promise<void> {
  const columns = table.columns.map(column => {
    const head = `${quoteName(column.name)} ${duckTypeOf(column.type)}`
    if (column.generated === null) return head
    return `${head} GENERATED ALWAYS AS (CAST(${renderExpression(column.generated)} AS ${duckTypeOf(column.type)})) VIRTUAL`
  })
  await connection.run(`CREATE TABLE ${schemaOf(draft, table)}.${rowsName} (${columns.join(', ')})`)
}

function schemaOf(draft: CatalogDraft, table: SandboxTable): string {
  const database = draft.database(table.database)
  if (database === undefined) throw unknownDatabase(table.database)
  return schemaNameOf(database.id)
}

function tableRowsName(table: SandboxTable): string {
  return `"t_${table.id}"`
}

function sequenceName(table: SandboxTable): string {
  return `"s_${table.id}"`
}
