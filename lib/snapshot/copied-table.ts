import type { RowsEvent } from '../binlog/event.js'
import type { TableMap } from '../binlog/table-map.js'
import type { EventPiece } from '../dispatch/event-rows.js'
import type { Route, RowImages } from '../dispatch/route.js'
import type { ChangePlace } from '../model/change-place.js'
import type { KeyBound } from '../model/chunk.js'
import { Failure } from '../model/failure.js'
import { formatPosition, type Position } from '../model/position.js'
import { tableName } from '../model/schema.js'
import type { CopyPlan, KeyReader } from './copy-plan.js'
import { Frontier, type SplitChanges } from './frontier.js'
import { imagesOf, KeptChanges, type RowChange } from './kept-changes.js'
import { readChanges } from './row-changes.js'
import { isStrict, routesFor, type Segment, wantedRuns } from './segment.js'
import { TouchedKeys } from './touched-keys.js'
import { type Admission, OpenWindow } from './window.js'

/** Windows that last until the stream has changed so much behind their start are given up: memory stays bounded. */
export const MAX_TOUCHED = 1_000_000
export const MAX_KEPT_BYTES = 64 * 1024 * 1024

/** Where a table's changes find what they need. */
export interface TableParts {
  readonly routes: (map: TableMap) => readonly Route[]
  /** `columns`: see `KeysOf`. */
  readonly keys: (map: TableMap, columns: string | null) => KeyReader
}

/** What goes in with a chunk, and how many rows of it are no changes of the stream. */
export interface Composed {
  readonly segments: readonly Segment[]
  readonly copied: number
}

/** A table that is being copied: what the stream's changes of it do meanwhile, and what goes in with a chunk. */
export class CopiedTable {
  readonly plan: CopyPlan
  readonly name: string
  readonly frontier: Frontier
  readonly admissions: Admission[] = []
  /** Who waits for a window. */
  readonly #wishes: { readonly resolve: (window: OpenWindow) => void; readonly reject: (failure: Failure) => void }[] =
    []
  readonly #parts: TableParts
  readonly #windows = new Set<OpenWindow>()
  readonly #touched = new TouchedKeys()
  readonly #kept = new KeptChanges()
  readonly #onAdmit: () => void
  #owed: number
  #ended: Failure | null = null
  #waiting: { readonly resolve: () => void; readonly reject: (failure: Failure) => void }[] = []

  /** `owed`: how many chunks that earlier runs admitted are to go in again first. */
  constructor(plan: CopyPlan, parts: TableParts, owed: number, onAdmit: () => void) {
    this.#owed = owed
    this.plan = plan
    this.name = tableName(plan)
    this.#parts = parts
    this.#onAdmit = onAdmit
    this.frontier = new Frontier(plan.frontier, plan.order)
  }

  get isStrict(): boolean {
    return isStrict(this.plan.copyRoutes.routes)
  }

