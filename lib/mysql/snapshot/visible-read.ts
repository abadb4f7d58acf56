import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../../model/failure.js'
import { comparePositions, formatPosition, type Position } from '../../model/position.js'
import { readHeadPosition } from '../binlog-files.js'
import { includesGtids } from '../gtid-set.js'
import type { ServerFacts } from '../server-facts.js'
import type { SourceSession } from '../session.js'
import { Moment } from './moment.js'

/** One slice of the server's own wait in seconds; an answer is due after each. */
const SLICE_S = 2
const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 200

export interface VisibleReadOptions {
  readonly facts: ServerFacts
  /** The stream is of another server. */
  readonly isOther: boolean
  /** Longest wait in ms until everything that is to be seen can be seen. */
  readonly waitMs: number
}

/**
 * Makes a SELECT see everything up to a position of the stream, and tells up to where it may have seen more. A transaction stands in
 * the binlog, and reaches its readers, before its rows can be seen by others: the head of the binlog says nothing about that.
 */
export interface VisibleRead {
  /** What is added to the SELECT. */
  readonly lockClause: string
  /** Everything up to `visible` can be seen by the next SELECT of this session. */
  begin(visible: Position): Promise<void>
  /** Behind the SELECT: up to where it may have seen; ends the transaction that `begin` began. */
  end(): Promise<Moment>
}

/** The way for the server that is read. */
export function chooseVisibleRead(session: SourceSession, options: VisibleReadOptions, visible: Position): VisibleRead {
  const { facts, isOther } = options
  if (facts.mariadb) return new ConsistentSnapshot(session, options)
  if (facts.gtids && visible.gtidSet !== '') return new ExecutedWait(session, options)
  if (!isOther) return new LockingRead(session, options)
  throw new Failure(
    'sourceUnfit',
    `What the server at hand shows cannot be matched with ${formatPosition(visible)} of the server that is streamed: its GTID set is not known.`,
    { advice: 'Read the tables from the server that is streamed, or switch gtid_mode = ON on both.' },
  )
}

/**
 * MySQL with GTIDs: gtid_executed gets a transaction only when its rows can be seen. What was seen is in the binlog, or on a server
 * without one in gtid_owned or gtid_executed.
 */
class ExecutedWait implements VisibleRead {
  readonly lockClause = ''
  readonly #session: SourceSession
  readonly #options: VisibleReadOptions

  constructor(session: SourceSession, options: VisibleReadOptions) {
    this.#session = session
    this.#options = options
  }

