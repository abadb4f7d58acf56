import { describe, expect, test } from '@jest/globals'
import type { BoundColumn } from '../../lib/binlog/bound-column.js'
import { compileImageWalker } from '../../lib/binlog/image-walker.js'
import { compileKeyReader } from '../../lib/binlog/key-reader.js'
import { rowSource } from '../../lib/binlog/row-code.js'
import { compileRowEncoder } from '../../lib/binlog/row-encoder.js'
import type { RowLayout } from '../../lib/binlog/row-layout.js'
import { rowPunctuation } from '../../lib/binlog/row-punctuation.js'
import { textColumn } from '../../lib/binlog/text-columns.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import { imageText } from '../../lib/rules/image-text.js'
import { u8, u32, u64 } from '../support/binlog-builder.js'
import { bigint, column, int, varchar } from '../support/bound-columns.js'
import { encodeImages, encodeOne, layoutOf, UTC } from '../support/encoded-rows.js'
import { failureOf as failure } from '../support/failure-of.js'
import { sourceColumn } from '../support/source-column.js'
import { textImage } from '../support/text-images.js'

const str = (value: string | Buffer) => Buffer.concat([u8(Buffer.from(value).length), Buffer.from(value)])
const TABLE = { schema: 's', table: 't' }
const added = (name: string, type: string, nullable = true) =>
  textColumn(TABLE, sourceColumn(name, type, { nullable }), 'text')

const OWN = [int('id'), varchar('name', { nullable: true }), int('n', { nullable: true })]
const ADDED = [added('mask', 'varchar(40)'), added('sum', 'decimal(10,2)'), added('doc', 'json')]
const ALL = [...OWN, ...ADDED]
const image = (id: number, name: string, n: number) => Buffer.concat([u8(0), u32(id), str(name), u32(n)])
const EXTENDED = Buffer.concat([image(7, 'é', 9), textImage(['m*', '1.50', '{"a": 1}'])])

const changes = (more: Partial<RowLayout> = {}): Partial<RowLayout> => ({ added: 3, ...more })

