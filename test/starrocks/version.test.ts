import { expect, test } from '@jest/globals'
import { compareVersions, parseVersion } from '../../lib/starrocks/version.js'

test.each([
  ['4.1.0-sandbox', [4, 1, 0]],
  ['3.5.2-abc1234', [3, 5, 2]],
  ['StarRocks version 2.5.13', [2, 5, 13]],
  ['4.0', [4, 0, 0]],
  ['4.0.0-rc01', [4, 0, 0]],
  ['5.1.0 3.3.5-ee', [5, 1, 0]],
  ['v4.0.7.1', [4, 0, 7]],
])('%s', (text, [major, minor, patch]: number[]) => {
  expect(parseVersion(text)).toEqual({ major, minor, patch })
})

test.each(['', 'UNKNOWN', 'main-5f3e1c0', 'branch', '4'])('%j has no number', text => {
  expect(parseVersion(text)).toBeNull()
})

test('numbers are compared as numbers', () => {
  const sorted = ['2.5.13', '3.5.2', '3.10.0', '4.0.0', '4.0.7', '4.0.10', '4.1.0', '10.0.0']
  const shuffled = sorted.toReversed().toSorted((a, b) => compareVersions(parseVersion(a)!, parseVersion(b)!))
  expect(shuffled).toEqual(sorted)
  expect(compareVersions(parseVersion('4.0.7')!, parseVersion('4.0.7-x')!)).toBe(0)
})
