import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { SyncBench } from '../support/sync-bench.js'

let bench: SyncBench

beforeAll(async () => {
  bench = await SyncBench.shared('mysql')
})
beforeEach(() => bench.renew())
afterEach(() => bench.endEngine())
afterAll(() => bench?.close())

const sql = (...statements: readonly string[]) => bench.server.sql(statements)

async function configure(lines: string, top: Record<string, string> = {}): Promise<void> {
  const { schema } = bench
  await bench.configure({
    top,
    blocks: `
[[source]]
schema = "${schema}"
tables = ["/^part_[0-9]$/"]

[[rule]]
schema = "${schema}"
table = "/^part_([0-9])$/"
sr_table = "parts"
${lines}
`,
  })
  await sql(
    `create table ${schema}.part_1 (id int primary key, v varchar(9))`,
    `create table ${schema}.part_2 (id int primary key, v varchar(9))`,
  )
}

const rows = () => bench.targetRows(`select id, v from ${bench.schema}.parts order by id`)

test('two tables with one key: check says so, and a start ends before it reads', async () => {
  await configure('')
  await sql(
    `insert into ${bench.schema}.part_1 values (1, 'one'), (5, 'five')`,
    `insert into ${bench.schema}.part_2 values (3, 'three'), (5, 'other')`,
  )
  const { code, stdout } = await bench.engine.cli('check')
  expect([code, stdout]).toEqual([1, expect.stringMatching(/part_1 and \S+part_2 both have a row with the key 5/)])
  bench.engine.start()
  expect(await bench.engine.ended()).toBe(8)
  expect(bench.engine.output).toMatch(/part_1 and \S+part_2 both have a row with the key 5/)
}, 90_000)

test.each([
  ['a tag beside the key', `constants = { part = "$table" }`],
  ['nothing that tells rows apart', ''],
])(
  'with %s: a key that comes to another table stops the engine before its row is loaded',
  async (_, lines) => {
    await configure(lines)
    bench.engine.start()
    await sql(`insert into ${bench.schema}.part_1 values (1, 'one'), (2, 'two')`)
    await bench.engine.caughtUp()
    // A row that moves, its delete first, is none.
    await sql(
      `delete from ${bench.schema}.part_1 where id = 2`,
      `insert into ${bench.schema}.part_2 values (2, 'moved')`,
    )
    await bench.engine.caughtUp()
    await sql(`insert into ${bench.schema}.part_2 values (3, 'three'), (1, 'again')`)
    expect(await bench.engine.ended()).toBe(8)
    expect(bench.engine.output).toMatch(/part_2 and \S+part_1 both have the key \(id\) = \(1\)/)
    expect(await rows()).toEqual([
      [1, 'one'],
      [2, 'moved'],
    ])
  },
  90_000,
)

test('on_key_collision = "last_wins": the later row replaces the other', async () => {
  await configure('on_key_collision = "last_wins"')
  bench.engine.start()
  await sql(
    `insert into ${bench.schema}.part_1 values (1, 'one')`,
    `insert into ${bench.schema}.part_2 values (1, 'two')`,
  )
  await bench.engine.caughtUp()
  expect(await rows()).toEqual([[1, 'two']])
}, 90_000)

test('separators, merge_condition, buckets and properties of a rule reach StarRocks', async () => {
  await configure(
    `column_separator = '\\x03'\nrow_delimiter = '\\x04'\nbuckets = 3\nproperties = { compression = "ZSTD" }\nconstants = { shard = "$table" }\nshard_key = ["shard"]\ndistributed_by = ["id"]`,
  )
  bench.engine.start()
  await sql(
    `insert into ${bench.schema}.part_1 values (1, 'a\x01b\x02')`,
    `insert into ${bench.schema}.part_2 values (1, 'two')`,
  )
  await bench.engine.caughtUp()
  expect(await bench.targetRows(`select id, shard, v from ${bench.schema}.parts order by shard`)).toEqual([
    [1, 'part_1', 'a\x01b\x02'],
    [1, 'part_2', 'two'],
  ])
  // Both sides are compared by the whole key, the tag included.
  const verify = () => bench.engine.cli('verify', '--json')
  expect((await verify()).code).toBe(0)
  await bench.target(`update ${bench.schema}.parts set v = 'damaged' where id = 1 and shard = 'part_2'`)
  const damaged = await verify()
  expect([damaged.code, damaged.stdout]).toEqual([1, expect.stringMatching(/"differs":\s*1\b/)])
  const [[, shown] = []] = await bench.targetRows(`show create table ${bench.schema}.parts`)
  expect(shown).toMatch(/PRIMARY KEY ?\(`id`, `shard`\)/)
  expect(shown).toMatch(/DISTRIBUTED BY HASH\(`id`\) BUCKETS 3/)
  expect(shown).toMatch(/"compression" = "ZSTD"/)
}, 90_000)
