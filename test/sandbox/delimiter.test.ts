import { expect, test } from '@jest/globals'
import { parseDelimiter, printDelimiter } from '../../lib/sandbox/delimiter.js'

test.each([
  ['\\x01', [1]],
  ['0X01', [1]],
  ['\\x0102', [1, 2]],
  ['\\x0D0a', [13, 10]],
  ['\\t', [9]],
  ['\\n', [10]],
  ['\\r', [0x5c, 0x72]],
  ['||', [0x7c, 0x7c]],
  ['\\x80', [0xc2, 0x80]],
  ['ä', [0xc3, 0xa4]],
])('%s', (text, bytes) => {
  expect([...parseDelimiter(text, 'column separator')]).toEqual(bytes)
})

test.each(['\\x01\\x02', '\\x1', '\\x', '0xzz'])('%s is no hex', text => {
  expect(() => parseDelimiter(text, 'row delimiter')).toThrow('invalid hex format')
})

test('more than 50 bytes', () => {
  expect(() => parseDelimiter('x'.repeat(51), 'column separator')).toThrow(
    "The valid bytes length for 'column separator' is [1, 50]",
  )
  expect(parseDelimiter('x'.repeat(50), 'row delimiter')).toHaveLength(50)
})

test('printed as StarRocks shows it', () => {
  expect(printDelimiter(Buffer.from('\x01\t\n,'))).toBe('\\x01\\t\\n,')
})
