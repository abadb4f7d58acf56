import type { BinlogEvent, RowsEvent } from '../binlog/event.js'
import type { TableMap } from '../binlog/table-map.js'
import { Failure } from '../model/failure.js'
import { formatPosition } from '../model/position.js'
import type { PositionTracker } from './position-tracker.js'
import { classifyStatement, type Statement } from './statement.js'

/** Where the reader hands on what it read, in source order. What returns a promise holds the stream until it settles. */
export interface ChangeReceiver {
  /** A table map not seen before. */
  bind(map: TableMap): Promise<void> | undefined
  /** Images of one rows event; its bytes are valid during the call only. `commitMs`: the source's clock, ms since 1970. */
  rows(event: RowsEvent, commitMs: number): void
  /** Everything so far is whole transactions; the tracker stands behind them. */
  commit(): void
  /** A DDL statement outside transactions on at least one wanted table; called before the position moves over it. */
  tablesChanged(change: TablesChange): Promise<void>
  readonly full: boolean
  room(): Promise<void>
}

export interface TablesChange {
  readonly action: 'create' | 'alter' | 'drop' | 'rename' | 'truncate'
  readonly tables: readonly { readonly schema: string; readonly table: string }[]
  readonly statement: string
}

export interface StreamReaderOptions {
  readonly flavor: 'mysql' | 'mariadb'
  readonly wanted: (schema: string, table: string) => boolean
  /** Whether any wanted table may live in this schema. */
  readonly wantedSchema: (schema: string) => boolean
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
  #inXa = false
  #commitMs = 0
  #rowEventsTaken = 0
  #rowEventsToSkip = 0
  readonly #bound = new WeakSet<TableMap>()

  constructor(options: StreamReaderOptions, tracker: PositionTracker, receiver: ChangeReceiver) {
    this.#options = options
    this.#tracker = tracker
    this.#receiver = receiver
  }

  get inTransaction(): boolean {
    return this.#inTransaction
  }

  /** A new connection starts at the tracker's position, before the transaction that was open. */
  reconnected(): void {
    this.#inTransaction = false
    this.#inXa = false
    this.#rowEventsToSkip = this.#rowEventsTaken
  }

  /**
   * Takes one event that ends at `logPos` of the current file. A promise means: give no further event before it has
   * resolved. Throws Failures.
   */
  take(event: BinlogEvent, logPos: number): Promise<void> | undefined {
    switch (event.kind) {
      case 'rows':
        this.#takeRows(event)
        return
      case 'skippedRows':
        this.#mustBeInTransaction('A rows event')
        return
      case 'tableMap':
        this.#mustBeInTransaction('A table map')
        return event.map === null ? undefined : this.#bind(event.map)
      case 'gtid':
        this.#beginGtid(event)
        return
      case 'begin':
        this.#begin(event.timestamp * 1000)
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
        this.#commit(logPos)
        return
      case 'query':
        return this.#takeQuery(event, logPos)
      case 'rotate':
        this.#tracker.rotate(event.binName, event.binPos)
        if (!this.#inTransaction) this.#receiver.commit()
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

  #takeRows(event: RowsEvent): void {
    this.#mustBeInTransaction('A rows event')
    if (this.#inXa)
      throw this.#unclear(
        `An XA transaction changes ${event.map.schema}.${event.map.table}; XA transactions cannot be followed yet.`,
      )
    if (!event.complete) {
      const at = formatPosition({ binName: this.#tracker.binName, binPos: this.#tracker.binPos })
      throw new Failure(
        'rowImageIncomplete',
        `A row image of ${event.map.schema}.${event.map.table} in the transaction behind ${at} leaves columns out (binlog_row_image is not FULL).`,
      )
    }
    if (this.#rowEventsToSkip > 0) {
      this.#rowEventsToSkip--
      return
    }
    this.#rowEventsTaken++
    this.#receiver.rows(event, this.#commitMs)
  }

  #bind(map: TableMap): Promise<void> | undefined {
    if (this.#bound.has(map)) return
    this.#bound.add(map)
    return this.#receiver.bind(map)
  }

  #beginGtid(event: Extract<BinlogEvent, { kind: 'gtid' }>): void {
    if (this.#inTransaction) throw this.#unclear('A transaction begins before the one before it has ended.')
    this.#tracker.begin(event.gtid())
    this.#commitMs = event.commitMs
    // MariaDB's GTID event is itself the BEGIN of a group, unless it is marked standalone.
    if (this.#options.flavor === 'mariadb' && !event.standalone) this.#inTransaction = true
  }

  #begin(commitMs: number): void {
    this.#inTransaction = true
    if (commitMs > this.#commitMs) this.#commitMs = commitMs
  }

  #commit(logPos: number): void {
    this.#inTransaction = false
    this.#inXa = false
    this.#rowEventsTaken = 0
    this.#rowEventsToSkip = 0
    this.#tracker.commit(logPos)
    this.#receiver.commit()
  }

  /** An event between transactions: the position may move over it. */
  #standBetween(logPos: number): void {
    if (this.#inTransaction || logPos <= this.#tracker.binPos) return
    this.#tracker.move(logPos)
    this.#receiver.commit()
  }

  #takeQuery(event: Extract<BinlogEvent, { kind: 'query' }>, logPos: number): Promise<void> | undefined {
    const statement = classifyStatement(event.sql)
    if (statement.kind === 'xa') return this.#takeXa(statement.step, logPos)
    if (statement.kind === 'rows') this.#refuseIfWanted(statement, event.schema, event.sql)
    if (this.#inTransaction) return
    const change = this.#wantedChange(statement, event.schema, event.sql)
    if (change === null) {
      this.#commit(logPos)
      return
    }
    return this.#receiver.tablesChanged(change).then(() => this.#commit(logPos))
  }

  #takeXa(step: string, logPos: number): undefined {
    if (step === 'START' || step === 'BEGIN') {
      this.#inTransaction = true
      this.#inXa = true
    } else if (step === 'COMMIT' || step === 'ROLLBACK') this.#commit(logPos)
  }

  #wantedChange(statement: Statement, defaultSchema: string, sql: string): TablesChange | null {
    if (statement.kind === 'schema' && statement.action === 'drop' && this.#options.wantedSchema(statement.schema)) {
      throw new Failure('ddlUnsupported', `${cut(sql)} drops a schema that rules read from, behind ${this.#at()}.`)
    }
    if (statement.kind !== 'tables') return null
    const tables = statement.tables
      .map(t => ({ schema: t.schema ?? defaultSchema, table: t.table }))
      .filter(t => this.#options.wanted(t.schema, t.table))
    return tables.length === 0 ? null : { action: statement.action, tables, statement: sql }
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
      throw new Failure('statementFormat', `Behind ${this.#at()} a statement, not rows, is in the binlog: ${cut(sql)}`)
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
