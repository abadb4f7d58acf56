import type { DuckDBConnection } from '@duckdb/node-api'
import { runDataStatement } from './data-statements.js'
import { runDefinition } from './definition-statements.js'
import { asSqlError } from './engine-error.js'
import type { Faults } from './faults.js'
import { type MemoryTable, memoryTable, renderMemoryTable } from './memory-table.js'
import { mysqlVersion } from './release-limits.js'
import { describeColumn, OK, type ResultColumn, rowsOf, type StatementResult } from './result-set.js'
import { type RewriteScope, rewriteExpression, rewriteQuery } from './select-rewriter.js'
import { defaultVariables } from './session-variables.js'
import { type ClusterState, describeTable, type OpenSession, readShow } from './show-statements.js'
import { analyzingError, noDatabaseSelected, SqlError, unknownDatabase } from './sql-error.js'
import { quoteText, type Store } from './store.js'
import { SYSTEM_TABLES, tablesAskedFor } from './system-tables.js'
import { TokenReader } from './token-reader.js'
import { has } from './version.js'

export interface SessionOptions {
  readonly id: number
  readonly user: string
  readonly emulatedVersion: string
  readonly startedAt: number
  readonly cluster: () => ClusterState
  readonly faults: Faults
  /** Tables of information_schema beyond those the catalog answers, by name in lower case. */
  readonly systemTables: Readonly<Record<string, () => MemoryTable>>
  readonly sessions: () => readonly OpenSession[]
  /** Ends another session, or only what it runs; false when there is none with this id. */
  readonly kill: (id: number, onlyQuery: boolean) => boolean
}

const SHOWN = 'sandbox_shown'
const INTERRUPT_EVERY_MS = 10
/** Statements that change nothing here and promise nothing: users and rights, since this server knows one user. */
const HARMLESS: readonly (readonly string[])[] = [
  ['CREATE', 'USER'],
  ['CREATE', 'ROLE'],
  ['DROP', 'USER'],
  ['DROP', 'ROLE'],
  ['GRANT'],
  ['REVOKE'],
  ['LOCK', 'TABLES'],
  ['UNLOCK', 'TABLES'],
]
const QUERY_WORDS = ['SELECT', 'WITH', 'VALUES', '(']

/**
 * One client's session: its database, its variables and its reader connection. Statements run one after the other; the rows
 * of a result are read before the next statement is given.
 */
export class SqlSession {
  readonly #options: SessionOptions
  readonly #store: Store
  #variables: Map<string, string | number>
  readonly #userVariables = new Map<string, string | number | null>()
  #database: string | null = null
  #inTransaction = false
  #running: { readonly statement: string } | null = null
  #reader: Promise<DuckDBConnection> | undefined

  constructor(options: SessionOptions, store: Store) {
    this.#options = options
    this.#store = store
    this.#variables = defaultVariables(options.emulatedVersion)
  }

  /** What SHOW PROCESSLIST says of this session. */
  describeSession(): OpenSession {
    return {
      id: this.#options.id,
      user: this.#options.user,
      database: this.#database,
      running: this.#running?.statement ?? null,
    }
  }

  /** @throws SqlError 5501 when there is no such database. */
  use(database: string): void {
    const known = this.#store.catalog.hasDatabase(database) || isInformationSchema(database)
    if (!known) throw unknownDatabase(database)
    this.#database = database
  }

  /** Forgets database, variables and an open transaction (COM_RESET_CONNECTION, COM_CHANGE_USER). */
  reset(): void {
    this.#variables = defaultVariables(this.#options.emulatedVersion)
    this.#userVariables.clear()
    this.#database = null
    this.#inTransaction = false
  }

