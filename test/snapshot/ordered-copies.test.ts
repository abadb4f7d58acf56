import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { CopyOrderFile } from '../../lib/checkpoint/copy-order-file.js'
import { SnapshotState } from '../../lib/checkpoint/snapshot-state.js'
import type { Sink } from '../../lib/dispatch/sink.js'
import type { CopyOrder } from '../../lib/model/copy-order.js'
import { Failure } from '../../lib/model/failure.js'
import type { TableSchema, TargetTable } from '../../lib/model/schema.js'
import { ruleBookOf } from '../../lib/registry.js'
import type { Router } from '../../lib/rules/router.js'
import { carryOutOrders } from '../../lib/snapshot/ordered-copies.js'
import { load, MINIMAL } from '../support/config-text.js'

const CONFIG = load(`${MINIMAL}
[[rule]]
schema = "shop"
table = "orders"
[[rule]]
schema = "shop"
table = "/^log_/"
sr_table = "logs"
mode = "append"
`)
const KNOWN = ['orders', 'log_1', 'log_2'].map(
  table => ({ schema: 'shop', table, columns: [], key: ['id'] }) as unknown as TableSchema,
)

let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'orders-'))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

const order = (table: string, more: Partial<CopyOrder> = {}): CopyOrder => ({
  schema: 'shop',
  table,
  where: null,
  truncate: false,
  ...more,
})

async function note(...orders: CopyOrder[]): Promise<void> {
  await (await CopyOrderFile.open(dataDir)).add(orders)
}

/** One start; `truncate` stands for StarRocks. What is left of the orders, what was emptied, what was told, how tables stand. */
async function begin(truncate: (table: string) => Promise<void> = async () => undefined) {
  const state = await SnapshotState.open(dataDir)
  const told: string[] = []
  const emptied: string[] = []
  const targets = ['orders', 'logs'].map(table => ({ database: 'demo', table }) as TargetTable)
  const run = carryOutOrders({
    config: CONFIG,
    dataDir,
    state,
    book: ruleBookOf(CONFIG),
    known: KNOWN,
    router: { learn: async () => undefined, targets } as unknown as Router,
    sink: {
      truncate: async ({ table }: TargetTable) => {
        await truncate(table)
        emptied.push(table)
      },
    } as Sink,
    observer: happening => happening.kind === 'warning' && told.push(happening.message),
  })
  const failure = await run.then(
    () => null,
    error => (error as Failure).kind,
  )
  const tables = (await SnapshotState.open(dataDir)).tables.map(
    ({ table, state: how, where }) => `${table} ${how} ${where}`,
  )
  const left = (await CopyOrderFile.open(dataDir)).orders.map(({ table }) => table)
  return { failure, told, emptied, tables, left }
}

test('an order makes its table one that waits for its copy, and is over', async () => {
  await note(order('orders', { where: 'id < 5' }))
  expect(await begin()).toEqual({
    failure: null,
    told: [],
    emptied: [],
    tables: ['orders waiting id < 5'],
    left: [],
  })
  expect((await begin()).tables).toEqual(['orders waiting id < 5'])
})

test('a shared target is emptied once, when all tables that are written there are ordered', async () => {
  await note(order('log_1', { truncate: true }))
  const alone = await begin()
  expect(alone).toMatchObject({ emptied: [], tables: [], left: [] })
  expect(alone.told).toEqual([expect.stringContaining('demo.logs is also written from shop.log_2')])
  await note(order('log_1', { truncate: true }), order('log_2', { truncate: true }))
  expect(await begin()).toMatchObject({
    told: [],
    emptied: ['logs'],
    tables: ['log_1 waiting null', 'log_2 waiting null'],
    left: [],
  })
})

test('what is cut off is done once more, all of it', async () => {
  await note(order('log_1', { truncate: true }), order('log_2', { truncate: true }))
  const cut = await begin(() => Promise.reject(new Failure('targetUnreachable', 'away')))
  expect(cut).toMatchObject({ failure: 'targetUnreachable', left: ['log_1', 'log_2'], tables: ['log_1 waiting null'] })
  expect(await begin()).toMatchObject({ emptied: ['logs'], tables: ['log_1 waiting null', 'log_2 waiting null'] })
})

test('a target that must not be emptied leaves its table as it was', async () => {
  await note(order('orders'))
  await begin()
  await note(
    order('orders', { truncate: true }),
    order('log_1', { truncate: true }),
    order('log_2', { truncate: true }),
  )
  const denied = await begin(async table => {
    if (table === 'logs') throw new Failure('targetDenied', 'no TRUNCATE here')
  })
  expect(denied).toMatchObject({ failure: null, emptied: ['orders'], tables: ['orders waiting null'], left: [] })
  expect(denied.told).toHaveLength(2)
  expect(denied.told[0]).toContain('no TRUNCATE here')
})

test('orders that cannot be carried out are void and told', async () => {
  await note(order('gone'), order('log_1'), order('orders', { truncate: true, where: 'id = 1' }))
  const { told, tables, left } = await begin()
  expect(told).toEqual([
    expect.stringContaining('shop.gone was ordered to be copied again, which is not done: it is not followed now'),
    expect.stringContaining('would be in it twice'),
    expect.stringContaining('needs all rows'),
  ])
  expect([tables, left]).toEqual([[], []])
})

test('a file of orders that is damaged stops with its name', async () => {
  await note(order('orders'))
  const path = join(dataDir, 'snapshot/orders.json')
  expect(JSON.parse(await readFile(path, 'utf8'))).toHaveLength(1)
  for (const text of ['{', '{}', '[{}]']) {
    await writeFile(path, text)
    await expect(CopyOrderFile.open(dataDir)).rejects.toMatchObject({
      kind: 'snapshotUnreadable',
      message: expect.stringContaining(path),
    })
  }
})
