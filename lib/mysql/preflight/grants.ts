import type { Finding } from '../../model/finding.js'
import type { ServerFacts } from '../server-facts.js'
import type { SourceSession } from '../session.js'

const REPLICATION_CLIENT = ['REPLICATION CLIENT', 'BINLOG MONITOR']
const REPLICATION_SLAVE = ['REPLICATION SLAVE', 'REPLICATION SLAVE ADMIN', 'REPLICATION REPLICA']

/** Whether this user may read the binlog and the catalog; the remedy names exactly this user. */
export async function checkGrants(
  session: SourceSession,
  facts: ServerFacts,
  schemas: readonly string[],
): Promise<Finding[]> {
  const [row] = await session.query('SELECT CURRENT_USER() AS user')
  const account = (row?.user ?? '').replace(/^(.*)@(.*)$/, "'$1'@'$2'")
  const grants = (await session.query('SHOW GRANTS')).map(r => Object.values(r)[0] ?? '')
  const global = privilegesOn(grants, '*.*')
  const has = (names: readonly string[]): boolean => global.has('ALL PRIVILEGES') || names.some(n => global.has(n))
  const missing = [
    has(REPLICATION_SLAVE) ? '' : 'REPLICATION SLAVE',
    has(REPLICATION_CLIENT) ? '' : facts.mariadb ? 'BINLOG MONITOR' : 'REPLICATION CLIENT',
  ].filter(Boolean)
  const findings: Finding[] = [
    {
      check: 'mysql.grants.replication',
      level: missing.length === 0 ? 'ok' : 'error',
      message: missing.length === 0 ? `${account} may read the binlog` : `${account} lacks ${missing.join(' and ')}`,
      remedy: missing.length === 0 ? '' : `GRANT ${missing.join(', ')} ON *.* TO ${account};`,
    },
  ]
  for (const schema of schemas) {
    const may = has(['SELECT']) || [...grantedSchemas(grants)].some(pattern => schemaMatches(pattern, schema))
    findings.push({
      check: `mysql.grants.select.${schema}`,
      level: may ? 'ok' : 'error',
      message: may ? `${account} may read ${schema}` : `${account} may not SELECT from ${schema}`,
      remedy: may ? '' : `GRANT SELECT ON \`${schema.replaceAll('`', '``')}\`.* TO ${account};`,
    })
  }
  return findings
}

/** Privileges of all GRANT lines on exactly this object; PROXY and role lines have another form and do not match. */
function privilegesOn(grants: readonly string[], object: string): Set<string> {
  const found = new Set<string>()
  for (const grant of grants) {
    const parts = /^GRANT (.+?) ON (?:TABLE )?(.+?) TO /i.exec(grant)
    if (parts?.[2] === object) for (const name of parts[1]!.split(',')) found.add(name.trim().toUpperCase())
  }
  return found
}

/** Patterns of schemas on which SELECT (or all, or SELECT on some table) is granted. */
function grantedSchemas(grants: readonly string[]): Set<string> {
  const schemas = new Set<string>()
  for (const grant of grants) {
    const parts = /^GRANT (.+?) ON (?:TABLE )?(`(?:[^`]|``)+`|\*)\.(?:\S+) TO /i.exec(grant)
    if (parts && /\b(SELECT|ALL PRIVILEGES)\b/i.test(parts[1]!))
      schemas.add(parts[2]!.replace(/^`|`$/g, '').replaceAll('``', '`'))
  }
  return schemas
}

/** Database names in GRANT are LIKE patterns; a backslash makes _ and % plain. */
function schemaMatches(pattern: string, schema: string): boolean {
  if (pattern === '*') return true
  const expression = pattern.replace(
    /\\([_%])|[.*+?^${}()|[\]\\]|_|%/g,
    (mark, plain?: string) => plain ?? (mark === '_' ? '.' : mark === '%' ? '.*' : `\\${mark}`),
  )
  return new RegExp(`^${expression}$`, 'i').test(schema)
}
