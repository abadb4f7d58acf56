import type { CopyRecord } from '../model/copy-record.js'
import type { CopyProgress } from '../model/observer.js'
import { tableName } from '../model/schema.js'
import { CopyRate } from './copy-rate.js'

/** How far each table is, and how fast. Rows count when they are read. */
export class ProgressBook {
  readonly #now: () => number
  readonly #rates = new Map<string, CopyRate>()
  readonly #estimates = new Map<string, number>()

  /** `now`: ms since 1970. */
  constructor(now: () => number) {
    this.#now = now
  }

  estimated(name: string, rows: number): void {
    this.#estimates.set(name, rows)
  }

  estimateOf(name: string): number | null {
    return this.#estimates.get(name) ?? null
  }

  /** `sum` are the rows of all chunks that were admitted so far. */
  of(record: CopyRecord, sum: { readonly rows: number; readonly bytes: number }): CopyProgress {
    const source = tableName(record)
    const estimatedRows = this.estimateOf(source)
    const rate = this.#rates.get(source) ?? new CopyRate()
    this.#rates.set(source, rate)
    if (record.state === 'copying' || sum.rows > 0) rate.note(sum.rows, this.#now())
    const open = record.state === 'waiting' || record.state === 'copying'
    const rowsPerSecond = open ? rate.rowsPerSecond : 0
    const left = estimatedRows === null ? null : Math.max(0, estimatedRows - sum.rows)
    return {
      source,
      state: open && sum.rows > 0 ? 'copying' : record.state,
      reason: record.reason,
      rows: sum.rows,
      bytes: sum.bytes,
      estimatedRows,
      rowsPerSecond,
      leftS: !open || left === null || rowsPerSecond === 0 ? null : Math.ceil(left / rowsPerSecond),
    }
  }

  forget(name: string): void {
    this.#rates.delete(name)
    this.#estimates.delete(name)
  }
}
