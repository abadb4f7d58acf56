import type { Observer } from '../model/observer.js'
import { comparePositions, type Position } from '../model/position.js'
import { readHeadPosition } from './binlog-files.js'
import { BinlogSource, type ReadingOptions } from './binlog-source.js'
import { PositionTracker } from './position-tracker.js'
import type { ServerFacts } from './server-facts.js'
import type { SourceSession } from './session.js'
import type { StartPoint } from './start-position.js'
import { NO_ROWS } from './statement-scan.js'
import type { ChangeReceiver } from './stream-reader.js'

/**
 * The end of the binlog with exactly the GTIDs that stand before it. What a server says of both at once does not belong
 * together: a MySQL transaction is in the binlog before it counts as executed. So MySQL's last file is read once for its
 * GTIDs; MariaDB is asked. Resolves early, with a set that is not known, when the signal fires.
 */
export async function exactHead(
  session: SourceSession,
  facts: ServerFacts,
  scan: ReadingOptions,
  observer: Observer,
  signal: AbortSignal,
): Promise<StartPoint> {
  const head = await readHeadPosition(session, facts)
  if (!facts.gtids) return { position: { ...head, gtidSet: '' }, gtidSetKnown: false, by: 'file' }
  const gtidSet = facts.mariadb ? await askGtids(session, head) : await readGtids(head, scan, observer, signal)
  return { position: { ...head, gtidSet: gtidSet ?? '' }, gtidSetKnown: gtidSet !== null, by: 'file' }
}

async function askGtids(session: SourceSession, { binName, binPos }: Position): Promise<string | null> {
  const [row] = await session.query('SELECT BINLOG_GTID_POS(?, ?) AS gtids', [binName, binPos])
  return row?.gtids ?? null
}

/** Of the file that the head is in; its first event tells the GTIDs of all files before it. Null: the signal fired. */
async function readGtids(
  head: Position,
  scan: ReadingOptions,
  observer: Observer,
  signal: AbortSignal,
): Promise<string | null> {
  const start = { position: { ...head, binPos: 4, gtidSet: '' }, gtidSetKnown: false, by: 'file' as const }
  const tracker = new PositionTracker(false, start.position, false)
  const reached = new AbortController()
  const onAbort = (): void => reached.abort()
  signal.addEventListener('abort', onAbort, { once: true })
  let gtidSet: string | null = null
  const receiver: ChangeReceiver = {
    bind: () => undefined,
    rows: () => undefined,
    commit: () => {
      if (gtidSet !== null || comparePositions(tracker, head) < 0) return
      gtidSet = tracker.position().gtidSet
      reached.abort()
    },
    tablesChanged: async () => undefined,
    full: false,
    room: async () => undefined,
  }
  const quiet: Observer = happening => {
    if (happening.kind === 'disconnected') observer(happening)
  }
  const parts = { ...scan, wanted: () => false, follow: () => null, prepared: NO_ROWS, stopWaitMs: 0 }
  const source = new BinlogSource(parts, tracker, receiver, quiet)
  try {
    await source.run(start, reached.signal)
  } finally {
    source.abandon()
    signal.removeEventListener('abort', onAbort)
  }
  return gtidSet
}
