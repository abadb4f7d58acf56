import type { ValueType } from '../model/value.js'

/** A name as an expression writes it: a column, of the row that it says, or a variable. */
export type ScopeName =
  | { readonly row: 'new' | 'old' | null; readonly column: string }
  /** Without the dollar sign, in lower case. */
  | { readonly variable: string }

/** What a name means. */
export interface NamedValue {
  /** Index in the values that an expression is evaluated with. */
  readonly slot: number
  readonly type: ValueType
  readonly nullable: boolean
  /** Texts, where `collation` is not known: compared by the case of letters too. Absent: case does not count. */
  readonly caseSensitive?: boolean
  /** Texts: name of the collation, such as "utf8mb4_general_ci"; null: nobody knows it, so that nothing is compared by it. */
  readonly collation?: string | null
  /** Texts: character set of the column. Absent: one whose bytes are those of UTF-8. */
  readonly charset?: string | null
}

/** Who asks for an expression says what its names mean. */
export interface ExpressionScope {
  /** Null: the name is not known. */
  resolve(name: ScopeName): NamedValue | null
}
