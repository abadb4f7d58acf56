import { expect, test } from '@jest/globals'
import { agesOf } from '../../bench/visible-ages.js'

const sight = (highest: number, atMs: number) => ({ highest, atMs })

test('a transaction is as old as at the first look that shows its last row', () => {
  const commits = [sight(10, 0), sight(20, 5), sight(30, 90)]
  const sights = [sight(0, 1), sight(10, 40), sight(19, 60), sight(30, 105), sight(30, 500)]
  // 10 is seen at 40, 20 and 30 at 105.
  expect(agesOf(commits, sights)).toEqual({ p50Ms: 40, p99Ms: 100 })
})

test('what was never seen is no age', () => expect(() => agesOf([sight(10, 0)], [sight(9, 1)])).toThrow('row 10 never'))
