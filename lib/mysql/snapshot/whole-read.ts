import { Failure } from '../../model/failure.js'
import type { Position } from '../../model/position.js'
import { type TableSchema, tableName } from '../../model/schema.js'
import { readHeadPosition } from '../binlog-files.js'
import type { ServerFacts } from '../server-facts.js'
import type { SourceAddress, SourceSession } from '../session.js'
import { quoteName } from './key-range.js'
import { Moment } from './moment.js'
import { PieceBuffers } from './piece-buffers.js'
import { PieceQueue } from './piece-queue.js'
import type { WholeRead } from './read-chunk.js'
import { readFailure } from './read-failure.js'
import { breakSession, killThread, openReadSession, type ReadSession } from './read-session.js'
import { ReplicaCheck } from './replica-check.js'
import { RowQuery } from './row-query.js'
import { isTransactional } from './table-engine.js'
import { ConsistentSnapshot, chooseVisibleRead } from './visible-read.js'

/** A lock that has to wait holds back all writers that come behind it. */
const LOCK_WAIT_S = 5

interface WholeTable {
  readonly schema: TableSchema
  /** The SELECT of all rows from a quoted table. */
  select(from: string): string
}

interface WholeOptions {
  readonly address: SourceAddress
  readonly zone: string
  readonly streamed: SourceAddress | null
  readonly waitMs: number
  readonly silenceMs: number
}

/** See `TableReader.readWhole`. `left`: called once, when the connections are not needed any more. */
export async function openWholeRead(
  table: WholeTable,
  visible: Position | null,
  options: WholeOptions,
  signal: AbortSignal | undefined,
  left: () => void,
): Promise<WholeRead> {
  const read = new WholeTableRead(table, options, signal, left)
  return read.open(visible)
}

/** One read of a whole table, with the one or two connections it needs. */
class WholeTableRead {
  readonly #table: WholeTable
  readonly #options: WholeOptions
  readonly #signal: AbortSignal | undefined
  readonly #left: () => void
  readonly #abort = (): void => this.#break()
  #reading: ReadSession | null = null
  /** Holds the lock on the table. */
  #locking: ReadSession | null = null
  #kill: Promise<void> = Promise.resolve()
  #isOver = false

