import { afterEach, describe, expect, test } from '@jest/globals'
import type { EpochScript } from '../../lib/dispatch/epoch-script.js'
import { Failure } from '../../lib/model/failure.js'
import { finishAll, type Rig, rig, turn } from '../support/dispatcher-rig.js'
import { insertOf, PLACE, toyRoute, toyTarget } from '../support/toy-route.js'

const rigs: Rig[] = []

// Their timers would keep the process alive.
afterEach(() => {
  for (const { dispatcher } of rigs.splice(0)) dispatcher.abandon(new Failure('streamBroken', 'over'))
})

function rigOf(options: Parameters<typeof rig>[0] = {}): Rig {
  const made = rig(options)
  rigs.push(made)
  return made
}

const at = (binPos: number) => ({ binName: 'b.000001', binPos, gtidSet: '', serverUuid: 'u' })

describe('copied rows', () => {
  const route = toyRoute(toyTarget())

  test('say nothing of how fresh the target is', async () => {
    const r = rigOf()
    r.dispatcher.rows(insertOf([1, 1]), [route], 5000, PLACE)
    r.dispatcher.hold()
    r.dispatcher.copied({ images: insertOf([2, 2]), routes: [route] }, 1, PLACE)
    r.commit()
    const drained = r.dispatcher.drain()
    await finishAll(r)
    await drained
    expect(r.notes).toMatchObject([{ epoch: 1, rows: 2, oldestCommitMs: 5000, newestCommitMs: 5000 }])
  })

  test('become durable on an idle source, where the position does not move; equal ones under labels of their own', async () => {
    const r = rigOf()
    const copy = async () => {
      r.dispatcher.hold()
      r.dispatcher.copied({ images: insertOf([2, 2]), routes: [route] }, 1, PLACE)
      r.dispatcher.commit()
      const drained = r.dispatcher.drain()
      await finishAll(r)
      await drained
    }
    await copy()
    await copy()
    expect(r.durable).toEqual([4, 4])
    expect(r.notes.map(({ epoch }) => epoch)).toEqual([1, 2])
    expect(new Set(r.sink.loads.map(({ label }) => label)).size).toBe(2)
  })

  test('no epoch is cut while they go in, whatever is due', async () => {
    const r = rigOf()
    r.dispatcher.rows(insertOf([1, 1]), [route], 1, PLACE)
    r.commit()
    r.dispatcher.hold()
    const drained = r.dispatcher.drain()
    await turn()
    expect([r.sink.held.length, r.dispatcher.epoch]).toEqual([0, 1])
    r.dispatcher.copied({ images: insertOf([2, 2]), routes: [route] }, 1, PLACE)
    r.dispatcher.commit()
    await finishAll(r)
    await drained
    expect(r.notes).toMatchObject([{ epoch: 1, rows: 2 }])
  })

  test('are no events: an epoch that is read again spills where it did', async () => {
    const script: EpochScript = {
      epoch: 1,
      start: at(4),
      end: at(24),
      events: 2,
      spills: new Set([2]),
      databases: null,
      skips: () => false,
      plan: null,
    }
    const r = rigOf({ scripts: [script] })
    r.dispatcher.rows(insertOf([1, 1]), [route], 1, PLACE)
    r.commit()
    r.dispatcher.hold()
    r.dispatcher.copied({ images: insertOf([2, 2]), routes: [route] }, 1, PLACE)
    r.dispatcher.commit()
    await turn()
    expect(r.sink.held.length).toBe(0)
    r.dispatcher.rows(insertOf([3, 3]), [route], 1, PLACE)
    await turn()
    expect(r.sink.held.reduce((sum, { load }) => sum + load.rows, 0)).toBe(3)
  })

  test('an epoch that still lacks some of those it had is not cut before', async () => {
    let owes = true
    const script: EpochScript = {
      epoch: 1,
      start: at(4),
      end: null,
      events: 1,
      spills: new Set(),
      databases: null,
      skips: () => false,
      plan: null,
    }
    const r = rigOf({ scripts: [script], maxRows: 1, owes: () => owes })
    r.dispatcher.rows(insertOf([1, 1]), [route], 1, PLACE)
    r.commit()
    r.commit()
    await turn()
    expect([r.dispatcher.epoch, r.sink.held.length, r.dispatcher.full]).toEqual([1, 0, false])
    owes = false
    r.dispatcher.hold()
    r.dispatcher.copied({ images: insertOf([2, 2]), routes: [route] }, 1, PLACE)
    r.dispatcher.commit()
    await finishAll(r)
    expect([r.durable, r.notes[0]?.rows]).toEqual([[24], 2])
  })

  test('wait for room, for a drain, and for epochs that are read again', async () => {
    const r = rigOf({ maxRows: 4 })
    expect(r.dispatcher.takesCopies(9, 0)).toBe(true)
    r.dispatcher.rows(insertOf([1, 1]), [route], 1, PLACE)
    r.commit()
    expect([r.dispatcher.takesCopies(2, 0), r.dispatcher.takesCopies(3, 0)]).toEqual([true, false])
    const drained = r.dispatcher.drain()
    expect(r.dispatcher.takesCopies(1, 0)).toBe(false)
    await finishAll(r)
    await drained
    expect(r.dispatcher.takesCopies(4, 0)).toBe(true)
    const script: EpochScript = {
      epoch: 3,
      start: at(4),
      end: at(4),
      events: 0,
      spills: new Set(),
      databases: null,
      skips: () => false,
      plan: null,
    }
    const again = rigOf({ scripts: [script] })
    expect([again.dispatcher.takesCopies(1, 0), again.dispatcher.isOver]).toEqual([false, true])
    again.dispatcher.commit()
    expect([again.dispatcher.takesCopies(1, 0), again.dispatcher.epoch]).toEqual([true, 4])
  })
})
