import { describe, expect, test } from '@jest/globals'
import { type IsolateOptions, isolate } from '../../lib/dispatch/isolate.js'
import { asFailure } from '../../lib/model/failure.js'
import { Random } from '../support/random.js'

/** A target that refuses these rows, and counts how often it is asked. */
function target(bad: ReadonlySet<number>) {
  const seen = { judgements: 0 }
  const judge = async (ordinals: readonly number[]) => {
    seen.judgements++
    const first = ordinals.find(ordinal => bad.has(ordinal))
    return first === undefined ? null : `row ${first} is too long`
  }
  return { seen, judge }
}

function options(rows: number, parts: Partial<IsolateOptions>): IsolateOptions {
  return { target: 'd.t', rows, reason: 'refused', maxParked: rows, judge: async () => null, ...parts }
}

/** `k` different numbers below `n`, spread or side by side. */
function choose(k: number, n: number, random: Random): Set<number> {
  const chosen = new Set<number>()
  const clustered = random.chance(0.3) ? random.below(n) : null
  while (chosen.size < k) chosen.add(clustered === null ? random.below(n) : (clustered + chosen.size) % n)
  return chosen
}

test('all bad rows and no others, in order, each with its own reason, by few judgements', async () => {
  const seed = Math.floor(Math.random() * 2 ** 32)
  const random = new Random(seed)
  for (let run = 0; run < 300; run++) {
    const rows = 1 + random.below(random.chance(0.1) ? 20_000 : 300)
    const bad = choose(1 + random.below(Math.min(rows, 12)), rows, random)
    const { seen, judge } = target(bad)
    const found = await isolate(options(rows, { judge, reason: 'one of many' }))
    const want = [...bad]
      .sort((a, b) => a - b)
      .map(ordinal => ({
        ordinal,
        reason: rows === 1 ? 'one of many' : `row ${ordinal} is too long`,
      }))
    const limit = bad.size * (2 * Math.ceil(Math.log2(rows / bad.size)) + 4) + 2 * Math.log2(rows)
    if (JSON.stringify(found) !== JSON.stringify(want) || seen.judgements > limit)
      throw new Error(
        `seed ${seed}, run ${run}: ${seen.judgements} judgements of ${limit}, ${JSON.stringify({ found, want })}`,
      )
  }
})

test('one bad row of a million is found with about 20 judgements', async () => {
  const { seen, judge } = target(new Set([777_777]))
  expect(await isolate(options(1_000_000, { judge, maxParked: 10_000 }))).toHaveLength(1)
  expect(seen.judgements).toBeLessThanOrEqual(23)
})

test('a run of bad rows costs little more than a judgement each, and no more than a few bodies of bytes', async () => {
  const { seen, judge } = target(new Set(Array.from({ length: 1000 }, (_, i) => 40_000 + i)))
  let sent = 0
  const counted = (ordinals: readonly number[]) => {
    sent += ordinals.length
    return judge(ordinals)
  }
  expect(await isolate(options(100_000, { judge: counted, maxParked: 10_000 }))).toHaveLength(1000)
  expect(seen.judgements).toBeLessThan(1100)
  expect(sent).toBeLessThan(6 * 100_000)
})

describe('more bad rows than may be parked', () => {
  test('is a wrong rule or table, not bad rows', async () => {
    const { judge } = target(new Set([1, 3, 5, 7]))
    const failure = await isolate(options(100, { judge, maxParked: 3 })).catch(asFailure)
    expect(failure).toMatchObject({
      kind: 'rowRejected',
      message: 'd.t: StarRocks refuses more than 3 of 100 rows, the last because: row 7 is too long',
      advice: expect.stringContaining('a rule or the target table is wrong'),
    })
  })

  test('exactly as many as may be are parked', async () => {
    const { judge } = target(new Set([1, 3, 5]))
    expect(await isolate(options(100, { judge, maxParked: 3 }))).toHaveLength(3)
  })

  test('when all are, that is found out at once', async () => {
    let judgements = 0
    const judge = async () => {
      judgements++
      return 'no such column'
    }
    const failure = await isolate(options(500_000, { judge, maxParked: 10_000 })).catch(asFailure)
    expect(failure).toMatchObject({ kind: 'rowRejected', message: expect.stringContaining('no such column') })
    expect(judgements).toBeLessThan(30)
  })
})

describe('contradictions end', () => {
  test('refused together, each accepted alone', async () => {
    let judgements = 0
    const judge = async (ordinals: readonly number[]) => {
      judgements++
      return ordinals.length > 1 ? 'too many bytes' : null
    }
    const failure = await isolate(options(64, { judge, reason: 'too many bytes' })).catch(asFailure)
    expect(failure).toMatchObject({
      kind: 'loadRejected',
      message:
        'd.t: StarRocks refused 64 rows (too many bytes), but accepts each of them alone, so none can be parked.',
    })
    expect(judgements).toBeLessThan(130)
  })

  test('refused once, accepted ever after', async () => {
    const failure = await isolate(options(64, {})).catch(asFailure)
    expect(failure).toMatchObject({ kind: 'loadRejected' })
  })

  test('a target without any rule is asked a bounded number of times', async () => {
    const random = new Random(7)
    for (let run = 0; run < 50; run++) {
      let judgements = 0
      const judge = async () => {
        judgements++
        return random.chance(0.5) ? 'no' : null
      }
      await isolate(options(200, { judge })).catch(asFailure)
      expect(judgements).toBeLessThan(2 * 200)
    }
  })

  test('a judge that cannot judge ends it with its own failure', async () => {
    const judge = async () => {
      throw new Error('no BE')
    }
    await expect(isolate(options(64, { judge }))).rejects.toThrow('no BE')
  })
})
