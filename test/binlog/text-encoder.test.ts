import { describe, expect, test } from '@jest/globals'
import type { BoundColumn } from '../../lib/binlog/bound-column.js'
import { compileKeyReader, type KeyReader } from '../../lib/binlog/key-reader.js'
import { compileRowEncoder } from '../../lib/binlog/row-encoder.js'
import { textColumn } from '../../lib/binlog/text-columns.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import type { SourceColumn } from '../../lib/model/schema.js'
import { column } from '../support/bound-columns.js'
import { encodeImages, layoutOf, UTC } from '../support/encoded-rows.js'
import { failureOf } from '../support/failure-of.js'
import { Random } from '../support/random.js'
import { sourceColumn } from '../support/source-column.js'
import { textImage } from '../support/text-images.js'

const TABLE = { schema: 's', table: 't' }
const LABELS = ['a', 'x"y', '7', '中', 'b\\c'].map(label => Buffer.from(label))

/** A type of fixed length on the wire, of which all bytes are values, with the bits that are none turned off. */
interface KeyType {
  readonly type: string
  readonly bound: BoundColumn
  readonly bytes: number
  readonly fix?: (value: Buffer) => void
}

const number = (type: string, wire: number, bytes: number, more: Partial<BoundColumn> = {}): KeyType => ({
  type,
  bound: column('v', wire, more),
  bytes,
})
const finite = (from: number) => (value: Buffer) => {
  value[from]! &= 0x3f
}
/** Digits of a group of nine are below 10^9, and so on. */
const decimalFix = (value: Buffer) => {
  for (let at = 0; at < value.length; at += 4) value[at]! &= at === 0 ? 0x9f : 0x1f
  if (value[0]! < 128) for (let at = 0; at < value.length; at += 4) value[at]! |= at === 0 ? 0x60 : 0xe0
}

const TYPES: readonly KeyType[] = [
  number('tinyint', WIRE.TINY, 1),
  number('smallint unsigned', WIRE.SHORT, 2, { unsigned: true }),
  number('mediumint', WIRE.INT24, 3),
  number('int', WIRE.LONG, 4),
  number('bigint', WIRE.LONGLONG, 8),
  number('bigint unsigned', WIRE.LONGLONG, 8, { unsigned: true }),
  number('bit(9)', WIRE.BIT, 2, { length: 16 }),
  number('bit(64)', WIRE.BIT, 8, { length: 64 }),
  number('year', WIRE.YEAR, 1),
  { ...number('decimal(18,9)', WIRE.NEWDECIMAL, 8, { length: 18, scale: 9 }), fix: decimalFix },
  { ...number('float', WIRE.FLOAT, 4), fix: finite(3) },
  { ...number('double', WIRE.DOUBLE, 8), fix: finite(7) },
  number('date', WIRE.DATE, 3),
  number('datetime', WIRE.DATETIME2, 5, { length: 0 }),
  number('timestamp', WIRE.TIMESTAMP2, 4, { length: 0 }),
  number('time', WIRE.TIME2, 3, { length: 0 }),
  {
    type: "enum('a','x\"y','7','中','b\\\\c')",
    bound: column('v', WIRE.ENUM, { length: 1, form: 'labels', members: LABELS }),
    bytes: 1,
    fix: value => {
      value[0]! %= LABELS.length + 1
    },
  },
  {
    type: "set('a','x\"y','7','中','b\\\\c')",
    bound: column('v', WIRE.SET, { length: 1, form: 'labels', members: LABELS }),
    bytes: 1,
    fix: value => {
      value[0]! &= 31
    },
  },
]

/** The same value as the text protocol carries it, from the text that the stream writes. */
function selected(type: string, text: string): string {
  return type === 'float' ? String(Math.fround(Number(text))) : text
}

const sourceOf = (type: string): SourceColumn => ({
  ...sourceColumn('v', type.replace(/ .*/, ''), { nullable: false }),
  members: LABELS.map(String),
})

