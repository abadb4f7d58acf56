import type { ChangePlace } from '../model/change-place.js'
import { Failure } from '../model/failure.js'
import { isSkippable } from './bound-column.js'
import { type ChangeOp, ChangeText } from './change-text.js'
import { columnConstants, isUnsafe } from './column-constants.js'
import { HASH_SEED } from './key-hash.js'
import { RefusedValue } from './refused-value.js'
import { type GeneratedRow, type RowState, rowSource, targetForm } from './row-code.js'
import type { RowLayout } from './row-layout.js'
import { rowPunctuation } from './row-punctuation.js'
import { ValueProblem } from './value-problem.js'
import { isSummable } from './wire-type.js'
import type { Separators } from './write-text.js'
import { WRITERS } from './writers.js'
import { zoneOffset } from './zone-offset.js'

export interface RowEncoder {
  /** Source offset just behind the image last walked by encode or skip. */
  readonly end: number
  /** Unsigned 32-bit hash of the key located last; equal key text in different integer or string column types gives equal hashes. */
  readonly hash: number
  /**
   * CSV only: the row written last holds what CSV cannot carry (a byte of the separators, a value that is exactly `\N`,
   * a row that is one empty field, a JSON document that is no object, array or string). Drop it and encode it as JSON.
   */
  readonly unsafe: boolean
  /** Sets `hash` from the image at `at`. */
  locateKey(source: Buffer, at: number, limit: number): void
  /** Have the images at `before` and `after` the same key bytes? */
  sameKey(source: Buffer, before: number, after: number, limit: number): boolean
  /** Notes in `to` where the bytes of each key column begin and end in the image at `at`, in key order; both -1 for NULL. */
  keySpans(source: Buffer, at: number, limit: number, to: Int32Array): void
  /** The offset behind the image at `at`. */
  skip(source: Buffer, at: number, limit: number): number
  /**
   * Writes the image at `at` as one row from `out[q]` on and returns the offset behind it. `out` needs room for
   * `bound(bytes of the image + inflated(…))`. With measures op 0 adds the row and 1 takes it away. JSON rows are one object each, without a separator.
   * @throws Failure notDecodable, naming table and column, for an image that runs past `limit` or contradicts its table;
   *   valueUnfit, naming table, column and key, for a value that a guard refuses
   */
  encode(source: Buffer, at: number, limit: number, out: Buffer, q: number, op: 0 | 1): number
  /**
   * Layouts with `change`: which change the rows encoded from now on are; to be called before each row, as `row` counts the
   * changes of the event from 0. `commitMs`: ms since 1970; written in the layout's zone.
   */
  setChange(op: ChangeOp, place: ChangePlace, commitMs: number, row: number): void
  /** What the image at `at` has more bytes with its compressed values inflated: 0 without any. */
  inflated(source: Buffer, at: number, limit: number): number
  /** Upper bound of output bytes for the image at `at`; where little stands behind it, of all images up to `limit`. */
  room(source: Buffer, at: number, limit: number): number
  /** Upper bound of output bytes for one image of `imageBytes` bytes and what `inflated` adds to them. */
  bound(imageBytes: number): number
}

/**
 * Compiles the functions that copy row images of one table version straight into one kind of load body.
 * @throws Failure notDecodable when a column that is written, summed or a key cannot be decoded, or is no number to sum; configInvalid for separators
 *   that occur in numbers, dates or base64
 */
