import { expect, test } from '@jest/globals'
import { stateOf } from '../../lib/verify/verdict.js'

test('a table of which a part was not looked at is never ok', () => {
  expect(stateOf(0, 0, true)).toBe('ok')
  expect(stateOf(0, 0, false)).toBe('pending')
  expect(stateOf(0, 3, true)).toBe('pending')
  for (const isWhole of [true, false]) expect(stateOf(1, 3, isWhole)).toBe('differs')
})
