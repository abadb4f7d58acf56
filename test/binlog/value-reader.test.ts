import { describe, expect, test } from '@jest/globals'
import { spanAt, spanBytes } from '../../lib/binlog/ascii-span.js'
import type { BoundColumn } from '../../lib/binlog/bound-column.js'
import { compileRowEncoder } from '../../lib/binlog/row-encoder.js'
import { textColumn } from '../../lib/binlog/text-columns.js'
import { compileValueReader } from '../../lib/binlog/value-reader.js'
import { decimalBytes, WIRE } from '../../lib/binlog/wire-type.js'
import type { Value, ValueType } from '../../lib/model/value.js'
import { u8, u16, u32, u64 } from '../support/binlog-builder.js'
import { bigint, column, int, varchar } from '../support/bound-columns.js'
import { layoutOf, UTC } from '../support/encoded-rows.js'
import { failureOf as failure } from '../support/failure-of.js'
import { Random } from '../support/random.js'
import { sourceColumn } from '../support/source-column.js'
import { textImage } from '../support/text-images.js'

const str = (value: string | Buffer) => Buffer.concat([u8(Buffer.from(value).length), Buffer.from(value)])

const INT: ValueType = { kind: 'integer', bits: 32, unsigned: false }
const BIGINT: ValueType = { kind: 'integer', bits: 64, unsigned: false }
const TEXT: ValueType = { kind: 'text', maxLength: null }
const BYTES: ValueType = { kind: 'bytes', maxLength: null }

const texts = (...indexes: readonly number[]) => indexes.map(index => ({ index, type: TEXT }))

/** The wanted values of one binlog image, which must end where the image does. */
function valuesOf(columns: readonly BoundColumn[], wanted: readonly [number, ValueType][], image: Buffer): Value[] {
  const to: Value[] = []
  const reader = compileValueReader(
    'binlog',
    columns,
    wanted.map(([index, type]) => ({ index, type })),
    UTC,
  )
  expect(reader.read(image, 0, image.length, to)).toBe(image.length)
  return to
}

test('a text of ASCII characters is told as where it stands, any other is made', () => {
  const columns = [
    varchar('ascii'),
    varchar('other'),
    varchar('none', { nullable: true }),
    varchar('latin', { form: 'latin1' }),
    varchar('empty'),
  ]
  const image = Buffer.concat([u8(4), str('abcd'), str('é'), str('xy'), str('')])
  const wanted = columns.map((_, index) => ({ index, type: TEXT, asSpan: true as const }))
  const to: Value[] = []
  const padded = Buffer.concat([Buffer.alloc(70_000), image])
  compileValueReader('binlog', columns, wanted, UTC).read(padded, 70_000, padded.length, to)
  const [ascii, other, none, latin, empty] = to
  expect([spanAt(ascii as number), spanBytes(ascii as number)]).toEqual([70_002, 4])
  expect([other, none, latin]).toEqual(['é', null, 'xy'])
  expect([spanAt(empty as number), spanBytes(empty as number)]).toEqual([padded.length, 0])
})

