import { bindTable } from '../binlog/bind-table.js'
import type { QueryEvent } from '../binlog/event.js'
import type { TableMap } from '../binlog/table-map.js'
import { Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import { formatPosition } from '../model/position.js'
import { type TableSchema, tableName } from '../model/schema.js'
import type { NamedChange, SchemaChange } from '../model/schema-change.js'
import type { FollowedSchemas, SchemaEdit, TableName } from './ddl/followed-schemas.js'
import { tableSchemaOf } from './ddl/followed-table.js'
import { plainChange, schemaOf } from './ddl/overlay.js'
import { parseDdl } from './ddl/parse-ddl.js'
import { dialectOf, type Effect, effectOf, type ServerTraits } from './ddl/statement-effect.js'
import { UnreadableDdl } from './ddl/unreadable-ddl.js'
import { hasFullMetadata, schemaOfMap, withCollations } from './map-schema.js'
import type { BinlogPlace, SchemaHistory } from './schema-history.js'
import { mentioned } from './statement.js'

/** A statement that was read; nothing is known differently until it is kept. */
export interface FollowedStatement {
  /** Null: it concerns no wanted table. */
  readonly change: SchemaChange | null
  /** From now on the tables are known as they are behind it. Durable when it resolves. */
  keep(): Promise<void>
}

export interface SchemaFollowerOptions {
  readonly server: ServerTraits
  /** Whether rows of a table of this name go anywhere. */
  readonly wanted: (schema: string, table: string) => boolean
  /** Whether the configuration names the table itself, not by a pattern. */
  readonly named: (schema: string, table: string) => boolean
  /** Columns that a table has now, wherever the reader stands; rules are written for them. */
  readonly columnsNow: (schema: string, table: string) => readonly string[]
  /** Whether any wanted table may live in this schema. */
  readonly wantedSchema: (schema: string) => boolean
}

/** The source's tables at the position that is being read, followed from statement to statement. */
export class SchemaFollower {
  readonly #options: SchemaFollowerOptions
  readonly #history: SchemaHistory
  readonly #current: FollowedSchemas
  readonly #observer: Observer
  readonly #shadowsTold = new Set<string>()
  #tables: readonly TableSchema[] | null = null

  constructor(options: SchemaFollowerOptions, history: SchemaHistory, current: FollowedSchemas, observer: Observer) {
    this.#options = options
    this.#history = history
    this.#current = current
    this.#observer = observer
  }

  /** Whether rows of a table go anywhere, now: not when it is the shadow of a schema change tool, unless it is named by itself. */
  wanted(schema: string, table: string): boolean {
    const { wanted, named } = this.#options
    if (!wanted(schema, table)) return false
    const shadow = this.#current.table({ schema, table })?.shadow ?? null
    if (shadow === null || named(schema, table)) return true
    this.#tellShadow({ schema, table }, shadow.of)
    return false
  }

  /** Whether there is a table of this name at the place that is being read, as far as is known. */
  knows(schema: string, table: string): boolean {
    return this.#current.table({ schema, table }) != null
  }

  /** The wanted tables that are known now; the very same list until a statement changes them. */
  get tables(): readonly TableSchema[] {
    this.#tables ??= this.#current.schemas.flatMap(schema =>
      this.#current
        .tablesIn(schema)
        .filter(table => this.wanted(schema, table))
        .flatMap(table => this.#withLater(schemaOf(this.#current.table({ schema, table }))) ?? []),
    )
    return this.#tables
  }

  /**
   * The schema that decodes the rows of a table map: the known one, unless FULL metadata tell another.
   * @throws Failure schemaUnknown, or schemaMismatch where known table and map contradict each other
   */
  schemaFor(map: TableMap): TableSchema {
    return this.#withLater(this.#bound(map))
  }

  #withLater<T extends TableSchema | null>(schema: T): T {
    if (schema === null) return schema
    const now = this.#options.columnsNow(schema.schema, schema.table)
    const laterColumns = now.filter(name => !schema.columns.some(column => column.name === name))
    return laterColumns.length === 0 ? schema : { ...schema, laterColumns }
  }

  #bound(map: TableMap): TableSchema {
    const { mariadb, collations } = this.#options.server
    const state = this.#current.table(map)
    const full = hasFullMetadata(map)
    if (state?.table) {
      const known = tableSchemaOf(state.table)
      if (!full) {
        refuseOtherNulls(map, known)
        return withCollations(known, map, collations)
      }
      if (agrees(map, known)) return withCollations(known, map, collations)
    }
    if (full) return schemaOfMap(map, mariadb, collations)
    throw new Failure(
      'schemaUnknown',
      `The columns of ${tableName(map)} at this place are not known: ${state?.unknown ?? 'no statement that made it was seen, and it is not in the catalog under this name'}.`,
    )
  }

  /** What a statement does. Null: nothing to tables that are followed. */
  follow(event: QueryEvent, at: BinlogPlace): FollowedStatement | null {
    if (event.facts.alterPhase === 'start' || event.facts.alterPhase === 'rollback') return null
    const effect = this.#effect(event, at)
    const edit = this.#seen(effect.edit, at)
    const tables = effect.notes
      .filter(note => this.#concerns(note, edit))
      .map(({ names, change }) => {
        const { before, after } = change
        return { names, change: { ...change, before: this.#withLater(before), after: this.#withLater(after) } }
      })
    if (tables.length === 0 && edit.tables.length === 0 && edit.schemas.length === 0) return null
    return {
      change: tables.length === 0 ? null : { statement: event.sql, tables, unclear: effect.unclear },
      keep: async () => {
        await this.#history.append(at, edit)
        this.#current.take(edit)
        this.#tables = null
        for (const { name } of edit.tables) this.wanted(name.schema, name.table)
      },
    }
  }

  #effect(event: QueryEvent, at: BinlogPlace): Effect & Pick<SchemaChange, 'unclear'> {
    const { server } = this.#options
    try {
      const ddl = parseDdl(event.sql, dialectOf(server, event.facts))
      if (ddl === null) return { notes: [], edit: { tables: [], schemas: [] }, unclear: null }
      const { schema: defaultSchema, facts, timestamp } = event
      const run = { ddl, defaultSchema, facts, timestamp, place: formatPosition(at) }
      return { ...effectOf(run, this.#current, server), unclear: null }
    } catch (error) {
      if (error instanceof UnreadableDdl) return this.#unreadable(event, at, error)
      throw error
    }
  }

  /** Tables that such a statement names are not known any more. */
  #unreadable(event: QueryEvent, at: BinlogPlace, { message }: UnreadableDdl): Effect & Pick<SchemaChange, 'unclear'> {
    const words = mentioned(event.sql, dialectOf(this.#options.server, event.facts))
    const names = words.flatMap((table, i): TableName[] => {
      const schema = words[i - 1] === '.' ? (words[i - 2] ?? '') : event.schema
      return this.#current.table({ schema, table }) !== null || this.#options.wanted(schema, table)
        ? [{ schema, table }]
        : []
    })
    const statement = shortened(event.sql)
    const unknown = `the statement at ${formatPosition(at)} is not understood (${message}): ${statement}`
    return {
      notes: names.map(name => ({
        change: plainChange('alter', schemaOf(this.#current.table(name)), null),
        names: [name],
      })),
      edit: { tables: names.map(name => ({ name, state: { table: null, unknown, shadow: null } })), schemas: [] },
      unclear: {
        message: `At ${formatPosition(at)} the source ran a statement on ${names.map(tableName).join(', ')} that is not understood (${message}): ${statement}`,
        advice:
          'With binlog_row_metadata=FULL on the source, set on_ddl = "ignore" until this position is passed and bring the target behind the statement by hand. Else set bin_name and bin_pos in master.info behind it, remove schema.history and copy the table again.',
      },
    }
  }

  /** What of an edit is in followed schemas; and what the catalog told of it before. */
  #seen({ tables, schemas }: SchemaEdit, at: BinlogPlace): SchemaEdit {
    const { wantedSchema } = this.#options
    const told = this.#history.foreseen(at)?.tables ?? []
    const own = tables
      .filter(({ name }) => wantedSchema(name.schema))
      .map(({ name, state }) => {
        const seen = told.find(other => other.name.schema === name.schema && other.name.table === name.table)?.state
        return { name, state: seen?.table && state !== null ? { ...seen, shadow: state.shadow } : state }
      })
    const more = told.filter(
      ({ name, state }) =>
        state !== null && !own.some(other => other.name.schema === name.schema && other.name.table === name.table),
    )
    return { tables: [...own, ...more], schemas: schemas.filter(({ schema }) => wantedSchema(schema)) }
  }

  #concerns({ names }: NamedChange, edit: SchemaEdit): boolean {
    const { wanted, named } = this.#options
    return names.some(name => {
      if (!wanted(name.schema, name.table)) return false
      if (named(name.schema, name.table)) return true
      const after = edit.tables.find(t => t.name.schema === name.schema && t.name.table === name.table)?.state
      return (this.#current.table(name)?.shadow ?? null) === null && (after?.shadow ?? null) === null
    })
  }

  #tellShadow(name: TableName, of: string): void {
    if (this.#shadowsTold.has(tableName(name))) return
    this.#shadowsTold.add(tableName(name))
    this.#observer({
      kind: 'warning',
      message: `${tableName(name)} is taken for the working table of a schema change of ${name.schema}.${of} (gh-ost, pt-online-schema-change): it is not synced by itself.`,
      advice: `If it is a table of its own, name it in [[source]] without a pattern.`,
    })
  }
}

function agrees(map: TableMap, known: TableSchema): boolean {
  if (map.columns.some((wire, i) => wire.nullable !== known.columns[i]?.nullable)) return false
  const primary = map.primaryKey?.map(i => map.columns[i]!.name)
  if (primary !== undefined && JSON.stringify(primary) !== JSON.stringify(known.key)) return false
  try {
    bindTable(map, known)
    return true
  } catch (error) {
    if (error instanceof Failure && error.kind === 'schemaMismatch') return false
    throw error
  }
}

/** Every table map tells which columns may be NULL: where the known table says another thing, it is another table. */
function refuseOtherNulls(map: TableMap, known: TableSchema): void {
  if (map.columns.length !== known.columns.length) return
  const other = known.columns.findIndex((column, i) => column.nullable !== map.columns[i]!.nullable)
  if (other < 0) return
  const { name, nullable } = known.columns[other]!
  throw new Failure(
    'schemaMismatch',
    `${tableName(map)}: column ${other + 1} (${name}) ${nullable ? 'cannot' : 'can'} be NULL in the table map; in the known table it ${nullable ? 'can' : 'cannot'}`,
  )
}

function shortened(sql: string): string {
  const line = sql.replace(/\s+/g, ' ').trim()
  return line.length > 500 ? `${line.slice(0, 500)}…` : line
}
