import { setTimeout as delay } from 'node:timers/promises'
import { Failure, type FailureKind } from '../model/failure.js'
import type { RejectedRows } from './rejected-rows.js'
import type { TransactionVerdict } from './transaction-answer.js'
import type { TransactionRef } from './transaction-load.js'

export type Refusal = Exclude<TransactionVerdict, { kind: 'ok' }>

/** How often a request is sent again that met another of its transaction, or a rollback that met nobody. */
const TRIES = 6

/** "database/label": what a transaction is called in messages. */
export function transactionName(transaction: TransactionRef): string {
  const { database, table, label } = transaction
  return `${table === null ? database : `${database}.${table}`}, transaction ${label}`
}

/**
 * The Failure of a step before the commit: nothing of the transaction is durable whatever the answer was, so even a lost one
 * means only that it has to be done anew.
 */
export async function stepFailure(
  refusal: Refusal,
  step: string,
  name: string,
  rows: number | null,
  rejected: RejectedRows,
  stop: AbortSignal,
): Promise<Failure> {
  if (refusal.kind === 'rowsRejected')
    return new Failure('rowRejected', `${name}: ${await rejected.describe(refusal, rows, stop)}`)
  const said = `${name}: ${step}: ${refusal.message}`
  switch (refusal.kind) {
    case 'forgotten':
      return new Failure('targetUnreachable', forgottenMessage(name, refusal.message), { advice: FORGOTTEN_ADVICE })
    case 'aborted':
      return new Failure('targetBusy', `${name}: StarRocks has aborted it: ${refusal.message}`, {
        advice: 'If it lasts, the transaction may be longer than its time-out: raise load_timeout_ms.',
      })
    default:
      return new Failure(STEP_KINDS[refusal.kind], said)
  }
}

const STEP_KINDS = {
  labelTaken: 'labelTaken',
  inProcess: 'targetBusy',
  ending: 'targetBusy',
  committed: 'loadRejected',
  busy: 'targetBusy',
  unreachable: 'targetUnreachable',
  denied: 'targetDenied',
  rejected: 'loadRejected',
  unknown: 'targetUnreachable',
} as const satisfies Record<Exclude<Refusal['kind'], 'rowsRejected' | 'forgotten' | 'aborted'>, FailureKind>

export const FORGOTTEN_ADVICE =
  'The leader FE changed or restarted, which ends open transactions; the epoch is loaded anew.'

export function forgottenMessage(name: string, message: string): string {
  return `${name}: the leader FE forgot the transaction: ${message}`
}

/** Sends a request again, a few times, while another of the same transaction is in process; that one did nothing. */
export async function persist(
  request: () => Promise<TransactionVerdict>,
  pollMs: number,
  stop: AbortSignal,
): Promise<TransactionVerdict> {
  for (let attempt = 1; ; attempt += 1) {
    const verdict = await request()
    if (verdict.kind !== 'inProcess' || attempt === TRIES || stop.aborted) return verdict
    // The official client's pace: 500 ms longer each time. Ends early when stopped.
    await delay(pollMs * attempt, undefined, { signal: stop }).catch(() => undefined)
  }
}

export interface RollbackPatience {
  /** How long a commit or an abort under way is waited for. */
  readonly endingMs: number
  /** Whether a refusal with an unknown text is waited for as long: it may tell of a commit in words that are new. */
  readonly refusals: boolean
  readonly pollMs: number
}

/**
 * Rolls back until StarRocks has said what became of the transaction, or patience ends; who cannot be reached, or refuses,
 * is asked a few times. Resolves with the last verdict.
 */
export async function rollBack(
  request: () => Promise<TransactionVerdict>,
  patience: RollbackPatience,
  stop: AbortSignal,
): Promise<TransactionVerdict> {
  const deadline = Date.now() + patience.endingMs
  for (let attempt = 1; ; attempt += 1) {
    const verdict = await request()
    switch (verdict.kind) {
      case 'ending':
      case 'inProcess':
        if (Date.now() >= deadline) return verdict
        break
      case 'rejected':
        if (patience.refusals ? Date.now() >= deadline : attempt === TRIES) return verdict
        break
      case 'busy':
      case 'unreachable':
      case 'unknown':
        if (attempt === TRIES) return verdict
        break
      default:
        return verdict
    }
    if (stop.aborted) return verdict
    // Ends early when stopped: one more try, then its verdict.
    await delay(patience.pollMs, undefined, { signal: stop }).catch(() => undefined)
  }
}
