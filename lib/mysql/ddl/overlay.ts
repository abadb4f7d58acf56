import type { TableSchema } from '../../model/schema.js'
import type { TableChange } from '../../model/schema-change.js'
import type { FollowedSchemas, SchemaEdit, TableName, TableState } from './followed-schemas.js'
import { tableSchemaOf } from './followed-table.js'
import { originals, type Shadow } from './shadow-table.js'

/** What is known, with the changes of the statement so far on top. */
export class Overlay {
  readonly #below: FollowedSchemas
  readonly #edits = new Map<string, { readonly name: TableName; readonly state: TableState | null }>()

  constructor(below: FollowedSchemas) {
    this.#below = below
  }

  get(name: TableName): TableState | null {
    const edit = this.#edits.get(`${name.schema}\0${name.table}`)
    return edit === undefined ? this.#below.table(name) : edit.state
  }

  set(name: TableName, state: TableState | null): void {
    this.#edits.set(`${name.schema}\0${name.table}`, { name, state })
  }

  get edits(): SchemaEdit['tables'] {
    return [...this.#edits.values()]
  }

  /** The shadow that a table of this name is; null when it is none. */
  shadow({ schema, table }: TableName, lineage: Shadow['lineage']): Shadow | null {
    const of = originals(table).find(name => this.get({ schema, table: name }) !== null)
    return of === undefined ? null : { of, lineage }
  }
}

export function schemaOf(state: TableState | null): TableSchema | null {
  return state?.table == null ? null : tableSchemaOf(state.table)
}

export function plainChange(
  kind: TableChange['kind'],
  before: TableSchema | null,
  after: TableSchema | null,
  unseenRows: string | null = null,
): TableChange {
  return { kind, before, after, renamedColumns: new Map(), fills: new Map(), unseenRows }
}
