import { Failure } from '../model/failure.js'
import type { Position } from '../model/position.js'
import { listBinlogFiles, verifyPosition } from './binlog-files.js'
import { verifyExecuted, verifyNextUnread } from './executed-check.js'
import type { SavedPosition } from './saved-position.js'
import type { ServerFacts } from './server-facts.js'
import type { SourceSession } from './session.js'

export interface StartPoint {
  readonly position: Position
  /** False when the executed set at this place is not known; it is then taken up at the start of the next binlog file. */
  readonly gtidSetKnown: boolean
  readonly by: 'file' | 'gtid'
}

/** COM_BINLOG_DUMP carries the offset in 32 bits; behind that only a GTID start can go. */
const LAST_DUMP_OFFSET = 0xffffffff

/**
 * Decides where to read from, and makes sure the server can serve it: file and offset where they are given, else the GTID
 * set, else (nothing saved) the oldest binlog. Rejects with a position… Failure instead of jumping anywhere silently.
 * `executedWaitS`: how long MySQL may take to count as executed what its binlog holds already.
 */
export async function resolveStart(
  session: SourceSession,
  facts: ServerFacts,
  saved: SavedPosition | null,
  executedWaitS?: number,
): Promise<StartPoint> {
  const serverUuid = facts.serverUuid
  if (saved === null) {
    const oldest = (await listBinlogFiles(session))[0]
    if (!oldest)
      throw new Failure('sourceUnfit', 'The source has no binlog files.', {
        advice: 'Set log_bin in my.cnf and restart the server.',
      })
    return { position: { binName: oldest.name, binPos: 4, gtidSet: '', serverUuid }, gtidSetKnown: false, by: 'file' }
  }
  if (saved.serverUuid !== null && saved.serverUuid !== serverUuid) {
    throw new Failure(
      'positionOfOtherServer',
      `master.info holds a position of server ${saved.serverUuid}, but this is server ${serverUuid}.`,
    )
  }
  await verifyExecuted(session, facts, saved, executedWaitS)
  const gtidSet = saved.gtidSet ?? ''
  const gtidSetKnown = saved.gtidSet !== null
  if (saved.binName !== null && (saved.binPos ?? 4) <= LAST_DUMP_OFFSET) {
    const position = { binName: saved.binName, binPos: saved.binPos ?? 4, gtidSet, serverUuid }
    await verifyPosition(session, position)
    await verifyNextUnread(session, facts, saved)
    return { position, gtidSetKnown, by: 'file' }
  }
  if (!gtidSetKnown || !facts.gtids) {
    throw new Failure(
      'positionInvalid',
      'master.info names neither a binlog file nor a GTID set that this server can serve.',
    )
  }
  if (!facts.mariadb) await verifyUnpurged(session, gtidSet)
  return {
    position: { binName: saved.binName ?? '', binPos: saved.binPos ?? 4, gtidSet, serverUuid },
    gtidSetKnown,
    by: 'gtid',
  }
}

/** The GTID set may lie before the oldest file: what lies between would be left out. */
async function verifyUnpurged(session: SourceSession, gtidSet: string): Promise<void> {
  const [row] = await session.query('SELECT GTID_SUBTRACT(@@GLOBAL.gtid_purged, ?) AS lost', [gtidSet])
  if (row?.lost)
    throw new Failure(
      'positionLost',
      `The source has purged transactions ${row.lost.replace(/\s/g, '')} that were not read yet.`,
    )
}
