import { afterEach, describe, expect, test } from '@jest/globals'
import { Replay } from '../../lib/dispatch/epoch-script.js'
import type { Route } from '../../lib/dispatch/route.js'
import type { Life } from '../support/crashing-life.js'
import { finishAll, rig } from '../support/dispatcher-rig.js'
import { ModelJournal } from '../support/model-journal.js'
import { BAD, PickyRig, type PickySink } from '../support/picky-rig.js'
import { Random } from '../support/random.js'
import { deleteOf, insertOf, PLACE, readToyBody, toyRoute, toyTarget, updateOf } from '../support/toy-route.js'

const rigs: PickyRig[] = []
afterEach(() => {
  for (const one of rigs.splice(0)) one.end()
})

async function picky(...args: Parameters<typeof PickyRig.start>): Promise<PickyRig> {
  const one = await PickyRig.start(...args)
  rigs.push(one)
  return one
}

const traced = (route: Route): Route => ({ ...route, rule: 'rule', imageText: (buffer, at) => `{"k":${buffer[at]}}` })
const UPSERT = traced(toyRoute(toyTarget()))
const sorted = (rows: ReadonlyMap<number, number>) => [...rows].sort(([a], [b]) => a - b)
const hot = (key: number, ...values: number[]) =>
  updateOf(...values.slice(1).map((value, i) => [[key, values[i]!] as const, [key, value] as const] as const))
/** Of one key each. Rows that are inserted at a body's beginning are not looked at. */
const changed = (...rows: [key: number, value: number][]) =>
  updateOf(...rows.map(([key, value]) => [[key, 0] as const, [key, value] as const] as const))

describe('rows that later ones replace', () => {
  test('do not leave, and are told of; the window is empty behind them', async () => {
    const r = rig({ collapseFrom: 2 })
    const routes = ['s.a', 's.b'].map(source => toyRoute(toyTarget(), { source }))
    r.dispatcher.rows(changed([1, 10], [2, 20], [3, 30]), [routes[0]!], 1, PLACE)
    r.dispatcher.rows(hot(1, 10, 11, 12, 13), [routes[0]!], 1, PLACE)
    r.dispatcher.rows(hot(2, 20, 21, 22), [routes[1]!], 1, PLACE)
    r.dispatcher.rows(deleteOf([3, 30]), [routes[1]!], 1, PLACE)
    r.commit()
    const drained = r.dispatcher.drain()
    await finishAll(r)
    await drained
    expect(r.sink.loads.flatMap(({ body }) => readToyBody(body)).sort((a, b) => a.key - b.key)).toEqual([
      { key: 1, value: 13, op: 0 },
      { key: 2, value: 22, op: 0 },
      { key: 3, value: 30, op: 1 },
    ])
    expect(r.happenings.filter(({ kind }) => kind === 'accounted')).toMatchObject([
      { source: 's.a', decoded: 6, collapsed: 5, loaded: 1, parked: 0 },
      { source: 's.b', decoded: 3, collapsed: 1, loaded: 2, parked: 0 },
    ])
    expect(r.happenings.filter(({ kind }) => kind === 'loaded')).toMatchObject([{ rows: 3 }])
    expect(r.window).toMatchObject({ rows: 0, bytes: 0 })
    expect(r.notes).toMatchObject([{ rows: 9 }])
  })

  test('are not looked for among those that are inserted before any other change', async () => {
    const r = rig({ collapseFrom: 2, lanes: 1 })
    const route = toyRoute(toyTarget())
    r.dispatcher.rows(insertOf([1, 10], [2, 20]), [route], 1, PLACE)
    r.dispatcher.rows(hot(1, 10, 11, 12, 13), [route], 1, PLACE)
    r.dispatcher.rows(insertOf([3, 30]), [route], 1, PLACE)
    r.dispatcher.rows(deleteOf([3, 30]), [route], 1, PLACE)
    r.commit()
    const drained = r.dispatcher.drain()
    await finishAll(r)
    await drained
    expect(r.sink.loads.flatMap(({ body }) => readToyBody(body))).toEqual([
      { key: 1, value: 10, op: 0 },
      { key: 2, value: 20, op: 0 },
      { key: 1, value: 13, op: 0 },
      { key: 3, value: 30, op: 1 },
    ])
    expect(r.happenings.filter(({ kind }) => kind === 'accounted')).toMatchObject([
      { decoded: 7, collapsed: 3, loaded: 4 },
    ])
  })

  test('leave where each change is a row, or adds to a sum', async () => {
    const r = rig({ collapseFrom: 2 })
    const routes = (['append', 'aggregate'] as const).map(mode => toyRoute(toyTarget(mode), { mode }))
    r.dispatcher.rows(hot(1, 10, 11, 12, 13), routes, 1, PLACE)
    r.commit()
    const drained = r.dispatcher.drain()
    await finishAll(r)
    await drained
    expect(r.sink.loads.map(({ target, rows }) => [target.table, rows]).sort()).toEqual([
      ['aggregate', 6],
      ['append', 3],
    ])
  })

  test.each([{ flushRows: 4 }, { flushBytes: 30 }])('bodies full at %j leave one behind the other', async full => {
    const r = rig({ collapseFrom: 2, lanes: 1 })
    r.dispatcher.rows(hot(1, ...Array.from({ length: 10 }, (_, i) => i)), [toyRoute(toyTarget(), full)], 1, PLACE)
    r.commit()
    const drained = r.dispatcher.drain()
    await finishAll(r)
    await drained
    expect(r.sink.tables.get('t')).toEqual(new Map([[1, 9]]))
    expect(r.sink.loads.length).toBeGreaterThan(1)
    expect(r.sink.loads.every(({ rows }) => rows === 1)).toBe(true)
    const loaded = r.sink.loads.length
    expect(r.happenings.filter(({ kind }) => kind === 'accounted')).toMatchObject([
      { decoded: 9, loaded, collapsed: 9 - loaded },
    ])
    expect(r.window).toMatchObject({ rows: 0, bytes: 0 })
  })
})

