import type { Sink } from './dispatch/sink.js'
import { Failure } from './model/failure.js'
import { logsWholeRows } from './model/row-image.js'
import { type TargetTable, targetName } from './model/schema.js'

export interface DeliveryFacts {
  readonly wish: 'auto' | 'atomic' | 'labels'
  /** Of the targets, and those an epoch of an earlier run may have to be brought into. */
  readonly databases: readonly string[]
  readonly task: string
  /** The source's binlog_row_image; null: it does not know the variable. */
  readonly rowImage: string | null
  /** Where a rule with mode = "partial" stands; null: there is none. */
  readonly partialRule: string | null
  /** Why an earlier run of this process found that transactions do not fit; null: nothing is known against them. */
  readonly transactionsUnfit: string | null
}

/**
 * How epochs are delivered, and why, as words for the operator. Throws targetUnfit or sourceUnfit when transactions are
 * asked for and something speaks against them.
 */
export async function chooseDelivery(
  { wish, databases, task, rowImage, partialRule, transactionsUnfit }: DeliveryFacts,
  sink: Sink,
  signal: AbortSignal,
): Promise<{ readonly mode: 'atomic' | 'labels'; readonly reason: string }> {
  if (wish === 'labels') return { mode: 'labels', reason: 'delivery = "labels"' }
  if (partialRule !== null) {
    const reason = `${partialRule} has mode = "partial", and partial updates are not written by transactions over several tables`
    if (wish === 'auto') return { mode: 'labels', reason }
    throw new Failure('configInvalid', `delivery = "atomic": ${reason}.`, {
      advice: 'Set delivery = "auto" or "labels".',
    })
  }
  if (!logsWholeRows(rowImage)) {
    const reason = `binlog_row_image = ${rowImage}: partial updates are not written by transactions over several tables`
    if (wish === 'auto') return { mode: 'labels', reason }
    throw new Failure('sourceUnfit', `delivery = "atomic": ${reason}.`, {
      advice: 'SET GLOBAL binlog_row_image = FULL on the source, or set delivery = "auto" or "labels".',
    })
  }
  const lacks =
    transactionsUnfit ??
    (await sink.lacksTransactions(databases, task, signal, ...(wish === 'atomic' ? ['4.0.0'] : [])))
  if (lacks === null)
    return { mode: 'atomic', reason: 'a transaction over several tables was tried out on this cluster' }
  if (wish === 'atomic')
    throw new Failure('targetUnfit', `delivery = "atomic": ${lacks}`, {
      advice: 'Set delivery = "auto" or "labels".',
    })
  return { mode: 'labels', reason: lacks }
}

/** @throws Failure transactionsUnfit where a target has names that transactions over several tables cannot carry */
export function refuseForeignNames(targets: readonly TargetTable[]): void {
  const foreign = targets.find(target => target.columns.some(column => /[^\x00-\x7f]/.test(column.name)))
  if (foreign !== undefined)
    throw new Failure(
      'transactionsUnfit',
      `${targetName(foreign)} has column names outside ASCII, which transactions cannot carry`,
    )
}
