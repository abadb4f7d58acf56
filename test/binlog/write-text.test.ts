import { describe, expect, test } from '@jest/globals'
import { isJsonAscii, isPrintable } from '../../lib/binlog/byte-view.js'
import { copyChecked, findCollision, type Separators, writeJsonText } from '../../lib/binlog/write-text.js'

const separators = (...bytes: number[]): Separators => {
  const table = new Uint8Array(256)
  for (const byte of bytes) table[byte] = 1
  return { table, bytes, control: bytes.every(byte => byte < 32) }
}
const CONTROL = separators(1, 2)
const PRINTED = separators(0x7c, 0x23)

/** Lengths around every word, every loop and every threshold of the short ways. */
const LENGTHS = [
  ...Array.from({ length: 41 }, (_, n) => n),
  63,
  64,
  65,
  67,
  71,
  79,
  80,
  81,
  120,
  383,
  639,
  640,
  641,
  700,
]

const GUARD = 0xee

/** ASCII from 32 on, no two words alike. */
function plainText(n: number): Buffer {
  return Buffer.from(Array.from({ length: n }, (_, i) => 48 + ((i * 7 + (i >> 3)) % 40)))
}

/** Copies `text` from an odd place to an odd place and checks that nothing else is written. */
function copied(text: Buffer, using: Separators, room = text.length): number {
  const source = Buffer.concat([Buffer.from([1, 2, 124]), text, Buffer.from([1, 2, 124])])
  const out = Buffer.alloc(5 + room + (room === text.length ? 9 : 0), GUARD)
  const found = copyChecked(source, 3, text.length, out, 5, using)
  const kept = Math.min(room, text.length)
  if (!out.subarray(5, 5 + kept).equals(text.subarray(0, kept)))
    throw new Error(`${text.toString('hex')} is copied as ${out.subarray(5, 5 + kept).toString('hex')}`)
  for (const byte of [...out.subarray(0, 5), ...out.subarray(5 + kept)])
    if (byte !== GUARD) throw new Error(`${text.length} bytes: something beside them is overwritten`)
  if (findCollision(source, 3, text.length, using) !== found) throw new Error(`${text.toString('hex')} is judged twice`)
  return found
}

const collides = (text: Buffer, using: Separators) =>
  text.equals(Buffer.from('\\N')) || text.some(byte => using.table[byte] === 1) ? 1 : 0

describe('texts copied into CSV', () => {
  test.each([
    ['control characters', CONTROL],
    ['printed characters', PRINTED],
  ])('of every length, with every special byte at every place; separators are %s', (_, using) => {
    for (const n of LENGTHS) {
      const text = plainText(n)
      expect(copied(text, using)).toBe(0)
      const places = n < 66 ? Array.from({ length: n }, (__, i) => i) : [0, 1, 7, 8, n >> 1, n - 9, n - 8, n - 2, n - 1]
      for (const place of places)
        for (const byte of [0, 1, 2, 9, 31, 32, 0x23, 0x7c, 0x80, 0x9f, 0xff]) {
          const special = Buffer.from(text)
          special[place] = byte
          if (copied(special, using) !== collides(special, using))
            throw new Error(`${byte} at ${place} of ${n} is judged wrong`)
        }
    }
  })

  test('two special bytes side by side: one does not hide the other', () => {
    for (const [first, second] of [
      [0x80, 1],
      [1, 0x80],
      [0, 1],
      [9, 2],
      [2, 0xff],
      [0xff, 2],
    ] as const)
      for (const n of [5, 8, 15, 31, 66, 90])
        for (let place = 0; place < n - 1; place++) {
          const text = plainText(n)
          text[place] = first
          text[place + 1] = second
          expect(copied(text, CONTROL)).toBe(1)
        }
  })

  test('bytes that are a NaN when they are read as a double stay as they are', () => {
    for (const word of [
      '010000000000f07f',
      'ffffffffffffff7f',
      '0100000000fff4ff',
      'aaaaaaaaaaaaf17f',
      '202020202020f0ff',
    ])
      for (const n of [8, 16, 64, 72, 128])
        for (let shift = 0; shift < 8; shift++) {
          const words = Buffer.from(word.repeat(n / 8 + 1), 'hex').subarray(shift, shift + n)
          expect(copied(words, PRINTED)).toBe(0)
        }
  })

  test('\\N alone is NULL', () => {
    expect(copied(Buffer.from('\\N'), CONTROL)).toBe(1)
    for (const text of ['\\', 'N', '\\n', '\\NN', '\\N\\N', 'N\\']) expect(copied(Buffer.from(text), CONTROL)).toBe(0)
  })

  test('a row without room is cut, and nothing is written outside', () => {
    for (const n of [1, 4, 8, 20, 64, 100])
      for (let room = 0; room < n; room++) expect(copied(plainText(n), CONTROL, room)).toBe(0)
  })
})

