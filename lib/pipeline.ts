import { resolve } from 'node:path'
import { MasterInfoFile } from './checkpoint/master-info.js'
import { PositionSaver } from './checkpoint/position-saver.js'
import type { Config } from './config/options.js'
import { Dispatcher, type DispatcherOptions } from './dispatch/dispatcher.js'
import type { Sink } from './dispatch/sink.js'
import { Window } from './dispatch/window.js'
import { Failure } from './model/failure.js'
import type { Observer } from './model/observer.js'
import { formatPosition, type Position } from './model/position.js'
import { BinlogSource } from './mysql/binlog-source.js'
import { listTables, readTableSchema } from './mysql/catalog.js'
import { PositionTracker } from './mysql/position-tracker.js'
import { verifyServer } from './mysql/preflight/server-settings.js'
import { readServerFacts } from './mysql/server-facts.js'
import { SourceSession } from './mysql/session.js'
import { resolveStart, type StartPoint } from './mysql/start-position.js'
import type { ChangeReceiver, TablesChange } from './mysql/stream-reader.js'
import { resolveZone } from './mysql/time-zone.js'
import { createSink, routerOptions, ruleBookOf, sourceAddress } from './registry.js'
import { Router } from './rules/router.js'
import type { RuleBook } from './rules/rule-book.js'

/** How long a stop waits: first for the open transaction's end, then for what is in flight. */
const STOP_WAIT_MS = 5_000
const DRAIN_WAIT_MS = 30_000

interface EpochNote {
  readonly rows: number
  readonly oldestCommitMs: number
  readonly newestCommitMs: number
}

/** See `DispatcherOptions`. */
type Labels = Pick<DispatcherOptions, 'labelBase' | 'earlierLabelBase'>

/** One source into one StarRocks: builds the parts from the configuration, starts, drains and stops them. */
export class Pipeline {
  readonly #config: Config
  readonly #observer: Observer
  readonly #masterInfo: MasterInfoFile
  #saved: Position | null = null

  constructor(config: Config, baseDir: string, observer: Observer) {
    this.#config = config
    this.#observer = observer
    this.#masterInfo = new MasterInfoFile(resolve(baseDir, config.data_dir))
  }

  /** The position saved last by this pipeline. */
  get position(): Position | null {
    return this.#saved
  }

  get progressed(): boolean {
    return this.#saved !== null
  }

