import { type Catalog, isKeyColumn, type SandboxTable } from './catalog.js'
import { type MemoryTable, memoryTable } from './memory-table.js'
import { renderCreateTable } from './show-create.js'
import { noDatabaseSelected, SqlError, unknownDatabase } from './sql-error.js'
import { renderDefault, renderTime, SYSTEM_TABLES } from './system-tables.js'
import type { TokenReader } from './token-reader.js'

/** The ports and the health of the emulated cluster: one frontend and one backend on this host. */
export interface ClusterState {
  readonly feHttpPort: number
  readonly beHttpPort: number
  readonly queryPort: number
  readonly backendAlive: boolean
}

export interface OpenSession {
  readonly id: number
  readonly user: string
  readonly database: string | null
  /** The statement that runs, null between statements. */
  readonly running: string | null
}

export interface ShowContext {
  readonly catalog: Catalog
  readonly database: string | null
  readonly user: string
  readonly emulatedVersion: string
  readonly startedAt: number
  readonly cluster: ClusterState
  readonly variables: ReadonlyMap<string, string | number>
  readonly sessions: readonly OpenSession[]
}

type Show = (reader: TokenReader, context: ShowContext) => MemoryTable

const HOST = '127.0.0.1'
const BACKEND_ID = 10_001
/** Characters of a statement in SHOW PROCESSLIST. */
const SHOWN_STATEMENT = 200

/** Longest beginnings first, so that SHOW FULL TABLES is not read as SHOW FULL. */
const SHOWS: readonly (readonly [string, Show])[] = [
  ['DATABASES', showDatabases],
  ['SCHEMAS', showDatabases],
  ['FULL TABLES', (reader, context) => showTables(reader, context, true)],
  ['TABLES', (reader, context) => showTables(reader, context, false)],
  ['TABLE STATUS', showTableStatus],
  ['FULL COLUMNS', (reader, context) => showColumns(reader, context, true)],
  ['FULL FIELDS', (reader, context) => showColumns(reader, context, true)],
  ['COLUMNS', (reader, context) => showColumns(reader, context, false)],
  ['FIELDS', (reader, context) => showColumns(reader, context, false)],
  ['CREATE TABLE', showCreateTable],
  ['CREATE DATABASE', showCreateDatabase],
  ['CREATE SCHEMA', showCreateDatabase],
  ['ALTER TABLE COLUMN', showAlterJobs],
  ['FRONTENDS', (_, context) => showFrontends(context)],
  ['BACKENDS', (_, context) => showBackends(context)],
  ['COMPUTE NODES', () => memoryTable(['ComputeNodeId', 'IP', 'HeartbeatPort', 'BePort', 'HttpPort', 'Alive'], [])],
  ['PROC', showProc],
  ['GRANTS', showGrants],
  ['FULL PROCESSLIST', (_, context) => showSessions(context)],
  ['PROCESSLIST', (_, context) => showSessions(context)],
  ['CATALOGS', () => memoryTable(['Catalog', 'Type', 'Comment'], [['default_catalog', 'Internal', null]])],
  ['WARNINGS', () => memoryTable(['Level', 'Code:BIGINT', 'Message'], [])],
  ['ERRORS', () => memoryTable(['Level', 'Code:BIGINT', 'Message'], [])],
  ['ENGINES', () => memoryTable(['Engine', 'Support', 'Comment'], [['OLAP', 'YES', 'Default storage engine']])],
  [
    'COLLATION',
    () =>
      memoryTable(
        ['Collation', 'Charset', 'Id:BIGINT', 'Default', 'Compiled', 'Sortlen:BIGINT'],
        [['utf8_general_ci', 'utf8', 33, 'Yes', 'Yes', 1]],
      ),
  ],
  ['CHARSET', showCharset],
  ['CHARACTER SET', showCharset],
  ['PLUGINS', () => memoryTable(['Name', 'Type', 'Description'], [])],
  ['EVENTS', () => memoryTable(['Db', 'Name'], [])],
  ['TRIGGERS', () => memoryTable(['Trigger', 'Event'], [])],
  ['PROCEDURE STATUS', () => memoryTable(['Db', 'Name', 'Type'], [])],
  ['FUNCTION STATUS', () => memoryTable(['Db', 'Name', 'Type'], [])],
]
const SCOPES = ['GLOBAL', 'SESSION', 'LOCAL']
const INDEX_COLUMNS = `Table Non_unique Key_name Seq_in_index Column_name Collation Cardinality Sub_part Packed Null
  Index_type Comment`.split(/\s+/)

/**
 * The whole answer of a SHOW statement, read behind the word SHOW up to LIKE, WHERE, ORDER BY or LIMIT.
 * @throws SqlError 1064 for a SHOW this server does not know.
 */
