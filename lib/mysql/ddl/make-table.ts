import type { SourceColumn } from '../../model/schema.js'
import { type CharacterSet, charsetFacts, chooseCharset } from './charset-choice.js'
import { resolveType } from './column-type.js'
import type { ColumnDefinition, CreateTable, DefaultValue, KeyDefinition } from './ddl.js'
import { type FollowedKey, type FollowedTable, sameName } from './followed-table.js'
import { withDefault } from './insert-default.js'
import type { Dialect } from './tokens.js'
import { UnreadableDdl } from './unreadable-ddl.js'

/** What a statement's meaning depends on besides its text. */
export interface DdlSetting {
  readonly dialect: Dialect
  /** explicit_defaults_for_timestamp of the session: OFF makes TIMESTAMP columns NOT NULL. */
  readonly explicitTimestamps: boolean
}

/** The table that CREATE TABLE makes from definitions alone. `schemaCharset`: default of the schema it is made in. */
export function makeTable(
  name: { readonly schema: string; readonly table: string },
  create: CreateTable,
  schemaCharset: CharacterSet,
  setting: DdlSetting,
): FollowedTable {
  const charset = chooseCharset(create.charset, schemaCharset, setting.dialect)
  const first = create.columns.find(({ type }) => type.name === 'TIMESTAMP')
  const columns = create.columns.map(column => makeColumn(column, charset, setting, column === first))
  const made = { ...name, columns, keys: [], ...charsetFacts(charset), comment: create.comment }
  return addKeys(made, create.keys)
}

/** `firstTimestamp`: where explicit_defaults_for_timestamp is OFF it counts as CURRENT_TIMESTAMP without a default, others as zero. */
export function makeColumn(
  definition: ColumnDefinition,
  tableCharset: CharacterSet,
  setting: DdlSetting,
  firstTimestamp: boolean,
): SourceColumn {
  const { name, comment } = definition
  const type = resolveType(definition.type, tableCharset, setting.dialect)
  const nullable = definition.nullable ?? (type.dataType !== 'timestamp' || setting.explicitTimestamps)
  const column = { name, ...type, nullable, comment }
  if (definition.generated !== null) return { ...column, generated: definition.generated }
  if (definition.autoIncrement) return column
  const implied = definition.default === null && type.dataType === 'timestamp' && !setting.explicitTimestamps
  return withDefault(
    column,
    implied && !nullable ? impliedDefault(firstTimestamp) : definition.default,
    setting.dialect.mariadb,
  )
}

function impliedDefault(firstTimestamp: boolean): DefaultValue {
  return firstTimestamp ? { kind: 'now' } : { kind: 'literal', text: '0000-00-00 00:00:00', number: false }
}

/** The table with further keys, named as the server names them; columns of a primary key become NOT NULL. */
export function addKeys(table: FollowedTable, definitions: readonly KeyDefinition[]): FollowedTable {
  let { columns } = table
  const keys = [...table.keys]
  for (const definition of definitions) {
    const { kind } = definition
    const taken = definition.name === null ? undefined : keys.find(key => sameName(key.name, definition.name!))
    if (taken !== undefined && definition.ifNotExists) continue
    if (kind === 'foreign' && keys.some(key => leadsWith(key, definition))) continue
    const parts = definition.parts.map(part => resolvePart(part, columns, table))
    const name = definition.name ?? freeName(definition, keys)
    keys.push({ name, kind: kind === 'foreign' ? 'plain' : kind, parts })
    if (kind === 'primary') columns = columns.map(c => (isPart(c, parts) ? withoutNull(c) : c))
  }
  return { ...table, columns, keys }
}

/** NOT NULL, and so without NULL as what an INSERT leaves open. */
export function withoutNull(column: SourceColumn): SourceColumn {
  const { defaultValue, ...rest } = column
  return {
    ...rest,
    nullable: false,
    ...(defaultValue === undefined || defaultValue.kind === 'null' ? {} : { defaultValue }),
  }
}

const isPart = (column: SourceColumn, parts: FollowedKey['parts']): boolean =>
  parts.some(part => part.column !== null && sameName(part.column, column.name))

function resolvePart(
  { column, prefix }: KeyDefinition['parts'][number],
  columns: readonly SourceColumn[],
  table: FollowedTable,
): FollowedKey['parts'][number] {
  if (column === null) return { column, prefix: false }
  const found = columns.find(c => sameName(c.name, column))
  if (found === undefined)
    throw new UnreadableDdl(`${table.schema}.${table.table} has no column "${column}" for a key`, 0)
  return { column: found.name, prefix: prefix !== null && prefix !== found.maxLength }
}

/** The server gives a foreign key no index of its own when another begins with its columns. */
function leadsWith(key: FollowedKey, { parts }: KeyDefinition): boolean {
  return parts.every(({ column }, i) => {
    const other = key.parts[i]?.column
    return column !== null && other != null && sameName(other, column)
  })
}

/** Of a key without one: that of its first column, with _2, _3, … behind it when that is taken. */
function freeName({ parts }: KeyDefinition, keys: readonly FollowedKey[]): string {
  const base = parts[0]?.column ?? 'functional_index'
  const isTaken = (name: string): boolean => keys.some(key => sameName(key.name, name))
  if (!isTaken(base) && base.toUpperCase() !== 'PRIMARY') return base
  for (let i = 2; ; i++) if (!isTaken(`${base}_${i}`)) return `${base}_${i}`
}
