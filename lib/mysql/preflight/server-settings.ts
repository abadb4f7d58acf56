import { Failure } from '../../model/failure.js'
import type { Finding } from '../../model/finding.js'
import { logsWholeRows } from '../../model/row-image.js'
import type { ServerFacts } from '../server-facts.js'

const INCOMPLETE_ROWS =
  ': updates become partial updates of rows that must be in the target already, and an update of a key stops the stream'

type SettingCheck = (facts: ServerFacts, flavor: 'mysql' | 'mariadb') => Finding

/** Preconditions that the server's global variables tell. Sessions can override some of them, so the stream checks each event again. */
const CHECKS: readonly SettingCheck[] = [
  (facts, flavor) =>
    finding(
      'mysql.flavor',
      facts.mariadb === (flavor === 'mariadb'),
      `the server is ${facts.version}, flavor = "${flavor}"`,
      `Set flavor = "${facts.mariadb ? 'mariadb' : 'mysql'}" in sync.toml.`,
    ),
  facts =>
    setting(facts, 'log_bin', ['ON', '1'], 'Set log_bin = binlog under [mysqld] in my.cnf and restart the server.'),
  facts =>
    setting(
      facts,
      'binlog_format',
      ['ROW'],
      "SET GLOBAL binlog_format = 'ROW'; -- and binlog_format = ROW in my.cnf; sessions that are open keep the old format",
    ),
  facts => {
    const value = facts.variables.get('binlog_row_image')
    const whole = logsWholeRows(value ?? null)
    return {
      check: 'mysql.binlog_row_image',
      level: whole ? 'ok' : 'warning',
      message:
        value === undefined
          ? 'binlog_row_image is not known to this server'
          : `binlog_row_image = ${value}${whole ? '' : INCOMPLETE_ROWS}`,
      remedy: whole ? '' : "SET GLOBAL binlog_row_image = 'FULL'; -- and binlog_row_image = FULL in my.cnf",
    }
  },
  facts => {
    const partial = facts.variables.get('binlog_row_value_options') ?? ''
    const whole = facts.variables.get('binlog_row_image')?.toUpperCase() !== 'MINIMAL'
    return finding(
      'mysql.binlog_row_value_options',
      partial === '' || whole,
      `binlog_row_value_options = ${partial || "''"}`,
      "SET GLOBAL binlog_row_value_options = ''; -- with binlog_row_image = MINIMAL the document that the differences apply to is not in the binlog",
    )
  },
  facts => {
    const value = facts.variables.get('binlog_row_metadata')?.toUpperCase()
    const ok = value === undefined || value === 'FULL'
    return {
      check: 'mysql.binlog_row_metadata',
      level: ok ? 'ok' : 'warning',
      message: `binlog_row_metadata = ${value ?? 'not known to this server'}`,
      remedy: ok
        ? ''
        : "SET GLOBAL binlog_row_metadata = 'FULL'; -- column names travel with the rows, so an ALTER TABLE can never be misread",
    }
  },
  facts => {
    const seconds = retentionSeconds(facts)
    const short = seconds !== null && seconds > 0 && seconds < 86_400
    return {
      check: 'mysql.binlog_retention',
      level: short ? 'warning' : 'ok',
      message:
        seconds === null || seconds === 0
          ? 'binlogs are not purged by age'
          : `binlogs are kept ${Math.round(seconds / 3600)} hours`,
      remedy: short
        ? 'SET GLOBAL binlog_expire_logs_seconds = 604800; -- a stop longer than the retention loses the position'
        : '',
    }
  },
]

/** All findings about the server's settings. */
export function checkServerSettings(facts: ServerFacts, flavor: 'mysql' | 'mariadb'): Finding[] {
  return CHECKS.map(check => check(facts, flavor))
}

/** Throws sourceUnfit for the first setting under which rows would be lost or misread. */
export function verifyServer(facts: ServerFacts, flavor: 'mysql' | 'mariadb'): void {
  const wrong = checkServerSettings(facts, flavor).find(f => f.level === 'error')
  if (wrong) throw new Failure('sourceUnfit', `${wrong.check}: ${wrong.message}`, { advice: wrong.remedy })
}

function setting(facts: ServerFacts, name: string, allowed: readonly string[], remedy: string): Finding {
  const value = facts.variables.get(name)
  if (value === undefined)
    return { check: `mysql.${name}`, level: 'ok', message: `${name} is not known to this server`, remedy: '' }
  return finding(`mysql.${name}`, allowed.includes(value.toUpperCase()), `${name} = ${value || "''"}`, remedy)
}

function finding(check: string, ok: boolean, message: string, remedy: string): Finding {
  return { check, level: ok ? 'ok' : 'error', message, remedy: ok ? '' : remedy }
}

function retentionSeconds(facts: ServerFacts): number | null {
  const seconds = facts.variables.get('binlog_expire_logs_seconds')
  if (seconds !== undefined && Number(seconds) > 0) return Number(seconds)
  const days = facts.variables.get('expire_logs_days')
  return days === undefined ? null : Number(days) * 86_400
}
