import { setTimeout as delay } from 'node:timers/promises'
import { asFailure, Failure } from '../model/failure.js'
import { targetName } from '../model/schema.js'
import { quoteIdentifier, quoteString } from './ddl.js'
import { isRefused, type Row, rowField, type Statements } from './starrocks-session.js'

type TableRef = { readonly database: string; readonly table: string }

export interface AlterTimes {
  /** Between the first questions for a job; later ones are further apart, up to `slowPollMs`. */
  readonly pollMs: number
  readonly slowPollMs: number
  /** How long a statement and its job may take altogether. */
  readonly limitMs: number
}

/** The official client asks every 3 s, and gives a schema change half an hour. */
export const ALTER_TIMES: AlterTimes = { pollMs: 100, slowPollMs: 3000, limitMs: 1_800_000 }

const OVER = new Set(['FINISHED', 'CANCELLED'])

/**
 * Runs ALTER TABLE statements one after the other and waits for the job that each may have left behind: StarRocks answers
 * at once and changes one schema at a time (SHOW ALTER TABLE COLUMN: PENDING, WAITING_TXN, RUNNING, FINISHED_REWRITING, then
 * FINISHED or CANCELLED). Own transactions on the table must have ended, since a job waits for them.
 */
export class AlterJobs {
  readonly #session: Statements
  readonly #times: AlterTimes

  constructor(session: Statements, times: AlterTimes = ALTER_TIMES) {
    this.#session = session
    this.#times = times
  }

  /** Resolves when no schema change of the table runs. Rejects with targetBusy when the limit is reached or `signal` fires. */
  async idle(target: TableRef, signal: AbortSignal): Promise<void> {
    const { pollMs, slowPollMs, limitMs } = this.#times
    const deadline = Date.now() + limitMs
    for (let pauseMs = pollMs; ; pauseMs = Math.min(pauseMs * 2, slowPollMs)) {
      const job = await this.#latest(target)
      if (job === null || OVER.has(job.state)) return
      if (Date.now() > deadline)
        throw new Failure('targetBusy', `${targetName(target)}: a schema change is ${job.state} for ${limitMs} ms`, {
          advice: `Look at SHOW ALTER TABLE COLUMN FROM ${quoteIdentifier(target.database)}; CANCEL ALTER TABLE COLUMN FROM … ends it.`,
        })
      await this.pause(target, pauseMs, signal)
    }
  }

  /**
   * Runs the statement and waits for its job. False: the table is busy with something else, so it is to be looked at again.
   * Rejects as `idle`, with targetUnfit when the job was cancelled, and with what the statement was refused for.
   */
  async run(target: TableRef, statement: string, signal: AbortSignal): Promise<boolean> {
    const last = await this.#latest(target)
    try {
      await this.#session.execute(statement)
    } catch (error) {
      if (asFailure(error).kind !== 'targetBusy') throw error
      await this.pause(target, Math.min(this.#times.pollMs * 4, this.#times.slowPollMs), signal)
      return false
    }
    await this.idle(target, signal)
    const job = await this.#latest(target)
    if (job !== null && job.id !== last?.id && job.state === 'CANCELLED')
      throw new Failure('targetUnfit', `StarRocks cancelled "${statement}": ${job.reason}`)
    return true
  }

  /** Rejects with targetBusy when `signal` fires. */
  async pause(target: TableRef, ms: number, signal: AbortSignal): Promise<void> {
    await delay(ms, undefined, { signal }).catch((cause: unknown) => {
      throw new Failure('targetBusy', `${targetName(target)}: stopped while its schema was being changed`, { cause })
    })
  }

  /** The table's latest schema change; null when there is none, or none that this account may see. */
  async #latest(target: TableRef): Promise<{ id: string; state: string; reason: string } | null> {
    const sql =
      `SHOW ALTER TABLE COLUMN FROM ${quoteIdentifier(target.database)} ` +
      `WHERE TableName = ${quoteString(target.table)} ORDER BY JobId DESC LIMIT 1`
    const rows = await this.#session.query(sql).catch((error: unknown): Row[] => {
      if (isRefused(error)) return []
      throw asFailure(error)
    })
    const row = rows[0]
    if (row === undefined) return null
    return {
      id: rowField(row, 'jobid') ?? '',
      state: (rowField(row, 'state') ?? 'FINISHED').toUpperCase(),
      reason: rowField(row, 'msg') ?? 'no reason given',
    }
  }
}
