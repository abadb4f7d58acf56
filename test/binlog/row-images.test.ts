import { describe, expect, test } from '@jest/globals'
import type { BoundColumn } from '../../lib/binlog/bound-column.js'
import { compileRowEncoder } from '../../lib/binlog/row-encoder.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import { u8, u16, u32, u64 } from '../support/binlog-builder.js'
import { bigint, column, int, varchar } from '../support/bound-columns.js'
import { encodeOne, layoutOf } from '../support/encoded-rows.js'
import { failureOf as failure } from '../support/failure-of.js'

const str = (value: string | Buffer) => Buffer.concat([u8(Buffer.from(value).length), Buffer.from(value)])

describe('images', () => {
  const columns = [
    int('id'),
    varchar('v', { nullable: true }),
    column('b', WIRE.BLOB, { length: 4, form: 'binary', isBinary: true }),
  ]
  const image = Buffer.concat([u8(0), u32(7), str('abc'), u32(3), Buffer.from('xyz')])

  test('one that runs past its limit is refused by table and column, at every length', () => {
    for (const format of ['csv', 'json'] as const) {
      const encoder = compileRowEncoder(layoutOf(columns, { format }))
      const out = Buffer.alloc(1000)
      const more = Buffer.concat([image, Buffer.alloc(100, 0x61)])
      for (let limit = 0; limit < image.length; limit++) {
        const error = failure(() => encoder.encode(more, 0, limit, out, 0, 0))
        expect(error.kind).toBe('notDecodable')
        expect(error.message).toMatch(/^s\.t: column (id|v|b) cannot be decoded/)
        expect(failure(() => encoder.skip(more, 0, limit)).kind).toBe('notDecodable')
        if (limit < 5) expect(failure(() => encoder.locateKey(more, 0, limit)).kind).toBe('notDecodable')
      }
    }
  })

  test('so is one whose last column has a fixed length', () => {
    const encoder = compileRowEncoder(layoutOf([varchar('v'), int('n')]))
    const bytes = Buffer.concat([u8(0), str('ab'), u32(1), Buffer.alloc(50)])
    for (let limit = 4; limit < 8; limit++) {
      const error = failure(() => encoder.encode(bytes, 0, limit, Buffer.alloc(100), 0, 0))
      expect(error.message).toBe(`s.t: column n cannot be decoded: the row image ends ${8 - limit} bytes too early`)
      expect(failure(() => encoder.skip(bytes, 0, limit)).kind).toBe('notDecodable')
    }
    expect(encoder.skip(bytes, 0, 8)).toBe(8)
  })

  test('a JSON document whose parts share bytes may not grow beyond its size', () => {
    // Each array holds the next one twice: two to the power of 30 values in 300 bytes.
    const levels = 30
    const arrays = Array.from({ length: levels }, () => Buffer.concat([u16(2), u16(0), u8(2), u16(10), u8(2), u16(10)]))
    const document = Buffer.concat([u8(2), ...arrays, u16(0), u16(4)])
    const json = column('j', WIRE.JSON, { length: 4, form: 'json' })
    const image = Buffer.concat([u8(0), u32(document.length), document])
    const encoder = compileRowEncoder(layoutOf([json]))
    const out = Buffer.alloc(encoder.bound(image.length))
    expect(failure(() => encoder.encode(image, 0, image.length, out, 0, 0)).message).toMatch(/larger than its bytes/)
  })

  test('a NULL bit on a NOT NULL column is refused', () => {
    expect(failure(() => encodeOne(columns, Buffer.concat([u8(1), image.subarray(1)]))).message).toMatch(/NOT NULL/)
  })

  test('the unused bits behind the last column mean nothing', () => {
    expect(encodeOne(columns, Buffer.concat([u8(0xf8), image.subarray(1)])).text).toBe('7\x01abc\x01eHl6\x02')
  })

  test('an ENUM index beyond its labels is refused, 0 is the empty string', () => {
    const list = [int('id'), column('e', WIRE.ENUM, { length: 2, form: 'labels', members: [Buffer.from('a')] })]
    expect(encodeOne(list, Buffer.concat([u8(0), u32(1), u16(0)])).text).toBe('1\x01\x02')
    expect(failure(() => encodeOne(list, Buffer.concat([u8(0), u32(1), u16(2)]))).message).toBe(
      's.t: column e cannot be decoded: it has no label 2',
    )
  })

  test('BINARY(n) gets its stripped zero bytes back', () => {
    const binary = column('b', WIRE.STRING, { length: 4, form: 'binary', isBinary: true })
    const bytes = Buffer.concat([u8(0), u32(1), str(Buffer.from([1, 2]))])
    expect(encodeOne([int('id'), binary], bytes).text).toBe('1\x01AQIAAA==\x02')
    const fields = [null, { name: 'b', form: 'text' as const }]
    expect(
      encodeOne([int('id'), binary], bytes, { fields, op: true, columnSeparator: u8(3), rowDelimiter: u8(4) }).text,
    ).toBe('\x01\x02\x00\x00\x030\x04')
  })

  test('a buffer that is too small is an internal failure, not a cut row', () => {
    const encoder = compileRowEncoder(layoutOf(columns))
    expect(failure(() => encoder.encode(image, 0, image.length, Buffer.alloc(6), 0, 0)).kind).toBe('internal')
  })

  test('TIMESTAMP follows a zone with transitions', () => {
    const seen: number[] = []
    const zone = {
      name: 'test',
      fixedOffset: null,
      offsetAt: (seconds: number) => {
        seen.push(seconds)
        return seconds < 1_711_846_800 ? 3600 : 7200
      },
    }
    const stamp = [column('t', WIRE.TIMESTAMP2, { length: 2 })]
    const at = (seconds: number) => {
      const bytes = Buffer.alloc(6)
      bytes.writeUInt32BE(seconds, 1)
      bytes[5] = 50
      return encodeOne(stamp, bytes, { zone }).text
    }
    expect(at(1_711_846_799)).toBe('2024-03-31 01:59:59.50\x02')
    expect(at(1_711_846_800)).toBe('2024-03-31 03:00:00.50\x02')
    expect(at(4_294_967_295)).toBe('2106-02-07 08:28:15.50\x02')
    expect(at(0)).toBe('0000-00-00 00:00:00.50\x02')
    expect(seen).not.toContain(0)
  })
})

