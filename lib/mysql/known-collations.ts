import type { SourceColumn } from '../model/schema.js'
import type { SchemaDefault, SchemaEdit } from './ddl/followed-schemas.js'
import type { FollowedTable } from './ddl/followed-table.js'

type TableEdit = SchemaEdit['tables'][number]

/** Whether collations of text columns are not known: histories of earlier versions do not hold them. */
export function lacksCollations({ tables }: SchemaEdit): boolean {
  return tables.some(({ state }) => state?.table?.columns.some(isOpen) === true)
}

/** What is known, with the collations that `told` has for the same tables at the same position; others stay unknown. */
export function withToldCollations(known: SchemaEdit, told: SchemaEdit): SchemaEdit {
  return {
    schemas: known.schemas.map(schema => toldDefault(schema, told)),
    tables: known.tables.map(edit => toldTable(edit, told)),
  }
}

function isOpen({ charset, collation }: SourceColumn): boolean {
  return charset !== null && collation === undefined
}

function toldDefault(known: SchemaDefault, { schemas }: SchemaEdit): SchemaDefault {
  const told = schemas.find(({ schema }) => schema === known.schema)
  const isSame = known.collation === undefined && told?.charset === known.charset && told.collation !== undefined
  return isSame ? { ...known, collation: told.collation } : known
}

function toldTable(known: TableEdit, { tables }: SchemaEdit): TableEdit {
  const table = known.state?.table
  const told = tables.find(({ name }) => name.schema === known.name.schema && name.table === known.name.table)
  const other = told?.state?.table
  if (!table || !other) return known
  return { ...known, state: { ...known.state, table: withTold(table, other) } }
}

function withTold(table: FollowedTable, told: FollowedTable): FollowedTable {
  const columns = table.columns.map(column => {
    if (!isOpen(column)) return column
    const other = told.columns.find(({ name }) => name === column.name)
    const isSame = other?.charset === column.charset && other.columnType === column.columnType
    return isSame && other.collation !== undefined ? { ...column, collation: other.collation } : column
  })
  const collation = table.collation ?? (told.charset === table.charset ? told.collation : undefined)
  return { ...table, columns, ...(collation === undefined ? {} : { collation }) }
}
