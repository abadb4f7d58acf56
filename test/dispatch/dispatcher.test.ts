import { describe, expect, test } from '@jest/globals'
import { Failure } from '../../lib/model/failure.js'
import { finishAll, rig, turn } from '../support/dispatcher-rig.js'
import { insertOf, PLACE, readToyBody, toyRoute, toyTarget, updateOf } from '../support/toy-route.js'

describe('dispatcher', () => {
  test('the position moves only when every load of the epoch is durable', async () => {
    const r = rig()
    for (const table of ['a', 'b', 'c'])
      r.dispatcher.rows(insertOf([1, 1], [2, 2], [3, 3], [4, 4]), [toyRoute(toyTarget(table))], 1000, PLACE)
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

  test('a value that cannot be decoded: file, offset and event are named', async () => {
    const r = rig()
    const route = toyRoute(toyTarget())
    const undecodable = () => {
      throw new Failure('notDecodable', 'a.t: column v cannot be decoded: it is too long')
    }
    route.csv!.encoder.encode = undecodable
    r.dispatcher.rows(insertOf([1, 1]), [route], 1000, { binName: 'b.000007', binPos: 1234, event: 2 })
    await expect(r.dispatcher.failed).rejects.toMatchObject({
      kind: 'notDecodable',
      message: expect.stringMatching(/^a\.t: column v .* \(rows event 3 of the transaction behind b\.000007:1234\)$/),
    })
    r.commit()
    expect(r.durable).toEqual([])
  })

  test('an epoch is cut at commits only, and the next one waits for it', async () => {
    const r = rig({ lanes: 1 })
    const route = toyRoute(toyTarget())
    r.dispatcher.rows(insertOf([1, 1]), [route], 1000, PLACE)
    r.commit()
    const first = r.dispatcher.drain()
    r.dispatcher.rows(insertOf([1, 2]), [route], 1000, PLACE)
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
    r.dispatcher.rows(insertOf([1, 1], [2, 2], [3, 3], [4, 4]), [route], 1000, PLACE)
    r.commit()
    const drained = r.dispatcher.drain()
    r.dispatcher.rows(insertOf([1, 9], [2, 9], [3, 9], [4, 9]), [route], 1000, PLACE)
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
    r.dispatcher.rows(insertOf([1, 1]), [route], 1, PLACE)
    r.dispatcher.rows(
      updateOf([
        [1, 1],
        [9, 1],
      ]),
      [route],
      1,
      PLACE,
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
    for (const value of [1, 2, 255, 3]) r.dispatcher.rows(insertOf([7, value]), [route], 1, PLACE)
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
      r.dispatcher.rows(insertOf([i, i % 250]), [route], 1, PLACE)
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

  test('an epoch leaves when half of the window is full, and the next may fill the rest meanwhile', async () => {
    const r = rig({ lanes: 1, maxRows: 16 })
    const route = toyRoute(toyTarget())
    const insert = (...keys: number[]) => {
      r.dispatcher.rows(insertOf(...keys.map(key => [key, 1] as const)), [route], 1000, PLACE)
      r.commit()
    }
    insert(1, 2, 3, 4, 5, 6, 7)
    await turn()
    expect(r.sink.held).toEqual([])
    insert(8)
    await turn()
    expect(r.sink.held.map(({ load }) => load.rows)).toEqual([8])
    for (let key = 9; key < 16; key++) insert(key)
    expect(r.dispatcher.full).toBe(false)
    insert(16)
    expect(r.dispatcher.full).toBe(true)
    r.sink.held[0]!.finish()
    await turn()
    expect(r.durable).toEqual([24])
    expect(r.sink.held.map(({ load }) => load.rows)).toEqual([8])
    await finishAll(r)
  })

  test('flush_rows ends a body early', async () => {
    const r = rig({ lanes: 1 })
    r.sink.free = true
    const route = toyRoute(toyTarget(), { flushRows: 2 })
    r.dispatcher.rows(insertOf([1, 1], [2, 2], [3, 3]), [route], 1, PLACE)
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
      r.dispatcher.rows(insertOf([1, value]), [toyRoute(toyTarget())], 1, PLACE)
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
    r.dispatcher.rows(insertOf([1, 1]), [route], 1, PLACE)
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
    r.dispatcher.rows(insertOf([1, 1], [2, 2], [3, 3], [4, 4]), [route], 1, PLACE)
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
      r.dispatcher.rows(insertOf([1, 1]), [route], 1, PLACE)
      r.commit()
      if (how === 'load') {
        const drained = r.dispatcher.drain()
        r.dispatcher.rows(insertOf([2, 2]), [route], 1, PLACE)
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
    r.dispatcher.rows(insertOf([1, 1]), [older], 1, PLACE)
    r.dispatcher.rows(insertOf([1, 2]), [newer], 1, PLACE)
    r.dispatcher.rows(insertOf([1, 3]), [older], 1, PLACE)
    r.dispatcher.rows(insertOf([1, 4]), [newer], 1, PLACE)
    r.dispatcher.rows(insertOf([1, 5]), [older], 1, PLACE)
    r.commit()
    await r.dispatcher.drain()
    expect(r.sink.tables.get('t')!.get(1)).toBe(5)
  })

  test('an unfinished transaction is forgotten at a stop', async () => {
    const r = rig({ lanes: 1 })
    r.sink.free = true
    const route = toyRoute(toyTarget())
    r.dispatcher.rows(insertOf([1, 1]), [route], 1, PLACE)
    r.commit()
    await r.dispatcher.drain()
    r.dispatcher.rows(insertOf([2, 2]), [route], 1, PLACE)
    r.dispatcher.dropOpen()
    await r.dispatcher.drain()
    expect(r.durable).toEqual([14])
    expect([...r.sink.tables.get('t')!.keys()]).toEqual([1])
  })
})
