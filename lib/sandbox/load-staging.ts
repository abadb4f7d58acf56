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

/**
 * Puts converted rows into STAGED by way of a table of texts, inside the caller's transaction. Lets other work run in
 * between. `rows` may throw; the caller rolls back then.
 */
export async function stageCells(connection: DuckDBConnection, plan: LoadPlan, rows: Iterable<Cells>): Promise<void> {
  const columns = [...plan.loaded.map((_, at) => `c${at}`), ...(plan.operation === null ? [] : ['op'])]
  await dropStaged(connection)
  await connection.run(`CREATE TEMP TABLE load_texts (${columns.map(c => `${c} VARCHAR`).join(', ')})`)
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
  const casts = plan.loaded.map(({ column }, at) => `${cellSql(`c${at}`, column.type)} AS c${at}`)
  if (plan.operation !== null) casts.push('CAST(op AS TINYINT) AS op')
  await connection.run(`CREATE TEMP TABLE load_staged AS SELECT ${casts.join(', ')} FROM ${TEXTS}`)
  await connection.run(`DROP TABLE ${TEXTS}`)
}

/** Removes what an earlier load left. */
export async function dropStaged(connection: DuckDBConnection): Promise<void> {
  await connection.run(`DROP TABLE IF EXISTS ${STAGED}`)
  await connection.run(`DROP TABLE IF EXISTS ${TEXTS}`)
}

function cellSql(cell: string, type: ColumnType): string {
  return type.base === 'varbinary' ? `unhex(${cell})` : `CAST(${cell} AS ${duckTypeOf(type)})`
}
