import { describe, expect, test } from '@jest/globals'
import {
  progressShare,
  remainingSeconds,
  renderBytes,
  renderCount,
  renderDuration,
  renderProgressBar,
} from '../../lib/cli/progress-bar.js'

const half = { rows: 5000, total: 10_000, rowsPerSecond: 1000, done: false }

describe('a progress bar', () => {
  test('shows rows, rate and the time that is left', () => {
    expect(renderProgressBar(half, 10)).toBe('[#####     ]  50 %  5,000 of ~10,000 rows, 1,000 rows/s, 5 s left')
  })

  test('is whole only when the copy is done, however low the estimate was', () => {
    const passed = { rows: 12_000, total: 10_000, rowsPerSecond: 10, done: false }
    expect(renderProgressBar(passed, 10)).toBe(
      '[######### ]  99 %  12,000 of ~12,000 rows, 10 rows/s, time left unknown',
    )
    expect(renderProgressBar({ ...passed, done: true }, 10)).toBe('[##########] 100 %  12,000 rows, 10 rows/s')
    expect(renderProgressBar({ rows: 0, total: 0, rowsPerSecond: 0, done: true }, 4)).toBe(
      '[####] 100 %  0 rows, 0 rows/s',
    )
  })

  test('does not guess where nothing is known', () => {
    expect(renderProgressBar({ ...half, total: null }, 4)).toBe(
      '[    ]   ? %  5,000 rows, 1,000 rows/s, time left unknown',
    )
    expect(progressShare({ ...half, total: null })).toBeNull()
    expect(remainingSeconds({ ...half, rowsPerSecond: 0 })).toBeNull()
    expect(remainingSeconds({ ...half, done: true })).toBe(0)
  })
})

test.each([
  [0, '0 s'],
  [46.2, '47 s'],
  [59.5, '1 min 00 s'],
  [185, '3 min 05 s'],
  [7620, '2 h 07 min'],
  [367_200, '4 d 06 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(renderDuration(seconds)).toBe(text)
})

test('numbers and sizes', () => {
  expect([0, 999, 1000, 1_234_567.6].map(renderCount)).toEqual(['0', '999', '1,000', '1,234,568'])
  expect([0, 1023, 1536, 5 * 2 ** 30, 2 ** 51].map(renderBytes)).toEqual([
    '0 bytes',
    '1023 bytes',
    '1.5 KiB',
    '5.0 GiB',
    '2048.0 TiB',
  ])
})
