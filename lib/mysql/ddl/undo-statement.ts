import type { AlterSpec, Ddl, TableRef } from './ddl.js'
import type { FollowedSchemas, SchemaDefault, TableName, TableState } from './followed-schemas.js'
import { type FollowedTable, sameName } from './followed-table.js'
import { Overlay } from './overlay.js'

/**
 * Takes what is known behind a statement back to what is known before it: exactly, or not at all. What a statement took away
 * (a dropped column, a type that was another one) is not known. `why`: statement and place, for messages.
 */
export function undoStatement(
  ddl: Ddl,
  schemas: FollowedSchemas,
  nameOf: (ref: TableRef) => TableName,
  why: string,
): void {
  const tables = new Overlay(schemas)
  const charsets: SchemaDefault[] = []
  switch (ddl.kind) {
    case 'createTable':
      if (!ddl.ifNotExists) tables.set(nameOf(ddl.table), ddl.orReplace ? unknown(`it was replaced by ${why}`) : null)
      break
    case 'alterTable':
      undoAlter(nameOf(ddl.table), ddl.specs, tables, nameOf, why)
      break
    case 'renameTables':
      for (const { from, to } of ddl.pairs.toReversed()) moveBack(nameOf(from), nameOf(to), tables)
      break
    case 'dropTables':
      for (const ref of ddl.tables) {
        const name = nameOf(ref)
        if (tables.get(name) === null) tables.set(name, unknown(`it was dropped by ${why}`))
      }
      break
    case 'createDatabase':
      if (!ddl.ifNotExists) charsets.push({ schema: nameOf({ schema: ddl.schema, table: '' }).schema, charset: null })
      break
    case 'alterDatabase':
      charsets.push({ schema: nameOf({ schema: ddl.schema, table: '' }).schema, charset: UNKNOWN_CHARSET })
      break
    case 'dropDatabase':
      charsets.push({ schema: nameOf({ schema: ddl.schema, table: '' }).schema, charset: UNKNOWN_CHARSET })
      break
    case 'truncate':
      break
  }
  schemas.take({ tables: tables.edits, schemas: charsets })
}

/** Default character set of a schema that cannot be known; no character set has this name. */
const UNKNOWN_CHARSET = '?'

export function unknown(reason: string): TableState {
  return { table: null, unknown: reason, shadow: null }
}

function moveBack(from: TableName, to: TableName, tables: Overlay): void {
  const state = tables.get(to)
  tables.set(to, null)
  const back = state ?? unknown('nothing is known of the table it was renamed to later')
  const table = back.table && { ...back.table, ...from }
  tables.set(from, null)
  tables.set(from, { ...back, table, shadow: tables.shadow(from, null) })
}

function undoAlter(
  name: TableName,
  specs: readonly AlterSpec[],
  tables: Overlay,
  nameOf: (ref: TableRef) => TableName,
  why: string,
): void {
  const rename = specs.findLast(spec => spec.kind === 'renameTable')
  if (rename !== undefined) moveBack(name, nameOf(rename.to), tables)
  const state = tables.get(name)
  if (state === null) {
    // Dropped or unseen later on.
    return
  }
  for (const spec of specs) {
    if (spec.kind !== 'unseenRows' || spec.other === null) continue
    const other = nameOf(spec.other)
    if (spec.effect === 'create') tables.set(other, null)
    else if (spec.effect === 'drop') tables.set(other, unknown(`it became a partition by ${why}`))
  }
  if (state.table === null) return
  const before = undoSpecs(state.table, specs)
  tables.set(name, before === null ? unknown(`it was altered by ${why}`) : { ...state, table: before })
}

/** The table before these changes; null where they do not tell what was there. */
function undoSpecs(after: FollowedTable, specs: readonly AlterSpec[]): FollowedTable | null {
  let { columns, keys } = after
  for (const spec of specs.toReversed()) {
    switch (spec.kind) {
      case 'addColumn': {
        if (spec.ifNotExists) return null
        const { name } = spec.column
        columns = columns.filter(column => !sameName(column.name, name))
        keys = keys.filter(key => !key.parts.some(part => part.column !== null && sameName(part.column, name)))
        break
      }
      case 'renameColumn': {
        if (spec.ifExists) return null
        // Several at once may exchange names: each is looked for by its new one.
        const { from, to } = spec
        columns = columns.map(column => (sameName(column.name, to) ? { ...column, name: from } : column))
        const back = (name: string | null) => (name !== null && sameName(name, to) ? from : name)
        keys = keys.map(key => ({ ...key, parts: key.parts.map(part => ({ ...part, column: back(part.column) })) }))
        break
      }
      case 'addKey': {
        const { key } = spec
        if (key.kind === 'primary' || key.ifNotExists) return null
        if (key.kind === 'unique' && key.name === null) return null
        keys = keys.filter(({ name }) => key.name === null || !sameName(name, key.name))
        break
      }
      case 'dropKey':
        // It may have been the key; with a primary key there it was not.
        if (sameName(spec.name, 'PRIMARY') || !after.keys.some(key => key.kind === 'primary')) return null
        break
      case 'renameKey':
        keys = keys.map(key => (sameName(key.name, spec.to) ? { ...key, name: spec.from } : key))
        break
      case 'comment':
      case 'unseenRows':
      case 'renameTable':
        break
      default:
        return null
    }
  }
  const renames = specs.filter(spec => spec.kind === 'renameColumn')
  const exchanged = renames.some(({ to }) => renames.some(other => sameName(other.from, to)))
  return exchanged ? null : { ...after, columns, keys }
}