describe.each(['labels', 'atomic'] as const)('rows that are refused, %s', delivery => {
  const run = async (collapseFrom: number, write: (one: PickyRig) => void | Promise<void>): Promise<PickyRig> => {
    const one = await picky({ delivery, collapseFrom })
    await write(one)
    one.commit()
    await one.dispatcher.drain()
    return one
  }

  test('a good row that a bad one had replaced is loaded; the bad one is parked', async () => {
    const one = await run(2, r => {
      r.dispatcher.rows(insertOf([1, 5], [2, 5], [3, 5], [5, 5]), [UPSERT], 1, PLACE)
      r.dispatcher.rows(hot(1, 5, 6, 7, BAD), [UPSERT], 1, { ...PLACE, event: 1 })
      r.dispatcher.rows(hot(3, 5, 6, 7), [UPSERT], 1, { ...PLACE, event: 2 })
    })
    expect(sorted(one.sink.rows)).toEqual([
      [1, 7],
      [2, 5],
      [3, 7],
      [5, 5],
    ])
    expect(await one.letters()).toMatchObject([
      { op: 'update', place: { event: 1, row: 2 }, key: { k: '1' }, after: '{"k":1}', reason: 'row 1 is bad' },
    ])
    expect(one.accounts()).toEqual({ decoded: 9, filtered: 0, collapsed: 0, loaded: 8, parked: 1 })
    expect(one.window).toMatchObject({ rows: 0, bytes: 0 })
  })

  test('a bad row that a good one has replaced is nobody’s concern', async () => {
    const one = await run(2, r => {
      r.dispatcher.rows(changed([1, BAD], [2, 5]), [UPSERT], 1, PLACE)
      r.dispatcher.rows(hot(1, BAD, 6, 7), [UPSERT], 1, { ...PLACE, event: 1 })
    })
    expect(sorted(one.sink.rows)).toEqual([
      [1, 7],
      [2, 5],
    ])
    expect(await one.letters()).toEqual([])
    expect(one.accounts()).toEqual({ decoded: 4, filtered: 0, collapsed: 2, loaded: 2, parked: 0 })
    expect(one.window).toMatchObject({ rows: 0, bytes: 0 })
  })

  test('a later change of a parked row takes its place, also where others of its key were replaced', async () => {
    const one = await run(2, async r => {
      r.dispatcher.rows(insertOf([1, BAD], [2, BAD], [3, 5]), [UPSERT], 1, PLACE)
      r.commit()
      await r.dispatcher.drain()
      r.dispatcher.rows(hot(3, 5, 6, 7, 8), [UPSERT], 1, { ...PLACE, event: 1 })
      r.dispatcher.rows(hot(1, BAD, 6, 7, 8), [UPSERT], 1, { ...PLACE, event: 2 })
    })
    expect(sorted(one.sink.rows)).toEqual([
      [1, 8],
      [3, 8],
    ])
    expect(await one.letters()).toMatchObject([{ key: { k: '2' } }])
    expect(one.accounts()).toMatchObject({ decoded: 9, collapsed: 4, loaded: 3, parked: 2 })
  })

  test('random histories: rows and letters are those of loads that are never collapsed, and every row is told of', async () => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
    let collapsed = 0
    for (let i = 0; i < 40; i++) {
      const story = (r: PickyRig) => writeRandomly(new Random(seed + i), r)
      const [one, other] = [await run(2, story), await run(Number.POSITIVE_INFINITY, story)]
      const where = `seed ${seed + i}`
      expect([where, sorted(one.sink.rows)]).toEqual([where, sorted(other.sink.rows)])
      expect([where, await one.letters()]).toEqual([where, (await other.letters()).map(relevant)])
      const sums = one.accounts()
      expect([where, sums.decoded]).toEqual([where, sums.collapsed + sums.loaded + sums.parked])
      expect([where, sums.decoded]).toEqual([where, other.accounts().decoded])
      expect(one.window).toMatchObject({ rows: 0, bytes: 0 })
      collapsed += sums.collapsed
      for (const rig of rigs.splice(0)) rig.end()
    }
    expect(collapsed).toBeGreaterThan(100)
  })
})

