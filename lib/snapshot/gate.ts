import type { RowsEvent } from '../binlog/event.js'
import type { TableMap } from '../binlog/table-map.js'
import type { Dispatcher } from '../dispatch/dispatcher.js'
import type { ChangePlace } from '../model/change-place.js'
import type { KeyBound } from '../model/chunk.js'
import { asFailure, Failure } from '../model/failure.js'
import { comparePositions, formatPosition, type Position } from '../model/position.js'
import { tableName } from '../model/schema.js'
import type { SchemaChange } from '../model/schema-change.js'
import { CopiedTable, type TableParts } from './copied-table.js'
import type { AdmittedChunk, CopyPlan } from './copy-plan.js'
import { InEpochs } from './in-epochs.js'
import { routesFor, type Segment } from './segment.js'
import type { CopySpool } from './spool.js'
import type { Admission, CopyWindow } from './window.js'

export interface GateParts extends TableParts {
  readonly dispatcher: Dispatcher
  /** Behind the last whole transaction that was read. */
  readonly position: () => Position
  /** Compiles the routes of a table map; see the router. */
  readonly bind: (map: TableMap) => Promise<void> | undefined
  /** Resolves when it is on disk that the chunk may be in the target from now on. A rejection ends the flow. */
  readonly noteAdmitted: (chunk: AdmittedChunk) => Promise<void>
  /** Null: epochs are never read again (transactions in one database), so nothing must go in twice in the same way. */
  readonly spool: Pick<CopySpool, 'write' | 'read' | 'remove' | 'keepOnly'> | null
  /** The newest epoch that is in for certain: `Resumption.durable`. */
  readonly savedEpoch: number
  /** Chunks of epochs that are read again, in the order in which they were admitted: see `judgeAdmitted`. */
  readonly replays: readonly AdmittedChunk[]
  /** A chunk of `replays` is in the target, and the position says so. */
  readonly onReplayed: (chunk: AdmittedChunk) => void
  /** Ms since 1970. */
  readonly now: () => number
}

/** A table that is being copied. */
export interface TableCopy {
  /** Resolves when the chunks that earlier runs admitted have gone in again: the frontier is behind them only then. Rejects with what ended the flow. */
  ready(): Promise<void>
  /** Up to where the rows are in, in epochs that may be loading yet. Null: nothing is, or, when it is complete, everything. */
  readonly frontier: KeyBound | null
  readonly isComplete: boolean
  /** Opens a window as soon as the stream stands between two transactions. Rejects with what ended the flow. */
  window(): Promise<CopyWindow>
  /** All rows are copied, or the copy is given up: its changes go in as ever. Windows that are open are void. */
  end(): void
}

/**
 * Stands between the stream and the dispatcher, and lets the chunks of tables that are copied into the dispatcher at places
 * where that loses no row and brings none twice: docs/decisions/0010-snapshot.md.
 */
export class CopyGate {
  readonly #parts: GateParts
  readonly #tables = new Map<string, CopiedTable>()
  readonly #replays: AdmittedChunk[]
  readonly #inEpochs: InEpochs
  /** Of the stream: no row of a transaction, and no DDL statement, is under way. */
  #between = true
  /** The dispatcher has not heard of the last commit. */
  #committed = false
  /** A chunk is going in: the stream waits. */
  #busy: Promise<void> | null = null
  #reason: Failure | null = null
  #files = 0

  constructor(parts: GateParts) {
    this.#parts = parts
    this.#replays = [...parts.replays]
    this.#inEpochs = new InEpochs(parts.savedEpoch, parts.position())
    parts.dispatcher.failed.catch(failure => this.abandon(failure))
  }

