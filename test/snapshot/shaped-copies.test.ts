import { afterEach, describe, expect, test } from '@jest/globals'
import type { Route, RowImages } from '../../lib/dispatch/route.js'
import { ALL, chunkOf, endGateRigs, gateRig, planOf } from '../support/gate-rig.js'
import { deleteOf, insertOf, toyRoute, toyTarget, updateOf } from '../support/toy-route.js'

afterEach(endGateRigs)

/** A route that writes nothing, and notes what it was asked for. */
function silent(mode: Route['mode']): Route & { readonly seen: string[] } {
  const seen: string[] = []
  return {
    ...toyRoute(toyTarget('none'), { mode }),
    seen,
    shape: ({ op, reconciles, halfOfUpdate }: RowImages, _place, _commitMs, copied) => {
      const more = [copied && 'copied', reconciles === true && 'reconciles', halfOfUpdate === true && 'half']
      seen.push([op, ...more.filter(word => word !== false)].join(' '))
      return { pieces: [], filtered: 1 }
    },
  }
}

describe('a chunk of which a rule writes nothing', () => {
  test.each(['upsert', 'append', 'aggregate'] as const)('%s: the copy goes on without an epoch', async mode => {
    const route = silent(mode)
    const r = gateRig([route])
    const copy = r.gate.copy(planOf([route], { mode: mode === 'upsert' ? 'atOnce' : 'behindFrontier' }))
    const admitted = (await copy.window()).admit(chunkOf(4, [1, 1], [2, 2]), ALL)
    while (r.noted.length === 0 || r.gate.full) {
      await new Promise(done => setImmediate(done))
      // Where the frontier must not move ahead of the saved position, the stream waits for it.
      r.gate.saved(r.notes.at(-1)?.epoch ?? 0, { binName: 'b.000001', binPos: r.at, gtidSet: '', serverUuid: 'u' })
    }
    await admitted
    expect(route.seen).toEqual(['insert copied'])
    expect(copy.isComplete).toBe(true)
    expect(r.sink.loads).toEqual([])
    expect(r.dispatcher.epoch).toBe(1)
  })
})

describe('what a rule hears of the images', () => {
  test('while a window is open, changes that copied rows make way for reconcile', async () => {
    const route = silent('upsert')
    const r = gateRig([route])
    const copy = r.gate.copy(planOf([route]))
    await r.rows(insertOf([1, 1]))
    r.commit()
    await copy.window()
    await r.rows(insertOf([2, 1]))
    r.commit()
    expect(route.seen).toEqual(['insert', 'insert reconciles'])
  })

  test('a table that is copied again: from the first change on, rows that are out and go leave the target', async () => {
    for (const isAgain of [false, true]) {
      const route = silent('upsert')
      const r = gateRig([route])
      const copy = r.gate.copy(planOf([route], { isAgain }))
      await r.rows(deleteOf([1, 1]))
      copy.end()
      await r.rows(deleteOf([2, 1]), 1)
      expect(route.seen).toEqual([isAgain ? 'delete reconciles' : 'delete', 'delete'])
    }
  })

  test('behind the frontier, rows that go are deleted whatever is known of them; halves of updates are told', async () => {
    const [route, log] = [silent('upsert'), silent('append')]
    const r = gateRig([route, log])
    r.gate.copy(planOf([route, log], { mode: 'behindFrontier', frontier: ['5'] }))
    await r.rows(deleteOf([9, 1]))
    await r.rows(
      updateOf([
        [3, 1],
        [8, 1],
      ]),
      1,
    )
    await r.rows(
      updateOf([
        [9, 1],
        [8, 1],
      ]),
      2,
    )
    r.commit()
    expect(route.seen).toEqual(['delete reconciles', 'delete half', 'delete reconciles half'])
    expect(log.seen).toEqual(['delete half'])
  })
})
