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

test('rows of several tables under recopy, reload, and a table that is halted and caught up, with traffic on both sides: the full join', async () => {
  const bench = await SyncBench.shared('mysql', { sandbox: { emulatedVersion: '3.3.0' } })
  const { server, engine, schema: shop } = bench
  const billing = `${shop}_billing`
  const tables = await FusedTables.create(server, shop, billing, new Random(SEED))
  const example = readFileSync('rules/examples/fuse.toml', 'utf8')
    .replaceAll('"shop"', `"${shop}"`)
    .replaceAll('"billing"', `"${billing}"`)
  const configure = (more = '') =>
    bench.configure({
      top: { server_id: 4719, flush_interval_ms: 100, concurrent_size: 3 },
      blocks: `[snapshot]\nmode = "initial"\n\n${example}\n${more}`,
    })
  const target = async (sql: string) => (await bench.targetRows(sql)).map(rowText).sort()
  const wide = () =>
    target(
      `select order_id, customer, amount, method, cents from ${shop}.orders_wide where in_orders is not null or in_payments is not null`,
    )
  const more = async (transactions: number) => {
    for (const end = tables.transactions + transactions; tables.transactions < end; await delay(20))
      if (!engine.alive) throw new Error(engine.output)
  }
  const rest = async (halted: readonly string[] = []) => {
    await tables.stop()
    if (halted.length === 0) await engine.caughtUp(60)
    else await engine.wait()
  }
  try {
    await server.sql([
      `create table ${shop}.notes (order_id int primary key, method varchar(20))`,
      `insert into ${shop}.notes values (2, 'two'), (900000, 'far')`,
      // What is dropped later is empty by then.
      `delete from ${tables.orders} where id < 5`,
      `alter table ${tables.orders} partition by range (id) (partition p0 values less than (5), partition p1 values less than maxvalue)`,
    ])
    await rm(engine.masterInfo)
    await configure()
    engine.start()
    await engine.caughtUp(60)
    tables.start()
    await more(10)

    // A copy of one side brings its columns, and leaves those of the other.
    await rest()
    await bench.target(`delete from ${shop}.orders_wide where order_id > 100`)
    tables.start()
    expect(await engine.cli('recopy', tables.payments)).toMatchObject({ code: 0 })
    await rest()
    const paid = (await tables.fullJoin())
      .map(row => row.split('|'))
      .filter(([id, , , method]) => Number(id) > 100 && method !== 'NULL')
    const back = await target(
      `select order_id, method from ${shop}.orders_wide where order_id > 100 and in_payments is not null`,
    )
    expect(back).toEqual(paid.map(([id, , , method]) => `${id}|${method}`).sort())
    tables.start()
    expect(await engine.cli('recopy', tables.orders)).toMatchObject({ code: 0 })
    await rest()
    expect(await wide()).toEqual(await tables.fullJoin())

    // A third side comes with a reload; its columns must be its own.
    const notes = (lines: string) =>
      `[[source]]\nschema = "${shop}"\ntables = ["notes"]\n\n[[rule]]\nschema = "${shop}"\ntable = "notes"\nsr_table = "orders_wide"\nmode = "partial"\n${lines}\n`
    tables.start()
    await configure(notes(''))
    const refused = await engine.cli('reload')
    expect([refused.code === 0, refused.stderr]).toEqual([
      false,
      expect.stringMatching(/both write column "method" of .+orders_wide, of .+billing\.payments and of .+\.notes/),
    ])
    await configure(notes('rename = { method = "note" }'))
    expect(await engine.cli('reload')).toMatchObject({ code: 0 })
    await more(10)
    await rest()
    const noted = () => target(`select order_id, note from ${shop}.orders_wide where note is not null`)
    for (const end = Date.now() + 60_000; (await noted()).length < 2 && Date.now() < end; ) await delay(50)
    expect(await noted()).toEqual(['2|two', '900000|far'])
    expect(await wide()).toEqual(await tables.fullJoin())

    // One side stops; the other goes on, and the first is caught up behind it.
    tables.start()
    await server.sql(`alter table ${tables.orders} drop partition p0`)
    await more(30)
    await rest(['orders'])
    expect((await engine.status()).halted).toMatchObject([{ source: tables.orders }])
    const payments = `select order_id, method, cents from ${shop}.orders_wide where in_payments is not null`
    expect((await target(payments)).length).toBe(
      (await tables.fullJoin()).filter(row => row.split('|')[3] !== 'NULL').length,
    )
    expect(await engine.stop()).toBe(0)
    expect((await engine.cli('halted', 'accept', tables.orders)).code).toBe(0)
    tables.start()
    engine.start({ KILL_AT: 'sending:2' }, [KILLED_ENGINE])
    await engine.ended()
    expect(engine.signal).toBe('SIGKILL')
    engine.start()
    await more(10)
    await rest()
    expect(await wide()).toEqual(await tables.fullJoin())
  } finally {
    await tables.close()
    await bench.close()
  }
}, 400_000)
