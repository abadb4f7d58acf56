import { randomBytes } from 'node:crypto'
import type { Load } from '../dispatch/sink.js'
import { Failure } from '../model/failure.js'
import { targetName } from '../model/schema.js'
import type { Frontends } from './frontends.js'
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
export async function dryRun(
  parts: TransactionParts,
  frontends: Frontends,
  load: Load,
  stop: AbortSignal,
): Promise<string | null> {
  const { requests, rejected, pollMs, loadTimeoutMs } = parts
  const label = dryLabel(load.label)
  const headers = transactionLoadHeaders({ ...load, label }, { loadTimeoutMs, multi: false })
  const { ref, begun } = await begin(parts, frontends, load, label, stop)
  const steps: readonly (readonly [string, () => Promise<TransactionVerdict>])[] = [
    ['begin', async () => begun],
    ['load', () => persist(() => requests.load(ref, headers, load, stop), pollMs, stop)],
    ['prepare', () => persist(() => requests.prepare(ref, stop), pollMs, stop)],
  ]
  try {
    for (const [step, request] of steps) {
      const verdict = await request()
      if (verdict.kind === 'rowsRejected') return await rejected.describe(verdict, load.rows, stop)
      if (verdict.kind === 'ok') continue
      const name = `${targetName(load.target)}, dry run ${label}`
      throw await stepFailure(verdict, step, name, load.rows, rejected, stop)
    }
    return null
  } finally {
    await end(parts, ref)
  }
}

/** Through an FE, which sends all of a transaction's requests to one BE; where BEs are given, what an FE names may be out of reach. */
async function begin(
  parts: TransactionParts,
  frontends: Frontends,
  load: Load,
  label: string,
  stop: AbortSignal,
): Promise<{ readonly ref: TransactionRef; readonly begun: TransactionVerdict }> {
  const { requests, pollMs } = parts
  const { database, table } = load.target
  const at = async (ref: TransactionRef) => ({
    ref,
    begun: await persist(() => requests.begin(ref, stop), pollMs, stop),
  })
  if (!frontends.direct) return at({ database, label, table })
  return frontends.tryEach('backend', stop, async backend => {
    const tried = await at({ database, label, table, backend })
    if (tried.begun.kind === 'unreachable') throw new Failure('targetUnreachable', tried.begun.message)
    return tried
  })
}

/** Whether the work was stopped or not: a prepared transaction that nobody ends counts as a running one for up to a day. */
async function end(parts: TransactionParts, ref: TransactionRef): Promise<void> {
  const { requests, pollMs, loadTimeoutMs, stopped } = parts
  const patience = { endingMs: loadTimeoutMs, refusals: false, pollMs }
  const { backend, ...known } = ref
  if (backend !== undefined) {
    const { kind } = await rollBack(() => requests.rollback(ref, stopped), patience, stopped)
    if (kind === 'ok' || kind === 'aborted') return
    // A BE gives a prepared transaction up to the FE, which then needs no BE to end it.
  }
  await rollBack(() => requests.rollback(known, stopped), patience, stopped)
}

/** A label nobody has used, which tells whose dry run it was. */
function dryLabel(label: string): string {
  const suffix = `_dry_${randomBytes(8).toString('hex')}`
  return label.slice(0, LABEL_LENGTH - suffix.length) + suffix
}
