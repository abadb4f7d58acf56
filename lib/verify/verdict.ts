/** Which side alone has a row, or that both have it with other values. */
export type SuspectKind = 'missing' | 'extra' | 'changed'

/**
 * ok: every row of the source is in the target, and no other. pending: rows that could not be judged, since they kept changing,
 * the engine does not move on, or there were too many differences before them. differs: rows that differ although the stream has passed them. ignored: not compared.
 */
export type TableState = 'ok' | 'pending' | 'differs' | 'ignored'

export interface DifferingKey {
  readonly kind: SuspectKind
  /** Target name of each key column with its value; null is NULL. */
  readonly key: Readonly<Record<string, string | null>>
  /** Columns that differ, for `changed`. */
  readonly columns: readonly string[]
}

/** The result for one target, as `--json` prints it. */
export interface TableVerdict {
  /** "schema.table" of each source table, joined by commas. */
  readonly source: string
  readonly target: string
  readonly state: TableState
  /** Why the state is pending or ignored, or what limits the result; null where nothing is to be said. */
  readonly reason: string | null
  /** Rows of the source (groups, for an aggregate) that were compared. */
  readonly rows: number
  /** Rows on both sides that are not the same. */
  readonly differs: number
  readonly missing: number
  readonly extra: number
  /** Of these, those that were the same after the repair. */
  readonly repaired: number
  readonly pending: number
  /** Rows of one side alone, as they were when they were looked at, that are no differences: the rule passes over the changes that would end it. */
  readonly tolerated: number
  /** The first that differ. */
  readonly keys: readonly DifferingKey[]
  /** Columns that are not compared, with the reason. */
  readonly ignored_columns: Readonly<Record<string, string>>
}

export interface VerifyReport {
  readonly tables: readonly TableVerdict[]
}

/** The state of a table in which so many differences are left, and so many rows pending; `isWhole`: all of it was looked at. */
export function stateOf(left: number, pending: number, isWhole: boolean): TableState {
  if (left > 0) return 'differs'
  return pending > 0 || !isWhole ? 'pending' : 'ok'
}

/** A verdict of which nothing else is known. */
export function verdictOf(source: string, target: string, state: TableState): TableVerdict {
  const none = {
    rows: 0,
    differs: 0,
    missing: 0,
    extra: 0,
    repaired: 0,
    pending: 0,
    tolerated: 0,
    keys: [],
    ignored_columns: {},
  }
  return { source, target, state, reason: null, ...none }
}
