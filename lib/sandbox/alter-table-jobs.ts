import { alterTable } from './alter-table.js'
import type { AlterClause } from './alter-table-parser.js'
import type { CatalogDraft, SandboxTable } from './catalog.js'
import type { Faults, FaultTarget } from './faults.js'
import { ddlError, SqlError } from './sql-error.js'
import type { Store } from './store.js'
import { type RenderExpression, reshapeRows } from './table-storage.js'

/** A schema change that a fault keeps running after its statement has returned. */
export interface SlowJob {
  readonly id: number
  readonly about: FaultTarget
}

/** @throws SqlError with StarRocks' text while a schema change of the table runs. */
export function refuseWhileChanging(draft: CatalogDraft, table: SandboxTable): void {
  if (draft.isChanging(table))
    throw ddlError(
      `A schema change operation is in progress on the table ${table.name}. Please wait until the current operation completes.`,
    )
}

/** Lists the change as running or cancelled where a fault says so; null: it is to be done at once. */
export function beginJob(draft: CatalogDraft, table: SandboxTable, faults: Faults): SlowJob | 'cancelled' | null {
  const about: FaultTarget = { database: table.database, table: table.name, label: '', op: 'alter' }
  if (faults.holds('holdAlter', about)) return { id: draft.addJob(table, Date.now(), 'RUNNING'), about }
  const reason = faults.take('alterCancelled', about)
  if (reason === null) return null
  draft.addJob(table, Date.now(), 'CANCELLED', cancelText(reason))
  return 'cancelled'
}

/** Carries a running change out when it is no longer held. */
export function watchJob(
  { id, about }: SlowJob,
  clauses: readonly AlterClause[],
  context: { readonly store: Store; readonly faults: Faults; readonly renderExpression: RenderExpression },
): void {
  const { store, faults, renderExpression } = context
  const finish = async (): Promise<void> => {
    await faults.held('holdAlter', about)
    const reason = faults.take('alterCancelled', about)
    if (reason !== null) throw new SqlError(1064, cancelText(reason))
    await store.define(async (connection, draft) => {
      const before = draft.table(about.database, about.table)
      if (before === undefined) throw new SqlError(1064, 'the table is gone')
      const { table, renamed } = alterTable(before, clauses)
      await reshapeRows(connection, draft, before, table, renamed, renderExpression)
      draft.putTable(table, Date.now())
      draft.endJob(id, Date.now(), 'FINISHED', '')
    })
  }
  void finish().catch(error =>
    store.define(async (_, draft) =>
      draft.endJob(id, Date.now(), 'CANCELLED', error instanceof Error ? error.message : String(error)),
    ),
  )
}

function cancelText(reason: string | number | true): string {
  return reason === true ? 'user cancelled' : String(reason)
}
