import { describe, expect, test } from '@jest/globals'
import { decodeText } from '../../lib/binlog/charset.js'
import { transcoderOf, UTF8_RATIO } from '../../lib/binlog/transcode.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import { u8 } from '../support/binlog-builder.js'
import { column, varchar } from '../support/bound-columns.js'
import { encodeOne } from '../support/encoded-rows.js'

/** Charset, bytes, text. */
const TEXTS: readonly (readonly [string, string, string])[] = [
  ['gbk', 'd6d0b9fa61', '中国a'],
  ['big5', 'a4a4b0ea', '中國'],
  ['sjis', '93fa967b83', '日本?'],
  ['sjis', '815cb1', '\u2015ｱ'],
  ['ujis', '8fb0a1b0a18eb1', '丂亜ｱ'],
  ['eucjpms', '8ff4a1f5a1', 'Ⅲ\ue000'],
  ['gb18030', '8130813090308130', '\u0080\u{10000}'],
  ['gb18030', 'e3329a358431a439', '\u{10ffff}\uffff'],
  ['koi8r', 'd0d2c9', 'при'],
  ['swe7', '5b5c7d', 'ÄÖå'],
  ['geostd8', 'c0e6', 'ა?'],
  ['ucs2', '4e2d0041d800', '中A?'],
  ['utf16', 'd83dde000041', '😀A'],
  ['utf16', 'd83d0041dc00', '?A?'],
  ['utf16le', '3dd800de4100', '😀A'],
  ['utf16', '004100', 'A?'],
  ['utf32', '0001f60000110000', '😀?'],
  // A byte that begins no code and half a character are seen, never left out.
  ['gbk', '61ff62', 'a?b'],
  ['gbk', '6181', 'a?'],
  ['gbk', '8130', '?0'],
  // A code without a character is one question mark.
  ['gbk', 'a2a0', '?'],
  ['ascii', '6180', 'a?'],
]

describe('text of other charsets', () => {
  test.each(TEXTS)('%s %s is %s', (charset, hex, text) => {
    const bytes = Buffer.from(hex, 'hex')
    expect(decodeText(charset, bytes)).toBe(text)
    const image = Buffer.concat([u8(0), u8(bytes.length), bytes])
    const columns = [varchar('v', { form: 'transcoded', charset })]
    expect(encodeOne(columns, image).text).toBe(`${text}\x02`)
    expect(JSON.parse(encodeOne(columns, image, { format: 'json' }).text)).toEqual({ v: text })
  })

  test('a key hashes as the text it is, whatever its charset', () => {
    const hash = (charset: string | null, bytes: Buffer) =>
      encodeOne(
        [varchar('v', charset === null ? {} : { form: 'transcoded', charset })],
        Buffer.concat([u8(0), u8(bytes.length), bytes]),
      ).hash
    expect(hash('gbk', Buffer.from('d6d0', 'hex'))).toBe(hash(null, Buffer.from('中')))
    expect(hash('gbk', Buffer.from('42'))).toBe(hash(null, Buffer.from('42')))
    expect(hash('utf16', Buffer.from('00340032', 'hex'))).toBe(hash(null, Buffer.from('42')))
  })

  test('bytes that other charsets share with the separators are no separators', () => {
    // 817c is MINUS SIGN in sjis, and 7c is the byte of "|".
    const columns = [varchar('v', { form: 'transcoded', charset: 'sjis' })]
    const bars = { columnSeparator: Buffer.from('|'), rowDelimiter: Buffer.from('\n') }
    const encoded = (hex: string) => {
      const bytes = Buffer.from(hex, 'hex')
      return encodeOne(columns, Buffer.concat([u8(0), u8(bytes.length), bytes]), bars)
    }
    expect(encoded('817c')).toMatchObject({ text: '\u2212\n', unsafe: false })
    expect(encoded('b17c')).toMatchObject({ text: 'ｱ|\n', unsafe: true })
    expect(encoded('7c')).toMatchObject({ unsafe: true })
  })

  test('long values, and short ones after them', () => {
    const columns = [column('v', WIRE.BLOB, { length: 4, form: 'transcoded', charset: 'gbk' })]
    const row = (characters: number) => {
      const bytes = Buffer.from('d6d0'.repeat(characters), 'hex')
      const length = Buffer.alloc(4)
      length.writeUInt32LE(bytes.length)
      return Buffer.concat([u8(0), length, bytes])
    }
    for (const characters of [1, 60_000, 1, 0]) {
      expect(encodeOne(columns, row(characters)).text).toBe(`${'中'.repeat(characters)}\x02`)
    }
  })

  test('nothing becomes longer than promised', () => {
    const bytes = Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * 167) & 255))
    const out = Buffer.alloc(bytes.length * UTF8_RATIO + 16)
    for (const charset of ['gbk', 'gb18030', 'sjis', 'ujis', 'utf16', 'utf32', 'koi8r', 'tis620', 'geostd8'])
      expect(transcoderOf(charset)!(bytes, 0, bytes.length, out, 0)).toBeLessThanOrEqual(bytes.length * UTF8_RATIO)
  })

  test('an unknown charset has no transcoder', () => expect(transcoderOf('ebcdic')).toBeNull())
})
