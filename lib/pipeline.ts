import { EpochJournal } from './checkpoint/epoch-journal.js'
import { MasterInfoFile } from './checkpoint/master-info.js'
import { PositionSaver } from './checkpoint/position-saver.js'
import { SnapshotState } from './checkpoint/snapshot-state.js'
import { guardedSink } from './collision-guard.js'
import type { Config } from './config/options.js'
import { DeadLetters } from './dead-letter/dead-letters.js'
import { AtomicDelivery } from './dispatch/atomic-delivery.js'
import { COLLAPSE_FROM } from './dispatch/collapse.js'
import { Dispatcher, type EpochNote } from './dispatch/dispatcher.js'
import { LabelsDelivery } from './dispatch/labels-delivery.js'
import { Pace } from './dispatch/pace.js'
import type { Sink } from './dispatch/sink.js'
import { Window } from './dispatch/window.js'
import { asFailure, Failure } from './model/failure.js'
import type { Observer } from './model/observer.js'
import { comparePositions, formatPosition, type Position } from './model/position.js'
import { BinlogSource } from './mysql/binlog-source.js'
import { PositionTracker } from './mysql/position-tracker.js'
import type { BinlogPlace } from './mysql/schema-history.js'
import type { ChangeReceiver } from './mysql/stream-reader.js'
import { type PreparedStream, prepareStream } from './prepare-stream.js'
import { copyAddresses, createSink, readingOptions, ruleBookOf } from './registry.js'
import type { RuleBook } from './rules/rule-book.js'
import { SchemaChanges } from './schema-changes.js'
import { shareChanges } from './shared-changes.js'
import type { CopyOrders } from './snapshot/copy-orders.js'
import type { FindDeadKeys } from './snapshot/dead-keys.js'
import { SnapshotStage, type StageParts } from './snapshot/snapshot-stage.js'
import { type Lessons, mayBegin, openPrepared, type Scope } from './stream-scope.js'
import type { TableShare } from './table-share.js'
import { loadTransforms } from './transform-modules.js'
import { withinMs } from './within-ms.js'

/** How long a stop waits: first for the open transaction's end, then for what is in flight. */
const STOP_WAIT_MS = 5_000
const DRAIN_WAIT_MS = 30_000

/** What the copies of a pipeline need that outlives it. */
export interface CopyParts {
  readonly orders: CopyOrders
  readonly findDeadKeys: FindDeadKeys | null
}

/** One source into one StarRocks: builds the parts from the configuration, starts, drains and stops them. */
export class Pipeline {
  readonly #config: Config
  readonly #observer: Observer
  readonly #lessons: Lessons
  readonly #dataDir: string
  readonly #scope: Scope
  readonly #masterInfo: MasterInfoFile
  readonly #copies: CopyParts
  #saved: Position | null = null

  constructor(config: Config, dataDir: string, scope: Scope, observer: Observer, lessons: Lessons, copies: CopyParts) {
    this.#config = config
    this.#observer = observer
    this.#lessons = lessons
    this.#dataDir = dataDir
    this.#scope = scope
    this.#copies = copies
    this.#masterInfo = new MasterInfoFile(scope.stateDir)
  }

  /** The position saved last by this pipeline. */
  get position(): Position | null {
    return this.#saved
  }

  get progressed(): boolean {
    return this.#saved !== null
  }

