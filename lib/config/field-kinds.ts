import { parsePartitionBy } from '../model/partition-by.js'
import { namePatternProblem } from './name-pattern.js'
import { checkedText, type Kind, text } from './value-kinds.js'

/** A server's place. `host` has no brackets, also for IPv6. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** "host:port", "host", "[::1]:3306"; null when it is none of these. Without a port, `defaultPort`. */
export function parseAddress(value: string, defaultPort: number | null): Address | null {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(value)
  if (match === null) return null
  const port = match[3] === undefined ? defaultPort : Number(match[3])
  if (port === null || port < 1 || port > 65535) return null
  return { host: (match[1] ?? match[2])!, port }
}

/** `"host:port"` with a default port. */
export function address(defaultPort: number): Kind<Address> {
  const base = checkedText('"host:port"', value =>
    parseAddress(value, defaultPort) === null
      ? `must be "host:port" (IPv6 as "[::1]:${defaultPort}"; without a port ${defaultPort} is taken)`
      : null,
  )
  return {
    type: base.type,
    parse: value => {
      const parsed = base.parse(value)
      return parsed.ok ? { ok: true, value: parseAddress(parsed.value, defaultPort)! } : parsed
    },
  }
}

/** `"host:port"`, kept as text. */
export function addressText(): Kind<string> {
  return checkedText('"host:port"', addressProblem)
}

export function addressProblem(value: string): string | null {
  return parseAddress(value, null) === null ? 'must be "host:port" (IPv6 as "[::1]:8040")' : null
}

/** A host name or IP address without port; brackets around IPv6 are taken off. */
export function host(): Kind<string> {
  const base = checkedText('string', value =>
    /^[\w.-]+$/.test(value) || /^\[?[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\]?$/.test(value)
      ? null
      : 'must be a host name or IP address alone, without scheme, user or port (ports have keys of their own)',
  )
  return {
    type: base.type,
    parse: value => {
      const parsed = base.parse(value)
      return parsed.ok ? { ok: true, value: parsed.value.replace(/^\[|\]$/g, '') } : parsed
    },
  }
}

/** "source", an offset as MySQL allows it (-13:59 to +14:00), or an IANA zone known to this Node. */
export function timeZone(): Kind<string> {
  return checkedText('"source" | "+08:00" | "Asia/Shanghai"', value => {
    if (value === 'source') return null
    const offset = /^([+-])(\d{2}):(\d{2})$/.exec(value)
    if (offset !== null) {
      const minutes = (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3]))
      return Number(offset[3]) < 60 && minutes >= -839 && minutes <= 840
        ? null
        : 'must be an offset from "-13:59" to "+14:00"'
    }
    return isZoneName(value)
      ? null
      : 'must be "source", an offset such as "+08:00", or a zone name such as "Asia/Shanghai"'
  })
}

function isZoneName(value: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).format(0) !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/**
 * A CSV separator as StarRocks reads it from a Stream Load header (fe Delimiter.java): `\x` and an even number of hex
 * digits for the whole rest, else literal text in which `\t` and `\n` are replaced; 1 to 50 bytes. Bytes from 0x80 on do
 * not survive the way through the front end, and control characters cannot stand in a header.
 */
export function separator(): Kind<string> {
  return checkedText('string', value => {
    if (/^(\\x|0x)/i.test(value)) {
      return /^(\\x|0x)([0-7][0-9a-f]){1,50}$/i.test(value)
        ? null
        : String.raw`must be one to fifty bytes below 0x80 in hex behind a single \x, such as '\x01' or '\x0102'`
    }
    return /^[\x20-\x7e]{1,50}$/.test(value) && value !== '"'
      ? null
      : String.raw`must be printable ASCII or hex such as '\x01' (in single quotes), at most 50 bytes`
  })
}

/** An exact name, or a regular expression in slashes. */
export function namePattern(): Kind<string> {
  return checkedText('name or "/regex/"', namePatternProblem)
}

/** What stands behind PARTITION BY. */
export function partitioning(): Kind<string> {
  return checkedText('string', value => {
    const parsed = parsePartitionBy(value)
    return typeof parsed === 'string' ? parsed : null
  })
}

/** Part of a metric name. */
export function metricPrefix(): Kind<string> {
  return checkedText('string', value =>
    /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(value)
      ? null
      : 'must be letters, digits, _ and -, in parts joined by dots',
  )
}

/** A constant's value; integers are kept as their digits. */
export function constant(): Kind<string> {
  const base = text({ allowEmpty: true })
  return {
    type: 'string or integer',
    parse: value =>
      typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))
        ? { ok: true, value: String(value) }
        : base.parse(value),
  }
}

/** A type as DDL writes it, "VARCHAR(64)": its form only; which types there are is asked when tables are known. */
export function typeText(): Kind<string> {
  return checkedText('StarRocks type', value =>
    /^\s*[a-z][a-z0-9]*\s*(\(\s*\d+\s*(,\s*\d+\s*)?\))?\s*$/i.test(value)
      ? null
      : 'must be a StarRocks type, such as "VARCHAR(64)" or "DECIMAL(20,4)"',
  )
}