  constructor(table: WholeTable, options: WholeOptions, signal: AbortSignal | undefined, left: () => void) {
    this.#table = table
    this.#options = options
    this.#signal = signal
    this.#left = left
    signal?.addEventListener('abort', this.#abort)
  }

  async open(visible: Position | null): Promise<WholeRead> {
    const { address, zone, streamed, silenceMs } = this.#options
    try {
      this.#reading = await openReadSession(address, zone)
      const { session, facts } = this.#reading
      const replica = streamed === null ? null : await ReplicaCheck.open(session, facts, streamed)
      const at = await this.#begin(this.#reading, visible)
      await replica?.checkMoment(at)
      this.#signal?.throwIfAborted()
      const queue = new PieceQueue(new PieceBuffers(), () => this.#finish(false))
      const query = new RowQuery(session, this.#table.select(this.#from), queue, { silenceMs })
      queue.attach(
        query,
        query.done.then(
          () => this.#finish(true),
          (error: unknown) => {
            this.#finish(false)
            throw this.#signal?.aborted ? this.#signal.reason : readFailure(error, tableName(this.#table.schema))
          },
        ),
      )
      return { at, pieces: queue, close: () => this.#close() }
    } catch (error) {
      this.#finish(false)
      throw error
    }
  }

  get #from(): string {
    const { schema } = this.#table
    return `${quoteName(schema.schema)}.${quoteName(schema.table)}`
  }

  /** Begins the transaction that the rows are read in, and finds its place. */
  async #begin({ session, facts }: ReadSession, visible: Position | null): Promise<Moment> {
    if (visible === null) return anyMoment(session, facts)
    const { streamed, waitMs } = this.#options
    const visibleOptions = { facts, isOther: streamed !== null, waitMs }
    const canSnapshot = await isTransactional(session, this.#table.schema)
    if (facts.mariadb && canSnapshot) {
      const snapshot = new ConsistentSnapshot(session, visibleOptions)
      await snapshot.begin(visible)
      return snapshot.at
    }
    if (streamed !== null) await chooseVisibleRead(session, visibleOptions, visible).begin(visible)
    await this.#lock()
    await session.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT')
    const at = await lockedMoment(session, facts, streamed !== null)
    if (canSnapshot) await this.#unlock()
    return at
  }

  async #lock(): Promise<void> {
    const { address, zone } = this.#options
    this.#locking = await openReadSession(address, zone)
    this.#signal?.throwIfAborted()
    await lockTable(this.#locking.session, this.#from, tableName(this.#table.schema))
  }

  async #unlock(): Promise<void> {
    await this.#locking?.session.query('UNLOCK TABLES')
    await this.#locking?.session.close()
    this.#locking = null
  }

  async #close(): Promise<void> {
    this.#finish(false)
    await this.#kill
  }

  #finish(isDone: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#signal?.removeEventListener('abort', this.#abort)
    this.#break()
    if (!isDone && this.#reading !== null) this.#kill = killThread(this.#options.address, this.#reading.threadId)
    this.#left()
  }

  /** What runs on the connections rejects; the server takes the lock back. */
  #break(): void {
    for (const open of [this.#reading, this.#locking])
      if (open !== null) breakSession(open.session, 'the read was given up')
  }
}

/** One moment for all rows, whichever it is: nobody is locked out, so its place is not known exactly. */
async function anyMoment(session: SourceSession, facts: ServerFacts): Promise<Moment> {
  await session.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  const head = await readHeadPosition(session, facts).catch((error: unknown) => {
    // Servers without a binlog can be copied too, and accounts that may not see its head.
    if (error instanceof Failure && (error.kind === 'sourceUnfit' || error.kind === 'sourceDenied')) return null
    throw error
  })
  await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT')
  const { binName, binPos, gtidSet } = head ?? { binName: '', binPos: 0, gtidSet: '' }
  const gtids = facts.gtids ? gtidSet : null
  const { serverUuid, mariadb } = facts
  return new Moment({ serverUuid, binName, binPos, gtidSet: gtids, mariadb, exact: false })
}

async function lockTable(session: SourceSession, from: string, name: string): Promise<void> {
  try {
    await session.query(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_S}`)
    await session.query(`LOCK TABLES ${from} READ`)
  } catch (error) {
    const failure = error as Failure
    const { errno } = (failure.cause ?? {}) as { readonly errno?: number }
    // 1044 and 1142: no right to it; 1205: the wait was too long.
    if (errno === 1044 || errno === 1142)
      throw new Failure(
        'sourceDenied',
        `${name} has no usable key and cannot be locked to be read as a whole: ${failure.message}`,
        {
          cause: error,
          advice: 'GRANT LOCK TABLES on its schema to mysql_user, or give the table a primary key.',
        },
      )
    if (errno === 1205)
      throw new Failure(
        'readInterrupted',
        `${name} could not be locked within ${LOCK_WAIT_S} s: a transaction that changed it is still open.`,
        {
          cause: error,
          advice:
            'It is tried again. If it never succeeds, look for transactions that stay open (information_schema.INNODB_TRX).',
        },
      )
    throw error
  }
}

/** While writers are locked out, every change of the table lies before the head of the binlog, and none behind it. */
async function lockedMoment(session: SourceSession, facts: ServerFacts, isOther: boolean): Promise<Moment> {
  if (!isOther || facts.mariadb) {
    const { serverUuid, binName, binPos, gtidSet } = await readHeadPosition(session, facts)
    return new Moment({
      serverUuid,
      binName,
      binPos,
      gtidSet: facts.gtids ? gtidSet : null,
      mariadb: facts.mariadb,
      exact: true,
    })
  }
  const [row] = await session.query('SELECT @@GLOBAL.gtid_executed AS gtids')
  const gtidSet = (row?.gtids ?? '').replace(/\s/g, '')
  return new Moment({ serverUuid: facts.serverUuid, binName: '', binPos: 0, gtidSet, mariadb: false, exact: true })
}
