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

const SCHEMAS = new WeakMap<FollowedTable, TableSchema>()

/** What rows need of it. */
export function tableSchemaOf(table: FollowedTable): TableSchema {
  // With hundreds of tables a start asks for all of them at each of them.
  let schema = SCHEMAS.get(table)
  if (schema === undefined) {
    schema = makeSchema(table)
    SCHEMAS.set(table, schema)
  }
  return schema
}

function makeSchema(table: FollowedTable): TableSchema {
  const { schema, columns, comment } = table
  const key = chooseKey(table)
  const unique = table.keys
    .filter(({ kind }) => kind !== 'plain')
    .map(({ parts }) => wholeColumns(columns, parts)?.map(({ name }) => name))
    .filter(names => names !== undefined)
    .filter(names => names.join('\0') !== key.join('\0'))
  const others = unique.length === 0 ? {} : { uniqueKeys: unique }
  return { schema, table: table.table, columns, key, ...others, comment }
}

/** The columns of a key; null where it is over expressions or first characters. */
function wholeColumns(columns: readonly SourceColumn[], parts: FollowedKey['parts']): readonly SourceColumn[] | null {
  const found = parts.flatMap(({ column, prefix }) =>
    prefix || column === null ? [] : columns.filter(c => sameName(c.name, column)).slice(0, 1),
  )
  return found.length === parts.length ? found : null
}

/** The primary key, else the oldest unique key over whole NOT NULL columns, which the server takes in its place, else none. */
function chooseKey({ columns, keys }: FollowedTable): readonly string[] {
  const candidates = [...keys.filter(key => key.kind === 'primary'), ...keys.filter(key => key.kind === 'unique')]
  for (const { parts } of candidates) {
    const found = wholeColumns(columns, parts)
    if (found?.every(column => !column.nullable) === true) return found.map(({ name }) => name)
  }
  return []
}
