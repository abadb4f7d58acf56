import { randomBytes } from 'node:crypto'
import { asFailure, Failure } from '../model/failure.js'
import type { Frontends } from './frontends.js'
import { beginMulti, type TransactionParts } from './multi-transaction.js'
import { rowField, type Statements } from './starrocks-session.js'
import { positionTable, renderMarkDeletion, TASK_BYTES } from './sync-position.js'
import type { TargetMaker } from './target-maker.js'
import { compareVersions, parseVersion } from './version.js'

/** From here on a load that fails aborts its transaction, and a commit that fails is marked so (PR #68542). */
export const SAFE_VERSION = '4.0.7'

export interface ProbeParts {
  readonly session: Statements
  readonly targets: TargetMaker
  readonly frontends: Frontends
  readonly transactions: TransactionParts
}

/**
 * Why multi-table transactions cannot be relied on in these databases, as a sentence, or null: version, mark table, and one
 * scratch transaction in each that leaves nothing behind. Rejects with failures that may pass.
 */
export async function lacksTransactions(
  parts: ProbeParts,
  databases: readonly string[],
  task: string,
  minimum: string,
  signal: AbortSignal,
): Promise<string | null> {
  if (Buffer.byteLength(task) > TASK_BYTES) return `the task name "${task}" is longer than ${TASK_BYTES} bytes`
  try {
    const old = await tooOld(parts.session, minimum)
    if (old !== null) return old
    for (const database of databases) {
      await parts.targets.make(positionTable(database))
      await tryOut(parts, database, signal)
    }
    return null
  } catch (error) {
    const failure = asFailure(error)
    if (failure.retriable || failure.kind === 'internal') throw failure
    return `${failure.message} (${failure.advice})`
  }
}

async function tooOld(session: Statements, minimum: string): Promise<string | null> {
  const rows = await session.query('SELECT current_version() AS v')
  const text = rowField(rows[0] ?? new Map(), 'v') ?? ''
  const version = parseVersion(text)
  if (version === null) return `the server calls its version "${text}", which cannot be compared with ${minimum}`
  if (compareVersions(version, parseVersion(minimum)!) >= 0) return null
  return `StarRocks ${text} is older than ${minimum}`
}

/** Runs one transaction through, which deletes the mark of a task that does not exist. A refusal is a Failure that does not pass. */
async function tryOut(parts: ProbeParts, database: string, signal: AbortSignal): Promise<void> {
  const nobody = `probe_${randomBytes(16).toString('hex')}`
  const label = `mysql_sr_sync_${nobody}`
  const transaction = await beginMulti(parts.transactions, database, label, signal)
  try {
    await transaction.load(renderMarkDeletion(nobody, database, label), signal)
    const refusal = await transaction.conclude(signal)
    if (refusal === null) return
    // `conclude` tells a refusal from a lost answer: retrying would meet the same one.
    if (refusal.kind === 'loadUnknown') throw new Failure('loadRejected', refusal.message)
    throw refusal
  } catch (error) {
    await transaction.rollback()
    const failure = asFailure(error)
    if (failure.kind === 'targetUnreachable' && parts.frontends.direct)
      throw new Failure('targetUnfit', failure.message, {
        advice: 'Transactions go where the FEs redirect, not to sr_be_http: set sr_be_address_map to use them.',
      })
    throw failure
  }
}
