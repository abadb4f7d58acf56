import { EpochJournal } from './checkpoint/epoch-journal.js'
import { MasterInfoFile } from './checkpoint/master-info.js'
import { PositionSaver } from './checkpoint/position-saver.js'
import type { Config } from './config/options.js'
import { DeadLetters } from './dead-letter/dead-letters.js'
import { chooseDelivery, refuseForeignNames } from './delivery-choice.js'
import { AtomicDelivery, transactionLabel } from './dispatch/atomic-delivery.js'
import { Dispatcher, type EpochNote } from './dispatch/dispatcher.js'
import { LabelsDelivery } from './dispatch/labels-delivery.js'
import { Pace } from './dispatch/pace.js'
import type { Sink } from './dispatch/sink.js'
import { Window } from './dispatch/window.js'
import { asFailure, Failure } from './model/failure.js'
import type { Observer } from './model/observer.js'
import { comparePositions, formatPosition, type Position } from './model/position.js'
import { BinlogSource } from './mysql/binlog-source.js'
import { listTables, readTableSchema } from './mysql/catalog.js'
import { PositionTracker } from './mysql/position-tracker.js'
import { warnOfServerId } from './mysql/preflight/server-id.js'
import { verifyServer } from './mysql/preflight/server-settings.js'
import type { BinlogPlace } from './mysql/schema-history.js'
import { readServerFacts } from './mysql/server-facts.js'
import { SourceSession } from './mysql/session.js'
import { resolveStart, type StartPoint } from './mysql/start-position.js'
import type { ChangeReceiver } from './mysql/stream-reader.js'
import { resolveZone } from './mysql/time-zone.js'
import { createSink, routerOptions, ruleBookOf, sourceAddress } from './registry.js'
import { type Resumption, resume } from './resume.js'
import { Router } from './rules/router.js'
import type { RuleBook } from './rules/rule-book.js'
import { SchemaChanges } from './schema-changes.js'
import { shareChanges } from './shared-changes.js'
import { openSourceSchemas, type SourceSchemas } from './source-schemas.js'
import { type Lessons, mayBegin, openPrepared, ownTables, type Scope, targetDatabases } from './stream-scope.js'
import type { TableShare } from './table-share.js'
import { withinMs } from './within-ms.js'

/** How long a stop waits: first for the open transaction's end, then for what is in flight. */
const STOP_WAIT_MS = 5_000
const DRAIN_WAIT_MS = 30_000

interface Prepared {
  readonly tables: readonly { readonly schema: string; readonly table: string }[]
  readonly start: StartPoint
  readonly router: Router
  readonly schemas: SourceSchemas
  readonly databases: readonly string[]
  readonly delivery: 'atomic' | 'labels'
  readonly resumed: Resumption
}

/** One source into one StarRocks: builds the parts from the configuration, starts, drains and stops them. */
export class Pipeline {
  readonly #config: Config
  readonly #observer: Observer
  readonly #lessons: Lessons
  readonly #dataDir: string
  readonly #scope: Scope
  readonly #masterInfo: MasterInfoFile
  #saved: Position | null = null

  constructor(config: Config, dataDir: string, scope: Scope, observer: Observer, lessons: Lessons) {
    this.#config = config
    this.#observer = observer
    this.#lessons = lessons
    this.#dataDir = dataDir
    this.#scope = scope
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
      const book = ruleBookOf(this.#config)
      const prepared = await this.#prepare(book, sink, journal, signal)
      if (signal.aborted) return
      await this.#stream(prepared, book, sink, journal, signal)
    } finally {
      await sink.close()
      // Hints only: the next run finds out by itself what they would have told.
      await journal.close().catch(error => this.#warnOf(error))
    }
  }

  /** Everything that can be known to be wrong before the first event is read, is said here. */
  async #prepare(book: RuleBook, sink: Sink, journal: EpochJournal, signal: AbortSignal): Promise<Prepared> {
    const config = this.#config
    const observer = this.#observer
    const { share, until, task } = this.#scope
    const session = await SourceSession.connect(sourceAddress(config))
    try {
      const facts = await readServerFacts(session)
      verifyServer(facts, config.flavor)
      const clash = this.#lessons.serverIdAsked ? null : await warnOfServerId(session, facts, config.server_id)
      if (clash) observer({ kind: 'warning', ...clash })
      this.#lessons.serverIdAsked = true
      const saved = await this.#masterInfo.load()
      const rowImage = facts.variables.get('binlog_row_image') ?? null
      const logged = { rowImage, mariadb: facts.mariadb }
      const { transactionsUnfit, carried } = this.#lessons
      const zone = await carried.zone(config.time_zone, () => resolveZone(config.time_zone, session))
      const tables = await listTables(session)
      for (const gap of until === null ? book.gaps(tables) : [])
        observer({ kind: 'warning', message: gap, advice: 'Add or correct the [[source]] or [[rule]] block.' })
      const databases = targetDatabases(tables, book, share)
      const deliveryFacts = { wish: config.delivery, databases, task, rowImage, transactionsUnfit }
      const { mode: delivery, reason } = await carried.delivery(deliveryFacts, () =>
        chooseDelivery(deliveryFacts, sink, signal),
      )
      observer({ kind: 'delivery', mode: delivery, reason })
      const past = { saved, plans: journal.epochs, task, databases, delivery, serverUuid: facts.serverUuid }
      const resumed = await resume(past, sink, observer, transactionLabel, signal)
      const start = await resolveStart(session, facts, resumed.position)
      const trusted = resumed.position !== null && !saved?.edited
      const dataDir = this.#dataDir
      const { stateDir } = this.#scope
      const parts = { config, book, share, stateDir, dataDir, session, facts, zone, observer }
      const schemas = await openSourceSchemas(parts, start, trusted, signal)
      const router = new Router(routerOptions(config, zone, logged), book, {
        schemaFor: map => schemas.follower.schemaFor(map),
        prepare: wish => carried.target(wish, () => sink.prepare(wish)),
        inspect: wish => sink.inspect(wish),
        observer,
      })
      // A run that ended while it followed a statement may have changed the targets of tables that are about to change.
      for (const schema of ownTables(schemas.follower.tables, book, share))
        if (schemas.isAsNow(schema)) await router.learn(schema)
      // Tables that come to be further on: what is wrong with them is said before anything is read all the same. A run before
      // this one may have made their targets as they are to be at first.
      for (const { schema, table } of ownTables(tables, book, share)) {
        if (schemas.follower.knows(schema, table)) continue
        const now = await readTableSchema(session, schema, table)
        if (now !== null) await router.judge(now, !trusted)
      }
      if (delivery === 'atomic') refuseForeignNames(router.targets)
      if (resumed.scripts.length === 0) await journal.forgetAll()
      // With it the position is known before the first load, an order by hand is taken, and marks may go.
      await this.#masterInfo.save({ position: start.position, epoch: resumed.epoch })
      for (const database of resumed.retired) await sink.removeMark(database, task)
      carried.used()
      observer({ kind: 'starting', version: facts.version, position: start.position })
      return { tables, start, router, schemas, databases, delivery, resumed }
    } finally {
      await session.close()
    }
  }

