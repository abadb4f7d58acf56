import { alterTable } from './alter-table.js'
import { beginJob, refuseWhileChanging, watchJob } from './alter-table-jobs.js'
import { type AlterClause, readAlterTable } from './alter-table-parser.js'
import type { CatalogDraft, SandboxTable } from './catalog.js'
import { readDefinition, readTableHead, type TableHead } from './create-table-parser.js'
import type { Faults } from './faults.js'
import { asReleaseMakes, checkTypes } from './release-limits.js'
import { ddlError, noDatabaseSelected, SqlError, unknownDatabase, unknownTable } from './sql-error.js'
import type { Store } from './store.js'
import { checkDatabaseName, defineTable } from './table-rules.js'
import {
  createDatabase,
  createTable,
  dropDatabase,
  dropRows,
  type RenderExpression,
  reshapeRows,
} from './table-storage.js'
import type { TokenReader } from './token-reader.js'
import { has } from './version.js'

export interface DefinitionContext {
  readonly store: Store
  /** The database of USE. */
  readonly database: string | null
  readonly aliveBackends: number
  readonly emulatedVersion: string
  readonly faults: Faults
  readonly renderExpression: RenderExpression
}

/** Runs CREATE, ALTER, DROP or TRUNCATE of databases and tables; false when the statement is none of them. */
export async function runDefinition(reader: TokenReader, context: DefinitionContext): Promise<boolean> {
  if (reader.accept('CREATE', 'DATABASE') || reader.accept('CREATE', 'SCHEMA')) await defineDatabase(reader, context)
  else if (reader.accept('CREATE', 'TABLE')) await defineNewTable(reader, context, false)
  else if (reader.accept('CREATE', 'EXTERNAL', 'TABLE')) await defineNewTable(reader, context, true)
  else if (reader.accept('DROP', 'DATABASE') || reader.accept('DROP', 'SCHEMA')) await removeDatabase(reader, context)
  else if (reader.accept('DROP', 'TABLE')) await removeTable(reader, context)
  else if (reader.accept('TRUNCATE')) await truncateTable(reader, context)
  else if (reader.accept('ALTER', 'TABLE')) await changeTable(reader, context)
  else return false
  return true
}

async function defineDatabase(reader: TokenReader, context: DefinitionContext): Promise<void> {
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS')
  const name = reader.tableName().name
  if (reader.accept('PROPERTIES')) reader.properties()
  reader.end()
  checkDatabaseName(name)
  if (ifNotExists && context.store.catalog.hasDatabase(name)) return
  await unlessExists(ifNotExists, 1007, createDatabase(context.store, name))
}

async function removeDatabase(reader: TokenReader, context: DefinitionContext): Promise<void> {
  const ifExists = reader.accept('IF', 'EXISTS')
  const name = reader.tableName().name
  reader.accept('FORCE')
  reader.end()
  if (!context.store.catalog.hasDatabase(name)) {
    if (ifExists) return
    throw new SqlError(1008, `Can't drop database '${name}'; database doesn't exist`)
  }
  await dropDatabase(context.store, name)
}

async function defineNewTable(reader: TokenReader, context: DefinitionContext, external: boolean): Promise<void> {
  const head = readTableHead(reader)
  const like = reader.accept('LIKE')
  const statement = like ? null : readDefinition(reader, head, external)
  const origin = like ? ownerOf(reader, context) : null
  if (origin !== null) reader.end()
  const database = head.database ?? context.database
  if (database === null) throw noDatabaseSelected()
  if (!context.store.catalog.hasDatabase(database)) throw unknownDatabase(database)
  if (head.ifNotExists && context.store.catalog.table(database, head.name) !== undefined) return
  const table =
    statement === null
      ? likeTable(context, head, database, origin!)
      : asReleaseMakes(
          defineTable(statement, database, context.aliveBackends),
          statement.properties,
          context.emulatedVersion,
        )
  await unlessExists(head.ifNotExists, 1050, createTable(context.store, table, context.renderExpression))
}

/** CREATE TABLE … LIKE: columns, key, partitions, buckets, comment and properties of another table, and none of its rows. */
function likeTable(
  { store }: DefinitionContext,
  head: TableHead,
  database: string,
  origin: { readonly database: string; readonly name: string },
): Omit<SandboxTable, 'id'> {
  return { ...store.catalog.requireTable(origin.database, origin.name), database, name: head.name }
}