  async begin(visible: Position): Promise<void> {
    const until = performance.now() + this.#options.waitMs
    for (;;) {
      const left = Math.max(0.001, Math.min(SLICE_S, (until - performance.now()) / 1000))
      const [row] = await this.#session.query('SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?) AS late', [
        visible.gtidSet,
        left,
      ])
      if (row?.late === '0') return
      if (performance.now() < until) continue
      const [lack] = await this.#session.query('SELECT GTID_SUBTRACT(?, @@GLOBAL.gtid_executed) AS missing', [
        visible.gtidSet,
      ])
      throw notVisible(this.#options, `it lacks ${(lack?.missing ?? '').replace(/\s/g, '')}`)
    }
  }

  async end(): Promise<Moment> {
    const { facts, isOther } = this.#options
    // In this order: a transaction whose rows can be seen is owned until it counts as executed.
    const [owned] = await this.#session.query('SELECT @@GLOBAL.gtid_owned AS gtids')
    const [executed] = await this.#session.query('SELECT @@GLOBAL.gtid_executed AS gtids')
    const sets = [executed?.gtids ?? '', (owned?.gtids ?? '').replace(/#\d+/g, '')].map(set => set.replace(/\s/g, ''))
    const gtidSet = sets.filter(set => set !== '').join(',')
    const head = isOther ? null : await readHeadPosition(this.#session, facts)
    return new Moment({
      serverUuid: facts.serverUuid,
      binName: head?.binName ?? '',
      binPos: head?.binPos ?? 0,
      gtidSet,
      mariadb: false,
      exact: false,
    })
  }
}

/**
 * MySQL without GTIDs: a locking read waits for transactions that are on their way from the binlog into the tables, and sees what is
 * committed last. It locks out writers of these rows for as long as it takes.
 */
class LockingRead implements VisibleRead {
  readonly lockClause = ' LOCK IN SHARE MODE'
  readonly #session: SourceSession
  readonly #options: VisibleReadOptions

  constructor(session: SourceSession, options: VisibleReadOptions) {
    this.#session = session
    this.#options = options
  }

  async begin(): Promise<void> {
    await this.#session.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
  }

  async end(): Promise<Moment> {
    const { binName, binPos, serverUuid } = await readHeadPosition(this.#session, this.#options.facts)
    return new Moment({ serverUuid, binName, binPos, gtidSet: null, mariadb: false, exact: false })
  }
}

/** MariaDB: START TRANSACTION WITH CONSISTENT SNAPSHOT tells the exact place of the binlog that the rows are of. */
export class ConsistentSnapshot implements VisibleRead {
  readonly lockClause = ''
  readonly #session: SourceSession
  readonly #options: VisibleReadOptions
  #at: Moment | null = null

  constructor(session: SourceSession, options: VisibleReadOptions) {
    this.#session = session
    this.#options = options
  }

  async begin(visible: Position): Promise<void> {
    const { isOther, waitMs } = this.#options
    const until = performance.now() + waitMs
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      this.#at = await beginSnapshot(this.#session, this.#options)
      const isThere = isOther
        ? includesGtids(true, this.#at.gtidSet ?? '', visible.gtidSet)
        : comparePositions(this.#at, visible) >= 0
      if (isThere) return
      await this.#session.query('ROLLBACK')
      if (performance.now() >= until)
        throw notVisible(this.#options, isOther ? `it is at ${this.#at.gtidSet}` : `it shows ${this.#at}`)
      await sleep(pause)
    }
  }

  /** The place of the snapshot that `begin` found. */
  get at(): Moment {
    return this.#at!
  }

  async end(): Promise<Moment> {
    await this.#session.query('COMMIT')
    return this.at
  }
}

/** Begins a MariaDB transaction whose exact place is known. Rejects with sourceUnfit when the server writes no binlog. */
export async function beginSnapshot(
  session: SourceSession,
  { facts, isOther }: Pick<VisibleReadOptions, 'facts' | 'isOther'>,
): Promise<Moment> {
  await session.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT')
  const rows = await session.query("SHOW STATUS LIKE 'binlog_snapshot_%'")
  const status = new Map(rows.map(row => [(row.Variable_name ?? '').toLowerCase(), row.Value ?? '']))
  const binName = status.get('binlog_snapshot_file') ?? ''
  const binPos = Number(status.get('binlog_snapshot_position') ?? 0)
  if (binName === '')
    throw new Failure(
      'sourceUnfit',
      'MariaDB does not tell the place of a snapshot: the server that is read writes no binlog.',
      {
        advice: 'Set log_bin and log_slave_updates in its my.cnf and restart it, or read from another server.',
      },
    )
  const [row] = isOther ? await session.query('SELECT BINLOG_GTID_POS(?, ?) AS gtids', [binName, binPos]) : []
  if (isOther && row?.gtids == null)
    throw new Failure('readInterrupted', `MariaDB cannot tell the GTIDs of ${binName}:${binPos}.`)
  return new Moment({
    serverUuid: facts.serverUuid,
    binName,
    binPos,
    gtidSet: row?.gtids ?? null,
    mariadb: true,
    exact: true,
  })
}

function notVisible({ isOther, waitMs }: VisibleReadOptions, why: string): Failure {
  if (isOther)
    return new Failure(
      'replicaBehind',
      `After ${waitMs} ms the server that is read has not all that was streamed: ${why}.`,
    )
  return new Failure(
    'readInterrupted',
    `After ${waitMs} ms the source does not show all that is in its binlog: ${why}.`,
    {
      advice: 'A commit hangs, for instance in a wait for a semi-synchronous replica; the rows are read again.',
    },
  )
}
