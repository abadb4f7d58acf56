import { errorText } from '../../model/system-error.js'
import type { TransformContext, TransformedChange } from '../../model/transform-module.js'
import type { Value } from '../../model/value.js'
import { ValueFailure } from './added-value.js'
import type { PlannedTransform } from './planned-transform.js'
import { type Cell, cellReader, keyText, seenColumn } from './transform-cell.js'
import { placeOf } from './transform-function.js'

/** A column of what a module makes. */
export interface MadeColumn {
  /** Index in the table that the module makes. */
  readonly index: number
  /** In the target. */
  readonly name: string
  readonly isKey: boolean
}

/** A row that a module made, in the order of the columns. */
export interface MadeRow {
  readonly cells: readonly Cell[]
  readonly key: string
}

/** An error's own words go into messages and dead letters up to here. */
const MOST_WORDS = 300
const OTHER_OPERATION = { insert: 'delete', update: 'insert', delete: 'insert' } as const

/**
 * Asks a module what becomes of one row, and looks over its answer. Throws a ValueFailure, with the module's place where it
 * threw, for everything that is no row of the target.
 */
export class TransformedRows {
  readonly #transform: PlannedTransform
  readonly #show: (values: readonly Value[]) => Record<string, unknown>
  readonly #read: readonly { readonly name: string; readonly read: (value: unknown) => Cell; readonly isKey: boolean }[]
  readonly #names: ReadonlySet<string>
  readonly #keySlots: readonly number[]
  readonly #slotOf: (index: number) => number
  readonly #shown: readonly ((value: Value) => unknown)[]
  /** So many rows are asked for twice, to see that the answer is the same. */
  #toCheck: number

  /** `seen`: which columns the module is shown, by their index, in the order of the values; `made`: what it has to return. */
  constructor(
    transform: PlannedTransform,
    columns: readonly (MadeColumn & { readonly column: Parameters<typeof cellReader>[0] })[],
    toCheck: number,
  ) {
    this.#transform = transform
    this.#toCheck = toCheck
    const { shown: seen } = transform
    this.#shown = seen.map(({ index }) => seenColumn(transform.seen.columns[index]!).show)
    this.#show = objectOf(
      seen.map(({ name }) => name),
      this.#shown,
    )
    this.#read = columns.map(({ name, isKey, column }) => ({ name, isKey, read: cellReader(column, name) }))
    this.#names = new Set(columns.map(({ name }) => name))
    this.#keySlots = columns.flatMap(({ isKey }, k) => (isKey ? [k] : []))
    this.#slotOf = k => seen.findIndex(({ index }) => index === columns[k]!.index)
  }

  /** The rows that the module makes of a row with these values. */
  make(values: readonly Value[], operation: TransformedChange['operation'], context: TransformContext): MadeRow[] {
    const rows = this.#ask(values, operation, context)
    if (this.#toCheck > 0) {
      this.#toCheck--
      this.#check(rows, values, operation, context)
    }
    return rows
  }

  /** The key that the row itself has, as `MadeRow.key` has it. For modules that keep keys. */
  keyOf(values: readonly Value[]): { readonly key: string; readonly cells: readonly Cell[] } {
    const cells: Cell[] = this.#read.map(() => null)
    for (const k of this.#keySlots) {
      const slot = this.#slotOf(k)
      cells[k] = this.#read[k]!.read(this.#shown[slot]!(values[slot]!))
    }
    return { key: keyText(this.#keySlots.map(k => cells[k]!)), cells }
  }

  #ask(values: readonly Value[], operation: TransformedChange['operation'], context: TransformContext): MadeRow[] {
    const { module, call } = this.#transform
    try {
      return this.#rowsOf(call({ operation, row: this.#show(values) }, context), operation)
    } catch (error) {
      // What is returned may run code of the module where it is read.
      if (error instanceof ValueFailure) throw error
      throw new ValueFailure(`(${placeOf(module, error)}) throws: ${wordsOf(error)}`, error)
    }
  }

  #rowsOf(answer: unknown, operation: TransformedChange['operation']): MadeRow[] {
    if (answer === null || answer === undefined) return []
    const rows = Array.isArray(answer) ? answer.map(one => this.#row(one, operation)) : [this.#row(answer, operation)]
    const twice = rows.find((row, i) => rows.findIndex(({ key }) => key === row.key) !== i)
    if (twice !== undefined && this.#keySlots.length > 0) throw new ValueFailure('returns two rows with one key')
    return rows
  }

  #row(answer: unknown, operation: TransformedChange['operation']): MadeRow {
    if (typeof answer !== 'object' || answer === null) throw new ValueFailure(`returns a ${typeof answer}, not { row }`)
    if (typeof (answer as { then?: unknown }).then === 'function')
      throw new ValueFailure('returns a promise; it must return its rows at once')
    const given = answer as Partial<TransformedChange>
    const { row } = given
    if (typeof row !== 'object' || row === null || Array.isArray(row))
      throw new ValueFailure('returns an object without row; it has to be { row: { … } }')
    if (given.operation !== undefined && given.operation !== operation)
      throw new ValueFailure(
        `returns the operation "${String(given.operation)}"; what is done to rows is the rule's to say (operations, on_delete)`,
      )
    for (const name of Object.keys(row))
      if (!this.#names.has(name))
        throw new ValueFailure(
          `returns column ${name}, which is neither one of the row nor one of transform_columns (there are ${[...this.#names].join(', ')})`,
        )
    const cells = this.#read.map(({ name, read }) => read(Object.hasOwn(row, name) ? row[name] : undefined))
    return { cells, key: keyText(this.#keySlots.map(k => cells[k]!)) }
  }

  /** What is written must come out again when it is read again, and be found again when it is deleted. */
  #check(
    rows: readonly MadeRow[],
    values: readonly Value[],
    operation: TransformedChange['operation'],
    context: TransformContext,
  ): void {
    const again = this.#ask(values, operation, context)
    if (textOf(again) !== textOf(rows))
      throw new ValueFailure('returns other rows when it is asked the same again; it must return the same')
    if (this.#keySlots.length === 0) return
    const other = this.#ask(values, OTHER_OPERATION[operation], context)
    if (keysOf(other) !== keysOf(rows))
      throw new ValueFailure(
        'returns rows with other keys for the same row of another operation; rows that it made could not be found again',
      )
  }
}

function textOf(rows: readonly MadeRow[]): string {
  return rows.map(({ cells }) => keyText(cells)).join('\n')
}

function keysOf(rows: readonly MadeRow[]): string {
  return rows
    .map(({ key }) => key)
    .sort()
    .join('\n')
}

function wordsOf(error: unknown): string {
  const words = errorText(error)
  return words.length > MOST_WORDS ? `${words.slice(0, MOST_WORDS)}…` : words
}

/** Compiled, so that all rows of a table have one shape. */
function objectOf(
  names: readonly string[],
  show: readonly ((value: Value) => unknown)[],
): (values: readonly Value[]) => Record<string, unknown> {
  const fields = names.map((name, k) => `[${JSON.stringify(name)}]: show[${k}](values[${k}])`)
  return new Function('show', `return values => ({ ${fields.join(', ')} })`)(show) as ReturnType<typeof objectOf>
}
