import { type CharacterSet, charsetFacts } from './charset-choice.js'
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
  readonly schemas: readonly SchemaDefault[]
}

export interface SchemaDefault {
  readonly schema: string
  readonly charset: string | null
  /** Absent: not known. */
  readonly collation?: string
}

/** The tables of all followed schemas at one position of the binlog. */
export class FollowedSchemas {
  readonly #tables = new Map<string, Map<string, TableState>>()
  readonly #charsets = new Map<string, CharacterSet>()

  table({ schema, table }: TableName): TableState | null {
    return this.#tables.get(schema)?.get(table) ?? null
  }

  tablesIn(schema: string): readonly string[] {
    return [...(this.#tables.get(schema)?.keys() ?? [])]
  }

  charset(schema: string): CharacterSet | null {
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
    for (const { schema, charset, collation } of schemas) {
      if (charset === null) {
        this.#charsets.delete(schema)
        this.#tables.delete(schema)
      } else this.#charsets.set(schema, { charset, collation: collation ?? null })
    }
  }

  /** Everything that is known, as one edit of nothing. */
  whole(): SchemaEdit {
    return {
      schemas: [...this.#charsets].map(([schema, charset]) => ({ schema, ...charsetFacts(charset) })),
      tables: [...this.#tables].flatMap(([schema, all]) =>
        [...all].map(([table, state]) => ({ name: { schema, table }, state })),
      ),
    }
  }
}
