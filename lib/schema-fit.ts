import { isSameName } from './model/same-name.js'
import type { TargetColumn, TargetTable } from './model/schema.js'
import { type SourceColumn, tableName, targetName } from './model/schema.js'
import type { ZeroDate } from './model/value-policy.js'
import {
  type ColumnFit,
  type ColumnProbe,
  composeFitQuery,
  type FitQuery,
  type KeyProbe,
  type TableFit,
} from './mysql/fit-query.js'
import type { PlannedSource, PlannedTarget } from './schema-plan.js'
import type { SchemaFinding } from './schema-report.js'
import { parseTargetType } from './starrocks/target-type.js'
import { formFor } from './starrocks/type-map.js'

/** `primary_key_limit_size` of a BE: longer encoded keys cancel the whole load. */
const MAX_KEY_BYTES = 128
/** The largest JSON value. */
const MAX_JSON_BYTES = 16 * 1_048_576
/** Bytes of a key column in StarRocks' order-preserving encoding; texts have as many as they are long. */
const KEY_BYTES: Readonly<Record<string, number>> = {
  boolean: 1,
  tinyint: 1,
  smallint: 2,
  int: 4,
  date: 4,
  bigint: 8,
  datetime: 8,
  largeint: 16,
}

/**
 * The query that measures a table against its target: against the one that exists, where it is given, since that one will
 * have to hold the rows. Null when there is nothing to measure.
 */
export function composeFit(
  target: PlannedTarget,
  source: PlannedSource,
  existing: TargetTable | null,
  sample: number | null,
): FitQuery | null {
  const columns: readonly Pick<TargetColumn, 'name' | 'type'>[] = existing?.columns ?? target.request.columns
  const typeOf = (name: string) => columns.find(column => isSameName(column.name, name))?.type ?? null
  const model = existing?.model ?? target.request.model
  const key = model === 'primary' ? (existing?.key ?? target.request.key) : []
  const isKey = (name: string) => key.some(other => isSameName(other, name))
  const probes: ColumnProbe[] = []
  const keyProbes = new Map<string, KeyProbe>()
  source.table.columns.forEach((column, i) => {
    const name = source.plan.targets[i]
    const type = name == null ? null : typeOf(name)
    // What is written in its place has the room it needs, and no report shows what it hides.
    if (name == null || type === null || source.matched.rule.shape.mask.has(column.name)) return
    probes.push(columnProbe(column, type, isKey(name)))
    if (isKey(name)) keyProbes.set(name.toLowerCase(), keyProbe(column, type))
  })
  const keyParts = key.flatMap(name => keyProbes.get(name.toLowerCase()) ?? [])
  // A key with a constant among its columns is longer than what is measured here.
  const whole = keyParts.length === key.length ? keyParts : []
  return probes.length === 0
    ? null
    : composeFitQuery(source.table, probes, whole, { sample, maxKeyBytes: MAX_KEY_BYTES })
}

/** What is to be measured of a column bound for a target column of a type. */
export function columnProbe(column: SourceColumn, type: string, isKey: boolean): ColumnProbe {
  const { base, length, precision, scale } = parseTargetType(type)
  const isBase64Text = base === 'varchar' && formFor(column, type, isKey) === 'base64'
  return {
    column,
    maxBytes: base === 'json' ? MAX_JSON_BYTES : isBase64Text ? Math.floor(length! / 4) * 3 : length,
    maxWholeDigits: base === 'decimal' ? precision! - scale! : null,
    intoDate: base === 'date' || base === 'datetime',
    intoJson: base === 'json' && column.dataType !== 'json',
  }
}

/** The part of a column in the key of a primary key table. */
export function keyProbe(column: SourceColumn, type: string): KeyProbe {
  const { base } = parseTargetType(type)
  return {
    column,
    bytes: KEY_BYTES[base] ?? null,
    base64: base === 'varchar' && formFor(column, type, true) === 'base64',
  }
}

/** What of the measured rows does not go into the target, each with the way out. */
export function judgeFit(
  target: PlannedTarget,
  source: PlannedSource,
  existing: TargetTable | null,
  fit: TableFit,
): SchemaFinding[] {
  const table = tableName(source.table)
  const findings = fit.columns.flatMap(column => judgeColumn(target, source, existing, column, table))
  if (fit.key !== null && fit.key.tooLong > 0)
    findings.push({
      check: 'fit.key',
      level: 'error',
      table,
      rows: fit.key.tooLong,
      ...(fit.key.worst === null ? {} : { worstKey: fit.key.worst }),
      message: `${table}: ${rows(fit.key.tooLong)} a key (${source.table.key.join(', ')}) of more than ${MAX_KEY_BYTES} bytes in StarRocks' encoding, up to ${fit.key.longestBytes}: each such row cancels its load`,
      remedy: `Raise primary_key_limit_size on every BE, give the source a shorter key, or write the table with mode = "append".`,
    })
  return findings
}

