import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { CopyRecord } from '../../lib/model/copy-record.js'
import { SyncBench } from '../support/sync-bench.js'

const KILLED_ENGINE = resolve('dist/test/support/killed-engine.js')
const ROWS = 1_500
const TABLES = ['kept', 'sales']
const SLOWLY = 'mode = "initial"\nchunk_rows = 20\nconnections = 1\nrate_rows = 60'

describe.each([
  ['labels', { emulatedVersion: '3.3.0' }, 'mysql'],
  ['atomic', {}, 'mariadb'],
] as const)('tables that are halted while they are copied, with delivery = "%s"', (delivery, sandbox, kind) => {
  let bench: SyncBench
  beforeAll(async () => {
    bench = await SyncBench.shared(kind, { sandbox, folder: 'halted-copy-' })
  })
  afterAll(() => bench?.close())

  beforeEach(async () => {
    await bench.renew()
    await rm(bench.engine.masterInfo)
    const rows = Array.from({ length: ROWS }, (_, i) => `(${(i + 1) * 10}, ${i % 7}, ${i})`).join()
    for (const table of TABLES)
      await bench.server.sql([
        `create table ${bench.schema}.${table} (id int primary key, grp int, amount int)`,
        `insert into ${bench.schema}.${table} values ${rows}`,
      ])
    await bench.target(`create database ${bench.schema}`)
  })

  async function configure(snapshot: string, more: string): Promise<void> {
    const rule = (table: string, lines: string) =>
      `[[rule]]\nschema = "${bench.schema}"\ntable = "${table}"\n${lines}\n`
    await bench.configure({
      top: { server_id: 4721, delivery, flush_interval_ms: 50 },
      blocks: [
        `[snapshot]\n${snapshot}\n`,
        `[[source]]\nschema = "${bench.schema}"\ntables = ["kept", "sales"]\n`,
        rule('kept', more),
        rule('sales', `sr_table = "sales_log"\nmode = "append"\n${more}`),
        rule('sales', 'sr_table = "sums"\ngroup_by = ["grp"]\nmeasures = { n = "count(*)", total = "sum(amount)" }'),
      ].join('\n'),
    })
  }

  async function until(there: (copies: readonly CopyRecord[]) => boolean): Promise<void> {
    for (;;) {
      const now = bench.engine.copies
      if (now.length > 0 && there(now)) return
      if (!bench.engine.alive) throw new Error(bench.engine.output)
      await delay(20)
    }
  }

  /** Changes before, at and behind any frontier: `n` makes them others each time. */
  async function traffic(n: number): Promise<void> {
    for (const table of TABLES.map(name => `${bench.schema}.${name}`))
      await bench.server.sql([
        `update ${table} set amount = amount + ${n} where id % ${n + 2} = 0`,
        `update ${table} set grp = grp + 1 where id % ${n + 11} = 0`,
        `delete from ${table} where id % ${90 + 10 * n} = 0`,
        `insert into ${table} (id, grp, amount) select id + ${n}, grp, ${n} from ${table} where id % 50 = 0`,
        `update ${table} set id = id + 5 where id % 10 = 0 and id % 230 = 0`,
      ])
  }

  async function expectEqual(): Promise<void> {
    const { schema } = bench
    const numbers = (rows: readonly object[]) => rows.map(row => Object.values(row).map(Number))
    const ids = 'select id, grp, amount from'
    const kept = numbers(await bench.server.sql(`${ids} ${schema}.kept order by id`))
    expect(numbers(await bench.target(`${ids} ${schema}.kept order by id`))).toEqual(kept)
    const sums = 'count(*) as n, sum(amount) as total'
    expect(numbers(await bench.target(`select grp, n, total from ${schema}.sums where n <> 0 order by grp`))).toEqual(
      numbers(await bench.server.sql(`select grp, ${sums} from ${schema}.sales group by grp order by grp`)),
    )
    // Each row that comes, by copy or by change, and each that goes, once.
    const there = numbers(await bench.server.sql(`select id from ${schema}.sales order by id`))
    const log = await bench.target(
      `select id, sum(case _op when 'insert' then 1 when 'delete' then -1 else 0 end) as n from ${schema}.sales_log group by id order by id`,
    )
    const moved = (id: number): boolean => id % 230 === 0 || id % 230 === 5
    const present = numbers(log.filter(({ n }) => Number(n) !== 0)).filter(([id]) => !moved(id!))
    expect(present).toEqual(there.flatMap(([id]) => (moved(id!) ? [] : [[id, 1]])))
  }

  /** Copies both tables slowly and halts each of them in the middle. */
  async function haltBoth(): Promise<void> {
    await configure(SLOWLY, '')
    bench.engine.start()
    const altered = new Set<string>()
    // One is copied after the other.
    for (const _ of TABLES) {
      let copied = ''
      await until(tables => {
        copied = tables.find(({ table, rows }) => rows >= 60 && !altered.has(table))?.table ?? ''
        return copied !== ''
      })
      await traffic(1 + altered.size)
      await bench.server.sql(`alter table ${bench.schema}.${copied} add __op int`)
      altered.add(copied)
    }
    await bench.engine.wait()
    const { halted } = await bench.engine.status()
    expect(halted.map(({ source }) => source).sort()).toEqual(TABLES.map(table => `${bench.schema}.${table}`))
    expect(bench.engine.copies.map(({ state }) => state)).toEqual(['copying', 'copying'])
    await traffic(3)
  }

  test('the copy goes on behind the catch-up, and each row is in once', async () => {
    await haltBoth()
    await bench.engine.stop('SIGKILL')
    await configure(SLOWLY.replace(/rate_rows.*/, ''), 'exclude = ["__op"]')
    for (const step of ['sent:1', 'committed:1', 'saving:2']) {
      bench.engine.start({ KILL_AT: step }, [KILLED_ENGINE])
      await bench.engine.ended()
      expect([step, bench.engine.signal]).toEqual([step, 'SIGKILL'])
    }
    bench.engine.start()
    await until(tables => tables.every(({ state }) => state === 'copied'))
    await traffic(4)
    await bench.engine.caughtUp()
    await expectEqual()
    expect((await bench.engine.cli('status')).code).toBe(0)
  }, 240_000)

  test('given up, the copies begin anew: into an emptied target where rows would count twice', async () => {
    await haltBoth()
    await bench.engine.stop()
    await configure(SLOWLY.replace(/rate_rows.*/, ''), 'exclude = ["__op"]')
    for (const table of TABLES)
      expect((await bench.engine.cli('halted', 'drop', `${bench.schema}.${table}`)).code).toBe(0)
    bench.engine.start()
    expect(await bench.engine.ended()).toBe(5)
    expect(bench.engine.output).toMatch(/sales would be copied into .*sales_log.*sums.*TRUNCATE TABLE/)
    for (const table of ['sales_log', 'sums']) await bench.target(`truncate table ${bench.schema}.${table}`)
    bench.engine.start()
    await until(tables => tables.every(({ state, deadRows }) => state === 'copied' && !deadRows))
    await traffic(4)
    await bench.engine.caughtUp()
    await expectEqual()
  }, 240_000)
})
