import { describe, expect, test } from '@jest/globals'
import type { Route } from '../../lib/dispatch/route.js'
import { Failure } from '../../lib/model/failure.js'
import { finishAll, type Rig, rig, turn } from '../support/dispatcher-rig.js'
import { Random } from '../support/random.js'
import { deleteOf, insertOf, readToyBody, toyRoute, toyTarget, updateOf } from '../support/toy-route.js'

describe('dispatcher', () => {
  test('the position moves only when every load of the epoch is durable', async () => {
    const r = rig()
    for (const table of ['a', 'b', 'c'])
      r.dispatcher.rows(insertOf([1, 1], [2, 2], [3, 3], [4, 4]), [toyRoute(toyTarget(table))], 1000)
    r.commit()
    const drained = r.dispatcher.drain()
    await turn()
    expect(r.sink.held.length).toBe(3)
    while (r.sink.held.length > 1) {
      r.sink.held[0]!.finish()
      await turn()
      expect(r.durable).toEqual([])
    }
    r.sink.held[0]!.finish()
    await drained
    expect(r.durable).toEqual([14])
    expect(r.window.rows).toBe(0)
    expect(r.window.bytes).toBe(0)
  })

  test('an epoch is cut at commits only, and the next one waits for it', async () => {
    const r = rig({ lanes: 1 })
    const route = toyRoute(toyTarget())
    r.dispatcher.rows(insertOf([1, 1]), [route], 1000)
    r.commit()
    const first = r.dispatcher.drain()
    r.dispatcher.rows(insertOf([1, 2]), [route], 1000)
    await turn()
    expect(r.sink.held.map(h => readToyBody(h.load.body))).toEqual([[{ key: 1, value: 1, op: 0 }]])
    r.sink.held[0]!.finish()
    await turn()
    expect(r.durable).toEqual([14])
    expect(r.sink.held).toEqual([])
    r.commit()
    const second = r.dispatcher.drain()
    await finishAll(r)
    await Promise.all([first, second])
    expect(r.durable).toEqual([14, 24])
  })

  test('small bodies of a target’s lanes go as one load, and what the next epoch must send early waits for it', async () => {
    const r = rig({ lanes: 4, maxRows: 8 })
    const route = toyRoute(toyTarget())
    r.dispatcher.rows(insertOf([1, 1], [2, 2], [3, 3], [4, 4]), [route], 1000)
    r.commit()
    const drained = r.dispatcher.drain()
    r.dispatcher.rows(insertOf([1, 9], [2, 9], [3, 9], [4, 9]), [route], 1000)
    expect(r.dispatcher.full).toBe(true)
    await turn()
    expect(r.sink.held.map(h => h.load.rows)).toEqual([4])
    r.sink.held[0]!.finish()
    await turn()
    expect(r.sink.held.map(h => h.load.rows).reduce((a, b) => a + b)).toBe(4)
    r.commit()
    await finishAll(r)
    await drained
    await r.dispatcher.drain()
    expect([...r.sink.tables.get('t')!.values()]).toEqual([9, 9, 9, 9])
  })

  test('a commit without rows moves the position too', async () => {
    const r = rig()
    r.commit()
    await r.dispatcher.drain()
    expect(r.durable).toEqual([14])
    expect(r.sink.loads).toEqual([])
  })

  test('a moved key becomes a delete of the old and an upsert of the new', async () => {
    const r = rig({ lanes: 1 })
    r.sink.free = true
    const route = toyRoute(toyTarget())
    r.dispatcher.rows(insertOf([1, 1]), [route], 1)
    r.dispatcher.rows(
      updateOf([
        [1, 1],
        [9, 1],
      ]),
      [route],
      1,
    )
    r.commit()
    await r.dispatcher.drain()
    expect(r.sink.loads.flatMap(l => readToyBody(l.body))).toEqual([
      { key: 1, value: 1, op: 0 },
      { key: 1, value: 1, op: 1 },
      { key: 9, value: 1, op: 0 },
    ])
  })

  test('one key always takes the same lane; a row that csv cannot carry goes as json in its place', async () => {
    const r = rig({ lanes: 4 })
    r.sink.free = true
    const route = toyRoute(toyTarget())
    for (const value of [1, 2, 255, 3]) r.dispatcher.rows(insertOf([7, value]), [route], 1)
    r.commit()
    await r.dispatcher.drain()
    expect(r.sink.loads.map(l => [l.format, readToyBody(l.body).map(x => x.value)])).toEqual([
      ['csv', [1, 2]],
      ['json', [255, 3]],
    ])
    expect(new Set(r.sink.loads.map(l => l.label.split('_').at(-4))).size).toBe(1)
    const json = Buffer.concat(r.sink.loads[1]!.body as Uint8Array[]).toString()
    expect(json).toBe('[7,255,0;,7,3,0;]')
    expect(r.sink.loads[1]!.bytes).toBe(json.length)
  })

  test('a transaction larger than the window streams through it, and the position waits for its end', async () => {
    const r = rig({ lanes: 2, maxRows: 10 })
    const route = toyRoute(toyTarget())
    let largest = 0
    for (let i = 0; i < 100; i++) {
      r.dispatcher.rows(insertOf([i, i % 250]), [route], 1)
      largest = Math.max(largest, r.window.rows)
      if (r.dispatcher.full) {
        const room = r.dispatcher.room()
        await finishAll(r)
        await room
      }
    }
    expect(largest).toBeLessThanOrEqual(10)
    expect(r.durable).toEqual([])
    r.commit()
    const drained = r.dispatcher.drain()
    await finishAll(r)
    await drained
    expect(r.durable).toEqual([14])
    expect(r.sink.tables.get('t')!.size).toBe(100)
  })

  test('flush_rows ends a body early', async () => {
    const r = rig({ lanes: 1 })
    r.sink.free = true
    const route = toyRoute(toyTarget(), { flushRows: 2 })
    r.dispatcher.rows(insertOf([1, 1], [2, 2], [3, 3]), [route], 1)
    r.commit()
    await r.dispatcher.drain()
    expect(r.sink.loads.map(l => l.rows)).toEqual([2, 1])
    expect(new Set(r.sink.loads.map(l => l.label)).size).toBe(2)
  })

  test('the same rows at the same place get the same label in another run; other rows another', async () => {
    const labels: string[][] = []
    for (const value of [5, 5, 6]) {
      const r = rig({ lanes: 2 })
      r.sink.free = true
      r.dispatcher.rows(insertOf([1, value]), [toyRoute(toyTarget())], 1)
      r.commit()
      await r.dispatcher.drain()
      labels.push(r.sink.loads.map(l => l.label))
    }
    expect(labels[0]).toEqual(labels[1])
    expect(labels[0]).not.toEqual(labels[2])
    expect(labels[0]![0]).toMatch(/^[-\w]{1,128}$/)
  })

  test('a retriable failure is tried again under the same label; the order stays', async () => {
    const r = rig({ lanes: 1 })
    const route = toyRoute(toyTarget())
    r.dispatcher.rows(insertOf([1, 1]), [route], 1)
    r.commit()
    const drained = r.dispatcher.drain()
    await turn()
    r.sink.held[0]!.reject(new Failure('targetBusy', 'too many versions'))
    while (r.sink.held.length === 0) await turn()
    expect(r.sink.loads[0]!.label).toBe(r.sink.loads[1]!.label)
    await finishAll(r)
    await drained
    expect(r.happenings.filter(h => h.kind === 'retrying').length).toBe(1)
    expect(r.durable).toEqual([14])
  })

  test('a permanent failure wakes every waiter and freezes the position', async () => {
    const r = rig({ lanes: 2, maxRows: 4 })
    const route = toyRoute(toyTarget())
    r.dispatcher.rows(insertOf([1, 1], [2, 2], [3, 3], [4, 4]), [route], 1)
    r.commit()
    const room = r.dispatcher.room()
    const drained = r.dispatcher.drain()
    await turn()
    const failure = new Failure('rowRejected', 'too long')
    r.sink.held[0]!.reject(failure)
    await expect(room).rejects.toBe(failure)
    await expect(drained).rejects.toBe(failure)
    await expect(r.dispatcher.failed).rejects.toBe(failure)
    for (const held of [...r.sink.held]) held.finish()
    await turn()
    expect(r.durable).toEqual([])
    await expect(r.dispatcher.room()).rejects.toBe(failure)
    await expect(r.dispatcher.drain()).rejects.toBe(failure)
  })

  test('a position that cannot be rendered ends the flow with its failure, also behind a load and a timer', async () => {
    const failure = new Failure('positionUnreadable', 'no set')
    for (const how of ['commit', 'load', 'timer'] as const) {
      const r = rig({ lanes: 1 })
      const route = toyRoute(toyTarget(), { flushIntervalMs: how === 'timer' ? 1 : 3_600_000 })
      r.dispatcher.rows(insertOf([1, 1]), [route], 1)
      r.commit()
      if (how === 'load') {
        const drained = r.dispatcher.drain()
        r.dispatcher.rows(insertOf([2, 2]), [route], 1)
        r.commit()
        drained.catch(() => undefined)
        void r.dispatcher.drain().catch(() => undefined)
        await turn()
      }
      r.at = Number.NaN
      r.failure = failure
      if (how === 'load') r.sink.held[0]!.finish()
      if (how === 'commit') await expect(r.dispatcher.drain()).rejects.toBe(failure)
      await expect(r.dispatcher.failed).rejects.toBe(failure)
    }
  })

  test('two descriptions of one target share its lanes: rows of one key stay in order', async () => {
    const r = rig({ lanes: 2 })
    r.sink.free = true
    const older = toyRoute(toyTarget())
    const newer = toyRoute(toyTarget())
    r.dispatcher.rows(insertOf([1, 1]), [older], 1)
    r.dispatcher.rows(insertOf([1, 2]), [newer], 1)
    r.dispatcher.rows(insertOf([1, 3]), [older], 1)
    r.dispatcher.rows(insertOf([1, 4]), [newer], 1)
    r.dispatcher.rows(insertOf([1, 5]), [older], 1)
    r.commit()
    await r.dispatcher.drain()
    expect(r.sink.tables.get('t')!.get(1)).toBe(5)
  })

  test('an unfinished transaction is forgotten at a stop', async () => {
    const r = rig({ lanes: 1 })
    r.sink.free = true
    const route = toyRoute(toyTarget())
    r.dispatcher.rows(insertOf([1, 1]), [route], 1)
    r.commit()
    await r.dispatcher.drain()
    r.dispatcher.rows(insertOf([2, 2]), [route], 1)
    r.dispatcher.dropOpen()
    await r.dispatcher.drain()
    expect(r.durable).toEqual([14])
    expect([...r.sink.tables.get('t')!.keys()]).toEqual([1])
  })
})

const SEEDS = Number(process.env.SEEDS ?? 150)

test(`random histories: at every durable position, the target plus a replay from there is the source (${SEEDS} seeds)`, async () => {
  const first = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
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
    r.dispatcher.rows(insertOf([key, value]), [route], 1)
    return [{ at, table, key, value }]
  }
  if (random.chance(0.3)) {
    rows.delete(key)
    r.dispatcher.rows(deleteOf([key, old]), [route], 1)
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
