import type { ColumnFill } from './column-fill.js'
import type { TableSchema } from './schema.js'

export type { ColumnFill } from './column-fill.js'

/** What one DDL statement made of one source table. Names are those of the source. */
export interface TableChange {
  readonly kind: 'create' | 'alter' | 'rename' | 'drop' | 'truncate'
  /** The table before the statement; null when there was none, or none that is known. */
  readonly before: TableSchema | null
  /** The table after it, under the name it then has; null when it is gone. */
  readonly after: TableSchema | null
  /** Old name to new name of columns that keep their values under another name. */
  readonly renamedColumns: ReadonlyMap<string, string>
  /** For each added column: what rows that were there before have in it; MySQL writes no row events for it. */
  readonly fills: ReadonlyMap<string, ColumnFill>
  /** Why rows changed, came or went without row events (partitions, tablespaces, a table swapped in), in words; null when none did. */
  readonly unseenRows: string | null
}

/** A change, and the tables it is about, also where nothing else is known of them: the table, of a renamed one both names. */
export interface NamedChange {
  readonly names: readonly { readonly schema: string; readonly table: string }[]
  readonly change: TableChange
}

/** A DDL statement that concerns at least one wanted table. */
export interface SchemaChange {
  /** As the binlog has it. */
  readonly statement: string
  /** In the order in which the statement works. */
  readonly tables: readonly NamedChange[]
  /** Why it is not known what the statement does to these tables, and what an operator can do; null when it is. */
  readonly unclear: { readonly message: string; readonly advice: string } | null
}
