import { charsetForm, charsetOfCollation, decodeText } from './charset.js'
import { unpackMariadb } from './compressed.js'
import { EVENT, EVENT_HEADER_BYTES, type StatementFacts } from './event.js'
import type { EventReader } from './event-reader.js'

/** The parts of a QUERY event; the statement is still bytes. Reused by the next call. */
export interface QueryParts {
  sql: Buffer
  sqlAt: number
  sqlEnd: number
  schema: Buffer
  statusAt: number
  statusEnd: number
  schemaAt: number
  schemaEnd: number
}

const parts: QueryParts = {
  sql: Buffer.alloc(0),
  sqlAt: 0,
  sqlEnd: 0,
  schema: Buffer.alloc(0),
  statusAt: 0,
  statusEnd: 0,
  schemaAt: 0,
  schemaEnd: 0,
}

/**
 * Splits the body of QUERY, MariaDB's QUERY_COMPRESSED, or EXECUTE_LOAD_QUERY: 13 bytes of lengths (13 more for LOAD),
 * status variables, schema, a zero byte, the statement.
 */
export function splitQuery(reader: EventReader, type: number): QueryParts {
  const buffer = reader.buffer
  const at = reader.skip(13)
  const schemaBytes = buffer[at + 8]!
  const statusBytes = buffer[at + 11]! | (buffer[at + 12]! << 8)
  if (type === EVENT.EXECUTE_LOAD_QUERY) reader.skip(13)
  parts.statusAt = reader.skip(statusBytes)
  parts.statusEnd = parts.statusAt + statusBytes
  parts.schema = buffer
  parts.schemaAt = reader.skip(schemaBytes + 1)
  parts.schemaEnd = parts.schemaAt + schemaBytes
  if (buffer[parts.schemaEnd] !== 0) throw reader.fail('its schema name does not end in a zero byte')
  parts.sql = type === EVENT.QUERY_COMPRESSED ? unpackMariadb(reader) : buffer
  parts.sqlAt = type === EVENT.QUERY_COMPRESSED ? 0 : reader.at
  parts.sqlEnd = type === EVENT.QUERY_COMPRESSED ? parts.sql.length : reader.end
  return parts
}

/** Which of the three words that steer transactions a statement is, byte for byte as servers write them. */
export function transactionWord(query: QueryParts): 'begin' | 'commit' | 'rollback' | null {
  switch (query.sqlEnd - query.sqlAt) {
    case BEGIN.length:
      return isWord(query, BEGIN) ? 'begin' : null
    case COMMIT.length:
      return isWord(query, COMMIT) ? 'commit' : null
    case ROLLBACK.length:
      return isWord(query, ROLLBACK) ? 'rollback' : null
    default:
      return null
  }
}

const BEGIN = Buffer.from('BEGIN')
const COMMIT = Buffer.from('COMMIT')
const ROLLBACK = Buffer.from('ROLLBACK')

/** Whether the QUERY event in `buffer[start..end)` is "BEGIN" and nothing else, with a checksum of four bytes behind it or none. */
export function isBegin(buffer: Buffer, start: number, end: number): boolean {
  const body = start + EVENT_HEADER_BYTES
  if (body + 13 > end) return false
  const sql = body + 14 + buffer[body + 8]! + (buffer[body + 11]! | (buffer[body + 12]! << 8))
  const bytes = end - sql
  if (bytes !== BEGIN.length && bytes !== BEGIN.length + 4) return false
  for (let i = 0; i < BEGIN.length; i++) if (buffer[sql + i] !== BEGIN[i]) return false
  return true
}

function isWord(query: QueryParts, word: Buffer): boolean {
  for (let i = 0; i < word.length; i++) if (query.sql[query.sqlAt + i] !== word[i]) return false
  return true
}

/**
 * Length in bytes of each status variable (MySQL statement_events.h Query_event, MariaDB sql/log_event.h). `prefixed`: a length
 * byte and so many bytes (`more` behind them).
 */
const STATUS_BYTES: Readonly<Record<number, number | { readonly more: number }>> = {
  0: 4,
  1: 8,
  2: { more: 1 },
  3: 4,
  4: 6,
  5: { more: 0 },
  6: { more: 0 },
  7: 2,
  8: 2,
  9: 8,
  10: 4,
  13: 3,
  16: 1,
  17: 8,
  18: 2,
  19: 1,
  20: 1,
  128: 3,
  129: 8,
}
const STATUS = {
  FLAGS2: 0,
  SQL_MODE: 1,
  CHARSET: 4,
  TIME_ZONE: 5,
  INVOKER: 11,
  UPDATED_DB_NAMES: 12,
  MICROSECONDS: 13,
  EXPLICIT_DEFAULTS_FOR_TIMESTAMP: 16,
  DEFAULT_COLLATION_FOR_UTF8MB4: 18,
  HRNOW: 128,
  GTID_FLAGS3: 130,
  CHARACTER_SET_COLLATIONS: 131,
} as const

