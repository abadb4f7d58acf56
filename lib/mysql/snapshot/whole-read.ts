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

/** See `TableReader.readWhole`. `left`: called once the connections are not needed any more. */
export async function openWholeRead(
  table: WholeTable,
  visible: Position,
  options: WholeOptions,
  signal: AbortSignal | undefined,
  left: () => void,
): Promise<WholeRead> {
  const { address, zone, streamed, waitMs, silenceMs } = options
  const reading = await openReadSession(address, zone)
  const { session, facts } = reading
  const from = `${quoteName(table.schema.schema)}.${quoteName(table.schema.table)}`
  const name = tableName(table.schema)
  const abort = (): void => breakSession(session, new Error('aborted'))
  signal?.addEventListener('abort', abort)
  const leave = async (isDone: boolean): Promise<void> => {
    signal?.removeEventListener('abort', abort)
    await session.close()
    if (!isDone) await killThread(address, reading.threadId)
  }
  let locking: ReadSession | null = null
  try {
    signal?.throwIfAborted()
    const replica = streamed === null ? null : await ReplicaCheck.open(session, facts, streamed)
    const visibleOptions = { facts, isOther: streamed !== null, waitMs }
    const canSnapshot = await isTransactional(session, table.schema)
    let at: Moment
    if (facts.mariadb && canSnapshot) {
      const snapshot = new ConsistentSnapshot(session, visibleOptions)
      await snapshot.begin(visible)
      at = snapshot.at
    } else {
      if (streamed !== null) await chooseVisibleRead(session, visibleOptions, visible).begin(visible)
      locking = await lockTable(address, zone, from, name)
      await session.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
      await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT')
      at = await lockedMoment(session, facts, streamed !== null)
      if (canSnapshot) {
        await locking.session.query('UNLOCK TABLES')
        await locking.session.close()
        locking = null
      }
    }
    await replica?.checkMoment(at)
    const held = locking
    let isOver = false
    const finish = async (isDone: boolean): Promise<void> => {
      if (isOver) return
      isOver = true
      await held?.session.close()
      await leave(isDone)
      left()
    }
    const queue = new PieceQueue(new PieceBuffers(), () => void finish(false))
    const query = new RowQuery(session, table.select(from), queue, { silenceMs })
    const done = query.done.then(
      () => finish(true),
      async (error: unknown) => {
        await finish(false)
        throw signal?.aborted ? signal.reason : readFailure(error, name)
      },
    )
    queue.attach(query, done)
    return { at, pieces: queue, close: () => finish(false) }
  } catch (error) {
    await locking?.session.close()
    await leave(false)
    throw error
  }
}

async function lockTable(address: SourceAddress, zone: string, from: string, name: string): Promise<ReadSession> {
  const locking = await openReadSession(address, zone)
  try {
    await locking.session.query(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_S}`)
    await locking.session.query(`LOCK TABLES ${from} READ`)
    return locking
  } catch (error) {
    await locking.session.close()
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
