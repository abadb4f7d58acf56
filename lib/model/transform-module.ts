/** The module of a rule as it was read, once and whole: what runs is this text, whatever becomes of the file. Plain data. */
export interface TransformModule {
  /** As the rule names it. */
  readonly path: string
  /** Where it was read; empty: it was not read yet. */
  readonly file: string
  readonly source: string
}

/** One row by the target's column names: see docs/transform.md for the value that each type has. */
export type TransformRow = Readonly<Record<string, unknown>>

/** What a module is asked for: what becomes of one row of the source. */
export interface TransformedChange {
  readonly operation: 'insert' | 'update' | 'delete'
  readonly row: TransformRow
}

/** What is known of the row's change. */
export interface TransformContext {
  readonly source: { readonly schema: string; readonly table: string }
  readonly position: { readonly file: string; readonly offset: number }
  readonly commitTime: string
  readonly copied: boolean
  readonly rule: string
}

/** The default export of a module. What it returns is whatever its author wrote. */
export type TransformFunction = (change: TransformedChange, context: TransformContext) => unknown
