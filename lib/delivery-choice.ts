import type { Config } from './config/options.js'
import type { Sink } from './dispatch/sink.js'
import { Failure } from './model/failure.js'
import { type TargetTable, targetName } from './model/schema.js'
import type { Lessons } from './stream-scope.js'

export interface DeliveryScene {
  readonly databases: readonly string[]
  readonly task: string
  readonly sink: Sink
  readonly signal: AbortSignal
}

/**
 * How epochs reach these targets, and why so, as a sentence. Rejects with targetUnfit when that is not what was wished for,
 * and with failures that pass.
 */
export async function chooseDelivery(
  wish: Config['delivery'],
  targets: readonly TargetTable[],
  { databases, task, sink, signal }: DeliveryScene,
  lessons: Lessons,
): Promise<{ readonly mode: 'atomic' | 'labels'; readonly reason: string }> {
  if (wish === 'labels') return { mode: 'labels', reason: 'delivery = "labels"' }
  const foreign = targets.find(target => target.columns.some(column => /[^\x00-\x7f]/.test(column.name)))
  const lacks =
    lessons.transactionsUnfit ??
    (foreign === undefined
      ? await sink.lacksTransactions(databases, task, signal, ...(wish === 'atomic' ? ['4.0.0'] : []))
      : `${targetName(foreign)} has column names outside ASCII, which transactions cannot carry`)
  if (lacks === null)
    return { mode: 'atomic', reason: 'a transaction over several tables was tried out on this cluster' }
  if (wish === 'atomic')
    throw new Failure('targetUnfit', `delivery = "atomic": ${lacks}`, {
      advice: 'Set delivery = "auto" or "labels".',
    })
  return { mode: 'labels', reason: lacks }
}