  /**
   * Runs one statement.
   * @throws SqlError with the number and text StarRocks gives.
   */
  async execute(statement: string): Promise<StatementResult> {
    const running = { statement }
    this.#running = running
    let result: StatementResult = OK
    try {
      result = await this.#run(statement)
      return result.kind === 'ok' ? result : { ...result, rows: this.#whileRunning(result.rows) }
    } catch (error) {
      throw asSqlError(error)
    } finally {
      if (result.kind === 'ok') this.#running = null
    }
  }

  /**
   * The columns a query would answer with.
   * @throws SqlError as `execute` does.
   */
  async describe(query: string): Promise<readonly ResultColumn[]> {
    try {
      const prepared = await (await this.#connection()).prepare(rewriteQuery(query, this.#scope()))
      return Array.from({ length: prepared.columnCount }, (_, at) =>
        describeColumn(prepared.columnName(at), prepared.columnType(at)),
      )
    } catch (error) {
      throw asSqlError(error)
    }
  }

  /** Stops the statement that runs, if any; resolves when it has ended. */
  async interrupt(): Promise<void> {
    const running = this.#running
    // The engine forgets an interrupt that comes before its query has begun, so it is told until the statement is over.
    while (running !== null && this.#running === running) {
      const reader = await this.#reader
      if (this.#running === running) reader?.interrupt()
      await new Promise<void>(resolve => setTimeout(resolve, INTERRUPT_EVERY_MS).unref())
    }
  }

  async close(): Promise<void> {
    const reader = await this.#reader
    this.#reader = undefined
    this.#running = null
    reader?.closeSync()
  }

  /** The statement runs until its last row is read. */
  async *#whileRunning(rows: Extract<StatementResult, { kind: 'rows' }>['rows']) {
    try {
      yield* rows
    } finally {
      this.#running = null
    }
  }

  async #run(source: string): Promise<StatementResult> {
    const reader = new TokenReader(source)
    if (reader.atEnd) throw new SqlError(1065, 'Query was empty', '42000')
    if (QUERY_WORDS.some(word => reader.is(word))) return this.#query(rewriteQuery(source, this.#scope(source)))
    if (reader.accept('SHOW')) return this.#show(reader)
    if (reader.accept('DESC') || reader.accept('DESCRIBE') || reader.is('EXPLAIN')) return this.#describe(reader)
    if (reader.accept('USE')) {
      this.use(reader.tableName().name)
      return OK
    }
    if (reader.accept('SET')) return this.#set(reader)
    if (reader.accept('KILL')) return this.#kill(reader)
    if (reader.is('BEGIN') || reader.is('START', 'TRANSACTION')) {
      this.#inTransaction = has(this.#options.emulatedVersion, 'sqlTransactions')
      return OK
    }
    if (reader.is('COMMIT') || reader.is('ROLLBACK')) {
      this.#inTransaction = false
      return OK
    }
    this.#refuseInTransaction()
    if (reader.is('INSERT') || reader.is('UPDATE') || reader.is('DELETE'))
      return { kind: 'ok', affectedRows: await runDataStatement(source, this.#store, this.#scope()) }
    if (HARMLESS.some(words => reader.is(...words))) return OK
    const isDefinition = await runDefinition(reader, {
      store: this.#store,
      database: this.#database,
      aliveBackends: this.#options.cluster().backendAlive ? 1 : 0,
      emulatedVersion: this.#options.emulatedVersion,
      faults: this.#options.faults,
      renderExpression: expression => rewriteExpression(expression, this.#scope()),
    })
    if (isDefinition) return OK
    throw reader.unexpected('a statement this server knows')
  }

  #connection(): Promise<DuckDBConnection> {
    this.#reader ??= this.#store.reader()
    return this.#reader
  }

  async #query(sql: string): Promise<StatementResult> {
    return rowsOf(await (await this.#connection()).stream(sql))
  }

  #show(reader: TokenReader): Promise<StatementResult> {
    const table = readShow(reader, {
      catalog: this.#store.catalog,
      database: this.#database,
      user: this.#options.user,
      emulatedVersion: this.#options.emulatedVersion,
      startedAt: this.#options.startedAt,
      cluster: this.#options.cluster(),
      variables: this.#variables,
      sessions: this.#options.sessions(),
    })
    const like = reader.accept('LIKE') ? reader.peek() : null
    if (like !== null) reader.string()
    const tail = reader.source.slice(reader.peek().start)
    return this.#memory(table, like?.text ?? null, tail)
  }

  /** A made-up table, with the LIKE (on its first column) and the clauses of a SHOW applied by the engine. */
  #memory(table: MemoryTable, like: string | null, tail: string): Promise<StatementResult> {
    const columns = like === null ? '' : ` WHERE \`${table.columns[0]?.name}\` LIKE '${escapeLike(like)}'`
    const scope = this.#scope()
    const sql = rewriteQuery(`SELECT * FROM information_schema.${SHOWN}${columns} ${tail}`, {
      ...scope,
      systemTable: (database, name) => (name === SHOWN ? renderMemoryTable(table) : scope.systemTable(database, name)),
    })
    return this.#query(sql)
  }

  #describe(reader: TokenReader): Promise<StatementResult> {
    if (reader.accept('EXPLAIN') && QUERY_WORDS.some(word => reader.is(word)))
      return this.#memory(memoryTable(['Explain String'], [['PLAN OF THE SANDBOX: rows are read by DuckDB']]), null, '')
    const { database, name } = reader.tableName()
    const owner = database ?? this.#database
    if (owner === null) throw noDatabaseSelected()
    reader.accept('ALL')
    reader.end()
    return this.#memory(describeTable(this.#store.catalog.requireTable(owner, name)), null, '')
  }

  async #set(reader: TokenReader): Promise<StatementResult> {
    if (reader.is('PASSWORD')) throw analyzingError('SET PASSWORD is not supported by this server')
    do await this.#setOne(reader)
    while (reader.accept(','))
    reader.end()
    return OK
  }

