import { setTimeout as delay } from 'node:timers/promises'
import { asFailure, Failure } from '../model/failure.js'
import { type TargetTable, targetName } from '../model/schema.js'
import { quoteIdentifier } from './ddl.js'
import { isRefused, rowField, type Statements } from './starrocks-session.js'
import {
  isShadow,
  renderCount,
  renderCreateLike,
  renderDropShadow,
  renderSwap,
  renderTableId,
  renderTableNames,
  shadowOf,
} from './swap-text.js'
import { readTarget } from './target-catalog.js'

/** Rows that are durable may become visible a moment later, on another FE above all. */
const VISIBLE_WAIT_MS = 30_000
const POLL_MS = 200

/** How many rows a table is to have. */
export interface RowBounds {
  readonly least: number
  readonly most: number
}

/**
 * Shadow tables: a target's new rows are loaded into a table of their own, which takes the target's name when it is whole.
 * Their names tell whose they are, so what a crash has left behind is found again. Failures: targetUnreachable,
 * targetDenied, targetBusy, targetUnfit.
 */
export class ShadowTables {
  readonly #session: Statements
  readonly #task: string
  readonly #waitMs: number

  /** `task`: who copies, as in labels. `waitMs`: how long rows may take to become visible. */
  constructor(session: Statements, task: string, waitMs = VISIBLE_WAIT_MS) {
    this.#session = session
    this.#task = task
    this.#waitMs = waitMs
  }

  /** An empty shadow of a target that is there; one that an earlier copy left behind is dropped first. */
  async make(target: TargetTable): Promise<TargetTable> {
    const shadow = shadowOf(target, this.#task)
    await this.drop(shadow, true)
    await this.#execute(renderCreateLike(shadow, target), target.database)
    const made = await readTarget(this.#session, shadow)
    if (made !== null && JSON.stringify({ ...made, table: target.table }) === JSON.stringify(target)) return made
    throw new Failure('targetUnfit', `${targetName(shadow)} was made like ${targetName(target)} and differs from it`, {
      advice: `Compare SHOW CREATE TABLE of both; nothing of ${targetName(target)} has been changed.`,
    })
  }

  /** Drops what earlier copies of this task left behind in a database; their names. */
  async dropLeftOvers(database: string): Promise<readonly string[]> {
    const rows = await this.#session.query(renderTableNames(database))
    const names = rows.map(row => rowField(row, 'table_name') ?? '').filter(name => isShadow(name, this.#task))
    for (const table of names) await this.drop({ database, table }, true)
    return names
  }

  /** The rows of a shadow, once they lie within the bounds or have had their time to become visible. */
  async count(shadow: TargetTable, { least, most }: RowBounds, signal: AbortSignal): Promise<number> {
    const deadline = Date.now() + this.#waitMs
    for (;;) {
      const [row] = await this.#session.query(renderCount(shadow))
      const rows = Number(row === undefined ? Number.NaN : rowField(row, 'n'))
      if ((rows >= least && rows <= most) || Date.now() > deadline) return rows
      await delay(POLL_MS, undefined, { signal })
    }
  }

  /**
   * Gives the shadow the target's name and the target the shadow's. Where the answer is lost, the tables are asked which of
   * them is which: a second SWAP would take back the first.
   */
  async swap(target: TargetTable, shadow: TargetTable): Promise<void> {
    const id = await this.#idOf(shadow)
    try {
      await this.#execute(renderSwap(target, shadow), target.database)
    } catch (error) {
      const failure = asFailure(error)
      if (failure.kind !== 'targetUnreachable') throw failure
      const now = id === null ? null : await this.#idOf(target)
      if (now !== null && now === id) return
      throw new Failure(failure.kind, `${targetName(target)}: ${failure.message}; ${this.#leftBy(now, shadow)}`, {
        cause: error,
        advice: `Copy again: ${targetName(target)} is whole, and ${targetName(shadow)} will be dropped.`,
      })
    }
  }

  /** Nothing happens when it is not there. `forGood`: without the recycle bin. Refuses any table that is no shadow of this task. */
  async drop(shadow: { readonly database: string; readonly table: string }, forGood: boolean): Promise<void> {
    if (!isShadow(shadow.table, this.#task))
      throw new Failure('internal', `${targetName(shadow)} is no shadow of ${this.#task} and is not dropped.`)
    const rows = await this.#session.query(renderTableNames(shadow.database))
    if (rows.some(row => rowField(row, 'table_name') === shadow.table))
      await this.#execute(renderDropShadow(shadow, forGood), shadow.database)
  }

  async #execute(sql: string, database: string): Promise<void> {
    try {
      await this.#session.execute(sql)
    } catch (error) {
      const failure = asFailure(error)
      if (failure.kind !== 'targetDenied') throw failure
      const name = quoteIdentifier(database)
      throw new Failure(failure.kind, failure.message, {
        cause: error,
        advice: `GRANT CREATE TABLE ON DATABASE ${name} TO USER sr_user; GRANT SELECT, INSERT, ALTER, DROP ON ALL TABLES IN DATABASE ${name} TO USER sr_user;`,
      })
    }
  }

  #leftBy(id: string | null, shadow: TargetTable): string {
    return id === null
      ? `nobody can tell whether it holds the old rows or the new ones; the others are in ${targetName(shadow)}`
      : `it still holds the old rows, and the new ones are in ${targetName(shadow)}`
  }

  /** Null where it is not told. */
  async #idOf(table: TargetTable): Promise<string | null> {
    const rows = await this.#session.query(renderTableId(table)).catch((error: unknown) => {
      if (isRefused(error)) return []
      throw asFailure(error)
    })
    const id = rows[0] === undefined ? null : rowField(rows[0], 'table_id')
    return id === null || id === '0' ? null : id
  }
}
