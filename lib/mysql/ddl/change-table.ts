import type { SourceColumn } from '../../model/schema.js'
import { type CharacterSet, charsetFacts, chooseCharset } from './charset-choice.js'
import { convertColumn } from './convert-column.js'
import type { AlterSpec, ColumnDefinition, ColumnPlace } from './ddl.js'
import { type FollowedKey, type FollowedTable, sameName } from './followed-table.js'
import { withDefault } from './insert-default.js'
import { addKeys, type DdlSetting, makeColumn, withoutNull } from './make-table.js'
import { UnreadableDdl } from './unreadable-ddl.js'

export interface ChangedTable {
  readonly table: FollowedTable
  /** Old name to new name, of columns whose name is another now. */
  readonly renamedColumns: ReadonlyMap<string, string>
  /** Definitions of the columns that were added, by name. */
  readonly added: ReadonlyMap<string, ColumnDefinition>
  readonly unseenRows: string | null
}

/** What the word DEFAULT stands for in a statement about character sets. */
export interface CharsetDefaults {
  /** Of the schema of the table. */
  readonly ofSchema: CharacterSet
  /** Of the session's own schema, which CONVERT TO of MySQL takes (sql_yacc.yy, collation_database); null: not known. */
  readonly ofSession: CharacterSet | null
}

/** A column on its way through one ALTER TABLE; `old` is its name before, null when it is new. */
interface Slot {
  column: SourceColumn
  readonly old: string | null
}

/**
 * What ALTER TABLE makes of a table. Names in the statement are those before it, except behind AFTER (MySQL
 * sql_table.cc, mysql_prepare_alter_table: old columns are kept, changed or left out in their order, then new and moved ones
 * are put in place in the statement's order). @throws UnreadableDdl when statement and table contradict each other
 */
export function changeTable(
  before: FollowedTable,
  specs: readonly AlterSpec[],
  defaults: CharsetDefaults,
  setting: DdlSetting,
): ChangedTable {
  const change = new Change(before, specs, defaults, setting)
  return change.run()
}

function defaultOf({ charset, collation }: FollowedTable): CharacterSet {
  return { charset, collation: collation ?? null }
}

class Change {
  readonly #before: FollowedTable
  readonly #specs: readonly AlterSpec[]
  readonly #defaults: CharsetDefaults
  readonly #setting: DdlSetting
  #slots: Slot[]

  constructor(before: FollowedTable, specs: readonly AlterSpec[], defaults: CharsetDefaults, setting: DdlSetting) {
    this.#before = before
    this.#specs = specs
    this.#defaults = defaults
    this.#setting = setting
    this.#slots = before.columns.map(column => ({ column, old: column.name }))
  }

  run(): ChangedTable {
    const before = this.#before
    const charset = this.#tableCharset()
    if (this.#specs.some(spec => spec.kind === 'systemVersioning'))
      throw new UnreadableDdl('system versioning (hidden row_start and row_end)', 0)
    this.#refuseTwoCharsets()
    this.#convert()
    this.#keepOrChange(charset)
    const added = this.#place(charset)
    const renamed = new Map(
      this.#slots.flatMap(({ column, old }) => (old !== null && old !== column.name ? [[old, column.name]] : [])),
    )
    const columns = this.#slots.map(slot => slot.column)
    const comment = this.#specs.findLast(spec => spec.kind === 'comment')?.comment ?? before.comment
    const keys = this.#keptKeys(renamed)
    const newKeys = this.#specs.flatMap(spec =>
      spec.kind === 'addKey' && !this.#isIdle(spec, added) ? [spec.key] : [],
    )
    const table = addKeys({ ...before, columns, keys, ...charsetFacts(charset), comment }, newKeys)
    const unseenRows = this.#specs.find(spec => spec.kind === 'unseenRows')?.reason ?? null
    return { table, renamedColumns: renamed, added, unseenRows }
  }