describe('texts in JSON', () => {
  const written = (text: Buffer): string => {
    const source = Buffer.concat([Buffer.from('"\\"'), text, Buffer.from('"\\"')])
    const out = Buffer.alloc(6 * text.length + 9, GUARD)
    const end = writeJsonText(source, 3, text.length, out, 5)
    for (const byte of [...out.subarray(0, 5), ...out.subarray(end, end + 9)])
      if (byte !== GUARD) throw new Error(`${text.length} bytes: something beside them is overwritten`)
    return out.toString('utf8', 5, end)
  }

  test('of every length, with every special character at every place', () => {
    for (const n of LENGTHS.filter(length => length < 400))
      for (const special of ['', '\0', '\t', '\n', '\x1f', ' ', '"', '\\', '/', '\x7f', 'é', '北', '😀', '"\\', '\n😀'])
        for (let place = 0; place <= Math.min(n, 80); place += n < 24 ? 1 : 3) {
          const plain = plainText(n).toString()
          const text = `${plain.slice(0, place)}${special}${plain.slice(place)}`
          const expected = JSON.stringify(text).slice(1, -1)
          if (written(Buffer.from(text)) !== expected) throw new Error(`${JSON.stringify(text)} is written wrong`)
        }
  })

  test('what is no UTF-8 is refused at every place', () => {
    for (const hex of ['80', 'c0af', 'e0809f', 'eda080', 'f4908080', 'ff', 'c3', 'e58c', 'f09f98'])
      for (const n of [0, 3, 4, 7, 8, 31, 64, 70])
        for (let place = 0; place <= n; place++) {
          const text = plainText(n)
          const broken = Buffer.concat([text.subarray(0, place), Buffer.from(hex, 'hex'), text.subarray(place)])
          expect(() => written(broken)).toThrow(/not valid UTF-8/)
        }
  })

  test('up to the end of its room', () => {
    for (const n of LENGTHS.filter(length => length < 130))
      for (const special of ['', 'é', '北'.repeat(30)]) {
        const text = Buffer.concat([plainText(n), Buffer.from(special)])
        const out = Buffer.alloc(text.length)
        expect(writeJsonText(text, 0, text.length, out, 0)).toBe(text.length)
        expect(out.equals(text)).toBe(true)
      }
  })
})

test('only ASCII that needs no look of its own is copied by eights', () => {
  for (let n = 4; n <= 40; n++) {
    const text = Buffer.concat([Buffer.from([1, 0xff]), plainText(n), Buffer.from([1, 0xff])])
    const view = new DataView(text.buffer, text.byteOffset, text.length)
    expect([isPrintable(view, 2, n), isJsonAscii(view, 2, n)]).toEqual([true, true])
    for (let place = 2; place < n + 2; place++) {
      const kept = text[place]!
      for (let byte = 0; byte < 256; byte++) {
        text[place] = byte
        const printable = byte >= 32 && byte < 128
        if (isPrintable(view, 2, n) !== printable) throw new Error(`${byte} at ${place} of ${n}`)
        if (isJsonAscii(view, 2, n) !== (printable && byte !== 34 && byte !== 92))
          throw new Error(`${byte} at ${place} of ${n} in JSON`)
      }
      text[place] = kept
    }
  }
})
