import type { FieldGuard } from '../binlog/field-guard.js'
import { type TableSchema, type TargetTable, tableName, targetName } from '../model/schema.js'
import type { Zone } from '../model/zone.js'
import type { ColumnPlan } from './column-plan.js'
import type { RuleSpec } from './rule-book.js'
import type { ShapedTable } from './shape/shaped-table.js'
import type { TargetFit } from './target-fit.js'

export interface RouteFactsParts {
  readonly rule: RuleSpec
  readonly target: TargetTable
  readonly shaped: ShapedTable
  readonly fit: TargetFit
  readonly constants: ColumnPlan['constants']
  readonly zone: Zone
  /** Of columns, and of rows. */
  readonly separators: readonly [string, string]
}

/**
 * Everything that decides how an image becomes a row, and rows become bodies, for the fingerprint of a route. The order of the keys
 * counts: another one is another fingerprint.
 */
export function routeFacts({ rule, target, shaped, fit, constants, zone, separators }: RouteFactsParts): unknown {
  const { mode, loadFormat, flushRows, flushBytes } = rule
  const { mergeCondition } = rule.load
  const { schema } = shaped
  return {
    mode,
    target: targetName(target),
    // A guard decides whether a row is written, not how: but for dates.
    fields: fit.fields.map(field => field && { ...field, guard: undefined, dates: writtenDates(field.guard) }),
    key: fit.key,
    measures: fit.measures,
    constants,
    source: tableName(schema),
    columns: schema.columns.map(writtenFacts),
    zone: zone.name,
    separators,
    ...(shaped.isPlain ? {} : { shape: shaped.facts }),
    loadFormat,
    flushRows,
    flushBytes,
    ...(mergeCondition === null ? {} : { mergeCondition }),
  }
}

/** What dates that do not exist become; undefined where they are written as they are, or not at all. */
function writtenDates(guard: FieldGuard | null): string | undefined {
  return guard?.value?.kind === 'date' && guard.value.policy !== 'stop' ? guard.value.policy : undefined
}

/** What decides the text of a column's values, without what every server words in its own way. */
function writtenFacts(column: TableSchema['columns'][number]): unknown {
  const { name, dataType, unsigned, nullable, charset, maxLength, precision, scale, fractionDigits, members } = column
  return [name, dataType, unsigned, nullable, charset, maxLength, precision, scale, fractionDigits, members]
}
