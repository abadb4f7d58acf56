import { describe, expect, test } from '@jest/globals'
import { median, pairedRatio, percentile, significant } from '../../bench/statistics.js'

describe('median', () => {
  test('is the middle value by size, not by place', () => expect(median([9, 1, 10])).toBe(9))
  test('of an even number is the mean of the middle two', () => expect(median([4, 1, 3, 2])).toBe(2.5))
  test('of nothing is no number', () => expect(median([])).toBeNaN())
})

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
  test('takes the nearest rank', () => {
    expect(percentile(hundred, 0.5)).toBe(50)
    expect(percentile(hundred, 0.99)).toBe(99)
    expect(percentile(hundred, 1)).toBe(100)
    expect(percentile(hundred, 0)).toBe(1)
  })
  test('of few values is one of them', () => expect(percentile([7, 3], 0.99)).toBe(7))
  test('of nothing is no number', () => expect(percentile([], 0.5)).toBeNaN())
})

describe('pairedRatio', () => {
  test('divides pair by pair before it takes the median', () =>
    expect(pairedRatio([2, 30, 4], [1, 10, 1])).toEqual({ median: 3, least: 2, greatest: 4 }))
  test('leaves out what has no partner', () =>
    expect(pairedRatio([2, 3, 100], [1])).toEqual({ median: 2, least: 2, greatest: 2 }))
  test('is null without a pair', () => expect(pairedRatio([], [1])).toBeNull())
})

test('significant digits', () =>
  expect([1.23456, 0.00123456, 123456].map(n => significant(n))).toEqual([1.23, 0.00123, 123000]))
