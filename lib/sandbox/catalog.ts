import type { ColumnType } from './column-type.js'
import { SqlError, unknownDatabase, unknownTable } from './sql-error.js'

export type { ColumnType } from './column-type.js'

export type ColumnDefault =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'now' }
  | { readonly kind: 'uuid' }

export type Aggregate = 'sum' | 'max' | 'min' | 'replace' | 'replace_if_not_null' | 'bitmap_union' | 'hll_union'

export type TableModel = 'primary' | 'duplicate' | 'aggregate' | 'unique'

export interface SandboxColumn {
  readonly name: string
  readonly type: ColumnType
  readonly nullable: boolean
  readonly default: ColumnDefault | null
  readonly autoIncrement: boolean
  /** StarRocks text of the expression of a generated column. The rows hold it as a computed column: never write it. */
  readonly generated: string | null
  readonly aggregate: Aggregate | null
  readonly comment: string
}

export interface SandboxTable {
  readonly id: number
  readonly database: string
  readonly name: string
  readonly model: TableModel
  readonly columns: readonly SandboxColumn[]
  readonly key: readonly string[]
  readonly comment: string
  readonly properties: Readonly<Record<string, string>>
  /** As SHOW CREATE TABLE prints it: "HASH(`id`)", "HASH(`id`) BUCKETS 4" or "RANDOM". */
  readonly distribution: string
  /** Source text behind PARTITION BY. */
  readonly partitionBy: string | null
  readonly orderBy: readonly string[]
}

export interface SandboxDatabase {
  readonly id: number
  readonly name: string
}

export type AlterJobState = 'RUNNING' | 'FINISHED' | 'CANCELLED'

/** A schema change as SHOW ALTER TABLE COLUMN lists it; it is done when its statement returns, unless a fault holds it. */
export interface AlterJob {
  readonly id: number
  readonly database: string
  readonly table: string
  readonly tableId: number
  readonly createdAt: number
  /** Null while it runs. */
  readonly finishedAt: number | null
  readonly schemaVersion: number
  readonly state: AlterJobState
  /** Why it was cancelled. */
  readonly message: string
}

interface CatalogState {
  readonly nextId: number
  readonly databases: readonly SandboxDatabase[]
  readonly tables: readonly SandboxTable[]
  readonly jobs: readonly AlterJob[]
  readonly createdAt: Readonly<Record<string, number>>
}

const EMPTY: CatalogState = { nextId: 10_001, databases: [], tables: [], jobs: [], createdAt: {} }

/**
 * Databases and tables as the last committed statement left them. Names of databases and tables are case-sensitive, column
 * names are not. What it hands out never changes; look a table up again to see a later ALTER.
 */
export class Catalog {
  #state: CatalogState = EMPTY
  readonly #tables = new Map<string, SandboxTable>()

  hasDatabase(name: string): boolean {
    return this.database(name) !== undefined
  }

  database(name: string): SandboxDatabase | undefined {
    return this.#state.databases.find(database => database.name === name)
  }

