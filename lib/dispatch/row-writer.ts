import type { ChangePlace } from '../model/change-place.js'
import { Failure } from '../model/failure.js'
import { Body } from './body.js'
import { ChunkPool } from './chunk-pool.js'
import { marksFor } from './collapse.js'
import type { Epoch, OpenBody, TargetBodies } from './epoch.js'
import type { EventRows } from './event-rows.js'
import type { Route, RouteEncoder, RowImages } from './route.js'
import { RowTrace, TRACED_ROW_BYTES, type TracedEvent } from './row-trace.js'
import type { Window } from './window.js'

export interface RowWriterOptions {
  readonly lanes: number
  /** Note where each row comes from. */
  readonly traced: boolean
  /** Bodies of at least so many rows are collapsed where that pays; Infinity: none. */
  readonly collapseFrom: number
}

export interface RowWriterParts {
  readonly window: Window
  /** A body is full, or the next row cannot go into it: it leaves now. */
  readonly full: (epoch: Epoch, bodies: TargetBodies, lane: number) => void
  /** Targets that had rows CSV cannot carry where formats must not be mixed; more are added here. */
  readonly jsonTargets: Set<string>
}

/** Bodies of one lane, so sets of columns, that fill at the same time. */
const MAX_OPEN_BODIES = 16

/** Writes row images into the bodies of an epoch: same target key, same lane, same order. */
export class RowWriter {
  readonly #options: RowWriterOptions
  readonly #parts: RowWriterParts
  readonly #pool = new ChunkPool()

  constructor(options: RowWriterOptions, parts: RowWriterParts) {
    this.#options = options
    this.#parts = parts
  }

  /** All images of an event for one of its routes. `oneShape`: see `Delivery`. */
  write(epoch: Epoch, rows: EventRows, route: Route, event: TracedEvent | null, oneShape: boolean): void {
    const { images, place, commitMs, copied } = rows
    const bodies = epoch.bodiesOf(route.target)
    const again = epoch.script !== null || copied === 'asked'
    const change = images.firstRow ?? 0
    const row: Row = { epoch, images, route, bodies, place, commitMs, event, oneShape, again, change }
    const { window } = this.#parts
    const bytesBefore = window.bytes
    let written: number
    switch (route.mode) {
      case 'upsert':
        written = this.#writeUpserts(row)
        break
      case 'append':
        written = this.#writeChanges(row)
        break
      case 'aggregate':
        written = this.#writeDeltas(row)
    }
    epoch.countReceived(route, written, window.bytes - bytesBefore, copied === false ? commitMs : null)
  }