describe('values', () => {
  const columns = [
    int('id'),
    varchar('name', { nullable: true }),
    int('n', { nullable: true }),
    bigint('big'),
    column('b', WIRE.BLOB, { length: 2, form: 'binary', isBinary: true, nullable: true }),
  ]
  const image = Buffer.concat([u8(0), u32(7), str('é x'), u32(0xffffffff), u64(-5n), u16(2), Buffer.from([1, 2])])

  test('stand in the order they were asked for, each as often as it was, from the given place on', () => {
    const reader = compileValueReader(
      'binlog',
      columns,
      [
        { index: 3, type: BIGINT },
        { index: 1, type: TEXT },
        { index: 0, type: INT },
        { index: 1, type: BYTES },
        { index: 2, type: INT },
      ],
      UTC,
    )
    const to: Value[] = ['kept', 'kept']
    expect(reader.read(image, 0, image.length, to, 1)).toBe(image.length)
    expect(to).toEqual(['kept', -5n, 'é x', 7, Buffer.from('é x'), -1])
  })

  test('NULL', () => {
    const wanted: [number, ValueType][] = [1, 2, 4, 4].map((i, k) => [i, [TEXT, INT, BYTES, TEXT][k]!])
    const nulls = Buffer.concat([u8(0b10110), u32(7), u64(1)])
    expect(valuesOf(columns, wanted, nulls)).toEqual([null, null, null, null])
    expect(valuesOf(columns, wanted, image)).toEqual(['é x', -1, Buffer.from([1, 2]), 'AQI='])
  })

  test('none are asked for: the image is stepped over', () => {
    expect(valuesOf(columns, [], image)).toEqual([])
  })

  test('of tables with more columns than one generated function has', () => {
    const many = Array.from({ length: 100 }, (_, i) =>
      i % 3 === 0 ? varchar(`c${i}`, { nullable: i % 2 === 0 }) : int(`c${i}`, { nullable: i % 5 === 0 }),
    )
    const nulls = Buffer.alloc(13)
    const values = many.map((column, i): Value => {
      if (column.nullable && i % 4 === 0) return null
      return i % 3 === 0 ? `text ${i}` : i
    })
    const bytes = values.map((value, i) => {
      if (value === null) nulls[i >> 3]! |= 1 << (i & 7)
      return value === null ? Buffer.alloc(0) : typeof value === 'string' ? str(value) : u32(Number(value))
    })
    const image = Buffer.concat([nulls, ...bytes])
    const type = (i: number) => (i % 3 === 0 ? TEXT : INT)
    expect(
      valuesOf(
        many,
        many.map((_, i) => [i, type(i)]),
        image,
      ),
    ).toEqual(values)
    for (const some of [[0], [31, 32, 33], [99], [98, 0, 63, 64]])
      expect(
        valuesOf(
          many,
          some.map(i => [i, type(i)]),
          image,
        ),
      ).toEqual(some.map(i => values[i]))
  })

  test('texts of all lengths, ASCII and not', () => {
    const [text] = [varchar('v', { length: 4000 })]
    for (const letter of ['a', 'é', '€', '😀', '\u0000', '\ufffd'])
      for (let n = 0; n < 70; n++) {
        const value = `${'x'.repeat(n >> 1)}${letter.repeat(n - (n >> 1))}`
        const bytes = Buffer.from(value)
        expect(valuesOf([text!], [[0, TEXT]], Buffer.concat([u8(0), u16(bytes.length), bytes]))).toEqual([value])
      }
  })

  test('long texts that are converted', () => {
    const latin1 = column('v', WIRE.BLOB, { length: 4, form: 'latin1' })
    const reader = compileValueReader('binlog', [latin1, int('n')], texts(0, 1), UTC)
    const to: Value[] = []
    for (const n of [10, 200_000, 30_000, 70_000]) {
      const image = Buffer.concat([u8(0), u32(n), Buffer.alloc(n, 0x80), u32(n)])
      reader.read(image, 0, image.length, to)
      expect(to).toEqual(['€'.repeat(n), `${n}`])
    }
  })

  test('decimals of every shape are as their text', () => {
    const random = new Random(5)
    for (const [precision, scale] of [
      [1, 0],
      [1, 1],
      [9, 0],
      [9, 9],
      [10, 2],
      [15, 0],
      [16, 8],
      [18, 9],
      [19, 10],
      [27, 6],
      [38, 10],
      [65, 0],
      [65, 30],
      [30, 30],
    ] as const) {
      const decimal = column('d', WIRE.NEWDECIMAL, { length: precision, scale })
      const reader = compileValueReader(
        'binlog',
        [decimal],
        [{ index: 0, type: { kind: 'decimal', precision, scale } }],
        UTC,
      )
      const encoder = compileRowEncoder(layoutOf([decimal]))
      const out = Buffer.alloc(200)
      for (let i = 0; i < 60; i++) {
        // Small bytes: every group of digits stays below its end.
        const bytes = Buffer.from(Array.from({ length: decimalBytes(precision, scale) }, () => random.below(4)))
        bytes[0]! ^= 0x80
        if (i % 2 === 1) for (let k = 0; k < bytes.length; k++) bytes[k]! ^= 255
        const image = Buffer.concat([u8(0), bytes])
        const to: Value[] = []
        reader.read(image, 0, image.length, to)
        const text = out.toString('latin1', 0, encoder.encode(image, 0, image.length, out, 0, 0) - 1)
        expect(to[0]).toBe(BigInt(text.replace('.', '')))
      }
    }
  })
})

describe('texts', () => {
  test('of any column are those of the stream', () => {
    const columns = [
      bigint('n'),
      column('d', WIRE.NEWDECIMAL, { length: 5, scale: 2 }),
      column('at', WIRE.TIMESTAMP2, { length: 0, nullable: true }),
      column('raw', WIRE.STRING, { length: 3, form: 'binary', isBinary: true }),
      varchar('l', { form: 'latin1' }),
    ]
    const image = Buffer.concat([
      u8(0),
      u64(-12n),
      u8(0x80, 1, 50),
      Buffer.from([0, 0, 0, 60]),
      str('a'),
      str(Buffer.from([0xe9, 0x80])),
    ])
    const to: Value[] = []
    compileValueReader('binlog', columns, texts(4, 3, 2, 1, 0), UTC).read(image, 0, image.length, to)
    expect(to).toEqual(['é€', 'YQAA', '1970-01-01 00:01:00', '1.50', '-12'])
  })
})

