import { describe, expect, test } from '@jest/globals'
import { trendOf } from '../../bench/resident-trend.js'

const every10s = (values: readonly number[]) => values.map((rss_mb, i) => ({ seconds: 10 * (i + 1), rss_mb }))

test('a line that climbs has its own slope, per hour', () => {
  // 1 MB every 10 s.
  const trend = trendOf(every10s([100, 101, 102, 103, 104, 105, 106, 107, 108, 109]))
  expect(trend.mb_per_hour).toBeCloseTo(360, 9)
  expect(trend).toMatchObject({ first_mb: 100.5, last_mb: 108.5, peak_mb: 109 })
})

test('what a start takes is no slope: the second half alone counts', () => {
  const trend = trendOf(every10s([80, 150, 190, 200, 120, 140, 130, 140, 130, 140]))
  // Around its mean of 136: (-2)(4) + (-1)(-6) + 0 + (1)(-6) + (2)(4) = 0 over the moments.
  expect(trend.mb_per_hour).toBeCloseTo(0, 9)
  expect(trend).toMatchObject({ first_mb: 115, last_mb: 135, peak_mb: 200 })
})

test('least squares, not the line from first to last', () => {
  const trend = trendOf(every10s([0, 0, 0, 0, 0, 6, 0, 0]))
  // Of (50, 0) (60, 6) (70, 0) (80, 0): mean 65 and 1.5, so (-5)(6) / (15² + 5² + 5² + 15²) = -0.06 MB/s.
  expect(trend.mb_per_hour).toBeCloseTo(-216, 9)
})

test('uneven moments count where they are', () => {
  const trend = trendOf([
    { seconds: 0, rss_mb: 90 },
    { seconds: 1, rss_mb: 90 },
    { seconds: 100, rss_mb: 100 },
    { seconds: 3700, rss_mb: 107 },
  ])
  expect(trend.mb_per_hour).toBeCloseTo(7, 9)
})

describe('too little', () => {
  test('one moment has no slope', () =>
    expect(trendOf([{ seconds: 10, rss_mb: 150 }])).toEqual({
      mb_per_hour: null,
      first_mb: 150,
      last_mb: 150,
      peak_mb: 150,
    }))
  test('no sample is an error', () => expect(() => trendOf([])).toThrow('no sample'))
})
