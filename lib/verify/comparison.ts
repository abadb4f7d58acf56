import type { TargetTable } from '../model/schema.js'
import type { PlannedTarget } from '../schema-plan.js'
import { type ComparedTable, composeComparison } from './compared-table.js'
import { isMade, openMade, type Uncompared, unsureReasons } from './made-table.js'
import { dialectFor } from './source-dialect.js'
import { TableSide } from './table-side.js'
import type { WalkSides } from './table-walk.js'
import { UnmadeRows } from './unmade-rows.js'
import type { VerifyParts, VerifyTableOptions } from './verify-parts.js'

/** A target and its source tables, ready to be compared. */
export interface Comparison {
  readonly table: ComparedTable
  readonly sides: WalkSides
  /** Rows of the source of which it is not known what the target should have. */
  readonly unmade: UnmadeRows
  /** Why rows cannot be asked for again by the keys of the target; null: they can, as far as `ComparedSource` tells. */
  readonly unaskable: string | null
  /** Rows that a walk has gone by count as read; else the side tells of what it reads. */
  readonly isPaced: boolean
  /** Columns that some row has said nothing of, with the reason. */
  unsure(): Readonly<Record<string, string>>
  /** Looks again at the rows of `unmade`. */
  lookAgain(): Promise<void>
  close(): Promise<void>
}

/** Where SQL of the source tells the rows of a target both servers compute, else they are made here. */
export async function openComparison(
  parts: VerifyParts,
  planned: PlannedTarget,
  existing: TargetTable,
  options: VerifyTableOptions,
): Promise<Comparison | Uncompared> {
  if (isMade(planned)) {
    const made = await openMade(parts, planned, existing, options)
    if ('reason' in made) return made
    const { table, side, unaskable } = made
    return {
      table,
      sides: { source: side, target: new TableSide(table, 'target', parts.target) },
      unmade: side.unmade,
      unaskable,
      isPaced: false,
      unsure: () =>
        unsureReasons(
          table.columns.map(column => ({ column })),
          side.unsure,
        ),
      lookAgain: () => side.lookAgain(),
      close: () => side.close(),
    }
  }
  const table = composeComparison(planned, existing, await dialectFor(parts.source, planned, parts.flavor))
  if (typeof table === 'string') return { state: 'ignored', reason: table }
  return {
    table,
    sides: {
      source: new TableSide(table, 'source', parts.source),
      target: new TableSide(table, 'target', parts.target),
    },
    unmade: new UnmadeRows(),
    unaskable: null,
    isPaced: true,
    unsure: () => ({}),
    lookAgain: async () => undefined,
    close: async () => undefined,
  }
}
