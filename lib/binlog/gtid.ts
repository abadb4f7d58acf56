import type { EventReader } from './event-reader.js'

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

/** "3e11fa47-71ca-11e1-9e33-c80aa9429562" from 16 bytes. */
export function renderUuid(bytes: Uint8Array, at: number): string {
  let text = ''
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-'
    text += HEX[bytes[at + i]!]
  }
  return text
}

/**
 * Text of a PREVIOUS_GTIDS event, as @@gtid_executed prints it. The top byte of the count is the format
 * (MySQL sql/rpl_gtid_set.cc): 0 untagged, 1 with a tag in each entry and the count in bits 8 to 55.
 */
export function decodePreviousGtids(reader: EventReader): string {
  const head = reader.u64()
  const format = Number(head >> 56n)
  if (format > 1) throw reader.fail(`GTID set format ${format}`)
  const count = format === 0 ? head : (head >> 8n) & 0xffff_ffff_ffffn
  const sets: string[] = []
  let uuid = ''
  for (let i = 0n; i < count; i++) {
    const entryUuid = renderUuid(reader.buffer, reader.skip(16))
    const tag = format === 0 ? '' : reader.text(reader.varintSize())
    const intervals: string[] = []
    for (let left = reader.size(); left > 0; left--) {
      const first = reader.u64()
      const last = reader.u64() - 1n
      if (first < 1n || last < first) throw reader.fail(`GTID interval ${first}-${last}`)
      intervals.push(first === last ? `${first}` : `${first}-${last}`)
    }
    const text = `${tag === '' ? '' : `${tag}:`}${intervals.join(':')}`
    if (entryUuid === uuid) sets[sets.length - 1] += `:${text}`
    else sets.push(`${entryUuid}:${text}`)
    uuid = entryUuid
  }
  return sets.join(',')
}

/** Text of a MariaDB GTID_LIST event: domain-server-sequence, joined by commas. */
export function decodeGtidList(reader: EventReader): string {
  const count = reader.u32() & 0x0fff_ffff
  const list: string[] = []
  for (let i = 0; i < count; i++) list.push(`${reader.u32()}-${reader.u32()}-${reader.u64()}`)
  return list.join(',')
}

export interface TaggedGtid {
  readonly gtid: string
  /** Microseconds since 1970; 0 when not sent. */
  readonly commitMicros: number
}

/**
 * Body of GTID_TAGGED: one mysql::serialization message of fields in ascending id order
 * (MySQL libs/mysql/binlog/event/control_events.h): 0 flags, 1 uuid (16 integers), 2 number (signed), 3 tag,
 * 4 and 5 logical clock (signed), 6 immediate and 7 original commit time in microseconds; the rest is not needed.
 */
export function decodeTaggedGtid(reader: EventReader): TaggedGtid {
  const start = reader.at
  const version = reader.varintSize()
  if (version !== 1) throw reader.fail(`serialization version ${version}`)
  const size = reader.varintSize()
  if (start + size > reader.end) throw reader.fail('its message is longer than the event')
  reader.end = start + size
  const lastNeeded = reader.varintSize()
  if (lastNeeded > 12) throw reader.fail(`it needs field ${lastNeeded - 1}, which is not known`)
  let uuid = ''
  let number = 0n
  let tag = ''
  let commitMicros = 0
  while (reader.left > 0) {
    const id = reader.varintSize()
    if (id > 6) break
    if (id === 1)
      uuid = renderUuid(
        Uint8Array.from({ length: 16 }, () => reader.varintSize()),
        0,
      )
    else if (id === 2) number = reader.varint() >> 1n
    else if (id === 3) tag = reader.text(reader.varintSize())
    else if (id === 6) commitMicros = reader.varintSize()
    else reader.varint()
  }
  if (uuid === '' || number === 0n) throw reader.fail('it has no uuid or no number')
  return { gtid: `${uuid}:${tag === '' ? '' : `${tag}:`}${number}`, commitMicros }
}