describe('rows of a SELECT', () => {
  const table = { schema: 's', table: 't' }
  const columns = ['bigint', 'decimal(10,2)', 'float', 'year', 'varchar(300)'].map((type, i) =>
    textColumn(table, sourceColumn(`c${i}`, type, { nullable: i > 0 }), 'text'),
  )
  const wanted: readonly ValueType[] = [
    BIGINT,
    { kind: 'decimal', precision: 10, scale: 2 },
    { kind: 'double' },
    { kind: 'year' },
    TEXT,
  ]
  const reader = compileValueReader(
    'text',
    columns,
    wanted.map((type, index) => ({ index, type })),
    UTC,
  )
  const read = (values: readonly (string | null)[]): Value[] => {
    const to: Value[] = []
    const image = textImage(values)
    expect(reader.read(image, 0, image.length, to)).toBe(image.length)
    return to
  }

  test('values, long and short, and NULL', () => {
    expect(read(['-9223372036854775808', '-0.50', '1.100000023841858', '0000', 'x'.repeat(299)])).toEqual([
      -9223372036854775808n,
      -50n,
      Math.fround(1.1),
      0,
      'x'.repeat(299),
    ])
    expect(read(['123456789012345', null, null, null, null])).toEqual([123456789012345n, null, null, null, null])
    expect(read(['0', '7', '-0', '2155', ''])).toEqual([0n, 700n, -0, 2155, ''])
    // A FLOAT's own text, which is shorter than that of the double it is.
    expect(read(['0', '7', '1.1', '2155', ''])[2]).toBe(Math.fround(1.1))
  })

  test.each([
    [0, ['x', '0', '0', '0', ''], 'it is not a whole number'],
    [0, [null, '0', '0', '0', ''], 'a column that is NOT NULL is NULL'],
    [1, ['0', '0.001', '0', '0', ''], 'it has 3 digits behind the point, where its type has 2'],
    [1, ['0', '1e5', '0', '0', ''], 'it is not a whole number'],
    [2, ['0', '0', 'inf', '0', ''], 'it is not a finite number'],
    [3, ['0', '0', '0', '', ''], 'it is not a number of its type'],
  ] as const)('column %d of %j is refused', (i, values, message) => {
    expect(failure(() => read(values)).message).toBe(`s.t: column c${i} cannot be decoded: ${message}`)
  })
})

describe('refused are', () => {
  const columns = [int('id'), varchar('v'), column('d', WIRE.DOUBLE, {}), bigint('n')]
  const wanted: [number, ValueType][] = [
    [0, INT],
    [1, TEXT],
    [2, { kind: 'double' }],
    [3, BIGINT],
  ]
  const image = Buffer.concat([u8(0), u32(7), str('abc'), Buffer.alloc(8), u64(1)])

  test('images that run past their limit, at every length, by table and column', () => {
    for (const some of [wanted, [], wanted.slice(3)]) {
      const reader = compileValueReader(
        'binlog',
        columns,
        some.map(([index, type]) => ({ index, type })),
        UTC,
      )
      for (const source of [image, Buffer.concat([image, Buffer.alloc(50, 0x61)])])
        for (let limit = 0; limit < image.length; limit++) {
          const error = failure(() => reader.read(source.subarray(0, Math.max(limit, source.length - 1)), 0, limit, []))
          expect(error.kind).toBe('notDecodable')
          expect(error.message).toMatch(/^s\.t: column (id|v|d|n) cannot be decoded: /)
        }
    }
  })

  test('text that is no UTF-8, numbers that are none, labels that are not there, NULL where there is none', () => {
    const message = (bytes: Buffer) => failure(() => valuesOf(columns, wanted, bytes)).message
    const wrong = Buffer.concat([u8(0), u32(7), str(Buffer.from([0x61, 0xe9])), image.subarray(9)])
    expect(message(wrong)).toBe('s.t: column v cannot be decoded: its text is not valid UTF-8')
    const infinite = Buffer.from(image)
    infinite.writeDoubleLE(Number.POSITIVE_INFINITY, 9)
    expect(message(infinite)).toBe('s.t: column d cannot be decoded: it is not a finite number')
    expect(message(Buffer.concat([u8(2), image.subarray(1)]))).toMatch(/NOT NULL is marked NULL/)
    const label = column('e', WIRE.ENUM, { length: 1, form: 'labels', members: [Buffer.from('a')] })
    expect(valuesOf([label], [[0, TEXT]], u8(0, 0))).toEqual([''])
    expect(valuesOf([label], [[0, TEXT]], u8(0, 1))).toEqual(['a'])
    expect(failure(() => valuesOf([label], [[0, TEXT]], u8(0, 2))).message).toMatch(/column e .*it has no label 2/)
  })

  test('columns that cannot be decoded, when they are wanted', () => {
    const unknown = varchar('v', { undecodable: 'is in charset klingon' })
    expect(failure(() => valuesOf([int('id'), unknown], [[1, TEXT]], image)).message).toBe(
      's.t: column v is in charset klingon',
    )
    expect(valuesOf([int('id'), unknown], [[0, INT]], Buffer.concat([u8(0), u32(7), str('?')]))).toEqual([7])
  })

  test('types that are not the column’s', () => {
    for (const [index, type] of [
      [0, BIGINT],
      [3, INT],
      [1, INT],
      [0, { kind: 'double' }],
    ] as const)
      expect(failure(() => valuesOf(columns, [[index, type]], image)).kind).toBe('internal')
  })
})
