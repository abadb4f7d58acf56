import { describe, expect, test } from '@jest/globals'
import { BinlogDecoder } from '../../lib/binlog/decoder.js'
import { type BinlogEvent, EVENT } from '../../lib/binlog/event.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import { Failure } from '../../lib/model/failure.js'
import {
  type EventOptions,
  event,
  formatDescription,
  mariadbCompressed,
  packed,
  packedBytes,
  payload,
  query,
  rotate,
  rows,
  tableMap,
  u8,
  u16,
  u32,
  u64,
  varint,
  xid,
} from '../support/binlog-builder.js'

function decoder(options: { flavor?: 'mysql' | 'mariadb'; wanted?: (schema: string, table: string) => boolean } = {}) {
  return new BinlogDecoder({ flavor: 'mysql', wanted: () => true, verifyChecksum: true, ...options })
}

function decode(d: BinlogDecoder, bytes: Buffer): BinlogEvent {
  return d.decode(bytes, 0, bytes.length)
}

function failure(act: () => unknown): Failure {
  try {
    act()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const TABLE = {
  id: 77,
  schema: 'shop',
  table: 'orders',
  columns: [{ type: WIRE.LONG }, { type: WIRE.LONG, nullable: true }],
}
const UUID = Buffer.from('3e11fa4771ca11e19e33c80aa9429562', 'hex')
const UUID_TEXT = '3e11fa47-71ca-11e1-9e33-c80aa9429562'

describe('header', () => {
  test('every event carries type, time, position, size and the artificial flag', () => {
    const bytes = xid({ timestamp: 1_712_345_678, logPos: 4711, flags: 0x20 })
    expect(decode(decoder(), bytes)).toEqual({
      kind: 'commit',
      type: EVENT.XID,
      timestamp: 1_712_345_678,
      logPos: 4711,
      size: bytes.length,
      artificial: true,
    })
  })

  test('an event may stand anywhere in its buffer', () => {
    const bytes = Buffer.concat([Buffer.alloc(7, 1), xid(), Buffer.alloc(9, 2)])
    expect(decoder().decode(bytes, 7, bytes.length - 9).kind).toBe('commit')
  })

  test('a size that is not that of the bytes given is refused', () => {
    const bytes = xid()
    const error = failure(() => decoder().decode(bytes, 0, bytes.length - 1))
    expect(error.kind).toBe('notDecodable')
    expect(error.message).toMatch(/XID.*says 31 bytes, 30 arrived/)
  })
})

describe('control events', () => {
  test('ROTATE names the file that later messages name', () => {
    const d = decoder()
    expect(decode(d, rotate('mbin.000012', 2 ** 33))).toMatchObject({
      kind: 'rotate',
      binName: 'mbin.000012',
      binPos: 2 ** 33,
      artificial: true,
    })
    expect(failure(() => decode(d, event(99, Buffer.alloc(3), { logPos: 555 }))).message).toBe(
      'The type 99 event that ends at mbin.000012:555 cannot be decoded: this kind of event is not known',
    )
  })

  test('FORMAT_DESCRIPTION gives version and checksum algorithm', () => {
    expect(decode(decoder(), formatDescription(true, { version: '10.11.6-MariaDB-log' }))).toMatchObject({
      kind: 'format',
      checksum: true,
      serverVersion: '10.11.6-MariaDB-log',
    })
  })

  test('an unknown binlog version is refused', () => {
    const bytes = formatDescription(true)
    bytes[19] = 3
    const d = new BinlogDecoder({ flavor: 'mysql', wanted: () => true, verifyChecksum: false })
    expect(failure(() => decode(d, bytes)).message).toMatch(/binlog version 3/)
  })

  test('PREVIOUS_GTIDS, untagged and tagged', () => {
    const other = Buffer.alloc(16, 0xab)
    const plain = Buffer.concat([u64(2), UUID, u64(2), u64(1), u64(6), u64(8), u64(9), other, u64(1), u64(1), u64(2)])
    expect(decode(decoder(), event(EVENT.PREVIOUS_GTIDS, plain))).toMatchObject({
      kind: 'previousGtids',
      gtidSet: `${UUID_TEXT}:1-5:8,abababab-abab-abab-abab-abababababab:1`,
    })
    const head = u64((1n << 56n) | (2n << 8n) | 1n)
    const tagged = Buffer.concat([
      head,
      UUID,
      varint(0n),
      u64(1),
      u64(1),
      u64(3),
      UUID,
      varint(4n),
      Buffer.from('blue'),
      u64(1),
      u64(7),
      u64(8),
    ])
    expect(decode(decoder(), event(EVENT.PREVIOUS_GTIDS, tagged))).toMatchObject({ gtidSet: `${UUID_TEXT}:1-2:blue:7` })
    expect(decode(decoder(), event(EVENT.PREVIOUS_GTIDS, u64(0)))).toMatchObject({ gtidSet: '' })
  })

  test('GTID_LIST of MariaDB', () => {
    const body = Buffer.concat([u32(2), u32(0), u32(101), u64(2n ** 63n), u32(4), u32(7), u64(12)])
    expect(decode(decoder(), event(EVENT.GTID_LIST, body))).toMatchObject({
      kind: 'gtidList',
      gtidSet: '0-101-9223372036854775808,4-7-12',
    })
  })

  test('HEARTBEAT, its long form on MariaDB, and HEARTBEAT_V2', () => {
    const body = Buffer.from('mbin.000003')
    expect(decode(decoder(), event(EVENT.HEARTBEAT, body, { logPos: 4711 }))).toMatchObject({
      kind: 'heartbeat',
      binName: 'mbin.000003',
      binPos: 4711,
    })
    const long = Buffer.concat([u64(2 ** 33), body])
    expect(decode(decoder({ flavor: 'mariadb' }), event(EVENT.HEARTBEAT, long, { logPos: 0 }))).toMatchObject({
      binName: 'mbin.000003',
      binPos: 2 ** 33,
    })
    const v2 = Buffer.concat([packed(1), packedBytes(body), packed(2), packedBytes(packed(2 ** 33)), packed(0)])
    expect(decode(decoder(), event(EVENT.HEARTBEAT_V2, v2))).toMatchObject({ binName: 'mbin.000003', binPos: 2 ** 33 })
  })

  test('INCIDENT gives its message', () => {
    const body = Buffer.concat([u16(1), u8(9), Buffer.from('lost some')])
    expect(decode(decoder(), event(EVENT.INCIDENT, body))).toMatchObject({
      kind: 'incident',
      message: 'incident 1: lost some',
    })
  })

  test.each([
    EVENT.STOP,
    EVENT.ROWS_QUERY,
    EVENT.ANNOTATE_ROWS,
    EVENT.BINLOG_CHECKPOINT,
    EVENT.INTVAR,
    EVENT.VIEW_CHANGE,
  ])('event %d is passed over', type => {
    expect(decode(decoder(), event(type, Buffer.alloc(12)))).toMatchObject({ kind: 'ignored', type })
  })

  test('an unknown event is passed over only when the server marked it ignorable', () => {
    expect(decode(decoder(), event(200, Buffer.alloc(2), { flags: 0x80 })).kind).toBe('ignored')
    expect(failure(() => decode(decoder(), event(200, Buffer.alloc(2)))).kind).toBe('notDecodable')
  })
})

describe('transactions', () => {
  const clock = (...times: Buffer[]) => Buffer.concat([u8(2), u64(1), u64(2), ...times])

  test('GTID with its commit time', () => {
    const micros = u64(1_700_000_123_456_789n).subarray(0, 7)
    const body = Buffer.concat([u8(0), UUID, u64(2n ** 62n), clock(micros)])
    const gtid = decode(decoder(), event(EVENT.GTID, body, { timestamp: 5 }))
    if (gtid.kind !== 'gtid') throw new Error(gtid.kind)
    expect(gtid.gtid()).toBe(`${UUID_TEXT}:4611686018427387904`)
    expect(gtid.commitMs).toBe(1_700_000_123_456)
    expect(gtid.standalone).toBe(false)
  })

  test('the time of the immediate commit counts, also when that of the original one follows', () => {
    const immediate = u64(1_700_000_123_456_789n | (1n << 55n)).subarray(0, 7)
    const original = u64(1_600_000_000_000_000n).subarray(0, 7)
    const body = Buffer.concat([u8(0), UUID, u64(5), clock(immediate, original)])
    expect(decode(decoder(), event(EVENT.GTID, body))).toMatchObject({ commitMs: 1_700_000_123_456 })
  })

  test('GTID of MySQL 5.6 has no times: the second of the header stands in', () => {
    const body = Buffer.concat([u8(0), UUID, u64(5)])
    expect(decode(decoder(), event(EVENT.GTID, body, { timestamp: 1234 }))).toMatchObject({ commitMs: 1_234_000 })
  })

  test('ANONYMOUS_GTID has none', () => {
    const event34 = decode(decoder(), event(EVENT.ANONYMOUS_GTID, Buffer.concat([u8(0), Buffer.alloc(16), u64(0)])))
    expect(event34.kind === 'gtid' && event34.gtid()).toBe(null)
  })

  test('GTID_TAGGED', () => {
    const fields = Buffer.concat([
      varint(12n),
      varint(0n),
      varint(1n),
      varint(1n),
      ...[...UUID].map(byte => varint(BigInt(byte))),
      varint(2n),
      varint(300n << 1n),
      varint(3n),
      varint(4n),
      Buffer.from('blue'),
      varint(4n),
      varint(6n),
      varint(5n),
      varint(8n),
      varint(6n),
      varint(1_700_000_123_456_789n),
      varint(8n),
      varint(1000n),
    ])
    const size = fields.length + 1 + (fields.length < 126 ? 1 : 2)
    const tagged = decode(
      decoder(),
      event(EVENT.GTID_TAGGED, Buffer.concat([varint(1n), varint(BigInt(size)), fields])),
    )
    if (tagged.kind !== 'gtid') throw new Error(tagged.kind)
    expect(tagged.gtid()).toBe(`${UUID_TEXT}:blue:300`)
    expect(tagged.commitMs).toBe(1_700_000_123_456)
  })

  test('GTID of MariaDB: domain, server of the header, sequence, standalone flag', () => {
    const body = (flags: number) => Buffer.concat([u64(2n ** 60n), u32(3), u8(flags), Buffer.alloc(6)])
    const d = decoder({ flavor: 'mariadb' })
    const alone = decode(d, event(EVENT.MARIADB_GTID, body(1), { serverId: 101, timestamp: 77 }))
    if (alone.kind !== 'gtid') throw new Error(alone.kind)
    expect(alone.gtid()).toBe('3-101-1152921504606846976')
    expect(alone.standalone).toBe(true)
    expect(alone.commitMs).toBe(77_000)
    expect(decode(d, event(EVENT.MARIADB_GTID, body(4)))).toMatchObject({ standalone: false })
  })

  test('BEGIN, COMMIT and ROLLBACK are told from other statements', () => {
    const d = decoder()
    expect(decode(d, query('', 'BEGIN')).kind).toBe('begin')
    expect(decode(d, query('', 'COMMIT')).kind).toBe('commit')
    expect(decode(d, query('', 'ROLLBACK')).kind).toBe('rollback')
    expect(decode(d, query('', 'SAVEPOINT `a`'))).toMatchObject({ kind: 'query', sql: 'SAVEPOINT `a`' })
    expect(decode(d, query('', "XA START X'78',X'',1")).kind).toBe('query')
    expect(decode(d, query('', 'begin')).kind).toBe('query')
  })

  test('a statement comes with its schema, sql_mode and client charset', () => {
    const status = Buffer.concat([
      u8(0),
      u32(0),
      u8(1),
      u64(0x1_0000_0004n),
      u8(6, 3),
      Buffer.from('std'),
      u8(4),
      u16(8),
      u16(8),
      u16(255),
    ])
    expect(decode(decoder(), query('shop', Buffer.from('alter table caf\xe9', 'latin1'), { status }))).toMatchObject({
      kind: 'query',
      schema: 'shop',
      sql: 'alter table café',
      sqlMode: 4,
      clientCollationId: 8,
    })
    expect(decode(decoder(), query('', 'drop table café'))).toMatchObject({
      sql: 'drop table café',
      sqlMode: null,
      clientCollationId: null,
    })
  })

  test('QUERY_COMPRESSED of MariaDB', () => {
    const body = Buffer.concat([
      u32(7),
      u32(0),
      u8(1),
      u16(0),
      u16(0),
      Buffer.from('s\0'),
      mariadbCompressed(Buffer.from('drop table t')),
    ])
    expect(decode(decoder(), event(EVENT.QUERY_COMPRESSED, body))).toMatchObject({
      kind: 'query',
      schema: 's',
      sql: 'drop table t',
    })
  })

  test('EXECUTE_LOAD_QUERY is a statement', () => {
    const body = Buffer.concat([u32(7), u32(0), u8(1), u16(0), u16(0), Buffer.alloc(13), Buffer.from('s\0LOAD DATA')])
    expect(decode(decoder(), event(EVENT.EXECUTE_LOAD_QUERY, body))).toMatchObject({ kind: 'query', sql: 'LOAD DATA' })
  })

  test('XA_PREPARE', () => {
    const body = (onePhase: number) => Buffer.concat([u8(onePhase), u32(1), u32(1), u32(0), Buffer.from('x')])
    expect(decode(decoder(), event(EVENT.XA_PREPARE, body(0)))).toMatchObject({ kind: 'xaPrepare', onePhase: false })
    expect(decode(decoder(), event(EVENT.XA_PREPARE, body(1)))).toMatchObject({ kind: 'xaPrepare', onePhase: true })
  })
})

describe('table maps and rows', () => {
  const image = Buffer.concat([u8(0xfc), u32(1), u32(2)])

  test('the map is the same object while id and bytes are the same, and a new one when they change', () => {
    const d = decoder()
    const first = decode(d, tableMap(TABLE))
    const map = first.kind === 'tableMap' ? first.map : null
    expect(map).toMatchObject({ id: 77, schema: 'shop', table: 'orders' })
    const again = decode(d, tableMap(TABLE))
    expect(again.kind === 'tableMap' && again.map).toBe(map)
    const changed = decode(d, tableMap({ ...TABLE, columns: [{ type: WIRE.LONG }, { type: WIRE.LONG }] }))
    expect(changed.kind === 'tableMap' && changed.map).not.toBe(map)
  })

  test.each([
    [EVENT.WRITE_ROWS, 'insert', 1],
    [EVENT.UPDATE_ROWS, 'update', 2],
    [EVENT.DELETE_ROWS, 'delete', 1],
    [EVENT.WRITE_ROWS_V1, 'insert', 1],
    [EVENT.UPDATE_ROWS_V1, 'update', 2],
    [EVENT.DELETE_ROWS_V1, 'delete', 1],
    [EVENT.WRITE_ROWS_COMPRESSED_V1, 'insert', 1],
    [EVENT.UPDATE_ROWS_COMPRESSED_V1, 'update', 2],
    [EVENT.DELETE_ROWS_COMPRESSED_V1, 'delete', 1],
    [EVENT.WRITE_ROWS_COMPRESSED, 'insert', 1],
    [EVENT.UPDATE_ROWS_COMPRESSED, 'update', 2],
    [EVENT.DELETE_ROWS_COMPRESSED, 'delete', 1],
  ])('rows event %d is an %s', (type, op, images) => {
    const d = decoder()
    decode(d, tableMap(TABLE))
    const found = decode(d, rows(type, 77, 2, Array<Buffer>(images).fill(image)))
    if (found.kind !== 'rows') throw new Error(found.kind)
    expect(found.op).toBe(op)
    expect(found.complete).toBe(true)
    expect(found.missing()).toEqual([])
    expect(found.map.table).toBe('orders')
    expect(found.buffer.subarray(found.at, found.end)).toEqual(Buffer.concat(Array<Buffer>(images).fill(image)))
  })

  test('extra data of the second version is stepped over', () => {
    const d = decoder()
    decode(d, tableMap(TABLE))
    const found = decode(d, rows(EVENT.WRITE_ROWS, 77, 2, [image], { extra: Buffer.from([1, 2, 3]) }))
    expect(found.kind === 'rows' && found.buffer.subarray(found.at, found.end)).toEqual(image)
  })

  test('an image without all columns is not complete, and says which are missing', () => {
    const d = decoder()
    decode(d, tableMap(TABLE))
    const partial = decode(d, rows(EVENT.UPDATE_ROWS, 77, 2, [image, image], { presentAfter: u8(1) }))
    if (partial.kind !== 'rows') throw new Error(partial.kind)
    expect(partial.complete).toBe(false)
    expect(partial.missing()).toEqual([1])
    const before = decode(d, rows(EVENT.UPDATE_ROWS, 77, 2, [image, image], { present: u8(2) }))
    expect(before.kind === 'rows' && before.missing()).toEqual([0])
  })

  test('wanted is asked once per table version, and rows of other tables are passed over', () => {
    const asked: string[] = []
    const d = decoder({
      wanted: (schema, table) => {
        asked.push(`${schema}.${table}`)
        return false
      },
    })
    for (let i = 0; i < 3; i++) expect(decode(d, tableMap(TABLE))).toMatchObject({ kind: 'tableMap', map: null })
    const skipped = rows(EVENT.PARTIAL_UPDATE_ROWS, 77, 2, [image, image])
    expect(decode(d, skipped)).toMatchObject({ kind: 'skippedRows', size: skipped.length })
    expect(asked).toEqual(['shop.orders'])
  })

  test('partial JSON updates of a wanted table are refused with the setting to change', () => {
    const d = decoder()
    decode(d, tableMap(TABLE))
    const error = failure(() => decode(d, rows(EVENT.PARTIAL_UPDATE_ROWS, 77, 2, [image, image])))
    expect(error.kind).toBe('notDecodable')
    expect(error.message).toContain('shop.orders')
    expect(error.advice).toContain('binlog_row_value_options')
  })

  test('rows before their table map mean a position inside a transaction; reset forgets the maps', () => {
    const d = decoder()
    expect(failure(() => decode(d, rows(EVENT.WRITE_ROWS, 77, 2, [image]))).kind).toBe('positionInvalid')
    decode(d, tableMap(TABLE))
    expect(decode(d, rows(EVENT.WRITE_ROWS, 77, 2, [image])).kind).toBe('rows')
    d.reset()
    expect(failure(() => decode(d, rows(EVENT.WRITE_ROWS, 77, 2, [image]))).message).toMatch(/inside a transaction/)
  })

  test('another column count than the map has is refused', () => {
    const d = decoder()
    decode(d, tableMap(TABLE))
    expect(failure(() => decode(d, rows(EVENT.WRITE_ROWS, 77, 3, [image]))).message).toMatch(/3 columns.*shop.orders 2/)
  })

  test('a rows event without a table only ends a statement', () => {
    expect(decode(decoder(), rows(EVENT.WRITE_ROWS, 0xffffff, 0, [])).kind).toBe('ignored')
  })
})

describe('compressed transactions', () => {
  const inner = (options: EventOptions = {}) => {
    const plain = { ...options, checksum: false }
    return Buffer.concat([
      query('', 'BEGIN', plain),
      tableMap(TABLE, plain),
      rows(EVENT.WRITE_ROWS, 77, 2, [Buffer.concat([u8(0xfc), u32(1), u32(2)])], plain),
      xid(plain),
    ])
  }

  test.each([0, 255] as const)('algorithm %d is unpacked, and its events are decoded without checksums', algorithm => {
    const d = decoder()
    decode(d, formatDescription(true))
    const found = decode(d, payload(inner(), algorithm))
    if (found.kind !== 'payload') throw new Error(found.kind)
    const kinds: string[] = []
    for (let at = 0; at < found.buffer.length; ) {
      const event = d.decodeInner(found.buffer, at)
      kinds.push(event.kind)
      at += event.size
    }
    expect(kinds).toEqual(['begin', 'tableMap', 'rows', 'commit'])
    expect(decode(d, xid()).kind).toBe('commit')
  })

  test('an unknown algorithm, a wrong size and a payload in a payload are refused', () => {
    const d = decoder()
    const size = (value: number) => Buffer.concat([packed(3), packedBytes(packed(value))])
    const body = (algorithm: number, unpacked: number) =>
      Buffer.concat([packed(2), packedBytes(packed(algorithm)), size(unpacked), packed(0), Buffer.from('junk')])
    expect(failure(() => decode(d, event(EVENT.TRANSACTION_PAYLOAD, body(7, 4)))).message).toMatch(/algorithm 7/)
    expect(failure(() => decode(d, event(EVENT.TRANSACTION_PAYLOAD, body(0, 2 ** 40)))).message).toMatch(
      /1099511627776/,
    )
    expect(failure(() => decode(d, event(EVENT.TRANSACTION_PAYLOAD, body(0, 100)))).message).toMatch(/zstd/)
    const nested = payload(inner(), 255, { checksum: false })
    expect(failure(() => d.decodeInner(nested, 0)).message).toMatch(/inside a compressed transaction/)
  })
})

describe('checksums', () => {
  test('before the first FORMAT_DESCRIPTION events follow the session, then the last one seen, and artificial ones too', () => {
    const d = decoder()
    expect(decode(d, rotate('a.000001', 4)).kind).toBe('rotate')
    expect(decode(d, formatDescription(false)).kind).toBe('format')
    expect(decode(d, query('', 'drop table t', { checksum: false }))).toMatchObject({ sql: 'drop table t' })
    expect(decode(d, rotate('a.000002', 4, { checksum: false }))).toMatchObject({ binName: 'a.000002' })
    expect(decode(d, formatDescription(true)).kind).toBe('format')
    expect(decode(d, query('', 'drop table t'))).toMatchObject({ sql: 'drop table t' })
    expect(decode(d, rotate('a.000003', 4))).toMatchObject({ binName: 'a.000003' })
    expect(decode(d, formatDescription(false)).kind).toBe('format')
    d.reset()
    expect(decode(d, rotate('a.000001', 4))).toMatchObject({ binName: 'a.000001' })
  })

  test('a wrong checksum is told from bytes that cannot be decoded', () => {
    const bytes = xid()
    bytes[20]! ^= 1
    expect(failure(() => decode(decoder(), bytes)).kind).toBe('checksumWrong')
    const format = formatDescription(true)
    format[60]! ^= 1
    expect(failure(() => decode(decoder(), format)).kind).toBe('checksumWrong')
  })

  test('FORMAT_DESCRIPTION of a file that is still open was summed without that flag', () => {
    expect(decode(decoder(), formatDescription(true, { flags: 1 })).kind).toBe('format')
  })

  test('a file without checksums that is read from its middle has a stale sum in its FORMAT_DESCRIPTION', () => {
    const bytes = formatDescription(false)
    bytes.writeUInt32LE(0, 19 + 2 + 50)
    expect(decode(decoder(), bytes)).toMatchObject({ kind: 'format', checksum: false })
  })

  test('can be left unverified', () => {
    const bytes = xid()
    bytes[20]! ^= 1
    const d = new BinlogDecoder({ flavor: 'mysql', wanted: () => true, verifyChecksum: false })
    expect(decode(d, bytes).kind).toBe('commit')
  })
})
