import { randomBytes } from 'node:crypto'
import type { Load } from '../dispatch/sink.js'
import { targetName } from '../model/schema.js'
import { transactionLoadHeaders } from './load-body.js'
import type { TransactionParts } from './multi-transaction.js'
import type { TransactionVerdict } from './transaction-answer.js'
import { persist, rollBack, stepFailure } from './transaction-failure.js'
import type { TransactionRef } from './transaction-load.js'

const LABEL_LENGTH = 128

/**
 * Whether StarRocks would take a load's rows: a single-table transaction that is prepared, which judges them, and rolled
 * back always. There is no commit here. Null when all are accepted, else the reason; a Failure when there is no verdict.
 */
export async function dryRun(parts: TransactionParts, load: Load, stop: AbortSignal): Promise<string | null> {
  const { requests, rejected, pollMs, loadTimeoutMs, stopped } = parts
  const label = dryLabel(load.label)
  const ref: TransactionRef = { database: load.target.database, label, table: load.target.table }
  const headers = transactionLoadHeaders({ ...load, label }, { loadTimeoutMs, multi: false })
  const steps: readonly (readonly [string, () => Promise<TransactionVerdict>])[] = [
    ['begin', () => requests.begin(ref, stop)],
    ['load', () => requests.load(headers, load, stop)],
    ['prepare', () => requests.prepare(ref, stop)],
  ]
  try {
    for (const [step, request] of steps) {
      const verdict = await persist(request, pollMs, stop)
      if (verdict.kind === 'rowsRejected') return await rejected.describe(verdict, load.rows, stop)
      if (verdict.kind === 'ok') continue
      const name = `${targetName(load.target)}, dry run ${label}`
      throw await stepFailure(verdict, step, name, load.rows, rejected, stop)
    }
    return null
  } finally {
    // Stopped or not: a prepared transaction that nobody ends counts as a running one for up to a day.
    await rollBack(() => requests.rollback(ref, stopped), { commitMs: loadTimeoutMs, refusals: false, pollMs }, stopped)
  }
}

/** A label nobody has used, which tells whose dry run it was. */
function dryLabel(label: string): string {
  const suffix = `_dry_${randomBytes(8).toString('hex')}`
  return label.slice(0, LABEL_LENGTH - suffix.length) + suffix
}
