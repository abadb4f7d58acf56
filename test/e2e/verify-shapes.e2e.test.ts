import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { TableVerdict, VerifyReport } from '../../lib/verify/verdict.js'
import { SyncBench } from '../support/sync-bench.js'

const ROWS = 600
const LARGE = "status <> 'draft' and price * qty > 100"
/** Rows of `large` that are damaged are in its filter. */
const IN = [402, 404, 406]
const many = (row: (n: number) => string) => Array.from({ length: ROWS }, (_, n) => row(n)).join(', ')

/** By target: the lines of its rule, and the table that it reads. */
const RULES: Readonly<Record<string, readonly [table: string, lines: string]>> = {
  large: [
    'orders',
    `where = "${LARGE}"\nexclude = ["note"]\ncomputed = { total = "price * qty", label = "concat(upper(status), '-', id)", day = "date(at)", op = "$operation", grew = "qty - OLD.qty" }`,
  ],
  hidden: ['orders', 'mask = { status = "keep(1,1)", note = "sha256", price = "round(10)", at = "month" }'],
  hidden_key: ['orders', 'mask = { id = "sha256" }'],
  marked: ['items', 'on_delete = "soft"\nsoft_delete = { flag = "gone", time = "gone_at" }'],
  kept: ['items', 'on_delete = "ignore"\nwhere = "v <> \'out\'"'],
  grown: ['items', 'operations = ["INSERT", "UPDATE"]'],
  changed: ['items', 'operations = ["UPDATE", "DELETE"]'],
  once: ['items', 'operations = ["INSERT", "DELETE"]'],
  sums: [
    'sold',
    'group_by = ["status"]\nmeasures = { n = "count(*)", total = "sum(price * qty)", third = "avg(price / 3)", paid = "sum(status = \'PAID\')", rate = "sum(price * 1e0)" }',
  ],
  shards: ['/^o_([12])$/', 'constants = { shard = "$table{1}" }\nshard_key = ["shard"]\nwhere = "v is not null"'],
}

