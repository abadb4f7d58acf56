import type { TargetTable } from '../model/schema.js'

/** One Stream Load's worth of rows for one target, in order. Its label stays the same for all retries. */
export interface Load {
  readonly label: string
  readonly target: TargetTable
  readonly format: 'csv' | 'json'
  /** Value of the `columns` header: target column names in body order, derived columns included. */
  readonly columns: string
  /** The body in pieces, in order; they stay unchanged until `write` has settled. CSV rows end with the row delimiter; JSON pieces form one array. */
  readonly body: readonly Uint8Array[]
  readonly bytes: number
  readonly rows: number
  /** Separators as header text ("\\x01"); used for CSV only. */
  readonly columnSeparator: string
  readonly rowDelimiter: string
}

/** How a target is to be made when it is missing. */
export interface TargetRequest {
  readonly database: string
  readonly table: string
  readonly columns: readonly {
    readonly name: string
    readonly type: string
    readonly nullable: boolean
    readonly comment: string
  }[]
  readonly key: readonly string[]
  readonly comment: string
  /** What to do about columns that an existing target lacks: fail, add them, or do without them. */
  readonly missingColumns: 'refuse' | 'add' | 'leaveOut'
}

/**
 * Where loads go. The dispatcher calls `prepare` once per target before its first load and after schema changes, never
 * while a load of that target is in flight; `write` concurrently for different lanes, one at a time per lane.
 */
export interface Sink {
  /** Resolves with the target as it is: created when missing and allowed, given the missing columns when allowed. Rejects with a Failure naming table and column. */
  prepare(request: TargetRequest): Promise<TargetTable>
  /** Empties a target (the source table was truncated). */
  truncate(target: TargetTable): Promise<void>
  /**
   * Resolves when every row of the load is durable and visible, with the number of rows the target counted.
   * Rejects with a Failure: after a retriable one the same load may be given again (same label, same bytes), and the sink
   * finds out by itself whether the earlier try had succeeded.
   */
  write(load: Load, signal: AbortSignal): Promise<{ readonly rows: number }>
  close(): Promise<void>
}
