/** The outcome of one precondition check. A check that could not be run is an error finding that says so. */
export interface Finding {
  /** Short stable id, e.g. "mysql.binlog_format". */
  readonly check: string
  readonly level: 'ok' | 'warning' | 'error'
  /** What was seen. */
  readonly message: string
  /** What to do, in words or statements that can be pasted; empty when ok. */
  readonly remedy: string
}
