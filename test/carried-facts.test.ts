import { expect, test } from '@jest/globals'
import { CarriedFacts } from '../lib/carried-facts.js'
import type { TargetTable } from '../lib/model/schema.js'
import type { TargetWish } from '../lib/rules/target-wish.js'

const wish = (table: string): TargetWish => ({ database: 'd', table }) as TargetWish
const FACTS = {
  wish: 'auto',
  databases: ['a', 'b'],
  task: 't',
  rowImage: 'FULL',
  partialRule: null,
  transactionsUnfit: null,
} as const

/** Asks for a target; how often StarRocks was asked. */
async function asked(facts: CarriedFacts, table: string): Promise<number> {
  let times = 0
  await facts.target(wish(table), async () => {
    times++
    return { database: 'd', table } as TargetTable
  })
  return times
}

test('a target is asked for once and handed over; while a pipeline streams each is asked for', async () => {
  const facts = new CarriedFacts()
  expect([await asked(facts, 'x'), await asked(facts, 'x')]).toEqual([1, 1])
  facts.handOver()
  expect([await asked(facts, 'x'), await asked(facts, 'y')]).toEqual([0, 1])
  facts.used()
  expect(await asked(facts, 'x')).toBe(1)
  facts.handOver()
  expect([await asked(facts, 'x'), await asked(facts, 'y')]).toEqual([0, 0])
})

test('a statement that changes targets, or a failure, ends what is known', async () => {
  const facts = new CarriedFacts()
  await asked(facts, 'x')
  facts.forgetTargets()
  facts.handOver()
  expect(await asked(facts, 'x')).toBe(1)
  facts.handOver()
  facts.forgetTargets()
  expect(await asked(facts, 'x')).toBe(1)
  facts.handOver()
  facts.forget()
  expect(await asked(facts, 'x')).toBe(1)
})

test('the way of delivery is kept for the same question alone', async () => {
  const facts = new CarriedFacts()
  let times = 0
  const choose = async () => ({ mode: 'labels' as const, reason: String(++times) })
  await facts.delivery(FACTS, choose)
  await facts.delivery(FACTS, choose)
  expect(times).toBe(2)
  facts.handOver()
  expect(await facts.delivery({ ...FACTS, databases: ['b', 'a'] }, choose)).toMatchObject({ reason: '2' })
  expect(await facts.delivery({ ...FACTS, databases: ['c'] }, choose)).toMatchObject({ reason: '3' })
  await facts.chooseAhead({ ...FACTS, wish: 'labels' }, choose)
  facts.handOver()
  expect(await facts.delivery({ ...FACTS, wish: 'labels' }, choose)).toMatchObject({ reason: '4' })
})