  /**
   * Has chunks of earlier runs go in that belong to the start position. To be awaited before the stream begins, when `copy`
   * has been called for their tables.
   */
  async begin(): Promise<void> {
    await this.#parts.spool?.keepOnly(new Set(this.#replays.flatMap(({ spool }) => spool ?? [])))
    this.#settle()
    while (this.#busy !== null) await this.#busy
    if (this.#reason !== null) throw this.#reason
  }

  /** From here on the changes of this table are judged by its plan. To be called before the stream begins, or before a change of the table is behind the start of any window. */
  copy(plan: CopyPlan): TableCopy {
    const name = tableName(plan)
    if (this.#tables.has(name)) throw new Failure('internal', `${name} is being copied already.`)
    const owed = this.#replays.filter(chunk => tableName(chunk) === name).length
    const table = new CopiedTable(plan, this.#parts, owed, () => this.#settle())
    this.#tables.set(name, table)
    return {
      ready: () => (this.#reason === null ? table.ready() : Promise.reject(this.#reason)),
      get frontier() {
        return table.frontier.upTo
      },
      get isComplete() {
        return table.frontier.isComplete
      },
      window: () => {
        if (this.#reason !== null) return Promise.reject(this.#reason)
        const wish = table.wish()
        this.#settle()
        return wish
      },
      end: () => {
        this.#tables.delete(name)
        table.end(new Failure('chunkVoid', `${name} is not copied any more.`))
      },
    }
  }

  /** Of the stream's ChangeReceiver. A promise holds the stream. */
  rows(event: RowsEvent, place: ChangePlace, commitMs: number): Promise<void> | undefined {
    const { dispatcher, routes } = this.#parts
    if (this.#busy !== null) return this.#busy.then(() => this.rows(event, place, commitMs))
    this.#between = false
    const table = this.#tables.size === 0 ? undefined : this.#tables.get(tableName(event.map))
    if (table === undefined) {
      dispatcher.rows(event, routes(event.map), commitMs, place)
      return undefined
    }
    const pieces = table.take(event, place, commitMs)
    if (pieces instanceof Promise) return pieces.then(known => dispatcher.pieces(known, commitMs, place))
    dispatcher.pieces(pieces, commitMs, place)
    return undefined
  }

  /** Rows of another stream's share (see `shareChanges`): an event of the epoch, and nothing else. A promise holds the stream. */
  held(place: ChangePlace, commitMs: number): Promise<void> | undefined {
    if (this.#busy !== null) return this.#busy.then(() => this.held(place, commitMs))
    this.#between = false
    this.#parts.dispatcher.pieces([], commitMs, place)
    return undefined
  }

  /** In place of the dispatcher's `commit`. */
  commit(): void {
    this.#between = true
    this.#committed = true
    this.#settle()
  }

  /** To be awaited before a DDL statement is followed: windows of its tables are void, and nothing goes in until `commit`. */
  async tablesChanged(change: SchemaChange): Promise<void> {
    while (this.#busy !== null) await this.#busy
    this.#between = false
    for (const { names } of change.tables)
      for (const name of names)
        this.#tables.get(tableName(name))?.voidWindows('its definition changed while it was read')
  }

  /** As of the stream's ChangeReceiver: the stream is to wait while a chunk goes in. */
  get full(): boolean {
    return this.#busy !== null
  }

  async room(): Promise<void> {
    while (this.#busy !== null) await this.#busy
  }

  /** Whether chunks of this epoch are still to go in again; asked by the dispatcher. */
  owes(epoch: number): boolean {
    return this.#replays[0]?.epoch === epoch
  }

  /** The position is saved, and this is the newest epoch with rows in it. */
  saved(epoch: number, position: Position): void {
    this.#inEpochs.saved(epoch, position)
    this.#settle()
  }

  /** Nothing goes in any more; whoever waits hears of it. What has gone in is heard of when it is saved, or when the dispatcher fails. */
  abandon(reason: Failure): void {
    this.#reason ??= reason
    for (const table of this.#tables.values()) table.end(this.#reason)
    if (this.#parts.dispatcher.hasFailed) this.#inEpochs.fail(this.#reason)
  }

  /** Does what can be done where the stream stands. */
  #settle(): void {
    const { dispatcher, position } = this.#parts
    if (this.#isIdle && this.#committed && this.#busy === null && this.#reason === null && !dispatcher.hasFailed) {
      this.#committed = false
      dispatcher.commit()
      if (!dispatcher.isOver) return
    }
    while (this.#busy === null && this.#between && this.#reason === null && !dispatcher.hasFailed) {
      for (const table of this.#tables.values()) table.openWindows(position)
      const work = this.#due()
      if (work !== null) this.#hold(work)
      else if (this.#committed || dispatcher.isOver) {
        this.#committed = false
        dispatcher.commit()
      } else return
    }
  }

  /** Nothing is copied, so there is nothing to look for behind each commit. */
  get #isIdle(): boolean {
    return this.#tables.size === 0 && this.#replays.length === 0 && this.#between
  }

  /** What may go in now. */
  #due(): (() => Promise<void>) | null {
    const { dispatcher } = this.#parts
    const replay = this.#replays[0]
    if (replay !== undefined) {
      if (dispatcher.epoch < replay.epoch || comparePositions(this.#parts.position(), replay.position) < 0) return null
      return () => this.#replay(replay)
    }
    for (const table of this.#tables.values()) {
      // Asked for at every commit: a position has a GTID set, which is dear to render.
      if (table.admissions.length === 0) continue
      const position = this.#parts.position()
      const admission = table.admissions.find(({ range, chunk }) => {
        const isNext = range === null || table.frontier.isAt(range.after)
        const ways = table.plan.copyRoutes.routes.length
        return isNext && chunk.high.reachedBy(position) && dispatcher.takesCopies(chunk.rows * ways, chunk.bytes * ways)
      })
      if (admission !== undefined) return () => this.#admit(table, admission)
    }
    return null
  }

  #hold(work: () => Promise<void>): void {
    const { dispatcher } = this.#parts
    dispatcher.hold()
    this.#busy = work()
      .catch(error => {
        // What is on disk of a chunk that did not go in must be judged anew.
        dispatcher.abandon(asFailure(error))
      })
      .finally(() => {
        this.#busy = null
        // More may have to go into this epoch before its end is known.
        this.#committed = true
        this.#settle()
      })
  }

  async #admit(table: CopiedTable, admission: Admission): Promise<void> {
    const { dispatcher, noteAdmitted, spool, now } = this.#parts
    const position = this.#parts.position()
    const { epoch } = dispatcher
    const { binName, binPos } = admission.window.at
    // An ordinal no event has, so that the rows of an append target have change ids of their own; before those of what has
    // changed since the window was opened.
    const place = { binName, binPos, event: -epoch }
    const rowsBefore = this.#inEpochs.rowsOf(epoch)
    const { segments, copied } = await table.compose(admission, position, place, now(), rowsBefore)
    const isEmpty = segments.length === 0
    if (isEmpty && table.isStrict) await this.#allSaved(position)
    // Behind a frontier the same key may go in several times: by halves it may be left as it never was, with nothing to mend it.
    const isSpooled = !isEmpty && table.plan.mode === 'behindFrontier' && spool !== null
    const file = isSpooled ? `${epoch}-${this.#files++}.rows` : null
    const { range, chunk, resolve, reject } = admission
    // An epoch into which nothing goes may never be.
    const into = isEmpty ? this.#inEpochs.lastOf(table.name) : epoch
    if (file !== null) await spool!.write(file, segments)
    // What is not copied any more must not move the frontier of a copy that begins anew.
    if (this.#tables.get(table.name) !== table) {
      await this.#remove(file)
      return reject(new Failure('chunkVoid', `${table.name} is not copied any more.`))
    }
    if (this.#reason === null && range !== null) {
      const { schema, table: name } = table.plan
      const { rows, bytes } = chunk
      await noteAdmitted({ schema, table: name, epoch: into, position, range, rows, bytes, spool: file })
    }
    if (this.#reason !== null) return reject(this.#reason)
    this.#inject(table, segments, range === null ? 'asked' : 'read')
    // The rules may have written nothing of it.
    const isBare = !isEmpty && dispatcher.isBare
    if (isBare && table.isStrict) await this.#allSaved(position)
    if (this.#reason !== null) return reject(this.#reason)
    table.conclude(admission)
    if (range?.upTo === null && [...this.#tables.values()].every(({ frontier }) => frontier.isComplete))
      dispatcher.copiedAll()
    const over = () => this.#remove(file)
    const entered = isBare ? this.#inEpochs.lastOf(table.name) : into
    this.#inEpochs.add({ epoch: entered, table: table.name, resolve: () => over().then(resolve, reject), reject })
    this.#inEpochs.countRows(epoch, copied)
  }

  /**
   * A frontier that moves without a row moves in no epoch; changes before it must not be read again behind that. The stream
   * waits meanwhile.
   */
  async #allSaved(position: Position): Promise<void> {
    const { dispatcher } = this.#parts
    dispatcher.commit()
    await dispatcher.drain()
    await this.#inEpochs.reached(position)
  }

  async #replay(chunk: AdmittedChunk): Promise<void> {
    const { dispatcher, spool, onReplayed } = this.#parts
    const table = this.#tables.get(tableName(chunk))
    if (table === undefined || chunk.spool === null || spool === null || dispatcher.epoch !== chunk.epoch)
      throw new Failure(
        'planUnfit',
        `${tableName(chunk)}: rows that were copied into epoch ${chunk.epoch} behind ${formatPosition(chunk.position)} cannot go in again.`,
      )
    const segments = await spool.read(chunk.spool)
    for (const map of new Set(segments.map(({ map }) => map))) if (map !== null) await this.#parts.bind(map)
    if (this.#reason !== null) return
    this.#inject(table, segments, 'read')
    this.#replays.shift()
    table.hasAgain(chunk.range.upTo)
    const resolve = () => {
      onReplayed(chunk)
      // A file that stays is removed at the next start.
      this.#remove(chunk.spool).catch(() => undefined)
    }
    this.#inEpochs.add({ epoch: chunk.epoch, table: table.name, resolve, reject: () => undefined })
  }

  #inject({ plan }: CopiedTable, segments: readonly Segment[], how: 'read' | 'asked'): void {
    const { dispatcher, routes } = this.#parts
    for (const { map, ways, images, place, commitMs } of segments) {
      const own = routesFor(ways, map === null ? plan.copyRoutes.routes : routes(map))
      dispatcher.copied({ images, routes: own }, commitMs, place, how)
    }
  }

  async #remove(file: string | null): Promise<void> {
    if (file !== null) await this.#parts.spool?.remove(file)
  }
}