export function compileRowEncoder(layout: RowLayout): RowEncoder {
  layout.columns.forEach((column, i) => {
    const summed = layout.measures.some(measure => measure.column === i)
    if (summed && !isSummable(column))
      throw new Failure('notDecodable', `${column.table}: column ${column.name} is no number that can be summed`)
    const needed = layout.fields[i] != null || layout.key.includes(i)
    if (column.undecodable !== null && (needed || !isSkippable(column)))
      throw new Failure('notDecodable', `${column.table}: column ${column.name} ${column.undecodable}`)
  })
  const csv = layout.format === 'csv'
  const separators = separatorsOf(layout)
  const punctuation = rowPunctuation(layout)
  const { source, codes } = rowSource(layout, punctuation)
  const state: RowState = { p: 0, u: 0, end: 0, unsafe: false, column: 0 }
  const constants = layout.columns.map((column, i) => columnConstants(column, targetForm(layout, i), separators))
  const offsetAt = zoneOffset(layout.zone)
  const change = layout.change ? new ChangeText(layout, separators, offsetAt) : null
  const scope: Record<string, unknown> = {
    ...WRITERS,
    state,
    separators,
    change,
    before: punctuation.before,
    sums: punctuation.sums,
    nullText: punctuation.nullText,
    guards: layout.fields.map(field => field?.guard ?? null),
    tail0: punctuation.tails[0],
    tail1: punctuation.tails[1],
    seed: HASH_SEED,
    first: new Int32Array(2 * layout.key.length),
    second: new Int32Array(2 * layout.key.length),
    offsetAt,
  }
  constants.forEach((constant, i) => {
    scope[`c${i}`] = constant
  })
  const names = Object.keys(scope)
  const row: GeneratedRow = new Function('scope', `const {${names.join(',')}}=scope;\n${source}`)(scope)
  let fixedBytes = punctuation.tails[0].length + punctuation.tails[1].length + (change?.bound ?? 0)
  let ratio = 0
  const alwaysUnsafe =
    csv &&
    [...layout.constants, ...(layout.literals ?? [])].some(
      ({ text }) => text !== null && isUnsafe(Buffer.from(text), separators),
    )
  codes.forEach((code, i) => {
    // A sum may need one byte more than its value, for the sign; and quotes in JSON.
    for (const sum of punctuation.sums[i]!) fixedBytes += sum.length + code.textBytes + 3
    const before = punctuation.before[i]
    if (before == null) return
    fixedBytes += before.length + Math.max(code.textBytes + 2, punctuation.nullText.length)
    ratio = Math.max(ratio, code.textRatio)
  })
  return new CompiledRowEncoder(layout, row, state, change, { fixedBytes, ratio, alwaysUnsafe })
}

/** Bytes of images for which it is not asked where the first one ends. */
const SMALL_REST = 4096

class CompiledRowEncoder implements RowEncoder {
  end = 0
  hash = 0
  unsafe = false
  readonly #layout: RowLayout
  readonly #row: GeneratedRow
  readonly #state: RowState
  readonly #change: ChangeText | null
  readonly #fixedBytes: number
  readonly #ratio: number
  readonly #alwaysUnsafe: boolean

  constructor(
    layout: RowLayout,
    row: GeneratedRow,
    state: RowState,
    change: ChangeText | null,
    facts: { fixedBytes: number; ratio: number; alwaysUnsafe: boolean },
  ) {
    this.#layout = layout
    this.#row = row
    this.#state = state
    this.#change = change
    this.#fixedBytes = facts.fixedBytes
    this.#ratio = facts.ratio
    this.#alwaysUnsafe = facts.alwaysUnsafe
  }

  locateKey(source: Buffer, at: number, limit: number): void {
    try {
      this.hash = this.#row.hash(source, at, limit)
    } catch (error) {
      throw this.#located(error, source, at, limit)
    }
  }

  sameKey(source: Buffer, before: number, after: number, limit: number): boolean {
    try {
      return this.#row.same(source, before, after, limit)
    } catch (error) {
      throw this.#located(error, source, after, limit)
    }
  }

  keySpans(source: Buffer, at: number, limit: number, to: Int32Array): void {
    try {
      this.#row.walk(source, at, limit, to)
    } catch (error) {
      throw this.#located(error, source, at, limit)
    }
  }

  skip(source: Buffer, at: number, limit: number): number {
    try {
      this.end = this.#row.skip(source, at, limit)
      return this.end
    } catch (error) {
      throw this.#located(error, source, at, limit)
    }
  }

  encode(source: Buffer, at: number, limit: number, out: Buffer, q: number, op: 0 | 1): number {
    try {
      const end = this.#row.encode(source, at, limit, out, q, op)
      if (end > out.length)
        throw new Failure('internal', `a row of ${end - q} bytes in a buffer with room for ${out.length - q}`)
      this.end = this.#state.end
      this.unsafe = this.#state.unsafe || this.#alwaysUnsafe
      return end
    } catch (error) {
      throw this.#located(error, source, at, limit)
    }
  }

