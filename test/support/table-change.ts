import type { SourceColumn, TableSchema } from '../../lib/model/schema.js'
import type { ColumnFill, TableChange } from '../../lib/model/schema-change.js'
import type { RowTag, TargetEvolution } from '../../lib/model/target-change.js'
import { type Evolution, type EvolutionParts, evolveTargets } from '../../lib/rules/evolution.js'
import type { RuleSpec } from '../../lib/rules/rule-book.js'
import { rule } from './rule-spec.js'
import { sourceColumn, sourceTable } from './source-column.js'

export const STATEMENT = 'ALTER TABLE t …'

export interface Altering {
  readonly before: readonly SourceColumn[] | TableSchema | null
  readonly after: readonly SourceColumn[] | TableSchema | null
  readonly kind?: TableChange['kind']
  readonly renamed?: Readonly<Record<string, string>>
  /** Columns that are in `after` alone have had no value when they are not named here. */
  readonly fills?: Readonly<Record<string, ColumnFill>>
  readonly unseenRows?: string
  readonly policy?: Partial<EvolutionParts['policy']>
  readonly rule?: Partial<RuleSpec>
  readonly shared?: boolean
  /** Other tables that have the column; those of a shared target have all when absent. */
  readonly othersWith?: readonly string[]
  readonly rows?: readonly RowTag[]
  /** By source table; s.t goes to d.t when absent. */
  readonly rulesOf?: EvolutionParts['rulesOf']
}

/** A change of s.t into a primary key `id int` target d.t, as the history would tell it. */
function tableChange(parts: Altering): TableChange {
  const table = (side: Altering['before']): TableSchema | null =>
    side === null || 'schema' in side ? side : sourceTable([sourceColumn('id', 'int'), ...side])
  const [before, after] = [table(parts.before), table(parts.after)]
  const renamed = new Map(Object.entries(parts.renamed ?? {}))
  const known = new Set(before?.columns.map(column => renamed.get(column.name) ?? column.name))
  const added = after?.columns.filter(column => !known.has(column.name)) ?? []
  const fills = new Map<string, ColumnFill>([
    ...(before === null ? [] : added.map(({ name }) => [name, { kind: 'null' }] as const)),
    ...Object.entries(parts.fills ?? {}),
  ])
  return {
    kind: parts.kind ?? 'alter',
    before,
    after,
    renamedColumns: renamed,
    fills,
    unseenRows: parts.unseenRows ?? null,
  }
}

export function evolve(parts: Altering): Evolution {
  const spec = rule(parts.rule ?? {})
  return evolveTargets(tableChange(parts), STATEMENT, {
    policy: { onDropColumn: 'keep', onRenameTable: 'keep', onDropTable: 'keep', ...parts.policy },
    rulesOf: parts.rulesOf ?? (() => [{ rule: spec, database: 'd', table: 't' }]),
    isShared: () => parts.shared ?? false,
    othersWith: () => parts.othersWith ?? (parts.shared ? ['s.other'] : []),
    rowsOf: () => parts.rows ?? null,
  })
}

/** The one target's evolution; one without steps when there is nothing to do. */
export function evolution(parts: Altering): TargetEvolution {
  const [only] = evolve(parts).targets
  const of = {
    source: 's.t',
    statement: STATEMENT,
    database: 'd',
    table: 't',
    model: 'primary',
    shared: false,
  } as const
  return only ?? { ...of, steps: [] }
}
