import { describe, expect, test } from '@jest/globals'
import type { BoundColumn } from '../../lib/binlog/bound-column.js'
import { compileRowEncoder, type RowLayout } from '../../lib/binlog/row-encoder.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import { Failure } from '../../lib/model/failure.js'
import { u8, u16, u32, u64 } from '../support/binlog-builder.js'
import { bigint, column, int, varchar } from '../support/bound-columns.js'
import { encodeImages, layoutOf } from '../support/encoded-rows.js'

const str = (value: string | Buffer) => Buffer.concat([u8(Buffer.from(value).length), Buffer.from(value)])

function encode(columns: readonly BoundColumn[], image: Buffer, changes: Partial<RowLayout> = {}) {
  const rows = encodeImages(layoutOf(columns, changes), image, 0, image.length)
  expect(rows).toHaveLength(1)
  return rows[0]!
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

describe('CSV', () => {
  const columns = [int('id'), varchar('name', { nullable: true }), int('n', { nullable: true })]

  test('fields in source order, then constants, then op, then the delimiter', () => {
    const image = Buffer.concat([u8(0), u32(7), str('é'), u32(4294967295)])
    const constants = [
      { name: 'src', text: 'shop' },
      { name: 'none', text: null },
    ]
    const layout = layoutOf(columns, {
      constants,
      op: true,
      columnSeparator: Buffer.from('||'),
      rowDelimiter: Buffer.from(';\n'),
    })
    const encoder = compileRowEncoder(layout)
    const out = Buffer.alloc(encoder.bound(image.length))
    expect(out.toString('utf8', 0, encoder.encode(image, 0, image.length, out, 0, 0))).toBe('7||é||-1||shop||\\N||0;\n')
    expect(out.toString('utf8', 0, encoder.encode(image, 0, image.length, out, 0, 1))).toBe('7||é||-1||shop||\\N||1;\n')
    expect(encoder.unsafe).toBe(false)
    expect(encoder.end).toBe(image.length)
  })

  test('NULL is \\N, and takes no bytes of the image', () => {
    expect(encode(columns, Buffer.concat([u8(0b110), u32(7)])).text).toBe('7\x01\\N\x01\\N\x02')
    expect(encode(columns, Buffer.concat([u8(0b010), u32(7), u32(8)])).text).toBe('7\x01\\N\x018\x02')
  })

  test('columns may be left out, at any place', () => {
    const field = (name: string) => ({ name, form: 'text' as const })
    const image = Buffer.concat([u8(0), u32(7), str('gone'), u32(8)])
    expect(encode(columns, image, { fields: [field('id'), null, field('n')] }).text).toBe('7\x018\x02')
    expect(encode(columns, image, { fields: [null, null, field('n')] }).text).toBe('8\x02')
    expect(encode(columns, image, { fields: [null, null, null], constants: [{ name: 'c', text: 'x' }] }).text).toBe(
      'x\x02',
    )
  })

  test.each([
    ['the column separator', 'a\x01b'],
    ['the row delimiter', 'long enough for more than eight bytes \x02'],
    ['exactly \\N', '\\N'],
  ])('a value with %s is unsafe, and the next one is not', (_, value) => {
    const image = Buffer.concat([u8(0), u32(7), str(value), u32(8), u8(0), u32(8), str('\\Nx\ttab\nline'), u32(8)])
    const rows = encodeImages(layoutOf(columns), image, 0, image.length)
    expect(rows.map(row => row.unsafe)).toEqual([true, false])
    expect(rows[1]!.text).toBe('8\x01\\Nx\ttab\nline\x018\x02')
  })

  test('every byte of a separator that can be printed is unsafe, at every length and place', () => {
    const [name] = [varchar('v', { length: 2000 })]
    const changes = { columnSeparator: Buffer.from(','), rowDelimiter: Buffer.from('\n') }
    for (const n of [1, 3, 7, 8, 9, 15, 16, 17, 100, 383, 384, 385, 1000])
      for (const at of new Set([0, n >> 1, n - 1]))
        for (const byte of [',', '\n', '\x01', 'é'.charAt(0)]) {
          const value = Buffer.alloc(n, 'a')
          value.write(byte, at, 'latin1')
          const row = encode([int('id'), name!], Buffer.concat([u8(0), u32(1), u16(n), value]), changes)
          expect([n, at, byte, row.unsafe]).toEqual([n, at, byte, byte === ',' || byte === '\n'])
        }
  })

  test('a row that is one empty field is unsafe: the parser drops empty lines', () => {
    expect(encode([varchar('v')], Buffer.concat([u8(0), str('')])).unsafe).toBe(true)
    expect(encode([varchar('v')], Buffer.concat([u8(0), str('x')])).unsafe).toBe(false)
    expect(encode([varchar('v')], Buffer.concat([u8(0), str('')]), { op: true }).unsafe).toBe(false)
  })

  test('labels and constants with a separator in them are unsafe', () => {
    const list = column('e', WIRE.ENUM, { length: 1, form: 'labels', members: [Buffer.from('a,b'), Buffer.from('c')] })
    const changes = { columnSeparator: Buffer.from(','), rowDelimiter: Buffer.from('\n') }
    expect(encode([int('id'), list], Buffer.concat([u8(0), u32(1), u8(1)]), changes).unsafe).toBe(true)
    expect(encode([int('id'), list], Buffer.concat([u8(0), u32(1), u8(2)]), changes).unsafe).toBe(false)
    const set = { ...list, type: WIRE.SET }
    expect(encode([int('id'), set], Buffer.concat([u8(0), u32(1), u8(3)]), changes).unsafe).toBe(true)
    const constants = [{ name: 'c', text: 'x,y' }]
    expect(encode([int('id')], Buffer.concat([u8(0), u32(1)]), { ...changes, constants }).unsafe).toBe(true)
  })

  test('several labels of a SET are joined by commas: unsafe when a comma separates fields', () => {
    const set = column('s', WIRE.SET, { length: 1, form: 'labels', members: [Buffer.from('a'), Buffer.from('b')] })
    const image = (bits: number) => Buffer.concat([u8(0), u32(1), u8(bits)])
    const comma = { columnSeparator: Buffer.from(','), rowDelimiter: Buffer.from('\n') }
    expect(encode([int('id'), set], image(3))).toMatchObject({ text: '1\x01a,b\x02', unsafe: false })
    expect(encode([int('id'), set], image(3), comma).unsafe).toBe(true)
    expect(encode([int('id'), set], image(1), comma).unsafe).toBe(false)
  })

  test('JSON documents other than objects, arrays and strings are unsafe: the loader takes them as strings', () => {
    const json = column('j', WIRE.JSON, { length: 4, form: 'json' })
    const image = (document: Buffer) => Buffer.concat([u8(0), u32(1), u32(document.length), document])
    expect(encode([int('id'), json], image(u8(4, 1)))).toMatchObject({ text: '1\x01true\x02', unsafe: true })
    expect(encode([int('id'), json], image(u8(5, 44, 1)))).toMatchObject({ text: '1\x01300\x02', unsafe: true })
    expect(encode([int('id'), json], image(u8(12, 1, 120)))).toMatchObject({ text: '1\x01"x"\x02', unsafe: false })
    expect(encode([int('id'), json], image(u8(2, 0, 0, 4, 0)))).toMatchObject({ text: '1\x01[]\x02', unsafe: false })
    expect(encode([int('id'), json], image(Buffer.alloc(0)))).toMatchObject({ text: '1\x01null\x02', unsafe: true })
  })

  test('separators that numbers, dates or \\N contain are refused', () => {
    for (const bytes of ['1', '-', 'N', '\\', ' ', 'e', 'é', ''])
      expect(
        failure(() => compileRowEncoder(layoutOf([int('id')], { columnSeparator: Buffer.from(bytes) }))).kind,
      ).toBe('configInvalid')
  })
})

describe('JSON', () => {
  test('scalars are strings, NULL is null, op and constants come last', () => {
    const columns = [
      bigint('id', { unsigned: true }),
      varchar('a "b"', { nullable: true }),
      int('n', { nullable: true }),
    ]
    const image = Buffer.concat([u8(0b100), u64(2n ** 64n - 1n), str('x"y\\z\n\t\r\b\f\x01\x1f\x7fé😀')])
    const { text } = encode(columns, image, {
      format: 'json',
      op: true,
      constants: [
        { name: 'c', text: '"' },
        { name: 'd', text: null },
      ],
    })
    expect(text).toBe(
      '{"id":"18446744073709551615","a \\"b\\"":"x\\"y\\\\z\\n\\t\\r\\b\\f\\u0001\\u001f\x7fé😀","n":null,"c":"\\"","d":null,"__op":"0"}',
    )
  })

  test('text of every length with what must be escaped at every place', () => {
    const encoder = compileRowEncoder(layoutOf([int('id'), varchar('v', { length: 200 })], { format: 'json' }))
    const out = Buffer.alloc(1000)
    for (let n = 1; n < 40; n++)
      for (let at = 0; at < n; at++)
        for (const c of ['"', '\\', '\x00', '\x1f', '\x7f', 'é', '中', '😀', '~', ' ', '!', '#', '[', ']']) {
          const value = 'a'.repeat(at) + c + 'b'.repeat(n - at - 1)
          const image = Buffer.concat([u8(0), u32(1), str(value)])
          const q = encoder.encode(image, 0, image.length, out, 0, 0)
          if (q > encoder.bound(image.length)) throw new Error(`${q} bytes`)
          const text = out.toString('utf8', 0, q)
          if (JSON.parse(text).v !== value) throw new Error(text)
        }
  })

  test('documents are nested as they are, binary values are base64', () => {
    const columns = [
      column('j', WIRE.JSON, { length: 4, form: 'json' }),
      varchar('b', { form: 'binary', isBinary: true }),
    ]
    const document = Buffer.from('0001000e000b0001000c0c00610178', 'hex')
    const image = Buffer.concat([u8(0), u32(document.length), document, str(Buffer.from([0xff, 0, 1, 2]))])
    expect(encode(columns, image, { format: 'json' }).text).toBe('{"j":{"a": "x"},"b":"/wABAg=="}')
  })

  test.each(['c3', 'c0af', 'e0809f', 'eda080', 'f4908080', 'ff', 'f0288cbc', 'e282'])(
    'bytes %s are no UTF-8: refused here, copied in CSV',
    hex => {
      const columns = [int('id'), varchar('name')]
      const image = Buffer.concat([u8(0), u32(1), str(Buffer.from(`6162${hex}`, 'hex'))])
      const error = failure(() => encode(columns, image, { format: 'json' }))
      expect(error.kind).toBe('notDecodable')
      expect(error.message).toBe('s.t: column name cannot be decoded: its text is not valid UTF-8')
      const encoder = compileRowEncoder(layoutOf(columns))
      const out = Buffer.alloc(100)
      const q = encoder.encode(image, 0, image.length, out, 0, 0)
      expect(out.toString('hex', 2, q - 1)).toBe(`6162${hex}`)
    },
  )

  test('no fields at all is an empty object', () => {
    expect(encode([int('id')], Buffer.concat([u8(0), u32(1)]), { format: 'json', fields: [null] }).text).toBe('{}')
  })
})

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

  test('a NULL bit on a NOT NULL column is refused', () => {
    expect(failure(() => encode(columns, Buffer.concat([u8(1), image.subarray(1)]))).message).toMatch(/NOT NULL/)
  })

  test('the unused bits behind the last column mean nothing', () => {
    expect(encode(columns, Buffer.concat([u8(0xf8), image.subarray(1)])).text).toBe('7\x01abc\x01eHl6\x02')
  })

  test('an ENUM index beyond its labels is refused, 0 is the empty string', () => {
    const list = [int('id'), column('e', WIRE.ENUM, { length: 2, form: 'labels', members: [Buffer.from('a')] })]
    expect(encode(list, Buffer.concat([u8(0), u32(1), u16(0)])).text).toBe('1\x01\x02')
    expect(failure(() => encode(list, Buffer.concat([u8(0), u32(1), u16(2)]))).message).toBe(
      's.t: column e cannot be decoded: it has no label 2',
    )
  })

  test('BINARY(n) gets its stripped zero bytes back', () => {
    const binary = column('b', WIRE.STRING, { length: 4, form: 'binary', isBinary: true })
    const bytes = Buffer.concat([u8(0), u32(1), str(Buffer.from([1, 2]))])
    expect(encode([int('id'), binary], bytes).text).toBe('1\x01AQIAAA==\x02')
    const fields = [null, { name: 'b', form: 'text' as const }]
    expect(
      encode([int('id'), binary], bytes, { fields, op: true, columnSeparator: u8(3), rowDelimiter: u8(4) }).text,
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
      return encode(stamp, bytes, { zone }).text
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
    expect(encode([int('id'), geometry], image, { fields }).text).toBe('9\x02')
  })

  test('are always refused when their bytes cannot be stepped over', () => {
    expect(failure(() => compileRowEncoder(layoutOf([int('id'), old], { fields }))).message).toBe(
      's.t: column o is old',
    )
  })
})

describe('keys', () => {
  const hash = (columns: readonly BoundColumn[], image: Buffer, key = [0]) => encode(columns, image, { key }).hash

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
    const row = encode(columns, Buffer.concat([nulls, ...values]), { key: [98] })
    expect(row.text.slice(0, -1).split('\x01')).toEqual(
      columns.map((_, i) => (i % 3 !== 0 ? `${i}` : i % 2 === 0 ? `v${i}` : '\\N')),
    )
    expect(row.hash).toBe(hash([int('k')], Buffer.concat([u8(0), u32(98)])))
  })
})
