/** One way in which an existing table is not as it would be made now. */
export interface TargetDifference {
  readonly kind:
    | 'model'
    | 'key'
    | 'missingColumn'
    | 'type'
    | 'notNull'
    | 'noValue'
    | 'sum'
    | 'sortKey'
    | 'partition'
    | 'extraColumn'
  /** `error`: rows would be lost or refused. `warning`: some values may be refused. `ok`: it does no harm. */
  readonly level: 'error' | 'warning' | 'ok'
  readonly column: string | null
  readonly message: string
  /** The statement that mends it, without a semicolon; null: none can. */
  readonly statement: string | null
  /** Why no statement can, and what else there is to do; empty beside a statement. */
  readonly otherwise: string
}
