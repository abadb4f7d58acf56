import type { BinlogEvent, QueryEvent, RowsEvent } from '../binlog/event.js'
import type { TableMap } from '../binlog/table-map.js'
import type { ChangePlace } from '../model/change-place.js'
import { Failure } from '../model/failure.js'
import { comparePositions, formatPosition } from '../model/position.js'
import type { SchemaChange } from '../model/schema-change.js'
import type { PositionTracker } from './position-tracker.js'
import type { EventBytes, PreparedRows } from './prepared-transactions.js'
import type { FollowedStatement } from './schema-follower.js'
import type { BinlogPlace } from './schema-history.js'
import { shownStatement } from './shown-statement.js'
import { classifyStatement, type Statement } from './statement.js'
import { decidedXid } from './xa-id.js'
import { XaReader } from './xa-reader.js'
import type { SpoolRecord } from './xa-spool.js'

/** Where the reader hands on what it read, in source order. What returns a promise holds the stream until it settles. */
export interface ChangeReceiver {
  /** A table map not seen before. */
  bind(map: TableMap): Promise<void> | undefined
  /** Images of one rows event; its bytes, and `place`, are valid until what is returned has settled. `commitMs`: the source's clock, ms since 1970. */
  rows(event: RowsEvent, place: ChangePlace, commitMs: number): Promise<void> | undefined
  /** Everything so far is whole transactions; the tracker stands behind them. */
  commit(): void
  /**
   * A DDL statement on at least one wanted table; called before its tables are known otherwise and the position moves over it.
   * `open`: it stands in a transaction, of which more is to come (CREATE TABLE … SELECT).
   */
  tablesChanged(change: SchemaChange, open: boolean): Promise<void>
  readonly full: boolean
  room(): Promise<void>
}

export interface StreamReaderOptions {
  readonly flavor: 'mysql' | 'mariadb'
  readonly wanted: (schema: string, table: string) => boolean
  /** What a DDL statement does that ends at a place; see SchemaFollower. */
  readonly follow: (event: QueryEvent, at: BinlogPlace) => FollowedStatement | null
  /** Where the rows of XA transactions wait for their XA COMMIT. */
  readonly prepared: PreparedRows
}

/**
 * The grammar of a binlog: which events open and close a transaction, when the position may move, what must stop the flow.
 * Survives reconnects: a transaction that was cut half way is read again from its start, and its rows already handed on are passed over.
 */
export class StreamReader {
  readonly #options: StreamReaderOptions
  readonly #tracker: PositionTracker
  readonly #receiver: ChangeReceiver
  #inTransaction = false
  /** Inside an XA transaction, whose rows are kept and not handed on. */
  #inXa = false
  readonly #xaReader: XaReader
  #left = false
  #commitMs = 0
  readonly #place: { -readonly [K in keyof ChangePlace]: ChangePlace[K] } = { binName: '', binPos: 0, event: -1 }
  #rowEventsTaken = 0
  #rowEventsToSkip = 0
  /** Offset behind the event that opened the transaction; -1 between transactions. */
  #openedAt = -1
  /** The same of the transaction whose rows are to be passed over, and its file. */
  #cut: { readonly opening: string; readonly binName: string } | null = null
  readonly #bound = new WeakSet<TableMap>()

  constructor(options: StreamReaderOptions, tracker: PositionTracker, receiver: ChangeReceiver) {
    this.#options = options
    this.#xaReader = new XaReader(options)
    this.#tracker = tracker
    this.#receiver = receiver
  }

  /** Rows of a transaction that has not ended were handed on; also between two connections. */
  get inTransaction(): boolean {
    return this.#inTransaction || this.#rowEventsToSkip > 0
  }

  /** Nothing more is handed on, also of what is being handled. */
  leave(): void {
    this.#left = true
  }