  ready(): Promise<void> {
    if (this.#ended !== null) return Promise.reject(this.#ended)
    if (this.#owed === 0) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** A chunk of an earlier run has gone in again. */
  hasAgain(upTo: KeyBound | null): void {
    this.frontier.moveTo(upTo)
    if (--this.#owed === 0) for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  wish(): Promise<OpenWindow> {
    if (this.#ended !== null) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => this.#wishes.push({ resolve, reject }))
  }

  /** Opens windows for those who wait, as far as there may be more; to be called between two transactions. */
  openWindows(at: () => Position): void {
    if (this.#owed > 0) return
    while (this.#wishes.length > 0 && (this.plan.mode === 'atOnce' || this.#windows.size === 0)) {
      const onAdmit = (admission: Admission): void => {
        if (this.plan.mode === 'behindFrontier' && admission.range === null) {
          admission.reject(new Failure('internal', `${this.name}: rows that are asked for by key cannot go in now.`))
          return
        }
        this.admissions.push(admission)
        this.#onAdmit()
      }
      const window = new OpenWindow(at(), this.#touched.now, onAdmit, over => this.#forget(over))
      this.#windows.add(window)
      this.#wishes.shift()!.resolve(window)
    }
  }

  /** What of an event goes in now. */
  take(event: RowsEvent, place: ChangePlace, commitMs: number): EventPiece[] | Promise<EventPiece[]> {
    const routes = this.#parts.routes(event.map)
    if (this.plan.mode === 'atOnce') {
      this.#note(event, place)
      const mayMeetOlder = this.plan.isAgain || this.#windows.size > 0
      return [{ images: mayMeetOlder ? reconciling(event, routes) : event, routes }]
    }
    if (this.frontier.isComplete) return [{ images: event, routes }]
    const changes = readChanges(event, columns => this.#parts.keys(event.map, columns))
    if (this.plan.order !== null && changes.some(({ before, after }) => (before ?? after!).text === ''))
      throw new Failure(
        'rowImageIncomplete',
        `${this.name}: a row image leaves the key out, in the transaction behind ${formatPosition(place)}, so it cannot be told whether the row is copied already.`,
      )
    const split = this.frontier.split(changes)
    const pieces = (known: SplitChanges) => this.#pieces(event, place, commitMs, routes, known)
    return split instanceof Promise ? split.then(pieces) : pieces(split)
  }

  /**
   * What is to go in for an admission, in this order. `here`: where the stream stands. `place` is the copied rows' own, of
   * which so many have gone before.
   */
  async compose(
    { chunk, range, window, asked }: Admission,
    here: Position,
    place: ChangePlace,
    commitMs: number,
    rowsBefore: number,
  ): Promise<Composed> {
    const segments: Segment[] = []
    let row = rowsBefore
    const add = (
      op: 'insert' | 'delete',
      ways: Segment['ways'],
      { buffer, at, end, rows }: (typeof chunk.pieces)[0],
    ) => {
      segments.push({ map: null, ways, images: { op, buffer, at, end, firstRow: row }, place, commitMs })
      row += rows
    }
    const { pieces } = chunk
    if (this.plan.mode === 'atOnce') {
      const isNewer = (text: string): boolean => this.#touched.has(text, window.since)
      const met = new Set<string>()
      const wanted = (text: string): boolean => {
        met.add(text)
        return !isNewer(text)
      }
      const isAsRead = this.#touched.size === 0 && asked.length === 0
      for (const run of wantedRuns(pieces, isAsRead ? null : this.#judge(wanted))) add('insert', 'all', run)
      for (const { text, deleteImage } of asked)
        if (!met.has(text) && !isNewer(text))
          add('delete', 'all', { buffer: deleteImage, at: 0, end: deleteImage.length, rows: 1 })
      return { segments, copied: row - rowsBefore }
    }
    const { order } = this.plan
    const taken =
      order === null
        ? this.#kept.takeBehind(chunk.high, here, window.at)
        : await this.#kept.takeUpTo(range!.upTo, order)
    if (!this.isStrict || order === null || taken.keys.size === 0)
      for (const run of wantedRuns(pieces, null)) add('insert', 'all', run)
    else {
      for (const baseline of taken.baselines(place, commitMs, row)) segments.push(baseline)
      row += segments.length
      const untouched = (text: string): boolean => !taken.keys.has(text)
      for (const run of wantedRuns(pieces, this.#judge(untouched))) add('insert', 'strict', run)
      if (this.plan.copyRoutes.routes.some(({ mode }) => mode === 'upsert'))
        for (const run of wantedRuns(pieces, null)) add('insert', 'upsert', run)
    }
    return { segments: [...segments, ...taken.segments()], copied: row - rowsBefore }
  }

  /** The chunk has gone in. */
  conclude(admission: Admission): void {
    if (admission.range !== null) this.frontier.moveTo(admission.range.upTo)
    this.#windows.delete(admission.window)
    this.#drop(admission)
  }

  /** Nothing can be admitted by the windows that are open; who waits for one goes on waiting. */
  voidWindows(reason: string): void {
    for (const window of [...this.#windows]) window.close(new Failure('chunkVoid', `${this.name}: ${reason}`))
  }

  /** Nobody is to wait any more. */
  end(reason: Failure): void {
    this.#ended ??= reason
    for (const window of [...this.#windows]) window.close(reason)
    for (const { reject } of [...this.#wishes.splice(0), ...this.#waiting.splice(0)]) reject(reason)
  }

  #note(event: RowsEvent, place: ChangePlace): void {
    if (this.#windows.size === 0) return
    // The copied row has columns that the change leaves out; which of them are newer cannot be told.
    if (!event.complete) {
      this.voidWindows(`a row image leaves columns out behind ${formatPosition(place)}`)
      return
    }
    this.#touched.note(event, this.#parts.keys(event.map, null))
    if (this.#touched.size > MAX_TOUCHED) this.voidWindows(`${this.#touched.size} keys changed while it was read`)
  }

  #pieces(
    event: RowsEvent,
    place: ChangePlace,
    commitMs: number,
    routes: readonly Route[],
    { inside, behind }: SplitChanges,
  ): EventPiece[] {
    const images: RowImages = event.complete ? event : { ...shapeOf(event), bitmaps: () => event.bitmaps() }
    const pieces = runsOf(images, inside).map(run => ({ images: run, routes }))
    if (behind.length === 0) return pieces
    this.#keep(event, place, commitMs, behind)
    // Their rows may be in already: an earlier copy, or a chunk that was not noted as admitted, has left them.
    const gone = behind.filter(({ before, after }) => before !== null && before.text !== after?.text)
    const upserts = routesFor('upsert', routes)
    if (upserts.length > 0)
      for (const { before, row } of gone)
        pieces.push({
          images: { ...imagesOf(images, { before, after: null, row }), reconciles: true },
          routes: upserts,
        })
    return pieces
  }

  #keep(event: RowsEvent, place: ChangePlace, commitMs: number, changes: readonly RowChange[]): void {
    if (this.#windows.size === 0) return
    const moves = changes.some(({ before, after }) => before?.text !== after?.text && event.op === 'update')
    if (!event.complete && (this.isStrict || moves)) {
      this.voidWindows(`a row image leaves columns out behind ${formatPosition(place)}`)
      return
    }
    const { op, buffer, at, end, complete } = event
    const bitmaps = complete ? '' : event.bitmaps()
    const bytes = Buffer.from(buffer.subarray(at, end))
    const images = { op, buffer: bytes, at: 0, end: bytes.length, complete, bitmaps: () => bitmaps }
    const kept = { map: event.map, images, place: { ...place }, commitMs }
    this.#kept.keep(
      kept,
      changes.map(change => moved(change, -at)),
    )
    if (this.#kept.bytes > MAX_KEPT_BYTES) this.voidWindows(`its changes while it was read are ${MAX_KEPT_BYTES} bytes`)
  }

  #judge(isWanted: (text: string) => boolean) {
    const { copyRoutes } = this.plan
    const texts: string[] = []
    return (images: Buffer, at: number, limit: number) => {
      const end = copyRoutes.keyTexts(images, at, limit, texts)
      return { end, wanted: isWanted(texts.pop() ?? '') }
    }
  }

  #forget(window: OpenWindow): void {
    this.#windows.delete(window)
    const admission = this.admissions.find(one => one.window === window)
    if (admission !== undefined) this.#drop(admission)
    else this.#tidy()
    this.#onAdmit()
  }

  #drop(admission: Admission): void {
    this.admissions.splice(this.admissions.indexOf(admission), 1)
    this.#tidy()
  }

  #tidy(): void {
    if (this.#windows.size > 0) return
    this.#touched.clear()
    this.#kept.clear()
  }
}

/** Copied rows of these keys are left out, or there are none any more, and with them what they would have told of rows that rules leave out. */
function reconciling(event: RowsEvent, routes: readonly Route[]): RowImages {
  return routes.every(({ shape }) => shape === undefined) ? event : { ...shapeOf(event), reconciles: true }
}

function shapeOf({ op, buffer, at, end, complete }: RowsEvent): RowImages {
  return { op, buffer, at, end, complete }
}

/** Changes that stand side by side and are whole go as one. */
function runsOf(images: RowImages, changes: readonly RowChange[]): RowImages[] {
  const runs: RowImages[] = []
  for (const change of changes) {
    const next = imagesOf(images, change)
    const last = runs.at(-1)
    const follows = last !== undefined && last.op === images.op && next.op === images.op && last.end === next.at
    if (follows && last.complete === next.complete) runs[runs.length - 1] = { ...last, end: next.end }
    else runs.push(next)
  }
  return runs
}

function moved({ before, after, row }: RowChange, by: number): RowChange {
  const move = (image: RowChange['before']) => image && { ...image, at: image.at + by, end: image.end + by }
  return { before: move(before), after: move(after), row }
}