function judgeColumn(
  { request }: PlannedTarget,
  { table: source, plan, matched }: PlannedSource,
  existing: TargetTable | null,
  fit: ColumnFit,
  table: string,
): SchemaFinding[] {
  const at = source.columns.findIndex(column => column.name === fit.column)
  const column = source.columns[at]!
  const name = plan.targets[at]!
  const columns: readonly Pick<TargetColumn, 'name' | 'type' | 'nullable'>[] = existing?.columns ?? request.columns
  const { type, nullable } = columns.find(other => isSameName(other.name, name))!
  const says = `${table}.${fit.column}`
  const exclude = `exclude = ["${fit.column}"]`
  const isKey = (existing?.key ?? request.key).some(key => isSameName(key, name))
  const leaveOut = isKey ? '' : `, or leave the column out: ${exclude}`
  const finding = (check: string, count: number, message: string, remedy: string): SchemaFinding[] =>
    count === 0
      ? []
      : [{ check, level: 'error', table, column: fit.column, rows: count, message: `${says}: ${message}`, remedy }]
  const into = `${targetName(request)}.${name} is ${type}`
  const dates = (check: string, count: number, what: string): SchemaFinding[] => {
    const outcome = dateOutcome(matched.rule.zeroDate, isKey, nullable, type)
    const found = finding(
      check,
      count,
      `${rows(count)} ${what}, which ${outcome.message}`,
      `${outcome.remedy}${leaveOut}.`,
    )
    return outcome.stops ? found : found.map(one => ({ ...one, level: 'ok', remedy: '' }))
  }
  return [
    ...finding(
      'fit.length',
      fit.tooLong,
      `${rows(fit.tooLong)} a value that is too long (up to ${fit.longestBytes} bytes in UTF-8); ${into}`,
      (parseTargetType(type).length ?? 0) >= 1_048_576 || type === 'json'
        ? `StarRocks has no longer type: shorten the values at the source${leaveOut}.`
        : `Widen the column: ${column.dataType.includes('b') && type.startsWith('varbinary') ? 'VARBINARY' : 'VARCHAR'}(${fit.longestBytes}) or more, by the ALTER of this report or by cast in the rule${leaveOut}.`,
    ),
    ...dates('fit.zero_date', fit.zeroDates, 'the date 0000-00-00'),
    ...dates('fit.partial_date', fit.partialDates, 'a date that no calendar has (2024-00-10, 2023-02-31)'),
    ...finding(
      'fit.digits',
      fit.tooManyDigits,
      `${rows(fit.tooManyDigits)} up to ${fit.mostWholeDigits} digits before the point; ${into}`,
      `Give the column a type with more digits, or a VARCHAR, by the ALTER of this report or by cast in the rule${leaveOut}.`,
    ),
    ...finding(
      'fit.json',
      fit.invalidJson,
      `${rows(fit.invalidJson)} text that is not JSON; ${into}`,
      `Take back the cast to JSON, or correct the values at the source${leaveOut}.`,
    ),
  ]
}

/** What becomes of dates that StarRocks cannot hold, by the rule's zero_date. */
function dateOutcome(
  policy: ZeroDate,
  isKey: boolean,
  nullable: boolean,
  type: string,
): { readonly stops: boolean; readonly message: string; readonly remedy: string } {
  const cannot = `${type.toUpperCase()} cannot hold`
  const correct = 'Correct the values at the source'
  if (isKey) return { stops: true, message: `${cannot}, and a key column has no other value for it`, remedy: correct }
  if (policy === 'min') return { stops: false, message: 'becomes 0000-01-01', remedy: '' }
  if (policy === 'null' && nullable) return { stops: false, message: 'becomes NULL', remedy: '' }
  return policy === 'null'
    ? {
        stops: true,
        message: `${cannot}, nor NULL for it: it is NOT NULL`,
        remedy: `${correct}, say zero_date = "min" in the rule`,
      }
    : {
        stops: true,
        message: `${cannot} (zero_date = "stop")`,
        remedy: `${correct}, say zero_date = "null" or "min" in the rule`,
      }
}

function rows(count: number): string {
  return count === 1 ? '1 row has' : `${count} rows have`
}