/** What letters of two runs have in common: all but the time at which they were written. */
function relevant<T>(letter: T): unknown {
  return expect.objectContaining({ ...letter, atMs: expect.any(Number) })
}

async function writeRandomly(random: Random, r: PickyRig): Promise<void> {
  const rows = new Map<number, number>()
  const value = () => (random.chance(0.1) ? BAD : random.below(60))
  for (let event = 0; event < 60; event++) {
    if (random.chance(0.05)) {
      r.commit()
      await r.dispatcher.drain()
    }
    const key = random.below(8)
    const old = rows.get(key)
    const after = value()
    const place = { ...PLACE, event }
    if (old === undefined) r.dispatcher.rows(insertOf([key, after]), [UPSERT], 1, place)
    else if (random.chance(0.2)) {
      r.dispatcher.rows(deleteOf([key, old]), [UPSERT], 1, place)
      rows.delete(key)
      continue
    } else r.dispatcher.rows(hot(key, old, after), [UPSERT], 1, place)
    rows.set(key, after)
  }
}

describe('an epoch that is read again behind a crash', () => {
  const life = { step: async () => undefined, onDeath: () => undefined, random: new Random(1) } as unknown as Life

  /** Runs it, and once more by the plan of the first run, with all its loads in. */
  async function twice(write: (r: PickyRig) => void): Promise<{ first: PickyRig; second: PickyRig; sink: PickySink }> {
    const journal = new ModelJournal()
    const plan = journal.open(life)
    const first = await picky({ delivery: 'labels', collapseFrom: 2, plan })
    write(first)
    first.commit()
    await first.dispatcher.drain()
    await plan.close()
    const [planned] = journal.plans
    const script = {
      ...{ epoch: 1, start: planned!.start, end: planned!.end, events: 2, spills: new Set<number>(), databases: null },
      skips: () => false,
      plan: new Replay(planned!, new Map()),
    }
    const options = { delivery: 'labels', collapseFrom: 2, plan: journal.open(life), scripts: [script] } as const
    const second = await picky(options, first.sink)
    const before = first.sink.loads.length
    write(second)
    second.commit()
    await second.dispatcher.drain()
    expect(first.sink.loads.length).toBe(before)
    expect(second.window).toMatchObject({ rows: 0, bytes: 0 })
    return { first, second, sink: first.sink }
  }

  test('comes out the same, so nothing is sent again; its account is that of the first time', async () => {
    const { first, second } = await twice(r => {
      r.dispatcher.rows(changed([1, 5], [2, 5], [4, 1]), [UPSERT], 1, PLACE)
      r.dispatcher.rows(hot(1, 5, 6, 7, 8), [UPSERT], 1, { ...PLACE, event: 1 })
    })
    expect(first.accounts()).toEqual({ decoded: 6, filtered: 0, collapsed: 3, loaded: 3, parked: 0 })
    expect(second.accounts()).toEqual(first.accounts())
  })

  test('when bad rows were parked: the rows that they had replaced are known to be in', async () => {
    const { first, second } = await twice(r => {
      r.dispatcher.rows(changed([1, 5], [2, 5], [4, 1]), [UPSERT], 1, PLACE)
      r.dispatcher.rows(hot(1, 5, 6, 7, BAD), [UPSERT], 1, { ...PLACE, event: 1 })
    })
    expect(first.accounts()).toEqual({ decoded: 6, filtered: 0, collapsed: 0, loaded: 5, parked: 1 })
    expect(second.accounts()).toEqual(first.accounts())
  })
})
