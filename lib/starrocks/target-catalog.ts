import { Failure } from '../model/failure.js'
import { isSameName } from '../model/same-name.js'
import { type TargetColumn, type TargetTable, targetName } from '../model/schema.js'
import { type CreateTableText, modelOf, parseCreateTable, parseNames } from './create-table-text.js'
import { quoteString, quoteTable } from './ddl.js'
import { isRefused, type Row, rowField, type Statements } from './starrocks-session.js'
import { parseTargetType, renderTargetType } from './target-type.js'

type TableRef = { readonly database: string; readonly table: string }
type FilledColumn = { readonly name: string; readonly nullable: boolean }

/**
 * A target table as StarRocks describes it, or null when it is not there (or the user may not see it). Columns come from
 * information_schema.columns, model and key from tables_config; what either lacks in a version, or for a model, is read
 * from SHOW CREATE TABLE. A view or external table is a Failure('targetUnfit').
 * `filled`: columns that rows will bring. Whether those of them that are never NULL have a default does not matter, and is not
 * asked for any further: a start asks this for every target.
 */
export async function readTarget(
  session: Statements,
  target: TableRef,
  filled: readonly FilledColumn[] = [],
): Promise<TargetTable | null> {
  const { database, table } = target
  const where = `TABLE_SCHEMA = ${quoteString(target.database)} AND TABLE_NAME = ${quoteString(target.table)}`
  const rows = await session.query(`SELECT * FROM information_schema.columns WHERE ${where}`)
  if (rows.length === 0) return null
  const columns = rows
    .toSorted((a, b) => Number(rowField(a, 'ordinal_position')) - Number(rowField(b, 'ordinal_position')))
    .map(readColumn)
  const config = await queryOrEmpty(session, `SELECT * FROM information_schema.tables_config WHERE ${where}`)
  const model = modelOf(rowField(config[0] ?? new Map(), 'table_model') ?? '')
  const key = parseNames(rowField(config[0] ?? new Map(), 'primary_key') ?? '')
  const known = model !== null && key.length > 0 && key.every(name => columns.some(column => column.name === name))
  // Only SHOW CREATE TABLE says which function a value column of an aggregate table has.
  const doubtful =
    model === 'aggregate' ||
    columns.some(
      column => !column.nullable && !column.hasDefault && !key.includes(column.name) && !isBrought(column, filled),
    )
  if (known && !doubtful) return { database, table, model, key, columns }
  const shown = await showCreateTable(session, target)
  const text = shown === null ? null : parseCreateTable(shown)
  if (text !== null) return { database, table, model: text.model, key: text.key, columns: mergeColumns(columns, text) }
  if (known) return { database, table, model, key, columns }
  throw new Failure('targetUnfit', `${targetName(target)} is no native StarRocks table, or its model cannot be seen`, {
    advice: `Look at SHOW CREATE TABLE ${quoteTable(target)}; the sync loads into PRIMARY KEY, DUPLICATE KEY and AGGREGATE KEY tables.`,
  })
}

function isBrought({ name }: TargetColumn, filled: readonly FilledColumn[]): boolean {
  return filled.some(column => !column.nullable && isSameName(column.name, name))
}

/** The statement that would make a table again; null when the account may not see it. */
export async function showCreateTable(session: Statements, target: TableRef): Promise<string | null> {
  const rows = await queryOrEmpty(session, `SHOW CREATE TABLE ${quoteTable(target)}`)
  return rows[0] === undefined ? null : rowField(rows[0], 'create table')
}

/** A source some versions or accounts do not have: refused counts as empty, an unreachable server stays a Failure. */
async function queryOrEmpty(session: Statements, sql: string): Promise<Row[]> {
  try {
    return await session.query(sql)
  } catch (error) {
    if (isRefused(error)) return []
    throw error
  }
}

function readColumn(row: Row): TargetColumn {
  const extra = rowField(row, 'extra') ?? ''
  const generated = (rowField(row, 'generation_expression') ?? '') !== ''
  const text = rowField(row, 'column_type', 'data_type') ?? 'unknown'
  const length = rowField(row, 'character_maximum_length')
  // Some versions print string types without their length.
  const sized = /^(?:var)?(?:char|binary)$/i.test(text.trim()) && length !== null ? `${text}(${length})` : text
  return {
    name: rowField(row, 'column_name') ?? '',
    type: renderTargetType(parseTargetType(sized)),
    nullable: (rowField(row, 'is_nullable') ?? '').toUpperCase() !== 'NO',
    hasDefault: rowField(row, 'column_default') !== null || generated || /auto_increment/i.test(extra),
  }
}

/** SHOW CREATE TABLE knows types and defaults better than information_schema does; columns only one of them has stay. */
function mergeColumns(columns: readonly TargetColumn[], text: CreateTableText): TargetColumn[] {
  return columns.map(column => text.columns.find(candidate => candidate.name === column.name) ?? column)
}