  /** A new connection starts at the tracker's position, before the transaction that was open. */
  reconnected(): void {
    this.#inTransaction = false
    this.#inXa = false
    this.#rowEventsToSkip = this.#rowEventsTaken
    if (this.#rowEventsTaken === 0) this.#cut = null
    else if (this.#openedAt >= 0) this.#cut = { opening: this.#opening, binName: this.#tracker.binName }
    this.#openedAt = -1
  }

  /**
   * Takes one event that ends at `logPos` of the current file. A promise means: give no further event before it has
   * resolved. `bytes` are those of the event. Throws Failures.
   */
  take(event: BinlogEvent, logPos: number, bytes: EventBytes): Promise<void> | undefined {
    if (this.#inXa) {
      if (event.kind === 'rows' || event.kind === 'skippedRows' || event.kind === 'tableMap')
        return this.#options.prepared.append(bytes, event.kind === 'skippedRows')
      if (event.kind === 'commit' || event.kind === 'rollback')
        throw this.#unclear('An XA transaction ends without XA PREPARE; what became of its rows cannot be told.')
    }
    switch (event.kind) {
      case 'rows':
        return this.#takeRows(event)
      case 'skippedRows':
        this.#mustBeInTransaction('A rows event')
        this.#place.event++
        return
      case 'tableMap':
        this.#mustBeInTransaction('A table map')
        return event.map === null ? undefined : this.#bind(event.map)
      case 'gtid':
        this.#beginGtid(event, logPos)
        return
      case 'begin':
        this.#begin(event.timestamp * 1000, logPos)
        return
      case 'commit':
        this.#commit(logPos)
        return
      case 'rollback':
        if (this.#rowEventsTaken > 0)
          throw this.#unclear(
            'A transaction with row changes ends in ROLLBACK; which of its rows stayed cannot be told.',
          )
        this.#commit(logPos)
        return
      case 'xaPrepare':
        return this.#endXa(event.xid, event.onePhase, logPos)
      case 'query':
        return this.#takeQuery(event, logPos)
      case 'rotate':
        if (this.#cut !== null && comparePositions({ ...event, binPos: 0 }, { ...this.#cut, binPos: 0 }) > 0)
          throw this.#vanished()
        this.#tracker.rotate(event.binName, event.binPos)
        if (!this.inTransaction) this.#receiver.commit()
        return
      case 'previousGtids':
      case 'gtidList':
        this.#tracker.seed(event.gtidSet)
        this.#standBetween(logPos)
        return
      case 'incident':
        throw this.#unclear(`The source reports an incident: ${event.message}. Changes may be missing from its binlog.`)
      case 'heartbeat':
      case 'format':
      case 'ignored':
        if (!event.artificial) this.#standBetween(logPos)
        return
      case 'payload':
        throw new Failure('internal', 'A payload event reached the stream reader whole.')
      default: {
        const unknown: never = event
        throw new Failure('internal', `Unknown event ${JSON.stringify(unknown)}`)
      }
    }
  }

  #takeRows(event: RowsEvent): Promise<void> | undefined {
    this.#mustBeInTransaction('A rows event')
    this.#place.event++
    if (this.#rowEventsToSkip > 0) {
      this.#rowEventsToSkip--
      return undefined
    }
    this.#rowEventsTaken++
    return this.#receiver.rows(event, this.#place, this.#commitMs)
  }

  #bind(map: TableMap): Promise<void> | undefined {
    if (this.#bound.has(map)) return
    this.#bound.add(map)
    try {
      return this.#receiver.bind(map)?.catch(error => Promise.reject(this.#placed(error)))
    } catch (error) {
      throw this.#placed(error)
    }
  }

  /** A table map that does not fit what is known is looked for by its place. */
  #placed(error: unknown): unknown {
    if (!(error instanceof Failure) || !/^schema(Mismatch|Unknown)$/.test(error.kind)) return error
    const { kind, message, advice } = error
    return new Failure(kind, `In the transaction behind ${this.#at()}: ${message}`, { cause: error, advice })
  }

  #beginGtid(event: Extract<BinlogEvent, { kind: 'gtid' }>, logPos: number): void {
    if (this.#inTransaction) throw this.#unclear('A transaction begins before the one before it has ended.')
    this.#tracker.begin(event.gtid)
    this.#open(logPos)
    this.#commitMs = event.commitMs
    // MariaDB's GTID event is itself the BEGIN of a group, unless it is marked standalone.
    if (this.#options.flavor === 'mariadb' && !event.standalone) this.#inTransaction = true
    if (event.preparesXa) this.#beginXa(this.#tracker.pending)
  }

  #begin(commitMs: number, logPos: number): void {
    if (this.#openedAt < 0) this.#open(logPos)
    this.#inTransaction = true
    if (commitMs > this.#commitMs) this.#commitMs = commitMs
  }

  /** A transaction read again must be the one whose rows were handed on: a server that crashed may have lost it, and another stands there. */
  #open(logPos: number): void {
    this.#openedAt = logPos
    this.#place.binName = this.#tracker.binName
    this.#place.binPos = this.#tracker.binPos
    this.#place.event = -1
    if (this.#cut !== null && this.#cut.opening !== this.#opening) throw this.#vanished()
  }

  /** Where the open transaction begins, and under which GTID. */
  get #opening(): string {
    return `${this.#tracker.binName}:${this.#openedAt} ${this.#tracker.pending ?? ''}`
  }

  #vanished(): Failure {
    return new Failure(
      'positionLost',
      `The transaction behind ${this.#at()} was half read when the connection broke, and the source no longer has it: it lost it in a crash, or its binlog was reset.`,
    )
  }

  #commit(logPos: number): void {
    this.#inTransaction = false
    this.#openedAt = -1
    this.#cut = null
    this.#inXa = false
    this.#rowEventsTaken = 0
    this.#rowEventsToSkip = 0
    this.#tracker.commit(logPos)
    this.#receiver.commit()
  }

