import { Failure } from '../model/failure.js'
import type { Position } from '../model/position.js'
import type { ServerFacts } from './server-facts.js'
import type { SourceSession } from './session.js'

export interface BinlogFile {
  readonly name: string
  readonly bytes: number
}

/** The binlog files the server still has, oldest first. */
export async function listBinlogFiles(session: SourceSession): Promise<BinlogFile[]> {
  const rows = await session.query('SHOW BINARY LOGS')
  return rows.map(r => ({ name: r.Log_name ?? '', bytes: Number(r.File_size ?? 0) }))
}

/** Position behind the last committed transaction. MySQL 8.4 renamed the statement; MariaDB and older servers keep SHOW MASTER STATUS. */
export async function readHeadPosition(session: SourceSession, facts: ServerFacts): Promise<Position> {
  const row = (await showStatus(session, facts))[0]
  if (!row?.File)
    throw new Failure('sourceUnfit', 'The source writes no binlog (log_bin is off).', {
      advice: 'Set log_bin in my.cnf and restart the server.',
    })
  const gtidSet = facts.mariadb
    ? ((await session.query('SELECT @@GLOBAL.gtid_binlog_pos AS gtids'))[0]?.gtids ?? '')
    : (row.Executed_Gtid_Set ?? '').replace(/\s/g, '')
  return { binName: row.File, binPos: Number(row.Position), gtidSet, serverUuid: facts.serverUuid }
}

async function showStatus(
  session: SourceSession,
  facts: ServerFacts,
): Promise<Awaited<ReturnType<SourceSession['query']>>> {
  const [major = 0, minor = 0] = facts.version.split('.').map(Number)
  const renamed = !facts.mariadb && (major > 8 || (major === 8 && minor >= 2))
  return session.query(renamed ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS')
}

/**
 * Checks that reading can start at a position of this server: the file is still there, the offset lies inside it and on an
 * event boundary. Rejects with positionLost or positionInvalid.
 */
export async function verifyPosition(
  session: SourceSession,
  position: Pick<Position, 'binName' | 'binPos'>,
): Promise<void> {
  const files = await listBinlogFiles(session)
  const file = files.find(f => f.name === position.binName)
  const oldest = files[0]?.name ?? 'none'
  const newest = files.at(-1)?.name ?? 'none'
  if (!file) {
    throw new Failure(
      'positionLost',
      `Binlog file ${position.binName} is not on the server (it has ${oldest} to ${newest}).`,
    )
  }
  if (position.binPos > file.bytes) {
    throw new Failure(
      'positionInvalid',
      `Position ${position.binPos} lies beyond the end of ${position.binName} (${file.bytes} bytes).`,
    )
  }
  if (position.binPos < 4) {
    throw new Failure(
      'positionInvalid',
      `Position ${position.binPos} of ${position.binName} lies inside the file's magic number; the first event starts at 4.`,
    )
  }
  if (position.binPos === 4 || position.binPos === file.bytes) return
  const name = position.binName.replace(/'/g, "''")
  try {
    await session.query(`SHOW BINLOG EVENTS IN '${name}' FROM ${position.binPos} LIMIT 1`)
  } catch (error) {
    const failure = error as Failure
    if (failure.kind !== 'sourceUnfit') throw error
    throw new Failure(
      'positionInvalid',
      `Position ${position.binPos} of ${position.binName} does not start an event: ${failure.message}`,
      { cause: error },
    )
  }
}
