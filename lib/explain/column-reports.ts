import { CHANGE_COLUMNS } from '../model/change-columns.js'
import { renderMeasure } from '../model/rule-mode.js'
import { isSameName } from '../model/same-name.js'
import type { SourceColumn, TableSchema } from '../model/schema.js'
import { measuredColumns } from '../rules/planned-measures.js'
import type { RuleSpec } from '../rules/rule-book.js'
import { beforeName } from '../rules/shape/before-values.js'
import { softDeleteNames } from '../rules/shape/soft-delete.js'
import type { PlannedSource } from '../schema-plan.js'
import { expressionReads, measureReads } from './expression-reads.js'
import type { ColumnOrigin, ColumnReport, TablesReport } from './report.js'

/** A target as it is, or as it would be made. */
export interface ShownTarget {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly key: readonly string[]
}

type Filled = Omit<ColumnReport, 'type' | 'isKey'>

/** Every column that a table fills in its target, in the target's order, and the columns of the table that are not there. */
export function explainColumns(planned: PlannedSource, target: ShownTarget): Pick<TablesReport, 'columns' | 'leftOut'> {
  const { table, shaped, plan, matched } = planned
  const { rule } = matched
  const expressed = expressionReads(table, rule)
  const expressions = (column: string) =>
    [...expressed].filter(([, reads]) => reads.includes(column)).map(([key]) => key)
  const byModule = rule.shape.transform === null ? [] : ['transform']
  const readBy = (column: string) => [...expressions(column), ...byModule]
  const filled = [
    ...(rule.mode === 'append' ? CHANGE_COLUMNS.map(changeColumn) : []),
    ...shaped.columns.flatMap((column, i) => {
      const name = plan.targets[i]
      if (name == null) return []
      return column.added === true ? addedColumn(name, table, rule) : ownColumn(name, column, rule, readBy(column.name))
    }),
    ...[...rule.constants].map(([name, text]) => fixed(name, { kind: 'constant', text })),
    ...plan.measures.map(({ name, text, column }) =>
      summedColumn(name, text, column === null ? null : shaped.columns[column]!, table, rule),
    ),
  ]
  const at = ({ name }: Filled) => target.columns.findIndex(column => isSameName(column.name, name))
  const columns = filled
    .sort((a, b) => at(a) - at(b))
    .map((column): ColumnReport => {
      const type = target.columns[at(column)]?.type ?? ''
      return { ...column, type, isKey: target.key.some(key => isSameName(key, column.name)) }
    })
  const { transformReads } = rule.shape
  const readOut = (column: string) => [
    ...expressions(column),
    ...(transformReads.includes(column) ? ['transform_reads'] : []),
  ]
  return { columns, leftOut: leftOut(table, planned, columns, readOut) }
}

function changeColumn({ name, comment }: (typeof CHANGE_COLUMNS)[number]): Filled {
  return { name, origin: { kind: 'change', says: comment }, way: 'bytes', reads: [], readBy: [] }
}

function ownColumn(name: string, column: SourceColumn, { shape, types }: RuleSpec, readBy: readonly string[]): Filled {
  const mask = shape.mask.get(column.name)
  if (mask !== undefined) {
    const origin = { kind: 'mask', column: column.name, mask } as const
    return { name, origin, way: 'decoded', reads: mask === 'null' ? [] : [column.name], readBy }
  }
  const cast = types.cast.get(column.name) ?? null
  const origin = { kind: 'column', column: column.name, cast } as const
  // A module is handed values, and may give others.
  if (shape.transform !== null) return { name, origin, way: 'decoded', reads: [column.name], readBy }
  return { name, origin, way: 'bytes', reads: [], readBy }
}

/** `summed`: what is added up; null: rows are counted. */
function summedColumn(
  name: string,
  text: string,
  summed: SourceColumn | null,
  table: TableSchema,
  rule: RuleSpec,
): Filled {
  const origin = { kind: 'measure', measure: text, keeps: averagePart(name, rule) } as const
  if (summed === null) return { name, origin, way: 'bytes', reads: [], readBy: [] }
  if (summed.added === true) {
    const computed = expressionReads(table, rule).get(`computed.${summed.name}`)
    return { name, origin, way: 'decoded', reads: computed ?? measureReads(text, table, rule), readBy: [] }
  }
  const way = rule.shape.mask.has(summed.name) ? 'decoded' : 'bytes'
  return { name, origin, way, reads: [summed.name], readBy: [] }
}

function averagePart(name: string, { measures }: RuleSpec): 'sum' | 'count' | null {
  if (measures.has(name)) return null
  return measuredColumns(measures).find(part => part.name === name)?.keeps === 'count' ? 'count' : 'sum'
}

function addedColumn(name: string, table: TableSchema, rule: RuleSpec): Filled {
  const made = madeOf(name, table, rule)
  const isShown = rule.shape.transform !== null && made.origin.kind !== 'added'
  return { name, ...made, way: 'decoded', readBy: isShown ? ['transform'] : [] }
}

/** Where the values of a column come from that no column of the table has, and what is read for them. */
function madeOf(name: string, table: TableSchema, rule: RuleSpec): Pick<Filled, 'origin' | 'reads'> {
  const { shape } = rule
  const expression = shape.computed.get(name)
  if (expression !== undefined) {
    const reads = expressionReads(table, rule).get(`computed.${name}`)!
    return { origin: { kind: 'computed', expression }, reads }
  }
  const measure = rule.measures.get(name)
  if (measure !== undefined) {
    const text = renderMeasure(measure)
    return { origin: { kind: 'measure', measure: text, keeps: null }, reads: measureReads(text, table, rule) }
  }
  if (shape.before.length > 0) {
    const column = table.columns.find(own => name === beforeName(own.name, rule))?.name
    if (column !== undefined) {
      const mask = shape.mask.get(column) ?? null
      return { origin: { kind: 'before', column, mask }, reads: mask === 'null' ? [] : [column] }
    }
  }
  const { flag, time } = softDeleteNames(shape)
  if (name === flag || name === time)
    return { origin: { kind: 'softDelete', says: name === time ? 'time' : 'flag' }, reads: [] }
  return { origin: { kind: 'added', by: shape.transform === null ? 'the rule' : 'the module' }, reads: [] }
}

function fixed(name: string, origin: ColumnOrigin): Filled {
  return { name, origin, way: 'fixed', reads: [], readBy: [] }
}

/** Columns that a sum or an expression is of are not in the target by themselves. */
function leftOut(
  table: TableSchema,
  { plan, matched }: PlannedSource,
  columns: readonly ColumnReport[],
  readBy: (column: string) => readonly string[],
): TablesReport['leftOut'] {
  const parts = measuredColumns(matched.rule.measures)
  const keyOf = (name: string) => parts.find(part => part.name === name)?.key ?? `measures.${name}`
  const summed = (column: string) => [
    ...new Set(
      columns
        .filter(({ origin, reads }) => origin.kind === 'measure' && reads.includes(column))
        .map(({ name }) => keyOf(name)),
    ),
  ]
  return table.columns.flatMap(({ name }, i) =>
    plan.targets[i] == null ? [{ column: name, readBy: [...readBy(name), ...summed(name)] }] : [],
  )
}
