import { expect, test } from '@jest/globals'
import { nextChunkRows } from '../../../lib/mysql/snapshot/chunk-size.js'

test.each([
  ['fits the bytes that are wanted', 1000, 100_000, 200_000, 50_000, 2000],
  ['grows at most fourfold', 1000, 1000, 1_000_000, 50_000, 4000],
  ['stays under the most rows', 40_000, 400_000, 100_000_000, 50_000, 50_000],
  ['shrinks at once when rows get long', 10_000, 100_000_000, 1_000_000, 50_000, 100],
  ['never comes to nothing', 1, 50_000_000, 1_000_000, 50_000, 1],
  ['begins with the most when nothing was read', 0, 0, 1_000_000, 50_000, 50_000],
])('the next chunk %s', (_, rows, bytes, wanted, most, expected) => {
  expect(nextChunkRows(rows, bytes, wanted, most)).toBe(expected)
})
