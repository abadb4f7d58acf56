import { parseExpression } from '../expression/parser.js'
import type { SourceColumn } from '../model/schema.js'
import { measuredAs } from '../rules/shape/measured-values.js'
import { softDeleteNames } from '../rules/shape/soft-delete.js'
import type { PlannedSource } from '../schema-plan.js'
import { expressionSql, type SourceDialect } from './expression-sql.js'
import { maskedValue } from './masked-value.js'
import { quoteName, type SourceValue } from './source-literal.js'

/** The value of a column of the table as the rule sees it (`PlannedSource.shaped`), by its index there. */
export function sourceValue({ table, shaped, matched }: PlannedSource, i: number, dialect: SourceDialect): SourceValue {
  const column = shaped.columns[i]!
  const { shape } = matched.rule
  if (column.added !== true) {
    const mask = shape.mask.get(column.name)
    const own = table.columns[i]!
    return mask === undefined ? { how: 'sql', sql: quoteName(own.name) } : maskedValue(mask, own, shape.salt)
  }
  const soft = softDeleteNames(shape)
  if (column.name === soft.flag) return { how: 'sql', sql: '0' }
  if (column.name === soft.time) return { how: 'sql', sql: 'NULL' }
  const measured = column.summed === true ? measuredAs(column.name, table, matched.rule) : null
  if (measured !== null) {
    const told = expressionSql(measured.expression, table, dialect)
    if ('reason' in told) return { how: 'none', reason: told.reason }
    const sql = measured.keeps === 'count' ? `IF(${told.sql} IS NULL, 0, 1)` : withOwnDigits(told.sql, column)
    return { how: 'sql', sql }
  }
  const text = shape.computed.get(column.name)
  if (text === undefined) return { how: 'none', reason: 'no column and no expression of the source makes it' }
  const told = expressionSql(parseExpression(text), table, dialect)
  return 'reason' in told ? { how: 'none', reason: told.reason } : { how: 'sql', sql: withOwnDigits(told.sql, column) }
}

/** The condition that rows of the source have to meet; null: none. A sentence's end where SQL does not say it as it is meant. */
export function sourceCondition(
  { table, matched }: PlannedSource,
  dialect: SourceDialect,
): { readonly sql: string | null } | { readonly reason: string } {
  const { where } = matched.rule.shape
  return where === null ? { sql: null } : expressionSql(parseExpression(where), table, dialect)
}

/** A quotient has more digits while it is used further than it is shown with, and written with. */
function withOwnDigits(sql: string, { dataType, scale }: SourceColumn): string {
  return dataType === 'decimal' ? `CAST(${sql} AS DECIMAL(65,${scale ?? 0}))` : sql
}
