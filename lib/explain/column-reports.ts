import { CHANGE_COLUMNS } from '../model/change-columns.js'
import type { SourceColumn, TableSchema } from '../model/schema.js'
import type { RuleSpec } from '../rules/rule-book.js'
import type { PlannedSource } from '../schema-plan.js'
import { expressionReads } from './expression-reads.js'
import type { ColumnOrigin, ColumnReport, TablesReport } from './report.js'

/** A target as it is, or as it would be made. */
export interface ShownTarget {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly key: readonly string[]
}

/** How names of columns begin that hold the value before a change. */
const BEFORE = '_before_'

type Filled = Omit<ColumnReport, 'type' | 'isKey'>

/** Every column that a table fills in its target, in the target's order, and the columns of the table that are not there. */
export function explainColumns(planned: PlannedSource, target: ShownTarget): Pick<TablesReport, 'columns' | 'leftOut'> {
  const { table, shaped, plan, matched } = planned
  const { rule } = matched
  const expressed = expressionReads(table, rule)
  const readBy = (column: string) => [...expressed].filter(([, reads]) => reads.includes(column)).map(([key]) => key)
  const filled = [
    ...(rule.mode === 'append' ? CHANGE_COLUMNS.map(changeColumn) : []),
    ...shaped.columns.flatMap((column, i) => {
      const name = plan.targets[i]
      if (name == null) return []
      return column.added === true
        ? addedColumn(name, rule, expressed)
        : ownColumn(name, column, rule, readBy(column.name))
    }),
    ...[...rule.constants].map(([name, text]) => fixed(name, { kind: 'constant', text })),
    ...plan.measures.map(({ name, text, column }): Filled => {
      const summed = column === null ? null : shaped.columns[column]!
      const reads =
        summed?.added === true ? (expressed.get(`computed.${summed.name}`) ?? []) : summed === null ? [] : [summed.name]
      const isMade = summed !== null && (summed.added === true || rule.shape.mask.has(summed.name))
      return { name, origin: { kind: 'measure', measure: text }, way: isMade ? 'decoded' : 'bytes', reads, readBy: [] }
    }),
  ]
  const order = target.columns.map(({ name }) => name.toLowerCase())
  const at = ({ name }: Filled) => order.indexOf(name.toLowerCase())
  const columns = filled
    .sort((a, b) => at(a) - at(b))
    .map((column): ColumnReport => {
      const type = target.columns[at(column)]?.type ?? ''
      return { ...column, type, isKey: target.key.some(key => isSame(key, column.name)) }
    })
  return { columns, leftOut: leftOut(table, planned, columns, readBy) }
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
  return { name, origin: { kind: 'column', column: column.name, cast }, way: 'bytes', reads: [], readBy }
}

function addedColumn(name: string, { shape }: RuleSpec, expressed: ReadonlyMap<string, readonly string[]>): Filled {
  const origin = addedOrigin(name, shape)
  const reads = origin.kind === 'before' ? [origin.column] : (expressed.get(`computed.${name}`) ?? [])
  return { name, origin, way: 'decoded', reads, readBy: [] }
}

function addedOrigin(name: string, shape: RuleSpec['shape']): ColumnOrigin {
  const expression = shape.computed.get(name)
  if (expression !== undefined) return { kind: 'computed', expression }
  if (shape.onDelete === 'soft') return { kind: 'softDelete', says: name === shape.softDelete.time ? 'time' : 'flag' }
  if (shape.before.length > 0 && name.startsWith(BEFORE)) return { kind: 'before', column: name.slice(BEFORE.length) }
  return { kind: 'added', by: 'the rule' }
}

function fixed(name: string, origin: ColumnOrigin): Filled {
  return { name, origin, way: 'fixed', reads: [], readBy: [] }
}

/** Columns that a sum or an expression is of are not in the target by themselves. */
function leftOut(
  table: TableSchema,
  { plan }: PlannedSource,
  columns: readonly ColumnReport[],
  readBy: (column: string) => readonly string[],
): TablesReport['leftOut'] {
  const summed = (column: string) =>
    columns
      .filter(({ origin, reads }) => origin.kind === 'measure' && reads.includes(column))
      .map(({ name }) => `measures.${name}`)
  return table.columns.flatMap(({ name }, i) =>
    plan.targets[i] == null ? [{ column: name, readBy: [...readBy(name), ...summed(name)] }] : [],
  )
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
