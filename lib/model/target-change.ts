import type { TargetModel } from './schema.js'

/** What rows that are there already get in a column that is added to a target. */
export type TargetFill =
  | { readonly kind: 'null' }
  | {
      readonly kind: 'value'
      /** The value's text; for `base64`, of its bytes. */
      readonly text: string
      readonly form: 'plain' | 'json' | 'base64'
      /** Whether it is legal as a DEFAULT of the column, so that one statement adds and fills. */
      readonly asDefault: boolean
    }
  /** It cannot be said: the reason, in words that follow the column's name. */
  | { readonly kind: 'unknown'; readonly reason: string }

/** Values that a statement has rewritten in the source without row events, if the target holds any of them. */
export type Doubt =
  | { readonly kind: 'outside'; readonly low: string; readonly high: string }
  | { readonly kind: 'longerThan'; readonly length: number; readonly unit: 'characters' | 'bytes' }
  | { readonly kind: 'oneOf'; readonly values: readonly string[] }
  | { readonly kind: 'isNull' }
  | { readonly kind: 'notAscii' }
  | { readonly kind: 'endsInSpace' }

/** A column that has the same text in all rows of one source table, and another in those of others. */
export interface RowTag {
  readonly name: string
  readonly text: string
}

/**
 * One thing to be done to a target, in words of the target. Every step can be told to be done already by looking at the
 * target, but for `truncate`, `deleteRows` and `fillRows`, which do no harm when they are done again before newer rows come.
 */
export type TargetStep =
  | { readonly kind: 'renameTable'; readonly from: string }
  | { readonly kind: 'dropTable' }
  | { readonly kind: 'truncate' }
  /** Of a target with rows of several source tables, those of this one: all of them, or their values in one column. */
  | { readonly kind: 'deleteRows'; readonly rows: readonly RowTag[] }
  | { readonly kind: 'fillRows'; readonly name: string; readonly fill: TargetFill; readonly rows: readonly RowTag[] }
  /** The target is to hold the values of all these columns: missing ones are added, narrow ones widened, and none but keys is NOT NULL that some rows lack. */
  | { readonly kind: 'unite'; readonly columns: readonly UnitedColumn[] }
  | { readonly kind: 'renameColumn'; readonly from: string; readonly to: string }
  | {
      readonly kind: 'addColumn'
      readonly name: string
      readonly type: string
      readonly comment: string
      readonly fill: TargetFill
    }
  /** Keeps the column of rows that no longer have it; `mark`: it is to be known again, should it come back. */
  | { readonly kind: 'leaveColumn'; readonly name: string; readonly mark: boolean }
  | { readonly kind: 'dropColumn'; readonly name: string }
  | {
      readonly kind: 'modifyColumn'
      readonly name: string
      readonly type: string
      readonly nullable: boolean
    }
  /** Nothing is done; stops when a row of the target has such a value. `reason` follows the column's name. */
  | {
      readonly kind: 'expectNone'
      readonly name: string
      /** Its name before the statement. */
      readonly formerName: string
      readonly doubt: Doubt
      readonly reason: string
    }
  | { readonly kind: 'commentColumn'; readonly name: string; readonly comment: string }
  | { readonly kind: 'commentTable'; readonly comment: string }

export interface UnitedColumn {
  readonly name: string
  readonly type: string
  readonly nullable: boolean
  readonly comment: string
}

/** What one DDL statement of the source makes of one target. */
export interface TargetEvolution {
  /** The source table, "schema.table", and the statement: for messages. */
  readonly source: string
  readonly statement: string
  readonly database: string
  /** The target's name after the statement. */
  readonly table: string
  readonly model: TargetModel
  /** Whether rows of other source tables are in the target, which this statement does not concern. */
  readonly shared: boolean
  /** What tells the rows of this source table in a shared target; null or absent: nothing does. */
  readonly rows?: readonly RowTag[] | null
  readonly steps: readonly TargetStep[]
}

/** Something an operator should know, and what can be done about it. */
export interface EvolutionWarning {
  readonly message: string
  readonly advice: string
}

/** What was done to a target. */
export interface EvolutionReport {
  /** The statements that were run, in order; none when everything was done already. */
  readonly statements: readonly string[]
  readonly warnings: readonly EvolutionWarning[]
}