  /** Runs until the signal fires, or to where its scope lets it end, then drains and saves. Rejects with the Failure that ended the flow; everything is closed either way. */
  async run(signal: AbortSignal): Promise<void> {
    const sink = createSink(this.#config)
    const journal = await EpochJournal.open(this.#scope.stateDir)
    try {
      await loadTransforms(this.#config)
      const book = ruleBookOf(this.#config)
      const snapshot = await SnapshotState.open(this.#dataDir)
      const known = { config: this.#config, dataDir: this.#dataDir, scope: this.#scope, masterInfo: this.#masterInfo }
      const parts = { ...known, snapshot, book, sink, journal, lessons: this.#lessons, observer: this.#observer }
      const prepared = await prepareStream(parts, signal)
      if (signal.aborted) return
      await this.#stream(prepared, snapshot, book, sink, journal, signal)
    } finally {
      await sink.close()
      // Hints only: the next run finds out by itself what they would have told.
      await journal.close().catch(error => this.#warnOf(error))
    }
  }

  async #stream(
    ready: PreparedStream,
    snapshot: SnapshotState,
    book: RuleBook,
    sink: Sink,
    journal: EpochJournal,
    signal: AbortSignal,
  ): Promise<void> {
    const { tables, start, router, schemas, resumed, delivery } = ready
    const { share, until, task } = this.#scope
    const config = this.#config
    const observer = this.#observer
    const tracker = new PositionTracker(config.flavor === 'mariadb', start.position, start.gtidSetKnown)
    const prepared = await openPrepared(this.#scope, this.#dataDir, start.position)
    const saver = new PositionSaver<EpochNote>({
      save: (position, { epoch }) => {
        observer({ kind: 'step', step: 'saving', epoch, label: null })
        return this.#masterInfo.save({ position, epoch })
      },
      onSaved: (position, notes) => {
        for (const { epoch } of notes) {
          journal.over(epoch)
          stage?.saved(epoch, position)
        }
        this.#advanced(position, notes)
        prepared.saved(mayBegin(share, position)).catch(error => this.#warnOf(error))
        schemas.history.prune(oldest(position, share.halted))
      },
      onRetry: (failure, retryInMs) => observer({ kind: 'unsaved', failure, retryInMs }),
    })
    const window = new Window({ maxRows: config.concurrent_ack_win, maxBytes: config.ack_win_bytes })
    const pace = new Pace()
    const letters = await this.#openDeadLetters(start.position)
    const abort = new AbortController()
    const parts = {
      sink: guardedSink(sink, ready.guard),
      plan: journal,
      observer,
      signal: abort.signal,
      busy: (failure: Failure) => pace.busy(failure),
      badRows: letters === null ? null : { parking: letters, server: start.position.serverUuid },
    }
    const labels = new LabelsDelivery(
      { labelBase: `${task}_${Date.now().toString(36)}`, lanes: config.concurrent_size },
      parts,
    )
    const databases = [...new Set([...ready.databases, ...router.targets.map(({ database }) => database)])]
    const atomic =
      delivery === 'atomic' ? new AtomicDelivery({ ...parts, task, databases, lanes: config.concurrent_size }) : labels
    /** Where the stream has ended by itself. */
    let end: Position | null = null
    let stage: SnapshotStage | null = null
    const dispatcher = new Dispatcher(
      {
        lanes: config.concurrent_size,
        idleAdvanceMs: config.flush_interval_ms,
        start: start.position,
        firstEpoch: resumed.begun + 1,
        scripts: resumed.scripts,
        traced: letters !== null,
        collapseFrom: config.collapse === 'auto' ? COLLAPSE_FROM : Number.POSITIVE_INFINITY,
      },
      () => end ?? tracker.position(),
      {
        window,
        pace,
        observer,
        jsonTargets: this.#lessons.jsonTargets,
        badRows: parts.badRows,
        deliveryOf: script => (script?.plan ? labels : atomic),
        owes: epoch => stage?.gate.owes(epoch) ?? false,
        onDurable: (position, note) => {
          ready.guard.durable(note.epoch)
          saver.save(position, note)
        },
      },
    )
    dispatcher.failed.catch(failure => abort.abort(failure))
    const copying = this.#copying(ready, { snapshot, book, sink, tracker, dispatcher, window, pace, databases })
    stage = copying
    const { gate } = copying
    const stopSource = new AbortController()
    const drainAndSave = async (): Promise<void> => {
      await dispatcher.drain()
      await saver.settled()
    }
    /** Behind a statement that was followed: what it did must not be done again to rows behind it. */
    let followed = false
    let barrier: Promise<void> | null = null
    const changes = new SchemaChanges({
      config,
      book,
      router,
      sink,
      tracker,
      letters,
      drain: drainAndSave,
      shared: ready.shared,
      observer,
      signal: abort.signal,
    })
    const shared = shareChanges(
      {
        bind: map => router.bind(map),
        rows: (event, place, commitMs) => gate.rows(event, place, commitMs),
        held: (_, place, commitMs) => gate.held(place, commitMs),
        follow: async (change, open) => {
          this.#lessons.carried.forgetTargets()
          await copying.changing(change)
          await changes.follow(change, open)
          await copying.changed(change)
          followed = !open
        },
        passOver: async (schema, table) => {
          await dispatcher.drain()
          router.forget(schema, table, 'add')
        },
      },
      {
        share,
        book,
        tables,
        tracker,
        evolves: config.on_ddl === 'evolve',
        observer,
      },
    )
    const receiver: ChangeReceiver = {
      ...shared,
      bind: map => shared.bind(map)?.then(() => copying.halted()),
      tablesChanged: (change, open) => shared.tablesChanged(change, open).then(() => copying.halted()),
      // A connection may hand on more before it is closed.
      rows: (event, place, commitMs) => (end === null ? shared.rows(event, place, commitMs) : undefined),
      commit: () => {
        if (end !== null) return
        shared.commit()
        gate.commit()
        if (until !== null && !dispatcher.replaying && until(tracker)) {
          end = tracker.position()
          stopSource.abort()
        } else if (followed && !dispatcher.replaying) {
          followed = false
          barrier = drainAndSave().finally(() => {
            barrier = null
          })
          // It fails with what fails the dispatcher, and that ends the flow (`dispatcher.failed`) whether or not room is waited for.
          barrier.catch(() => undefined)
        }
      },
      get full() {
        return dispatcher.full || gate.full || barrier !== null
      },
      room: async () => {
        await barrier
        await gate.room()
        await dispatcher.room()
      },
    }
    const source = new BinlogSource(
      {
        ...readingOptions(config),
        stopWaitMs: STOP_WAIT_MS,
        wanted: (schema, table) => schemas.follower.wanted(schema, table),
        follow: (event, at) => schemas.follower.follow(event, at),
        prepared,
      },
      tracker,
      receiver,
      observer,
    )
    const pulse = setInterval(() => {
      const { rows, bytes, maxRows, maxBytes, full } = window
      const openAt = source.inTransaction ? formatPosition(tracker) : null
      const { lastEventMs } = source
      observer({ kind: 'window', rows, bytes, maxRows, maxBytes, waiting: full, openAt, lastEventMs })
    }, 1000)
    const onAbort = (): void => stopSource.abort()
    signal.addEventListener('abort', onAbort, { once: true })
    const isThere = until !== null && start.by === 'file' && !dispatcher.replaying && until(start.position)
    let running = Promise.resolve()
    let copies = Promise.resolve()
    let saved = false
    try {
      await copying.open()
      if (!isThere) running = source.run(start, stopSource.signal)
      if (until === null) copies = copying.run(stopSource.signal)
      const failedCopy = new Promise<never>((_, reject) => copies.catch(reject))
      await Promise.race([running, dispatcher.failed, failedCopy])
      stopSource.abort()
      await copies
      gate.abandon(new Failure('streamBroken', 'The engine stops.'))
      if (source.inTransaction || dispatcher.unfinished) dispatcher.dropOpen()
      await withinMs(
        dispatcher.drain(),
        DRAIN_WAIT_MS,
        'StarRocks did not take what was in flight in time; it will be read again at the next start.',
      )
    } finally {
      signal.removeEventListener('abort', onAbort)
      stopSource.abort()
      source.abandon()
      const reason = new Failure('streamBroken', 'The engine stops.')
      gate.abandon(reason)
      dispatcher.abandon(reason)
      abort.abort(reason)
      clearInterval(pulse)
      saved = await saver.close()
      // Another failure than the one that is thrown from here can only be a later one: what it did not read is read again.
      await running.catch(() => undefined)
      await copies.catch(() => undefined)
      await copying.close(reason)
    }
    if (end !== null && !saved)
      throw new Failure('positionUnsaved', `${this.#masterInfo.path}: ${formatPosition(end)} could not be saved.`)
  }

  #copying(
    { router, schemas, resumed, replays, delivery, wholeImages, zone }: PreparedStream,
    parts: Pick<StageParts, 'book' | 'sink' | 'tracker' | 'dispatcher' | 'window' | 'pace'> & {
      readonly snapshot: SnapshotState
      readonly databases: readonly string[]
    },
  ): SnapshotStage {
    const { share, stateDir } = this.#scope
    const { snapshot: state, databases, ...flow } = parts
    return new SnapshotStage({
      ...flow,
      ...this.#copies,
      ...copyAddresses(this.#config),
      config: this.#config,
      state,
      router,
      follower: schemas.follower,
      isMain: stateDir === this.#dataDir,
      isHalted: (schema, table) => share.halted.some(one => one.schema === schema && one.table === table),
      isOwn: (schema, table) => share.wanted(schema, table),
      wholeImages,
      spools: delivery === 'labels' || databases.length > 1 || resumed.scripts.length > 0,
      replays,
      savedEpoch: resumed.durable,
      zone,
      observer: this.#observer,
    })
  }

  #warnOf(error: unknown): void {
    const { message, advice } = asFailure(error)
    this.#observer({ kind: 'warning', message, advice })
  }

  /** Null when bad rows stop the flow. */
  async #openDeadLetters(start: Position): Promise<DeadLetters | null> {
    if (this.#config.on_bad_row !== 'dead_letter') return null
    const letters = await DeadLetters.open(this.#dataDir, {
      onOpen: open => this.#observer({ kind: 'deadLetters', open }),
      now: Date.now,
    })
    letters.expectFrom(start)
    return letters
  }

  #advanced(position: Position, notes: readonly EpochNote[]): void {
    this.#saved = position
    for (const note of notes) this.#observer({ kind: 'advanced', position, ...note, atMs: Date.now() })
  }
}

/** Where the oldest stream begins that may still be read: the main one, or the catch-up of a halted table. */
function oldest(position: Position, halted: TableShare['halted']): BinlogPlace {
  return halted.map(({ from }) => from).reduce<BinlogPlace>((a, b) => (comparePositions(b, a) < 0 ? b : a), position)
}
