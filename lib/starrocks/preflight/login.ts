import { asFailure } from '../../model/failure.js'
import type { Finding } from '../../model/finding.js'
import { rowField, type Statements } from '../starrocks-session.js'

/** Whether the account can log in, and which version answers. Versions before 2.5 are untried. */
export async function checkLogin(session: Statements, user: string): Promise<Finding[]> {
  let version: string
  try {
    const rows = await session.query('SELECT current_version() AS v')
    version = rowField(rows[0] ?? new Map(), 'v') ?? ''
  } catch (error) {
    const failure = asFailure(error)
    const refused = failure.kind === 'targetDenied'
    return [
      {
        check: 'starrocks.login',
        level: 'error',
        message: refused ? `login as ${user} was refused: ${failure.message}` : failure.message,
        remedy: refused ? 'Check sr_user and sr_pass.' : failure.advice,
      },
    ]
  }
  const login: Finding = { check: 'starrocks.login', level: 'ok', message: `logged in as ${user}`, remedy: '' }
  return [login, judgeVersion(version)]
}

function judgeVersion(version: string): Finding {
  const check = 'starrocks.version'
  const match = /(\d+)\.(\d+)/.exec(version)
  if (match === null)
    return {
      check,
      level: 'warning',
      message: `the server calls its version "${version}"`,
      remedy: 'StarRocks 2.5 or newer is expected; builds from source have no number.',
    }
  const tooOld = Number(match[1]) < 2 || (Number(match[1]) === 2 && Number(match[2]) < 5)
  return tooOld
    ? {
        check,
        level: 'error',
        message: `StarRocks ${version} is too old`,
        remedy: 'Upgrade to StarRocks 2.5 or newer.',
      }
    : { check, level: 'ok', message: `StarRocks ${version}`, remedy: '' }
}
