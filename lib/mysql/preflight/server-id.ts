import { asFailure, Failure } from '../../model/failure.js'
import type { Finding } from '../../model/finding.js'
import type { ServerFacts } from '../server-facts.js'
import type { Row, SourceSession } from '../session.js'

/** Two readers with one server_id throw each other out; the source itself must not have it either. */
export async function checkServerId(
  session: SourceSession,
  facts: ServerFacts,
  serverId: number,
  ownProcessRuns: boolean,
): Promise<Finding> {
  const remedy = 'Set another server_id in sync.toml, one that no replica and no sync process of this source uses.'
  if (facts.serverId === serverId) {
    return { check: 'mysql.server_id', level: 'error', message: `server_id = ${serverId} is the source's own`, remedy }
  }
  const statement = facts.mariadb || Number(facts.version.split('.')[0]) < 8 ? 'SHOW SLAVE HOSTS' : 'SHOW REPLICAS'
  const seen = await listReplicas(session, statement)
  if (seen instanceof Failure) {
    return {
      check: 'mysql.server_id',
      level: 'warning',
      message: `whether another reader has server_id = ${serverId} cannot be seen: ${seen.message}`,
      remedy:
        'For this check only: GRANT REPLICATION MASTER ADMIN ON *.* TO mysql_user; or run SHOW SLAVE HOSTS as root.',
    }
  }
  const replicas = seen.map(r => Number(r.Server_Id ?? r.Server_id ?? 0))
  const clash = replicas.includes(serverId) && !ownProcessRuns
  return {
    check: 'mysql.server_id',
    level: clash ? 'error' : 'ok',
    message: clash
      ? `a replica with server_id = ${serverId} is connected to the source`
      : `server_id = ${serverId} is free`,
    remedy: clash ? remedy : '',
  }
}

/**
 * What to warn of at a start; null when no other reader with this server_id can be seen. No failure: for some seconds the
 * source still lists the connection of a process that was killed.
 */
export async function warnOfServerId(
  session: SourceSession,
  facts: ServerFacts,
  serverId: number,
): Promise<{ readonly message: string; readonly advice: string } | null> {
  const { level, message, remedy } = await checkServerId(session, facts, serverId, false)
  if (level !== 'error') return null
  return {
    message: `${message}; unless it is an earlier connection of this process, the two will end each other's`,
    advice: remedy,
  }
}

/** The refusal when this user may not see them: MariaDB since 10.5 asks for a privilege that reading the binlog does not need. */
async function listReplicas(session: SourceSession, statement: string): Promise<Row[] | Failure> {
  try {
    return await session.query(statement)
  } catch (error) {
    const failure = asFailure(error)
    if (failure.kind === 'sourceDenied') return failure
    throw failure
  }
}
