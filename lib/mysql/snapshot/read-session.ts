import type { Socket } from 'node:net'
import { Failure } from '../../model/failure.js'
import { readServerFacts, type ServerFacts } from '../server-facts.js'
import { type SourceAddress, SourceSession } from '../session.js'

/** Longest silence in ms within a statement on a table: a condition may keep the server busy before the first row comes. */
const SCAN_SILENCE_MS = 300_000
/** A dead peer is noticed this many ms after its last sign, by probes of TCP, however long a statement may take. */
const KEEP_ALIVE_MS = 10_000
const KILL_WAIT_MS = 3_000

/** A session for reading tables, whose settings let every value through as it is stored. */
export interface ReadSession {
  readonly session: SourceSession
  readonly facts: ServerFacts
  /** The server's number of this connection. */
  readonly threadId: number
}

/**
 * Connects and sets what the values' text depends on. `zone`: `time_zone` of sync.toml. Rejects as `SourceSession.connect` does, and
 * with configInvalid when the server does not know the zone by its name.
 */
export async function openReadSession(address: SourceAddress, zone: string): Promise<ReadSession> {
  const answerTimeoutMs = Math.max(address.answerTimeoutMs, SCAN_SILENCE_MS)
  const session = await SourceSession.connect({ ...address, answerTimeoutMs })
  try {
    const facts = await readServerFacts(session)
    for (const statement of settings(facts)) await session.query(statement)
    await setZone(session, zone)
    const { stream, threadId } = session.driver as { readonly stream: Socket; readonly threadId: number }
    stream.setKeepAlive(true, KEEP_ALIVE_MS)
    return { session, facts, threadId }
  } catch (error) {
    await session.close()
    throw error
  }
}

function settings({ mariadb }: ServerFacts): string[] {
  return [
    'SET NAMES utf8mb4',
    // Empty but for one: nothing is padded, quoted otherwise or refused; stored dates such as 2024-02-31 can be compared with.
    "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'",
    'SET SESSION autocommit = 1, sql_big_selects = 1, sql_select_limit = 18446744073709551615, wait_timeout = 31536000',
    // While the engine has no room the socket stands still on purpose.
    'SET SESSION net_write_timeout = 86400, net_read_timeout = 86400',
    mariadb ? 'SET SESSION max_statement_time = 0' : 'SET SESSION max_execution_time = 0',
  ]
}

async function setZone(session: SourceSession, zone: string): Promise<void> {
  if (zone === 'source') {
    await session.query('SET SESSION time_zone = @@GLOBAL.time_zone')
    return
  }
  const name = /^(utc|z|gmt)$/i.test(zone) ? '+00:00' : zone
  try {
    await session.query('SET SESSION time_zone = ?', [name])
  } catch (error) {
    const { errno } = ((error as Failure).cause ?? {}) as { readonly errno?: number }
    // 1298: unknown or incorrect time zone.
    if (errno !== 1298) throw error
    throw new Failure(
      'configInvalid',
      `The source does not know time_zone = "${zone}", so its tables cannot be copied in that zone.`,
      {
        cause: error,
        advice:
          'Load the zones into the source (mysql_tzinfo_to_sql), or set time_zone to "source" or an offset like "+08:00".',
      },
    )
  }
}

/** Ends the session at once; the statement under way rejects. `why`: for its message. */
export function breakSession(session: SourceSession, why: string): void {
  const error = Object.assign(new Error(why), { code: 'READ_GIVEN_UP' })
  ;(session.driver as { readonly stream: Socket }).stream.destroy(error)
}

/** Ends what the server still does for a connection that was given up; without it a scan would go on until its next row. */
export async function killThread(address: SourceAddress, threadId: number): Promise<void> {
  try {
    const soon = {
      ...address,
      connectTimeoutMs: Math.min(address.connectTimeoutMs, KILL_WAIT_MS),
      answerTimeoutMs: KILL_WAIT_MS,
    }
    await SourceSession.during(soon, session => session.query(`KILL ${threadId}`))
  } catch {
    // It has ended already, or the server cannot be reached: the closed socket ends it with its next row.
  }
}
