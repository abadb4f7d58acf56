import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { Catalog, type CatalogDraft, renderCatalog, type SandboxColumn, type SandboxTable } from './catalog.js'
import type { ColumnType } from './column-type.js'
import { prepareDialect } from './select-macros.js'

/** Deleted rows stay in the file until a checkpoint; automatic ones inside COMMIT stall loads for seconds. */
const CHECKPOINT_THRESHOLD = '100GB'
const IDLE_CHECKPOINT_MS = 2_000
/** DuckDB has no wider decimal; wider ones are kept as their exact text. */
export const MAX_DUCK_DECIMAL_PRECISION = 38

/**
 * The rows (DuckDB) and the catalog that describes them, always changed together. A StarRocks database is a DuckDB schema
 * `db_<id>`, a table is `t_<id>` in it, without any index: uniqueness of primary keys is kept by the writers (delete, then
 * insert, in one transaction). Columns keep their StarRocks names.
 */
export class Store {
  readonly catalog = new Catalog()
  readonly #instance: DuckDBInstance
  readonly #writer: DuckDBConnection
  #tail: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #dirty = false
  #idleTimer: NodeJS.Timeout | undefined

  private constructor(instance: DuckDBInstance, writer: DuckDBConnection) {
    this.#instance = instance
    this.#writer = writer
  }

  /**
   * @param options.dataDir folder of the database file (made when missing), or null to keep everything in memory.
   * @throws Error from DuckDB when another process has the file open.
   */
  static async open(options: { readonly dataDir: string | null }): Promise<Store> {
    if (options.dataDir !== null) await mkdir(options.dataDir, { recursive: true })
    const path = options.dataDir === null ? ':memory:' : join(options.dataDir, 'sandbox.duckdb')
    const instance = await DuckDBInstance.create(path, {
      checkpoint_threshold: CHECKPOINT_THRESHOLD,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      // Macros with typed parameters need a file format of 1.4 or newer.
      storage_compatibility_version: 'v1.4.0',
    })
    const writer = await instance.connect()
    const store = new Store(instance, writer)
    await store.#prepareInstance()
    return store
  }

  /**
   * Runs `work` on the one writer connection, after every earlier `write` has ended. `work` opens and ends its own DuckDB
   * transaction; one it leaves open is rolled back.
   */
  write<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    clearTimeout(this.#idleTimer)
    this.#waiting++
    const result = this.#tail.then(async () => {
      try {
        return await work(this.#writer)
      } finally {
        this.#waiting--
        this.#dirty = true
        await endOpenTransaction(this.#writer)
        if (this.#waiting === 0) this.#scheduleCheckpoint()
      }
    })
    this.#tail = result.then(
      () => undefined,
      () => undefined,
    )
    return result
  }

  /**
   * Changes the catalog and the rows in one transaction: `work` gets a draft and the writer inside BEGIN. When it rejects,
   * neither has changed.
   */
  define<T>(work: (connection: DuckDBConnection, draft: CatalogDraft) => Promise<T>): Promise<T> {
    return this.write(async connection => {
      await connection.run('BEGIN')
      const draft = this.catalog.draft()
      const result = await work(connection, draft)
      await connection.run('DELETE FROM sandbox_catalog')
      await connection.run('INSERT INTO sandbox_catalog VALUES ($1)', [renderCatalog(draft)])
      await connection.run('COMMIT')
      this.catalog.replace(draft)
      return result
    })
  }

  /** A connection for reading: sees the last committed state, is never blocked by the writer. Close it with `closeSync()`. */
  async reader(): Promise<DuckDBConnection> {
    const connection = await this.#instance.connect()
    await connection.run("SET TimeZone = 'UTC'")
    return connection
  }

  /** Quoted DuckDB name of the schema that holds a StarRocks database. */
  schemaName(database: string): string {
    const found = this.catalog.database(database)
    if (found === undefined) throw new Error(`no schema for unknown database ${database}`)
    return schemaNameOf(found.id)
  }

  /** Quoted DuckDB name of the table's rows, e.g. "db_3"."t_17". */
  physicalName(table: SandboxTable): string {
    return `${this.schemaName(table.database)}."t_${table.id}"`
  }

