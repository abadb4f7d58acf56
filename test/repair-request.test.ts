import { expect, test } from '@jest/globals'
import type { RequestHandlers } from '../lib/control/control-server.js'
import { addRepair } from '../lib/repair-request.js'
import { CopyOrders, type OrderedSnapshot, type SnapshotLimits } from '../lib/snapshot/copy-orders.js'

function rig(readKeys: OrderedSnapshot['readKeys']) {
  const handlers: RequestHandlers = new Map()
  const orders = new CopyOrders({} as SnapshotLimits)
  orders.attach({ readKeys, setLimits: () => undefined } as unknown as OrderedSnapshot)
  const end = new AbortController()
  addRepair(handlers, orders, end.signal)
  const ask = (options: Record<string, unknown>) =>
    handlers.get('repair')!(options, { progress: () => undefined, gone: new AbortController().signal })
  return { ask, end }
}

test('keys reach the running snapshot, and what it found comes back', async () => {
  const asked: unknown[] = []
  const { ask } = rig(async (table, keys) => {
    asked.push([table, keys])
    return { found: 1, gone: 1 }
  })
  const options = { schema: 'shop', table: 'orders', keys: [['17'], ['18']] }
  expect(await ask(options)).toEqual({ found: 1, gone: 1 })
  expect(asked).toEqual([[{ schema: 'shop', table: 'orders' }, [['17'], ['18']]]])
})

test.each([
  {},
  { schema: 'shop', table: 'orders' },
  { schema: 'shop', table: 'orders', keys: ['17'] },
  { schema: 'shop', table: 'orders', keys: [[17]] },
  { schema: 'shop', table: 'orders', keys: [[]] },
])('what is no list of keys is refused: %j', async options => {
  const { ask } = rig(() => Promise.reject(new Error('asked')))
  await expect(ask(options)).rejects.toMatchObject({ kind: 'requestRefused' })
})

test('an engine that ends cuts it off with a failure that says so', async () => {
  const { ask, end } = rig(
    (_table, _keys, signal) =>
      new Promise((_, reject) => {
        if (signal.aborted) reject(signal.reason)
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  )
  const answer = ask({ schema: 'shop', table: 'orders', keys: [['1']] })
  end.abort()
  await expect(answer).rejects.toMatchObject({ kind: 'answerLost' })
})
