import { charsetForm, charsetOfCollation, decodeText } from './charset.js'
import { unpackMariadb } from './compressed.js'
import { EVENT } from './event.js'
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

function isWord(query: QueryParts, word: Buffer): boolean {
  for (let i = 0; i < word.length; i++) if (query.sql[query.sqlAt + i] !== word[i]) return false
  return true
}

/** Bytes of the status variables that servers write before the charset (MySQL statement_events.h Query_event); -1 = a length byte. */
const STATUS_BYTES: Readonly<Record<number, number>> = { 0: 4, 1: 8, 2: -2, 3: 4, 4: 6, 6: -1 }
const STATUS_SQL_MODE = 1
const STATUS_CHARSET = 4

/** What a statement depends on: sql_mode (low 32 bits) and the collation id of character_set_client. */
export function statusFacts(query: QueryParts): { sqlMode: number | null; clientCollationId: number | null } {
  const buffer = query.schema
  let sqlMode: number | null = null
  let clientCollationId: number | null = null
  let at = query.statusAt
  while (at < query.statusEnd) {
    const code = buffer[at++]!
    const known = STATUS_BYTES[code]
    if (known === undefined) break
    // Code 2 is a length, that many bytes, and a zero byte; code 6 the same without the zero byte.
    const size = known >= 0 ? known : buffer[at]! + 1 + (known === -2 ? 1 : 0)
    if (at + size > query.statusEnd) break
    if (code === STATUS_SQL_MODE) sqlMode = buffer.readUInt32LE(at)
    if (code === STATUS_CHARSET) clientCollationId = buffer.readUInt16LE(at)
    at += size
  }
  return { sqlMode, clientCollationId }
}

/** The statement as text. In a charset that is not known here its non-ASCII bytes become U+FFFD. */
export function queryText(query: QueryParts, clientCollationId: number | null): string {
  const charset = clientCollationId === null ? null : charsetOfCollation(clientCollationId)
  const form = charset === null ? 'unknown' : charsetForm(charset)
  if (charset !== null && (form === 'latin1' || form === 'transcoded'))
    return decodeText(charset, query.sql.subarray(query.sqlAt, query.sqlEnd)) ?? ''
  return query.sql.toString('utf8', query.sqlAt, query.sqlEnd)
}
