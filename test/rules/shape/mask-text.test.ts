import { createHmac } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { parseMask } from '../../../lib/config/mask.js'
import { MaskSalt } from '../../../lib/rules/shape/mask-salt.js'
import { maskText } from '../../../lib/rules/shape/mask-text.js'

const SALT = new MaskSalt('0123456789abcdef')

function masked(text: string, value: string | Uint8Array): string | null {
  const mask = parseMask(text)
  if (typeof mask === 'string') throw new Error(mask)
  return maskText(mask, SALT)(value)
}

describe('keep', () => {
  test.each([
    ['keep(3,4)', '13812345678', '138****5678'],
    ['keep(3,4)', '12345678', '123*5678'],
    ['keep(3,4)', '1234567', '*******'],
    ['keep(3,4)', '1', '*'],
    ['keep(3,4)', '', ''],
    ['keep(0,0)', 'abc', '***'],
    ["keep(0,4,'x')", '4111111111111111', 'xxxxxxxxxxxx1111'],
    ['keep(2,0)', 'abcd', 'ab**'],
    ['keep(1,0)', '张三丰', '张**'],
    ['keep(1,1)', '😀😁😂🤣', '😀**🤣'],
    ['keep(1,1)', 'a😁😂b', 'a**b'],
    ['keep(1,1)', '😀😁', '**'],
    ["keep(1,1,'😀')", 'abcd', 'a😀😀d'],
    ['keep(3,4)', '-9007199254740993', '-90**********0993'],
  ])('%s of %s is %s', (mask, value, expected) => {
    expect(masked(mask, value)).toBe(expected)
  })

  test('never shows what it hides, and keeps the number of characters', () => {
    for (let length = 0; length < 12; length++)
      for (const [head, tail] of [
        [0, 0],
        [1, 0],
        [0, 1],
        [2, 3],
        [5, 5],
      ] as const) {
        const value = 'abcdefghijkl'.slice(0, length)
        const shown = masked(`keep(${head},${tail})`, value)!
        expect(shown).toHaveLength(length)
        const hidden = length - head - tail
        const visible = shown.replaceAll('*', '')
        expect(visible).toBe(hidden <= 0 ? '' : value.slice(0, head) + value.slice(length - tail))
      }
  })
})

test.each([
  ['email', 'john.doe@example.com', 'j***@example.com'],
  ['email', 'a@example.com', '***@example.com'],
  ['email', '"a@b"@example.com', '"***@example.com'],
  ['email', '@example.com', '***@example.com'],
  ['email', '😀x@example.com', '😀***@example.com'],
  ['email', '😀@example.com', '***@example.com'],
  ['email', 'no address', '***'],
  ['email', '', '***'],
  ['null', 'x', null],
  ["fixed('hidden')", 'x', 'hidden'],
  ['truncate(2)', 'SW1A 1AA', 'SW'],
  ['truncate(2)', '😀😁😂', '😀😁'],
  ['truncate(9)', 'abc', 'abc'],
  ['year', '1984-05-17', '1984-01-01'],
  ['year', '1984-05-17 12:34:56.789', '1984-01-01 00:00:00.000'],
  ['month', '1984-05-17', '1984-05-01'],
  ['month', '1984-05-17 12:34:56', '1984-05-01 00:00:00'],
  ['year', '0000-00-00', '0000-00-00'],
  ['year', '0000-00-00 00:00:00', '0000-00-00 00:00:00'],
  ['month', '1984-00-17', '1984-00-01'],
  ['round(1000)', '84321', '84000'],
  ['round(1000)', '999', '0'],
  ['round(1000)', '-1999', '-1000'],
  ['round(1000)', '84321.99', '84000.00'],
  ['round(10)', '-9.99', '0.00'],
  ['round(10)', '18446744073709551615', '18446744073709551610'],
])('%s of %s is %s', (mask, value, expected) => {
  expect(masked(mask, value)).toBe(expected)
})

describe('sha256', () => {
  const expected = (value: string | Uint8Array, salt: string) => createHmac('sha256', salt).update(value).digest('hex')

  test('is HMAC-SHA256 of the UTF-8 text, or of the bytes', () => {
    expect(masked('sha256', 'größer')).toBe(expected('größer', '0123456789abcdef'))
    const bytes = Uint8Array.of(0, 255, 128)
    expect(masked('sha256', bytes)).toBe(expected(bytes, '0123456789abcdef'))
  })

  test('depends on the salt, whose digest tells salts apart without telling them', () => {
    const other = new MaskSalt('another salt of some length')
    expect(other.hash('x')).toBe(expected('x', 'another salt of some length'))
    expect(other.digest).not.toBe(SALT.digest)
    expect(new MaskSalt('0123456789abcdef').digest).toBe(SALT.digest)
  })

  test('nothing prints the salt', () => {
    expect(inspect(SALT, { depth: 9, showHidden: true })).not.toContain('0123456789abcdef')
    expect(JSON.stringify({ SALT })).toBe(`{"SALT":{"digest":"${SALT.digest}"}}`)
  })
})
