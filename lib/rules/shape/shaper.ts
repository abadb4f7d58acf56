import { commitTimeText } from '../../binlog/change-text.js'
import { compileValueReader, type ValueReader } from '../../binlog/value-reader.js'
import { zoneOffset } from '../../binlog/zone-offset.js'
import { type ChangePlace, placeText } from '../../model/change-place.js'
import { Failure } from '../../model/failure.js'
import type { Operation } from '../../model/rule-shape.js'
import { tableName, targetName } from '../../model/schema.js'
import type { Value } from '../../model/value.js'
import type { Zone } from '../../model/zone.js'
import type { CompiledRoute, ShapedImages } from '../compiled-route.js'
import type { GoneRows } from '../gone-rows.js'
import { imageText } from '../image-text.js'
import type { RouteImages } from '../route-images.js'
import type { RuleSpec } from '../rule-book.js'
import type { EventImages } from '../tagged-images.js'
import type { TargetFit } from '../target-fit.js'
import { type RowContext, ValueFailure } from './added-value.js'
import { judgeChange, type Verdict } from './change-verdict.js'
import { type Extent, ImageExtender } from './image-extender.js'
import { ImageRuns } from './image-runs.js'
import type { ShapedTable } from './shaped-table.js'

export interface ShaperParts {
  readonly rule: RuleSpec
  readonly shaped: ShapedTable
  readonly fit: TargetFit
  /** Images of the table. */
  readonly images: RouteImages
  readonly zone: Zone
  /** Reads what comes out: images of the table with the added values behind them. */
  readonly route: CompiledRoute
  /** How rows leave a target that other rules write too; null: as any row is deleted. */
  readonly gone: GoneRows | null
  /** See `RouteOptions`. */
  readonly forComparison: boolean
}

/**
 * What a route does with images before they are written: rows that the rule leaves out are taken out, and the others get
 * their added values. Without any of these, what is written are parts of the event's own buffer.
 */
export function compileShape(parts: ShaperParts): Required<Pick<CompiledRoute, 'shape' | 'reshape'>> {
  const shaper = new Shaper(parts)
  const { rule, route } = parts
  return {
    shape: (images, place, commitMs, copied) => shaper.shape(images, place, commitMs, copied),
    reshape: (_images, _bitmaps, place) => {
      throw new Failure(
        'rowImageIncomplete',
        `${route.source} into ${targetName(route.target)} (${rule.where})${placeText(place)}: a row image leaves columns out, and the rule decides by whole rows.`,
      )
    },
  }
}

const NO_IMAGE = Buffer.alloc(0)

class Shaper {
  readonly #parts: ShaperParts
  readonly #reader: ValueReader
  /** Steps over an image of which nothing is needed. */
  readonly #skipper: ValueReader
  readonly #extender: ImageExtender | null
  readonly #runs = new ImageRuns()
  readonly #before: Value[]
  readonly #after: Value[]
  readonly #copiesOfNew: readonly { readonly slot: number; readonly from: number }[]
  readonly #copiesOfOld: readonly { readonly slot: number; readonly from: number }[]
  readonly #offsetAt: (utcSeconds: number) => number
  readonly #readsBefore: boolean
  readonly #extents: { readonly updated: Extent; readonly deleted: Extent }
  readonly #row: { -readonly [K in keyof RowContext]: RowContext[K] }
  #what: 'filter' | 'value' = 'filter'
  readonly #keyText: ReturnType<typeof imageText>

