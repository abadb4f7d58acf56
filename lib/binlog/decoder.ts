import { Failure } from '../model/failure.js'
import { releaseSource, sameBytes } from './byte-view.js'
import { crc32 } from './checksum.js'
import { unpackPayload } from './compressed.js'
import { decodeFormatDescription, decodeHeartbeat, decodeIncident, decodeXaPrepare } from './control-events.js'
import {
  type BinlogEvent,
  EVENT,
  EVENT_HEADER_BYTES,
  eventName,
  type FormatEvent,
  type GtidEvent,
  type RotateEvent,
} from './event.js'
import { EventReader, uint32 } from './event-reader.js'
import { decodeGtidList, decodePreviousGtids, decodeTaggedGtid } from './gtid.js'
import { queryText, splitQuery, statusFacts, transactionWord } from './query-event.js'
import { type FrequentKind, ReusedEvent } from './reused-event.js'
import { decodeRowsBody } from './rows-event.js'
import { decodeTableMap, type TableMap } from './table-map.js'

export interface DecoderOptions {
  /** Asked once for each version of a table; rows of tables it refuses are passed over undecoded. */
  wanted(schema: string, table: string): boolean
  readonly verifyChecksum: boolean
  readonly flavor: 'mysql' | 'mariadb'
}

const CHECKSUM_BYTES = 4
const FLAG_IN_USE = 0x01
const FLAG_ARTIFICIAL = 0x20
const FLAG_IGNORABLE = 0x80
/** Table id of a rows event without rows that only ends a statement. */
const DUMMY_TABLE_ID = 0xff_ffff
const DUMMY_BODY_BYTES = 6
/** Table versions remembered; beyond it all are forgotten between two transactions (each one sends its maps again). */
const MAX_TABLE_MAPS = 16_384

/** Events that describe the file or the stream, and a payload itself, are never inside a payload. */
const OUTER_ONLY = new Set<number>([
  EVENT.ROTATE,
  EVENT.FORMAT_DESCRIPTION,
  EVENT.STOP,
  EVENT.HEARTBEAT,
  EVENT.HEARTBEAT_V2,
  EVENT.TRANSACTION_PAYLOAD,
])

interface KnownMap {
  readonly body: DataView
  readonly map: TableMap | null
}

/**
 * Turns raw binlog events into `BinlogEvent`s. Keeps what later events depend on: the checksum algorithm of the file and
 * the table maps. Feed it every event of a stream in order; call `reset` when the stream begins anew.
 */
export class BinlogDecoder {
  readonly #options: DecoderOptions
  readonly #reader = new EventReader(() => this.#describe())
  readonly #maps = new Map<number, KnownMap>()
  /** The table map asked for last: that of the rows behind it, most often, and of the next transaction. */
  #lastId = -1
  #last: KnownMap | undefined
  readonly #event = new ReusedEvent()
  #checksum = true
  #binName = ''
  #inner = false
  #within = ''

  constructor(options: DecoderOptions) {
    this.#options = options
  }

  /** Forgets the stream: before the first FORMAT_DESCRIPTION events end in the CRC32 that the session asked for. */
  reset(): void {
    this.#forgetMaps()
    this.#checksum = true
    this.#binName = ''
  }

