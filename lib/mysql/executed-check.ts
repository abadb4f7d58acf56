import { Failure } from '../model/failure.js'
import type { SavedPosition } from './saved-position.js'
import type { ServerFacts } from './server-facts.js'
import type { SourceSession } from './session.js'

/** A transaction may be in the binlog before the server counts it as executed: while it waits for a semi-synchronous replica, by default up to 10 s. */
const EXECUTED_WAIT_S = 12

/**
 * Makes sure that the source still knows every transaction of the saved GTID set. One that was restored from an older
 * backup, or whose binlogs were reset, has the same identity and may well have the saved file and offset, with other
 * transactions behind it. Rejects with positionLost, or positionOfOtherServer when the position names no server.
 */
export async function verifyExecuted(
  session: SourceSession,
  facts: ServerFacts,
  saved: SavedPosition,
  waitS = EXECUTED_WAIT_S,
): Promise<void> {
  if (saved.gtidSet === null || !facts.gtids) return
  const unknown = facts.mariadb
    ? await unknownToMariadb(session, saved.gtidSet)
    : await unknownToMysql(session, saved.gtidSet, waitS)
  if (unknown === '') return
  if (saved.serverUuid === null) {
    throw new Failure('positionOfOtherServer', `The source has not executed all of gtid_set: it lacks ${unknown}.`, {
      advice: 'Point mysql_addr at a server that has, or copy the tables again and write the new position.',
    })
  }
  throw new Failure(
    'positionLost',
    `The source no longer knows transactions that were read from it: ${unknown}. It was restored from an older backup, its binlogs were reset, or it lost them in a crash.`,
    {
      advice:
        'The targets hold rows that the source has lost. Copy the tables again, then write the position of that copy into master.info (without gtid_set).',
    },
  )
}

/**
 * Makes sure that the transaction behind the saved file and offset was not read already under its GTID: the numbers of a
 * source that was reset start anew and may have passed the saved ones. MySQL only; MariaDB's numbers may repeat.
 */
export async function verifyNextUnread(
  session: SourceSession,
  facts: ServerFacts,
  saved: SavedPosition,
): Promise<void> {
  if (saved.gtidSet === null || !facts.gtids || facts.mariadb || saved.binName === null) return
  const name = saved.binName.replace(/'/g, "''")
  const events = await session.query(`SHOW BINLOG EVENTS IN '${name}' FROM ${saved.binPos ?? 4} LIMIT 1`)
  const gtid = /GTID_NEXT\s*=\s*'([0-9a-f-]{36}:[^']+)'/i.exec(events[0]?.Info ?? '')?.[1]
  if (gtid === undefined) return
  const [row] = await session.query('SELECT GTID_SUBSET(?, ?) AS known', [gtid, saved.gtidSet])
  if (row?.known !== '1') return
  throw new Failure(
    'positionLost',
    `Behind ${saved.binName}:${saved.binPos ?? 4} stands transaction ${gtid}, which was read already: the source's binlogs were reset, and its numbers started anew.`,
    { advice: 'Copy the tables again, then write the position of that copy into master.info (without gtid_set).' },
  )
}

async function unknownToMysql(session: SourceSession, gtidSet: string, waitS: number): Promise<string> {
  if ((await subtractExecuted(session, gtidSet)) === '') return ''
  await session.query('SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?)', [gtidSet, waitS])
  return subtractExecuted(session, gtidSet)
}

async function subtractExecuted(session: SourceSession, gtidSet: string): Promise<string> {
  const [row] = await session.query('SELECT GTID_SUBTRACT(?, @@GLOBAL.gtid_executed) AS missing', [gtidSet])
  return (row?.missing ?? '').replace(/\s/g, '')
}

/**
 * gtid_binlog_state names the last number of each server in each domain. A domain that is missing may have been deleted
 * (FLUSH BINARY LOGS DELETE_DOMAIN_ID); only when all are, the binlogs were reset.
 */
async function unknownToMariadb(session: SourceSession, position: string): Promise<string> {
  const [row] = await session.query('SELECT @@GLOBAL.gtid_binlog_state AS state')
  const state = parseGtids(row?.state ?? '')
  const saved = parseGtids(position)
  const inKnownDomains = saved.filter(gtid => state.some(s => s.domain === gtid.domain))
  if (inKnownDomains.length === 0) return position
  return inKnownDomains
    .filter(gtid => {
      const last = state.filter(s => s.domain === gtid.domain)
      const own = last.filter(s => s.server === gtid.server)
      return (own.length > 0 ? own : last).every(s => s.number < gtid.number)
    })
    .map(gtid => `${gtid.domain}-${gtid.server}-${gtid.number}`)
    .join(',')
}

function parseGtids(text: string): { readonly domain: string; readonly server: string; readonly number: bigint }[] {
  return text
    .split(',')
    .map(gtid => gtid.trim().split('-'))
    .filter(parts => parts.length === 3)
    .map(([domain, server, number]) => ({ domain: domain!, server: server!, number: BigInt(number!) }))
}
