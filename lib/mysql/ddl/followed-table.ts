import type { SourceColumn, TableSchema } from '../../model/schema.js'

export interface FollowedKey {
  readonly name: string
  readonly kind: 'primary' | 'unique' | 'plain'
  readonly parts: readonly {
    /** Null: an expression. */
    readonly column: string | null
    /** Only the first characters count. */
    readonly prefix: boolean
  }[]
}

/** A table as DDL needs it: its schema, and what later statements refer to. */
export interface FollowedTable {
  readonly schema: string
  readonly table: string
  readonly columns: readonly SourceColumn[]
  readonly keys: readonly FollowedKey[]
  /** Default character set of new columns. */
  readonly charset: string
  /** Default collation of new columns. Absent: not known. */
  readonly collation?: string
  readonly comment: string
}

/** Names of columns and keys differ in more than case. */
export function sameName(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase()
}

/** What rows need of it. */
export function tableSchemaOf(table: FollowedTable): TableSchema {
  const { schema, columns, comment } = table
  return { schema, table: table.table, columns, key: chooseKey(table), comment }
}

/** The primary key, else the oldest unique key over whole NOT NULL columns, which the server takes in its place, else none. */
function chooseKey({ columns, keys }: FollowedTable): readonly string[] {
  const candidates = [...keys.filter(key => key.kind === 'primary'), ...keys.filter(key => key.kind === 'unique')]
  for (const { parts } of candidates) {
    const names = parts.map(({ column, prefix }) =>
      prefix || column === null ? undefined : columns.find(c => sameName(c.name, column)),
    )
    if (names.every(column => column !== undefined && !column.nullable)) return names.map(column => column!.name)
  }
  return []
}
