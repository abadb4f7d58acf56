import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Random } from '../support/random.js'
import { SyncBench } from '../support/sync-bench.js'

const KILLED_ENGINE = resolve('dist/test/support/killed-engine.js')
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
/** Changes of one batch: they are there before the engine starts, so their epochs hold many of each key. */
const CHANGES = 1000

/** Tables of few keys, and the keys as SQL; some are equal for a collation, or hold what separates fields. */
const TABLES = {
  hot: { columns: 'id int primary key', keys: Array.from({ length: 8 }, (_, i) => [`${i}`]) },
  names: {
    columns: 'name varchar(20) collate utf8mb4_unicode_ci primary key',
    keys: [["'ann'"], ["'ANN'"], ["'bob'"], ["'böb'"], ["'a\\\\b'"], ["''"]],
  },
  pairs: {
    columns: 'x varchar(20), n int, primary key (n, x)',
    keys: [
      ["'a'", '11'],
      ["'a1'", '1'],
      ["concat('a', char(1), '1')", '1'],
      ["concat('a', char(2), '\"')", '1'],
      ["''", '1'],
    ],
  },
} as const
type TableName = keyof typeof TABLES

describe.each([
  ['labels', 'mysql', 'planned:1 sending:2 sent:1 sent:3 saving:1'],
  ['atomic', 'mariadb', 'planned:1 sending:1 sent:1 committing:1 committed:2'],
] as const)('few keys with many changes, delivery = "%s" from %s', (delivery, source, kills) => {
  let bench: SyncBench

  beforeAll(async () => {
    bench = await SyncBench.shared(source, {
      sandbox: { emulatedVersion: delivery === 'labels' ? '3.3.0' : '4.1.0' },
    })
    const of = `schema = "${bench.schema}"`
    await bench.configure({
      top: { delivery, concurrent_size: 1 },
      blocks: [
        `[[source]]\n${of}\ntables = ${JSON.stringify(Object.keys(TABLES))}`,
        `[[rule]]\n${of}\ntable = "/./"`,
        `[[rule]]\n${of}\ntable = "hot"\nsr_table = "hot_log"\nmode = "append"`,
      ].join('\n\n'),
    })
    await bench.server.sql([
      `use ${bench.schema}`,
      ...Object.entries(TABLES).map(
        ([table, { columns }]) => `create table ${table} (v int, w varchar(30), ${columns})`,
      ),
      // How many rows of it were changed is counted by the source itself.
      'create table counted (id int auto_increment primary key)',
      ...['insert', 'update', 'delete'].map(
        op => `create trigger ${op}ed after ${op} on hot for each row insert into counted values ()`,
      ),
    ])
  })
  afterAll(() => bench?.close())

  test(`under kills the target is the source, and every change is accounted for (seed ${SEED})`, async () => {
    const random = new Random(SEED)
    const batch = () => bench.server.sql([`use ${bench.schema}`, ...randomBatch(random)])
    bench.engine.start()
    await bench.engine.caughtUp()
    for (const killAt of kills.split(' ')) {
      await bench.engine.stop()
      await batch()
      bench.engine.start({ KILL_AT: killAt }, [KILLED_ENGINE])
      await bench.engine.ended()
      expect([killAt, bench.engine.signal]).toEqual([killAt, 'SIGKILL'])
      await batch()
    }
    bench.engine.start()
    expect(await bench.differences('hot', compared('names', ['name']), compared('pairs', ['n', 'x']))).toEqual([])
    const [logged] = await bench.target(`select count(*) as n from ${bench.schema}.hot_log`)
    const [counted] = await bench.server.sql(`select count(*) as n from ${bench.schema}.counted`)
    expect(Number(logged!.n)).toBe(Number(counted!.n))
    await bench.engine.stop()
    await batch()
    bench.engine.start()
    await bench.engine.caughtUp()
    const { tables } = await bench.engine.status()
    for (const table of Object.keys(TABLES)) {
      const { decoded, filtered, collapsed, loaded, parked } = tables[name(table)]![name(table)]!
      expect([table, collapsed > 0]).toEqual([table, true])
      expect([table, decoded]).toEqual([table, filtered + collapsed + loaded + parked])
    }
    const log = tables[name('hot')]![name('hot_log')]!
    expect(log).toEqual({ decoded: log.decoded, filtered: 0, collapsed: 0, loaded: log.decoded, parked: 0 })
    expect(await bench.differences('hot', compared('names', ['name']), compared('pairs', ['n', 'x']))).toEqual([])
  }, 300_000)

  const name = (table: string) => `${bench.schema}.${table}`

  function compared(table: string, key: readonly string[]) {
    return { source: { schema: bench.schema, table }, target: { database: bench.schema, table }, key: [...key] }
  }
})

/** Transactions of random changes. */
function randomBatch(random: Random): string[] {
  const statements = ['begin']
  for (let i = 0; i < CHANGES; i++) {
    statements.push(randomChange(random, pick(random, Object.keys(TABLES) as TableName[])))
    if (random.chance(0.02)) statements.push('commit', 'begin')
  }
  return [...statements, 'commit']
}

function randomChange(random: Random, table: TableName): string {
  const { keys } = TABLES[table]
  const key = pick<readonly string[]>(random, keys)
  const columns = { hot: ['id'], names: ['name'], pairs: ['x', 'n'] }[table]
  const is = columns.map((column, i) => `${column} = ${key[i]}`)
  const chance = random.next()
  if (chance < 0.2) return `delete from ${table} where ${is.join(' and ')}`
  if (chance < 0.5) return `insert ignore into ${table} set ${is.join(', ')}, v = ${random.below(1e6)}, w = 'w'`
  const again = `update ${table} set v = v + 1 where ${is.join(' and ')}`
  // MariaDB runs triggers of updates that IGNORE passes over, so rows of the table that is counted never move.
  if (table === 'hot' || chance >= 0.65) return again
  // Where that key is free, or the same one for a collation, the row moves to it.
  const moved = pick<readonly string[]>(random, keys)
  const to = columns.map((column, i) => `${column} = ${moved[i]}`)
  return `update ignore ${table} set ${[...to, 'v = v + 1'].join(', ')} where ${is.join(' and ')}`
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.below(from.length)]!
}
