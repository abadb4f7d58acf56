import { charsetOfCollation } from '../../binlog/charset.js'
import type { StatementFacts } from '../../binlog/event.js'
import type { ColumnFill, NamedChange, TableChange } from '../../model/schema-change.js'
import type { Zone } from '../../model/zone.js'
import { type ChangedTable, changeTable } from './change-table.js'
import { type CharacterSet, charsetFacts, charsetName, chooseCharset } from './charset-choice.js'
import { fillOf, type StatementTime } from './column-fill.js'
import type { CreateTable, Ddl, TableRef } from './ddl.js'
import type { FollowedSchemas, SchemaDefault, SchemaEdit, TableName, TableState } from './followed-schemas.js'
import { type FollowedTable, tableSchemaOf } from './followed-table.js'
import { type DdlSetting, makeTable } from './make-table.js'
import { Overlay, plainChange, schemaOf } from './overlay.js'
import { renameTables } from './rename-tables.js'
import { extendLineage, type Shadow } from './shadow-table.js'
import type { Dialect } from './tokens.js'

/** A statement with all that its meaning depends on. */
export interface RunStatement {
  readonly ddl: Ddl
  readonly defaultSchema: string
  readonly facts: StatementFacts
  /** Seconds since 1970. */
  readonly timestamp: number
  /** Where it stands, for messages. */
  readonly place: string
}

export interface ServerTraits {
  readonly mariadb: boolean
  /** As in version comments: 90704, 101119. */
  readonly version: number
  /** lower_case_table_names is not 0: names of tables and schemas are kept in lower case. */
  readonly lowerCaseNames: boolean
  /** Default of sessions that do not say. */
  readonly explicitTimestamps: boolean
  readonly charset: string
  /** Names of collations by their ids. Absent: not known. */
  readonly collations?: ReadonlyMap<number, string>
  readonly zone: Zone
}

/** What a statement does to each table, and to what is known. */
export interface Effect {
  readonly notes: readonly NamedChange[]
  readonly edit: SchemaEdit
}

/** Works out a statement's effect; nothing changes yet. @throws UnreadableDdl where statement and known tables contradict each other */
export function effectOf(run: RunStatement, schemas: FollowedSchemas, server: ServerTraits): Effect {
  return new Statement(run, schemas, server).effect()
}

/** How this server, in this session, reads a statement's characters. */
export function dialectOf(
  { mariadb, version, collations }: ServerTraits,
  { sqlMode, defaultCollationIds }: StatementFacts,
): Dialect {
  const chosen = defaultCollationIds.flatMap(id => {
    const [charset, collation] = [charsetOfCollation(id), collations?.get(id)]
    return charset === null || collation === undefined ? [] : [[charset, collation] as const]
  })
  return { mariadb, version, sqlMode, ...(chosen.length === 0 ? {} : { defaultCollations: new Map(chosen) }) }
}

class Statement {
  readonly #run: RunStatement
  readonly #schemas: FollowedSchemas
  readonly #server: ServerTraits
  readonly #tables: Overlay
  readonly #notes: NamedChange[] = []
  readonly #charsets: SchemaDefault[] = []

  constructor(run: RunStatement, schemas: FollowedSchemas, server: ServerTraits) {
    this.#run = run
    this.#schemas = schemas
    this.#server = server
    this.#tables = new Overlay(schemas)
  }

