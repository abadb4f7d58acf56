import type { Sink } from './dispatch/sink.js'
import { asFailure, Failure } from './model/failure.js'
import type { Observer } from './model/observer.js'
import { isSameName } from './model/same-name.js'
import { type TableSchema, type TargetTable, tableName, targetName } from './model/schema.js'
import type { RowTag } from './model/target-change.js'
import { planColumns } from './rules/column-plan.js'
import type { RuleBook } from './rules/rule-book.js'
import { planShape } from './rules/shape/shaped-table.js'
import { isTaggedKey, shardTag, tellingTag } from './rules/shard-tag.js'
import { usableRules } from './rules/target-modes.js'
import { requestTarget, type TargetWish } from './rules/target-wish.js'
import { mergeRequests } from './starrocks/merged-request.js'

type TargetRef = { readonly database: string; readonly table: string }
type TableRef = { readonly schema: string; readonly table: string }

export interface SharedTargetParts {
  readonly book: RuleBook
  readonly sink: Sink
  readonly skipTablesWithoutKey: boolean
  /** Targets that exist are altered: on_ddl = "evolve". */
  readonly evolves: boolean
  /** Names of all tables that may be written anywhere. */
  readonly names: () => readonly TableRef[]
  /** Tables whose columns are known now: another list when they are others. */
  readonly known: () => readonly TableSchema[]
  /** Tables whose rows of before are still to come: they may have columns that they no longer have. */
  readonly held: () => readonly TableRef[]
  readonly observer: Observer
  readonly signal: AbortSignal
}

