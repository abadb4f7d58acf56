/** Types for the authors of transform modules; what they promise and demand: docs/transform.md. */

/**
 * A value of a row. NULL: null. TINYINT to INT, YEAR, DOUBLE and FLOAT: number. BIGINT and BIT: bigint. DECIMAL, texts, ENUM,
 * SET, JSON, dates and times: string, as it is written into StarRocks. BINARY, BLOB, geometries, VECTOR: Uint8Array.
 */
export type Value = null | number | bigint | string | Uint8Array

/** A row by the target's column names. Each call gets objects of its own, which may be changed and returned. */
export type Row = { [column: string]: Value }

export interface Change<R = Row> {
  /** What the source did with the row; rows that are copied are inserts. */
  readonly operation: 'insert' | 'update' | 'delete'
  /** The row as the rule shows it: filtered, masked, with its computed columns. */
  row: R
}

export interface Context {
  readonly source: { readonly schema: string; readonly table: string }
  /** Where the transaction of the change starts in the binlog. */
  readonly position: { readonly file: string; readonly offset: number }
  /** When it was committed, in the zone of TIMESTAMP values. */
  readonly commitTime: string
  /** The row was copied, not changed. */
  readonly copied: boolean
  /** The rule, by its file and line. */
  readonly rule: string
}

/** A value that a row may be returned with: booleans go into BOOLEAN and TINYINT columns, whole numbers into DECIMAL too. */
export type MadeValue = Value | boolean

export interface MadeChange {
  /** Only as it was given. */
  readonly operation?: Change['operation']
  /** All columns of the row, and those of transform_columns. */
  readonly row: { readonly [column: string]: MadeValue }
}

/**
 * The default export of a module: what becomes of one row of the source. It is asked of each row alone, for an update of the
 * row before and the row behind it, and must return the same rows whenever it is asked the same. `R` may tell the columns.
 */
export type Transform<R = Row> = (
  change: Change<R>,
  context: Context,
) => MadeChange | readonly MadeChange[] | null | undefined