export function readShow(reader: TokenReader, context: ShowContext): MemoryTable {
  for (const scope of SCOPES) reader.accept(scope)
  if (reader.accept('VARIABLES')) return showVariables(context)
  if (reader.accept('STATUS')) return memoryTable(['Variable_name', 'Value'], [])
  if (reader.accept('INDEX') || reader.accept('INDEXES') || reader.accept('KEYS')) {
    readTable(reader, context)
    return memoryTable(INDEX_COLUMNS, [])
  }
  for (const [words, show] of SHOWS) if (reader.accept(...words.split(' '))) return show(reader, context)
  throw reader.unexpected("a SHOW statement this server knows: 'DATABASES', 'TABLES', 'COLUMNS', 'CREATE TABLE'")
}

/** DESC t: Key says true or false. */
export function describeTable(table: SandboxTable): MemoryTable {
  return memoryTable(
    ['Field', 'Type', 'Null', 'Key', 'Default', 'Extra'],
    table.columns.map(column => [
      column.name,
      column.type.text,
      column.nullable ? 'YES' : 'NO',
      String(isKeyColumn(table, column.name)),
      renderDefault(column.default),
      extraOf(column),
    ]),
  )
}

function showDatabases(_: TokenReader, context: ShowContext): MemoryTable {
  const names = ['information_schema', ...context.catalog.databases().map(database => database.name)].sort()
  return memoryTable(
    ['Database'],
    names.map(name => [name]),
  )
}

function showTables(reader: TokenReader, context: ShowContext, full: boolean): MemoryTable {
  const database = readDatabase(reader, context)
  const system = database.toLowerCase() === 'information_schema'
  const names = system ? Object.keys(SYSTEM_TABLES) : context.catalog.tables(database).map(table => table.name)
  const type = system ? 'SYSTEM VIEW' : 'BASE TABLE'
  return memoryTable(
    [`Tables_in_${database}`, ...(full ? ['Table_type'] : [])],
    names.map(name => (full ? [name, type] : [name])),
  )
}

function showTableStatus(reader: TokenReader, context: ShowContext): MemoryTable {
  const database = readDatabase(reader, context)
  return memoryTable(
    `Name Engine Version:BIGINT Row_format Rows:BIGINT Avg_row_length:BIGINT Data_length:BIGINT Max_data_length:BIGINT
    Index_length:BIGINT Data_free:BIGINT Auto_increment:BIGINT Create_time:TIMESTAMP Update_time:TIMESTAMP
    Check_time:TIMESTAMP Collation Checksum:BIGINT Create_options Comment`.split(/\s+/),
    context.catalog
      .tables(database)
      .map(table => [
        table.name,
        'StarRocks',
        ...Array<null>(9).fill(null),
        renderTime(context.catalog.createdAt(table)),
        null,
        null,
        'utf8_general_ci',
        null,
        null,
        table.comment,
      ]),
  )
}

function showColumns(reader: TokenReader, context: ShowContext, full: boolean): MemoryTable {
  const table = readTable(reader, context)
  const names = ['Field', 'Type', 'Null', 'Key', 'Default', 'Extra']
  const fullNames = ['Field', 'Type', 'Collation', 'Null', 'Key', 'Default', 'Extra', 'Privileges', 'Comment']
  return memoryTable(
    full ? fullNames : names,
    table.columns.map(column => {
      const nullable = column.nullable ? 'YES' : 'NO'
      const key = isKeyColumn(table, column.name) ? 'YES' : 'NO'
      const value = renderDefault(column.default)
      if (!full) return [column.name, column.type.text, nullable, key, value, extraOf(column)]
      const isText = column.type.base === 'char' || column.type.base === 'varchar'
      const collation = isText ? 'utf8_general_ci' : null
      return [column.name, column.type.text, collation, nullable, key, value, extraOf(column), '', column.comment]
    }),
  )
}

function showCreateTable(reader: TokenReader, context: ShowContext): MemoryTable {
  const table = requireNamedTable(reader, context)
  return memoryTable(['Table', 'Create Table'], [[table.name, renderCreateTable(table)]])
}

function showCreateDatabase(reader: TokenReader, context: ShowContext): MemoryTable {
  const name = reader.name()
  if (!context.catalog.hasDatabase(name)) throw unknownDatabase(name)
  return memoryTable(['Database', 'Create Database'], [[name, `CREATE DATABASE \`${name}\``]])
}

function showAlterJobs(reader: TokenReader, context: ShowContext): MemoryTable {
  const database = readDatabase(reader, context)
  return memoryTable(
    `JobId:BIGINT TableName CreateTime FinishTime IndexName IndexId:BIGINT OriginIndexId:BIGINT SchemaVersion
    TransactionId:BIGINT State Msg Progress Timeout:BIGINT Warehouse`.split(/\s+/),
    context.catalog
      .jobs(database)
      .map(job => [
        job.id,
        job.table,
        renderTime(job.createdAt),
        job.finishedAt === null ? null : renderTime(job.finishedAt),
        job.table,
        job.tableId,
        job.tableId,
        `${job.schemaVersion}:0`,
        job.id,
        job.state,
        job.message,
        null,
        86_400,
        'default_warehouse',
      ]),
  )
}