describe('columns that cannot be decoded', () => {
  const geometry = column('g', WIRE.GEOMETRY, { length: 4, form: 'binary', undecodable: 'is of type GEOMETRY' })
  const old = column('o', WIRE.TIME, { undecodable: 'is old' })
  const fields = [{ name: 'id', form: 'text' as const }, null]

  test('are refused when written or a key, and stepped over when left out', () => {
    expect(failure(() => compileRowEncoder(layoutOf([int('id'), geometry]))).message).toBe(
      's.t: column g is of type GEOMETRY',
    )
    expect(failure(() => compileRowEncoder(layoutOf([int('id'), geometry], { fields, key: [1] }))).kind).toBe(
      'notDecodable',
    )
    const image = Buffer.concat([u8(0), u32(9), u32(5), Buffer.alloc(5)])
    expect(encodeOne([int('id'), geometry], image, { fields }).text).toBe('9\x02')
  })

  test('are always refused when their bytes cannot be stepped over', () => {
    expect(failure(() => compileRowEncoder(layoutOf([int('id'), old], { fields }))).message).toBe(
      's.t: column o is old',
    )
  })
})

describe('keys', () => {
  const hash = (columns: readonly BoundColumn[], image: Buffer, key = [0]) => encodeOne(columns, image, { key }).hash

  test('the same text has the same hash in every integer and string type', () => {
    const latin1 = { form: 'latin1' as const }
    for (const value of [0, 1, 7, 127, -1, -128]) {
      const signed = Buffer.alloc(8)
      signed.writeBigInt64LE(BigInt(value))
      const texts = str(String(value))
      const hashes = [
        hash([column('k', WIRE.TINY)], Buffer.concat([u8(0), signed.subarray(0, 1)])),
        hash([column('k', WIRE.SHORT)], Buffer.concat([u8(0), signed.subarray(0, 2)])),
        hash([column('k', WIRE.INT24)], Buffer.concat([u8(0), signed.subarray(0, 3)])),
        hash([int('k')], Buffer.concat([u8(0), signed.subarray(0, 4)])),
        hash([bigint('k')], Buffer.concat([u8(0), signed])),
        hash([varchar('k')], Buffer.concat([u8(0), texts])),
        hash([varchar('k', latin1)], Buffer.concat([u8(0), texts])),
        hash([column('k', WIRE.STRING, { length: 10, form: 'utf8' })], Buffer.concat([u8(0), texts])),
        hash(
          [column('k', WIRE.BLOB, { length: 2, form: 'utf8' })],
          Buffer.concat([u8(0), u16(texts.length - 1), texts.subarray(1)]),
        ),
        hash([column('k', WIRE.ENUM, { length: 1, form: 'labels', members: [texts.subarray(1)] })], u8(0, 1)),
      ]
      expect(new Set(hashes).size).toBe(1)
    }
  })

  test('large numbers too, on both sides of 15 digits, of 2^53 and of the signed range', () => {
    const values = [
      999_999_999_999_999n,
      1_000_000_000_000_000n,
      999_999_995_904n,
      4_294_967_296n,
      2n ** 53n,
      2n ** 53n + 1n,
      2n ** 63n - 1n,
    ]
    for (const value of [...values, ...values.map(v => -v), -(2n ** 63n)]) {
      const number = hash([bigint('k')], Buffer.concat([u8(0), u64(value)]))
      expect([value, hash([varchar('k')], Buffer.concat([u8(0), str(String(value))]))]).toEqual([value, number])
      if (value >= 0n) expect(hash([bigint('k', { unsigned: true })], Buffer.concat([u8(0), u64(value)]))).toBe(number)
    }
    const most = 2n ** 64n - 1n
    expect(hash([bigint('k', { unsigned: true })], Buffer.concat([u8(0), u64(most)]))).toBe(
      hash([varchar('k')], Buffer.concat([u8(0), str(String(most))])),
    )
  })

  test('text that is not the one way to write a number is text', () => {
    const of = (text: string) => hash([varchar('k')], Buffer.concat([u8(0), str(text)]))
    const all = ['5', '05', '+5', '5.0', '-5', '', '-', '0', '-0', '00', ' 5', '5 ']
    expect(new Set(all.map(of)).size).toBe(all.length)
  })

  test('latin1 text has the hash of its UTF-8', () => {
    expect(hash([varchar('k', { form: 'latin1' })], Buffer.concat([u8(0), str(Buffer.from([0x63, 0xe9, 0x80]))]))).toBe(
      hash([varchar('k')], Buffer.concat([u8(0), str('cé€')])),
    )
  })

  test('hashes are unsigned 32-bit integers that spread over lanes', () => {
    const lanes = new Array<number>(6).fill(0)
    const encoder = compileRowEncoder(layoutOf([int('k')]))
    for (let i = 0; i < 6000; i++) {
      encoder.locateKey(Buffer.concat([u8(0), u32(i)]), 0, 5)
      const found = encoder.hash
      expect(Number.isInteger(found) && found >= 0 && found < 2 ** 32).toBe(true)
      lanes[found % 6]!++
    }
    for (const count of lanes) expect(Math.abs(count - 1000)).toBeLessThan(150)
  })

  test('several key columns count in key order', () => {
    const columns = [int('a'), int('b')]
    const image = (a: number, b: number) => Buffer.concat([u8(0), u32(a), u32(b)])
    expect(hash(columns, image(1, 2), [0, 1])).not.toBe(hash(columns, image(2, 1), [0, 1]))
    expect(hash(columns, image(1, 2), [0, 1])).toBe(hash(columns, image(2, 1), [1, 0]))
    expect(hash(columns, image(1, 2), [0])).toBe(hash(columns, image(1, 9), [0]))
  })

  test.each([
    ['at a fixed place', [int('k'), varchar('v', { nullable: true })], [0], false],
    ['behind a varying column', [varchar('v', { nullable: true }), int('k')], [1], true],
    ['in two parts', [int('k'), varchar('v', { nullable: true })], [0, 1], false],
  ] as const)('sameKey finds a key %s', (_, columns, key, behind) => {
    const encoder = compileRowEncoder(layoutOf(columns, { key }))
    const image = (k: number, v: string | null) => {
      const text = v === null ? Buffer.alloc(0) : str(v)
      const nulls = u8(v === null ? (behind ? 1 : 2) : 0)
      return Buffer.concat(behind ? [nulls, text, u32(k)] : [nulls, u32(k), text])
    }
    const same = (a: Buffer, b: Buffer) => encoder.sameKey(Buffer.concat([a, b]), 0, a.length, a.length + b.length)
    const textCounts = key.length === 2
    expect(same(image(1, 'a'), image(1, 'a'))).toBe(true)
    expect(same(image(1, 'a'), image(2, 'a'))).toBe(false)
    expect(same(image(1, 'a'), image(257, 'a'))).toBe(false)
    expect(same(image(1, 'a'), image(1, 'bb'))).toBe(!textCounts)
    expect(same(image(1, 'a'), image(1, 'b'))).toBe(!textCounts)
    expect(same(image(1, null), image(1, 'b'))).toBe(!textCounts)
    expect(same(image(1, null), image(1, null))).toBe(true)
    expect(same(image(1, ''), image(1, null))).toBe(!textCounts)
  })

  test('a table of many columns keeps its key and its order', () => {
    const columns = Array.from({ length: 100 }, (_, i) =>
      i % 3 === 0 ? varchar(`c${i}`, { nullable: true }) : int(`c${i}`),
    )
    const nulls = Buffer.alloc(13)
    const values = columns.map((_, i) => {
      if (i % 3 !== 0) return u32(i)
      if (i % 2 === 0) return str(`v${i}`)
      nulls[i >> 3]! |= 1 << (i & 7)
      return Buffer.alloc(0)
    })
    const row = encodeOne(columns, Buffer.concat([nulls, ...values]), { key: [98] })
    expect(row.text.slice(0, -1).split('\x01')).toEqual(
      columns.map((_, i) => (i % 3 !== 0 ? `${i}` : i % 2 === 0 ? `v${i}` : '\\N')),
    )
    expect(row.hash).toBe(hash([int('k')], Buffer.concat([u8(0), u32(98)])))
  })
})
