import { expect, test } from '@jest/globals'
import type { Route } from '../../lib/dispatch/route.js'
import { finishAll, type Rig, rig, turn } from '../support/dispatcher-rig.js'
import { Random } from '../support/random.js'
import { deleteOf, insertOf, PLACE, toyRoute, toyTarget, updateOf } from '../support/toy-route.js'

const SEEDS = Number(process.env.SEEDS ?? 150)

test(`random histories: at every durable position, the target plus a replay from there is the source (${SEEDS} seeds)`, async () => {
  const first = Number(process.env.SEED ?? 20261121)
  for (let seed = first; seed < first + SEEDS; seed++) await checkHistory(new Random(seed))
})

type Change = { readonly at: number; readonly table: string; readonly key: number; readonly value: number | null }

async function checkHistory(random: Random): Promise<void> {
  const changes: Change[] = []
  const crashes: { readonly at: number; readonly tables: Map<string, Map<number, number>> }[] = []
  const r = rig({
    lanes: 1 + random.below(5),
    maxRows: 4 + random.below(40),
    onDurable: at =>
      crashes.push({ at, tables: new Map([...r.sink.tables].map(([name, rows]) => [name, new Map(rows)])) }),
  })
  const routes: Route[] = ['a', 'b'].map(t => toyRoute(toyTarget(t), { flushRows: 1 + random.below(20) }))
  const source = new Map<string, Map<number, number>>(['a', 'b'].map(t => [t, new Map()]))
  for (let transaction = 0; transaction < 30; transaction++) {
    for (let n = random.below(6); n > 0; n--) {
      const route = routes[random.below(2)]!
      changes.push(...randomChange(random, r, route, source.get(route.target.table)!))
      if (random.chance(0.3)) finishOne(random, r)
      let roomy = false
      const room = r.dispatcher.room().then(() => {
        roomy = true
      })
      for (await turn(); !roomy; await turn()) finishOne(random, r)
      await room
    }
    r.commit()
    if (random.chance(0.2)) {
      const drained = r.dispatcher.drain()
      await finishAll(r)
      await drained
    }
    if (random.chance(0.2)) await turn()
  }
  const drained = r.dispatcher.drain()
  await finishAll(r)
  await drained
  crashes.push({ at: r.at, tables: r.sink.tables })
  for (const crash of crashes) {
    const replayed = new Map(['a', 'b'].map(t => [t, new Map(crash.tables.get(t))]))
    for (const { at, table, key, value } of changes) {
      if (at < crash.at) continue
      if (value === null) replayed.get(table)!.delete(key)
      else replayed.get(table)!.set(key, value)
    }
    for (const table of ['a', 'b']) {
      expect({ seed: random.seed, crash: crash.at, table, rows: sorted(replayed.get(table)!) }).toEqual({
        seed: random.seed,
        crash: crash.at,
        table,
        rows: sorted(source.get(table)!),
      })
    }
  }
  expect(r.window.rows).toBe(0)
}

function randomChange(random: Random, r: Rig, route: Route, rows: Map<number, number>): Change[] {
  const key = random.below(12)
  const value = random.chance(0.1) ? 255 : random.below(250)
  const old = rows.get(key)
  const table = route.target.table
  const at = r.at
  if (old === undefined) {
    rows.set(key, value)
    r.dispatcher.rows(insertOf([key, value]), [route], 1, PLACE)
    return [{ at, table, key, value }]
  }
  if (random.chance(0.3)) {
    rows.delete(key)
    r.dispatcher.rows(deleteOf([key, old]), [route], 1, PLACE)
    return [{ at, table, key, value: null }]
  }
  const moved = random.below(12)
  const to = rows.has(moved) ? key : moved
  rows.delete(key)
  rows.set(to, value)
  r.dispatcher.rows(
    updateOf([
      [key, old],
      [to, value],
    ]),
    [route],
    1,
    PLACE,
  )
  return [
    { at, table, key, value: null },
    { at, table, key: to, value },
  ]
}

function finishOne(random: Random, r: Rig): void {
  if (r.sink.held.length > 0) r.sink.held[random.below(r.sink.held.length)]!.finish()
}

function sorted(rows: Map<number, number>): [number, number][] {
  return [...rows].sort((a, b) => a[0] - b[0])
}