describe('rows of extended images', () => {
  test('added values are written behind the own, or anywhere in their place', () => {
    expect(encodeOne(ALL, EXTENDED, changes()).text).toBe('7\x01é\x019\x01m*\x011.50\x01{"a": 1}\x02')
    expect(encodeOne(ALL, EXTENDED, changes({ format: 'json', op: true })).text).toBe(
      '{"id":"7","name":"é","n":"9","mask":"m*","sum":"1.50","doc":{"a": 1},"__op":"0"}',
    )
    const masked = layoutOf(ALL).fields.map((field, i) => (i === 1 ? null : field))
    expect(encodeOne(ALL, EXTENDED, changes({ fields: masked })).text).toBe('7\x019\x01m*\x011.50\x01{"a": 1}\x02')
  })

  test('NULL, of own and of added columns', () => {
    const nulls = Buffer.concat([u8(0b110), u32(7), textImage([null, '2', null])])
    expect(encodeOne(ALL, nulls, changes()).text).toBe('7\x01\\N\x01\\N\x01\\N\x012\x01\\N\x02')
    const rows = encodeImages(
      layoutOf(ALL, changes()),
      Buffer.concat([nulls, EXTENDED, nulls]),
      0,
      2 * nulls.length + EXTENDED.length,
    )
    expect(rows.map(({ text }) => text[2])).toEqual(['\\', 'é', '\\'])
  })

  test('an added value that CSV cannot carry sends the row as JSON', () => {
    const separated = Buffer.concat([image(7, 'é', 9), textImage(['a\x01b', '1', '{}'])])
    expect(encodeOne(ALL, separated, changes()).unsafe).toBe(true)
    expect(encodeOne(ALL, EXTENDED, changes()).unsafe).toBe(false)
    // A scalar document would be loaded as a JSON string.
    const scalar = Buffer.concat([image(7, 'é', 9), textImage(['a', '1', '17'])])
    expect(encodeOne(ALL, scalar, changes()).unsafe).toBe(true)
  })

  test('sums of added values', () => {
    const measures = [
      { name: 'total', column: 4 },
      { name: 'rows', column: null },
    ]
    const layout = layoutOf(
      ALL,
      changes({ measures, fields: ALL.map((_, i) => (i === 0 ? { name: 'id', form: 'text' } : null)) }),
    )
    expect(encodeImages(layout, EXTENDED, 0, EXTENDED.length)[0]!.text).toBe('7\x011.50\x011\x02')
    expect(encodeImages(layout, EXTENDED, 0, EXTENDED.length, { op: 1 })[0]!.text).toBe('7\x01-1.50\x01-1\x02')
  })

  test('values that are refused are named with the key', () => {
    const fields = layoutOf(ALL).fields.map((field, i) =>
      i === 3
        ? {
            ...field!,
            guard: {
              target: 'd.t.mask (varchar(1))',
              notNull: false,
              value: { kind: 'bytes' as const, most: 1, decoded: false },
            },
          }
        : field,
    )
    const error = failure(() => encodeOne(ALL, EXTENDED, changes({ fields })))
    expect([error.kind, error.message]).toEqual([
      'valueUnfit',
      expect.stringMatching(/column mask of the row with key \{"id":"7"\}/),
    ])
  })

  test('across the parts of a wide table', () => {
    for (const own of [31, 32, 33, 64, 70]) {
      const columns = [
        ...Array.from({ length: own }, (_, i) => int(`c${i}`, { nullable: i % 7 === 3 })),
        ...Array.from({ length: 40 }, (_, i) => added(`a${i}`, 'int')),
      ]
      const nulls = Buffer.alloc((own + 7) >> 3)
      const bytes = Buffer.concat([
        nulls,
        ...Array.from({ length: own }, (_, i) => u32(i)),
        textImage(Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? null : `${1000 + i}`))),
      ])
      const expected = columns.map((_, i) => (i < own ? `${i}` : (i - own) % 3 === 0 ? '\\N' : `${1000 + i - own}`))
      expect(encodeOne(columns, bytes, { added: 40 }).text).toBe(`${expected.join('\x01')}\x02`)
      const { hash } = encodeOne([int('k')], Buffer.concat([u8(0), u32(1038)]))
      expect(encodeOne(columns, bytes, { added: 40, key: [own + 38] }).hash).toBe(hash)
    }
  })

  test('one that ends too early, or holds NULL where there is none, is refused by its column', () => {
    const strict = [...OWN, ADDED[0]!, added('sum', 'decimal(10,2)', false)]
    const whole = Buffer.concat([image(7, 'é', 9), textImage(['m*', '1.50'])])
    const encoder = compileRowEncoder(layoutOf(strict, { added: 2 }))
    const out = Buffer.alloc(500)
    for (let limit = 0; limit < whole.length; limit++) {
      const error = failure(() => encoder.encode(whole, 0, limit, out, 0, 0))
      expect(error.message).toMatch(/^s\.t: column (id|name|n|mask|sum) cannot be decoded/)
    }
    const none = Buffer.concat([image(7, 'é', 9), textImage(['m*', null])])
    expect(failure(() => encodeOne(strict, none, { added: 2 })).message).toMatch(/column sum .*NOT NULL is NULL/)
    // The bitmap of NULLs is as long as the own columns ask for.
    const nine = Array.from({ length: 8 }, (_, i) => int(`c${i}`, { nullable: true }))
    expect(encodeOne([...nine, ADDED[0]!], Buffer.concat([u8(255), textImage(['x'])]), { added: 1 }).text).toBe(
      `${'\\N\x01'.repeat(8)}x\x02`,
    )
  })
})