describe('a row read by SELECT is written, hashed and named as in the stream', () => {
  test.each(TYPES.map(found => [found.type, found] as const))('%s', (_, { type, bound, bytes, fix }) => {
    const random = new Random(11)
    const source = sourceOf(type)
    const text = [textColumn(TABLE, source, 'text')]
    const keyText = [textColumn(TABLE, source, 'key')]
    const numbered = bound.form === 'labels'
    const [streamKey, textKey] = [
      compileKeyReader('binlog', [bound], [{ index: 0, column: source }], UTC),
      compileKeyReader('text', keyText, [{ index: 0, column: source }], UTC),
    ]
    const values = Array.from({ length: 300 }, (_, i) => {
      const value = Buffer.from(Array.from({ length: bytes }, () => (i < 2 ? i * 255 : random.below(256))))
      fix?.(value)
      return value
    })
    const images = Buffer.concat(values.flatMap(value => [Buffer.from([0]), value]))
    for (const format of ['csv', 'json'] as const) {
      const wanted = encodeImages(layoutOf([bound], { format }), images, 0, images.length)
      const texts = wanted.map(row =>
        selected(type, format === 'csv' ? row.text.slice(0, -1) : (JSON.parse(row.text) as { v: string }).v),
      )
      const others = Buffer.concat(texts.map(v => textImage([v])))
      expect(encodeImages(layoutOf(text, { images: 'text', format }), others, 0, others.length)).toEqual(wanted)
      const keys = Buffer.concat(texts.map((v, i) => textImage([numbered ? String(values[i]![0]) : v])))
      expect(allKeys(textKey, keys)).toEqual(allKeys(streamKey, images))
    }
  })
})

function allKeys(reader: KeyReader, images: Buffer): string[] {
  const keys: string[] = []
  for (let at = 0; at < images.length; ) at = reader.keyTexts(images, at, images.length, keys)
  return keys
}

describe('text images', () => {
  const wide = (count: number, nullable: boolean) =>
    Array.from({ length: count }, (_, i) =>
      textColumn(TABLE, sourceColumn(`c${i}`, 'varchar(99)', { nullable }), 'text'),
    )
  const layout = (columns: readonly BoundColumn[]) => layoutOf(columns, { images: 'text', key: [0] })

  test.each([0, 1, 250, 251, 252, 65_535, 65_536, 16_777_215, 16_777_216])('a value of %d bytes', bytes => {
    const value = Buffer.alloc(bytes, 'x')
    const image = textImage([value, 'end'])
    const [row] = encodeImages({ ...layout(wide(2, true)), key: [1] }, image, 0, image.length)
    expect(row!.text.length).toBe(bytes + 5)
    expect(row!.text.endsWith(`${bytes > 0 ? 'x' : ''}\x01end\x02`)).toBe(true)
  })

  test.each([1, 7, 32, 33, 100])('%d columns, NULL among them', count => {
    const values = Array.from({ length: count }, (_, i) => (i % 3 === 1 ? null : `v${i}`))
    const image = Buffer.concat([textImage(values), textImage(values)])
    const rows = encodeImages(layout(wide(count, true)), image, 0, image.length)
    expect(rows.map(row => row.text)).toEqual(Array(2).fill(`${values.map(v => v ?? '\\N').join('\x01')}\x02`))
  })

  test('a NULL in a column that has none is named', () => {
    const image = textImage(['a', null])
    expect(failureOf(() => encodeImages(layout(wide(2, false)), image, 0, image.length))).toMatchObject({
      kind: 'notDecodable',
      message: 's.t: column c1 cannot be decoded: a column that is NOT NULL is NULL',
    })
  })

  test('an image that is cut off anywhere is refused, whatever stands behind it', () => {
    const image = textImage(['ab', 'c'.repeat(300), 'd'])
    for (const nullable of [true, false]) {
      const encoder = compileRowEncoder(layout(wide(3, nullable)))
      for (let end = 0; end < image.length; end++)
        for (const buffer of [image, image.subarray(0, end)])
          expect(failureOf(() => encoder.skip(buffer, 0, end)).kind).toBe('notDecodable')
    }
  })

  test('a row asks for its own room, not for that of the whole piece', () => {
    const one = textImage(['ab', 'c'.repeat(300), null])
    const piece = Buffer.concat(Array(3000).fill(one))
    for (const format of ['csv', 'json'] as const) {
      const encoder = compileRowEncoder({ ...layout(wide(3, true)), format })
      for (const at of [0, piece.length - one.length]) {
        const room = encoder.room(piece, at, piece.length)
        expect(room).toBeLessThan(3000)
        expect(encoder.encode(piece, at, piece.length, Buffer.alloc(room), 0, 0)).toBeLessThanOrEqual(room)
      }
    }
  })

  test('NULL differs from the empty text, and columns do not run into each other', () => {
    const images = [
      [null, 'a'],
      ['', 'a'],
      ['a', ''],
      ['a', null],
    ].map(textImage)
    const columns = wide(2, true)
    const hashes = images.map(
      image => encodeImages(layoutOf(columns, { images: 'text', key: [0, 1] }), image, 0, image.length)[0]!.hash,
    )
    expect(new Set(hashes).size).toBe(4)
  })

  test.each(['', '-', '1x', '1e', '1e+', 'nan', '1e999'])('FLOAT: %j is no number', text => {
    const image = textImage([text])
    const columns = [textColumn(TABLE, sourceColumn('f', 'float'), 'text')]
    expect(failureOf(() => encodeImages(layout(columns), image, 0, image.length)).kind).toBe('notDecodable')
  })
})