  /** An event between transactions: the position may move over it. */
  #standBetween(logPos: number): void {
    if (this.inTransaction || logPos <= this.#tracker.binPos) return
    this.#tracker.move(logPos)
    this.#receiver.commit()
  }

  #takeQuery(event: QueryEvent, logPos: number): Promise<void> | undefined {
    const mariadb = this.#options.flavor === 'mariadb'
    const dialect = { mariadb, version: Number.MAX_SAFE_INTEGER, sqlMode: event.facts.sqlMode }
    const statement = classifyStatement(event.sql, dialect)
    if (statement.kind === 'xa') return this.#takeXa(statement.step, event.sql, logPos)
    if (statement.kind === 'rows') this.#refuseIfWanted(statement, event.schema, event.sql)
    const open = this.#inTransaction
    const at = { binName: this.#tracker.binName, binPos: this.#tracker.offsetOf(logPos) }
    const followed = statement.kind === 'ddl' ? this.#options.follow(event, at) : null
    if (followed === null) {
      if (!open) this.#commit(logPos)
      return
    }
    const told = followed.change === null ? null : this.#receiver.tablesChanged(followed.change, open)
    return Promise.resolve(told)
      .then(() => followed.keep())
      .then(() => {
        if (!open && !this.#left) this.#commit(logPos)
      })
  }

  #takeXa(step: string, sql: string, logPos: number): Promise<void> | undefined {
    if (step === 'START' || step === 'BEGIN') this.#beginXa(null)
    else if (step === 'COMMIT' || step === 'ROLLBACK') return this.#decideXa(step, sql, logPos)
    return undefined
  }

  #beginXa(gtid: string | null): void {
    this.#inTransaction = true
    this.#inXa = true
    this.#options.prepared.begin(this.#tracker.place, gtid)
  }

  /** XA PREPARE: the position moves over it when the rows are on disk. With one phase it is the commit. */
  async #endXa(xid: string, onePhase: boolean, logPos: number): Promise<void> {
    if (!this.#inXa) throw this.#unclear(`XA PREPARE ${xid} stands outside an XA transaction`)
    this.#inXa = false
    const { prepared } = this.#options
    if (!onePhase) await prepared.prepare(xid)
    else await this.#handOn(xid, prepared.readOpen(xid))
    if (!this.#left) this.#commit(logPos)
  }

  async #decideXa(step: 'COMMIT' | 'ROLLBACK', sql: string, logPos: number): Promise<void> {
    const xid = decidedXid(sql)
    if (this.#inXa || xid === null) throw this.#unclear(`What ${cut(sql)} ends cannot be told`)
    const { prepared } = this.#options
    const begin = this.#tracker.place
    if (step === 'COMMIT') await this.#handOn(xid, prepared.read(xid, begin))
    if (this.#left) return
    this.#commit(logPos)
    await prepared.decide(xid, begin, this.#tracker.place)
  }

  /** Rows of an XA transaction become those of the transaction that commits it: place and time are of the commit. */
  async #handOn(xid: string, records: AsyncIterable<SpoolRecord>): Promise<void> {
    this.#inTransaction = true
    for await (const event of this.#xaReader.events(xid, this.#at(), records)) {
      if (this.#left) return
      if (event.kind === 'rows') await this.#takeRows(event)
      else if (event.kind === 'tableMap' && event.map !== null) await this.#bind(event.map)
      else if (event.kind === 'skippedRows') this.#place.event++
      if (this.#receiver.full) await this.#receiver.room()
    }
  }

  /** The words of a statement that may name a wanted table: alone in the default schema, or behind "schema.". */
  #refuseIfWanted(statement: Extract<Statement, { kind: 'rows' }>, defaultSchema: string, sql: string): void {
    const { words } = statement
    const hit = words.some(
      (word, i) =>
        this.#options.wanted(defaultSchema, word) ||
        (words[i + 1] === '.' && this.#options.wanted(word, words[i + 2] ?? '')),
    )
    if (hit)
      throw new Failure(
        'statementFormat',
        `Behind ${this.#at()} a statement, not rows, is in the binlog: ${shownStatement(sql)}`,
      )
  }

  #mustBeInTransaction(what: string): void {
    if (this.#inTransaction) return
    throw new Failure(
      'positionInvalid',
      `${what} stands at ${this.#at()} outside any transaction: reading started inside one, and its first rows would be lost.`,
    )
  }

  #unclear(message: string): Failure {
    return new Failure('notDecodable', `${message} (behind ${this.#at()})`)
  }

  #at(): string {
    return formatPosition({ binName: this.#tracker.binName, binPos: this.#tracker.binPos })
  }
}

function cut(sql: string): string {
  const line = sql.replace(/\s+/g, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}
