import { expect, test } from '@jest/globals'
import { parseJsonPath } from '../../lib/binlog/json-path.js'

test.each([
  ['$', []],
  ['$.a', [{ key: 'a' }]],
  ['$.a.b_1[3]', [{ key: 'a' }, { key: 'b_1' }, { index: 3, fromEnd: false }]],
  ['$[0][last][last-2][ 4 ]', [0, 0, 2, 4].map((index, i) => ({ index, fromEnd: i === 1 || i === 2 }))],
  ['$."a key"."".x', [{ key: 'a key' }, { key: '' }, { key: 'x' }]],
  ['$."q\\"u\\\\o.te[1]"', [{ key: 'q"u\\o.te[1]' }]],
  ['$.é', [{ key: Buffer.from('é').toString('latin1') }]],
  ['$."\\u00e9"', [{ key: Buffer.from('é').toString('latin1') }]],
])('%s', (text, legs) => {
  expect(parseJsonPath(text)).toEqual(legs)
})

test.each([
  '',
  'a',
  '$.',
  '$.*',
  '$**.a',
  '$[*]',
  '$[1 to 2]',
  '$[-1]',
  '$."a',
  '$."\\x"',
  '$[99999999999]',
  '$.a '.repeat(200),
])('%s is no path of a difference', text => {
  expect(() => parseJsonPath(text)).toThrow(/is no path into a JSON document/)
})