async function removeTable(reader: TokenReader, context: DefinitionContext): Promise<void> {
  const ifExists = reader.accept('IF', 'EXISTS')
  const { database, name } = ownerOf(reader, context)
  reader.accept('FORCE')
  reader.end()
  await context.store.define(async (connection, draft) => {
    const table = draft.table(database, name)
    if (table === undefined && ifExists) return
    refuseWhileChanging(draft, required(draft, database, name))
    await dropRows(connection, draft, required(draft, database, name))
  })
}

async function truncateTable(reader: TokenReader, context: DefinitionContext): Promise<void> {
  reader.accept('TABLE')
  const { database, name } = ownerOf(reader, context)
  if (reader.is('PARTITION')) throw ddlError('TRUNCATE of a partition is not supported by this server')
  reader.end()
  await context.store.define(async (connection, draft) => {
    const table = required(draft, database, name)
    refuseWhileChanging(draft, table)
    await connection.run(`DELETE FROM ${context.store.physicalName(table)}`)
  })
}

async function changeTable(reader: TokenReader, context: DefinitionContext): Promise<void> {
  const { database: named, name, clauses } = readAlterTable(reader)
  const database = named ?? context.database
  if (database === null) throw noDatabaseSelected()
  if (clauses.some(clause => clause.kind === 'renameColumn') && !has(context.emulatedVersion, 'renameColumn'))
    throw reader.unexpected("'PARTITION', 'ROLLUP' or a name behind RENAME")
  const job = await context.store.define(async (connection, draft) => {
    const before = required(draft, database, name)
    refuseWhileChanging(draft, before)
    const [first] = clauses
    if (clauses.length === 1 && first !== undefined && renames(draft, before, first)) return null
    const { table, renamed, isJob } = alterTable(before, clauses)
    checkTypes(table.columns, context.emulatedVersion)
    const slow = isJob ? beginJob(draft, before, context.faults) : null
    if (slow !== null) return slow
    await reshapeRows(connection, draft, before, table, renamed, context.renderExpression)
    draft.putTable(table, Date.now())
    if (isJob) draft.addJob(table, Date.now(), 'FINISHED')
    return null
  })
  if (job !== null && job !== 'cancelled') watchJob(job, clauses, context)
}

/** RENAME and SWAP WITH change names only; false for any other clause. */
function renames(draft: CatalogDraft, table: SandboxTable, clause: AlterClause): boolean {
  if (clause.kind === 'renameTable') {
    if (clause.to === table.name) throw ddlError('Same table name')
    if (draft.table(table.database, clause.to) !== undefined) throw ddlError(`Table name[${clause.to}] is already used`)
    draft.putTable({ ...table, name: clause.to }, Date.now())
    return true
  }
  if (clause.kind === 'swapWith') {
    const other = draft.table(table.database, clause.other)
    if (other === undefined) throw ddlError(`Table ${clause.other} does not exist or is not OLAP/LAKE table`)
    if (other === table) throw ddlError('Same table name')
    refuseWhileChanging(draft, other)
    draft.putTable({ ...table, name: other.name }, Date.now())
    draft.putTable({ ...other, name: table.name }, Date.now())
    return true
  }
  return false
}

function ownerOf(reader: TokenReader, context: DefinitionContext): { database: string; name: string } {
  const { database, name } = reader.tableName()
  const owner = database ?? context.database
  if (owner === null) throw noDatabaseSelected()
  return { database: owner, name }
}

function required(draft: CatalogDraft, database: string, name: string): SandboxTable {
  const table = draft.table(database, name)
  if (table !== undefined) return table
  throw draft.database(database) === undefined ? unknownDatabase(database) : unknownTable(database, name)
}

/** Waits for a creation; with IF NOT EXISTS, another session's having been quicker is no error. */
async function unlessExists(ifNotExists: boolean, code: number, creation: Promise<unknown>): Promise<void> {
  try {
    await creation
  } catch (error) {
    if (ifNotExists && error instanceof SqlError && error.code === code) return
    throw error
  }
}
