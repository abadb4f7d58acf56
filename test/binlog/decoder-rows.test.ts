import { describe, expect, test } from '@jest/globals'
import { BinlogDecoder } from '../../lib/binlog/decoder.js'
import { EVENT } from '../../lib/binlog/event.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import {
  type EventOptions,
  event,
  formatDescription,
  packed,
  packedBytes,
  payload,
  query,
  rotate,
  rows,
  tableMap,
  u8,
  u32,
  xid,
} from '../support/binlog-builder.js'
import { decode, decoder, TABLE } from '../support/decoding.js'
import { failureOf as failure } from '../support/failure-of.js'

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
