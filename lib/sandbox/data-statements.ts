import type { DuckDBConnection } from '@duckdb/node-api'
import { columnOf, isKeyColumn, type SandboxColumn, type SandboxTable } from './catalog.js'
import { lex } from './lexer.js'
import { mergeRows } from './row-merge.js'
import { renderStrictCast } from './select-functions.js'
import { isOperator, isParens, isQuery, type Node, nestTokens, splitByComma, wordOf } from './select-nodes.js'
import { type RewriteScope, rewriteExpression, rewriteQuery } from './select-rewriter.js'
import { analyzingError, noDatabaseSelected, SqlError } from './sql-error.js'
import { duckTypeOf, literalSql, quoteName, type Store } from './store.js'
import { TokenReader } from './token-reader.js'

const STAGING = 'sandbox_insert'

/**
 * Runs INSERT INTO, INSERT OVERWRITE, UPDATE or DELETE; resolves with the number of rows the statement named.
 * @throws SqlError when a row does not fit its table; nothing has changed then.
 */
export function runDataStatement(source: string, store: Store, scope: RewriteScope): Promise<number> {
  const reader = new TokenReader(source)
  if (reader.accept('INSERT')) return insert(reader, store, scope)
  if (reader.accept('UPDATE')) return update(reader, store, scope)
  reader.expect('DELETE')
  return remove(reader, store, scope)
}

async function insert(reader: TokenReader, store: Store, scope: RewriteScope): Promise<number> {
  const overwrite = reader.accept('OVERWRITE')
  if (!overwrite) reader.expect('INTO')
  reader.accept('TABLE')
  const table = targetOf(reader, scope)
  if (reader.is('PARTITION')) throw analyzingError('INSERT into a partition is not supported by this server')
  if (reader.accept('WITH', 'LABEL')) reader.name()
  const named = reader.is('(') && !isSubquery(reader) ? reader.nameList() : null
  const written = table.columns.filter(column => column.generated === null)
  const columns = named === null ? written : named.map(name => requireColumn(table, name))
  for (const column of columns)
    if (column.generated !== null) throw analyzingError(`generated column '${column.name}' can not be specified`)
  const body = reader.source.slice(reader.peek().start)
  const rows = store.physicalName(table)
  const given = renderSource(body, columns, table, store, scope)
  return store.write(async connection => {
    await connection.run('BEGIN')
    const values = written.map(column => {
      const at = columns.indexOf(column)
      return `${at < 0 ? store.defaultSql(table, column) : quoteName(`c${at}`)} AS ${quoteName(column.name)}`
    })
    await connection.run(`CREATE OR REPLACE TEMP TABLE ${STAGING} AS SELECT ${values.join(', ')} FROM ${given}`)
    await checkRows(connection, written)
    const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${STAGING}`)
    if (overwrite) await connection.run(`DELETE FROM ${rows}`)
    await mergeRows(connection, table, rows, STAGING)
    await connection.run(`DROP TABLE ${STAGING}`)
    await connection.run('COMMIT')
    return Number(counted.getRows()[0]?.[0] ?? 0)
  })
}

async function update(reader: TokenReader, store: Store, scope: RewriteScope): Promise<number> {
  const table = targetOf(reader, scope)
  if (table.model !== 'primary') throw analyzingError('only support updating primary key table')
  reader.expect('SET')
  const nodes = nestTokens(reader.source, lex(reader.source)).filter(node => node.start >= reader.peek().start)
  const whereAt = nodes.findIndex(node => wordOf(node) === 'WHERE')
  if (whereAt < 0) throw analyzingError('must specify where clause to prevent full table update')
  const text = (part: readonly Node[]) => reader.source.slice(part[0]?.start ?? 0, part.at(-1)?.end ?? 0)
  const assignments = splitByComma(nodes.slice(0, whereAt)).map(part => {
    const equals = part.findIndex(node => isOperator(node, '='))
    const name = part[equals - 1]
    if (name?.kind !== 'word' && name?.kind !== 'name') throw analyzingError(`cannot assign: ${text(part)}`)
    const column = requireColumn(table, name.text)
    if (isKeyColumn(table, column.name)) throw analyzingError(`primary key column cannot be updated: ${column.name}`)
    const value = part.slice(equals + 1)
    const sql =
      wordOf(value[0]) === 'DEFAULT' && value.length === 1
        ? store.defaultSql(table, column)
        : insertCast(rewriteExpression(text(value), scope), column)
    return `${quoteName(column.name)} = ${sql}`
  })
  const tail = rewriteQuery(reader.source.slice(nodes[whereAt]?.start ?? 0), scope)
  const rows = store.physicalName(table)
  return inTransaction(store, async connection => {
    const changed = await connection.run(
      `UPDATE ${rows} AS ${quoteName(table.name)} SET ${assignments.join(', ')} ${tail}`,
    )
    await checkRows(connection, table.columns, rows)
    return changed.rowsChanged
  })
}

async function remove(reader: TokenReader, store: Store, scope: RewriteScope): Promise<number> {
  reader.expect('FROM')
  const table = targetOf(reader, scope)
  if (!reader.is('WHERE')) throw analyzingError('Where clause is not set')
  const tail = rewriteQuery(reader.source.slice(reader.peek().start), scope)
  const sql = `DELETE FROM ${store.physicalName(table)} AS ${quoteName(table.name)} ${tail}`
  return inTransaction(store, async connection => (await connection.run(sql)).rowsChanged)
}

function inTransaction(store: Store, work: (connection: DuckDBConnection) => Promise<number>): Promise<number> {
  return store.write(async connection => {
    await connection.run('BEGIN')
    const rows = await work(connection)
    await connection.run('COMMIT')
    return rows
  })
}

function targetOf(reader: TokenReader, scope: RewriteScope): SandboxTable {
  const { database, name } = reader.tableName()
  const owner = database ?? scope.database
  if (owner === null) throw noDatabaseSelected()
  return scope.catalog.requireTable(owner, name)
}

/** The rows of VALUES or of a query, each value already of its column's type, as columns c0, c1 .. */
function renderSource(
  body: string,
  columns: readonly SandboxColumn[],
  table: SandboxTable,
  store: Store,
  scope: RewriteScope,
): string {
  const nodes = nestTokens(body, lex(body))
  const names = columns.map((_, at) => quoteName(`c${at}`)).join(', ')
  if (wordOf(nodes[0]) !== 'VALUES') {
    const values = columns.map((column, at) => `${insertCast(quoteName(`c${at}`), column)} AS ${quoteName(`c${at}`)}`)
    return `(SELECT ${values.join(', ')} FROM (${rewriteQuery(body, scope)}) AS q(${names}))`
  }
  const rows = splitByComma(nodes.slice(1)).map((row, index) => {
    const group = row[0]
    if (!isParens(group)) throw analyzingError('VALUES needs rows in parentheses')
    const values = splitByComma(group.items)
    if (values.length !== columns.length)
      throw analyzingError(
        `Inserted target column count: ${columns.length} doesn't match select/value column count: ${values.length} (row ${index + 1})`,
      )
    const rendered = values.map((value, at) => {
      const column = columns[at] as SandboxColumn
      if (value.length === 1 && wordOf(value[0]) === 'DEFAULT') return store.defaultSql(table, column)
      return insertValue(body, value, column, scope)
    })
    return `(${rendered.join(', ')})`
  })
  return `(VALUES ${rows.join(', ')}) AS v(${names})`
}

