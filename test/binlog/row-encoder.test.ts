import { describe, expect, test } from '@jest/globals'
import { compileRowEncoder } from '../../lib/binlog/row-encoder.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import { u8, u16, u32, u64 } from '../support/binlog-builder.js'
import { bigint, column, int, varchar } from '../support/bound-columns.js'
import { encodeImages, encodeOne, layoutOf } from '../support/encoded-rows.js'
import { failureOf as failure } from '../support/failure-of.js'

const str = (value: string | Buffer) => Buffer.concat([u8(Buffer.from(value).length), Buffer.from(value)])

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
    expect(encodeOne(columns, Buffer.concat([u8(0b110), u32(7)])).text).toBe('7\x01\\N\x01\\N\x02')
    expect(encodeOne(columns, Buffer.concat([u8(0b010), u32(7), u32(8)])).text).toBe('7\x01\\N\x018\x02')
  })

  test('columns may be left out, at any place', () => {
    const field = (name: string) => ({ name, form: 'text' as const })
    const image = Buffer.concat([u8(0), u32(7), str('gone'), u32(8)])
    expect(encodeOne(columns, image, { fields: [field('id'), null, field('n')] }).text).toBe('7\x018\x02')
    expect(encodeOne(columns, image, { fields: [null, null, field('n')] }).text).toBe('8\x02')
    expect(encodeOne(columns, image, { fields: [null, null, null], constants: [{ name: 'c', text: 'x' }] }).text).toBe(
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

  test('the default separators are unsafe at every length and place, other control bytes are not', () => {
    const columns = [int('id'), varchar('v', { length: 2000 })]
    for (const n of [1, 2, 7, 8, 9, 16, 23, 24, 100, 383, 384, 1000])
      for (let at = 0; at < n; at += 1 + (n >> 4))
        for (const byte of [0, 1, 2, 3, 9, 10, 31, 32, 127, 128, 130, 255]) {
          const value = Buffer.alloc(n, 'a')
          value[at] = byte
          const row = encodeOne(columns, Buffer.concat([u8(0), u32(1), u16(n), value]))
          expect([n, at, byte, row.unsafe]).toEqual([n, at, byte, byte === 1 || byte === 2])
        }
  })

  test('latin1 text with a separator, or exactly \\N, is unsafe', () => {
    const columns = [int('id'), varchar('v', { form: 'latin1' })]
    const unsafe = (text: string) =>
      encodeOne(columns, Buffer.concat([u8(0), u32(1), str(Buffer.from(text, 'latin1'))])).unsafe
    expect(['\\N', 'é\x01', '\x02', '\\n', '\\Né', 'é'].map(unsafe)).toEqual([true, true, true, false, false, false])
  })

  test('every byte of a separator that can be printed is unsafe, at every length and place', () => {
    const [name] = [varchar('v', { length: 2000 })]
    const changes = { columnSeparator: Buffer.from(','), rowDelimiter: Buffer.from('\n') }
    for (const n of [1, 3, 7, 8, 9, 15, 16, 17, 100, 383, 384, 385, 1000])
      for (const at of new Set([0, n >> 1, n - 1]))
        for (const byte of [',', '\n', '\x01', 'é'.charAt(0)]) {
          const value = Buffer.alloc(n, 'a')
          value.write(byte, at, 'latin1')
          const row = encodeOne([int('id'), name!], Buffer.concat([u8(0), u32(1), u16(n), value]), changes)
          expect([n, at, byte, row.unsafe]).toEqual([n, at, byte, byte === ',' || byte === '\n'])
        }
  })

  test('a row that is one empty field is unsafe: the parser drops empty lines', () => {
    expect(encodeOne([varchar('v')], Buffer.concat([u8(0), str('')])).unsafe).toBe(true)
    expect(encodeOne([varchar('v')], Buffer.concat([u8(0), str('x')])).unsafe).toBe(false)
    expect(encodeOne([varchar('v')], Buffer.concat([u8(0), str('')]), { op: true }).unsafe).toBe(false)
  })

  test('labels and constants with a separator in them are unsafe', () => {
    const list = column('e', WIRE.ENUM, { length: 1, form: 'labels', members: [Buffer.from('a,b'), Buffer.from('c')] })
    const changes = { columnSeparator: Buffer.from(','), rowDelimiter: Buffer.from('\n') }
    expect(encodeOne([int('id'), list], Buffer.concat([u8(0), u32(1), u8(1)]), changes).unsafe).toBe(true)
    expect(encodeOne([int('id'), list], Buffer.concat([u8(0), u32(1), u8(2)]), changes).unsafe).toBe(false)
    const set = { ...list, type: WIRE.SET }
    expect(encodeOne([int('id'), set], Buffer.concat([u8(0), u32(1), u8(3)]), changes).unsafe).toBe(true)
    const constants = [{ name: 'c', text: 'x,y' }]
    expect(encodeOne([int('id')], Buffer.concat([u8(0), u32(1)]), { ...changes, constants }).unsafe).toBe(true)
  })

  test('several labels of a SET are joined by commas: unsafe when a comma separates fields', () => {
    const set = column('s', WIRE.SET, { length: 1, form: 'labels', members: [Buffer.from('a'), Buffer.from('b')] })
    const image = (bits: number) => Buffer.concat([u8(0), u32(1), u8(bits)])
    const comma = { columnSeparator: Buffer.from(','), rowDelimiter: Buffer.from('\n') }
    expect(encodeOne([int('id'), set], image(3))).toMatchObject({ text: '1\x01a,b\x02', unsafe: false })
    expect(encodeOne([int('id'), set], image(3), comma).unsafe).toBe(true)
    expect(encodeOne([int('id'), set], image(1), comma).unsafe).toBe(false)
  })

  test('JSON documents other than objects, arrays and strings are unsafe: the loader takes them as strings', () => {
    const json = column('j', WIRE.JSON, { length: 4, form: 'json' })
    const image = (document: Buffer) => Buffer.concat([u8(0), u32(1), u32(document.length), document])
    expect(encodeOne([int('id'), json], image(u8(4, 1)))).toMatchObject({ text: '1\x01true\x02', unsafe: true })
    expect(encodeOne([int('id'), json], image(u8(5, 44, 1)))).toMatchObject({ text: '1\x01300\x02', unsafe: true })
    expect(encodeOne([int('id'), json], image(u8(12, 1, 120)))).toMatchObject({ text: '1\x01"x"\x02', unsafe: false })
    expect(encodeOne([int('id'), json], image(u8(2, 0, 0, 4, 0)))).toMatchObject({ text: '1\x01[]\x02', unsafe: false })
    expect(encodeOne([int('id'), json], image(Buffer.alloc(0)))).toMatchObject({ text: '1\x01null\x02', unsafe: true })
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
    const { text } = encodeOne(columns, image, {
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
    expect(encodeOne(columns, image, { format: 'json' }).text).toBe('{"j":{"a": "x"},"b":"/wABAg=="}')
  })

  test.each(['c3', 'c0af', 'e0809f', 'eda080', 'f4908080', 'ff', 'f0288cbc', 'e282'])(
    'bytes %s are no UTF-8: refused here, copied in CSV',
    hex => {
      const columns = [int('id'), varchar('name')]
      const image = Buffer.concat([u8(0), u32(1), str(Buffer.from(`6162${hex}`, 'hex'))])
      const error = failure(() => encodeOne(columns, image, { format: 'json' }))
      expect(error.kind).toBe('notDecodable')
      expect(error.message).toBe('s.t: column name cannot be decoded: its text is not valid UTF-8')
      const encoder = compileRowEncoder(layoutOf(columns))
      const out = Buffer.alloc(100)
      const q = encoder.encode(image, 0, image.length, out, 0, 0)
      expect(out.toString('hex', 2, q - 1)).toBe(`6162${hex}`)
    },
  )

  test('no fields at all is an empty object', () => {
    expect(encodeOne([int('id')], Buffer.concat([u8(0), u32(1)]), { format: 'json', fields: [null] }).text).toBe('{}')
  })
})
