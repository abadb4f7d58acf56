import { expect, test } from '@jest/globals'
import { RateLimit } from '../../lib/snapshot/rate-limit.js'

function rig(): { limit: RateLimit; pass: (ms: number) => void } {
  let now = 1000
  return {
    limit: new RateLimit(() => now),
    pass: ms => {
      now += ms
    },
  }
}

test('without rates nothing waits', () => {
  const { limit } = rig()
  limit.took(1e9, 1e12)
  expect(limit.waitMs()).toBe(0)
})

test.each([
  ['rows', 100, null],
  ['bytes', null, 100],
] as const)('what is taken beyond the rate of %s is paid for', (_, rows, bytes) => {
  const { limit, pass } = rig()
  limit.setRates(rows, bytes)
  limit.took(350, 350)
  expect(limit.waitMs()).toBe(2500)
  pass(2400)
  expect(limit.waitMs()).toBe(100)
  pass(100)
  expect(limit.waitMs()).toBe(0)
})

test('over any long time no more is taken than the rate, and a second of it, allows', () => {
  const { limit, pass } = rig()
  limit.setRates(1000, null)
  let taken = 0
  for (let ms = 0; ms < 20_000; ms += 10) {
    pass(10)
    if (limit.waitMs() > 0) continue
    limit.took(700, 1)
    taken += 700
  }
  expect(taken).toBeGreaterThanOrEqual(20_000)
  expect(taken).toBeLessThanOrEqual(21_000 + 700)
})

test('an idle minute saves up a second only', () => {
  const { limit, pass } = rig()
  limit.setRates(10, null)
  pass(60_000)
  limit.took(20, 0)
  expect(limit.waitMs()).toBe(1000)
})

test('a rate that is changed counts at once', () => {
  const { limit } = rig()
  limit.setRates(1, null)
  limit.took(1000, 0)
  limit.setRates(null, null)
  expect(limit.waitMs()).toBe(0)
  limit.setRates(50, null)
  expect(limit.waitMs()).toBe(0)
})
