import type { SourceColumn } from '../../model/schema.js'
import type { ColumnFill } from '../../model/schema-change.js'
import type { Zone } from '../../model/zone.js'
import type { ColumnDefinition, DefaultValue } from './ddl.js'
import { literalText, localText, zeroText } from './literal-text.js'

/** When a statement ran, and in which zones its times are read and shown. */
export interface StatementTime {
  /** Seconds since 1970. */
  readonly seconds: number
  readonly microseconds: number
  /** time_zone of the session: "+08:00", "SYSTEM", a name; null when the statement did not use it. */
  readonly sessionZone: string | null
  /** In which TIMESTAMP values are written. */
  readonly zone: Zone
}

const NULL: ColumnFill = { kind: 'null' }

/** What rows that were there before have in a column that ALTER TABLE added. `time` null: rows were copied one by one, at times of their own. */
export function fillOf(definition: ColumnDefinition, column: SourceColumn, time: StatementTime | null): ColumnFill {
  if (definition.generated !== null) return unknown('is generated')
  if (definition.autoIncrement) return unknown('counts up (AUTO_INCREMENT)')
  const written = definition.default
  if (written === null && definition.nullable === null && column.dataType === 'timestamp' && !column.nullable)
    return unknown('has the default that explicit_defaults_for_timestamp = OFF gives it')
  if (written === null) return column.nullable ? NULL : known(zeroText(column))
  switch (written.kind) {
    case 'null':
      return NULL
    case 'now':
      return time === null
        ? unknown('has the time at which each row was copied (CURRENT_TIMESTAMP)')
        : known(nowText(column, time))
    case 'expression':
      return expressionFill(written.text, column, time)
    default:
      return literalFill(written, column, time)
  }
}

function literalFill(
  written: Extract<DefaultValue, { kind: 'literal' | 'bits' }>,
  column: SourceColumn,
  time: StatementTime | null,
): ColumnFill {
  const value = written.kind === 'bits' ? { hex: written.hex } : { text: written.text }
  const text = literalText(value, column)
  if (text === null || column.dataType !== 'timestamp' || text.startsWith('0000')) return known(text)
  // Written in the session's zone, kept as an instant.
  const offset = time === null ? null : offsetOf(time.sessionZone)
  if (offset === null) return unknown(`has the default ${text} of another time zone`)
  const seconds = Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`) / 1000 - offset
  return known(localText(seconds + time!.zone.offsetAt(seconds), Number(text.slice(20).padEnd(6, '0')), column))
}

/** MariaDB prints literals in parentheses too. */
function expressionFill(text: string, column: SourceColumn, time: StatementTime | null): ColumnFill {
  const quoted = /^'([^'\\]*)'$/.exec(text)
  const number = /^-?\d+(\.\d+)?$/.exec(text)
  if (quoted !== null || number !== null)
    return literalFill({ kind: 'literal', text: quoted?.[1] ?? text, number: number !== null }, column, time)
  return unknown(`has an expression as default (${text.length > 60 ? `${text.slice(0, 60)}…` : text})`)
}

/** DATETIME keeps the session's local time, TIMESTAMP the instant; null where the session's zone is not known. */
function nowText(column: SourceColumn, { seconds, microseconds, sessionZone, zone }: StatementTime): string | null {
  if (column.dataType === 'timestamp') return localText(seconds + zone.offsetAt(seconds), microseconds, column)
  const offset = offsetOf(sessionZone)
  return offset === null || column.dataType !== 'datetime' ? null : localText(seconds + offset, microseconds, column)
}

function offsetOf(zone: string | null): number | null {
  const parts = /^([+-])(\d{1,2}):(\d{2})$/.exec(zone ?? '')
  if (parts === null) return /^utc$/i.test(zone ?? '') ? 0 : null
  return (parts[1] === '-' ? -1 : 1) * (Number(parts[2]) * 3600 + Number(parts[3]) * 60)
}

function known(text: string | null): ColumnFill {
  return text === null ? unknown('has a default whose value is not known here') : { kind: 'text', text }
}

function unknown(reason: string): ColumnFill {
  return { kind: 'unknown', reason }
}
