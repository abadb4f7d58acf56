import type { FollowedTable } from './followed-table.js'
import type { Shadow } from './shadow-table.js'

/** What is known of a table that exists. */
export interface TableState {
  /** Null: it cannot be known. */
  readonly table: FollowedTable | null
  /** Why not, in words; null when it is known. */
  readonly unknown: string | null
  readonly shadow: Shadow | null
}

export interface TableName {
  readonly schema: string
  readonly table: string
}

/** What a statement changes in what is known. */
export interface SchemaEdit {
  /** Null: the table is gone. */
  readonly tables: readonly { readonly name: TableName; readonly state: TableState | null }[]
  /** Default character sets; null: the schema is gone. */
  readonly schemas: readonly { readonly schema: string; readonly charset: string | null }[]
}

/** The tables of all followed schemas at one position of the binlog. */
export class FollowedSchemas {
  readonly #tables = new Map<string, Map<string, TableState>>()
  readonly #charsets = new Map<string, string>()

  table({ schema, table }: TableName): TableState | null {
    return this.#tables.get(schema)?.get(table) ?? null
  }

  tablesIn(schema: string): readonly string[] {
    return [...(this.#tables.get(schema)?.keys() ?? [])]
  }

  charset(schema: string): string | null {
    return this.#charsets.get(schema) ?? null
  }

  get schemas(): readonly string[] {
    return [...new Set([...this.#charsets.keys(), ...this.#tables.keys()])]
  }

  take({ tables, schemas }: SchemaEdit): void {
    for (const { name, state } of tables) {
      const all = this.#tables.get(name.schema) ?? new Map<string, TableState>()
      this.#tables.set(name.schema, all)
      if (state === null) all.delete(name.table)
      else all.set(name.table, state)
    }
    for (const { schema, charset } of schemas) {
      if (charset === null) {
        this.#charsets.delete(schema)
        this.#tables.delete(schema)
      } else this.#charsets.set(schema, charset)
    }
  }

  /** Everything that is known, as one edit of nothing. */
  whole(): SchemaEdit {
    return {
      schemas: [...this.#charsets].map(([schema, charset]) => ({ schema, charset })),
      tables: [...this.#tables].flatMap(([schema, all]) =>
        [...all].map(([table, state]) => ({ name: { schema, table }, state })),
      ),
    }
  }
}
