import { describe, expect, test } from '@jest/globals'
import type { Happening } from '../../lib/model/observer.js'
import type { SourceLoad } from '../../lib/mysql/snapshot/source-load.js'
import { BatchPace } from '../../lib/snapshot/batch-pace.js'

const FREE = { rowsPerS: null, bytesPerS: null, maxThreadsRunning: null, maxReplicaLagS: null }
const NEVER = new AbortController().signal

function pace(limits: Partial<typeof FREE | Record<keyof typeof FREE, number>>, ...loads: SourceLoad[]) {
  const told: Happening[] = []
  let asked = 0
  const load = async () => {
    asked++
    return loads.length > 1 ? loads.shift()! : loads[0]!
  }
  const made = new BatchPace({ ...FREE, ...limits }, load, happening => told.push(happening))
  return { made, told, asked: () => asked }
}

describe('the pace of a copy', () => {
  test('is free without limits, and the source is not asked', async () => {
    const { made, asked } = pace({})
    await made.took(1e9, 1e12, NEVER)
    expect(asked()).toBe(0)
  })

  test('is held by a rate: what was taken beyond it is waited for', async () => {
    const { made } = pace({ rowsPerS: 10 })
    await made.took(10, 0, NEVER)
    const stop = new AbortController()
    const waiting = made.took(1e6, 0, stop.signal)
    stop.abort(new Error('stopped'))
    await expect(waiting).rejects.toThrow()
  })

  test('rests while the source is busy, says so once, and goes on by itself', async () => {
    const busy = { threadsRunning: 50, replicaLagS: null }
    const { made, told, asked } = pace({ maxThreadsRunning: 10 }, busy, busy, { threadsRunning: 3, replicaLagS: null })
    await Promise.all([made.took(1, 1, NEVER), made.took(1, 1, NEVER)])
    expect(asked()).toBe(3)
    expect(told).toEqual([
      { kind: 'warning', message: expect.stringContaining('50 threads run'), advice: 'It goes on by itself.' },
    ])
  })

  test('rests while a replica lags, or does not replicate', async () => {
    for (const [replicaLagS, said] of [
      [100, 'lags 100 s'],
      [Number.POSITIVE_INFINITY, 'does not replicate'],
    ] as const) {
      const { made, told } = pace(
        { maxReplicaLagS: 5 },
        { threadsRunning: 1, replicaLagS },
        { threadsRunning: 1, replicaLagS: 5 },
      )
      await made.took(1, 1, NEVER)
      expect(told).toMatchObject([{ message: expect.stringContaining(said) }])
    }
  })
})
