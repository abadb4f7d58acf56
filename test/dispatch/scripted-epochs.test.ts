import { describe, expect, test } from '@jest/globals'
import type { EpochScript } from '../../lib/dispatch/epoch-script.js'
import { finishAll, rig, turn } from '../support/dispatcher-rig.js'
import { insertOf, PLACE, toyRoute, toyTarget } from '../support/toy-route.js'

const at = (binPos: number) => ({ binName: 'b.000001', binPos, gtidSet: '', serverUuid: 'u' })

function script(epoch: number, start: number, end: number): EpochScript {
  const all = { databases: null, skips: () => false, plan: null }
  return { epoch, start: at(start), end: at(end), events: 1, spills: new Set(), ...all }
}

describe('epochs that are read for a second time', () => {
  const route = toyRoute(toyTarget())

  test('may begin with a DDL statement: it waits for the epoch before alone', async () => {
    const r = rig({ scripts: [script(1, 4, 14), script(2, 14, 34)] })
    r.dispatcher.rows(insertOf([1, 1]), [route], 1, PLACE)
    r.commit()
    let drained = false
    const draining = r.dispatcher.drain().then(() => {
      drained = true
    })
    await turn()
    expect([drained, r.sink.held.length]).toEqual([false, 1])
    await finishAll(r)
    await draining
    r.commit()
    r.dispatcher.rows(insertOf([2, 1]), [route], 1, PLACE)
    r.commit()
    await finishAll(r)
    expect(r.durable).toEqual([14, 34])
  })

  test('without a row are cut where they were, and not before', async () => {
    const gap = { ...script(0, 4, 24), events: 0 }
    const r = rig({ scripts: [gap, script(1, 24, 34)] })
    r.commit()
    await turn()
    expect([r.durable, r.dispatcher.replaying]).toEqual([[], true])
    r.commit()
    r.dispatcher.rows(insertOf([1, 1]), [route], 1, PLACE)
    r.commit()
    await finishAll(r)
    expect([r.durable, r.dispatcher.replaying]).toEqual([[24, 34], false])
  })

  test('stop at a DDL statement behind their first row', async () => {
    const r = rig({ scripts: [script(1, 4, 34)] })
    r.dispatcher.rows(insertOf([1, 1]), [route], 1, PLACE)
    r.commit()
    await expect(r.dispatcher.drain()).rejects.toMatchObject({ kind: 'planUnfit' })
  })
})
