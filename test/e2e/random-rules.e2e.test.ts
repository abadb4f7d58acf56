import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Connection, createConnection } from 'mysql2/promise'
import type { VerifyReport } from '../../lib/verify/verdict.js'
import { Random } from '../support/random.js'
import { RandomOrders } from '../support/random-orders.js'
import { type RandomRule, randomRule, SALT } from '../support/random-rules.js'
import { ask, judge, markedRows } from '../support/rule-model.js'
import { SyncBench } from '../support/sync-bench.js'

const SEED = Number(process.env.SEED ?? 20_261_121)
const ROUNDS = Number(process.env.ROUNDS ?? 1)
const RULES = Number(process.env.RULES ?? 12)
const IDS = Number(process.env.IDS ?? 240)
const TRANSACTIONS = Number(process.env.TRANSACTIONS ?? 30)
const KILLED_ENGINE = resolve('dist/test/support/killed-engine.js')
const STEPS = ['sealed', 'planned', 'sending', 'sent', 'committed', 'saving', 'fsync'] as const
const MODES = ['upsert', 'append', 'aggregate', 'upsert'] as const
/** How long something that must happen may take; how fast it happens decides nothing. */
const PATIENCE_MS = 120_000

let bench: SyncBench
beforeAll(async () => {
  bench = await SyncBench.shared('mysql', { folder: 'random-rules-' })
}, 120_000)
afterAll(() => bench?.close())

function isCopied(): boolean {
  const { copies } = bench.engine
  return copies.length === 1 && copies.every(({ state }) => state === 'copied')
}

async function until(what: string, there: () => boolean): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; !there(); await delay(10))
    if (Date.now() > deadline) throw new Error(`no ${what}: ${bench.engine.output.slice(-2000)}`)
}

/** One life of the engine, which ends itself at a step, while the table changes. */
async function life(random: Random, orders: RandomOrders): Promise<void> {
  const step = `${STEPS[random.below(STEPS.length)]!}:${1 + random.below(4)}`
  bench.engine.start({ KILL_AT: step }, [KILLED_ENGINE])
  for (let n = 0; n < TRANSACTIONS; n++) await orders.transaction()
  // It may wait for changes to come to its step.
  for (const deadline = Date.now() + PATIENCE_MS; bench.engine.alive && Date.now() < deadline; await delay(20))
    await orders.transaction()
  if (bench.engine.signal !== 'SIGKILL')
    throw new Error(`the engine has ended before ${step}: ${bench.engine.output.slice(-3000)}`)
}

test.each(Array.from({ length: ROUNDS }, (_, n) => SEED + n))(
  'targets of random rules are what SQL over the source says, behind a copy, a random history and kills (SEED=%d)',
  async seed => {
    await bench.renew()
    // An engine that has a position takes the rows before it for copied.
    await rm(bench.engine.masterInfo)
    const random = new Random(seed)
    const rules = Array.from({ length: RULES }, (_, n) => randomRule(random, `t${n}`, MODES[n % MODES.length]!))
    const { schema } = bench
    const source = await bench.server.connect({ database: schema, charset: 'utf8mb4' })
    const target = await createConnection({ host: '127.0.0.1', port: bench.sandbox.mysqlPort, user: 'root' })
    try {
      await source.query('set names utf8mb4 collate utf8mb4_0900_ai_ci')
      const orders = new RandomOrders(source, random, IDS)
      await orders.create()
      await configure(rules)
      for (let lives = 0; lives < 2; lives++) await life(random, orders)
      bench.engine.start()
      await until('end of the copy', isCopied)
      await bench.engine.stop('SIGKILL')
      await life(random, orders)
      bench.engine.start()
      await bench.engine.caughtUp()
      await expectModels(rules, source, target)
      await expectMarks(rules, source, target)
      await expectModels(rules, source, target)
      await expectVerified(rules)
    } finally {
      await source.end()
      await target.end()
    }
  },
  600_000,
)

function configure(rules: readonly RandomRule[]): Promise<void> {
  const { schema } = bench
  const blocks = rules.map(
    ({ target, lines }) =>
      `[[rule]]\nschema = "${schema}"\ntable = "orders"\nsr_table = "${target}"\n${lines.join('\n')}\n`,
  )
  return bench.configure({
    top: { mask_salt: SALT, flush_interval_ms: 100, load_timeout_ms: 20_000 },
    blocks: `[snapshot]\nmode = "initial"\nchunk_rows = 40\n\n[[source]]\nschema = "${schema}"\ntables = ["orders"]\n\n${blocks.join('\n')}`,
  })
}

async function expectModels(rules: readonly RandomRule[], source: Connection, target: Connection): Promise<void> {
  await source.query("set sql_mode = replace(@@sql_mode, 'ONLY_FULL_GROUP_BY', '')")
  for (const rule of rules) {
    const { wanted, found } = await judge(rule, source, target, bench.schema)
    expect([rule.target, ...rule.lines, ...found]).toEqual([rule.target, ...rule.lines, ...wanted])
  }
}

/** Rows that go now are known, so each that was in the filter of a rule that marks them is marked. */
async function expectMarks(rules: readonly RandomRule[], source: Connection, target: Connection): Promise<void> {
  const soft = rules.filter(({ isSoft }) => isSoft)
  const some = `id % 9 = 4`
  const gone = await Promise.all(
    soft.map(({ where }) =>
      ask(source, `select id from orders where ${some}${where === null ? '' : ` and (${where})`}`),
    ),
  )
  await source.query(`delete from orders where ${some}`)
  await bench.engine.caughtUp()
  for (const [n, rule] of soft.entries()) {
    const marked = await markedRows(rule, target, bench.schema)
    expect([rule.target, gone[n]!.flat().filter(id => !marked.has(id))]).toEqual([rule.target, []])
  }
  expect(gone.flat(2).length).toBeGreaterThan(0)
}

/** Verify comes to the same result by its own SQL, and leaves out no column. */
async function expectVerified(rules: readonly RandomRule[]): Promise<void> {
  const { stdout, stderr } = await bench.engine.cli('verify', '--json')
  if (!stdout.startsWith('{')) throw new Error(stderr)
  const { tables } = JSON.parse(stdout) as VerifyReport
  const told = new Map(
    tables.map(({ target, state, keys, reason, ignored_columns }) => [
      target,
      { state, keys, reason, ignored_columns },
    ]),
  )
  for (const { target, mode } of rules) {
    const verdict = told.get(`${bench.schema}.${target}`)
    if (mode === 'append') expect(verdict).toMatchObject({ state: 'ignored' })
    else expect([target, verdict]).toEqual([target, { state: 'ok', keys: [], reason: null, ignored_columns: {} }])
  }
}
