import { expect, test } from '@jest/globals'
import { chooseDelivery, type DeliveryFacts } from '../lib/delivery-choice.js'
import type { Sink } from '../lib/dispatch/sink.js'

const FACTS: DeliveryFacts = {
  wish: 'auto',
  databases: ['d'],
  task: 't',
  rowImage: 'FULL',
  partialRule: null,
  transactionsUnfit: null,
}

function choose(facts: Partial<DeliveryFacts>) {
  const sink = { lacksTransactions: async () => null } as unknown as Sink
  return chooseDelivery({ ...FACTS, ...facts }, sink, new AbortController().signal)
}

test('a rule with mode = "partial" is delivered by labels, whatever the cluster can do', async () => {
  expect((await choose({})).mode).toBe('atomic')
  const partialRule = '[[rule]] in rules/fuse.toml, line 3'
  expect(await choose({ partialRule })).toEqual({
    mode: 'labels',
    reason: `${partialRule} has mode = "partial", and partial updates are not written by transactions over several tables`,
  })
  await expect(choose({ partialRule, wish: 'atomic' })).rejects.toMatchObject({
    kind: 'configInvalid',
    message: expect.stringContaining('rules/fuse.toml, line 3 has mode = "partial"'),
  })
})

test('binlog_row_image that leaves columns out takes labels too', async () => {
  expect((await choose({ rowImage: 'MINIMAL' })).mode).toBe('labels')
  await expect(choose({ rowImage: 'MINIMAL', wish: 'atomic' })).rejects.toMatchObject({ kind: 'sourceUnfit' })
})
