import { commitTimeText } from '../../binlog/change-text.js'
import { textColumn } from '../../binlog/text-columns.js'
import { TextValueWriter } from '../../binlog/text-image-writer.js'
import { compileValueReader, type ValueReader } from '../../binlog/value-reader.js'
import { zoneOffset } from '../../binlog/zone-offset.js'
import { type ChangePlace, placeText } from '../../model/change-place.js'
import { Failure } from '../../model/failure.js'
import { isSameName } from '../../model/same-name.js'
import { type TableSchema, type TargetTable, tableName } from '../../model/schema.js'
import type { TransformContext } from '../../model/transform-module.js'
import type { Value } from '../../model/value.js'
import type { Zone } from '../../model/zone.js'
import { fillerText } from '../../starrocks/target-type.js'
import { writtenName } from '../column-plan.js'
import type { CompiledRoute, RefusedRow, ShapedImages } from '../compiled-route.js'
import { imageText } from '../image-text.js'
import type { RouteImages } from '../route-images.js'
import type { RuleSpec } from '../rule-book.js'
import type { EventImages } from '../tagged-images.js'
import type { TargetFit } from '../target-fit.js'
import { ValueFailure } from './added-value.js'
import { ImageRuns } from './image-runs.js'
import type { PlannedTransform } from './planned-transform.js'
import { type Cell, seenColumn, writeCell } from './transform-cell.js'
import { type MadeColumn, type MadeRow, TransformedRows } from './transformed-row.js'

/** The first rows are asked for more than once: a module that does not keep its duties shows it early. */
const CHECKED_ROWS = 200

export interface TransformParts {
  readonly rule: RuleSpec
  readonly transform: PlannedTransform
  /** Of what the module makes. */
  readonly schema: TableSchema
  readonly fit: TargetFit
  /** What the module is shown is read from these: images of the table with the values of the rule behind them. */
  readonly images: RouteImages
  readonly zone: Zone
  /** What is done before: rows left out, values added. Null: nothing. */
  readonly before: CompiledRoute['shape'] | null
  /** Reads what comes out: `madeImages`. */
  readonly route: CompiledRoute
  /** A row of which the module makes none for an error ends the flow; false: it is handed back. */
  readonly stopsAtBadValues: boolean
  /** See `RouteOptions`. */
  readonly forComparison: boolean
}

/** The images that a module's rows are written as: all columns that are in the target, as text. */
export function madeImages(schema: TableSchema, fit: TargetFit): RouteImages {
  const taken = schema.columns.flatMap((_, i) => (fit.fields[i] == null ? [] : [i]))
  return {
    kind: 'text',
    columns: taken.map(i =>
      textColumn(schema, schema.columns[i]!, fit.fields[i]!.form === 'base64' ? 'bytes' : 'text'),
    ),
    shown: taken.map(() => true),
    sources: taken,
    added: 0,
    place: i => taken.indexOf(i),
  }
}

/** What a route does with images whose rows a module makes; see docs/transform.md for what it promises. */
export function compileTransform(parts: TransformParts): Required<Pick<CompiledRoute, 'shape'>> {
  const shaper = new TransformShaper(parts)
  return { shape: (images, place, commitMs, copied) => shaper.shape(images, place, commitMs, copied) }
}

/** Images of one change: `[at, middle)` is the one before it, empty where there is none or no other, and `[middle, end)`. */
interface OneChange {
  readonly op: EventImages['op']
  readonly buffer: Buffer
  readonly at: number
  readonly middle: number
  readonly end: number
  readonly row: number
}

class TransformShaper {
  readonly #parts: TransformParts
  readonly #reader: ValueReader
  readonly #columns: readonly MadeColumn[]
  readonly #fillers: readonly (string | null)[]
  readonly #rows: TransformedRows
  readonly #to = new TextValueWriter()
  readonly #runs = new ImageRuns()
  readonly #values: Value[]
  readonly #keyText: ReturnType<typeof imageText>
  readonly #rowText: ReturnType<typeof imageText>
  readonly #offsetAt: (utcSeconds: number) => number
  /** What is known of the event that is being written. */
  #operation: EventImages['op'] = 'insert'
  #context: TransformContext | null = null
  #reconciles = false
  #isVanished = false

