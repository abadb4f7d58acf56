import { asFailure } from '../../model/failure.js'
import type { Finding } from '../../model/finding.js'
import { quoteIdentifier, quoteString, renderCreateDatabase } from '../ddl.js'
import { isRefused, type Statements } from '../starrocks-session.js'

/**
 * The account's rights on a target database as far as SHOW GRANTS tells them: a warning names what no grant seems to give.
 * Roles are not unfolded (their grants are not readable for everyone), so this is never an error.
 */
export async function checkRights(
  session: Statements,
  database: string,
  needed: { readonly create: boolean; readonly alter: boolean },
): Promise<Finding> {
  const check = 'starrocks.rights'
  const name = quoteIdentifier(database)
  try {
    const exists = await session.query(
      `SELECT SCHEMA_NAME FROM information_schema.schemata WHERE SCHEMA_NAME = ${quoteString(database)}`,
    )
    if (exists.length === 0)
      return needed.create
        ? { check, level: 'ok', message: `database ${database} is missing and will be created`, remedy: '' }
        : {
            check,
            level: 'error',
            message: `database ${database} does not exist, or may not be seen`,
            remedy: `${renderCreateDatabase(database)}; GRANT INSERT, SELECT ON ALL TABLES IN DATABASE ${name} TO USER sr_user;`,
          }
    const grants = (await session.query('SHOW GRANTS')).map(row => [...row.values()].join(' ').toUpperCase())
    const lacking = ['INSERT', ...(needed.create ? ['CREATE TABLE'] : []), ...(needed.alter ? ['ALTER'] : [])].filter(
      right => !grants.some(grant => grantsRight(grant, right)),
    )
    if (lacking.length === 0 || grants.length === 0)
      return { check, level: 'ok', message: `database ${database}: no right is seen to be lacking`, remedy: '' }
    const statements = [
      ...(lacking.includes('CREATE TABLE') ? [`GRANT CREATE TABLE ON DATABASE ${name} TO USER sr_user;`] : []),
      `GRANT INSERT, SELECT, ALTER ON ALL TABLES IN DATABASE ${name} TO USER sr_user;`,
    ]
    return {
      check,
      level: 'warning',
      message: `database ${database}: no grant of ${lacking.join(', ')} is seen`,
      remedy: statements.join(' '),
    }
  } catch (error) {
    const failure = asFailure(error)
    const level = isRefused(failure) ? 'warning' : 'error'
    const message = `the rights on ${database} cannot be seen: ${failure.message}`
    return {
      check,
      level,
      message,
      remedy: `GRANT INSERT, SELECT, ALTER ON ALL TABLES IN DATABASE ${name} TO USER sr_user;`,
    }
  }
}

function grantsRight(grant: string, right: string): boolean {
  return /\bROOT\b|\bDB_ADMIN\b|\bALL\b(?! TABLES| DATABASES)|ADMIN_PRIV|LOAD_PRIV/.test(grant) || grant.includes(right)
}