  async #stream(
    ready: Prepared,
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
        for (const { epoch } of notes) journal.over(epoch)
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
      sink,
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
    const atomic = delivery === 'atomic' ? new AtomicDelivery({ ...parts, task, databases }) : labels
    /** Where the stream has ended by itself. */
    let end: Position | null = null
    const dispatcher = new Dispatcher(
      {
        lanes: config.concurrent_size,
        idleAdvanceMs: config.flush_interval_ms,
        start: start.position,
        firstEpoch: resumed.begun + 1,
        scripts: resumed.scripts,
        traced: letters !== null,
      },
      () => end ?? tracker.position(),
      {
        window,
        pace,
        observer,
        jsonTargets: this.#lessons.jsonTargets,
        deliveryOf: script => (script?.plan ? labels : atomic),
        onDurable: (position, note) => saver.save(position, note),
      },
    )
    dispatcher.failed.catch(failure => abort.abort(failure))
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
      isShared: (target, of) => book.writersOf(target, [...tables, ...schemas.follower.tables]).some(isOther(of)),
      observer,
      signal: abort.signal,
    })
    const shared = shareChanges(
      {
        bind: map => router.bind(map),
        rows: (event, place, commitMs) => dispatcher.rows(event, router.routes(event.map), commitMs, place),
        held: (event, place, commitMs) => dispatcher.rows(event, [], commitMs, place),
        follow: async (change, open) => {
          this.#lessons.carried.forgetTargets()
          await changes.follow(change, open)
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
      // A connection may hand on more before it is closed.
      rows: (event, place, commitMs) => (end === null ? shared.rows(event, place, commitMs) : undefined),
      commit: () => {
        if (end !== null) return
        shared.commit()
        dispatcher.commit()
        if (until !== null && !dispatcher.replaying && until(tracker)) {
          end = tracker.position()
          stopSource.abort()
        } else if (followed && !dispatcher.replaying) {
          followed = false
          barrier = drainAndSave().finally(() => {
            barrier = null
          })
          // Whoever waits for room hears of it.
          barrier.catch(() => undefined)
        }
      },
      get full() {
        return dispatcher.full || barrier !== null
      },
      room: async () => {
        await barrier
        await dispatcher.room()
      },
    }
    const source = new BinlogSource(
      {
        address: sourceAddress(config),
        serverId: config.server_id,
        flavor: config.flavor,
        heartbeatMs: config.heartbeat_ms,
        readTimeoutMs: config.read_timeout_ms,
        verifyChecksum: config.verify_checksum,
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
    const running = isThere ? Promise.resolve() : source.run(start, stopSource.signal)
    let saved = false
    try {
      await Promise.race([running, dispatcher.failed])
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
      dispatcher.abandon(reason)
      abort.abort(reason)
      clearInterval(pulse)
      saved = await saver.close()
      // What it may still reject with has been told by what ended the flow.
      await running.catch(() => undefined)
    }
    if (end !== null && !saved)
      throw new Failure('positionUnsaved', `${this.#masterInfo.path}: ${formatPosition(end)} could not be saved.`)
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

function isOther(of: { readonly schema: string; readonly table: string }): (table: typeof of) => boolean {
  return ({ schema, table }) => schema !== of.schema || table !== of.table
}
