import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { FusedTables } from '../support/fused-tables.js'
import { Random } from '../support/random.js'
import { rowText } from '../support/shard-tables.js'
import { SyncBench } from '../support/sync-bench.js'

const SEED = Number(process.env.SEED ?? 20_261_121)
const KILLED_ENGINE = resolve('dist/test/support/killed-engine.js')
/** Places in the life of an engine where it is killed: while it copies, and while it follows. */
const KILLS = ['sending:3', 'sealed:4', 'sent:3', 'saving:3', 'planned:5']

test.each([
  ['mysql', 'labels', '3.3.0'],
  ['mariadb', 'auto', '4.1.0'],
] as const)(
  'orders and payments of two databases in one row from %s, delivery = "%s", copied and killed under traffic on both sides: the full join',
  async (kind, delivery, emulatedVersion) => {
    const bench = await SyncBench.shared(kind, { sandbox: { emulatedVersion } })
    const { server, engine, schema: shop } = bench
    const billing = `${shop}_billing`
    const tables = await FusedTables.create(server, shop, billing, new Random(SEED))
    try {
      await rm(engine.masterInfo)
      const example = readFileSync('rules/examples/fuse.toml', 'utf8')
        .replaceAll('"shop"', `"${shop}"`)
        .replaceAll('"billing"', `"${billing}"`)
      await bench.configure({
        top: { delivery, flush_interval_ms: 100, concurrent_size: 3 },
        blocks: `[snapshot]\nmode = "initial"\nchunk_rows = 20\n\n${example}`,
      })
      tables.start()
      for (const step of KILLS) {
        engine.start({ KILL_AT: step }, [KILLED_ENGINE])
        await engine.ended()
        expect([step, engine.signal, engine.signal === 'SIGKILL' ? '' : engine.output]).toEqual([step, 'SIGKILL', ''])
      }
      engine.start()
      while (engine.alive && !engine.isCopied) await delay(50)
      const behind = tables.transactions + 50
      while (engine.alive && tables.transactions < behind) await delay(50)
      await tables.stop()
      await engine.caughtUp(60)
      const target = async (sql: string) => (await bench.targetRows(sql)).map(rowText).sort()
      const wide = () =>
        target(
          `select order_id, customer, amount, method, cents from ${shop}.orders_wide where in_orders is not null or in_payments is not null`,
        )
      const live = () =>
        target(
          `select order_id, status, method from ${shop}.orders_live where has_order is not null and order_id > ${tables.reused}`,
        )
      expect(await wide()).toEqual(await tables.fullJoin())
      expect(await live()).toEqual(await tables.leftJoin())
      // What stands for nothing has nothing.
      expect(
        await target(
          `select * from ${shop}.orders_wide where in_orders is null and in_payments is null and (customer is not null or amount is not null or method is not null or cents is not null)`,
        ),
      ).toEqual([])

      // TRUNCATE of a side takes its columns, and no row of the other.
      await server.sql(`truncate table ${tables.payments}`)
      await server.sql(`insert into ${tables.payments} (order_id, method, paid) values (2, 'late', 2)`)
      await engine.caughtUp(60)
      expect(await wide()).toEqual(await tables.fullJoin())
      expect(await live()).toEqual(await tables.leftJoin())
    } finally {
      await tables.close()
      await bench.close()
    }
  },
  400_000,
)
