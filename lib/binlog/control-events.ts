import { EVENT, EVENT_HEADER_BYTES, eventName } from './event.js'
import type { EventReader } from './event-reader.js'

/** Fixed bytes in front of the body of the events that carry rows; a server with other ones speaks another dialect. */
const POST_HEADERS: readonly (readonly [number, number])[] = [
  [EVENT.QUERY, 13],
  [EVENT.TABLE_MAP, 8],
  [EVENT.WRITE_ROWS_V1, 8],
  [EVENT.UPDATE_ROWS_V1, 8],
  [EVENT.DELETE_ROWS_V1, 8],
  [EVENT.WRITE_ROWS, 10],
  [EVENT.UPDATE_ROWS, 10],
  [EVENT.DELETE_ROWS, 10],
]

export interface FormatDescription {
  readonly serverVersion: string
  /** Seconds; 0 when the server cleared it because reading starts in mid-file. */
  readonly created: number
  readonly checksum: boolean
}

/** FORMAT_DESCRIPTION: binlog version, server version, creation time, header length, post-header lengths, checksum algorithm. */
export function decodeFormatDescription(reader: EventReader): FormatDescription {
  const version = reader.u16()
  const serverVersion = reader.text(50).replace(/\0.*$/s, '')
  const created = reader.u32()
  const headerBytes = reader.u8()
  if (version !== 4 || headerBytes !== EVENT_HEADER_BYTES)
    throw reader.fail(`binlog version ${version} with headers of ${headerBytes} bytes is not known`)
  const lengths = reader.bytes(Math.max(0, reader.left - 1))
  for (const [type, bytes] of POST_HEADERS) {
    const found = lengths[type - 1]
    // 0: the server never writes this kind (MySQL 9.7 the first version of the rows events).
    if (found !== undefined && found !== bytes && found !== 0)
      throw reader.fail(`${eventName(type)} events with ${found} fixed bytes are not known`)
  }
  const algorithm = reader.u8()
  if (algorithm > 1) throw reader.fail(`checksum algorithm ${algorithm} is not known`)
  return { serverVersion, created, checksum: algorithm === 1 }
}

/**
 * HEARTBEAT: the file name; MariaDB past 4 GiB sends position 0 in the header and the real one before the name.
 * HEARTBEAT_V2: (type, length, value) fields, all length-encoded: 1 file name, 2 position, 0 ends them.
 */
export function decodeHeartbeat(
  reader: EventReader,
  type: number,
  logPos: number,
  flavor: 'mysql' | 'mariadb',
): { binName: string; binPos: number } {
  let binPos = logPos
  let binName = ''
  if (type === EVENT.HEARTBEAT) {
    if (logPos === 0 && flavor === 'mariadb' && reader.left >= 8) binPos = reader.size()
    return { binName: reader.text(reader.left), binPos }
  }
  while (reader.left > 0) {
    const field = reader.packed()
    if (field === 0) break
    const next = reader.packed() + reader.at
    if (field === 1) binName = reader.text(next - reader.at)
    else if (field === 2) binPos = reader.packed()
    else reader.skip(next - reader.at)
    if (reader.at !== next) throw reader.fail(`field ${field} has a wrong length`)
  }
  return { binName, binPos }
}

/** INCIDENT: a number, and a message with a length byte. */
export function decodeIncident(reader: EventReader): string {
  const incident = reader.u16()
  const message = reader.left > 0 ? reader.text(reader.u8()) : ''
  return message === '' ? `incident ${incident}` : `incident ${incident}: ${message}`
}

/** XA_PREPARE (MySQL control_events.h, MariaDB sql/log_event.h): one-phase, format id, two lengths, and as many bytes. */
export function decodeXaPrepare(reader: EventReader): { readonly onePhase: boolean; readonly xid: string } {
  const onePhase = reader.u8()
  if (onePhase > 1) throw reader.fail(`one_phase is ${onePhase}`)
  const formatId = reader.u32()
  const globalBytes = reader.u32()
  const branchBytes = reader.u32()
  if (globalBytes > 64 || branchBytes > 64 || globalBytes + branchBytes !== reader.left)
    throw reader.fail(`an XA transaction id of ${globalBytes} and ${branchBytes} bytes`)
  const hex = (bytes: number) => reader.bytes(bytes).toString('hex')
  return { onePhase: onePhase === 1, xid: `X'${hex(globalBytes)}',X'${hex(branchBytes)}',${formatId}` }
}
