import { afterEach, describe, expect, test } from '@jest/globals'
import type { Parking } from '../../lib/dispatch/bad-rows.js'
import type { Route, RowImages } from '../../lib/dispatch/route.js'
import type { DeadLetter } from '../../lib/model/dead-letter.js'
import { Failure } from '../../lib/model/failure.js'
import { finishAll, type Rig, rig, turn } from '../support/dispatcher-rig.js'
import { rejectionOf } from '../support/failure-of.js'
import { insertOf, PLACE, readToyBody, toyRoute, toyTarget } from '../support/toy-route.js'

const rigs: Rig[] = []

// Their timers would keep the process alive.
afterEach(() => {
  for (const { dispatcher } of rigs.splice(0)) dispatcher.abandon(new Failure('streamBroken', 'over'))
})

/** A rule that makes no row of odd values. */
function refusingOdd(inner: Route): Route {
  return {
    ...inner,
    rule: 'rule',
    imageText: (buffer, at) => `{"k":${buffer[at]}}`,
    shape: ({ op, buffer, at, end }: RowImages) => {
      const pieces: { images: RowImages; route: Route }[] = []
      const refused = []
      for (let p = at, row = 0; p < end; p += 2, row++)
        if (buffer[p + 1]! % 2 === 0)
          pieces.push({
            images: { op, buffer, at: p, end: p + 2, firstRow: row },
            route: { ...inner, imageText: () => '{}' },
          })
        else refused.push({ row, op, reason: 'it is odd', before: null, after: `{"k":${buffer[p]}}` })
      return { pieces, filtered: 0, refused }
    },
  }
}

/** The disk of a test: it says when a letter is on it. */
function parking() {
  const parked: DeadLetter[][] = []
  const waiting: (() => void)[] = []
  const policy: Parking = {
    park: letters => {
      parked.push([...letters])
      return new Promise(resolve => waiting.push(resolve))
    },
    supersede: async () => undefined,
    parkedIn: () => false,
    touch: () => [],
  }
  const written = () => {
    for (const resolve of waiting.splice(0)) resolve()
  }
  return { parked, written, parking: policy }
}

describe('changes of which a rule could make no row', () => {
  test.each([
    [
      'among others',
      [
        [1, 2],
        [2, 3],
        [3, 5],
      ] as const,
      [1],
      3,
    ],
    [
      'alone',
      [
        [2, 3],
        [3, 5],
      ] as const,
      [],
      2,
    ],
  ])('%s are on disk before the position moves, and count as parked', async (_, rows, loaded, decoded) => {
    const disk = parking()
    const r = rig({ badRows: { parking: disk.parking, server: 'u' } })
    rigs.push(r)
    r.dispatcher.rows(insertOf(...rows), [refusingOdd(toyRoute(toyTarget()))], 1000, PLACE)
    r.commit()
    const done = r.dispatcher.drain()
    await finishAll(r)
    expect(r.durable).toEqual([])
    disk.written()
    await done
    expect(r.durable).toEqual([14])
    expect(r.sink.loads.flatMap(({ body }) => readToyBody(body).map(({ key }) => key))).toEqual(loaded)
    expect(disk.parked.flat()).toMatchObject([
      { source: 's.t', target: 'd.t', rule: 'rule', op: 'insert', reason: 'it is odd', after: '{"k":2}', before: null },
      { place: { ...PLACE, takesAway: false }, after: '{"k":3}', load: { unmade: true, columns: '' } },
    ])
    expect(new Set(disk.parked.flat().map(({ id }) => id)).size).toBe(2)
    expect(r.happenings.filter(({ kind }) => kind === 'accounted')).toMatchObject([
      { decoded, filtered: 0, loaded: loaded.length, parked: 2 },
    ])
    expect(r.happenings.filter(({ kind }) => kind === 'parked')).toMatchObject([{ rows: 2, reason: 'it is odd' }])
  })

  test('stop the flow where nothing is parked', async () => {
    const r = rig()
    rigs.push(r)
    r.dispatcher.rows(insertOf([2, 3]), [refusingOdd(toyRoute(toyTarget()))], 1000, PLACE)
    await turn()
    expect(await rejectionOf(r.dispatcher.drain())).toMatchObject({ kind: 'ruleFailed', message: 'it is odd' })
  })
})