  #writeUpserts(row: Row): number {
    const { images, bodies, again } = row
    const { buffer, end } = images
    const keys = this.#keysOf(row)
    const { ordinal } = row.epoch
    const watch = row.route.keyWatch
    const salt = row.route.keySalt ?? 0
    let rows = 0
    for (let at = images.at; at < end; row.change++) {
      let before = images.op === 'delete' ? at : -1
      if (images.op === 'insert') watch?.appears(buffer, at, end, ordinal, again)
      else if (images.op === 'delete') watch?.vanishes(buffer, at, end, ordinal, again)
      if (images.op === 'update') {
        const after = keys.skip(buffer, at, end)
        before = at
        if (!keys.sameKey(buffer, at, after, end)) {
          watch?.vanishes(buffer, at, end, ordinal, again)
          watch?.appears(buffer, after, end, ordinal, again)
          keys.locateKey(buffer, at, end)
          const hash = (keys.hash ^ salt) >>> 0
          this.#writeRow(row, this.#lane(hash, bodies), at, 1, at, after, hash)
          rows++
        }
        at = after
      }
      keys.locateKey(buffer, at, end)
      const after = images.op === 'delete' ? -1 : at
      const hash = (keys.hash ^ salt) >>> 0
      at = this.#writeRow(row, this.#lane(hash, bodies), at, images.op === 'delete' ? 1 : 0, before, after, hash)
      rows++
    }
    return rows
  }

  /** Rows that are never replaced need no order, so one lane holds them and an epoch makes one load of them. */
  #writeChanges(row: Row): number {
    const { images } = row
    const keys = this.#keysOf(row)
    for (let at = images.at; at < images.end; row.change++) {
      const first = at
      const image = images.op === 'update' ? keys.skip(images.buffer, at, images.end) : at
      at = this.#writeRow(row, 0, image, 0, images.op === 'insert' ? -1 : first, images.op === 'delete' ? -1 : image, 0)
    }
    return row.change - (images.firstRow ?? 0)
  }

  #writeDeltas(row: Row): number {
    const { images } = row
    let rows = 0
    for (let at = images.at; at < images.end; row.change++) {
      if (images.op === 'update') {
        const after = this.#keysOf(row).skip(images.buffer, at, images.end)
        this.#writeRow(row, 0, at, 1, at, after, 0)
        at = this.#writeRow(row, 0, after, 0, at, after, 0)
        rows += 2
      } else {
        const takesAway = images.op === 'delete'
        at = this.#writeRow(row, 0, at, takesAway ? 1 : 0, takesAway ? at : -1, takesAway ? -1 : at, 0)
        rows++
      }
    }
    return rows
  }

  #keysOf({ route }: Row): RouteEncoder {
    return route.csv?.encoder ?? route.json.encoder
  }

  #lane(hash: number, bodies: TargetBodies): number {
    return ((hash + bodies.salt) >>> 0) % this.#options.lanes
  }

  /** Writes the image at `at`; where it ends in the event. */
  #writeRow(row: Row, lane: number, at: number, op: 0 | 1, before: number, after: number, hash: number): number {
    const { route } = row
    let open = this.#bodyFor(row, lane, hash)
    let encoder: RouteEncoder = open.json ? route.json.encoder : route.csv!.encoder
    let added = this.#encode(row, open.body, encoder, at, op)
    if (!open.json && encoder.unsafe) {
      open = this.#jsonBody(row, lane, open)
      encoder = route.json.encoder
      added = this.#encode(row, open.body, encoder, at, op)
    }
    let bytes = added - open.body.at
    const { marks } = open
    // New rows alone repeat no key: those at a body's beginning are taken as they are.
    if (marks !== null && (marks.rows > 0 || row.images.op !== 'insert'))
      marks.add(hash, open.body.at, op === 1, route.source)
    open.body.addRow(added)
    open.keys?.add(hash)
    if (open.trace !== null) {
      open.trace.note(row.event!, route.rule ?? '', row.change, op === 1, before, after, hash)
      bytes += TRACED_ROW_BYTES
    }
    this.#parts.window.admit(1, bytes)
    if (open.body.bytes >= route.flushBytes || open.body.rows >= route.flushRows) this.#shipThrough(row, lane, open)
    return encoder.end
  }

  /**
   * The body a row with this key goes into. A lane has one for each set of columns: they are loaded one after the other, so
   * a row may join any body that no row of its key has come behind.
   */
  #bodyFor(row: Row, lane: number, hash: number): OpenBody {
    const { route, bodies } = row
    const first = bodies.open[lane]
    const json = route.csv === null || (row.oneShape && this.#parts.jsonTargets.has(bodies.name))
    if (first === undefined) return this.#openBody(row, lane, json, null)
    if (first.next === null && fits(first, route)) return first
    let found: OpenBody | null = null
    let last = first
    let count = 0
    for (let body: OpenBody | null = first; body !== null; body = body.next) {
      if (body.keys?.has(hash) && !commutes(body.route, route)) found = null
      if (fits(body, route)) found = body
      last = body
      count++
    }
    if (found !== null) return found
    // Rows that are never replaced have no key to look for.
    if (route.mode !== 'upsert') this.#shipThrough(row, lane, last)
    else if (count === MAX_OPEN_BODIES) this.#parts.full(row.epoch, bodies, lane)
    return this.#openBody(row, lane, json, bodies.open[lane] === undefined ? null : last)
  }

  /** In place of the CSV body `open`, which cannot carry a row. */
  #jsonBody(row: Row, lane: number, open: OpenBody): OpenBody {
    const { bodies } = row
    for (let first = bodies.open[lane]; first !== undefined && first.body.rows > 0; first = bodies.open[lane])
      this.#parts.full(row.epoch, bodies, lane)
    if (open.body.rows === 0) {
      open.body.release()
      bodies.open[lane] = undefined
      if (bodies.parts.length === 0 && bodies.open.every(o => o === undefined)) bodies.shape = null
    }
    return this.#openBody(row, lane, true, null)
  }

  /** This body and all before it in its lane leave. */
  #shipThrough({ epoch, bodies }: Row, lane: number, body: OpenBody): void {
    for (;;) {
      const first = bodies.open[lane]
      this.#parts.full(epoch, bodies, lane)
      if (first === body) return
    }
  }

  /** Behind the lane's last body, if it has one. */
  #openBody({ route, bodies, oneShape }: Row, lane: number, json: boolean, last: OpenBody | null): OpenBody {
    const columns = json ? route.json.columns : route.csv!.columns
    const partial = route.partial === true
    if (oneShape && partial) refusePartial(bodies, columns)
    const shape = `${json ? 'json' : 'csv'} ${columns}`
    if (oneShape && bodies.shape !== null && bodies.shape !== shape) this.#refuseShape(bodies, json, shape)
    bodies.shape = shape
    const trace = this.#options.traced ? new RowTrace() : null
    const keys = last === null ? null : new Set<number>()
    const marks = marksFor(route, this.#options.collapseFrom)
    const body = new Body(this.#pool, json)
    const open: OpenBody = { body, json, columns, partial, route, trace, marks, next: null, keys }
    if (last === null) bodies.open[lane] = open
    else last.next = open
    return open
  }

  #refuseShape(bodies: TargetBodies, json: boolean, shape: string): never {
    if (json !== bodies.shape!.startsWith('json')) {
      this.#parts.jsonTargets.add(bodies.name)
      throw new Failure('readAgain', `${bodies.name}: a row that CSV cannot carry; this epoch is read again as JSON.`)
    }
    throw new Failure(
      'transactionsUnfit',
      `${bodies.name}: loads with different columns (${bodies.shape} and ${shape}) cannot go into one transaction.`,
    )
  }

  /** Writes one image behind the body's last row; where it ends in the body's chunk. The row counts only when `addRow` is told. */
  #encode(
    { images, route, place, commitMs, change }: Row,
    body: Body,
    encoder: RouteEncoder,
    at: number,
    op: 0 | 1,
  ): number {
    if (route.mode === 'append') encoder.setChange?.(images.op, place, commitMs, change)
    body.reserve(encoder.room(images.buffer, at, images.end))
    return encoder.encode(images.buffer, at, images.end, body.chunk, body.rowStart(), op)
  }
}