  #tableCharset(): CharacterSet {
    let charset = defaultOf(this.#before)
    for (const spec of this.#specs) {
      if (spec.kind !== 'defaultCharset' && spec.kind !== 'convertCharset') continue
      const choice = spec.charset
      charset = chooseCharset(
        choice,
        choice.charset === 'default' ? this.#defaultFor(spec.kind) : charset,
        this.#setting.dialect,
      )
    }
    return charset
  }

  #defaultFor(kind: 'defaultCharset' | 'convertCharset'): CharacterSet {
    const { ofSchema, ofSession } = this.#defaults
    if (kind === 'defaultCharset' || this.#setting.dialect.mariadb) return ofSchema
    if (ofSession === null)
      throw new UnreadableDdl('CONVERT TO CHARACTER SET DEFAULT in a session whose schema is not followed', 0)
    return ofSession
  }

  /** Servers differ in which of them columns get. */
  #refuseTwoCharsets(): void {
    const chosen = this.#specs.flatMap(spec =>
      spec.kind === 'convertCharset' || spec.kind === 'defaultCharset'
        ? [chooseCharset(spec.charset, defaultOf(this.#before), this.#setting.dialect).charset]
        : [],
    )
    const converts = this.#specs.some(spec => spec.kind === 'convertCharset')
    if (converts && new Set(chosen).size > 1)
      throw new UnreadableDdl('CONVERT TO together with another character set in one statement', 0)
  }

  #convert(): void {
    const conversion = this.#specs.findLast(spec => spec.kind === 'convertCharset')
    if (conversion === undefined) return
    const charset = this.#tableCharset()
    for (const slot of this.#slots) slot.column = convertColumn(slot.column, charset)
  }

  /** Old columns: left out, renamed, or defined anew. */
  #keepOrChange(charset: CharacterSet): void {
    for (const spec of this.#specs) {
      if (spec.kind === 'dropColumn') {
        if (this.#require(spec.column, spec.ifExists) !== null)
          this.#slots = this.#slots.filter(slot => slot.old === null || !sameName(slot.old, spec.column))
      } else if (spec.kind === 'renameColumn') {
        const slot = this.#require(spec.from, spec.ifExists)
        if (slot !== null) slot.column = { ...slot.column, name: spec.to }
      } else if (spec.kind === 'changeColumn') {
        const slot = this.#require(spec.from, spec.ifExists)
        if (slot !== null) slot.column = this.#redefine(slot.column, spec.column, charset)
      } else if (spec.kind === 'setDefault') {
        const slot = this.#require(spec.column, spec.ifExists)
        if (slot !== null) slot.column = withDefault(slot.column, spec.default, this.#setting.dialect.mariadb)
      }
    }
  }

  /** A column of the primary key stays NOT NULL whatever its new definition says. */
  #redefine(old: SourceColumn, definition: ColumnDefinition, charset: CharacterSet): SourceColumn {
    const column = this.#make(definition, charset, this.#isFirstTimestamp(old.name))
    const primary = this.#before.keys.find(key => key.kind === 'primary')
    const dropped = this.#specs.some(spec => spec.kind === 'dropKey' && sameName(spec.name, 'PRIMARY'))
    const inKey = !dropped && primary?.parts.some(part => part.column !== null && sameName(part.column, old.name))
    return inKey ? withoutNull(column) : column
  }

  /** CONVERT TO holds also against a character set that the definition names. */
  #make(definition: ColumnDefinition, charset: CharacterSet, firstTimestamp: boolean): SourceColumn {
    const column = makeColumn(definition, charset, this.#setting, firstTimestamp)
    const converts = column.charset !== null && this.#specs.some(spec => spec.kind === 'convertCharset')
    // MySQL gives such a column the length of another size of TEXT or BLOB.
    if (this.#specs.some(spec => spec.kind === 'convertCharset') && !this.#setting.dialect.mariadb)
      if (/(text|blob)$/.test(column.dataType))
        throw new UnreadableDdl(`CONVERT TO together with a definition of "${column.name}" as TEXT or BLOB`, 0)
    return converts ? { ...column, ...charsetFacts(charset) } : column
  }

  #isFirstTimestamp(name: string | null): boolean {
    const first = this.#slots.find(({ column }) => column.dataType === 'timestamp')
    return first === undefined || first.old === name
  }

  /** New columns and those that move. */
  #place(charset: CharacterSet): Map<string, ColumnDefinition> {
    const added = new Map<string, ColumnDefinition>()
    for (const spec of this.#specs) {
      if (spec.kind === 'addColumn') {
        const { name } = spec.column
        if (this.#slots.some(slot => sameName(slot.column.name, name))) {
          if (spec.ifNotExists) continue
          throw this.#contradicts(`has a column "${name}" already`)
        }
        added.set(name, spec.column)
        const first = this.#isFirstTimestamp(null)
        this.#insert({ column: this.#make(spec.column, charset, first), old: null }, spec.place)
      } else if (spec.kind === 'changeColumn' && spec.place !== null) {
        const slot = this.#slots.find(({ old }) => old !== null && sameName(old, spec.from))
        if (slot === undefined) continue
        this.#slots.splice(this.#slots.indexOf(slot), 1)
        this.#insert(slot, spec.place)
      }
    }
    return added
  }

