import { type TableSchema, tableName } from '../../model/schema.js'
import type { ColumnFill, NamedChange } from '../../model/schema-change.js'
import type { TableName, TableState } from './followed-schemas.js'
import { type Overlay, plainChange, schemaOf } from './overlay.js'
import { originals, type Shadow } from './shadow-table.js'

interface Move {
  readonly from: TableName
  readonly state: TableState | null
}

/**
 * RENAME TABLE, its pairs one after the other. The cut-over of a schema change tool, in one statement or in two, is a change of the
 * table it worked for; other tables that take the place of one that was there bring rows that no row event tells of.
 */
export function renameTables(
  pairs: readonly { readonly from: TableName; readonly to: TableName }[],
  tables: Overlay,
): NamedChange[] {
  const before = new Map<string, TableState | null>()
  const moves = new Map<string, Move & { readonly to: TableName }>()
  for (const { from, to } of pairs) {
    for (const name of [from, to]) if (!before.has(tableName(name))) before.set(tableName(name), tables.get(name))
    const earlier = moves.get(tableName(from))
    const state = tables.get(from)
    moves.delete(tableName(from))
    moves.set(tableName(to), { from: earlier?.from ?? from, state: earlier?.state ?? state, to })
    tables.set(from, null)
    tables.set(to, renamed(state, to, tables))
  }
  return [...moves.values()].flatMap(move => noteOf(move, before, tables))
}

/** A table under its new name: a shadow when that is the name of one, else none any more. */
function renamed(state: TableState | null, to: TableName, tables: Overlay): TableState {
  const known = state ?? { table: null, unknown: 'nothing is known of the table it was renamed from', shadow: null }
  // The old table of a cut-over gets its shadow's name while the table's own is free.
  const of = known.table?.table ?? null
  const displaced = of !== null && originals(to.table).includes(of) && known.table?.schema === to.schema
  const shadow: Shadow | null = displaced ? { of, lineage: null } : tables.shadow(to, known.shadow?.lineage ?? null)
  return { ...known, table: known.table && { ...known.table, ...to }, shadow }
}

function noteOf(
  { from, to, state }: Move & { readonly to: TableName },
  before: ReadonlyMap<string, TableState | null>,
  tables: Overlay,
): NamedChange[] {
  if (from.schema === to.schema && from.table === to.table) return []
  const isCutOver = state?.shadow?.of === to.table && from.schema === to.schema
  if (isCutOver) {
    const old = before.get(tableName(to)) ?? displacedBy(to, tables)
    return [{ change: cutOver(schemaOf(old), schemaOf(tables.get(to)), state.shadow!), names: [to] }]
  }
  // The table that a tool puts out of the way: what happens to it is told by the cut-over.
  if (tables.get(to)?.shadow?.of === from.table && from.schema === to.schema) return []
  const after = schemaOf(tables.get(to))
  const swapped = before.get(tableName(to)) != null
  const reason = swapped ? `${tableName(from)} took the place of another table with its rows` : null
  return [{ change: plainChange('rename', schemaOf(state), after, reason), names: [from, to] }]
}

/** gh-ost's cut-over in two steps: the old table already has the name of a shadow. */
function displacedBy({ schema, table }: TableName, tables: Overlay): TableState | null {
  for (const suffix of ['_del', '_old']) {
    const state = tables.get({ schema, table: `_${table}${suffix}` })
    if (state?.shadow?.of === table && state.shadow.lineage === null) return state
  }
  return null
}

function cutOver(old: TableSchema | null, after: TableSchema | null, { lineage }: Shadow) {
  const before = old === null || after === null ? null : { ...old, schema: after.schema, table: after.table }
  const renames = Object.entries(lineage?.renamed ?? {}).filter(
    ([from, to]) => before?.columns.some(c => c.name === from) && after?.columns.some(c => c.name === to),
  )
  const kept = new Set([
    ...(before?.columns ?? []).map(c => c.name).filter(name => !(name in (lineage?.renamed ?? {}))),
    ...renames.map(([, to]) => to),
  ])
  const added = before === null ? [] : (after?.columns ?? []).filter(c => !kept.has(c.name))
  const unknown: ColumnFill = { kind: 'unknown', reason: 'was filled by a tool that was not seen from its start on' }
  const fills = new Map(added.map(c => [c.name, lineage?.fills[c.name] ?? unknown]))
  return { kind: 'alter' as const, before, after, renamedColumns: new Map(renames), fills, unseenRows: null }
}
