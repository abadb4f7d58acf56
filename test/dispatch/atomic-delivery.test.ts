import { expect, test } from '@jest/globals'
import { AtomicDelivery } from '../../lib/dispatch/atomic-delivery.js'
import { Body } from '../../lib/dispatch/body.js'
import { ChunkPool } from '../../lib/dispatch/chunk-pool.js'
import type { DeliverySink, Shipment } from '../../lib/dispatch/delivery.js'
import { Epoch } from '../../lib/dispatch/epoch.js'
import type { Load, SinkTransaction } from '../../lib/dispatch/sink.js'
import { Failure } from '../../lib/model/failure.js'
import { noPlan } from '../support/memory-plan.js'
import { toyRoute, toyTarget } from '../support/toy-route.js'

const AT = { binName: 'b.000001', binPos: 4, gtidSet: '', serverUuid: '' }
const pool = new ChunkPool()

/** One row for a table of its own. */
function shipment(table: string): Shipment {
  const route = toyRoute(toyTarget(table))
  const body = new Body(pool, false)
  body.reserve(10)
  body.addRow(body.at + body.chunk.write('1\n', body.at))
  const open = {
    body,
    json: false,
    columns: 'id',
    partial: false,
    route,
    next: null,
    keys: null,
    trace: null,
    marks: null,
  }
  return {
    target: route.target,
    bodies: [open],
    lane: 0,
    worker: 0,
    part: 0,
    rows: 1,
    collapsed: new Map(),
    admitted: 1,
  }
}

/** Sends one epoch with this many tables over so many lanes; `load` says how each load goes. */
async function deliver(tables: number, lanes: number, load: (load: Load, attempt: number) => Promise<void>) {
  let attempt = 0
  const begun = { commits: 0, rollbacks: 0 }
  const transaction = (): SinkTransaction => {
    const own = ++attempt
    return {
      load: one => load(one, own),
      commit: async () => void begun.commits++,
      rollback: async () => void begun.rollbacks++,
    }
  }
  const sink = { begin: async () => transaction(), lacksTransactions: async () => null } as Partial<DeliverySink>
  const delivery = new AtomicDelivery({
    task: 'task',
    lanes,
    sink: sink as DeliverySink,
    plan: noPlan,
    observer: () => undefined,
    signal: new AbortController().signal,
    busy: () => undefined,
    badRows: null,
    databases: [],
  })
  const epoch = new Epoch(1, AT, null)
  epoch.end = AT
  const settled = delivery.ship(
    epoch,
    Array.from({ length: tables }, (_, i) => shipment(`t${i}`)),
    false,
  )
  await delivery.seal(epoch)
  return { ...begun, settled: await Promise.all(settled) }
}

test('no more loads are under way than there are lanes', async () => {
  let [now, most] = [0, 0]
  const loaded: string[] = []
  const done = await deliver(20, 3, async ({ target }) => {
    most = Math.max(most, ++now)
    await new Promise(resolve => setImmediate(resolve))
    now--
    loaded.push(target.table)
  })
  expect(most).toBe(3)
  expect(new Set(loaded).size).toBe(20)
  expect(done).toMatchObject({ commits: 1, rollbacks: 0 })
  expect(done.settled).toHaveLength(20)
})

test('a refused load ends its try: no further table goes into it, and all go into the next', async () => {
  const tables: string[][] = [[], []]
  const done = await deliver(20, 3, async ({ target }, attempt) => {
    tables[attempt - 1]!.push(target.table)
    await new Promise(resolve => setImmediate(resolve))
    if (attempt === 1 && target.table === 't0') throw new Failure('targetBusy', 'too many versions')
  })
  expect(tables[0]).toEqual(['t0', 't1', 't2'])
  expect(new Set(tables[1]).size).toBe(20)
  expect(done).toMatchObject({ commits: 1, rollbacks: 1 })
})

test('the failure that ended it is told', async () => {
  const refused = deliver(20, 3, async ({ target }) => {
    await new Promise(resolve => setImmediate(resolve))
    if (target.table === 't2') throw new Failure('loadRejected', 'no such column')
  })
  await expect(refused).rejects.toMatchObject({ kind: 'loadRejected', message: 'no such column' })
})