  async #setOne(reader: TokenReader): Promise<void> {
    if (reader.accept('NAMES') || reader.accept('CHARACTER', 'SET') || reader.accept('CHARSET')) {
      reader.next()
      if (reader.accept('COLLATE')) reader.next()
      return
    }
    for (const scope of ['GLOBAL', 'SESSION', 'LOCAL']) reader.accept(scope)
    if (reader.accept('TRANSACTION')) {
      reader.sourceUntil(() => false)
      return
    }
    const target = reader.next()
    if (!reader.accept('=')) reader.expect(':=')
    const source = reader.sourceUntil(token => token.kind === 'operator' && (token.text === ',' || token.text === ';'))
    const value = await this.#evaluate(source)
    if (target.kind === 'variable' && !target.text.startsWith('@@'))
      this.#userVariables.set(target.text.slice(1), value)
    else this.#variables.set(variableName(target.text), value ?? '')
  }

  async #evaluate(source: string): Promise<string | number | null> {
    // SET takes bare words as text: SET sql_mode = ANSI, SET autocommit = ON.
    if (/^[A-Za-z_][\w-]*$/.test(source)) {
      const upper = source.toUpperCase()
      if (upper === 'ON' || upper === 'TRUE') return 1
      if (upper === 'OFF' || upper === 'FALSE') return 0
      return upper === 'NULL' ? null : source
    }
    const result = rowsOf(await (await this.#connection()).run(`SELECT ${rewriteExpression(source, this.#scope())}`))
    if (result.kind !== 'rows') return null
    for await (const [row] of result.rows) {
      const cell = row?.[0] ?? null
      return typeof cell === 'string' && /^-?\d{1,15}$/.test(cell) ? Number(cell) : cell === null ? null : String(cell)
    }
    return null
  }

  #kill(reader: TokenReader): StatementResult {
    const onlyQuery = reader.accept('QUERY')
    reader.accept('CONNECTION')
    const id = reader.integer()
    if (!this.#options.kill(id, onlyQuery)) throw new SqlError(1094, `Unknown thread id: ${id}`)
    return OK
  }

  /** From 3.5 BEGIN is a real transaction, which this server has not: writing inside one would not roll back. */
  #refuseInTransaction(): void {
    if (this.#inTransaction)
      throw new SqlError(
        5305,
        'Explicit transactions only support queries in this server: writes are committed at once',
      )
  }

  /** `query`: what is asked, where that may narrow the tables that are made up for it. */
  #scope(query = ''): RewriteScope {
    return {
      catalog: this.#store.catalog,
      physicalName: table => this.#store.physicalName(table),
      database: this.#database,
      systemTable: (database, name) => this.#systemTable(database, name, query),
      sessionValue: name => this.#sessionValue(name),
    }
  }

  #systemTable(database: string, name: string, query: string): string | undefined {
    if (!isInformationSchema(database)) return undefined
    const lower = name.toLowerCase()
    if (Object.hasOwn(SYSTEM_TABLES, lower)) {
      const table = SYSTEM_TABLES[lower]?.(this.#store.catalog, tablesAskedFor(query))
      if (table !== undefined) return renderMemoryTable(table)
    }
    const extra = Object.hasOwn(this.#options.systemTables, lower) ? this.#options.systemTables[lower] : undefined
    if (extra === undefined) throw new SqlError(5502, `Unknown table 'information_schema.${name}'`, '42602')
    return renderMemoryTable(extra())
  }

  #sessionValue(name: string): string | number | null | undefined {
    if (name.startsWith('@@')) return this.#variables.get(variableName(name))
    if (name.startsWith('@')) return this.#userVariables.get(name.slice(1)) ?? null
    switch (name) {
      case 'database()':
      case 'schema()':
        return this.#database
      case 'version()':
        return mysqlVersion(this.#options.emulatedVersion)
      case 'current_version()':
        return this.#options.emulatedVersion
      case 'connection_id()':
        return this.#options.id
      case 'current_user()':
        return `'${this.#options.user}'@'%'`
      case 'user()':
      case 'session_user()':
      case 'system_user()':
        return `'${this.#options.user}'@'127.0.0.1'`
      case 'catalog()':
      case 'current_catalog()':
        return 'default_catalog'
      case 'current_role()':
        return 'root'
      case 'last_query_id()':
        return null
      default:
        return undefined
    }
  }
}

/** `@@session.sql_mode` -> `sql_mode` */
function variableName(text: string): string {
  return text
    .toLowerCase()
    .replace(/^@@/, '')
    .replace(/^(global|session|local)\./, '')
}

function isInformationSchema(name: string): boolean {
  return name.toLowerCase() === 'information_schema'
}

function escapeLike(pattern: string): string {
  // The lexer kept the backslash before % and _; one that stands before anything else must stay one.
  return quoteText(pattern).slice(1, -1).replaceAll('\\', '\\\\').replaceAll('\\\\%', '\\%').replaceAll('\\\\_', '\\_')
}
