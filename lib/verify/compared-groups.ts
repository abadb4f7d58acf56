import { isSameName } from '../model/same-name.js'
import type { TableSchema, TargetColumn, TargetTable } from '../model/schema.js'
import type { PlannedMeasure } from '../rules/planned-measures.js'
import type { PlannedTarget } from '../schema-plan.js'
import type { ComparedText } from '../starrocks/compared-text.js'
import { quoteIdentifier, quoteTable } from '../starrocks/ddl.js'
import { parseTargetType } from '../starrocks/target-type.js'
import { mapSum } from '../starrocks/type-map.js'
import { quoteName, type SourceValue } from './source-literal.js'

interface Side {
  readonly from: string
  readonly texts: readonly string[]
}

interface ComparedName {
  readonly name: string
  readonly target: string
}

/**
 * A count or sum: on the source the number that each row adds; what it adds up to is made by `groupedRows`. `value`: what is
 * summed; null counts rows. `table`: as the rule sees it.
 */
export function measureTexts(
  table: TableSchema,
  { column, name }: PlannedMeasure,
  value: SourceValue | null,
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
  if (column === null || value === null) return text('1')
  if (value.how !== 'sql')
    return { how: 'ignored', reason: value.how === 'none' ? value.reason : 'what is summed is hashed' }
  const summed = table.columns[column]!
  const mapped = mapSum(summed)
  if ('unsupported' in mapped) return { how: 'ignored', reason: mapped.unsupported }
  const fits = (parseTargetType(target.type).scale ?? 0) === (summed.scale ?? 0)
  if (!mapped.exact || !fits) return { how: 'ignored', reason: `the sum ${name} is not exact in ${target.type}` }
  return text(value.sql)
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
  conditions: readonly (string | null)[],
): { readonly source: Side; readonly target: Side } {
  const names = columns.map((_, n) => `c${n}`)
  const isKey = (n: number) => key.includes(n)
  const rows = sources.map(
    ({ table }, n) =>
      `SELECT ${texts[n]!.map((text, i) => `${text} AS c${i}`).join(', ')} FROM ${quoteName(table.schema)}.${quoteName(table.table)}${conditions[n] == null ? '' : ` WHERE ${conditions[n]}`}`,
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
    .map(({ name }) => `${quoteIdentifier(existing.columns.find(c => isSameName(c.name, name))!.name)} <> 0`)
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
