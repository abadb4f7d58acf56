import type { Position } from '../model/position.js'
import { readHeadPosition } from './binlog-files.js'
import { readServerFacts } from './server-facts.js'
import { type SourceAddress, SourceSession } from './session.js'

/** Where the source's binlog ends now: everything it has committed lies before. Over a connection of its own. */
export async function askHeadPosition(address: SourceAddress): Promise<Position> {
  const session = await SourceSession.connect(address)
  try {
    return await readHeadPosition(session, await readServerFacts(session))
  } finally {
    await session.close()
  }
}