  /**
   * Decodes the whole event at `buffer[start..end)`.
   *
   * Checksums (binlog_checksum): events follow the last FORMAT_DESCRIPTION seen, artificial ones too; FORMAT_DESCRIPTION
   * itself always ends in four checksum bytes.
   * @throws Failure checksumWrong, notDecodable, or positionInvalid when the stream began inside a transaction
   */
  decode(buffer: Buffer, start: number, end: number): BinlogEvent {
    this.#inner = false
    releaseSource(buffer)
    this.#readHeader(buffer, start, end)
    const { type } = this.#event
    let bodyEnd = end
    if (type === EVENT.FORMAT_DESCRIPTION) {
      bodyEnd -= CHECKSUM_BYTES
    } else if (this.#checksum) {
      bodyEnd -= CHECKSUM_BYTES
      if (bodyEnd < start + EVENT_HEADER_BYTES) throw this.#reader.fail('it is shorter than its header and checksum')
      if (this.#options.verifyChecksum && crc32(buffer, start, bodyEnd) !== uint32(buffer, bodyEnd))
        throw this.#checksumWrong()
    }
    this.#reader.reset(buffer, start + EVENT_HEADER_BYTES, bodyEnd)
    return this.#decodeBody(buffer, start)
  }

  /** Where the event decoded last ends in its buffer, its checksum not included. */
  get bodyEnd(): number {
    return this.#reader.end
  }

  /**
   * Decodes the event at `at` of an unpacked payload, or of what else `within` names; the next one begins `size` bytes
   * further. Has no checksum.
   */
  decodeInner(buffer: Buffer, at: number, within = 'a compressed transaction'): BinlogEvent {
    this.#inner = true
    this.#within = within
    const size = at + EVENT_HEADER_BYTES <= buffer.length ? uint32(buffer, at + 9) : 0
    const end = at + Math.max(size, EVENT_HEADER_BYTES)
    this.#readHeader(buffer, at, Math.min(end, buffer.length))
    this.#reader.reset(buffer, at + EVENT_HEADER_BYTES, end)
    return this.#decodeBody(buffer, at)
  }

  #readHeader(buffer: Buffer, start: number, end: number): void {
    const header = this.#event
    header.type = end - start > 4 ? buffer[start + 4]! : 0
    header.size = end - start
    header.logPos = 0
    if (!(start >= 0 && end <= buffer.length && end - start >= EVENT_HEADER_BYTES))
      throw this.#reader.fail(`${end - start} bytes are shorter than an event header`)
    header.timestamp = uint32(buffer, start)
    const size = uint32(buffer, start + 9)
    header.logPos = uint32(buffer, start + 13)
    header.artificial = (buffer[start + 17]! & FLAG_ARTIFICIAL) !== 0
    if (size !== header.size) throw this.#reader.fail(`its header says ${size} bytes, ${header.size} arrived`)
  }