function showFrontends(context: ShowContext): MemoryTable {
  const { cluster } = context
  return memoryTable(
    `Id Name IP EditLogPort HttpPort QueryPort RpcPort Role ClusterId Join Alive
    ReplayedJournalId LastHeartbeat IsHelper ErrMsg StartTime Version`.split(/\s+/),
    [
      [
        1,
        `${HOST}_9010_1`,
        HOST,
        9010,
        cluster.feHttpPort,
        cluster.queryPort,
        9020,
        'LEADER',
        1,
        'true',
        'true',
        1,
        renderTime(Date.now()),
        'true',
        '',
        renderTime(context.startedAt),
        context.emulatedVersion,
      ],
    ],
  )
}

function showBackends(context: ShowContext): MemoryTable {
  const { cluster } = context
  return memoryTable(
    `BackendId IP HeartbeatPort BePort HttpPort BrpcPort LastStartTime LastHeartbeat
    Alive SystemDecommissioned ClusterDecommissioned TabletNum ErrMsg Version Status CpuCores`.split(/\s+/),
    [
      [
        BACKEND_ID,
        HOST,
        9050,
        9060,
        cluster.beHttpPort,
        8060,
        renderTime(context.startedAt),
        renderTime(Date.now()),
        String(cluster.backendAlive),
        'false',
        'false',
        0,
        cluster.backendAlive ? '' : 'connection refused',
        context.emulatedVersion,
        '{}',
        1,
      ],
    ],
  )
}

function showProc(reader: TokenReader, context: ShowContext): MemoryTable {
  const path = reader.string().replace(/\/$/, '')
  if (path === '/backends') return showBackends(context)
  if (path === '/frontends') return showFrontends(context)
  if (path === '/dbs')
    return memoryTable(
      ['DbId:BIGINT', 'DbName', 'TableNum:BIGINT'],
      context.catalog.databases().map(({ id, name }) => [id, name, context.catalog.tables(name).length]),
    )
  throw new SqlError(1064, `Proc path '${path}' doesn't exist`)
}

function showGrants(_: TokenReader, context: ShowContext): MemoryTable {
  const identity = `'${context.user}'@'%'`
  return memoryTable(['UserIdentity', 'Catalog', 'Grants'], [[identity, null, `GRANT 'root' TO USER ${identity}`]])
}

function showSessions(context: ShowContext): MemoryTable {
  return memoryTable(
    ['Id:BIGINT', 'User', 'Host', 'Db', 'Command', 'ConnectionStartTime', 'Time:BIGINT', 'State', 'Info'],
    context.sessions.map(({ id, user, database, running }) =>
      running === null
        ? [id, user, HOST, database, 'Sleep', null, 0, 'OK', null]
        : [id, user, HOST, database, 'Query', null, 0, 'RUNNING', running.slice(0, SHOWN_STATEMENT)],
    ),
  )
}

function showVariables(context: ShowContext): MemoryTable {
  const rows = [...context.variables].map(([name, value]) => [name, String(value)])
  return memoryTable(['Variable_name', 'Value'], rows.sort())
}

function showCharset(): MemoryTable {
  return memoryTable(
    ['Charset', 'Description', 'Default collation', 'Maxlen'],
    [['utf8', 'UTF-8 Unicode', 'utf8_general_ci', '3']],
  )
}

/** `[FROM|IN db]`, else the database of the session. */
function readDatabase(reader: TokenReader, context: ShowContext): string {
  if (reader.accept('FROM') || reader.accept('IN')) {
    const name = reader.tableName().name
    if (!context.catalog.hasDatabase(name) && name.toLowerCase() !== 'information_schema') throw unknownDatabase(name)
    return name
  }
  if (context.database === null) throw noDatabaseSelected()
  return context.database
}

/** `FROM [db.]t [FROM db]` */
function readTable(reader: TokenReader, context: ShowContext): SandboxTable {
  if (!reader.accept('FROM')) reader.expect('IN')
  return requireNamedTable(reader, context)
}

function requireNamedTable(reader: TokenReader, context: ShowContext): SandboxTable {
  const { database, name } = reader.tableName()
  const behind = reader.accept('FROM') || reader.accept('IN') ? reader.name() : null
  const owner = behind ?? database ?? context.database
  if (owner === null) throw noDatabaseSelected()
  return context.catalog.requireTable(owner, name)
}

function extraOf(column: SandboxTable['columns'][number]): string {
  if (column.autoIncrement) return 'auto_increment'
  if (column.generated !== null) return `AS ${column.generated}`
  return column.aggregate?.toUpperCase() ?? ''
}
