import { parseExpression } from '../expression/parser.js'
import { renderSql } from '../expression/render-sql.js'
import type { Name } from '../expression/syntax.js'
import type { TableSchema, TargetColumn, TargetTable } from '../model/schema.js'
import type { PlannedMeasure } from '../rules/planned-measures.js'
import { measuredAs } from '../rules/shape/measured-values.js'
import { findColumn } from '../rules/shape/row-names.js'
import type { PlannedSource, PlannedTarget } from '../schema-plan.js'
import type { ComparedText } from '../starrocks/compared-text.js'
import { quoteIdentifier, quoteTable } from '../starrocks/ddl.js'
import { parseTargetType } from '../starrocks/target-type.js'
import { mapSum } from '../starrocks/type-map.js'

interface Side {
  readonly from: string
  readonly texts: readonly string[]
}

interface ComparedName {
  readonly name: string
  readonly target: string
}

/** A count or sum: on the source the number that each row adds; what it adds up to is made by `groupedRows`. */
export function measureTexts(
  source: PlannedSource,
  { column, name }: PlannedMeasure,
  target: TargetColumn | undefined,
): ComparedText {
  if (target === undefined) return { how: 'ignored', reason: 'the target has no such column' }
  const t = quoteIdentifier(target.name)
  const text = (source: string): ComparedText => ({
    how: 'digest',
    kind: 'decimal',
    source,
    target: `CASE WHEN ${t} <> 0 THEN CAST(${t} AS STRING) ELSE '0' END`,
    long: false,
  })
  if (column === null) return text('1')
  const summed = source.shaped.columns[column]!
  const mapped = mapSum(summed)
  if ('unsupported' in mapped) return { how: 'ignored', reason: mapped.unsupported }
  const fits = (parseTargetType(target.type).scale ?? 0) === (summed.scale ?? 0)
  if (!mapped.exact || !fits) return { how: 'ignored', reason: `the sum ${name} is not exact in ${target.type}` }
  const sql = summedSql(source, column)
  return sql === null ? { how: 'ignored', reason: 'the source does not tell what is summed' } : text(sql)
}

/** What each row adds, as SQL of the source; null where it has none. */
function summedSql({ table, shaped, matched: { rule } }: PlannedSource, column: number): string | null {
  const summed = shaped.columns[column]!
  if (summed.added !== true) return rule.shape.mask.has(summed.name) ? null : quoteName(summed.name)
  const computed = rule.shape.computed.get(summed.name)
  const measured = summed.summed === true ? measuredAs(summed.name, table, rule) : null
  const expression = measured?.expression ?? (computed === undefined ? null : parseExpression(computed))
  const sql = expression === null ? null : renderSql(expression, name => nameSql(name, table))
  if (sql === null) return null
  if (measured?.keeps === 'count') return `IF(${sql} IS NULL, 0, 1)`
  // A quotient has more digits while it is used further than it is shown with, and summed with.
  return summed.dataType === 'decimal' ? `CAST(${sql} AS DECIMAL(65,${summed.scale ?? 0}))` : sql
}

function nameSql(name: Name, table: TableSchema): string | null {
  if ('variable' in name) {
    const text = name.variable === 'schema' ? table.schema : name.variable === 'table' ? table.table : null
    return text === null ? null : `_utf8mb4 x'${Buffer.from(text).toString('hex')}'`
  }
  const column = table.columns[findColumn(table, name.column)]
  return column === undefined || name.row === 'old' ? null : quoteName(column.name)
}

function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/**
 * The groups that the source's rows make, and those of the target. A group whose numbers are all zero is none: rows that
 * were deleted leave such groups behind in the target.
 */
export function groupedRows(
  { sources }: PlannedTarget,
  existing: TargetTable,
  columns: readonly ComparedName[],
  key: readonly number[],
  texts: readonly (readonly string[])[],
): { readonly source: Side; readonly target: Side } {
  const names = columns.map((_, n) => `c${n}`)
  const isKey = (n: number) => key.includes(n)
  const rows = sources.map(
    ({ table }, n) =>
      `SELECT ${texts[n]!.map((text, i) => `${text} AS c${i}`).join(', ')} FROM \`${table.schema.replaceAll('`', '``')}\`.\`${table.table.replaceAll('`', '``')}\``,
  )
  // The server's own collation would put texts into one group that are two in StarRocks.
  const groups = key.map(n => `CAST(c${n} AS BINARY)`)
  const sums = names.filter((_, n) => !isKey(n))
  const made = names.map((name, n) =>
    isKey(n) ? `MIN(${name}) AS ${name}` : `IF(SUM(${name}) <> 0, CAST(SUM(${name}) AS CHAR), '0') AS ${name}`,
  )
  const present = sums.length === 0 ? '' : ` HAVING ${sums.map(name => `SUM(${name}) <> 0`).join(' OR ')}`
  const shown = columns.map(({ target }, n) => `${target} AS c${n}`)
  const kept = columns
    .filter((_, n) => !isKey(n))
    .map(
      ({ name }) =>
        `${quoteIdentifier(existing.columns.find(c => c.name.toLowerCase() === name.toLowerCase())!.name)} <> 0`,
    )
  return {
    source: {
      from: `(SELECT ${made.join(', ')} FROM (${rows.join(' UNION ALL ')}) AS r GROUP BY ${groups.join(', ')}${present}) AS g`,
      texts: names,
    },
    target: {
      from: `(SELECT ${shown.join(', ')} FROM ${quoteTable(existing)}${kept.length === 0 ? '' : ` WHERE ${kept.join(' OR ')}`}) AS g`,
      texts: names,
    },
  }
}
