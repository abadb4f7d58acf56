import { afterEach, describe, expect, test } from '@jest/globals'
import type { Route, RowImages } from '../../lib/dispatch/route.js'
import { Failure } from '../../lib/model/failure.js'
import { finishAll, type Rig, rig } from '../support/dispatcher-rig.js'
import { insertOf, PLACE, readToyBody, toyRoute, toyTarget } from '../support/toy-route.js'

const rigs: Rig[] = []

// Their timers would keep the process alive.
afterEach(() => {
  for (const { dispatcher } of rigs.splice(0)) dispatcher.abandon(new Failure('streamBroken', 'over'))
})

function rigOf(): Rig {
  const made = rig()
  rigs.push(made)
  return made
}

/** Keeps inserted rows with an even value. */
function evenOnly(inner: Route): Route {
  return {
    ...inner,
    shape: ({ op, buffer, at, end, firstRow = 0 }: RowImages) => {
      const pieces: { images: RowImages; route: Route }[] = []
      let filtered = 0
      for (let p = at, row = firstRow; p < end; p += 2, row++)
        if (buffer[p + 1]! % 2 === 0)
          pieces.push({ images: { op, buffer, at: p, end: p + 2, firstRow: row }, route: inner })
        else filtered++
      return { pieces, filtered }
    },
  }
}

async function drained(r: Rig): Promise<void> {
  const done = r.dispatcher.drain()
  await finishAll(r)
  await done
}

const accounts = (r: Rig) =>
  r.happenings.flatMap(happening => {
    if (happening.kind !== 'accounted') return []
    const { target, decoded, filtered, loaded } = happening
    return [`${target}: ${decoded} = ${filtered} + ${loaded}`]
  })

describe('rows that a rule shapes', () => {
  test('what is left out counts as filtered; other routes of the event get all of it', async () => {
    const r = rigOf()
    const shaped = evenOnly(toyRoute(toyTarget('few'), { mode: 'append' }))
    r.dispatcher.rows(insertOf([1, 2], [2, 3], [3, 4]), [shaped, toyRoute(toyTarget('all'))], 1000, PLACE)
    r.commit()
    await drained(r)
    const rows = Object.fromEntries(r.sink.loads.map(({ target, body }) => [target.table, readToyBody(body)]))
    expect(rows.few!.map(({ key, change }) => `${key} ${change}`)).toEqual(['1 4.0.0i', '3 4.0.2i'])
    expect(rows.all!.map(({ key }) => key).sort()).toEqual([1, 2, 3])
    expect(accounts(r).sort()).toEqual(['d.all: 3 = 0 + 3', 'd.few: 3 = 1 + 2'])
  })

  test('where nothing is left, the position moves all the same, in no epoch of its own', async () => {
    const r = rigOf()
    const route = evenOnly(toyRoute(toyTarget()))
    r.dispatcher.rows(insertOf([1, 1], [2, 3]), [route], 1000, PLACE)
    r.commit()
    await drained(r)
    expect(r.durable).toEqual([14])
    expect(r.notes).toMatchObject([{ epoch: 0, rows: 0, newestCommitMs: 0 }])
    expect([r.sink.loads, r.dispatcher.isBare, r.dispatcher.epoch]).toEqual([[], true, 1])
    expect(accounts(r)).toEqual(['d.t: 2 = 2 + 0'])
    r.dispatcher.rows(insertOf([1, 2]), [route], 1000, PLACE)
    expect(r.dispatcher.isBare).toBe(false)
    r.commit()
    await drained(r)
    expect(r.notes).toMatchObject([{ epoch: 0 }, { epoch: 1, rows: 1 }])
  })

  test('what a rule throws stops the flow, and the position stays', async () => {
    const r = rigOf()
    const shape = () => {
      throw new Failure('ruleFailed', 'the rule: no value')
    }
    r.dispatcher.rows(insertOf([1, 1]), [{ ...toyRoute(toyTarget()), shape }], 1000, PLACE)
    await expect(r.dispatcher.failed).rejects.toMatchObject({ kind: 'ruleFailed', message: 'the rule: no value' })
    r.commit()
    expect(r.durable).toEqual([])
  })
})
