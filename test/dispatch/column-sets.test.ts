import { expect, test } from '@jest/globals'
import type { Route } from '../../lib/dispatch/route.js'
import type { Load } from '../../lib/dispatch/sink.js'
import { type Rig, rig, turn } from '../support/dispatcher-rig.js'
import { Random } from '../support/random.js'
import { deleteOf, insertOf, PLACE, readToyBody, toyRoute, toyTarget } from '../support/toy-route.js'

/** One route that writes whole rows, and some that write some columns of the same target. */
function routes(sets: number): Route[] {
  const whole = toyRoute(toyTarget())
  return Array.from({ length: sets }, (_, i) =>
    i === 0 ? whole : { ...whole, partial: true, csv: { ...whole.csv!, columns: `k,v${i}` } },
  )
}

/** Loads end at once, and their bodies outlive them. */
function keepBodies({ sink }: Rig): void {
  sink.write = async load => {
    sink.loads.push({ ...load, body: load.body.map(piece => Buffer.from(piece)) })
    return { rows: load.rows }
  }
}

/** Values of each key in the order in which they were loaded. */
function byKey(loads: readonly Load[]): Map<number, number[]> {
  const found = new Map<number, number[]>()
  for (const { body } of loads)
    for (const { key, value } of readToyBody(body)) found.set(key, [...(found.get(key) ?? []), value])
  return found
}

test.each([1, 2, 3, 5, 30])('rows of %i sets of columns: each key keeps its order', async sets => {
  const seed = Date.now()
  const random = new Random(seed)
  const r = rig({ lanes: 3, maxRows: 400 })
  keepBodies(r)
  const all = routes(sets)
  const expected = new Map<number, number[]>()
  for (let i = 0; i < 2000; i++) {
    const key = random.below(40)
    const value = i % 250
    const route = all[random.below(sets)]!
    r.dispatcher.rows(random.chance(0.2) ? deleteOf([key, value]) : insertOf([key, value]), [route], 1, PLACE)
    expected.set(key, [...(expected.get(key) ?? []), value])
    if (random.chance(0.05)) r.commit()
    if (r.dispatcher.full) await turn()
  }
  r.commit()
  await r.dispatcher.drain()
  const sorted = (rows: Map<number, number[]>) => [...rows].sort(([a], [b]) => a - b)
  expect([seed, sorted(byKey(r.sink.loads))]).toEqual([seed, sorted(expected)])
  for (const { columns, partial } of r.sink.loads)
    expect([columns, partial]).toEqual([columns, columns !== 'k,v,__op' ? true : undefined])
  expect(r.window.rows).toBe(0)
  expect(r.window.bytes).toBe(0)
})

test('sets of columns that take turns over different keys share their loads', async () => {
  const r = rig({ lanes: 1 })
  keepBodies(r)
  const all = routes(3)
  for (let i = 0; i < 90; i++) r.dispatcher.rows(insertOf([i, 1]), [all[i % 3]!], 1, PLACE)
  r.commit()
  await r.dispatcher.drain()
  expect(r.sink.loads.map(({ columns, rows }) => [columns, rows])).toEqual([
    ['k,v,__op', 30],
    ['k,v1', 30],
    ['k,v2', 30],
  ])
})

test('a row joins no body from which rows of its key would overtake it', async () => {
  const r = rig({ lanes: 1 })
  keepBodies(r)
  const [whole, some] = routes(2) as [Route, Route]
  for (const [route, key] of [
    [whole, 1],
    [some, 2],
    [whole, 3],
    [whole, 2],
    [some, 1],
  ] as const)
    r.dispatcher.rows(insertOf([key, 9]), [route], 1, PLACE)
  r.commit()
  await r.dispatcher.drain()
  expect(r.sink.loads.map(({ columns, body }) => [columns, readToyBody(body).map(row => row.key)])).toEqual([
    ['k,v,__op', [1, 3]],
    ['k,v1', [2, 1]],
    ['k,v,__op', [2]],
  ])
})

test('no more sets of columns than sixteen fill at the same time', async () => {
  const r = rig({ lanes: 1 })
  keepBodies(r)
  const all = routes(17)
  for (const [i, route] of all.entries()) r.dispatcher.rows(insertOf([i, 1]), [route], 1, PLACE)
  await turn()
  expect(r.sink.loads.map(load => load.columns)).toEqual(['k,v,__op'])
  r.dispatcher.dropOpen()
})

/** Routes of rules that own the columns of one target between them. */
function fusedRoutes(): [Route, Route] {
  const [, one, other] = routes(3)
  return [
    { ...one!, isFused: true, rule: 'rule 1' },
    { ...other!, isFused: true, rule: 'rule 2' },
  ]
}

test('sides of one row that take turns need one body each: they have no column in common', async () => {
  const r = rig({ lanes: 1 })
  keepBodies(r)
  const [one, other] = fusedRoutes()
  for (let i = 0; i < 90; i++) r.dispatcher.rows(insertOf([i % 3, i]), [i % 2 === 0 ? one : other], 1, PLACE)
  r.commit()
  await r.dispatcher.drain()
  expect(r.sink.loads.map(({ columns, rows }) => [columns, rows])).toEqual([
    ['k,v1', 45],
    ['k,v2', 45],
  ])
})

test('a delete of the whole row stays between what comes before and behind it', async () => {
  const r = rig({ lanes: 1 })
  keepBodies(r)
  const [one, other] = fusedRoutes()
  const gone: Route = { ...one, partial: false, csv: { ...one.csv!, columns: 'k,__op' } }
  for (const [route, key] of [
    [one, 1],
    [other, 1],
    [gone, 1],
    [other, 1],
    [one, 2],
    [one, 1],
  ] as const)
    r.dispatcher.rows(insertOf([key, 9]), [route], 1, PLACE)
  r.commit()
  await r.dispatcher.drain()
  expect(r.sink.loads.map(({ columns, body }) => [columns, readToyBody(body).map(row => row.key)])).toEqual([
    ['k,v1', [1, 2]],
    ['k,v2', [1]],
    ['k,__op', [1]],
    ['k,v2', [1]],
    ['k,v1', [1]],
  ])
})

test('small bodies of all lanes go in one load for each set of columns, each lane in its order', async () => {
  const r = rig({ lanes: 4 })
  keepBodies(r)
  const [one, other] = fusedRoutes()
  for (let i = 0; i < 80; i++) r.dispatcher.rows(insertOf([i >> 1, i]), [i % 2 === 0 ? one : other], 1, PLACE)
  r.commit()
  await r.dispatcher.drain()
  expect(r.sink.loads.map(({ columns, rows }) => [columns, rows])).toEqual([
    ['k,v1', 40],
    ['k,v2', 40],
  ])
  expect(new Set(r.sink.loads.map(({ label }) => label)).size).toBe(2)
})
