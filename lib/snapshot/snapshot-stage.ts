import { join } from 'node:path'
import type { SnapshotState } from '../checkpoint/snapshot-state.js'
import type { Config } from '../config/options.js'
import type { Dispatcher } from '../dispatch/dispatcher.js'
import type { Pace } from '../dispatch/pace.js'
import type { Sink } from '../dispatch/sink.js'
import type { Window } from '../dispatch/window.js'
import type { KeyBound } from '../model/chunk.js'
import { type AdmittedChunk, type CopyRecord, isUnfinished } from '../model/copy-record.js'
import { asFailure, Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import type { Position } from '../model/position.js'
import { type TableSchema, tableName } from '../model/schema.js'
import type { SchemaChange } from '../model/schema-change.js'
import type { Zone } from '../model/zone.js'
import type { PositionTracker } from '../mysql/position-tracker.js'
import type { SchemaFollower } from '../mysql/schema-follower.js'
import { type SourceAddress, SourceSession } from '../mysql/session.js'
import { readSourceLoad } from '../mysql/snapshot/source-load.js'
import type { Router } from '../rules/router.js'
import type { RuleBook } from '../rules/rule-book.js'
import { readAskedKeys } from './asked-keys.js'
import { freshRecord, type RuledTable } from './copy-list.js'
import type { CopyOrders, KeysRead, OrderedSnapshot, SnapshotLimits, TableId } from './copy-orders.js'
import { CopySource, type SourceParts } from './copy-source.js'
import type { FindDeadKeys } from './dead-keys.js'
import { copyModeOf, describeTable } from './described-table.js'
import { refuseFilledTargets } from './filled-targets.js'
import { recordsBehind } from './followed-changes.js'
import { CopyGate } from './gate.js'
import { Snapshot } from './snapshot.js'
import { SourceGuard } from './source-guard.js'
import { CopySpool } from './spool.js'

export interface StageParts {
  readonly config: Config
  readonly state: SnapshotState
  readonly sink: Pick<Sink, 'holdsRows'>
  readonly orders: CopyOrders
  /** Null: it cannot be told which rows are gone at the source. */
  readonly findDeadKeys: FindDeadKeys | null
  /** Where rows are read; and where the binlog is, when that is another server. */
  readonly address: SourceAddress
  readonly streamed: SourceAddress | null
  readonly book: RuleBook
  readonly router: Router
  readonly follower: SchemaFollower
  readonly tracker: PositionTracker
  readonly dispatcher: Dispatcher
  readonly window: Window
  readonly pace: Pace
  /** The main stream, or the catch-up of a halted table, which copies nothing. */
  readonly isMain: boolean
  readonly isHalted: (schema: string, table: string) => boolean
  /** Tables whose changes the stream looks at. */
  readonly isOwn: (schema: string, table: string) => boolean
  /** Row images hold every column. */
  readonly wholeImages: boolean
  /** Parts of an epoch can be in while others are not. */
  readonly spools: boolean
  readonly replays: readonly AdmittedChunk[]
  /** Newest epoch in the saved position. */
  readonly savedEpoch: number
  readonly zone: Zone
  readonly observer: Observer
}

/** The part of a pipeline that copies tables: what the stream hands to it, and what it is told to do. */
export class SnapshotStage implements OrderedSnapshot {
  readonly gate: CopyGate
  readonly #parts: StageParts
  readonly #snapshot: Snapshot
  readonly #sources: SourceParts
  #signal: AbortSignal | null = null
  /** Writes of how far the copies are. */
  #writing: Promise<unknown> = Promise.resolve()

  constructor(parts: StageParts) {
    this.#parts = parts
    const { state, router, tracker, dispatcher, config, window, pace, observer, address, streamed } = parts
    this.gate = new CopyGate({
      dispatcher,
      position: () => tracker.position(),
      routes: map => router.routes(map),
      keys: (map, columns) => router.keyTexts(map, columns),
      bind: map => router.bind(map),
      noteAdmitted: async chunk => {
        await state.admit(chunk)
        this.#snapshot.admitted(chunk)
      },
      spool: parts.spools ? new CopySpool(join(state.folder, 'spool')) : null,
      savedEpoch: parts.savedEpoch,
      replays: parts.replays,
      // Its epoch is told as saved, as every other.
      onReplayed: () => undefined,
      now: Date.now,
    })
    this.#sources = {
      address,
      streamed,
      zoneText: config.time_zone,
      zone: parts.zone,
      wholeBytes: window.maxBytes,
      copyRoutes: schema => router.copyRoutes(schema),
    }
    const limits = () => parts.orders.limits
    this.#snapshot = new Snapshot({
      state,
      gate: this.gate,
      sources: this.#sources,
      guard: new SourceGuard({
        window,
        pace,
        flushIntervalMs: config.flush_interval_ms,
        readLoad: () => SourceSession.during(address, readSourceLoad),
        limits,
        now: () => performance.now(),
      }),
      limits: limits(),
      savedEpoch: parts.savedEpoch,
      modeOf: schema => copyModeOf(this.#describe(schema), parts.wholeImages),
      isReplaying: () => dispatcher.replaying,
      eighth: { rows: Math.floor(window.maxRows / 8), bytes: Math.floor(window.maxBytes / 8) },
      isHalted: parts.isHalted,
      session: work => SourceSession.during(address, work),
      onCopied: record => this.#copied(record),
      observer,
    })
  }

  /** Before the stream begins. Chunks of epochs that are read again go in where they went in before. */
  async open(): Promise<void> {
    const { follower, isOwn } = this.#parts
    const known = follower.tables
    await this.#snapshot.open(({ schema, table }) =>
      isOwn(schema, table) ? (known.find(one => one.schema === schema && one.table === table) ?? null) : null,
    )
    await this.gate.begin()
  }

  /** Copies until the signal fires; rejects with what no retry mends. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal
    const detach = this.#parts.orders.attach(this)
    try {
      for (const record of this.#parts.state.tables) if (record.state === 'copied') this.#copied(record)
      await this.#snapshot.run(signal)
    } finally {
      detach()
    }
  }

  /** A statement is about to be followed. */
  async changing(change: SchemaChange): Promise<void> {
    await this.gate.tablesChanged(change)
  }

  /** It was followed, and its tables are about to be known otherwise. */
  async changed(change: SchemaChange): Promise<void> {
    const { state, config, isMain, book, sink, observer } = this.#parts
    if (!isMain || !state.known) return
    const facts = {
      find: (schema: string, table: string) => state.find({ schema, table }),
      describe: (schema: TableSchema | null) => (schema === null ? null : this.#describe(schema)),
      renamesTargets: config.on_ddl === 'evolve' && config.schema.on_rename_table === 'rename',
      nowMs: Date.now(),
    }
    for (const named of change.tables) {
      const edit = recordsBehind(named, facts)
      for (const gone of edit.remove) await this.#snapshot.leave(gone)
      if (edit.remove.length > 0) await state.remove(...edit.remove)
      const renamed = edit.put.filter(record => record.reason === 'renamed' && state.find(record) === null)
      await refuseFilledTargets(renamed, { book, sink, records: state.tables, observer })
      for (const record of edit.put) {
        if (JSON.stringify(record) !== JSON.stringify(state.find(record))) await state.put(record)
        if (!isUnfinished(record) || named.change.after === null) await this.#snapshot.leave(record)
        else await this.#snapshot.enter(record, named.change.after)
      }
    }
  }

  /** Tables may have been halted. */
  async halted(): Promise<void> {
    await this.#snapshot.leaveHalted()
  }

  /** Everything up to this epoch is durable, and the position saved. */
  saved(epoch: number, position: Position): void {
    if (this.#parts.isMain) {
      const writing = this.#snapshot.saved(epoch).catch(error => this.#warn(error))
      // No list of them: there is one for every epoch, for years.
      this.#writing = this.#writing.then(() => writing)
    }
    this.gate.saved(epoch, position)
  }

  async close(reason: Failure): Promise<void> {
    this.gate.abandon(reason)
    // Who comes next reads how far the copies are.
    await this.#writing
    await this.#snapshot.close()
  }

  async recopy(table: TableId, where: string | null): Promise<void> {
    const { schema, described } = this.#known(table)
    if (described.strict) throw countedTwice(described)
    const about = { state: 'waiting', reason: 'ordered', deadRows: false, where, nowMs: Date.now() } as const
    const record = freshRecord(described, about)
    // A chunk of the copy before would move the frontier of this one.
    await this.#snapshot.leave(record)
    await this.#parts.state.put(record)
    await this.#snapshot.enter(record, schema)
  }

  async readKeys(table: TableId, keys: readonly KeyBound[], signal: AbortSignal): Promise<KeysRead> {
    const { schema, described } = this.#known(table)
    const mode = copyModeOf(described, this.#parts.wholeImages)
    if (mode !== 'atOnce') throw countedTwice(described)
    const record = freshRecord(described, { state: 'waiting', reason: 'ordered', deadRows: false, nowMs: Date.now() })
    const running = this.#snapshot.copyOf(table)
    if (running !== null && running.source.plan.mode !== mode)
      throw new Failure('requestRefused', `${tableName(described)}: keys cannot be read while the table is copied.`, {
        advice: 'Ask again when its copy has ended (mysql-sr-sync status).',
      })
    const source = running?.source ?? (await CopySource.open(this.#sources, schema, record, mode))
    const gate = running?.gate ?? this.gate.copy(source.plan)
    try {
      return await readAskedKeys(source, gate, keys, signal)
    } finally {
      if (running === null) {
        gate.end()
        await source.close()
      }
    }
  }

  setLimits(limits: SnapshotLimits): void {
    this.#snapshot.setLimits(limits)
  }

  #describe(schema: TableSchema): RuledTable | null {
    return describeTable(schema, this.#parts.book, this.#parts.config.skip_no_pk_table)
  }

  #known({ schema, table }: TableId): { readonly schema: TableSchema; readonly described: RuledTable } {
    const found = this.#parts.follower.tables.find(one => one.schema === schema && one.table === table)
    const described = found === undefined ? null : this.#describe(found)
    if (found === undefined || described === null || this.#parts.isHalted(schema, table))
      throw new Failure('snapshotUnfit', `${schema}.${table} is not followed now, so it cannot be copied.`, {
        advice: 'Name a table that [[source]] and [[rule]] take, and that is not halted (mysql-sr-sync status).',
      })
    return { schema: found, described }
  }

  /** Rows that are gone at the source are looked for where some may be in the target. */
  #copied(record: CopyRecord): void {
    const { findDeadKeys } = this.#parts
    const signal = this.#signal
    if (!record.deadRows || findDeadKeys === null || signal === null) return
    this.#removeDead(record, findDeadKeys, signal).catch(error => {
      if (!signal.aborted) this.#warn(error)
    })
  }

  async #removeDead(record: CopyRecord, findDeadKeys: FindDeadKeys, signal: AbortSignal): Promise<void> {
    await findDeadKeys(record, keys => this.readKeys(record, keys, signal), signal)
    const now = this.#parts.state.find(record)
    if (!signal.aborted && now?.state === 'copied') await this.#parts.state.put({ ...now, deadRows: false })
  }

  #warn(error: unknown): void {
    const { message, advice } = asFailure(error)
    this.#parts.observer({ kind: 'warning', message, advice })
  }
}

function countedTwice(described: RuledTable): Failure {
  return new Failure(
    'snapshotUnfit',
    `Rows of ${tableName(described)} cannot be read again alone: in ${described.targets.join(', ')} they would be counted twice, or row images leave columns out.`,
    {
      advice: `mysql-sr-sync recopy --truncate ${tableName(described)} empties ${described.targets.join(', ')} first, between two transactions.`,
    },
  )
}
