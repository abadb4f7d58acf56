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

/**
 * One thing to be done to a target, in words of the target. Every step can be told to be done already by looking at the
 * target, but for `truncate`.
 */
export type TargetStep =
  | { readonly kind: 'renameTable'; readonly from: string }
  | { readonly kind: 'dropTable' }
  | { readonly kind: 'truncate' }
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