  #decodeBody(buffer: Buffer, start: number): BinlogEvent {
    const reader = this.#reader
    const { type } = this.#event
    if (this.#inner && OUTER_ONLY.has(type)) throw reader.fail(`it stands inside ${this.#within}`)
    switch (type) {
      case EVENT.TABLE_MAP:
        return this.#decodeTableMap()
      case EVENT.WRITE_ROWS_V1:
      case EVENT.UPDATE_ROWS_V1:
      case EVENT.DELETE_ROWS_V1:
      case EVENT.WRITE_ROWS:
      case EVENT.UPDATE_ROWS:
      case EVENT.DELETE_ROWS:
      case EVENT.WRITE_ROWS_COMPRESSED_V1:
      case EVENT.UPDATE_ROWS_COMPRESSED_V1:
      case EVENT.DELETE_ROWS_COMPRESSED_V1:
      case EVENT.WRITE_ROWS_COMPRESSED:
      case EVENT.UPDATE_ROWS_COMPRESSED:
      case EVENT.DELETE_ROWS_COMPRESSED:
      case EVENT.PARTIAL_UPDATE_ROWS:
        return this.#decodeRows()
      case EVENT.GTID:
      case EVENT.ANONYMOUS_GTID:
        return this.#decodeMysqlGtid()
      case EVENT.GTID_TAGGED: {
        const { gtid, commitMicros } = decodeTaggedGtid(reader)
        return this.#startTransaction(gtid, commitMicros)
      }
      case EVENT.MARIADB_GTID:
        return this.#decodeMariadbGtid(uint32(buffer, start + 5))
      case EVENT.QUERY:
      case EVENT.QUERY_COMPRESSED:
      case EVENT.EXECUTE_LOAD_QUERY:
        return this.#decodeQuery()
      case EVENT.XID:
        reader.skip(8)
        return this.#as('commit')
      case EVENT.XA_PREPARE:
        return { ...this.#event.header, kind: 'xaPrepare', ...decodeXaPrepare(reader) }
      case EVENT.ROTATE:
        return this.#decodeRotate()
      case EVENT.FORMAT_DESCRIPTION:
        return this.#decodeFormat(buffer, start)
      case EVENT.PREVIOUS_GTIDS:
        return { ...this.#event.header, kind: 'previousGtids', gtidSet: decodePreviousGtids(reader) }
      case EVENT.GTID_LIST:
        return { ...this.#event.header, kind: 'gtidList', gtidSet: decodeGtidList(reader) }
      case EVENT.HEARTBEAT:
      case EVENT.HEARTBEAT_V2:
        return {
          ...this.#event.header,
          kind: 'heartbeat',
          ...decodeHeartbeat(reader, type, this.#event.logPos, this.#options.flavor),
        }
      case EVENT.TRANSACTION_PAYLOAD:
        return { ...this.#event.header, kind: 'payload', buffer: unpackPayload(reader) }
      case EVENT.INCIDENT:
        return { ...this.#event.header, kind: 'incident', message: decodeIncident(reader) }
      // What surrounds a statement; the QUERY itself tells the reader that a change was logged as a statement.
      case EVENT.INTVAR:
      case EVENT.RAND:
      case EVENT.USER_VAR:
      case EVENT.BEGIN_LOAD_QUERY:
      case EVENT.APPEND_BLOCK:
      case EVENT.DELETE_FILE:
      // Texts, marks of the end of a file, group replication's certification, MariaDB's housekeeping.
      case EVENT.STOP:
      case EVENT.ROWS_QUERY:
      case EVENT.IGNORABLE:
      case EVENT.TRANSACTION_CONTEXT:
      case EVENT.VIEW_CHANGE:
      case EVENT.ANNOTATE_ROWS:
      case EVENT.BINLOG_CHECKPOINT:
      case EVENT.START_ENCRYPTION:
        return this.#as('ignored')
      default:
        if ((buffer[start + 17]! & FLAG_IGNORABLE) !== 0) return this.#as('ignored')
        throw reader.fail('this kind of event is not known')
    }
  }

  #decodeTableMap(): BinlogEvent {
    this.#event.map = this.#tableMap()
    return this.#as('tableMap')
  }

  #tableMap(): TableMap | null {
    const reader = this.#reader
    const { buffer, at: bodyAt, end } = reader
    const id = reader.u48()
    const known = this.#knownMap(id)
    if (
      known !== undefined &&
      known.body.byteLength === end - bodyAt &&
      sameBytes(buffer, bodyAt, known.body, end - bodyAt)
    )
      return known.map
    reader.skip(2)
    const schema = reader.text(reader.u8())
    reader.skip(1)
    const table = reader.text(reader.u8())
    reader.skip(1)
    const map = this.#options.wanted(schema, table) ? decodeTableMap(reader, id, schema, table) : null
    this.#last = { body: new DataView(Uint8Array.from(buffer.subarray(bodyAt, end)).buffer), map }
    this.#maps.set(id, this.#last)
    return map
  }

  #decodeRows(): BinlogEvent {
    const reader = this.#reader
    const { type } = this.#event
    const id = reader.u48()
    reader.skip(2)
    const known = this.#knownMap(id)
    if (known === undefined) {
      if (id === DUMMY_TABLE_ID && reader.left <= DUMMY_BODY_BYTES) return this.#as('ignored')
      throw new Failure(
        'positionInvalid',
        `${this.#describe()} is for table ${id}, but no table map came before it: the position to start from lies inside a transaction`,
      )
    }
    const map = known.map
    if (map === null) return this.#as('skippedRows')
    decodeRowsBody(reader, type, map, this.#event)
    return this.#as('rows')
  }

  /** GTID and ANONYMOUS_GTID: flags, uuid, number, and from MySQL 5.7 on the logical clock, from 8.0 on commit times. */
  #decodeMysqlGtid(): GtidEvent {
    const reader = this.#reader
    const at = reader.skip(25)
    let commitMicros = 0
    if (reader.left > 0) {
      const clock = reader.u8()
      if (clock === 2) {
        reader.skip(16)
        // Seven bytes; the highest bit says that another time, of the original commit, follows.
        if (reader.left >= 7) {
          const time = reader.skip(7)
          const high = reader.buffer[time + 4]! | (reader.buffer[time + 5]! << 8) | (reader.buffer[time + 6]! << 16)
          commitMicros = uint32(reader.buffer, time) + (high & 0x7f_ffff) * 2 ** 32
        }
      }
    }
    const event = this.#startTransaction(null, commitMicros)
    if (this.#event.type === EVENT.GTID) this.#event.gtid.setMysql(reader.buffer, at + 1)
    return event
  }

  #decodeMariadbGtid(serverId: number): GtidEvent {
    const reader = this.#reader
    const at = reader.skip(13)
    const event = this.#startTransaction(null, 0)
    this.#event.setMariadb(reader.buffer, at, serverId)
    return event
  }

  #startTransaction(text: string | null, commitMicros: number): GtidEvent {
    this.#boundTableMaps()
    const event = this.#event
    event.setText(text)
    event.commitMs = commitMicros > 0 ? Math.floor(commitMicros / 1000) : event.timestamp * 1000
    return this.#as('gtid')
  }

  #decodeQuery(): BinlogEvent {
    const query = splitQuery(this.#reader, this.#event.type)
    switch (transactionWord(query)) {
      case 'begin':
        this.#boundTableMaps()
        return this.#as('begin')
      case 'commit':
        return this.#as('commit')
      case 'rollback':
        return this.#as('rollback')
      case null: {
        const facts = statusFacts(query)
        const schema = query.schema.toString('utf8', query.schemaAt, query.schemaEnd)
        const sql = queryText(query, facts.clientCollationId)
        return { ...this.#event.header, kind: 'query', schema, sql, facts }
      }
    }
  }

  #decodeRotate(): RotateEvent {
    const reader = this.#reader
    const binPos = reader.size()
    const binName = reader.text(reader.left)
    if (binName === '' || binPos < 4) throw reader.fail(`it names ${JSON.stringify(binName)}:${binPos}`)
    this.#binName = binName
    return { ...this.#event.header, kind: 'rotate', binName, binPos }
  }

  #decodeFormat(buffer: Buffer, start: number): FormatEvent {
    const { serverVersion, created, checksum } = decodeFormatDescription(this.#reader)
    // The checksum was made before the server marked the file as open. A server that cleared the creation time for a
    // start in mid-file makes it anew only when the file has checksums.
    if (this.#options.verifyChecksum && (checksum || created !== 0)) {
      const end = this.#reader.end
      const event = Buffer.from(buffer.subarray(start, end))
      event[17] = event[17]! & ~FLAG_IN_USE
      if (crc32(event, 0, event.length) !== uint32(buffer, end)) throw this.#checksumWrong()
    }
    this.#checksum = checksum
    return { ...this.#event.header, kind: 'format', checksum, serverVersion }
  }

  /** Called between transactions only: a transaction's rows find the maps that came before them. */
  #boundTableMaps(): void {
    if (this.#maps.size > MAX_TABLE_MAPS) this.#forgetMaps()
  }

  #forgetMaps(): void {
    this.#maps.clear()
    this.#lastId = -1
    this.#last = undefined
  }

  #knownMap(id: number): KnownMap | undefined {
    if (id !== this.#lastId) {
      this.#lastId = id
      this.#last = this.#maps.get(id)
    }
    return this.#last
  }

  #as<K extends FrequentKind>(kind: K): Extract<BinlogEvent, { kind: K }> {
    this.#event.kind = kind
    return this.#event as unknown as Extract<BinlogEvent, { kind: K }>
  }

  #checksumWrong(): Failure {
    return new Failure('checksumWrong', `${this.#describe()} arrived with a wrong checksum`)
  }

  #describe(): string {
    const { type, size, logPos } = this.#event
    const file = this.#binName === '' ? 'the binlog' : this.#binName
    const where = logPos === 0 ? `in ${file} (${size} bytes, position not sent)` : `that ends at ${file}:${logPos}`
    return `The ${eventName(type)} event ${this.#inner ? `of ${this.#within} ` : ''}${where}`
  }
}