  constructor(parts: TransformParts) {
    const { rule, transform, schema, fit, images, zone, route } = parts
    const { seen } = transform
    this.#parts = parts
    this.#columns = madeColumns(schema, fit, rule, route.mode === 'upsert')
    const wanted = transform.shown.map(({ index }) => ({
      index: images.place(index, 'text'),
      type: seenColumn(seen.columns[index]!).type,
    }))
    this.#reader = compileValueReader(images.kind, images.columns, wanted, zone, images.added)
    this.#values = new Array<Value>(wanted.length).fill(null)
    this.#fillers = this.#columns.map(({ index, name }) => filler(schema, index, route.target, name))
    this.#rows = new TransformedRows(
      transform,
      this.#columns.map(made => ({ ...made, column: schema.columns[made.index]! })),
      parts.forComparison ? Number.POSITIVE_INFINITY : CHECKED_ROWS,
    )
    this.#offsetAt = zoneOffset(zone)
    const own = images.columns.length - images.added
    const isKey = (i: number) => seen.key.includes(seen.columns[i]?.name ?? '')
    const keys = images.columns.map((_, k) => k < own && images.shown[k] === true && isKey(images.sources[k]!))
    this.#keyText = imageText(images.columns, zone, { ...images, shown: keys })
    this.#rowText = imageText(images.columns, zone, images)
  }

  shape(images: EventImages, place: ChangePlace, commitMs: number, copied: boolean): ShapedImages {
    const { before, rule, transform } = this.#parts
    const first = before?.(images, place, commitMs, copied) ?? { pieces: [{ images }], filtered: 0 }
    this.#runs.clear()
    this.#to.reset()
    this.#operation = images.halfOfUpdate === true ? 'update' : images.op
    this.#reconciles = copied || images.reconciles === true
    this.#isVanished = this.#parts.images.kind === 'text' && images.op === 'delete' && this.#reconciles
    const { schema, table } = transform.seen
    this.#context = Object.freeze({
      source: Object.freeze({ schema, table }),
      position: Object.freeze({ file: place.binName, offset: place.binPos }),
      commitTime: commitTimeText(commitMs, this.#offsetAt),
      copied,
      rule: rule.where,
    })
    const refused: RefusedRow[] = []
    let { filtered } = first
    for (const { images: piece } of first.pieces) {
      let row = piece.firstRow ?? 0
      for (let at = piece.at; at < piece.end; row++) {
        const { op, buffer } = piece
        const middle = op === 'update' ? this.#read(buffer, at, piece.end) : at
        const end = this.#read(buffer, middle, piece.end)
        const change = { op, buffer, at, middle, end, row }
        try {
          if (!this.#take(change)) filtered++
        } catch (error) {
          if (!(error instanceof ValueFailure)) throw error
          const failure = this.#located(error, change, place)
          if (this.#parts.stopsAtBadValues) throw failure
          refused.push(this.#refused(failure, change))
        }
        at = end
      }
    }
    const { route } = this.#parts
    const { buffer } = this.#to
    const pieces = this.#runs.runs.map(run => ({
      route,
      images: { op: run.op, buffer, at: run.at, end: run.end, firstRow: run.firstRow, made: true as const },
    }))
    return { pieces, filtered, ...(refused.length === 0 ? {} : { refused }) }
  }

  /** False: nothing is written of the change. */
  #take(change: OneChange): boolean {
    if (this.#parts.route.mode === 'append') return this.#takeChange(change)
    return this.#parts.transform.ownsKey ? this.#takeFree(change) : this.#takeKept(change)
  }

  /** A row for each that the module makes of the row of the change. */
  #takeChange(change: OneChange): boolean {
    const rows = this.#made(change)
    for (const row of rows) {
      const at = this.#write(row.cells)
      // The encoder of changes steps over the image before an update.
      if (change.op === 'update') this.#write(row.cells)
      this.#runs.add(change.op, at, this.#to.end, change.row)
    }
    return rows.length > 0
  }

  /** The module keeps the key of a row, so that what it made of an older one is found without it. */
  #takeKept(change: OneChange): boolean {
    const now = change.op === 'delete' ? [] : this.#made(change)
    if (now.length > 1)
      throw new ValueFailure(`returns ${now.length} rows for one; name what is their key then in transform_key`)
    this.#read(change.buffer, change.middle, change.end)
    const own = this.#rows.keyOf(this.#values)
    const [made] = now
    if (made !== undefined && made.key !== own.key)
      throw new ValueFailure('returns a row with another key than its own; name what is the key then in transform_key')
    const gone: { readonly key: string; readonly cells: readonly Cell[] }[] = []
    if (change.op === 'update') {
      this.#read(change.buffer, change.at, change.middle)
      gone.push(this.#rows.keyOf(this.#values))
    }
    if (made === undefined && (change.op === 'delete' || this.#reconciles)) gone.push(own)
    return this.#replace(gone, now, change.row)
  }

  /** Rows that were made of the row before, and are not made of the one behind, go. */
  #takeFree(change: OneChange): boolean {
    if (this.#isVanished)
      throw new ValueFailure(
        'cannot be asked which rows it made of a row that is gone at the source: nothing but its key is known. Empty the target and copy the table again',
      )
    if (change.op === 'insert') return this.#replace([], this.#made(change), change.row)
    if (change.op === 'delete') return this.#replace(this.#made(change), [], change.row)
    const gone = this.#made({ ...change, middle: change.at, end: change.middle })
    return this.#replace(gone, this.#made(change), change.row)
  }

  #replace(gone: readonly Pick<MadeRow, 'key' | 'cells'>[], now: readonly MadeRow[], row: number): boolean {
    const kept = new Set(now.map(({ key }) => key))
    let isWritten = now.length > 0
    for (const { key, cells } of gone) {
      if (kept.has(key)) continue
      kept.add(key)
      isWritten = true
      this.#runs.add('delete', this.#writeKey(cells), this.#to.end, row)
    }
    for (const { cells } of now) this.#runs.add('insert', this.#write(cells), this.#to.end, row)
    return isWritten
  }

  #made({ buffer, middle, end }: OneChange): MadeRow[] {
    this.#read(buffer, middle, end)
    return this.#rows.make(this.#values, this.#operation, this.#context!)
  }

  #read(buffer: Buffer, at: number, end: number): number {
    return this.#reader.read(buffer, at, end, this.#values)
  }

  /** Where the image begins. */
  #write(cells: readonly Cell[]): number {
    const at = this.#to.end
    for (const cell of cells) writeCell(cell, this.#to)
    return at
  }

  /** StarRocks judges all values of a row that it deletes, and stores none of them. */
  #writeKey(cells: readonly Cell[]): number {
    return this.#write(cells.map((cell, k) => (this.#columns[k]!.isKey ? cell : this.#fillers[k]!)))
  }

  #located(error: ValueFailure, { buffer, middle, end }: OneChange, place: ChangePlace): Failure {
    const { rule, transform, forComparison } = this.#parts
    const { path } = transform.module
    return new Failure(
      'ruleFailed',
      `${rule.where}: transform = "${path}" ${error.message}, in the row with key ${this.#keyText(buffer, middle, end)} of ${tableName(transform.seen)}${forComparison ? '' : placeText(place)}.`,
      { cause: error },
    )
  }

  #refused({ message }: Failure, { op, buffer, at, middle, end, row }: OneChange): RefusedRow {
    const last = this.#rowText(buffer, middle, end)
    const isGone = op === 'delete'
    const before = op === 'update' ? this.#rowText(buffer, at, middle) : isGone ? last : null
    return { row, op: this.#operation, reason: message, before, after: isGone ? null : last }
  }
}

function madeColumns(schema: TableSchema, fit: TargetFit, rule: RuleSpec, hasKey: boolean): MadeColumn[] {
  return schema.columns.flatMap((column, index) =>
    fit.fields[index] == null
      ? []
      : [{ index, name: writtenName(column, rule) ?? column.name, isKey: hasKey && schema.key.includes(column.name) }],
  )
}

function filler(schema: TableSchema, index: number, target: TargetTable, name: string): string | null {
  const column = target.columns.find(candidate => isSameName(candidate.name, name))
  if (schema.columns[index]!.nullable && column?.nullable !== false) return null
  return column === undefined ? '' : fillerText(column.type)
}
