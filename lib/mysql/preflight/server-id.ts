import type { Finding } from '../../model/finding.js'
import type { ServerFacts } from '../server-facts.js'
import type { SourceSession } from '../session.js'

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
  const replicas = (await session.query(statement)).map(r => Number(r.Server_Id ?? r.Server_id ?? 0))
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
