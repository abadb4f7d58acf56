import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { FaultName } from '../../lib/sandbox/fault-names.js'
import { parkedLines } from '../support/parked-lines.js'
import { SyncBench } from '../support/sync-bench.js'

const LONG = 'much too long'

describe.each([
  ['labels', { emulatedVersion: '3.3.0' }],
  ['atomic', {}],
] as const)('on_bad_row = "dead_letter" with delivery = "%s"', (delivery, sandbox) => {
  let bench: SyncBench

  beforeAll(async () => {
    bench = await SyncBench.shared('mysql', { sandbox })
  })
  afterAll(() => bench?.close())

  beforeEach(async () => {
    await bench.renew()
    await configure({})
    await bench.server.sql([
      `create table ${bench.schema}.t (id int primary key, v varchar(40))`,
      `create table ${bench.schema}.notes (id int primary key, v varchar(40))`,
      `create table ${bench.schema}.sales (id int primary key, shop varchar(40), price int)`,
      `create table ${bench.schema}.plain (id int primary key, v varchar(40))`,
    ])
    const of = 'properties ("replication_num" = "1")'
    await bench.target(`create database ${bench.schema}`)
    await bench.target(
      `create table ${bench.schema}.t (id int not null, v varchar(5)) primary key (id) distributed by hash(id) ${of}`,
    )
    await bench.target(
      `create table ${bench.schema}.notes_log (_bin_name varchar(255) not null, _bin_pos bigint not null, _event int not null, _row int not null, _op varchar(6), _commit_time datetime, id int, v varchar(5)) duplicate key (_bin_name, _bin_pos, _event, _row) distributed by hash(_bin_pos) ${of}`,
    )
    await bench.target(
      `create table ${bench.schema}.shops (shop varchar(5), n bigint sum, total bigint sum) aggregate key (shop) distributed by hash(shop) ${of}`,
    )
  })

  function configure(top: Readonly<Record<string, number>>): Promise<void> {
    return bench.configure({
      top: { server_id: 77, on_bad_row: 'dead_letter', delivery, ...top },
      blocks: bench.blocks({
        t: '',
        plain: '',
        notes: 'sr_table = "notes_log"\nmode = "append"',
        sales: 'sr_table = "shops"\ngroup_by = ["shop"]\nmeasures = { n = "count(*)", total = "sum(price)" }',
      }),
    })
  }

  /** One transaction with two bad rows for `t` and one each for the append and the aggregate target, among good ones. */
  async function mixedTransaction(): Promise<void> {
    await bench.server.sql([
      'begin',
      `insert into ${bench.schema}.plain values (1, '${LONG}')`,
      `insert into ${bench.schema}.t values (1, 'one'), (2, '${LONG}'), (3, 'three'), (4, '${LONG}'), (5, 'five')`,
      `insert into ${bench.schema}.notes values (1, 'a'), (2, '${LONG}'), (3, 'c')`,
      `insert into ${bench.schema}.sales values (1, 'north', 10), (2, '${LONG}', 20), (3, 'north', 30), (4, 'south', 5)`,
      `update ${bench.schema}.t set v = '${LONG}' where id = 5`,
      'commit',
    ])
  }

  async function mixedGoodRows(): Promise<void> {
    expect(await bench.target(`select * from ${bench.schema}.plain`)).toEqual([{ id: 1, v: LONG }])
    expect(await bench.target(`select * from ${bench.schema}.t order by id`)).toEqual([
      { id: 1, v: 'one' },
      { id: 3, v: 'three' },
      { id: 5, v: 'five' },
    ])
    expect(await bench.target(`select _op, id, v from ${bench.schema}.notes_log order by id`)).toEqual([
      { _op: 'insert', id: 1, v: 'a' },
      { _op: 'insert', id: 3, v: 'c' },
    ])
    expect(await sums()).toEqual(['north 2 40', 'south 1 5'])
  }

  const sums = async () =>
    (await bench.target(`select shop, n, total from ${bench.schema}.shops order by shop`)).map(
      ({ shop, n, total }) => `${shop} ${n} ${total}`,
    )

  async function listed(...flags: string[]): Promise<Record<string, unknown>[]> {
    return JSON.parse((await bench.engine.cli('dlq', 'list', '--json', ...flags)).stdout)
  }

  const briefly = (letters: readonly Record<string, unknown>[]) =>
    letters.map(({ target: name, key, state }) => `${name} ${Object.values(key as object).at(-1)} ${state}`).sort()

  /** Widens every column that is too narrow. */
  async function widen(): Promise<void> {
    await bench.target(`alter table ${bench.schema}.t modify column v varchar(100)`)
    await bench.target(`alter table ${bench.schema}.notes_log modify column v varchar(100)`)
  }

  async function struck(fault: FaultName, before: number): Promise<void> {
    while (bench.sandbox.faults.struck(fault) === before) {
      if (!bench.engine.alive) throw new Error(bench.engine.output)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  test('bad rows are parked with all that is known of them, the others are in, every row is accounted for', async () => {
    bench.engine.start()
    await bench.engine.caughtUp()
    await mixedTransaction()
    await bench.engine.caughtUp()
    await mixedGoodRows()

    const lines = (await parkedLines(bench.engine.folder)).filter(line => line.source === `${bench.schema}.t`)
    const facts = lines.map(({ key, op, before, after }) => ({ key: Object.values(key as object), op, before, after }))
    expect(facts.sort((a, b) => Number(a.key) - Number(b.key))).toEqual([
      { key: ['2'], op: 'insert', before: null, after: { id: '2', v: LONG } },
      { key: ['4'], op: 'insert', before: null, after: { id: '4', v: LONG } },
      { key: ['5'], op: 'update', before: { id: '5', v: 'five' }, after: { id: '5', v: LONG } },
    ])
    for (const { reason, rule, position } of lines) {
      expect(reason).toMatch(/\bv\b/)
      expect(rule).toMatch(/\[\[rule\]\]/)
      expect(position).toMatchObject({ bin_name: expect.stringMatching(/\.\d+$/), event: expect.any(Number) })
    }

    const status = await bench.engine.status()
    expect(status.delivery?.mode).toBe(delivery)
    expect(status.dead_letters).toBe(5)
    expect(status.targets[`${bench.schema}.t`]?.parked).toBe(3)
    const none = { filtered: 0, collapsed: 0 }
    expect(status.tables).toEqual({
      [`${bench.schema}.plain`]: { [`${bench.schema}.plain`]: { ...none, decoded: 1, loaded: 1, parked: 0 } },
      [`${bench.schema}.t`]: { [`${bench.schema}.t`]: { ...none, decoded: 6, loaded: 3, parked: 3 } },
      [`${bench.schema}.notes`]: { [`${bench.schema}.notes_log`]: { ...none, decoded: 3, loaded: 2, parked: 1 } },
      [`${bench.schema}.sales`]: { [`${bench.schema}.shops`]: { ...none, decoded: 4, loaded: 3, parked: 1 } },
    })
  }, 120_000)

  test('a later change that fits supersedes; dlq lists, shows, replays once and drops', async () => {
    bench.engine.start()
    await bench.engine.caughtUp()
    await mixedTransaction()
    await bench.engine.caughtUp()
    await bench.server.sql(`update ${bench.schema}.t set v = 'fits' where id = 2`)
    await bench.engine.caughtUp()
    expect(await bench.target(`select v from ${bench.schema}.t where id = 2`)).toEqual([{ v: 'fits' }])
    const open = await listed()
    expect(briefly(open.filter(l => l.target === `${bench.schema}.t`))).toEqual(
      [4, 5].map(id => `${bench.schema}.t ${id} open`),
    )
    expect((await listed('--all-states')).filter(l => l.state === 'superseded').map(l => l.key)).toEqual([{ id: '2' }])
    const shown = await bench.engine.cli('dlq', 'show', String(open[0]!.id))
    expect(shown.stdout).toMatch(new RegExp(`^state +open[\\s\\S]*${LONG}`, 'm'))
    expect((await bench.engine.cli('dlq', 'replay', '--all')).code).toBe(3)

    expect(await bench.engine.stop()).toBe(0)
    await widen()
    const four = open.find(l => (l.key as { id?: string }).id === '4')!
    expect((await bench.engine.cli('dlq', 'drop', String(four.id))).code).toBe(0)
    const replayed = await bench.engine.cli('dlq', 'replay', '--all')
    expect([replayed.code, replayed.stdout]).toEqual([1, expect.stringMatching(/replayed: 2; refused again: 1/)])
    expect(await bench.target(`select * from ${bench.schema}.t order by id`)).toEqual([
      { id: 1, v: 'one' },
      { id: 2, v: 'fits' },
      { id: 3, v: 'three' },
      { id: 5, v: LONG },
    ])
    expect(await bench.target(`select id, v from ${bench.schema}.notes_log order by id`)).toEqual([
      { id: 1, v: 'a' },
      { id: 2, v: LONG },
      { id: 3, v: 'c' },
    ])
    expect(await sums()).toEqual(['north 2 40', 'south 1 5'])
    expect((await listed()).map(l => l.target)).toEqual([`${bench.schema}.shops`])
    bench.engine.start()
    await bench.engine.caughtUp()
    expect(await bench.target(`select count(*) as n from ${bench.schema}.notes_log`)).toEqual([{ n: 3 }])
    expect((await listed()).length).toBe(1)
  }, 120_000)

  const last = delivery === 'labels' ? 'streamLoad' : 'commit'
  test.each([
    ['while bad rows are looked for', 'holdCommit', 'prepare'],
    ['when the others are about to be in', 'holdCommit', last],
    ['when the others are in, and nobody knows yet', 'holdAnswer', last],
  ] as const)(
    'killed %s: no second letter, no lost row',
    async (_, hold, op) => {
      bench.engine.start()
      await bench.engine.caughtUp()
      const before = bench.sandbox.faults.struck(hold)
      // Loads without their bad rows have labels of their own.
      const when = ({ label }: { readonly label: string }) => op !== 'streamLoad' || /_r\d+$/.test(label)
      bench.sandbox.faults.set({ [hold]: { op, when } })
      await mixedTransaction()
      await struck(hold, before)
      await bench.engine.stop('SIGKILL')
      bench.sandbox.faults.clear()
      bench.engine.start()
      await bench.engine.caughtUp()
      await mixedGoodRows()
      expect((await listed()).map(l => `${l.source}`).sort()).toEqual(
        ['notes', 'sales', 't', 't', 't'].map(table => `${bench.schema}.${table}`),
      )
      const ids = (await listed()).map(l => l.id)
      expect(new Set(ids).size).toBe(5)
      expect(await bench.engine.stop()).toBe(0)
      await widen()
      await bench.engine.cli('dlq', 'replay', '--all')
      expect(await bench.target(`select id, v from ${bench.schema}.t where v = '${LONG}' order by id`)).toEqual(
        [2, 4, 5].map(id => ({ id, v: LONG })),
      )
      expect(await bench.target(`select id from ${bench.schema}.notes_log order by id`)).toEqual(
        [1, 2, 3].map(id => ({ id })),
      )
    },
    120_000,
  )

  test('a transaction larger than the window with bad rows in it', async () => {
    await configure({ concurrent_ack_win: 500 })
    bench.engine.start()
    await bench.engine.caughtUp()
    const rows = (bad: number) =>
      Array.from({ length: 1000 }, (_, i) => `(${bad - 500 + i}, '${i === 500 ? LONG : 'ok'}')`).join()
    await bench.server.sql([
      'begin',
      `insert into ${bench.schema}.t values ${rows(1500)}`,
      `insert into ${bench.schema}.notes values ${rows(1500)}`,
      `insert into ${bench.schema}.t values ${rows(3500)}`,
      `insert into ${bench.schema}.notes values ${rows(3500)}`,
      `update ${bench.schema}.t set v = 'fits' where id = 1500`,
      'commit',
    ])
    await bench.engine.caughtUp()
    expect(await bench.target(`select count(*) as n from ${bench.schema}.t`)).toEqual([{ n: 1999 }])
    expect(await bench.target(`select v from ${bench.schema}.t where id = 1500`)).toEqual([{ v: 'fits' }])
    expect(await bench.target(`select count(*) as n, count(distinct id) as d from ${bench.schema}.notes_log`)).toEqual([
      { n: 1998, d: 1998 },
    ])
    expect((await listed()).map(l => l.source).sort()).toEqual([
      `${bench.schema}.notes`,
      `${bench.schema}.notes`,
      `${bench.schema}.t`,
    ])
    const { tables } = await bench.engine.status()
    expect(tables[`${bench.schema}.notes`]?.[`${bench.schema}.notes_log`]).toMatchObject({
      decoded: 2000,
      loaded: 1998,
      parked: 2,
    })
    expect(tables[`${bench.schema}.t`]?.[`${bench.schema}.t`]).toMatchObject({ decoded: 2001, loaded: 1999, parked: 2 })
  }, 120_000)
})