describe.each(['mysql', 'mariadb'] as const)('verify of rules that reshape, from %s', kind => {
  let bench: SyncBench

  beforeAll(async () => {
    bench = await SyncBench.shared(kind)
    const { schema, server } = bench
    await server.sql([
      `create table ${schema}.orders (id int primary key, status varchar(10) not null, price decimal(10,2), qty int, at datetime not null, note varchar(20)) character set utf8mb4`,
      `create table ${schema}.sold like ${schema}.orders`,
      `create table ${schema}.items (id int primary key, v varchar(20)) character set utf8mb4`,
      `create table ${schema}.o_1 (id int primary key, v varchar(20)) character set utf8mb4`,
      `create table ${schema}.o_2 (id int primary key, v varchar(20)) character set utf8mb4`,
    ])
    const blocks = Object.entries(RULES).map(
      ([target, [table, lines]]) =>
        `[[rule]]\nschema = "${schema}"\ntable = "${table}"\nsr_table = "${target}"\n${lines}\n`,
    )
    await bench.configure({
      top: { mask_salt: 'a salt of sixteen letters' },
      blocks: `[[source]]\nschema = "${schema}"\ntables = ["/./"]\n\n${blocks.join('\n')}`,
    })
    bench.engine.start()
    await bench.engine.caughtUp()
    await server.sql([
      `insert into ${schema}.orders values ${many(n => `(${n}, '${['draft', 'paid', 'sent'][n % 3]}', ${n} / 4, ${n % 11}, '2024-05-17 11:00:00', 'note ${n}')`)}`,
      `insert into ${schema}.sold select * from ${schema}.orders`,
      `insert into ${schema}.items values ${many(n => `(${n}, 'v${n % 5}')`)}`,
      `insert into ${schema}.o_1 values ${many(n => `(${n}, if(${n % 4} = 0, null, 'a${n}'))`)}`,
      `insert into ${schema}.o_2 values ${many(n => `(${n}, 'b${n}')`)}`,
      `update ${schema}.items set v = 'out' where id between 20 and 29`,
      `delete from ${schema}.items where id < 10`,
      `delete from ${schema}.sold where id between 40 and 59`,
      `update ${schema}.sold set status = 'paid', qty = 3 where id between 60 and 79`,
      `update ${schema}.items set v = 'new' where id between 500 and 509`,
      `update ${schema}.orders set price = 1000, qty = 1, status = 'paid' where id in (${IN.join(', ')})`,
    ])
    await bench.engine.caughtUp()
  }, 300_000)
  afterAll(() => bench?.close())

  async function verify(...args: string[]): Promise<{ code: number | null; found: ReadonlyMap<string, TableVerdict> }> {
    const { code, stdout, stderr } = await bench.engine.cli('verify', '--json', ...args)
    if (!stdout.startsWith('{')) throw new Error(stderr)
    const { tables } = JSON.parse(stdout) as VerifyReport
    return { code, found: new Map(tables.map(one => [one.target.slice(bench.schema.length + 1), one])) }
  }
  const counts = (found: ReadonlyMap<string, TableVerdict>) =>
    Object.fromEntries(
      [...found].map(([name, { state, differs, missing, extra, tolerated }]) => [
        name,
        [state, differs, missing, extra, tolerated],
      ]),
    )
  const UNCOMPARED = { hidden_key: ['ignored', 0, 0, 0, 0], once: ['ignored', 0, 0, 0, 0] }

  test('what the rules leave out is no difference, and what cannot be compared is named', async () => {
    const { code, found } = await verify()
    expect(counts(found)).toEqual({
      ...UNCOMPARED,
      large: ['ok', 0, 0, 0, 0],
      hidden: ['ok', 0, 0, 0, 0],
      marked: ['ok', 0, 0, 0, 0],
      kept: ['ok', 0, 0, 0, 10],
      grown: ['ok', 0, 0, 0, 10],
      changed: ['ok', 0, 0, 0, ROWS - 30],
      sums: ['ok', 0, 0, 0, 0],
      shards: ['ok', 0, 0, 0, 0],
    })
    expect(code).toBe(0)
    const [row] = await bench.server.sql(`select count(*) as n from ${bench.schema}.orders where ${LARGE}`)
    expect(found.get('large')?.rows).toBe(Number(row!.n))
    expect(found.get('large')?.ignored_columns).toEqual({
      op: 'the source keeps no $operation of a row',
      grew: 'the source keeps no OLD.qty of a row',
    })
    expect(found.get('hidden')?.ignored_columns).toEqual({})
    expect(found.get('sums')?.ignored_columns).toEqual({ rate: expect.stringContaining('is not exact') })
    expect(found.get('hidden_key')?.reason).toMatch(/^its key column id is hashed/)
    expect(found.get('once')?.reason).toMatch(/^changes of kind UPDATE are passed over/)
  }, 120_000)

  test('damages are found, each and no other, and mended where the rule lets them be', async () => {
    const target = (table: string) => `${bench.schema}.${table}`
    const out = `select * from ${target('large')} where id = ${IN[0]}`
    const [copy] = await bench.target(out)
    expect(copy).toMatchObject({ total: '1000.00', label: `PAID-${IN[0]}` })
    await bench.target(
      `delete from ${target('large')} where id = ${IN[0]}`,
      `update ${target('large')} set total = 1 where id = ${IN[1]}`,
      `update ${target('large')} set label = 'X' where id = ${IN[2]}`,
      // A draft, which the source has.
      `insert into ${target('large')} (id, status, at, op) values (3, 'draft', '2024-05-17 11:00:00', 'INSERT')`,
      `update ${target('hidden')} set note = concat('0', substr(note, 2)) where id in (7, 8, 9)`,
      `update ${target('hidden')} set note = 'plain' where id = 10`,
      `update ${target('hidden')} set status = 'paid' where id = 11`,
      `update ${target('hidden')} set price = price + 1 where id = 12`,
      `update ${target('marked')} set gone = 1 where id = 100`,
      `update ${target('marked')} set v = 'bad' where id = 101`,
      `update ${target('kept')} set v = 'bad' where id = 102`,
      `delete from ${target('kept')} where id = 103`,
      `update ${target('changed')} set v = 'bad' where id = 503`,
      // Added to the sum; nothing else of the group.
      `insert into ${target('sums')} (status, third_sum) values ('paid', 0.0001)`,
      `insert into ${target('shards')} (id, shard, v) values (9000, '2', 'x'), (0, '1', 'null there')`,
      `delete from ${target('shards')} where id = 5 and shard = '2'`,
      `update ${target('shards')} set v = 'bad' where id = 6 and shard = '1'`,
    )
    const [{ n: hashes }] = (await bench.target(
      `select count(*) as n from ${target('hidden')} where id in (7, 8, 9) and note like '0%'`,
    )) as [{ n: number }]
    expect(Number(hashes)).toBe(3)
    const damaged = await verify()
    expect(damaged.code).toBe(1)
    expect(counts(damaged.found)).toEqual({
      ...UNCOMPARED,
      large: ['differs', 2, 1, 1, 0],
      hidden: ['differs', 6, 0, 0, 0],
      marked: ['differs', 1, 1, 0, 0],
      kept: ['differs', 1, 1, 0, 10],
      grown: ['ok', 0, 0, 0, 10],
      changed: ['differs', 1, 0, 0, ROWS - 30],
      sums: ['differs', 1, 0, 0, 0],
      shards: ['differs', 1, 1, 2, 0],
    })
    const columns = (name: string) =>
      damaged.found
        .get(name)
        ?.keys.flatMap(key => key.columns)
        .toSorted()
    expect(columns('large')).toEqual(['label', 'total'])
    expect(columns('hidden')).toEqual(['note', 'note', 'note', 'note', 'price', 'status'])

    const { found } = await verify('--repair')
    const left = Object.fromEntries([...found].map(([name, { state, repaired }]) => [name, [state, repaired]]))
    expect(left).toEqual({
      hidden_key: ['ignored', 0],
      once: ['ignored', 0],
      large: ['ok', 4],
      hidden: ['ok', 6],
      marked: ['ok', 2],
      kept: ['ok', 2],
      grown: ['ok', 0],
      // Rows that are read again count as inserts.
      changed: ['differs', 0],
      // Sums are made of many rows.
      sums: ['differs', 0],
      shards: ['ok', 4],
    })
    expect(found.get('changed')?.reason).toMatch(/count as inserts/)
    expect(await bench.target(out)).toEqual([{ ...copy, op: 'INSERT', grew: null }])
    expect(await bench.target(`select id from ${target('large')} where id = 3`)).toEqual([])
  }, 240_000)
})