/** UPDATED_DB_NAMES: more schemas than are named. */
const OVER_MAX_DBS = 254
/** MariaDB sql/sql_priv.h, in FLAGS2. */
const OPTION_EXPLICIT_DEF_TIMESTAMP = 1 << 24
/** MariaDB sql/log_event.h, Gtid_log_event. */
const ALTER_PHASES: readonly (readonly [number, 'start' | 'commit' | 'rollback'])[] = [
  [2, 'start'],
  [4, 'commit'],
  [8, 'rollback'],
]

/** Reads the status variables up to the first that is not known. */
export function statusFacts(query: QueryParts): StatementFacts {
  const buffer = query.schema
  const facts: { -readonly [K in keyof StatementFacts]: StatementFacts[K] } = {
    sqlMode: null,
    clientCollationId: null,
    serverCollationId: null,
    defaultCollationIds: [],
    explicitTimestamps: null,
    timeZone: null,
    microseconds: 0,
    alterPhase: null,
  }
  let flags = 0
  for (let at = query.statusAt; at < query.statusEnd; ) {
    const code = buffer[at++]!
    const size = statusBytes(query, code, at)
    if (size === null || at + size > query.statusEnd) break
    if (code === STATUS.FLAGS2) flags = buffer.readUInt32LE(at)
    else if (code === STATUS.SQL_MODE) facts.sqlMode = buffer.readUInt32LE(at)
    else if (code === STATUS.CHARSET) {
      facts.clientCollationId = buffer.readUInt16LE(at)
      facts.serverCollationId = buffer.readUInt16LE(at + 4)
    } else if (code === STATUS.DEFAULT_COLLATION_FOR_UTF8MB4) facts.defaultCollationIds = [buffer.readUInt16LE(at)]
    else if (code === STATUS.CHARACTER_SET_COLLATIONS) facts.defaultCollationIds = pairedCollations(buffer, at)
    else if (code === STATUS.TIME_ZONE) facts.timeZone = buffer.toString('latin1', at + 1, at + size)
    else if (code === STATUS.MICROSECONDS || code === STATUS.HRNOW) facts.microseconds = buffer.readUIntLE(at, 3)
    else if (code === STATUS.EXPLICIT_DEFAULTS_FOR_TIMESTAMP) facts.explicitTimestamps = buffer[at] === 1
    else if (code === STATUS.GTID_FLAGS3)
      facts.alterPhase = ALTER_PHASES.find(([bit]) => (buffer[at]! & bit) !== 0)?.[1] ?? null
    at += size
  }
  facts.explicitTimestamps ??= (flags & OPTION_EXPLICIT_DEF_TIMESTAMP) !== 0 ? true : null
  return facts
}

function pairedCollations(buffer: Buffer, at: number): number[] {
  return Array.from({ length: buffer[at]! }, (_, i) => buffer.readUInt16LE(at + 3 + 4 * i))
}

/** Bytes behind the code of a status variable, null when it is not known. */
function statusBytes({ schema: buffer, statusEnd }: QueryParts, code: number, at: number): number | null {
  const known = STATUS_BYTES[code]
  if (typeof known === 'number') return known
  if (known !== undefined) return 1 + buffer[at]! + known.more
  if (code === STATUS.INVOKER) {
    const host = at + 1 + buffer[at]!
    return host < statusEnd ? host + 1 + buffer[host]! - at : null
  }
  if (code === STATUS.UPDATED_DB_NAMES) {
    const count = buffer[at]!
    let end = at + 1
    for (let i = 0; count !== OVER_MAX_DBS && i < count; i++) {
      const zero = buffer.indexOf(0, end)
      if (zero < 0 || zero >= statusEnd) return null
      end = zero + 1
    }
    return end - at
  }
  // MariaDB: pairs of ids, of the character set's collation and of the one taken in its place.
  if (code === STATUS.CHARACTER_SET_COLLATIONS) return 1 + 4 * buffer[at]!
  // The number of the START ALTER stands behind the flags of its COMMIT and ROLLBACK.
  if (code === STATUS.GTID_FLAGS3) return (buffer[at]! & 12) !== 0 ? 9 : 1
  return null
}

/** The statement as text. In a charset that is not known here its non-ASCII bytes become U+FFFD. */
export function queryText(query: QueryParts, clientCollationId: number | null): string {
  const charset = clientCollationId === null ? null : charsetOfCollation(clientCollationId)
  const form = charset === null ? 'unknown' : charsetForm(charset)
  if (charset !== null && (form === 'latin1' || form === 'transcoded'))
    return decodeText(charset, query.sql.subarray(query.sqlAt, query.sqlEnd)) ?? ''
  return query.sql.toString('utf8', query.sqlAt, query.sqlEnd)
}