  constructor(parts: ShaperParts) {
    const { shaped, images, zone, rule, route, fit } = parts
    const { slots, added, filter } = shaped
    this.#parts = parts
    const wanted = slots.reads.map(({ column, type, asSpan }) => ({
      index: images.place(column, 'text'),
      type,
      ...(asSpan && { asSpan }),
    }))
    this.#reader = compileValueReader(images.kind, images.columns, wanted, zone)
    this.#skipper = wanted.length === 0 ? this.#reader : compileValueReader(images.kind, images.columns, [], zone)
    const { transform } = shaped
    const extended = { ...shaped, schema: transform?.seen ?? shaped.schema }
    this.#extender = added.length === 0 ? null : new ImageExtender(extended, fit, route.target)
    this.#before = new Array<Value>(slots.size).fill(null)
    this.#after = new Array<Value>(slots.size).fill(null)
    this.#copiesOfNew = slots.copies('new')
    this.#copiesOfOld = slots.copies('old')
    this.#offsetAt = zoneOffset(zone)
    const hasKey = this.#extender?.hasKey === true
    // A module may make keys of all values.
    const takesAll = transform !== null
    this.#extents = {
      updated: takesAll || rule.mode === 'aggregate' ? 'all' : rule.mode === 'upsert' && hasKey ? 'key' : 'none',
      deleted: takesAll || rule.mode !== 'upsert' ? 'all' : hasKey ? 'key' : 'none',
    }
    this.#readsBefore =
      filter !== null ||
      shaped.nullableKey.length > 0 ||
      this.#copiesOfOld.length > 0 ||
      this.#extents.updated !== 'none'
    const place = { binName: '', binPos: 0, event: 0 }
    this.#row = {
      image: NO_IMAGE,
      operation: 'insert',
      written: 'insert',
      place,
      row: 0,
      commitMs: 0,
      isDeleted: false,
    }
    const replaced = new Set(added.map(({ replaces }) => replaces))
    const isKey = (i: number) => shaped.schema.key.includes(shaped.schema.columns[i]?.name ?? '') && !replaced.has(i)
    const shown = images.columns.map((_, k) => images.shown[k] === true && isKey(images.sources[k]!))
    this.#keyText = imageText(images.columns, zone, { kind: images.kind, shown })
  }

  shape(images: EventImages, place: ChangePlace, commitMs: number, copied: boolean): ShapedImages {
    const { buffer, end, op, firstRow = 0 } = images
    const operation = images.halfOfUpdate === true ? 'update' : op
    const reconciles = copied || images.reconciles === true
    const isVanished = this.#parts.images.kind === 'text' && op === 'delete' && reconciles
    const verdicts = this.#verdicts(op, operation, reconciles, isVanished)
    this.#begin(operation, place, commitMs)
    this.#row.image = buffer
    this.#extender?.to.begin(buffer, images.at, end)
    let filtered = 0
    let row = firstRow
    for (let at = images.at; at < end; row++) {
      this.#row.row = row
      const middle = op === 'update' ? this.#read(buffer, at, end, this.#before, this.#readsBefore) : at
      const next = this.#read(buffer, middle, end, op === 'delete' ? this.#before : this.#after, true)
      try {
        const verdict = verdicts[this.#judge(op, isVanished)]!
        if (verdict === 'nothing' || (verdict === 'delete' && !this.#isFound(op, isVanished))) filtered++
        else this.#take(verdict, op, buffer, at, middle, next, row)
      } catch (error) {
        throw this.#located(error, buffer, middle, end, place)
      }
      at = next
    }
    return { pieces: this.#pieces(buffer), filtered }
  }

  #begin(operation: Operation, place: ChangePlace, commitMs: number): void {
    this.#runs.clear()
    Object.assign(this.#row, { operation, place, commitMs })
    const { schema, slots } = this.#parts.shaped
    for (const [name, slot] of slots.variables) {
      const value = {
        operation: () => operation.toUpperCase(),
        schema: () => schema.schema,
        table: () => schema.table,
        bin_name: () => place.binName,
        bin_pos: () => BigInt(place.binPos),
        commit_time: () => commitTimeText(commitMs, this.#offsetAt),
      }[name]()
      this.#before[slot] = value
      this.#after[slot] = value
    }
  }

  #read(buffer: Buffer, at: number, end: number, values: Value[], isNeeded: boolean): number {
    return (isNeeded ? this.#reader : this.#skipper).read(buffer, at, end, values)
  }

  /** What becomes of the changes of an event, by whether the row was in the filter (2) and is in it (1). */
  #verdicts(op: Operation, operation: Operation, reconciles: boolean, isVanished: boolean): readonly Verdict[] {
    const { rule } = this.#parts
    return [0, 1, 2, 3].map(at => {
      const change = { op, operation, wasIn: at >= 2, isIn: at % 2 === 1, reconciles, isVanished }
      return judgeChange(rule.shape, rule.mode, change)
    })
  }

  /** Of a key that was not found nothing is known by which it could be judged. */
  #judge(op: Operation, isVanished: boolean): number {
    const { filter } = this.#parts.shaped
    this.#what = 'filter'
    const isRow = (values: readonly Value[]) => this.#hasKey(values) && (filter === null || filter.isIn(values))
    const wasIn = op !== 'insert' && !isVanished && isRow(this.#before)
    const isIn = op !== 'delete' && isRow(this.#after)
    return (wasIn ? 2 : 0) + (isIn ? 1 : 0)
  }

  /** NULL in the key of the target: the row belongs to none there. */
  #hasKey(values: readonly Value[]): boolean {
    for (const slot of this.#parts.shaped.nullableKey) if (values[slot] === null) return false
    return true
  }

  /** Whether it is known which row of the target is to go. */
  #isFound(op: Operation, isVanished: boolean): boolean {
    if (isVanished && !this.#parts.shaped.isOwnKey) return false
    return this.#hasKey(op === 'insert' ? this.#after : this.#before)
  }

  /** The images of a change are `[at, middle)` and `[middle, next)`, the first one empty but for an update. */
  #take(
    verdict: Exclude<Verdict, 'nothing'>,
    op: Operation,
    buffer: Buffer,
    at: number,
    middle: number,
    next: number,
    row: number,
  ): void {
    const hasBoth = op === 'update'
    this.#row.written = verdict === 'mark' ? 'insert' : verdict
    switch (verdict) {
      case 'insert':
        this.#add('insert', row, this.#behind(buffer, middle, next, hasBoth), this.#until(next))
        return
      case 'update': {
        if (this.#isMoved(buffer, at, middle, next)) {
          if (this.#hasKey(this.#before))
            this.#add('delete', row, this.#gone(buffer, at, middle, this.#extents.deleted), this.#until(middle))
          this.#add('insert', row, this.#behind(buffer, middle, next, true), this.#until(next))
          return
        }
        const from = this.#gone(buffer, at, middle, this.#extents.updated)
        this.#behind(buffer, middle, next, hasBoth)
        this.#add('update', row, from, this.#until(next))
        return
      }
      case 'delete': {
        const [first, last] = hasBoth ? [at, middle] : [middle, next]
        this.#add('delete', row, this.#gone(buffer, first, last, this.#extents.deleted, op), this.#until(last))
        return
      }
      case 'mark':
        this.#add('insert', row, this.#gone(buffer, middle, next, 'all', op), this.#until(next))
    }
  }

  /** The row behind an update is another one of a target that other rules write too: the one before is not just deleted. */
  #isMoved(buffer: Buffer, at: number, middle: number, next: number): boolean {
    const { gone } = this.#parts
    return gone !== null && !(this.#hasKey(this.#before) && gone.keys.sameKey(buffer, at, middle, next))
  }

  #add(op: Operation, row: number, at: number, end: number): void {
    this.#runs.add(op, at, end, row)
  }

  /** Where the image stands that was written last, or the event's own. */
  #until(end: number): number {
    return this.#extender === null ? end : this.#extender.to.end
  }

  /** The row behind a change; where its image begins. */
  #behind(buffer: Buffer, at: number, end: number, hasBefore: boolean): number {
    if (this.#extender === null) return at
    for (const { slot, from } of this.#copiesOfNew) this.#after[slot] = this.#after[from]!
    for (const { slot, from } of this.#copiesOfOld) this.#after[slot] = hasBefore ? this.#before[from]! : null
    return this.#extend(buffer, at, end, this.#after, false, 'all')
  }

  /** The row before a change, which the source has no more; where its image begins. */
  #gone(buffer: Buffer, at: number, end: number, extent: Extent, op: Operation = 'update'): number {
    if (this.#extender === null) return at
    const values = op === 'insert' ? this.#after : this.#before
    for (const { slot } of this.#copiesOfNew) values[slot] = null
    for (const { slot, from } of this.#copiesOfOld) values[slot] = values[from]!
    return this.#extend(buffer, at, end, values, op === 'delete', extent)
  }

  #extend(buffer: Buffer, at: number, end: number, values: Value[], isDeleted: boolean, extent: Extent): number {
    const extender = this.#extender!
    this.#what = 'value'
    this.#row.isDeleted = isDeleted
    extender.write(buffer, at, end, values, this.#row, extent)
    return extender.at
  }

  #pieces(own: Buffer): ShapedImages['pieces'] {
    const buffer = this.#extender?.to.buffer ?? own
    const { route, gone } = this.#parts
    return this.#runs.runs.map(({ op, at, end, firstRow }) =>
      op === 'delete' && gone !== null
        ? { route: gone.route, images: { op: gone.op, buffer, at, end, firstRow } }
        : { route, images: { op, buffer, at, end, firstRow } },
    )
  }

  #located(error: unknown, buffer: Buffer, at: number, limit: number, place: ChangePlace): unknown {
    if (!(error instanceof ValueFailure)) return error
    const { rule, shaped, forComparison } = this.#parts
    const value = shaped.added[this.#extender?.current ?? 0]
    const what = this.#what === 'filter' ? 'where' : `the value of ${value?.column.name}`
    return new Failure(
      'ruleFailed',
      `${rule.where}: ${what} ${error.message}, in the row with key ${this.#keyText(buffer, at, limit)} of ${tableName(shaped.schema)}${forComparison ? '' : placeText(place)}.`,
      { cause: error },
    )
  }
}
