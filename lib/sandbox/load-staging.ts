import { setImmediate } from 'node:timers/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { ColumnType } from './column-type.js'
import type { LoadPlan } from './load-plan.js'
import type { Cells } from './row-converter.js'
import { duckTypeOf } from './store.js'

/** The temporary table of the writer connection that holds a load's rows in order, typed: c0, c1, … and op. */
export const STAGED = 'temp.load_staged'
const TEXTS = 'temp.load_texts'
const ROWS_PER_TURN = 2_000

/** The rows of a load where SQL can read them, typed: c0, c1, … and op. */
export interface StagedRows {
  /** What stands behind FROM: the table STAGED, or a query in parentheses. */
  readonly from: string
  /** No key of a primary key table occurs twice. */
  readonly distinctKeys: boolean
}

/**
 * Puts converted rows into STAGED by way of a table of texts, inside the caller's transaction. Lets other work run in
 * between. `rows` may throw; the caller rolls back then.
 */
export async function stageCells(
  connection: DuckDBConnection,
  plan: LoadPlan,
  rows: Iterable<Cells>,
): Promise<StagedRows> {
  await appendTexts(connection, plan, rows)
  await connection.run(`CREATE OR REPLACE TEMP TABLE load_staged AS ${typedRows(plan)}`)
  await connection.run(`DROP TABLE ${TEXTS}`)
  return { from: STAGED, distinctKeys: false }
}

/**
 * The same for few rows, without a typed table: every statement that reads them casts the texts it needs. Of rows with the
 * same primary key only the last is kept.
 */
export async function stageFewCells(
  connection: DuckDBConnection,
  plan: LoadPlan,
  rows: readonly Cells[],
): Promise<StagedRows> {
  await appendTexts(connection, plan, plan.table.model === 'primary' ? lastOfEachKey(plan, rows) : rows)
  return { from: `(${typedRows(plan)})`, distinctKeys: true }
}

/** Texts of a key are equal when their values are: `convertText` gives every value of a key's type one text. */
function lastOfEachKey(plan: LoadPlan, rows: readonly Cells[]): Iterable<Cells> {
  const keyCells = plan.loaded.flatMap((l, at) => (l.isKey ? [at] : []))
  const only = keyCells.length === 1 ? keyCells[0] : undefined
  const last = new Map<string, Cells>()
  for (const cells of rows) {
    const key = only === undefined ? JSON.stringify(keyCells.map(at => cells[at])) : cells[only]!
    last.delete(key)
    last.set(key, cells)
  }
  return last.values()
}

async function appendTexts(connection: DuckDBConnection, plan: LoadPlan, rows: Iterable<Cells>): Promise<void> {
  const columns = [...plan.loaded.map((_, at) => `c${at}`), ...(plan.operation === null ? [] : ['op'])]
  await connection.run(`CREATE OR REPLACE TEMP TABLE load_texts (${columns.map(c => `${c} VARCHAR`).join(', ')})`)
  const appender = await connection.createAppender('load_texts', 'main', 'temp')
  try {
    let inTurn = 0
    for (const cells of rows) {
      for (const cell of cells) {
        if (cell === null) appender.appendNull()
        else appender.appendVarchar(cell)
      }
      appender.endRow()
      if (++inTurn === ROWS_PER_TURN) {
        inTurn = 0
        await setImmediate()
      }
    }
  } finally {
    appender.closeSync()
  }
}

function typedRows(plan: LoadPlan): string {
  const casts = plan.loaded.map(({ column }, at) => `${cellSql(`c${at}`, column.type)} AS c${at}`)
  if (plan.operation !== null) casts.push('CAST(op AS TINYINT) AS op')
  return `SELECT ${casts.join(', ')} FROM ${TEXTS}`
}

function cellSql(cell: string, type: ColumnType): string {
  return type.base === 'varbinary' ? `unhex(${cell})` : `CAST(${cell} AS ${duckTypeOf(type)})`
}