/** Whether rows of this route may be added to the body. */
function fits({ json, columns, partial }: OpenBody, route: Route): boolean {
  return partial === (route.partial === true) && columns === (json ? route.json.columns : route.csv?.columns)
}

/** Rows of one key may be loaded in any order: they have no column in common but the key, and none is a delete. */
function commutes(one: Route, other: Route): boolean {
  const isFused = one.isFused === true && other.isFused === true
  return isFused && one.partial === true && other.partial === true && one.rule !== other.rule
}

/** StarRocks has open defects with partial updates inside transactions over several tables. */
function refusePartial(bodies: TargetBodies, columns: string): never {
  throw new Failure(
    'transactionsUnfit',
    `${bodies.name}: a row image left columns out (binlog_row_image is not FULL in some session), and partial updates (${columns}) are not written by transactions over several tables.`,
  )
}

/** What stays the same over the images of one event. */
interface Row {
  readonly epoch: Epoch
  readonly images: RowImages
  readonly route: Route
  readonly bodies: TargetBodies
  readonly place: ChangePlace
  readonly commitMs: number
  readonly event: TracedEvent | null
  readonly oneShape: boolean
  /** The target may have these rows already: see `WatchedPlace.again`. */
  readonly again: boolean
  /** Which change of the event is being written. */
  change: number
}
