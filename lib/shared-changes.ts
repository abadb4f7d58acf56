import type { RowsEvent } from './binlog/event.js'
import type { TableMap } from './binlog/table-map.js'
import type { ChangePlace } from './model/change-place.js'
import { asFailure, Failure } from './model/failure.js'
import type { Observer } from './model/observer.js'
import { formatPosition } from './model/position.js'
import { tableName } from './model/schema.js'
import type { NamedChange, SchemaChange } from './model/schema-change.js'
import type { PositionTracker } from './mysql/position-tracker.js'
import type { ChangeReceiver } from './mysql/stream-reader.js'
import type { RuleBook } from './rules/rule-book.js'
import { shardTag } from './rules/shard-tag.js'
import type { TableShare } from './table-share.js'

type TableId = { readonly schema: string; readonly table: string }

/** What a stream does with changes. */
export interface ChangeHandlers {
  bind(map: TableMap): Promise<void> | undefined
  /** A promise holds the stream. */
  rows(event: RowsEvent, place: ChangePlace, commitMs: number): Promise<void> | undefined
  /** Rows of another stream's share: they are counted as events of their epoch, and go nowhere. */
  held(event: RowsEvent, place: ChangePlace, commitMs: number): Promise<void> | undefined
  /** `open`: see ChangeReceiver. */
  follow(change: SchemaChange, open: boolean): Promise<void>
  /** The target has the table's change already. */
  passOver(schema: string, table: string): Promise<void>
}

export interface SharedStream {
  readonly share: TableShare
  readonly book: RuleBook
  /** All tables of the source. */
  readonly tables: readonly TableId[]
  readonly tracker: PositionTracker
  /** Targets follow DDL: on_ddl = "evolve". */
  readonly evolves: boolean
  readonly observer: Observer
}

/**
 * Hands a stream the changes of its share, passes over the others, and has a table halted whose map cannot be bound or whose
 * DDL cannot be followed.
 */
export function shareChanges(
  handlers: ChangeHandlers,
  { share, book, tables, tracker, evolves, observer }: SharedStream,
): Pick<ChangeReceiver, 'bind' | 'rows' | 'commit' | 'tablesChanged'> {
  /** Maps of the tables that the open transaction has rows of: the first, of which alone most have, and the others. */
  let touched: TableMap | null = null
  const touchedToo = new Set<TableMap>()
  const isHeld = ({ schema, table }: TableId): boolean => share.holds(schema, table, tracker)

  async function haltAll(own: readonly TableId[], error: unknown, statement: string | null, after: string | null) {
    const failure = asFailure(error)
    const position = tracker.position()
    for (const { schema, table } of own) await share.halt({ schema, table, failure, position, statement, after })
  }

  async function unbindable(map: TableMap, error: unknown): Promise<void> {
    // Its rows of one transaction cannot be two streams'.
    for (const { schema, table } of touched === null ? [] : [touched, ...touchedToo])
      if (schema === map.schema && table === map.table) throw error
    await haltAll([map], error, null, null)
  }

  return {
    bind(map) {
      if (isHeld(map)) return
      try {
        return handlers.bind(map)?.catch(error => unbindable(map, error))
      } catch (error) {
        return unbindable(map, error)
      }
    },
    rows(event, place, commitMs) {
      if (isHeld(event.map)) {
        observer({ kind: 'held', source: tableName(event.map), bytes: event.end - event.at })
        return handlers.held(event, place, commitMs)
      }
      if (touched === null) touched = event.map
      else if (event.map !== touched) touchedToo.add(event.map)
      return handlers.rows(event, place, commitMs)
    },
    commit() {
      touched = null
      if (touchedToo.size > 0) touchedToo.clear()
    },
    async tablesChanged(change, open) {
      const all = namesOf(change).filter(
        ({ schema, table }) => share.wanted(schema, table) && book.wanted(schema, table),
      )
      const held = all.filter(isHeld)
      const own = all.filter(table => !isHeld(table))
      const statement = change.statement.replace(/\s+/g, ' ').trim().slice(0, 500)
      const tell = (tables: readonly TableId[], action: string): void => {
        if (tables.length > 0) observer({ kind: 'ddl', source: tables.map(tableName).join(', '), statement, action })
      }
      tell(held, 'left to the catch-up of the halted table')
      if (all.length > 0 && own.length === 0) return
      if (own.length > 0 && own.every(({ schema, table }) => share.accepts(schema, table, tracker))) {
        for (const { schema, table } of own) await handlers.passOver(schema, table)
        tell(own, 'carried out by hand, as `halted accept` says')
        return
      }
      const first = held[0]
      if (change.tables.some(t => t.change.kind === 'rename') && first !== undefined) {
        const failure = new Failure(
          'ddlUnsupported',
          `Behind ${formatPosition(tracker)} a table is renamed together with ${tableName(first)}, which is halted: ${statement}`,
          { advice: `Nothing is to be done for this table alone: it is caught up when ${tableName(first)} is.` },
        )
        const after = share.halted.find(({ schema, table }) => schema === first.schema && table === first.table)
        return haltAll(own, failure, null, after?.id ?? null)
      }
      try {
        if (evolves && change.tables.some(t => t.change.kind === 'truncate')) refuseSharedTarget(own, statement)
        const isOwn = ({ names }: NamedChange): boolean => !names.some(isHeld)
        await handlers.follow(held.length === 0 ? change : { ...change, tables: change.tables.filter(isOwn) }, open)
      } catch (error) {
        await haltAll(own, error, statement, null)
      }
    },
  }

  /** Also where this stream does not know the other tables: those that are halted, and all others of a catch-up. */
  function refuseSharedTarget(truncated: readonly TableId[], statement: string): void {
    for (const { schema, table } of truncated)
      for (const target of book.match(schema, table).filter(({ rule }) => rule.mode !== 'append')) {
        const others = book.writersOf(target, tables).filter(other => other.schema !== schema || other.table !== table)
        const mayDelete = target.rule.mode === 'upsert' && shardTag(book, target, { schema, table }, tables) !== null
        if (others.length > 0 && !mayDelete)
          throw new Failure(
            'ddlUnsupported',
            `${statement}: ${others.map(tableName).join(', ')} goes into ${target.database}.${target.table} too, so it cannot be truncated.`,
            { advice: `DELETE the rows of ${schema}.${table} from ${target.database}.${target.table} by hand.` },
          )
      }
  }
}

/** Each table once. */
function namesOf({ tables }: SchemaChange): TableId[] {
  return [...new Map(tables.flatMap(({ names }) => names.map(name => [tableName(name), name] as const))).values()]
}
