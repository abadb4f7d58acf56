import type { ChangePlace } from '../model/change-place.js'
import { asFailure, type Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import type { Position } from '../model/position.js'
import { Body } from './body.js'
import { ChunkPool } from './chunk-pool.js'
import { Epoch, type OpenBody, type TargetBodies } from './epoch.js'
import { renderLabel } from './label.js'
import { Lane } from './lane.js'
import type { Route, RouteEncoder, RowImages } from './route.js'
import type { Load, Sink } from './sink.js'
import type { Window } from './window.js'

export interface DispatcherOptions {
  /** First part of this run's labels, unique to it; characters `[-\w]` only. */
  readonly labelBase: string
  /** `labelBase` of the run just before; null when nothing of it may count as done. */
  readonly earlierLabelBase: string | null
  readonly lanes: number
  /** Longest time the position may stay behind when nothing needs loading. */
  readonly idleAdvanceMs: number
  readonly start: Position
}

export interface DispatcherParts {
  readonly sink: Sink
  readonly window: Window
  readonly observer: Observer
  /** Called once per epoch, in order, when everything up to the position is durable and visible. */
  readonly onDurable: (
    position: Position,
    epoch: { readonly rows: number; readonly oldestCommitMs: number; readonly newestCommitMs: number },
  ) => void
}

/** Up to here the bodies of one target's lanes go as one load; above, parallel loads pay. */
const FOLD_BYTES = 8 * 1024 * 1024

/**
 * Takes row images and commits in source order, writes the rows into the bodies of lanes by target key, and loads them in
 * epochs cut at commits: one epoch loads while the next fills. Same target key, same lane, same order.
 * After a failure nothing moves any more: `failed` rejects, every waiter wakes, the position stays.
 */
export class Dispatcher {
  readonly failed: Promise<never>
  readonly #options: DispatcherOptions
  readonly #parts: DispatcherParts
  readonly #pool = new ChunkPool()
  readonly #lanes: readonly Lane[]
  readonly #abort = new AbortController()
  #rejectFailed!: (failure: Failure) => void
  #open: Epoch
  readonly #loading: Epoch[] = []
  /** Per target, the load of the loading epoch that holds rows of several lanes. */
  readonly #folded = new Map<string, Promise<void>>()
  #nextLane = 0
  #inTransaction = false
  #moved = false
  #due = false
  #timer: NodeJS.Timeout | null = null
  #timerDueMs = Number.POSITIVE_INFINITY
  readonly #positionOf: () => Position
  #idleWaiters: { resolve: () => void; reject: (failure: Failure) => void }[] = []

  /** `positionOf` renders the position behind the last commit; it is asked only between transactions, when an epoch is sealed. */
  constructor(options: DispatcherOptions, positionOf: () => Position, parts: DispatcherParts) {
    this.#options = options
    this.#positionOf = positionOf
    this.#parts = parts
    this.#open = new Epoch(options.start)
    this.failed = new Promise((_, reject) => {
      this.#rejectFailed = reject
    })
    // Whoever waits hears of it; a failure that comes when nobody does is in the window all the same.
    this.failed.catch(() => undefined)
    this.#lanes = Array.from({ length: options.lanes }, () => new Lane(parts.sink, parts.observer, this.#abort.signal))
  }

  /** Rows of one event for every route of its table. The event's bytes are not kept. */
  rows(images: RowImages, routes: readonly Route[], commitMs: number, _place: ChangePlace): void {
    this.#inTransaction = true
    for (const route of routes) this.#writeImages(images, route, commitMs)
    if (this.#parts.window.full) this.#spill()
  }

  /** The source transaction is complete: an epoch may be cut here. */
  commit(): void {
    this.#inTransaction = false
    this.#moved = true
    if (this.#due || this.#parts.window.halfFull) this.#sealWhenFree()
    else if (this.#timer === null) this.#dueIn(this.#options.idleAdvanceMs)
  }

  get full(): boolean {
    return this.#parts.window.full
  }

  /** Resolves when there is room for more rows; rejects with the failure that ended the flow. */
  room(): Promise<void> {
    return this.#parts.window.room()
  }

  /** Resolves when every transaction handed over is durable. To be called between transactions; inside one, `dropOpen` first. */
  drain(): Promise<void> {
    if (this.#parts.window.failure) return Promise.reject(this.#parts.window.failure)
    this.#due = true
    this.#sealWhenFree()
    if (this.#parts.window.failure) return Promise.reject(this.#parts.window.failure)
    if (this.#idle) return Promise.resolve()
    return new Promise((resolve, reject) => this.#idleWaiters.push({ resolve, reject }))
  }

  get inTransaction(): boolean {
    return this.#inTransaction
  }

  /** Forgets what no epoch has sealed yet, an unfinished transaction above all: it will be read again from the saved position. */
  dropOpen(): void {
    this.#clearTimer()
    this.#open = new Epoch(this.#open.start)
    this.#inTransaction = false
    this.#moved = false
    this.#due = false
  }

  /** Gives up: loads in flight are aborted, nothing is sent any more. What was not durable will be read again. */
  abandon(reason: Failure): void {
    this.#stop(reason)
  }

  get #idle(): boolean {
    return this.#loading.length === 0 && !this.#moved && this.#open.rows === 0
  }

  #writeImages(images: RowImages, route: Route, commitMs: number): void {
    const { buffer, end } = images
    const keys = route.csv?.encoder ?? route.json.encoder
    const bodies = this.#open.bodiesOf(route.target)
    if (this.#open.rows === 0) this.#dueIn(route.flushIntervalMs)
    else if (route.flushIntervalMs < this.#timerDueMs - performance.now()) this.#dueIn(route.flushIntervalMs)
    let rows = 0
    let bytes = 0
    let at = images.at
    const { window } = this.#parts
    const bytesBefore = window.bytes
    while (at < end) {
      if (images.op === 'update') {
        const after = keys.skip(buffer, at, end)
        if (!keys.sameKey(buffer, at, after, end)) {
          keys.locateKey(buffer, at, end)
          this.#writeRow(bodies, route, keys.hash, buffer, at, end, 1)
          rows++
        }
        at = after
      }
      keys.locateKey(buffer, at, end)
      at = this.#writeRow(bodies, route, keys.hash, buffer, at, end, images.op === 'delete' ? 1 : 0)
      rows++
    }
    bytes = window.bytes - bytesBefore
    this.#open.countReceived(route, rows, bytes, commitMs)
  }

  #writeRow(
    bodies: TargetBodies,
    route: Route,
    hash: number,
    source: Buffer,
    at: number,
    limit: number,
    op: 0 | 1,
  ): number {
    const lane = ((hash + bodies.salt) >>> 0) % this.#lanes.length
    let open = bodies.open[lane]
    if (open === undefined || open.columns !== (open.json ? route.json.columns : route.csv?.columns)) {
      if (open) this.#ship(this.#open, bodies, lane)
      open = this.#openBody(bodies, lane, route, route.csv === null)
    }
    let encoder: RouteEncoder = open.json ? route.json.encoder : route.csv!.encoder
    let added = encodeRow(open.body, encoder, source, at, limit, op)
    if (!open.json && encoder.unsafe) {
      if (open.body.rows > 0) this.#ship(this.#open, bodies, lane)
      else open.body.release()
      open = this.#openBody(bodies, lane, route, true)
      encoder = route.json.encoder
      added = encodeRow(open.body, encoder, source, at, limit, op)
    }
    const bytes = added - open.body.at
    open.body.addRow(added)
    this.#parts.window.admit(1, bytes)
    if (open.body.bytes >= route.flushBytes || open.body.rows >= route.flushRows) this.#ship(this.#open, bodies, lane)
    return encoder.end
  }

  #openBody(bodies: TargetBodies, lane: number, route: Route, json: boolean): OpenBody {
    const columns = json ? route.json.columns : route.csv!.columns
    const open = { body: new Body(this.#pool, json), json, columns, route }
    bodies.open[lane] = open
    return open
  }

  /** Hands a lane's body to it as a load. */
  #ship(epoch: Epoch, bodies: TargetBodies, lane: number): void {
    const open = bodies.open[lane]!
    bodies.open[lane] = undefined
    this.#send(epoch, bodies, lane, [open])
  }

  /**
   * Hands over all bodies of a target whose epoch is complete. Small ones go as one load, lane behind lane: each load is a
   * version in every tablet of StarRocks. Rows of one key are all in one lane's body, so their order stays; and nothing else
   * of this target is under way then. What the next epoch may send before it ends waits for it (`#folded`).
   */
  #shipComplete(epoch: Epoch, bodies: TargetBodies): void {
    const open = bodies.open.filter(body => body !== undefined)
    const first = open[0]
    if (first === undefined) return
    const bytes = open.reduce((sum, o) => sum + o.body.bytes, 0)
    const rows = open.reduce((sum, o) => sum + o.body.rows, 0)
    const small = bytes <= Math.min(FOLD_BYTES, first.route.flushBytes) && rows <= first.route.flushRows
    const alike = open.every(o => !o.json && o.columns === first.columns)
    if (open.length === 1 || !small || !alike || bodies.parts.length > 0) {
      this.#shipAll(epoch, bodies)
      return
    }
    bodies.open.length = 0
    this.#nextLane = (this.#nextLane + 1) % this.#lanes.length
    const loaded = this.#send(epoch, bodies, this.#nextLane, open)
    this.#folded.set(bodies.name, loaded)
  }

  /** Makes one load of the bodies and gives it to the lane; resolves when it has been settled. */
  #send(epoch: Epoch, bodies: TargetBodies, lane: number, open: readonly OpenBody[]): Promise<void> {
    const part = bodies.parts[lane] ?? 0
    bodies.parts[lane] = part + 1
    const { route, json, columns } = open[0]!
    const { target } = bodies
    let rows = 0
    let admittedBytes = 0
    for (const { body } of open) {
      rows += body.rows
      admittedBytes += body.bytes
    }
    const body = open.flatMap(o => o.body.finish())
    const bytes = open.reduce((sum, o) => sum + o.body.bytes, 0)
    const load: Load = {
      label: renderLabel(
        this.#labelBase(epoch, part),
        { start: epoch.start, target, lane, part, columns },
        body,
        bytes,
      ),
      target,
      format: json ? 'json' : 'csv',
      columns,
      body,
      bytes,
      rows,
      columnSeparator: route.columnSeparator,
      rowDelimiter: route.rowDelimiter,
    }
    epoch.pendingLoads++
    return this.#lanes[lane]!.load(load, this.#folded.get(bodies.name))
      .then(() => {
        for (const o of open) o.body.release()
        epoch.pendingLoads--
        this.#parts.window.settle(rows, admittedBytes)
        this.#settleEpochs()
      })
      .catch(error => this.#stop(asFailure(error)))
  }

  /**
   * The first load of a run's keys may turn out to be in already, under the label of the run before. Once a key's rows have
   * been loaded again over newer ones, no later load of that key may be passed over: those have labels of this run.
   */
  #labelBase(epoch: Epoch, part: number): string {
    const { labelBase, earlierLabelBase, start } = this.#options
    return part === 0 && epoch.start === start ? (earlierLabelBase ?? labelBase) : labelBase
  }

  /** Ships every open body although the transaction goes on: memory stays within the window, the position waits for its end. */
  #spill(): void {
    for (const bodies of this.#open.targets.values()) this.#shipAll(this.#open, bodies)
  }

  #shipAll(epoch: Epoch, bodies: TargetBodies): void {
    bodies.open.forEach((open, lane) => {
      if (open) this.#ship(epoch, bodies, lane)
    })
  }

  #sealWhenFree(): void {
    if (this.#inTransaction || this.#loading.length > 0 || this.#parts.window.failure) return
    if (!this.#moved && this.#open.rows === 0) {
      this.#due = false
      return
    }
    let end: Position
    try {
      end = this.#positionOf()
    } catch (error) {
      this.#stop(asFailure(error))
      return
    }
    const epoch = this.#open
    epoch.end = end
    this.#open = new Epoch(end)
    this.#moved = false
    this.#due = false
    this.#clearTimer()
    this.#loading.push(epoch)
    this.#folded.clear()
    for (const bodies of epoch.targets.values()) this.#shipComplete(epoch, bodies)
    for (const [route, { rows, bytes }] of epoch.received) {
      this.#parts.observer({ kind: 'received', source: route.source, rows, bytes })
    }
    this.#settleEpochs()
  }

  #settleEpochs(): void {
    if (this.#parts.window.failure) return
    while (this.#loading[0]?.durable) {
      const epoch = this.#loading.shift()!
      this.#parts.onDurable(epoch.end!, epoch)
    }
    if (this.#due || this.#parts.window.halfFull) this.#sealWhenFree()
    if (this.#idle) {
      const waiters = this.#idleWaiters
      this.#idleWaiters = []
      for (const waiter of waiters) waiter.resolve()
    }
  }

  #dueIn(ms: number): void {
    this.#clearTimer()
    this.#timerDueMs = performance.now() + ms
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#timerDueMs = Number.POSITIVE_INFINITY
      this.#due = true
      this.#sealWhenFree()
    }, ms)
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#timerDueMs = Number.POSITIVE_INFINITY
  }

  #stop(failure: Failure): void {
    if (this.#parts.window.failure) return
    this.#clearTimer()
    this.#parts.window.fail(failure)
    this.#abort.abort(failure)
    this.#rejectFailed(failure)
    const waiters = this.#idleWaiters
    this.#idleWaiters = []
    for (const waiter of waiters) waiter.reject(failure)
  }
}

/** Writes one image behind the body's last row; where it ends in the body's chunk. The row counts only when `addRow` is told. */
function encodeRow(body: Body, encoder: RouteEncoder, source: Buffer, at: number, limit: number, op: 0 | 1): number {
  body.reserve(encoder.bound(limit - at))
  return encoder.encode(source, at, limit, body.chunk, body.rowStart(), op)
}
