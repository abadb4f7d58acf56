import { isSameName } from '../model/same-name.js'
import type { TargetTable } from '../model/schema.js'
import type { PlannedSource } from '../schema-plan.js'
import { constantColumn, type WrittenColumn, writtenColumn } from './written-column.js'

export interface PlannedColumns {
  readonly columns: readonly WrittenColumn[]
  /** Columns that are not compared, with the reason. */
  readonly ignored: Readonly<Record<string, string>>
}

/** How the columns of a target are compared with rows of these tables that are made here. */
export function planMadeColumns(sources: readonly PlannedSource[], existing: TargetTable): PlannedColumns {
  const found = new Map<string, (WrittenColumn | string)[]>()
  for (const source of sources)
    for (const [name, column] of columnsOf(source, existing)) found.set(name, [...(found.get(name) ?? []), column])
  const ignored: Record<string, string> = {}
  const columns: WrittenColumn[] = []
  for (const [name, parts] of found) {
    const merged = merge(parts)
    if (typeof merged === 'string') ignored[name] = merged
    else columns.push({ ...merged, column: { ...merged.column, name } })
  }
  return { columns, ignored }
}

function columnsOf(
  { shaped, plan, matched }: PlannedSource,
  existing: TargetTable,
): Map<string, WrittenColumn | string> {
  const columns = new Map<string, WrittenColumn | string>()
  const find = (name: string) => existing.columns.find(column => isSameName(column.name, name))
  shaped.columns.forEach((column, i) => {
    const name = plan.targets[i]
    if (name == null) return
    const target = find(name)
    const { zeroDate } = matched.rule
    columns.set(name, target === undefined ? ABSENT : writtenColumn(column, target, plan.key.includes(name), zeroDate))
  })
  for (const { name } of plan.constants) {
    const target = find(name)
    columns.set(name, target === undefined ? ABSENT : constantColumn(target))
  }
  return columns
}

const ABSENT = 'the target has no such column'

function merge(parts: readonly (WrittenColumn | string)[]): WrittenColumn | string {
  const reason = parts.find(part => typeof part === 'string')
  if (reason !== undefined) return reason
  const [first, ...others] = parts as readonly WrittenColumn[]
  const isSame = ({ column }: WrittenColumn) =>
    column.target === first!.column.target && column.kind === first!.column.kind
  if (!others.every(isSame)) return 'its tables have values of different types for it'
  const all = parts as readonly WrittenColumn[]
  const column = {
    ...first!.column,
    fetched: all.some(part => part.column.fetched),
    long: all.some(part => part.column.long),
  }
  return { ...first!, column }
}
