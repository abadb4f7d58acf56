import type { ValueType } from '../../model/value.js'

/**
 * Of which row a column is read. `row`: of the one that is written: behind an insert or update, or the deleted one. `new`
 * and `old`: of the one behind and before the change; NULL where there is none.
 */
export type RowOf = 'row' | 'new' | 'old'

/** A column of the table that a rule reads. */
export interface ReadColumn {
  /** Index among the table's own columns. */
  readonly column: number
  readonly of: RowOf
  /** As what it is read: see `WantedValue`. */
  readonly type: ValueType
  /** See `WantedValue`. Only of the row that is written: its image is at hand. */
  readonly asSpan?: true
}

/** What is known of a change beside its columns, by the names that expressions have for it. */
export const CHANGE_VARIABLES = ['operation', 'schema', 'table', 'bin_name', 'bin_pos', 'commit_time'] as const

export type ChangeVariable = (typeof CHANGE_VARIABLES)[number]

/** As `_commit_time` of tables of changes is written. */
export const COMMIT_TIME: ValueType = { kind: 'datetime', fractionDigits: 6 }

/** Any column's value as the stream writes it. */
export const ANY_TEXT: ValueType = { kind: 'text', maxLength: null }

/** A column may be read as its own value, as text, as the span of one and as bytes. */
const WAYS_TO_READ = 4

/**
 * Which place in the values of a row each thing has that a rule reads: the same place for the same thing. Those of `row`
 * stand first and side by side, in the order in which they were asked for.
 */
export class RowSlots {
  readonly #read: ReadColumn[] = []
  readonly #copied: { readonly read: ReadColumn; readonly slot: number; readonly from: number }[] = []
  readonly #variables = new Map<ChangeVariable, number>()
  #next: number

  /** `columns`: how many the table has. */
  constructor(columns: number) {
    this.#next = WAYS_TO_READ * columns
  }

  column(read: ReadColumn): number {
    const from = this.#row(read)
    if (read.of === 'row') return from
    const known = this.#copied.find(one => one.read.of === read.of && one.from === from)
    if (known !== undefined) return known.slot
    this.#copied.push({ read, slot: this.#next, from })
    return this.#next++
  }

  variable(name: ChangeVariable): number {
    let slot = this.#variables.get(name)
    if (slot === undefined) {
      slot = this.#next++
      this.#variables.set(name, slot)
    }
    return slot
  }

  /** What is read of each image; the first goes into place 0. */
  get reads(): readonly ReadColumn[] {
    return this.#read
  }

  /** Places that get what stands at `from` of the row behind or before the change. */
  copies(of: 'new' | 'old'): { readonly slot: number; readonly from: number }[] {
    return this.#copied.filter(({ read }) => read.of === of).map(({ slot, from }) => ({ slot, from }))
  }

  get variables(): ReadonlyMap<ChangeVariable, number> {
    return this.#variables
  }

  /** How many places there are. */
  get size(): number {
    return this.#next
  }

  #row({ column, type, asSpan }: ReadColumn): number {
    const text = JSON.stringify(type)
    const known = this.#read.findIndex(
      read => read.column === column && read.asSpan === asSpan && JSON.stringify(read.type) === text,
    )
    return known >= 0 ? known : this.#read.push({ column, of: 'row', type, ...(asSpan && { asSpan }) }) - 1
  }
}
