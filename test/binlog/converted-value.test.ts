import { deflateRawSync, deflateSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { compileRowEncoder } from '../../lib/binlog/row-encoder.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import { u8, u16, u32 } from '../support/binlog-builder.js'
import { column, int } from '../support/bound-columns.js'
import { encodeOne, layoutOf } from '../support/encoded-rows.js'

const geometry = column('g', WIRE.GEOMETRY, { length: 4, form: 'geometry' })
const vector = column('v', WIRE.VECTOR, { length: 4, form: 'vector' })
const compressed = column('c', WIRE.BLOB_COMPRESSED, { length: 2, form: 'utf8' })

const long = (hex: string) => {
  const bytes = Buffer.from(hex, 'hex')
  return Buffer.concat([u8(0), u32(bytes.length), bytes])
}
const short = (bytes: Buffer) => Buffer.concat([u8(0), u16(bytes.length), bytes])
const POINT_1_2 = '0101000000000000000000f03f0000000000000040'

describe('geometry', () => {
  test.each([
    ['POINT(1 2)', `00000000${POINT_1_2}`],
    ['SRID=4294967295;POINT(1 2)', `ffffffff${POINT_1_2}`],
    [
      'SRID=4326;GEOMETRYCOLLECTION(GEOMETRYCOLLECTION EMPTY,POINT(1 2))',
      `e6100000010700000002000000010700000000000000${POINT_1_2}`,
    ],
    ['MULTIPOINT((1 2),(1 2))', `00000000010400000002000000${POINT_1_2}${POINT_1_2}`],
    ['POLYGON EMPTY', '00000000010300000000000000'],
    ['', ''],
  ])('%s', (text, hex) => {
    expect(encodeOne([geometry], long(hex)).text).toBe(`${text}\x02`)
    expect(JSON.parse(encodeOne([geometry], long(hex), { format: 'json' }).text)).toEqual({ g: text })
  })

  test('a target that holds bytes gets the bytes of the server', () => {
    const hex = `e6100000${POINT_1_2}`
    const row = encodeOne([geometry], long(hex), { fields: [{ name: 'g', form: 'base64' }] })
    expect(row.text).toBe(`${Buffer.from(hex, 'hex').toString('base64')}\x02`)
  })

  test.each([
    [/unexpected type 8/, '000000000108000000'],
    [/unexpected type 1001/, '0000000001e9030000'],
    [/unexpected type 2/, '0000000001040000000100000001020000000000'],
    [/cut off/, `00000000${POINT_1_2.slice(0, -2)}`],
    [/cut off/, '000000000102000000ffffffff'],
    [/1 bytes too early/, `00000000${POINT_1_2}00`],
    [/not little-endian/, `00000000${POINT_1_2.replace('01', '00')}`],
    [/not finite/, '000000000101000000000000000000f07f0000000000000040'],
    [/deeper than 200/, `00000000${'010700000001000000'.repeat(300)}`],
  ])('%s is refused, naming the column', (why, hex) => {
    expect(() => encodeOne([geometry], long(hex))).toThrow(/s\.t: column g cannot be decoded/)
    expect(() => encodeOne([geometry], long(hex))).toThrow(why)
  })
})

describe('vector', () => {
  test.each([
    ['[1,2.5,-0.0000003]', '0000803f00002040b00fa1b4'],
    ['[-0,3.4028235e38,1e-45]', '00000080ffff7f7f01000000'],
    ['[]', ''],
  ])('%s', (text, hex) => {
    expect(encodeOne([vector], long(hex)).text).toBe(`${text}\x02`)
    expect(JSON.parse(encodeOne([vector], long(hex), { format: 'json' }).text)).toEqual({ v: text })
  })

  test('of bytes that are no floats is refused', () => {
    expect(() => encodeOne([vector], long('0000803f00'))).toThrow(/column v cannot be decoded: a vector of 5 bytes/)
    expect(() => encodeOne([vector], long('0000807f'))).toThrow(/not a finite number/)
  })
})

describe('COMPRESSED', () => {
  const text = `${'中文 "x"\n'.repeat(2000)}é`
  const size = Buffer.byteLength(text)
  const forms: readonly (readonly [string, string, Buffer])[] = [
    ['nothing', '', Buffer.alloc(0)],
    ['stored', 'abc', Buffer.from('\0abc')],
    ['zlib', text, Buffer.concat([Buffer.from([0x82, size >> 8, size & 255]), deflateSync(text)])],
    ['raw deflate', text, Buffer.concat([Buffer.from([0x8b, 0, size >> 8, size & 255]), deflateRawSync(text)])],
  ]

  test.each(forms)('%s, within its bound', (_, value, bytes) => {
    const columns = [int('id'), { ...compressed, nullable: true }, int('z')]
    const image = Buffer.concat([u8(0), u32(1), u16(bytes.length), bytes, u32(9)])
    expect(encodeOne(columns, image).text).toBe(`1\x01${value}\x019\x02`)
    expect(JSON.parse(encodeOne(columns, image, { format: 'json' }).text)).toEqual({ id: '1', c: value, z: '9' })
    const base64 = encodeOne(columns, image, {
      fields: [{ name: 'id', form: 'text' }, { name: 'c', form: 'base64' }, null],
    }).text
    expect(base64).toBe(`1\x01${Buffer.from(value).toString('base64')}\x02`)
    const isNull = Buffer.concat([u8(0b10), u32(1), u32(9)])
    expect(encodeOne(columns, isNull).text).toBe('1\x01\\N\x019\x02')
  })

  test('text of another charset', () => {
    const gbk = { ...compressed, form: 'transcoded', charset: 'gbk' } as const
    const bytes = Buffer.from('d6d0'.repeat(300), 'hex')
    const image = short(Buffer.concat([Buffer.from([0x82, 2, 88]), deflateSync(bytes)]))
    expect(encodeOne([gbk], image).text).toBe(`${'中'.repeat(300)}\x02`)
    const latin1 = { ...compressed, form: 'latin1' } as const
    expect(encodeOne([latin1], short(Buffer.from([0, 0x80]))).text).toBe('€\x02')
  })

  test('keys hash as the text they hold', () => {
    const hash = (bytes: Buffer) => encodeOne([compressed], short(bytes)).hash
    const packed = Buffer.concat([Buffer.from([0x81, 100]), deflateSync('x'.repeat(100))])
    expect(hash(packed)).toBe(hash(Buffer.from(`\0${'x'.repeat(100)}`)))
  })

  test.each([
    [/unknown byte 16/, '10616263'],
    [/unknown byte 135/, '87616263'],
    [/claims to be 4294967295 bytes/, '84ffffffff789c'],
    [/cannot be unpacked/, '8103789c00'],
    [/cannot be unpacked/, `8102${deflateSync('abc').toString('hex')}`],
    [/has 3 bytes where its head says 4/, `8104${deflateSync('abc').toString('hex')}`],
  ])('%s: damage names the column', (why, hex) => {
    const image = short(Buffer.from(hex, 'hex'))
    expect(() => encodeOne([compressed], image)).toThrow(/s\.t: column c cannot be decoded/)
    expect(() => encodeOne([compressed], image)).toThrow(why)
  })

  test('text that is not UTF-8 names its column, also where it stands behind others', () => {
    const image = Buffer.concat([u8(0), u32(1), u16(2), Buffer.from([0, 0xff]), u32(9)])
    const encoder = compileRowEncoder(layoutOf([int('id'), compressed, int('z')], { format: 'json' }))
    expect(() => encoder.encode(image, 0, image.length, Buffer.alloc(200), 0, 0)).toThrow(
      /column c cannot be decoded: its text is not valid UTF-8/,
    )
  })
})