  #insert(slot: Slot, place: ColumnPlace): void {
    if (place === null) this.#slots.push(slot)
    else if ('first' in place) this.#slots.unshift(slot)
    else {
      const at = this.#slots.findIndex(({ column }) => sameName(column.name, place.after))
      if (at < 0) throw this.#contradicts(`has no column "${place.after}"`)
      this.#slots.splice(at + 1, 0, slot)
    }
  }

  #keptKeys(renamed: ReadonlyMap<string, string>): FollowedKey[] {
    const here = new Set(this.#slots.flatMap(({ old }) => old ?? []))
    const kept: FollowedKey[] = []
    for (const key of this.#before.keys) {
      if (this.#specs.some(spec => spec.kind === 'dropKey' && sameName(spec.name, key.name))) continue
      const parts = key.parts
        .filter(({ column }) => column === null || here.has(column))
        .map(part => (part.column === null ? part : { ...part, column: renamed.get(part.column) ?? part.column }))
      if (parts.length === 0) continue
      const rename = this.#specs.find(spec => spec.kind === 'renameKey' && sameName(spec.from, key.name))
      kept.push({ ...key, name: rename?.kind === 'renameKey' ? rename.to : key.name, parts })
    }
    return kept
  }

  /** The inline key of a column that was there already, or that was not there to change. */
  #isIdle({ key }: Extract<AlterSpec, { kind: 'addKey' }>, added: ReadonlyMap<string, ColumnDefinition>): boolean {
    const of = this.#specs.find(
      spec =>
        (spec.kind === 'addColumn' || spec.kind === 'changeColumn') &&
        spec.column.key !== null &&
        key.parts.length === 1 &&
        key.parts[0]!.column === spec.column.name,
    )
    if (of?.kind === 'addColumn') return of.ifNotExists && !added.has(of.column.name)
    if (of?.kind === 'changeColumn')
      return of.ifExists && !this.#slots.some(s => sameName(s.column.name, of.column.name))
    return false
  }

  /** The slot of a column by its name before the statement. */
  #require(name: string, ifExists: boolean): Slot | null {
    const slot = this.#slots.find(({ old }) => old !== null && sameName(old, name))
    if (slot === undefined && !ifExists) throw this.#contradicts(`has no column "${name}"`)
    return slot ?? null
  }

  #contradicts(what: string): UnreadableDdl {
    return new UnreadableDdl(`${this.#before.schema}.${this.#before.table}, as it is known, ${what}`, 0)
  }
}
