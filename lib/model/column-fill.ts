/** A value that the server gives a column by itself, without one in a statement or a row event. */
export type ColumnFill =
  | { readonly kind: 'null' }
  /** The value as SELECT would print it. */
  | { readonly kind: 'text'; readonly text: string }
  /** Differs from row to row, or cannot be known from the statement: the reason, in words that follow the column's name. */
  | { readonly kind: 'unknown'; readonly reason: string }
