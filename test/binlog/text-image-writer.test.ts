import { describe, expect, test } from '@jest/globals'
import { TextValueWriter } from '../../lib/binlog/text-image-writer.js'
import { textValue } from '../../lib/binlog/text-value.js'
import type { Value, ValueType } from '../../lib/model/value.js'
import { failureOf as failure } from '../support/failure-of.js'

/** What `write` makes the writer write. */
function written(write: (to: TextValueWriter) => void): Buffer {
  const to = new TextValueWriter()
  write(to)
  return Buffer.from(to.buffer.subarray(0, to.end))
}

const LENGTHS = [0, 1, 82, 83, 84, 249, 250, 251, 252, 65_535, 65_536, 16_777_215, 16_777_216]

test.each(LENGTHS)('texts and bytes of %d bytes', n => {
  const text = 'x'.repeat(n)
  const expected = textValue(Buffer.from(text))
  expect(written(to => to.text(text)).equals(expected)).toBe(true)
  expect(written(to => to.bytes(Buffer.from(text))).equals(expected)).toBe(true)
  expect(written(to => to.span(Buffer.from(`abc${text}z`), 3, 3 + n)).equals(expected)).toBe(true)
})

test.each(['é', '€', '😀', 'a€', '€a'])('text of many times %s', one => {
  for (const times of [1, 27, 41, 42, 62, 63, 83, 84, 125, 126, 200, 30_000]) {
    const text = one.repeat(times)
    expect(written(to => to.text(text)).equals(textValue(Buffer.from(text)))).toBe(true)
  }
})

test('bytes of images are copied as they are, at every length and place', () => {
  const source = Buffer.from(Array.from({ length: 700 }, (_, i) => (i * 37) & 255))
  for (let n = 0; n < 300; n++)
    for (const from of [0, 1, 2, 3]) {
      const bytes = written(to => {
        to.copy(source, 0, from)
        to.copy(source, from, from + n)
      })
      expect(bytes.equals(source.subarray(0, from + n))).toBe(true)
    }
})

test('the buffer grows, keeps what is in it, and begins anew', () => {
  const to = new TextValueWriter()
  for (let round = 0; round < 2; round++) {
    to.reset()
    const parts: Buffer[] = []
    for (let i = 0; i < 300; i++) {
      const part = Buffer.alloc(i * 7, i)
      parts.push(part, textValue(part), textValue(null))
      to.copy(part, 0, part.length)
      to.bytes(part)
      to.null()
    }
    expect(to.buffer.subarray(0, to.end).equals(Buffer.concat(parts))).toBe(true)
  }
})

test('room for one very large image is not kept for small ones', () => {
  const to = new TextValueWriter()
  to.bytes(Buffer.alloc(9_000_000))
  to.reset()
  to.reset()
  expect(to.buffer.length).toBeLessThan(1_000_000)
})

const big = (text: string): Value => BigInt(text)
const DECIMAL: ValueType = { kind: 'decimal', precision: 20, scale: 4 }
const INTEGER: ValueType = { kind: 'integer', bits: 64, unsigned: false }

describe('values are the text that the stream writes', () => {
  test.each<[ValueType, Value, string]>([
    [INTEGER, 0, '0'],
    [INTEGER, -0, '0'],
    [INTEGER, -2147483648, '-2147483648'],
    [INTEGER, 4294967295, '4294967295'],
    [INTEGER, Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [INTEGER, Number.MIN_SAFE_INTEGER, '-9007199254740991'],
    [INTEGER, big('-9223372036854775808'), '-9223372036854775808'],
    [{ kind: 'bit', bits: 64 }, big('18446744073709551615'), '18446744073709551615'],
    [DECIMAL, 0n, '0.0000'],
    [DECIMAL, -1n, '-0.0001'],
    [DECIMAL, 12345n, '1.2345'],
    [DECIMAL, -12_345_678_900_000n, '-1234567890.0000'],
    [{ kind: 'decimal', precision: 65, scale: 0 }, big(`-${'9'.repeat(65)}`), `-${'9'.repeat(65)}`],
    [{ kind: 'decimal', precision: 65, scale: 30 }, big('1'), `0.${'0'.repeat(29)}1`],
    [{ kind: 'double' }, 0.1, '0.1'],
    [{ kind: 'double' }, -0, '-0'],
    [{ kind: 'double' }, 1e21, '1e21'],
    [{ kind: 'double' }, 123456789012345680, '1.2345678901234568e17'],
    [{ kind: 'year' }, 0, '0000'],
    [{ kind: 'year' }, 2024, '2024'],
    [{ kind: 'date' }, '2024-02-29', '2024-02-29'],
    [{ kind: 'json' }, '{"a": "é"}', '{"a": "é"}'],
    [{ kind: 'text', maxLength: 1 }, 'é', 'é'],
    [{ kind: 'bytes', maxLength: 1 }, Buffer.from('ab'), 'ab'],
  ])('%j %p', (type, value, text) => {
    expect(written(to => to.value(value, type)).toString()).toBe(textValue(Buffer.from(text)).toString())
    expect(written(to => to.value(null, type))).toEqual(textValue(null))
  })

  test.each<[ValueType, Value]>([
    [INTEGER, 1.5],
    [INTEGER, '1'],
    [INTEGER, 2 ** 53],
    [DECIMAL, 1],
    [{ kind: 'decimal', precision: 65, scale: 0 }, 10n ** 200n],
    [{ kind: 'double' }, Number.NaN],
    [{ kind: 'double' }, 1n],
    [{ kind: 'year' }, 10_000],
    [{ kind: 'text', maxLength: null }, 1],
    [{ kind: 'text', maxLength: null }, Buffer.from('a')],
    [{ kind: 'bytes', maxLength: null }, 'a'],
  ])('%j is no place for %p', (type, value) => {
    expect(failure(() => written(to => to.value(value, type))).kind).toBe('internal')
  })
})
