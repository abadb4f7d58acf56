import { describe, expect, test } from '@jest/globals'
import { Pace } from '../../lib/dispatch/pace.js'
import { Failure } from '../../lib/model/failure.js'
import { Random } from '../support/random.js'

const BUSY = new Failure('targetBusy', 'too many versions')

function loaded(pace: Pace, ...durationsMs: number[]): void {
  for (const ms of durationsMs) pace.epochLoaded(ms)
}

describe('while loads take longer than the interval', () => {
  test('it stretches to a little more than they take, and names why', () => {
    const pace = new Pace()
    loaded(pace, 3900, 3900)
    expect(pace.interval(1000)).toBe(4875)
    expect(pace.reason(1000)).toBe('flush interval stretched from 1000 to 4875 ms: the last loads took 3.9 s')
  })

  test('one long load among quick ones changes nothing', () => {
    const pace = new Pace()
    loaded(pace, 20, 25_000, 30)
    expect(pace.interval(1000)).toBe(1000)
    expect(pace.reason(1000)).toBeNull()
  })

  test('it returns by halves when they are quick again', () => {
    const pace = new Pace()
    loaded(pace, 8000, 8000)
    const used = [1, 2, 3, 4].map(() => {
      loaded(pace, 10)
      return pace.interval(1000)
    })
    expect(used).toEqual([5000, 2500, 1000, 1000])
  })

  test('an interval asked to be longer than loads take stays as asked', () => {
    const pace = new Pace()
    loaded(pace, 3900, 3900)
    expect(pace.interval(5000)).toBe(5000)
  })
})

describe('while StarRocks is busy', () => {
  test('it doubles once per epoch, up to 30 times', () => {
    const pace = new Pace()
    const used: number[] = []
    for (let epoch = 0; epoch < 6; epoch++) {
      pace.busy(BUSY)
      pace.busy(BUSY)
      used.push(pace.interval(100))
      loaded(pace, 10)
    }
    expect(used).toEqual([200, 400, 800, 1600, 3000, 3000])
    expect(pace.reason(100)).toBe('flush interval stretched from 100 to 3000 ms: too many versions')
  })

  test('it returns by halves, three quiet epochs a step', () => {
    const pace = new Pace()
    pace.busy(BUSY)
    loaded(pace, 10)
    pace.busy(BUSY)
    loaded(pace, 10)
    const used = Array.from({ length: 6 }, () => {
      loaded(pace, 10)
      return pace.interval(1000)
    })
    expect(used).toEqual([4000, 4000, 2000, 2000, 2000, 1000])
    expect(pace.reason(1000)).toBeNull()
  })

  test('other failures are not its business', () => {
    const pace = new Pace()
    pace.busy(new Failure('targetUnreachable', 'no BE alive'))
    expect(pace.interval(1000)).toBe(1000)
  })

  test('slowness is told beside it', () => {
    const pace = new Pace()
    pace.busy(BUSY)
    loaded(pace, 2000, 2000)
    expect(pace.reason(1000)).toBe(
      'flush interval stretched from 1000 to 5000 ms: too many versions; the last loads took 2.0 s',
    )
  })
})

describe('news', () => {
  test('comes once per change that matters, and for the return to what was asked', () => {
    const pace = new Pace()
    expect(pace.news(1000)).toBeNull()
    loaded(pace, 3000, 3000)
    expect(pace.news(1000)).toMatchObject({ kind: 'pace', askedMs: 1000, usedMs: 3750 })
    loaded(pace, 3100, 2900)
    expect(pace.news(1000)).toBeNull()
    loaded(pace, 10, 10, 10)
    expect(pace.news(1000)).toEqual({ kind: 'pace', askedMs: 1000, usedMs: 1000, reason: null })
    expect(pace.news(1000)).toBeNull()
  })

  test('comes for the last small step back too', () => {
    const pace = new Pace()
    loaded(pace, 2200, 2200)
    pace.news(1000)
    loaded(pace, 10)
    expect(pace.news(1000)).toMatchObject({ usedMs: 1375 })
    loaded(pace, 10)
    expect(pace.news(1000)).toMatchObject({ usedMs: 1000 })
  })
})

test('random histories: never shorter than asked, bounded, longer only for a reason, and back in the end', () => {
  const broken: string[] = []
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed)
    const pace = new Pace()
    const askedMs = 1 + random.below([10, 1000, 100_000][random.below(3)]!)
    let told = askedMs
    const must = (holds: boolean, what: string): void => {
      if (!holds) broken.push(`seed ${seed}: ${what}`)
    }
    const tell = (): void => {
      const news = pace.news(askedMs)
      if (news === null) return
      must(news.usedMs !== told && news.usedMs === pace.interval(askedMs), 'news that is none')
      told = news.usedMs
    }
    for (let step = 0; step < 100; step++) {
      const before = pace.interval(askedMs)
      if (random.chance(0.3)) pace.busy(BUSY)
      else loaded(pace, random.below(random.chance(0.2) ? 100_000 : askedMs))
      const used = pace.interval(askedMs)
      must(used >= askedMs, 'shorter than asked')
      must(used <= Math.max(askedMs, 30_000), 'longer than the bound')
      must((pace.reason(askedMs) !== null) === used > askedMs, 'a reason without a stretch, or a stretch without one')
      must(used * 4 * 1.25 + 3 >= before, 'fell by more than a half for each cause')
      tell()
      must(used < told * 1.5 && told < used * 1.5, 'a change was not told')
    }
    for (let quick = 0; quick < 40; quick++) loaded(pace, 0)
    must(pace.interval(askedMs) === askedMs && pace.reason(askedMs) === null, 'not back')
    tell()
    must(told === askedMs, 'the return was not told')
  }
  expect(broken).toEqual([])
})
