import { Failure } from '../../model/failure.js'
import { includesGtids } from '../gtid-set.js'
import { readServerFacts, type ServerFacts } from '../server-facts.js'
import { type Row, type SourceAddress, SourceSession } from '../session.js'
import type { Moment } from './moment.js'

/** A transaction may have reached a replica before its source counts it as executed: while it waits for that replica's receipt. */
const EXECUTED_WAIT_S = 5

/** Two servers, of which one is streamed and the other is read: whether the positions of both can be matched. */
export class ReplicaCheck {
  readonly #session: SourceSession
  readonly #facts: ServerFacts
  /** MySQL: what the streamed server had executed when the check was made; null when nothing is to be watched. */
  readonly #known: string | null

  private constructor(session: SourceSession, facts: ServerFacts, known: string | null) {
    this.#session = session
    this.#facts = facts
    this.#known = known
  }

  /**
   * `session`, `facts`: of the server that is read. Null when both addresses lead to one server. Rejects with sourceUnfit when
   * positions cannot be matched, and when the server that is read has transactions that the streamed one will never send.
   */
  static async open(session: SourceSession, facts: ServerFacts, streamed: SourceAddress): Promise<ReplicaCheck> {
    return SourceSession.during(streamed, async other => {
      const otherFacts = await readServerFacts(other)
      checkKinds(facts, otherFacts)
      if (facts.mariadb) {
        await checkMariadb(session, facts, other)
        return new ReplicaCheck(session, facts, null)
      }
      const isReplica = (await replicaStatus(session)).length > 0
      const executed = await executedGtids(session)
      await other.query('SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?)', [executed, EXECUTED_WAIT_S])
      const known = await executedGtids(other)
      if (!isReplica) {
        // A member of a group, or the source of the streamed server, is no replica, but has its transactions.
        if (areStrangers(executed, known) && (await replicaStatus(other)).length === 0) throw strangers()
        return new ReplicaCheck(session, facts, null)
      }
      const check = new ReplicaCheck(session, facts, known)
      const isChainEnd = (await replicaStatus(other)).length === 0
      await check.#refuse(await check.#errant(executed, isChainEnd))
      return check
    })
  }

  /** Rejects with sourceUnfit when transactions of the replica itself have come to be seen. */
  async checkMoment({ gtidSet }: Moment): Promise<void> {
    if (this.#known === null || gtidSet === null) return
    await this.#refuse(await this.#errant(gtidSet, false))
  }

  /** What of `gtidSet` the streamed server will not send: anything it does not know, or only what the server that is read wrote itself. */
  async #errant(gtidSet: string, anything: boolean): Promise<string> {
    const known = this.#known ?? ''
    if (includesGtids(false, known, gtidSet)) return ''
    const [row] = await this.#session.query('SELECT GTID_SUBTRACT(?, ?) AS beyond', [gtidSet, known])
    const beyond = (row?.beyond ?? '').replace(/\s/g, '')
    if (anything) return beyond
    const own = this.#facts.serverUuid.toLowerCase()
    return beyond
      .split(',')
      .filter(part => part.toLowerCase().startsWith(own))
      .join(',')
  }

  async #refuse(errant: string): Promise<void> {
    if (errant === '') return
    throw new Failure(
      'sourceUnfit',
      `The replica that tables are read from has transactions that the streamed server will never send: ${errant}.`,
      {
        advice:
          'Someone wrote to the replica itself (errant transactions). Read from another server, or bring both to the same data and make the replica super_read_only.',
      },
    )
  }
}

function checkKinds(read: ServerFacts, streamed: ServerFacts): void {
  const refuse = (why: string, advice: string): never => {
    throw new Failure(
      'sourceUnfit',
      `Tables cannot be read from another server than the one that is streamed: ${why}.`,
      {
        advice,
      },
    )
  }
  const sameServer = 'Read the tables from the server that is streamed.'
  if (read.mariadb !== streamed.mariadb)
    refuse('one is MySQL, the other MariaDB, and their GTIDs have nothing in common', sameServer)
  if (read.serverUuid === streamed.serverUuid)
    refuse(
      `both have the same identity (${read.serverUuid})`,
      'Leave out the second address, or give each server a server_uuid or server_id of its own.',
    )
  const without = [read, streamed].find(facts => !facts.gtids)
  if (without !== undefined)
    refuse(
      `gtid_mode is ${without.variables.get('gtid_mode') ?? 'OFF'} on ${without.serverUuid}, so their positions cannot be matched`,
      `Set gtid_mode = ON on both. ${sameServer}`,
    )
}

/** A domain whose last transaction the replica wrote itself and its source does not have. */
async function checkMariadb(session: SourceSession, facts: ServerFacts, streamed: SourceSession): Promise<void> {
  if ((await replicaStatus(session)).length === 0) return
  const ask = 'SELECT @@GLOBAL.gtid_current_pos AS gtids'
  const own = (gtids: string): string[] =>
    gtids.split(',').filter(gtid => gtid.split('-')[1] === String(facts.serverId))
  const [row] = await session.query(ask)
  const [other] = await streamed.query(ask)
  const errant = own(row?.gtids ?? '').filter(gtid => !includesGtids(true, other?.gtids ?? '', gtid))
  if (errant.length === 0) return
  throw new Failure(
    'sourceUnfit',
    `The replica that tables are read from has transactions of its own that the streamed server does not have: ${errant.join(',')}.`,
    { advice: 'Read from another server, or bring both to the same data and make the replica read_only.' },
  )
}

/** Whether two servers have executed transactions, none of which come from the same server. */
function areStrangers(a: string, b: string): boolean {
  const origins = (gtidSet: string): string[] =>
    gtidSet
      .split(',')
      .filter(part => part !== '')
      .map(part => part.split(':')[0]!.toLowerCase())
  const others = new Set(origins(b))
  return others.size > 0 && origins(a).every(uuid => !others.has(uuid))
}

function strangers(): Failure {
  return new Failure(
    'sourceUnfit',
    'Tables cannot be read from another server than the one that is streamed: neither replicates from the other, and they have no transaction in common.',
    { advice: 'Let mysql_addr of [snapshot] name a replica of the server that is streamed, or leave it out.' },
  )
}

async function executedGtids(session: SourceSession): Promise<string> {
  const [row] = await session.query('SELECT @@GLOBAL.gtid_executed AS gtids')
  return (row?.gtids ?? '').replace(/\s/g, '')
}

/** One row per server that this one replicates from; MySQL renamed the statement in 8.0.22 and dropped the old one in 8.4. */
export async function replicaStatus(session: SourceSession): Promise<Row[]> {
  const [row] = await session.query('SELECT VERSION() AS version')
  const version = row?.version ?? ''
  if (/mariadb/i.test(version)) return session.query('SHOW ALL SLAVES STATUS')
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number)
  const isRenamed = major > 8 || (major === 8 && (minor > 0 || patch >= 22))
  return session.query(isRenamed ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS')
}
