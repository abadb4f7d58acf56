import { describe, expect, test } from '@jest/globals'
import { BinlogDecoder } from '../../lib/binlog/decoder.js'
import { EVENT } from '../../lib/binlog/event.js'
import {
  event,
  formatDescription,
  mariadbCompressed,
  packed,
  packedBytes,
  query,
  rotate,
  u8,
  u16,
  u32,
  u64,
  varint,
  xid,
} from '../support/binlog-builder.js'
import { decode, decoder, UUID, UUID_TEXT } from '../support/decoding.js'
import { failureOf as failure } from '../support/failure-of.js'

describe('header', () => {
  test('every event carries type, time, position, size and the artificial flag', () => {
    const bytes = xid({ timestamp: 1_712_345_678, logPos: 4711, flags: 0x20 })
    expect(decode(decoder(), bytes)).toMatchObject({
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
    expect(gtid.gtid.text).toBe(`${UUID_TEXT}:4611686018427387904`)
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
    expect(event34.kind === 'gtid' && event34.gtid.text).toBe(null)
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
    expect(tagged.gtid.text).toBe(`${UUID_TEXT}:blue:300`)
    expect(tagged.commitMs).toBe(1_700_000_123_456)
  })

  test('GTID of MariaDB: domain, server of the header, sequence, standalone flag', () => {
    const body = (flags: number) => Buffer.concat([u64(2n ** 60n), u32(3), u8(flags), Buffer.alloc(6)])
    const d = decoder({ flavor: 'mariadb' })
    const alone = decode(d, event(EVENT.MARIADB_GTID, body(1), { serverId: 101, timestamp: 77 }))
    if (alone.kind !== 'gtid') throw new Error(alone.kind)
    expect(alone.gtid.text).toBe('3-101-1152921504606846976')
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
      facts: { sqlMode: 4, clientCollationId: 8, serverCollationId: 255 },
    })
    expect(decode(decoder(), query('', 'drop table café'))).toMatchObject({
      sql: 'drop table café',
      facts: { sqlMode: null, clientCollationId: null },
    })
  })

  test('default collations that the session has chosen, also in front of its character sets', () => {
    const mysql = Buffer.concat([u8(18), u16(45), u8(13), Buffer.from([7, 0, 0])])
    expect(decode(decoder(), query('s', 'create table t (a int)', { status: mysql }))).toMatchObject({
      facts: { defaultCollationIds: [45], microseconds: 7 },
    })
    const mariadb = Buffer.concat([u8(131), u8(2), u16(45), u16(224), u16(8), u16(47), u8(4), u16(8), u16(8), u16(255)])
    expect(decode(decoder(), query('s', 'create table t (a int)', { status: mariadb }))).toMatchObject({
      facts: { defaultCollationIds: [224, 47], clientCollationId: 8, serverCollationId: 255 },
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
