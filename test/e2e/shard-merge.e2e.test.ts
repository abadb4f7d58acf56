import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { Random } from '../support/random.js'
import { ShardTables } from '../support/shard-tables.js'
import { SyncBench } from '../support/sync-bench.js'

const SEED = Number(process.env.SEED ?? 20_260_611)
const KILLED_ENGINE = resolve('dist/test/support/killed-engine.js')
/** Places in the life of an engine where it is killed: while it copies, and while it follows ALTER statements. */
const KILLS = ['sending:3', 'sealed:4', 'sent:3', 'saving:3']

test.each([
  ['mysql', 'labels', '3.3.0'],
  ['mariadb', 'auto', '4.1.0'],
] as const)(
  '16 tables of four schemas in one target from %s, delivery = "%s": one schema ahead, others follow under traffic and kills; the target is the union',
  async (kind, delivery, emulatedVersion) => {
    const bench = await SyncBench.shared(kind, { sandbox: { emulatedVersion } })
    const { server, engine, schema: base } = bench
    const shards = await ShardTables.create(server, base, new Random(SEED))

    try {
      await rm(engine.masterInfo)
      await bench.configure({
        top: { delivery, flush_interval_ms: 100, concurrent_size: 3 },
        blocks: `
[snapshot]
mode = "initial"
chunk_rows = 20

[schema]
on_drop_column = "drop"

[[source]]
schema = "/^${base}_[1-4]$/"
tables = ["/^orders_[0-9]+$/"]

[[rule]]
schema = "/^${base}_([1-4])$/"
table = "/^orders_([0-9]+)$/"
sr_table = "orders"
constants = { shard = "$schema.$table", part = "$schema{1}-$table{1}" }
shard_key = ["shard"]
`,
      })
      shards.start()
      const alter = async (...names: readonly string[]): Promise<void> => {
        for (const name of names)
          await server.sql(
            `alter table ${name} modify qty bigint not null, modify note varchar(200) null, add extra int, add mark varchar(10) not null default 'x'`,
          )
      }
      for (const [n, step] of KILLS.entries()) {
        engine.start({ KILL_AT: step }, [KILLED_ENGINE])
        if (n === 1) await alter(shards.name(1, 1))
        if (n === 2) await alter(shards.name(1, 2), shards.name(2, 1))
        if (n === 3) await server.sql(`alter table ${shards.name(3, 1)} drop column extra`)
        await engine.ended()
        expect([step, engine.signal, engine.signal === 'SIGKILL' ? '' : engine.output]).toEqual([step, 'SIGKILL', ''])
      }
      engine.start()
      await server.sql(
        `create table ${base}_4.orders_9 (id int primary key, qty int not null, note varchar(20) not null, late varchar(8))`,
      )
      await server.sql(`insert into ${base}_4.orders_9 values (1, 9, 'nine', 'late')`)
      await server.sql(`truncate table ${shards.name(4, 4)}`)
      while (engine.alive && !engine.isCopied) await delay(50)
      await shards.stop()
      await engine.caughtUp(60)
      const columns = ['qty', 'note', 'price', 'extra', 'mark']
      const target = async (of: readonly string[], where: string) =>
        (await bench.targetRows(`select id, shard, ${of.join(', ')} from ${base}.orders where ${where}`))
          .map(row => row.map(value => (value === null ? 'NULL' : String(value))).join('|'))
          .sort()
      const late = `shard = '${base}_4.orders_9'`
      expect(await target(columns, `not (${late})`)).toEqual(await shards.union(columns))
      expect(await target(['qty', 'note', 'price', 'late', 'part'], late)).toEqual([
        `1|${base}_4.orders_9|9|nine|NULL|late|4-9`,
      ])
      expect(shards.transactions).toBeGreaterThan(100)

      // The column goes when the last table has dropped it, not before.
      const columnsOf = async () => (await bench.targetRows(`desc ${base}.orders`)).map(([name]) => name)
      for (const name of shards.names.filter(one => shards.isAhead(one) && one !== shards.name(3, 1)))
        await server.sql(`alter table ${name} drop column extra`)
      await server.sql([1, 2].map(n => `alter table ${shards.name(1, n)} drop column extra`))
      await engine.caughtUp(60)
      expect(await columnsOf()).toContain('extra')
      await server.sql(`alter table ${shards.name(2, 1)} drop column extra`)
      await engine.caughtUp(60)
      expect(await columnsOf()).not.toContain('extra')
      expect(await target(['qty', 'note', 'price', 'mark'], `not (${late})`)).toEqual(
        await shards.union(['qty', 'note', 'price', 'mark']),
      )
    } finally {
      await shards.close()
      await bench.close()
    }
  },
  400_000,
)