  /** The DuckDB type that holds a StarRocks type: bitmap and hll as lists of ids, decimals over 38 digits as exact text. */
  duckType(type: ColumnType): string {
    return duckTypeOf(type)
  }

  /** DuckDB expression for what an omitted column gets: its default, the next number, or NULL. */
  defaultSql(table: SandboxTable, column: SandboxColumn): string {
    if (column.autoIncrement) return `nextval('${this.schemaName(table.database)}."s_${table.id}"')`
    return defaultSqlOf(column)
  }

  /** Checkpoints and closes. Call it when no `write` will follow. */
  async close(): Promise<void> {
    await this.#tail
    clearTimeout(this.#idleTimer)
    this.#writer.closeSync()
    this.#instance.closeSync()
  }

  async #prepareInstance(): Promise<void> {
    await this.#writer.run("SET TimeZone = 'UTC'")
    await prepareDialect(this.#writer)
    await this.#writer.run('CREATE TABLE IF NOT EXISTS sandbox_catalog (json VARCHAR)')
    const saved = await this.#writer.runAndReadAll('SELECT json FROM sandbox_catalog')
    const text = saved.getRows()[0]?.[0]
    if (typeof text === 'string') this.catalog.replace(text)
  }

  #scheduleCheckpoint(): void {
    this.#idleTimer = setTimeout(() => {
      if (this.#waiting > 0 || !this.#dirty) return
      this.#dirty = false
      this.#tail = this.#writer.run('CHECKPOINT').then(
        () => undefined,
        // An open reader can refuse a checkpoint; the next idle time tries again.
        () => {
          this.#dirty = true
        },
      )
    }, IDLE_CHECKPOINT_MS)
    this.#idleTimer.unref()
  }
}

export function schemaNameOf(databaseId: number): string {
  return `"db_${databaseId}"`
}

export function duckTypeOf(type: ColumnType): string {
  switch (type.base) {
    case 'int':
      return 'INTEGER'
    case 'largeint':
      return 'HUGEINT'
    case 'decimal':
      return (type.precision ?? 0) > MAX_DUCK_DECIMAL_PRECISION ? 'VARCHAR' : `DECIMAL(${type.precision},${type.scale})`
    case 'char':
    case 'varchar':
      return 'VARCHAR'
    case 'varbinary':
      return 'BLOB'
    case 'datetime':
      return 'TIMESTAMP'
    case 'bitmap':
    case 'hll':
      return 'UBIGINT[]'
    case 'array':
      return `${childType(type, 0)}[]`
    case 'map':
      return `MAP(${childType(type, 0)}, ${childType(type, 1)})`
    case 'struct':
      return `STRUCT(${type.children.map(child => `${quoteName(child.name)} ${duckTypeOf(child.type)}`).join(', ')})`
    default:
      return type.base.toUpperCase()
  }
}

/** DuckDB expression for the default of a column that is not AUTO_INCREMENT. */
export function defaultSqlOf(column: SandboxColumn): string {
  const type = duckTypeOf(column.type)
  switch (column.default?.kind) {
    case undefined:
      return `CAST(NULL AS ${type})`
    case 'literal':
      return literalSql(column.default.text, column.type)
    case 'now':
      return "date_trunc('second', current_timestamp AT TIME ZONE 'UTC')"
    case 'uuid':
      return 'CAST(uuid() AS VARCHAR)'
  }
}

/** A text value of StarRocks as a DuckDB expression of the column's type. */
export function literalSql(text: string, type: ColumnType): string {
  switch (type.base) {
    case 'bitmap':
    case 'hll':
      return 'CAST([] AS UBIGINT[])'
    case 'varbinary':
      return `encode(${quoteText(text)})`
    case 'char':
    case 'varchar':
      return quoteText(text)
    default:
      return `CAST(${quoteText(text)} AS ${duckTypeOf(type)})`
  }
}

/** A DuckDB identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A DuckDB string literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function childType(type: ColumnType, index: number): string {
  const child = type.children[index]
  if (child === undefined) throw new Error(`${type.text} has no part ${index}`)
  return duckTypeOf(child.type)
}

async function endOpenTransaction(connection: DuckDBConnection): Promise<void> {
  try {
    await connection.run('ROLLBACK')
  } catch (error) {
    // The usual case: the work ended its transaction itself.
    if (!/no transaction is active/.test(String(error))) throw error
  }
}
