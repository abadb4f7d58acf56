import { isSameName } from '../model/same-name.js'
import type { TargetColumn, TargetTable } from '../model/schema.js'
import { quoteString } from './ddl.js'
import { rowField, type Statements } from './starrocks-session.js'
import { readTarget } from './target-catalog.js'

type TableRef = { readonly database: string; readonly table: string }

/** A column with what a statement that changes it must say again. */
export interface ShapedColumn extends TargetColumn {
  readonly defaultText: string | null
  readonly comment: string
}

export interface TargetShape extends TargetTable {
  readonly columns: readonly ShapedColumn[]
  readonly comment: string
}

/** A target with defaults and comments as information_schema tells them; null when it is not there. Rejects as `readTarget`. */
export async function readShape(session: Statements, target: TableRef): Promise<TargetShape | null> {
  const table = await readTarget(session, target)
  if (table === null) return null
  const where = `TABLE_SCHEMA = ${quoteString(target.database)} AND TABLE_NAME = ${quoteString(target.table)}`
  const rows = await session.query(
    `SELECT COLUMN_NAME, COLUMN_DEFAULT, COLUMN_COMMENT FROM information_schema.columns WHERE ${where}`,
  )
  const comments = await session.query(`SELECT TABLE_COMMENT FROM information_schema.tables WHERE ${where}`)
  return {
    ...table,
    comment: (comments[0] && rowField(comments[0], 'table_comment')) ?? '',
    columns: table.columns.map(column => {
      const row = rows.find(candidate => rowField(candidate, 'column_name') === column.name)
      return {
        ...column,
        defaultText: (row && rowField(row, 'column_default')) ?? null,
        comment: (row && rowField(row, 'column_comment')) ?? '',
      }
    }),
  }
}

/** A column by name; StarRocks' column names ignore case. */
export function shapedColumn(shape: TargetShape, name: string): ShapedColumn | undefined {
  return shape.columns.find(column => isSameName(column.name, name))
}