  setChange(op: ChangeOp, place: ChangePlace, commitMs: number, row: number): void {
    if (this.#change === null) throw new Failure('internal', 'a change was set for rows that hold none')
    this.#change.set(op, place, commitMs, row)
  }

  inflated(source: Buffer, at: number, limit: number): number {
    if (this.#row.inflated === null) return 0
    try {
      return this.#row.inflated(source, at, limit)
    } catch (error) {
      throw this.#located(error, source, at, limit)
    }
  }

  room(source: Buffer, at: number, limit: number): number {
    const rest = limit - at
    // Rows of a SELECT come in pieces as large as a body's chunks: room for a whole one, for each row, is a new chunk each time.
    const isLong = this.#layout.images === 'text' && rest > SMALL_REST
    return this.bound(isLong ? this.skip(source, at, limit) - at : rest + this.inflated(source, at, limit))
  }

  bound(imageBytes: number): number {
    return this.#fixedBytes + Math.ceil(this.#ratio * imageBytes)
  }

  #refused(error: RefusedValue, source: Buffer, at: number, limit: number): Failure {
    const { table, name } = this.#layout.columns[error.column]!
    const row = rowText(this.#layout, source, at, limit)
    const message = `${table}: column ${name} of ${row} ${error.message}.`
    return new Failure('valueUnfit', message, error.advice === null ? {} : { advice: error.advice })
  }

  /** Names table and column of a value's problem; walks the image again to find the column. */
  #located(error: unknown, source: Buffer, at: number, limit: number): unknown {
    if (error instanceof RefusedValue) return this.#refused(error, source, at, limit)
    if (!(error instanceof ValueProblem)) return error
    const { columns } = this.#layout
    this.#state.column = 0
    try {
      this.#row.find(source, at, limit, error.at)
    } catch (second) {
      if (!(second instanceof ValueProblem)) return second
    }
    const column = columns[this.#state.column]
    return new Failure('notDecodable', `${column?.table}: column ${column?.name} cannot be decoded: ${error.message}`, {
      cause: error,
    })
  }
}

/** "the row with key {"id":"7"}"; decodes the key, for which there is no hurry. */
function rowText(layout: RowLayout, source: Buffer, at: number, limit: number): string {
  const identity = (layout.identity ?? layout.key).filter(i => layout.columns[i]!.undecodable === null)
  if (identity.length === 0) return 'a row without key'
  const encoder = compileRowEncoder({
    ...layout,
    fields: layout.columns.map(({ name, isBinary }, i) =>
      identity.includes(i) ? { name, form: isBinary ? 'base64' : 'text' } : null,
    ),
    key: [],
    change: false,
    measures: [],
    constants: [],
    literals: [],
    op: false,
    format: 'json',
  })
  const out = Buffer.allocUnsafe(encoder.bound(limit - at))
  return `the row with key ${out.toString('utf8', 0, encoder.encode(source, at, limit, out, 0, 0))}`
}

/** Bytes of numbers, dates, times, base64, \N: a separator must have none of them. */
const RESERVED = /[0-9A-Za-z+\-.: \\/=]/

function separatorsOf(layout: RowLayout): Separators {
  const table = new Uint8Array(256)
  if (layout.format === 'json') return { table, bytes: [], control: true }
  const { columnSeparator, rowDelimiter } = layout
  if (columnSeparator.length === 0 || rowDelimiter.length === 0)
    throw new Failure('configInvalid', 'column_separator and row_delimiter must not be empty')
  for (const byte of [...columnSeparator, ...rowDelimiter]) {
    if (byte > 127 || RESERVED.test(String.fromCharCode(byte)))
      throw new Failure(
        'configInvalid',
        `column_separator and row_delimiter must not contain the byte ${byte}: it is not ASCII or occurs in numbers and dates`,
      )
    table[byte] = 1
  }
  const bytes = [...table.keys()].filter(byte => table[byte] === 1)
  return { table, bytes, control: bytes.every(byte => byte < 32) }
}