/** Targets that several source tables are written into: they suit all of them, whichever come first, later, or change. */
export class SharedTargets {
  readonly #parts: SharedTargetParts
  /** Tables by the name of the target that they are written into, as of a list of known tables. */
  #writersBy: {
    readonly known: readonly TableSchema[]
    readonly byTarget: ReadonlyMap<string, readonly TableRef[]>
  } | null = null
  /** By target name, what it was brought to hold last, and how it is since. */
  readonly #united = new Map<string, { readonly question: string; readonly target: TargetTable }>()

  constructor(parts: SharedTargetParts) {
    this.#parts = parts
  }

  /** Whether a source table other than this one is written to a target, as far as is known. */
  isShared(target: TargetRef, of: TableRef): boolean {
    return this.othersOf(target, of).length > 0
  }

  /** Whether a tag in the key makes equal keys of two tables two rows. */
  isTagged(target: TargetRef, of: TableRef): boolean {
    return isTaggedKey(this.#parts.book, target, of, this.#parts.names())
  }

  /** The constant that tells the rows of every table of a target; null: there is none. */
  tagOf(target: TargetRef, of: TableRef): RowTag | null {
    return tellingTag(this.#parts.book, target, of, this.#parts.names())
  }

  /** See `EvolutionParts`. */
  rowsOf(target: TargetRef, of: TableRef): readonly RowTag[] | null {
    return shardTag(this.#parts.book, target, of, this.#parts.names())
  }

  /** See `EvolutionParts`. A table that is not known has no rows yet: when it comes, so does the column. */
  othersWith(target: TargetRef, of: TableRef, column: string): readonly string[] {
    const { known, held } = this.#parts
    const isHeld = (one: TableRef) => held().some(({ schema, table }) => schema === one.schema && table === one.table)
    const fills = (other: TableRef): boolean => {
      if (isHeld(other)) return true
      const schema = known().find(one => one.schema === other.schema && one.table === other.table)
      const wish = schema === undefined ? null : this.#wishOf(schema, target)
      return wish?.columns.some(({ name }) => isSameName(name, column)) ?? false
    }
    return this.othersOf(target, of).filter(fills).map(tableName)
  }

  /**
   * What `prepare` of the sink does, for a target of one table; one of several is made for the union of them, or altered so that
   * it holds the values of all. Rejects with ddlUnsupported where StarRocks cannot alter it so.
   */
  async prepare(wish: TargetWish): Promise<TargetTable> {
    const { sink, evolves, signal, observer } = this.#parts
    if (wish.missingColumns === 'leaveOut' || this.#writers(wish).length < 2) return sink.prepare(wish)
    const whole = this.#union(wish)
    const question = questionOf(whole)
    const name = targetName(wish)
    const united = this.#united.get(name)
    if (united?.question === question) return united.target
    // One that is not to be altered need only suit the table that asks; sums cannot be added later.
    if (!evolves || wish.model === 'aggregate')
      return (await sink.inspect(wish)) === null ? sink.prepare(whole) : sink.prepare(wish)
    const { statements } = await sink.evolve(
      {
        source: 'Several tables',
        statement: 'nothing: their columns are to be in one target',
        database: wish.database,
        table: wish.table,
        model: wish.model,
        shared: true,
        steps: [{ kind: 'unite', columns: whole.columns }],
      },
      signal,
    )
    if (statements.length > 0)
      observer({
        kind: 'warning',
        message: `${name} was altered to hold the rows of all its tables: ${statements.join('; ')}.`,
        advice: 'Rows that are there have NULL in added columns; copy a table again whose rows had values before.',
      })
    const target = await sink.prepare(whole)
    this.#united.set(name, { question, target })
    return target
  }

  /** What `inspect` of the sink does; null also for a target of several tables that is still to be altered. */
  async inspect(wish: TargetWish): Promise<TargetTable | null> {
    const { sink, evolves } = this.#parts
    try {
      return await sink.inspect(wish)
    } catch (error) {
      const failure = asFailure(error)
      if (failure.kind !== 'targetUnfit' || !evolves || this.#writers(wish).length < 2) throw failure
      // `prepare` alters it, or says why it cannot.
      return null
    }
  }

  /** The other source tables that are written to a target, as far as is known. */
  othersOf(target: TargetRef, of: TableRef): readonly TableRef[] {
    return this.#writers(target).filter(({ schema, table }) => schema !== of.schema || table !== of.table)
  }

  /** Each once, however often it is named. Asked for every table at a start, so all are looked at once. */
  #writers(target: TargetRef): readonly TableRef[] {
    const known = this.#parts.known()
    if (this.#writersBy?.known !== known) this.#writersBy = { known, byTarget: this.#allWriters() }
    return this.#writersBy.byTarget.get(targetName(target)) ?? []
  }

  #allWriters(): ReadonlyMap<string, readonly TableRef[]> {
    const { book, names } = this.#parts
    const all = new Map<string, TableRef[]>()
    for (const one of new Map(names().map(name => [tableName(name), name])).values()) {
      if (!book.wanted(one.schema, one.table)) continue
      for (const way of book.match(one.schema, one.table)) {
        const writers = all.get(targetName(way))
        if (writers === undefined) all.set(targetName(way), [one])
        else writers.push(one)
      }
    }
    return all
  }

  /** Tables that cannot be united with it are left out: of them `prepare` says what is wrong when their turn comes. */
  #union(wish: TargetWish): TargetWish {
    let whole = wish
    for (const schema of this.#parts.known()) {
      const other = this.#wishOf(schema, wish)
      if (other === null) continue
      try {
        const requests = [
          { source: targetName(wish), request: whole },
          { source: tableName(schema), request: other },
        ] as const
        whole = { ...whole, ...mergeRequests([requests[0], requests[1]]) }
      } catch (error) {
        if (!(error instanceof Failure) || error.kind !== 'targetUnfit') throw error
      }
    }
    return { ...whole, missingColumns: wish.missingColumns }
  }

  /** What a table asks of a target; null: nothing, or nothing that can be carried out, which is told elsewhere. */
  #wishOf(schema: TableSchema, target: TargetRef): TargetWish | null {
    const { book, skipTablesWithoutKey } = this.#parts
    const way = book
      .match(schema.schema, schema.table)
      .find(({ database, table }) => database === target.database && table === target.table)
    if (way === undefined || !book.wanted(schema.schema, schema.table)) return null
    try {
      if (usableRules(schema, [way], skipTablesWithoutKey, () => undefined).length === 0) return null
      const shaped = planShape(schema, way).schema
      return requestTarget(shaped, planColumns(shaped, way), way, 'refuse')
    } catch (error) {
      const failure = asFailure(error)
      if (failure.kind === 'internal') throw failure
      return null
    }
  }
}

/** Says the same of unions that differ in nothing but whose table came first. */
function questionOf({ columns, comment: _, ...wish }: TargetWish): string {
  const named = columns.map(({ comment: __, ...column }) => column).sort((a, b) => (a.name < b.name ? -1 : 1))
  return JSON.stringify({ ...wish, columns: named })
}