  effect(): Effect {
    this.#work(this.#run.ddl)
    return { notes: this.#notes, edit: { tables: this.#tables.edits, schemas: this.#charsets } }
  }

  #work(ddl: Ddl): void {
    switch (ddl.kind) {
      case 'createTable':
        this.#create(ddl)
        return
      case 'alterTable':
        this.#alter(this.#name(ddl.table), ddl)
        return
      case 'renameTables': {
        const pairs = ddl.pairs.map(({ from, to }) => ({ from: this.#name(from), to: this.#name(to) }))
        this.#notes.push(...renameTables(pairs, this.#tables))
        return
      }
      case 'dropTables':
        for (const ref of ddl.tables) this.#drop(this.#name(ref))
        return
      case 'truncate': {
        const name = this.#name(ddl.table)
        const schema = schemaOf(this.#tables.get(name))
        this.#note(plainChange('truncate', schema, schema), name)
        return
      }
      case 'createDatabase':
        this.#createDatabase(ddl)
        return
      case 'alterDatabase': {
        const schema = ddl.schema === null ? this.#run.defaultSchema : this.#fold(ddl.schema)
        const old = this.#schemaCharset(schema)
        const fallback = ddl.charset.charset === 'default' ? this.#serverCharset() : old
        this.#charsets.push({ schema, ...charsetFacts(chooseCharset(ddl.charset, fallback, this.#setting().dialect)) })
        return
      }
      case 'dropDatabase': {
        const schema = this.#fold(ddl.schema)
        for (const table of this.#schemas.tablesIn(schema)) this.#drop({ schema, table })
        this.#charsets.push({ schema, charset: null })
        return
      }
    }
  }

  #createDatabase(ddl: Extract<Ddl, { kind: 'createDatabase' }>): void {
    const schema = this.#fold(ddl.schema)
    if (ddl.ifNotExists && this.#schemas.charset(schema) !== null) return
    if (ddl.orReplace) for (const table of this.#schemas.tablesIn(schema)) this.#drop({ schema, table })
    const chosen = chooseCharset(ddl.charset, this.#serverCharset(), this.#setting().dialect)
    this.#charsets.push({ schema, ...charsetFacts(chosen) })
  }

  #create(ddl: CreateTable): void {
    const name = this.#name(ddl.table)
    const existing = this.#tables.get(name)
    if (existing !== null && ddl.ifNotExists) return
    if (existing !== null && ddl.orReplace) this.#drop(name)
    const state = this.#created(name, ddl)
    this.#tables.set(name, { ...state, shadow: this.#tables.shadow(name, { renamed: {}, fills: {} }) })
    this.#note(plainChange('create', null, schemaOf(this.#tables.get(name))), name)
  }

  #created(name: TableName, ddl: CreateTable): Omit<TableState, 'shadow'> {
    if (ddl.like !== null) {
      const like = this.#tables.get(this.#name(ddl.like))
      if (like?.table) return { table: { ...like.table, ...name }, unknown: null }
      return this.#unknown(like?.unknown ?? `it was made like ${ddl.like.table}, which is not known`)
    }
    if (ddl.select) return this.#unknown(`it was made by CREATE TABLE … SELECT at ${this.#run.place}`)
    return { table: makeTable(name, ddl, this.#schemaCharset(name.schema), this.#setting()), unknown: null }
  }

  #unknown(unknown: string): Omit<TableState, 'shadow'> {
    return { table: null, unknown }
  }

  #drop(name: TableName): void {
    const state = this.#tables.get(name)
    this.#tables.set(name, null)
    this.#note(plainChange('drop', schemaOf(state), null), name)
  }

  #alter(name: TableName, { specs }: Extract<Ddl, { kind: 'alterTable' }>): void {
    const state = this.#tables.get(name)
    if (state?.table) this.#change(name, state, state.table, specs)
    else {
      const unseen = specs.find(spec => spec.kind === 'unseenRows')?.reason ?? null
      this.#note(plainChange('alter', null, null, unseen), name)
    }
    for (const spec of specs) {
      if (spec.kind === 'unseenRows' && spec.other !== null) this.#exchange(name, this.#name(spec.other), spec)
      if (spec.kind !== 'renameTable') continue
      const to = this.#name(spec.to)
      if (to.schema !== name.schema || to.table !== name.table)
        this.#notes.push(...renameTables([{ from: name, to }], this.#tables))
    }
  }

  #change(
    name: TableName,
    state: TableState,
    before: FollowedTable,
    specs: Extract<Ddl, { kind: 'alterTable' }>['specs'],
  ): void {
    const { defaultSchema } = this.#run
    const ofSession = defaultSchema === '' ? this.#serverCharset() : this.#schemas.charset(defaultSchema)
    const defaults = { ofSchema: this.#schemaCharset(name.schema), ofSession }
    const changed = changeTable(before, specs, defaults, this.#setting())
    const shadow = state.shadow === null ? null : this.#extended(state.shadow, changed)
    this.#tables.set(name, { table: changed.table, unknown: null, shadow })
    if (specs.length > 0 && specs.every(spec => spec.kind === 'renameTable')) return
    const { renamedColumns, unseenRows } = changed
    const fills = this.#fills(changed, this.#time())
    const after = tableSchemaOf(changed.table)
    this.#note({ kind: 'alter', before: tableSchemaOf(before), after, renamedColumns, fills, unseenRows }, name)
  }

  /** Rows are copied into a shadow one by one, so times are not those of its ALTER. */
  #extended(shadow: Shadow, changed: ChangedTable): Shadow {
    if (shadow.lineage === null) return shadow
    const step = { renamed: changed.renamedColumns, fills: this.#fills(changed, null) }
    return { ...shadow, lineage: extendLineage(shadow.lineage, step) }
  }

  #fills({ table, added }: ChangedTable, time: StatementTime | null): Map<string, ColumnFill> {
    return new Map(
      [...added].map(([name, definition]) => {
        const column = table.columns.find(c => c.name === name)
        return [
          name,
          column === undefined ? { kind: 'unknown', reason: 'is not known' } : fillOf(definition, column, time),
        ]
      }),
    )
  }

  /** The other table of EXCHANGE PARTITION, and of MariaDB's CONVERT. */
  #exchange(name: TableName, other: TableName, { reason, effect }: UnseenRows): void {
    const state = this.#tables.get(other)
    if (effect === 'drop') this.#drop(other)
    else if (effect === 'create') {
      const table = this.#tables.get(name)?.table ?? null
      const made = { table: table && { ...table, ...other }, unknown: table === null ? reason : null, shadow: null }
      this.#tables.set(other, made)
      this.#note(plainChange('create', null, schemaOf(made), reason), other)
    } else this.#note(plainChange('alter', schemaOf(state), schemaOf(state), reason), other)
  }

  #note(change: TableChange, ...names: TableName[]): void {
    this.#notes.push({ change, names })
  }

  #name({ schema, table }: TableRef): TableName {
    return { schema: schema === null ? this.#run.defaultSchema : this.#fold(schema), table: this.#fold(table) }
  }

  #fold(name: string): string {
    return this.#server.lowerCaseNames ? name.toLowerCase() : name
  }

  #setting(): DdlSetting {
    const { facts } = this.#run
    const dialect = dialectOf(this.#server, facts)
    const { mariadb, version, explicitTimestamps } = this.#server
    // MariaDB marks a session in which it is ON, and knows sessions that differ from the server from 10.10 on.
    const unmarked = mariadb && version >= 101000 ? false : explicitTimestamps
    return { dialect, explicitTimestamps: facts.explicitTimestamps ?? unmarked }
  }

  #serverCharset(): CharacterSet {
    const id = this.#run.facts.serverCollationId
    const charset = id === null ? null : charsetOfCollation(id)
    if (id === null || charset === null) return { charset: this.#server.charset, collation: null }
    const collation = this.#server.collations?.get(id) ?? null
    return { charset: charsetName(charset, this.#setting().dialect), collation }
  }

  #schemaCharset(schema: string): CharacterSet {
    return this.#schemas.charset(schema) ?? this.#serverCharset()
  }

  #time(): StatementTime {
    const { timestamp, facts } = this.#run
    const { microseconds, timeZone } = facts
    return { seconds: timestamp, microseconds, sessionZone: timeZone, zone: this.#server.zone }
  }
}

type UnseenRows = Extract<Extract<Ddl, { kind: 'alterTable' }>['specs'][number], { kind: 'unseenRows' }>
