import { bindTable } from '../binlog/bind-table.js'
import type { KeyReader } from '../binlog/key-reader.js'
import type { TableMap } from '../binlog/table-map.js'
import { Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import { type TableSchema, type TargetTable, tableName, targetName } from '../model/schema.js'
import type { Zone } from '../model/zone.js'
import { ColumnOwners } from './column-owners.js'
import { type ColumnPlan, planColumns } from './column-plan.js'
import type { CompiledRoute } from './compiled-route.js'
import { type CopyRoutes, compileCopyRoutes } from './copy-routes.js'
import { imageFindings, type LoggedImages } from './image-findings.js'
import type { KeyListener } from './key-watch.js'
import { compileRoute, type RouteOptions, type Way } from './route-compiler.js'
import { binlogImages } from './route-images.js'
import type { MatchedRule, RuleBook } from './rule-book.js'
import { MASKED_READS_ADVICE, maskedReads } from './shape/masked-reads.js'
import { planShape, type ShapedTable } from './shape/shaped-table.js'
import { streamKeys } from './stream-keys.js'
import { coverTarget } from './target-fit.js'
import { TargetModes, usableRules } from './target-modes.js'
import { inexactSums, lossyCasts, type MissingColumns, requestTarget, type TargetWish } from './target-wish.js'

export interface RouterOptions {
  readonly columnSeparator: { readonly text: string; readonly bytes: Uint8Array }
  readonly rowDelimiter: { readonly text: string; readonly bytes: Uint8Array }
  readonly zone: Zone
  /** true: `upsert` rules of tables without a key are passed over with a warning; false: they stop the start. */
  readonly skipTablesWithoutKey: boolean
  /** What the source's row images hold; absent: nothing is known of them. */
  readonly logged?: LoggedImages
  /** true: values their target column cannot hold stop the stream when they are met; false: StarRocks judges them. */
  readonly stopsAtBadValues: boolean
  /** See `RouteOptions`. */
  readonly forComparison?: boolean
}

export interface RouterParts {
  /** The table as it was when the rows of this table map were written. @throws Failure when it cannot be known */
  readonly schemaFor: (map: TableMap) => TableSchema
  /** Makes sure of the target; see the sink's `prepare`. */
  readonly prepare: (wish: TargetWish) => Promise<TargetTable>
  /** The target as it is, null where it would be created; see the sink's `inspect`. */
  readonly inspect: (wish: TargetWish) => Promise<TargetTable | null>
  /** Who hears of the keys of rows that a table's rule writes into a target; null, or absent: nobody asks for them. */
  readonly listen?: (schema: TableSchema, matched: MatchedRule, target: TargetTable) => KeyListener | null
  readonly observer: Observer
}

export type { CompiledRoute } from './compiled-route.js'

interface KnownTable {
  /** The table has changed since: its targets are made sure of again before its rows. What it wrote to stays known. */
  stale: boolean
  readonly schema: TableSchema
  readonly ways: readonly Way[]
}

/** Finds, for every table map, the compiled routes of its rows; targets are prepared before the first row. */
export class Router {
  readonly #options: RouterOptions
  readonly #book: RuleBook
  readonly #parts: RouterParts
  readonly #tables = new Map<string, KnownTable>()
  readonly #targets = new Map<string, TargetTable>()
  readonly #modes = new TargetModes()
  readonly #owners = new ColumnOwners()
  readonly #missing = new Map<string, MissingColumns>()
  readonly #routeOptions: RouteOptions
  readonly #keyReaders = new WeakMap<TableMap, Map<string | null, KeyReader>>()
  readonly #routes = new WeakMap<TableMap, readonly CompiledRoute[]>()

  constructor(options: RouterOptions, book: RuleBook, parts: RouterParts) {
    this.#options = options
    this.#routeOptions = { ...options, generatedLogged: options.logged?.mariadb === false }
    this.#book = book
    this.#parts = parts
  }

  /** Routes of a bound table map; empty when the table is passed over. */
  routes(map: TableMap): readonly CompiledRoute[] {
    const routes = this.#routes.get(map)
    if (routes === undefined)
      throw new Failure('internal', `Rows of ${tableName(map)} came before its table map was bound.`)
    return routes
  }

  /** Compiles the routes for a table map. A promise only when a target must be asked first. Throws or rejects with a Failure naming table and column. */
  bind(map: TableMap): Promise<void> | undefined {
    const schema = this.#parts.schemaFor(map)
    const known = this.#tables.get(tableName(map))
    if (known && !known.stale && JSON.stringify(known.schema) === JSON.stringify(schema)) {
      this.#compile(map, known)
      return
    }
    return this.learn(schema).then(table => this.#compile(map, table))
  }

  /**
   * The reader of the keys of a table map's images, in the words of `CopyRoutes`. `columns`: a bitmap of those that the images
   * have, as one of `RowsEvent.bitmaps`; null: all. Throws a Failure when the table's schema cannot be known.
   */
  keyTexts(map: TableMap, columns: string | null = null): KeyReader {
    let readers = this.#keyReaders.get(map)
    if (readers === undefined) {
      readers = new Map()
      this.#keyReaders.set(map, readers)
    }
    let reader = readers.get(columns)
    if (reader === undefined) {
      reader = streamKeys(map, this.#parts.schemaFor(map), columns, this.#options.zone)
      readers.set(columns, reader)
    }
    return reader
  }

  /**
   * The routes of rows that a SELECT gives. A promise only when a target must be asked first. Throws or rejects with a
   * Failure naming table and column, as `bind` does.
   */
  copyRoutes(schema: TableSchema): CopyRoutes | Promise<CopyRoutes> {
    const known = this.#tables.get(tableName(schema))
    if (known && !known.stale && JSON.stringify(known.schema) === JSON.stringify(schema))
      return compileCopyRoutes(this.#routeOptions, schema, known.ways)
    return this.learn(schema).then(({ ways }) => compileCopyRoutes(this.#routeOptions, schema, ways))
  }

  /** Applies a table's rules and prepares its targets. */
  async learn(schema: TableSchema): Promise<KnownTable> {
    const known = { stale: false, schema, ways: await this.#ways(schema) }
    this.#tables.set(tableName(schema), known)
    return known
  }

  /** Whether a table's rules could be carried out, with its targets as they are (`withTargets`): rejects as `learn` would, and makes nothing. */
  async judge(schema: TableSchema, withTargets: boolean): Promise<void> {
    const matches = this.#book.match(schema.schema, schema.table)
    for (const matched of usableRules(schema, matches, this.#options.skipTablesWithoutKey, () => undefined)) {
      const shaped = planShape(schema, matched).schema
      const plan = planColumns(shaped, matched)
      const wish = requestTarget(shaped, plan, matched, 'refuse')
      const target = withTargets ? await this.#parts.inspect(wish) : null
      this.#owners.claim(shaped, plan, matched, target)
      if (target !== null) coverTarget(shaped, plan, matched, target, 'refuse', this.#options.stopsAtBadValues)
    }
  }

  /** The table has changed: its targets are prepared again when its rows come, and columns they lack are treated so from then on. */
  forget(schema: string, table: string, missingColumns: MissingColumns): void {
    const known = this.#tables.get(`${schema}.${table}`)
    if (known) known.stale = true
    this.#missing.set(`${schema}.${table}`, missingColumns)
  }

  /** Targets of all tables known so far. */
  get targets(): readonly TargetTable[] {
    return [...this.#targets.values()]
  }

  /**
   * Targets that a truncated source table empties, and whether no other table known to this run has written there. A table
   * of changes keeps them: TRUNCATE takes back none.
   */
  async targetsOf(schema: TableSchema): Promise<{ readonly target: TargetTable; readonly alone: boolean }[]> {
    const own = this.#tables.get(tableName(schema)) ?? (await this.learn(schema))
    const emptied = own.ways.filter(({ matched }) => matched.rule.mode !== 'append')
    return emptied.map(({ target }) => {
      const others = [...this.#tables].filter(
        ([name, known]) =>
          name !== tableName(schema) && known.ways.some(w => targetName(w.target) === targetName(target)),
      )
      return { target, alone: others.length === 0 }
    })
  }

  async #ways(schema: TableSchema): Promise<KnownTable['ways']> {
    const ways: Way[] = []
    const { observer } = this.#parts
    const matches = this.#book.match(schema.schema, schema.table)
    const usable = usableRules(schema, matches, this.#options.skipTablesWithoutKey, observer)
    if (usable.length === 0) return []
    for (const matched of usable) {
      this.#modes.claim(matched)
      const shaped = planShape(schema, matched)
      const plan = planColumns(shaped.schema, matched)
      for (const message of inexactSums(shaped.schema, plan, matched))
        observer({ kind: 'warning', message, advice: 'Sum a DECIMAL column where the last digits matter.' })
      for (const message of maskedReads(schema, matched))
        observer({ kind: 'warning', message, advice: MASKED_READS_ADVICE })
      this.#judgeImages(shaped, plan, matched)
      for (const message of lossyCasts(shaped.schema, plan, matched))
        observer({ kind: 'warning', message, advice: 'Cast to a type that holds all values where that matters.' })
      const missing = this.#missing.get(tableName(schema)) ?? 'refuse'
      // Before the target is altered for columns that it must not have.
      this.#owners.claim(shaped.schema, plan, matched, null)
      const target = await this.#prepare(requestTarget(shaped.schema, plan, matched, missing))
      this.#owners.claim(shaped.schema, plan, matched, target)
      ways.push({
        matched,
        target,
        constants: plan.constants,
        listener: watchesKeys(matched) ? (this.#parts.listen?.(schema, matched, target) ?? null) : null,
        shaped,
        fit: coverTarget(shaped.schema, plan, matched, target, missing, this.#options.stopsAtBadValues),
      })
    }
    observer({
      kind: 'tableBound',
      source: tableName(schema),
      targets: ways.map(w => targetName(w.target)),
    })
    return ways
  }

  /** Throws sourceUnfit where a rule cannot be carried out with the row images that the source logs. */
  #judgeImages(shaped: ShapedTable, plan: ColumnPlan, matched: MatchedRule): void {
    const { logged } = this.#options
    for (const { level, message, remedy } of logged === undefined ? [] : imageFindings(shaped, plan, matched, logged)) {
      if (level === 'error') throw new Failure('sourceUnfit', message, { advice: remedy })
      this.#parts.observer({ kind: 'warning', message, advice: remedy })
    }
  }

  /** One object per target, so that rows of several source tables meet in the same bodies. */
  async #prepare(wish: TargetWish): Promise<TargetTable> {
    const name = targetName(wish)
    const found = await this.#parts.prepare(wish)
    const known = this.#targets.get(name)
    if (known && JSON.stringify(known) === JSON.stringify(found)) return known
    this.#targets.set(name, found)
    return found
  }

  #compile(map: TableMap, known: KnownTable): void {
    if (known.ways.length === 0) {
      this.#routes.set(map, [])
      return
    }
    const images = binlogImages(bindTable(map, known.schema))
    this.#routes.set(
      map,
      known.ways.map(way => compileRoute(this.#routeOptions, way, images)),
    )
  }
}

/** Tables that make rows together have their keys in common, and keys of rows that a module makes are none of the source's. */
function watchesKeys({ rule: { mode, shape } }: MatchedRule): boolean {
  return mode === 'upsert' && !shape.partial && shape.transform === null
}
