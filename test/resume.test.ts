import { expect, test } from '@jest/globals'
import type { Load } from '../lib/dispatch/sink.js'
import type { PlannedEpoch } from '../lib/model/epoch-plan.js'
import { resume } from '../lib/resume.js'
import { PlainSink } from './support/plain-sink.js'

class CommittedSink extends PlainSink {
  async write(_load: Load): Promise<{ rows: number }> {
    throw new Error('nothing is written here')
  }
  async truncate(): Promise<void> {}
  async close(): Promise<void> {}
  override async settleLabel(): Promise<'committed'> {
    return 'committed'
  }
}

const SERVER = 'a-server'

function plan(gtidSet: string): PlannedEpoch {
  const load = { label: 'l', database: 'd', table: 't', rows: 3, mode: 'append', fingerprint: 'f' } as const
  return {
    epoch: 1,
    delivery: 'labels',
    labelBase: 'b',
    start: { binName: '', binPos: 4, gtidSet, serverUuid: SERVER },
    end: { binName: 'b.000001', binPos: 900, gtidSet: 'u:1-9', serverUuid: SERVER },
    shipments: [{ events: 1, spilled: false, loads: [load] }],
    rebased: new Map(),
    settled: new Set(),
    reduced: new Map(),
    transactions: [],
    witnesses: new Map(),
    atMs: Date.now(),
  }
}

test.each([
  ['u:1-5', ['l']],
  ['u:1-6', []],
])(
  'the first epoch behind a start by the GTID set alone is read again as it was planned (%s)',
  async (gtidSet, labels) => {
    const saved = { binName: null, binPos: null, gtidSet: 'u:1-5', serverUuid: SERVER, edited: false, epoch: 0 }
    const past = {
      saved,
      plans: [plan(gtidSet)],
      task: 'k',
      databases: ['d'],
      delivery: 'labels',
      serverUuid: SERVER,
    } as const
    const { scripts } = await resume(
      past,
      new CommittedSink(),
      () => undefined,
      () => '',
      new AbortController().signal,
    )
    const planned = scripts.flatMap(script => script.plan?.plan.shipments ?? [])
    expect(planned.flatMap(shipment => shipment.loads.map(load => load.label))).toEqual(labels)
  },
)

test('what lies between two planned epochs, or before the first, is cut there again: transactions without rows', async () => {
  const at = (binPos: number) => ({ binName: 'b.000001', binPos, gtidSet: '', serverUuid: SERVER })
  const epoch = (ordinal: number, from: number, to: number | null): PlannedEpoch => ({
    ...plan(''),
    epoch: ordinal,
    start: at(from),
    end: to === null ? null : at(to),
  })
  const plans = [epoch(5, 700, 800), epoch(6, 920, 950), epoch(7, 980, null)]
  const past = { saved: { ...at(900), edited: false, epoch: 5 }, plans, task: 'k', databases: ['d'] } as const
  const { scripts } = await resume(
    { ...past, delivery: 'labels', serverUuid: SERVER },
    new CommittedSink(),
    () => undefined,
    () => '',
    new AbortController().signal,
  )
  expect(
    scripts.map(script => [script.epoch, script.start.binPos, script.end?.binPos ?? null, script.plan !== null]),
  ).toEqual([
    [5, 900, 920, false],
    [6, 920, 950, true],
    [6, 950, 980, false],
    [7, 980, null, true],
  ])
})