/** A value of VALUES; plain literals take a short way, so that a long one is not repeated inside a cast. */
function insertValue(body: string, nodes: readonly Node[], column: SandboxColumn, scope: RewriteScope): string {
  const only = nodes.length === 1 ? nodes[0] : undefined
  if (wordOf(only) === 'NULL') return `CAST(NULL AS ${duckTypeOf(column.type)})`
  const base = column.type.base
  if (only?.kind === 'string' && (base === 'varchar' || base === 'char' || base === 'varbinary'))
    return literalSql(only.text, column.type)
  const isWhole = only?.kind === 'number' && /^\d+$/.test(only.text)
  if (isWhole && (base === 'int' || base === 'bigint')) return `CAST(${only.text} AS ${duckTypeOf(column.type)})`
  const start = nodes[0]?.start ?? 0
  return insertCast(rewriteExpression(body.slice(start, nodes.at(-1)?.end ?? start), scope), column)
}

/** A cast that refuses what StarRocks' strict INSERT refuses: a value that would become NULL. */
function insertCast(value: string, column: SandboxColumn): string {
  const type = column.type.text.toUpperCase()
  const message = `Insert has filtered data in strict mode: a value is out of range. The type of '${column.name}' is ${type}`
  return renderStrictCast(value, column.type, message)
}

async function checkRows(
  connection: DuckDBConnection,
  columns: readonly SandboxColumn[],
  rows = STAGING,
): Promise<void> {
  const checks: { readonly sql: string; readonly message: string }[] = []
  for (const column of columns) {
    const name = quoteName(column.name)
    if (!column.nullable)
      checks.push({ sql: `bool_or(${name} IS NULL)`, message: `NULL value in non-nullable column '${column.name}'` })
    const { base, length } = column.type
    if (base !== 'char' && base !== 'varchar' && base !== 'varbinary') continue
    const size = base === 'varbinary' ? `octet_length(${name})` : `strlen(${name})`
    const message = `String is too long. The max length of '${column.name}' is ${length}`
    checks.push({ sql: `bool_or(${size} > ${length})`, message })
  }
  if (checks.length === 0) return
  const found = await connection.runAndReadAll(`SELECT ${checks.map(check => check.sql).join(', ')} FROM ${rows}`)
  const at = found.getRows()[0]?.indexOf(true) ?? -1
  if (at >= 0) throw new SqlError(1064, `Insert has filtered data in strict mode: ${checks[at]?.message}`)
}

function requireColumn(table: SandboxTable, name: string): SandboxColumn {
  const column = columnOf(table, name)
  if (column === undefined) throw analyzingError(`Unknown column '${name}' in '${table.name}'`)
  return column
}

function isSubquery(reader: TokenReader): boolean {
  const rest = reader.source.slice(reader.peek().start)
  const first = nestTokens(rest, lex(rest))[0]
  return isParens(first) && isQuery(first.items)
}