describe('keys', () => {
  const hash = (columns: readonly BoundColumn[], bytes: Buffer, key: number[], more: Partial<RowLayout> = {}) =>
    encodeOne(columns, bytes, { key, ...more }).hash

  test.each([
    ['bigint', bigint('k'), u64(-9007199254740993n), '-9007199254740993'],
    ['int', int('k'), u32(42), '42'],
    ['varchar(40)', varchar('k'), str('Größe 7'), 'Größe 7'],
    ['date', column('k', WIRE.DATE), u8(0x5d, 0xd0, 0x0f), '2024-02-29'],
    ['decimal(5,2)', column('k', WIRE.NEWDECIMAL, { length: 5, scale: 2 }), u8(0x80, 1, 50), '1.50'],
    [
      'varbinary(9)',
      varchar('k', { form: 'binary', isBinary: true }),
      str(Buffer.from([1, 0, 255])),
      Buffer.from([1, 0, 255]),
    ],
  ] as const)('%s: equal hashes, own or added', (type, bound, bytes, text) => {
    const own = Buffer.concat([u8(0), bytes, textImage([text])])
    const columns = [bound, added('k2', type)]
    expect(hash(columns, own, [1], { added: 1 })).toBe(hash(columns, own, [0], { added: 1 }))
    expect(hash(columns, own, [0], { added: 1 })).toBe(hash([bound], Buffer.concat([u8(0), bytes]), [0]))
    expect(hash([added('k2', type)], textImage([text]), [0], { images: 'text' })).toBe(
      hash(columns, own, [1], { added: 1 }),
    )
    expect(hash(columns, own, [0, 1], { added: 1 })).not.toBe(hash(columns, own, [0], { added: 1 }))
  })

  test('an update that moves an added key is seen, whatever stays', () => {
    const rows = ['x', 'x', 'y', null].map(key => Buffer.concat([image(7, 'a', 9), textImage([key, '1', '{}'])]))
    const all = Buffer.concat(rows)
    const places = rows.map((_, i) => rows.slice(0, i).reduce((sum, row) => sum + row.length, 0))
    for (const key of [[3], [0, 3], [3, 0]]) {
      const encoder = compileRowEncoder(layoutOf(ALL, changes({ key })))
      const same = (i: number, k: number) => encoder.sameKey(all, places[i]!, places[k]!, all.length)
      expect([same(0, 1), same(1, 2), same(2, 3), same(3, 3)]).toEqual([true, false, false, true])
    }
  })

  test('are read as literals', () => {
    const id = sourceColumn('id', 'int', { nullable: false })
    const mask = sourceColumn('mask', 'varchar(40)')
    const parts = [
      { index: 3, column: mask },
      { index: 0, column: id },
    ]
    const reader = compileKeyReader('binlog', ALL, parts, UTC, 3)
    expect(reader.keyBound(EXTENDED, 0, EXTENDED.length)).toEqual(["_utf8mb4 x'6D2A'", '7'])
    const texts: string[] = []
    expect(reader.keyTexts(Buffer.concat([EXTENDED, EXTENDED]), EXTENDED.length, 2 * EXTENDED.length, texts)).toBe(
      2 * EXTENDED.length,
    )
    expect(texts).toEqual(["_utf8mb4 x'6D2A',7"])
  })
})

test('a walk notes where added values stand, lengths included', () => {
  const walker = compileImageWalker(ALL, 3)
  const to = new Int32Array(2 * ALL.length)
  const bytes = Buffer.concat([u8(0b010), u32(7), u32(9), textImage(['m*', null, '{}'])])
  expect(walker.walk(bytes, 0, bytes.length, to)).toBe(bytes.length)
  expect([...to]).toEqual([1, 5, -1, -1, 5, 9, 9, 12, -1, -1, 13, 16])
})

test('the text of an image has what is shown of it', () => {
  const text = imageText(ALL, UTC, { added: 3, shown: [true, false, true, true, true, false] })
  expect(text(EXTENDED, 0, EXTENDED.length)).toBe('{"id":"7","n":"9","mask":"m*","sum":"1.50"}')
})

describe('generated code', () => {
  const all = [
    ...OWN,
    bigint('b'),
    column('l', WIRE.BLOB, { length: 2, form: 'binary', isBinary: true, nullable: true }),
    column('j', WIRE.JSON, { length: 4, form: 'json' }),
  ]
  const source = (layout: RowLayout) => rowSource(layout, rowPunctuation(layout))

  test('without added values, is that of a plain image', () => {
    for (const format of ['csv', 'json'] as const)
      for (const images of ['binlog', 'text'] as const) {
        const plain = layoutOf(all, { format, images, key: [0, 1] })
        expect(source({ ...plain, added: 0 })).toEqual(source(plain))
        // Rows of a SELECT are text all along.
        if (images === 'text') expect(source({ ...plain, added: 2 })).toEqual(source(plain))
        else expect(source({ ...plain, added: 2 }).source).not.toBe(source(plain).source)
      }
  })

  test('of own columns, stays the same with values behind them', () => {
    const own = source(layoutOf(all))
    const extended = source(layoutOf([...all, ...ADDED], changes()))
    expect(extended.codes.slice(0, all.length)).toEqual(own.codes)
    const body = (text: string) => /function skip\(.*?\)\{(.*?)if\(!\(p<=limit/s.exec(text)![1]!
    expect(body(extended.source).startsWith(body(own.source))).toBe(true)
  })
})

test('room is promised for compressed values and long added ones', () => {
  const long = 'x'.repeat(70_000)
  const bytes = Buffer.concat([image(7, 'é', 9), textImage([long, '1', `["${'é'.repeat(40_000)}"]`])])
  expect(encodeOne(ALL, bytes, changes({ format: 'json' })).text.length).toBeGreaterThan(110_000)
  expect(encodeOne(ALL, bytes, changes()).text.slice(7, 10)).toBe('xxx')
})
