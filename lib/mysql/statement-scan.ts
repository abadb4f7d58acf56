import { EVENT, type QueryEvent } from '../binlog/event.js'
import { isBegin } from '../binlog/query-event.js'
import type { Observer } from '../model/observer.js'
import { comparePositions, formatPosition, type Position } from '../model/position.js'
import { BinlogSource, type BinlogSourceOptions, type ReadingOptions } from './binlog-source.js'
import { PositionTracker } from './position-tracker.js'
import type { PreparedRows } from './prepared-transactions.js'
import type { BinlogPlace } from './schema-history.js'
import type { SeenStatement } from './schema-seed.js'
import type { StartPoint } from './start-position.js'
import type { ChangeReceiver } from './stream-reader.js'

/** A stretch longer than this takes seconds to read, in which nothing is loaded. */
const TOLD_BYTES = 64 * 1024 * 1024

/** No statement is in them. */
const NO_STATEMENTS = [
  EVENT.GTID,
  EVENT.ANONYMOUS_GTID,
  EVENT.TABLE_MAP,
  EVENT.WRITE_ROWS_V1,
  EVENT.UPDATE_ROWS_V1,
  EVENT.DELETE_ROWS_V1,
  EVENT.WRITE_ROWS,
  EVENT.UPDATE_ROWS,
  EVENT.DELETE_ROWS,
  EVENT.PARTIAL_UPDATE_ROWS,
  EVENT.WRITE_ROWS_COMPRESSED_V1,
  EVENT.UPDATE_ROWS_COMPRESSED_V1,
  EVENT.DELETE_ROWS_COMPRESSED_V1,
  EVENT.ROWS_QUERY,
  EVENT.ANNOTATE_ROWS,
]
const IS_PASSED = Uint8Array.from({ length: 256 }, (_, type) => Number(NO_STATEMENTS.includes(type as never)))

/**
 * Reads the stretch of the binlog between two positions once, for the DDL statements in it. Rejects with a Failure that no retry
 * mends; resolves early, with what was found, when the signal fires.
 */
export async function scanStatements(
  options: ReadingOptions,
  start: StartPoint,
  to: Position,
  observer: Observer,
  signal: AbortSignal,
): Promise<SeenStatement[]> {
  const found: SeenStatement[] = []
  const tracker = new PositionTracker(options.flavor === 'mariadb', start.position, start.gtidSetKnown)
  const reached = new AbortController()
  const onAbort = (): void => reached.abort()
  signal.addEventListener('abort', onAbort, { once: true })
  const follow = ({ sql, schema: defaultSchema, facts }: QueryEvent, at: BinlogPlace): null => {
    const last = found.at(-1)
    // The GTID set is not followed here: a connection that begins anew by it begins too early.
    if (last !== undefined && comparePositions(at, last.at) <= 0) return null
    if (facts.alterPhase !== 'start' && facts.alterPhase !== 'rollback') found.push({ at, sql, defaultSchema, facts })
    return null
  }
  const receiver: ChangeReceiver = {
    bind: () => undefined,
    rows: () => undefined,
    commit: () => {
      if (tracker.binName !== '' && comparePositions(tracker, to) >= 0) reached.abort()
    },
    tablesChanged: async () => undefined,
    full: false,
    room: async () => undefined,
  }
  if (start.position.binName !== to.binName || to.binPos - start.position.binPos > TOLD_BYTES)
    observer({
      kind: 'warning',
      message: `The binlog from ${formatPosition(start.position)} to ${formatPosition(to)} is read once for changes of tables, before any row is loaded.`,
      advice: 'Nothing needs to be done: no schema.history tells the tables at this position.',
    })
  const source = new BinlogSource(
    {
      ...options,
      wanted: () => false,
      follow,
      prepared: NO_ROWS,
      stopWaitMs: 0,
      passes: passesUpTo(to, options.flavor),
    },
    tracker,
    receiver,
    quiet(observer),
  )
  try {
    await source.run(start, reached.signal)
  } finally {
    source.abandon()
    signal.removeEventListener('abort', onAbort)
  }
  return found.filter(({ at }) => comparePositions(at, to) <= 0)
}

/**
 * What is passed over before `to`, where the last commit must be seen. MariaDB's GTID events are not, since transactions may be
 * left out in front of one; so what ends its transactions is not either.
 */
function passesUpTo(to: Position, flavor: 'mysql' | 'mariadb'): NonNullable<BinlogSourceOptions['passes']> {
  const isMysql = flavor === 'mysql'
  return (buffer, start, end, { binName, next }) => {
    const type = buffer[start + 4]!
    if (IS_PASSED[type] === 1) return true
    if (!isMysql || next === null || (binName === to.binName && next + end - start >= to.binPos)) return false
    return type === EVENT.XID || (type === EVENT.QUERY && isBegin(buffer, start, end))
  }
}

/** Rows of XA transactions are not kept. */
export const NO_ROWS: PreparedRows = {
  begin: () => undefined,
  append: () => undefined,
  prepare: async () => undefined,
  async *read() {},
  async *readOpen() {},
  decide: async () => undefined,
}

/** Connections of the scan are none of the stream's; its failures are told. */
function quiet(observer: Observer): Observer {
  return happening => {
    if (happening.kind === 'disconnected') observer(happening)
  }
}
