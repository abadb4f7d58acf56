import { renderSql } from '../expression/render-sql.js'
import type { Expression, Name } from '../expression/syntax.js'
import { namesIn } from '../expression/syntax.js'
import type { TableSchema } from '../model/schema.js'
import { findColumn } from '../rules/shape/row-names.js'
import { dialectDoubt } from './dialect-doubt.js'
import { quoteName, sourceText } from './source-literal.js'

/** Whose SQL computes a value. */
export interface SourceDialect {
  readonly flavor: 'mysql' | 'mariadb'
  /** Why the server does not compute an expression, by the SQL of that. */
  readonly refused: ReadonlyMap<string, string>
}

/** An expression over the rows of a table as SQL of the source; a clause where that says something else, or nothing. */
export function expressionSql(
  expression: Expression,
  table: TableSchema,
  { flavor, refused }: SourceDialect,
): { readonly sql: string } | { readonly reason: string } {
  const unknown = namesIn(expression).find(name => columnSql(name, table) === null)
  if (unknown !== undefined) return { reason: `the source keeps no ${shown(unknown)} of a row` }
  const doubt = dialectDoubt(expression, table, flavor)
  if (doubt !== null) return { reason: doubt }
  const sql = renderSql(expression, name => columnSql(name, table))
  if (sql === null) return { reason: 'SQL does not know all of the expression' }
  const why = refused.get(sql)
  return why === undefined ? { sql } : { reason: why }
}

/** The row behind a change is the one that the source has. */
function columnSql(name: Name, table: TableSchema): string | null {
  if ('variable' in name) {
    if (name.variable === 'schema') return `${sourceText(table.schema)} COLLATE utf8mb4_bin`
    if (name.variable === 'table') return `${sourceText(table.table)} COLLATE utf8mb4_bin`
    return null
  }
  const column = table.columns[findColumn(table, name.column)]
  return column === undefined || name.row === 'old' ? null : quoteName(column.name)
}

function shown(name: Name): string {
  return 'variable' in name ? `$${name.variable}` : `OLD.${name.column}`
}