  /** Databases in the order of their names. */
  databases(): readonly SandboxDatabase[] {
    return [...this.#state.databases].sort(byName)
  }

  table(database: string, name: string): SandboxTable | undefined {
    return this.#tables.get(tableKey(database, name))
  }

  /** @throws SqlError 5501 or 5502 when there is no such database or table. */
  requireTable(database: string, name: string): SandboxTable {
    const table = this.table(database, name)
    if (table !== undefined) return table
    throw this.hasDatabase(database) ? unknownTable(database, name) : unknownDatabase(database)
  }

  /** Tables of one database in the order of their names. */
  tables(database: string): readonly SandboxTable[] {
    return this.#state.tables.filter(table => table.database === database).sort(byName)
  }

  /** Schema changes of a database, oldest first. */
  jobs(database: string): readonly AlterJob[] {
    return this.#state.jobs.filter(job => job.database === database)
  }

  /** Milliseconds since 1970 when the table was made. */
  createdAt(table: SandboxTable): number {
    return this.#state.createdAt[String(table.id)] ?? 0
  }

  /** A copy to change inside a transaction. */
  draft(): CatalogDraft {
    return new CatalogDraft(this.#state)
  }

  /** Makes a draft, or text that `renderCatalog` gave earlier, the state everyone sees. */
  replace(next: CatalogDraft | string): void {
    this.#state = typeof next === 'string' ? readState(next) : next.state()
    this.#tables.clear()
    for (const table of this.#state.tables) this.#tables.set(tableKey(table.database, table.name), table)
  }
}

/** A catalog that is being changed; nobody else sees it until it is put in place. */
export class CatalogDraft {
  #nextId: number
  readonly #databases: SandboxDatabase[]
  readonly #tables: SandboxTable[]
  readonly #jobs: AlterJob[]
  readonly #createdAt: Record<string, number>

  constructor(state: CatalogState) {
    this.#nextId = state.nextId
    this.#databases = [...state.databases]
    this.#tables = [...state.tables]
    this.#jobs = [...state.jobs]
    this.#createdAt = { ...state.createdAt }
  }

  nextId(): number {
    return this.#nextId++
  }

  database(name: string): SandboxDatabase | undefined {
    return this.#databases.find(database => database.name === name)
  }

  /** @throws SqlError 1007 when the name is taken. */
  addDatabase(name: string): SandboxDatabase {
    if (this.database(name) !== undefined) throw new SqlError(1007, `Can't create database '${name}'; database exists`)
    const database = { id: this.nextId(), name }
    this.#databases.push(database)
    return database
  }

  /** Removes a database with its tables and jobs. */
  removeDatabase(name: string): void {
    for (const table of this.tables(name)) this.removeTable(table.id)
    removeWhere(this.#databases, database => database.name === name)
    removeWhere(this.#jobs, job => job.database === name)
  }

  tables(database: string): readonly SandboxTable[] {
    return this.#tables.filter(table => table.database === database)
  }

  table(database: string, name: string): SandboxTable | undefined {
    return this.#tables.find(table => table.database === database && table.name === name)
  }

  /** Adds a table, or replaces the one with the same id. */
  putTable(table: SandboxTable, nowMs: number): void {
    removeWhere(this.#tables, other => other.id === table.id)
    this.#tables.push(table)
    this.#createdAt[String(table.id)] ??= nowMs
  }

  removeTable(id: number): void {
    removeWhere(this.#tables, table => table.id === id)
    delete this.#createdAt[String(id)]
  }

  /** Lists a schema change and gives its id. */
  addJob(table: SandboxTable, nowMs: number, state: AlterJobState, message = ''): number {
    const earlier = this.#jobs.filter(job => job.tableId === table.id).length
    const id = this.nextId()
    this.#jobs.push({
      id,
      database: table.database,
      table: table.name,
      tableId: table.id,
      createdAt: nowMs,
      finishedAt: state === 'RUNNING' ? null : nowMs,
      schemaVersion: earlier + 1,
      state,
      message,
    })
    return id
  }

  isChanging(table: SandboxTable): boolean {
    return this.#jobs.some(job => job.tableId === table.id && job.state === 'RUNNING')
  }

  endJob(id: number, nowMs: number, state: AlterJobState, message: string): void {
    const at = this.#jobs.findIndex(job => job.id === id)
    const job = this.#jobs[at]
    if (job !== undefined) this.#jobs[at] = { ...job, finishedAt: nowMs, state, message }
  }

  state(): CatalogState {
    return {
      nextId: this.#nextId,
      databases: this.#databases,
      tables: this.#tables,
      jobs: this.#jobs,
      createdAt: this.#createdAt,
    }
  }
}

/** A catalog as JSON text, which `Catalog.replace` reads back. */
export function renderCatalog(draft: CatalogDraft): string {
  return JSON.stringify(draft.state())
}

/** What ran when the text was written has ended with its program. */
function readState(text: string): CatalogState {
  const state = { ...EMPTY, ...(JSON.parse(text) as Partial<CatalogState>) }
  const jobs = state.jobs.map(job => {
    const known = { ...job, state: job.state ?? 'FINISHED', message: job.message ?? '' }
    return known.state === 'RUNNING'
      ? { ...known, state: 'CANCELLED' as const, message: 'the server was stopped' }
      : known
  })
  return { ...state, jobs }
}

/** A column by name; column names are not case-sensitive. */
export function columnOf(table: SandboxTable, name: string): SandboxColumn | undefined {
  const lower = name.toLowerCase()
  return table.columns.find(column => column.name.toLowerCase() === lower)
}

export function isKeyColumn(table: SandboxTable, name: string): boolean {
  const lower = name.toLowerCase()
  return table.key.some(key => key.toLowerCase() === lower)
}

function tableKey(database: string, name: string): string {
  return `${database}\0${name}`
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}

function removeWhere<T>(list: T[], test: (item: T) => boolean): void {
  for (let at = list.length - 1; at >= 0; at--) if (test(list[at] as T)) list.splice(at, 1)
}
