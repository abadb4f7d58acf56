import type { ChangePlace } from '../model/change-place.js'
import { asFailure, Failure } from '../model/failure.js'
import { comparePositions, formatPosition, type Position } from '../model/position.js'
import { accountFor } from './account.js'
import { tellParked } from './bad-rows.js'
import type { Delivery, Shipment } from './delivery.js'
import type { DispatcherOptions, DispatcherParts } from './dispatcher-parts.js'
import { DueTimer } from './due-timer.js'
import { Epoch } from './epoch.js'
import type { EpochScript } from './epoch-script.js'
import type { EventPiece, EventRows } from './event-rows.js'
import { EventWriter, located } from './event-writer.js'
import { parkRefused } from './refused-rows.js'
import type { Route, RowImages } from './route.js'
import { release, takeAll, takeComplete, takeOne } from './shipments.js'

export type { DispatcherOptions, DispatcherParts, EpochNote } from './dispatcher-parts.js'

/**
 * Takes row images and commits in source order, has the rows written into bodies, and hands these to a delivery in epochs
 * cut at commits: one epoch loads while the next fills.
 * After a failure nothing moves any more: `failed` rejects, every waiter wakes, the position stays.
 */
export class Dispatcher {
  readonly failed: Promise<never>
  readonly #options: DispatcherOptions
  readonly #parts: DispatcherParts
  readonly #writer: EventWriter
  readonly #scripts: EpochScript[]
  #rejectFailed!: (failure: Failure) => void
  #open: Epoch
  #delivery: Delivery
  readonly #loading: Epoch[] = []
  #inTransaction = false
  #moved = false
  #due = false
  readonly #timer = new DueTimer(() => {
    this.#due = true
    this.#sealWhenFree()
  })
  readonly #positionOf: () => Position
  #idleWaiters: { resolve: () => void; reject: (failure: Failure) => void }[] = []

  /** `positionOf` renders the position behind the last commit; it is asked only between transactions. */
  constructor(options: DispatcherOptions, positionOf: () => Position, parts: DispatcherParts) {
    this.#options = options
    this.#positionOf = positionOf
    this.#parts = parts
    this.#scripts = [...options.scripts]
    this.failed = new Promise((_, reject) => {
      this.#rejectFailed = reject
    })
    // Whoever waits hears of it; a failure that comes when nobody does is in the window all the same.
    this.failed.catch(() => undefined)
    this.#writer = new EventWriter(options, {
      window: parts.window,
      jsonTargets: parts.jsonTargets,
      full: (epoch, bodies, lane) => {
        epoch.streamed = true
        this.#ship(epoch, [takeOne(bodies, lane, options.lanes)], false)
      },
      due: route => this.#dueBy(route),
    })
    this.#open = this.#begin(options.firstEpoch, options.start)
    this.#delivery = parts.deliveryOf(this.#open.script)
  }

  /** Rows of one event for every route of its table. The event's bytes, and `place`, are not kept. */
  rows(images: RowImages, routes: readonly Route[], commitMs: number, place: ChangePlace): void {
    this.pieces([{ images, routes }], commitMs, place)
  }

  /** One event of which not all rows go the same way; with no piece it counts as an event all the same. */
  pieces(pieces: readonly EventPiece[], commitMs: number, place: ChangePlace): void {
    const { window } = this.#parts
    if (window.failure) return
    this.#inTransaction = true
    const epoch = this.#open
    epoch.events++
    for (const { images, routes } of pieces) if (!this.#write(images, routes, commitMs, place, false)) return
    if (epoch.script?.spills.has(epoch.events) || (window.full && !this.#scripted)) this.#spill()
  }

  /**
   * No epoch is cut until `commit`: rows that were copied are to go into the one that is open. To be called between two
   * transactions.
   */
  hold(): void {
    this.#inTransaction = true
  }

  /** Rows that were copied from the table, not read from the stream: no event of the epoch, and no news of how fresh it is. */
  copied(
    { images, routes }: EventPiece,
    commitMs: number,
    place: ChangePlace,
    how: Exclude<EventRows['copied'], false> = 'read',
  ): void {
    if (!this.#parts.window.failure) this.#write(images, routes, commitMs, place, how)
  }

  /** No more rows are expected to be copied: what is open is loaded without the wait for more. To be called before `commit`. */
  copiedAll(): void {
    this.#due = true
  }

  /** Nothing moves any more. */
  get hasFailed(): boolean {
    return this.#parts.window.failure !== null
  }

  /** Ordinal of the open epoch. */
  get epoch(): number {
    return this.#open.ordinal
  }

  /** Nothing is in the open epoch that would make it one: it may never be. */
  get isBare(): boolean {
    return !this.#open.counts
  }

  /** Whether so much may be copied into the open epoch: it is new, the ack window takes it, and nobody drains. */
  takesCopies(rows: number, bytes: number): boolean {
    const { window } = this.#parts
    const isNew = this.#open.script === null && this.#scripts.length === 0
    if (window.failure || !isNew || this.#idleWaiters.length > 0) return false
    return window.takesCopies(rows, bytes)
  }

  /**
   * An epoch that is read again has come to its end, as one that held nothing but copied rows does at its start: `commit` is due.
   * Where it was open when it was planned, it is over when nothing of it is left.
   */
  get isOver(): boolean {
    const { script } = this.#open
    if (script === null || this.#inTransaction || this.#owes || this.#parts.window.failure) return false
    if (script.end === null) return this.#isSpent && this.#loading.length === 0
    return comparePositions(this.#positionOf(), script.end) === 0
  }

  /** The source transaction is complete: an epoch may be cut here. */
  commit(): void {
    if (this.#parts.window.failure) return
    this.#inTransaction = false
    this.#moved = true
    if (this.#open.script !== null && this.#open.script.end !== null) {
      this.#sealAt(this.#open.script.end)
      return
    }
    if (this.#isSpent) this.#due = true
    if (this.#due || this.#parts.window.halfFull) this.#sealWhenFree()
    else if (!this.#timer.isSet) this.#timer.dueIn(this.#options.idleAdvanceMs)
  }

  /** An epoch that is read again takes what it took, whatever the window says. */
  get full(): boolean {
    return this.#parts.window.full && !this.#scripted
  }

  /** Resolves when there is room for more rows; rejects with the failure that ended the flow. */
  room(): Promise<void> {
    const { window } = this.#parts
    return this.#scripted && !window.failure ? Promise.resolve() : window.room()
  }

  /** Resolves when every transaction handed over is durable. To be called between transactions; inside one, or in an epoch being read again, `dropOpen` first. */
  drain(): Promise<void> {
    const { window } = this.#parts
    // A DDL statement before the first row was there the first time too: epochs begin where the one before was cut.
    if (this.#scripted && this.#open.events > 0 && !window.failure)
      this.#stop(this.#unfit('a DDL statement stands where the rules had none'))
    if (window.failure) return Promise.reject(window.failure)
    if (!this.#scripted) {
      this.#due = true
      this.#sealWhenFree()
    }
    if (window.failure) return Promise.reject(window.failure)
    if (this.#idle) return Promise.resolve()
    return new Promise((resolve, reject) => this.#idleWaiters.push({ resolve, reject }))
  }

  /** What is open cannot be loaded now: an unfinished transaction, or an epoch that must end elsewhere. */
  get unfinished(): boolean {
    return this.#inTransaction || this.#scripted
  }

  /** Epochs of earlier runs have not all been read again. */
  get replaying(): boolean {
    return this.#scripts.length > 0 || this.#scripted
  }

  /** Forgets what no epoch has sealed yet, an unfinished transaction above all: it will be read again from the saved position. */
  dropOpen(): void {
    this.#timer.clear()
    this.#open = new Epoch(this.#open.ordinal, this.#open.start, null)
    this.#inTransaction = false
    this.#moved = false
    this.#due = false
  }

  /** Gives up: nothing is sent any more. What was not durable will be read again. */
  abandon(reason: Failure): void {
    this.#stop(reason)
  }

  get #idle(): boolean {
    return this.#loading.length === 0 && (this.#scripted || (!this.#moved && this.#open.rows === 0))
  }

  /** The open epoch is being read again and has not come to the end of what was planned of it. */
  get #scripted(): boolean {
    const { script, events } = this.#open
    return script !== null && (script.end !== null || events < script.events || this.#owes)
  }

  /** It was begun by an earlier run, and nothing came of reading it again. */
  get #isSpent(): boolean {
    const { script, rows } = this.#open
    return script !== null && rows === 0 && !this.#scripted
  }

  get #owes(): boolean {
    return this.#parts.owes?.(this.#open.ordinal) ?? false
  }

  #begin(ordinal: number, start: Position): Epoch {
    const script = this.#scripts[0]
    if (script === undefined || comparePositions(script.start, start) !== 0) return new Epoch(ordinal, start, null)
    this.#scripts.shift()
    return new Epoch(script.epoch, start, script)
  }

  /** False when it failed, and so nothing moves any more. */
  #write(
    images: RowImages,
    all: readonly Route[],
    commitMs: number,
    place: ChangePlace,
    copied: EventRows['copied'],
  ): boolean {
    const epoch = this.#open
    const { script } = epoch
    const routes = script === null ? all : all.filter(route => !script.skips(route.target))
    try {
      this.#writer.write(epoch, { images, routes, commitMs, place, copied }, this.#delivery.oneShape)
      return true
    } catch (error) {
      this.#stop(located(asFailure(error), place))
      return false
    }
  }

  #dueBy(route: Route): void {
    const ms = this.#parts.pace.interval(route.flushIntervalMs)
    if (this.#open.rows === 0 || !this.#timer.isDueWithin(ms)) this.#timer.dueIn(ms)
  }

  /** Ships every open body although the transaction goes on: memory stays within the window, the position waits for its end. */
  #spill(): void {
    const epoch = this.#open
    epoch.streamed = true
    this.#ship(
      epoch,
      [...epoch.targets.values()].flatMap(bodies => takeAll(bodies, this.#options.lanes)),
      true,
    )
  }

  #ship(epoch: Epoch, shipments: readonly Shipment[], spilled: boolean): void {
    const { window } = this.#parts
    const promises = this.#delivery.ship(epoch, shipments, spilled)
    promises.forEach((promise, i) => {
      const shipment = shipments[i]!
      promise.then(
        settled => {
          epoch.countSettled(shipment.target, settled)
          window.settle(shipment.admitted, release(shipment))
          this.#settleEpochs()
        },
        error => this.#stop(asFailure(error)),
      )
    })
  }

  #sealAt(end: Position): void {
    const order = comparePositions(this.#positionOf(), end)
    if (order === 0) this.#seal()
    else if (order > 0) this.#stop(this.#unfit(`the source has no commit at ${formatPosition(end)}`))
  }

  #unfit(why: string): Failure {
    return new Failure(
      'planUnfit',
      `The epoch from ${formatPosition(this.#open.start)} was begun by an earlier run and cannot be read the same way again: ${why}.`,
    )
  }

  #sealWhenFree(): void {
    if (this.#inTransaction || this.#loading.length > 0 || this.#scripted || this.#parts.window.failure) return
    if (!this.#moved && this.#open.rows === 0) {
      this.#due = false
      return
    }
    this.#seal()
  }

  #seal(): void {
    let end: Position
    try {
      end = this.#positionOf()
    } catch (error) {
      this.#stop(asFailure(error))
      return
    }
    const epoch = this.#open
    const delivery = this.#delivery
    epoch.end = end
    epoch.sealedAtMs = performance.now()
    this.#loading.push(epoch)
    this.#parts.observer({ kind: 'step', step: 'sealed', epoch: epoch.ordinal, label: null })
    if (epoch.targets.size > 0) {
      const shipments = [...epoch.targets.values()].flatMap(bodies =>
        takeComplete(epoch, bodies, this.#options.lanes, delivery.oneShape),
      )
      this.#ship(epoch, shipments, false)
      Promise.all([delivery.seal(epoch), this.#parkRefused(epoch)]).then(
        () => this.#becomesDurable(epoch),
        error => this.#stop(asFailure(error)),
      )
    } else if (epoch.refused.length > 0) {
      this.#parkRefused(epoch).then(
        () => this.#becomesDurable(epoch),
        error => this.#stop(asFailure(error)),
      )
    } else {
      // It may hold changes of which the rules write nothing.
      accountFor(epoch, this.#parts.observer)
      epoch.durable = true
    }
    this.#open = this.#begin(epoch.counts ? epoch.ordinal + 1 : epoch.ordinal, end)
    this.#open.isSecond = comparePositions(epoch.start, end) === 0
    this.#delivery = this.#parts.deliveryOf(this.#open.script)
    this.#moved = false
    this.#due = false
    this.#timer.clear()
    for (const [route, { rows, bytes }] of epoch.received)
      this.#parts.observer({ kind: 'received', source: route.source, rows, bytes })
    this.#settleEpochs()
  }

  /** Changes that came to no row are on disk before the position moves past them. */
  async #parkRefused({ refused }: Epoch): Promise<void> {
    const { badRows, observer } = this.#parts
    if (refused.length === 0) return
    if (badRows == null) throw new Failure('ruleFailed', refused[0]!.row.reason)
    tellParked(await parkRefused(refused, badRows, Date.now()), observer)
  }

  #becomesDurable(epoch: Epoch): void {
    try {
      accountFor(epoch, this.#parts.observer)
    } catch (error) {
      this.#stop(asFailure(error))
      return
    }
    epoch.durable = true
    const { pace, observer } = this.#parts
    pace.epochLoaded(performance.now() - epoch.sealedAtMs)
    for (const asked of new Set([...epoch.received.keys()].map(route => route.flushIntervalMs))) {
      const news = pace.news(asked)
      if (news !== null) observer(news)
    }
    this.#settleEpochs()
  }

  #settleEpochs(): void {
    if (this.#parts.window.failure) return
    while (this.#loading[0]?.durable) {
      const { end, rows, oldestCommitMs, newestCommitMs, ordinal, counts } = this.#loading.shift()!
      const epoch = counts ? ordinal : ordinal - 1
      this.#parts.onDurable(end!, { epoch, rows, oldestCommitMs, newestCommitMs })
    }
    if (this.#due || this.#parts.window.halfFull) this.#sealWhenFree()
    if (this.#idle) {
      const waiters = this.#idleWaiters
      this.#idleWaiters = []
      for (const waiter of waiters) waiter.resolve()
    }
  }

  #stop(failure: Failure): void {
    if (this.#parts.window.failure) return
    this.#timer.clear()
    this.#parts.window.fail(failure)
    this.#rejectFailed(failure)
    const waiters = this.#idleWaiters
    this.#idleWaiters = []
    for (const waiter of waiters) waiter.reject(failure)
  }
}
