import type { Position } from '../model/position.js'
import type { LoadSemantics } from '../model/rule-load.js'
import type { TargetModel, TargetTable } from '../model/schema.js'
import type { EvolutionReport, RowTag, TargetEvolution } from '../model/target-change.js'

/** One Stream Load's worth of rows for one target, in order. Its label stays the same for all retries. */
export interface Load {
  readonly label: string
  readonly target: TargetTable
  readonly format: 'csv' | 'json'
  /** Value of the `columns` header: target column names in body order, derived columns included. */
  readonly columns: string
  /** Columns of the target that `columns` does not name keep the value they have; else, and in rows that are new, they get their default. */
  readonly partial?: boolean
  /** The body in pieces, in order; they stay unchanged until `write` has settled. CSV rows end with the row delimiter; JSON pieces form one array. */
  readonly body: readonly Uint8Array[]
  readonly bytes: number
  readonly rows: number
  /** Absent: nothing is asked for. */
  readonly semantics?: LoadSemantics
  /** Separators as header text ("\\x01"); used for CSV only. */
  readonly columnSeparator: string
  readonly rowDelimiter: string
}

/** How a target is to be made when it is missing. */
export interface TargetRequest {
  readonly database: string
  readonly table: string
  readonly model: TargetModel
  readonly columns: readonly {
    readonly name: string
    readonly type: string
    readonly nullable: boolean
    readonly comment: string
    /** Value columns of an aggregate table: how values of one key meet. Absent in all other tables and in key columns. */
    readonly aggregate?: 'sum' | 'min' | 'max'
  }[]
  readonly key: readonly string[]
  readonly comment: string
  /** Sort key and partitions of a table that is made; absent or null: the target's own ways. */
  readonly orderBy?: readonly string[] | null
  readonly partitionBy?: string | null
  /** Columns whose hash says in which bucket a row is, how many buckets, and PROPERTIES of a table that is made; absent or null: the target's own ways. */
  readonly distributedBy?: readonly string[] | null
  readonly buckets?: number | null
  readonly properties?: Readonly<Record<string, string>>
  /** What to do about columns that an existing target lacks: fail, add them, or do without them. */
  readonly missingColumns: 'refuse' | 'add' | 'leaveOut'
}

/** Where an epoch ends, kept in the target itself: written in the very transaction that carries the epoch's rows. */
export interface PositionMark {
  /** Whose position it is; one task has one row in each target database. */
  readonly task: string
  /** Counts up by one from epoch to epoch. */
  readonly epoch: number
  readonly start: Position
  readonly end: Position
  /** The target databases that take part in this epoch, in the order in which their transactions commit. */
  readonly databases: readonly string[]
}

/** One transaction over several tables of one target database. After a rejection only `rollback` may be called. */
export interface SinkTransaction {
  /** Resolves when the rows are in the transaction; loads of one table one at a time, of different tables concurrently. */
  load(load: Load, signal: AbortSignal): Promise<void>
  /**
   * Puts the mark in, commits, and makes sure of it: resolves when the transaction is durable and visible.
   * Rejects with a Failure: rowRejected (nothing is committed), loadUnknown (ask `settleTransaction`), or any other.
   */
  commit(mark: PositionMark, signal: AbortSignal): Promise<void>
  /** Resolves when nothing of it can be committed any more, as far as can be known; never rejects. */
  rollback(): Promise<void>
}

/** What became of a label: `committed` (durable and visible), or `absent` (aborted, or nothing known under it). */
export type LabelOutcome = 'committed' | 'aborted' | 'absent'

/**
 * Where loads go. The dispatcher calls `prepare` once per target before its first load and after schema changes, never
 * while a load of that target is in flight; `write` concurrently for different lanes, one at a time per lane.
 */
export interface Sink {
  /** Resolves with the target as it is: created when missing and allowed, given the missing columns when allowed. Rejects with a Failure naming table and column. */
  prepare(request: TargetRequest): Promise<TargetTable>
  /** The target as it is; null where it is missing and `prepare` would create it. Changes nothing, and rejects as `prepare` does where columns must not be missing. */
  inspect(request: TargetRequest): Promise<TargetTable | null>
  /**
   * Brings a target behind a DDL statement of the source, once everything before it is durable, with nothing of its tables in
   * flight. What is done already is passed over, so it can be called again after a crash; but the position behind the
   * statement must be saved before the first row behind it is loaded, since TRUNCATE and DROP TABLE cannot be told to be
   * done. Rejects with ddlUnsupported (only this table is to stop; its advice has the statements to run by hand), targetBusy
   * when it takes too long or `signal` fires, or another Failure of the connection.
   */
  evolve(evolution: TargetEvolution, signal: AbortSignal): Promise<EvolutionReport>
  /** Whether a target has rows, those alone whose columns have these texts; false where it is missing. */
  holdsRows(
    target: { readonly database: string; readonly table: string },
    constants: readonly { readonly name: string; readonly text: string }[],
  ): Promise<boolean>
  /** Empties a target (the source table was truncated). */
  truncate(target: TargetTable): Promise<void>
  /**
   * Resolves when every row of the load is durable and visible, with the number of rows the target counted.
   * Rejects with a Failure: after a retriable one the same load may be given again (same label, same bytes), and the sink
   * finds out by itself whether the earlier try had succeeded.
   */
  write(load: Load, signal: AbortSignal): Promise<{ readonly rows: number }>
  /**
   * A row of a primary key table that has one of these keys (texts of all key columns in key order, as loads write them); null:
   * there is none. `tag`: only rows with another text in that column. Rejects with a Failure of the connection.
   */
  findKey(
    target: TargetTable,
    keys: readonly (readonly string[])[],
    tag: RowTag | null,
    signal: AbortSignal,
  ): Promise<{ readonly key: readonly string[]; readonly tag: string | null } | null>
  /** Judges a load's rows and keeps none of them: null when all are accepted, else the reason. Rejects with a Failure when there is no verdict. */
  dryRun(load: Load, signal: AbortSignal): Promise<string | null>
  /** What became of a load's label; waits while its transaction is open. Rejects with loadUnknown when nobody can tell. */
  settleLabel(database: string, label: string, signal: AbortSignal): Promise<LabelOutcome>

  /**
   * Whether transactions over several tables can be relied on in these databases, tried out on the live cluster; makes
   * sure of the tables that hold the marks. `null`: they can; else why not, as a sentence. Rejects only with failures that pass.
   * `minimum`: the oldest release of the target that will do ("4.0.0"), the first reliable one when absent.
   */
  lacksTransactions(
    databases: readonly string[],
    task: string,
    signal: AbortSignal,
    minimum?: string,
  ): Promise<string | null>
  /** Rejects with labelTaken when the label has been used. */
  begin(database: string, label: string, signal: AbortSignal): Promise<SinkTransaction>
  /** Ends a transaction that an earlier run, or a commit without an answer, may have left behind; tells what became of it for good. */
  settleTransaction(database: string, label: string, signal: AbortSignal): Promise<LabelOutcome>
  /** The task's marks, by database; databases without one are absent. */
  readMarks(databases: readonly string[], task: string): Promise<ReadonlyMap<string, PositionMark>>
  /** Removes the task's mark: from now on positions are kept elsewhere. */
  removeMark(database: string, task: string): Promise<void>
  close(): Promise<void>
}