  /** Runs until the signal fires, then drains and saves. Rejects with the Failure that ended the flow; everything is closed either way. */
  async run(signal: AbortSignal): Promise<void> {
    const sink = createSink(this.#config)
    try {
      const book = ruleBookOf(this.#config)
      const { start, router, labels } = await this.#prepare(book, sink)
      if (signal.aborted) return
      await this.#stream(start, labels, router, book, sink, signal)
    } finally {
      await sink.close()
    }
  }

  /** Everything that can be known to be wrong before the first event is read, is said here. */
  async #prepare(book: RuleBook, sink: Sink): Promise<{ start: StartPoint; router: Router; labels: Labels }> {
    const config = this.#config
    const session = await SourceSession.connect(sourceAddress(config))
    try {
      const facts = await readServerFacts(session)
      verifyServer(facts, config.flavor)
      const saved = await this.#masterInfo.load()
      const start = await resolveStart(session, facts, saved)
      const labelBase = `mss_${config.server_id}_${Date.now().toString(36)}`
      const earlierLabelBase = saved?.labelBase ?? null
      // Before the first load: a run may look for labels of the run just before it only. Those of older runs may stand for
      // rows that were loaded again, older ones over newer, in between.
      if (start.by === 'file') await this.#masterInfo.save({ position: start.position, labelBase })
      this.#observer({ kind: 'starting', version: facts.version, position: start.position })
      const zone = await resolveZone(config.time_zone, session)
      const router = new Router(routerOptions(config, zone), book, {
        readSchema: (schema, table) => this.#withSession(s => readTableSchema(s, schema, table)),
        prepare: wish => sink.prepare(wish),
        observer: this.#observer,
      })
      const tables = await listTables(session)
      for (const gap of book.gaps(tables))
        this.#observer({ kind: 'warning', message: gap, advice: 'Add or correct the [[source]] or [[rule]] block.' })
      for (const { schema, table } of tables) if (book.wanted(schema, table)) await router.learn(schema, table)
      return { start, router, labels: { labelBase, earlierLabelBase } }
    } finally {
      await session.close()
    }
  }

  async #stream(
    start: StartPoint,
    labels: Labels,
    router: Router,
    book: RuleBook,
    sink: Sink,
    signal: AbortSignal,
  ): Promise<void> {
    const config = this.#config
    const observer = this.#observer
    const tracker = new PositionTracker(config.flavor === 'mariadb', start.position, start.gtidSetKnown)
    const saver = new PositionSaver<EpochNote>({
      save: position => this.#masterInfo.save({ position, labelBase: labels.labelBase }),
      onSaved: (position, notes) => this.#advanced(position, notes),
      onRetry: (failure, retryInMs) => observer({ kind: 'unsaved', failure, retryInMs }),
    })
    const window = new Window({ maxRows: config.concurrent_ack_win, maxBytes: config.ack_win_bytes })
    const dispatcher = new Dispatcher(
      {
        ...labels,
        lanes: config.concurrent_size,
        idleAdvanceMs: config.flush_interval_ms,
        start: start.position,
      },
      () => tracker.position(),
      {
        sink,
        window,
        observer,
        onDurable: (position, epoch) =>
          saver.save(position, {
            rows: epoch.rows,
            oldestCommitMs: epoch.oldestCommitMs,
            newestCommitMs: epoch.newestCommitMs,
          }),
      },
    )
    const receiver: ChangeReceiver = {
      bind: map => router.bind(map),
      rows: (event, place, commitMs) => dispatcher.rows(event, router.routes(event.map), commitMs, place),
      commit: () => dispatcher.commit(),
      tablesChanged: change => this.#followDdl(change, tracker, router, dispatcher, sink),
      get full() {
        return dispatcher.full
      },
      room: () => dispatcher.room(),
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
        wanted: (schema, table) => book.wanted(schema, table),
        wantedSchema: schema => book.wantedSchema(schema),
      },
      tracker,
      receiver,
      observer,
    )
    const pulse = setInterval(() => {
      const { rows, bytes, maxRows, maxBytes, full } = window
      observer({ kind: 'window', rows, bytes, maxRows, maxBytes, waiting: full, lastEventMs: source.lastEventMs })
    }, 1000)
    const stopSource = new AbortController()
    const onAbort = (): void => stopSource.abort()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      await Promise.race([source.run(start, stopSource.signal), dispatcher.failed])
      if (source.inTransaction) dispatcher.dropOpen()
      await withinMs(
        dispatcher.drain(),
        DRAIN_WAIT_MS,
        'StarRocks did not take what was in flight in time; it will be read again at the next start.',
      )
    } finally {
      signal.removeEventListener('abort', onAbort)
      stopSource.abort()
      dispatcher.abandon(new Failure('streamBroken', 'The engine stops.'))
      clearInterval(pulse)
      await saver.close()
    }
  }

  #advanced(position: Position, notes: readonly EpochNote[]): void {
    this.#saved = position
    for (const note of notes) this.#observer({ kind: 'advanced', position, ...note, atMs: Date.now() })
  }

  /** Brings targets and known schemas behind a DDL statement. Everything before it is durable first. */
  async #followDdl(
    change: TablesChange,
    tracker: PositionTracker,
    router: Router,
    dispatcher: Dispatcher,
    sink: Sink,
  ): Promise<void> {
    const policy = this.#config.on_ddl
    const tables = change.schema === null ? change.tables : router.tablesIn(change.schema)
    const source = change.schema ?? tables.map(t => `${t.schema}.${t.table}`).join(', ')
    const statement = change.statement.replace(/\s+/g, ' ').trim().slice(0, 500)
    if (policy === 'stop') {
      throw new Failure(
        'ddlUnsupported',
        `on_ddl = "stop", and behind ${formatPosition(tracker)} the source ran: ${statement}`,
      )
    }
    if (policy === 'evolve') refuseUnseenRows(change, tracker, statement)
    await dispatcher.drain()
    if (policy === 'evolve' && change.action === 'alter' && /\b(DEFAULT|NOT\s+NULL)\b/i.test(statement)) {
      this.#observer({
        kind: 'warning',
        message: `${source}: if this ALTER adds columns with a default, rows that are in the target already keep NULL there: ${statement}`,
        advice: 'UPDATE the target to the default by hand, or copy the table again.',
      })
    }
    for (const { schema, table } of tables) {
      if (change.action === 'truncate' && policy === 'evolve')
        await this.#truncate(schema, table, statement, router, sink)
      router.forget(schema, table, policy === 'evolve' ? 'add' : 'leaveOut')
    }
    this.#observer({ kind: 'ddl', source, statement, action: DDL_ACTIONS[policy][change.action] })
  }

  async #truncate(schema: string, table: string, statement: string, router: Router, sink: Sink): Promise<void> {
    for (const { target, alone } of await router.targetsOf(schema, table)) {
      if (!alone)
        throw new Failure(
          'ddlUnsupported',
          `${statement}: other tables are written to ${target.database}.${target.table} too, so it cannot be truncated.`,
        )
      await sink.truncate(target)
    }
  }

  async #withSession<T>(work: (session: SourceSession) => Promise<T>): Promise<T> {
    const session = await SourceSession.connect(sourceAddress(this.#config))
    try {
      return await work(session)
    } finally {
      await session.close()
    }
  }
}

const DDL_ACTIONS = {
  evolve: {
    create: 'the target is made ready at the first row',
    alter: 'new columns are added to the target at the next row; dropped ones stay there',
    drop: 'the target keeps its rows',
    rename: 'the targets keep their names; rules for the new name hold from now on',
    truncate: 'the target is truncated',
  },
  ignore: {
    create: 'the target is made ready at the first row',
    alter: 'ignored: columns the target lacks are left out',
    drop: 'ignored',
    rename: 'ignored: rules for the new name hold from now on',
    truncate: 'ignored: the target keeps its rows',
  },
} as const

/** Partition and tablespace operations change rows that no row event tells of. */
function refuseUnseenRows(change: TablesChange, tracker: PositionTracker, statement: string): void {
  if (change.action !== 'alter') return
  if (!/\b(DROP|TRUNCATE|EXCHANGE)\s+PARTITION\b|\b(DISCARD|IMPORT)\b.*\bTABLESPACE\b/i.test(change.statement)) return
  throw new Failure(
    'ddlUnsupported',
    `Behind ${formatPosition(tracker)} the source removed or replaced rows without row events: ${statement}`,
  )
}

async function withinMs(work: Promise<void>, ms: number, message: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Failure('targetUnreachable', message)), ms)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
