import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createConnection } from 'mysql2/promise'
import type { FaultName } from '../../lib/sandbox/fault-names.js'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import { Engine } from '../support/engine.js'
import { parkedLines } from '../support/parked-lines.js'
import { freshSchema, sharedServer } from '../support/servers.js'

const LONG = 'much too long'

describe.each([
  ['labels', '3.3.0'],
  ['atomic', undefined],
] as const)('on_bad_row = "dead_letter" with delivery = "%s"', (delivery, emulatedVersion) => {
  let server: ServerAddress
  let sandbox: Sandbox
  let engine: Engine
  let schema: string

  beforeAll(async () => {
    server = await sharedServer('mysql')
    sandbox = await startSandbox({
      feHttpPort: 0,
      beHttpPort: 0,
      mysqlPort: 0,
      dataDir: null,
      user: 'root',
      password: '',
      ...(emulatedVersion === undefined ? {} : { emulatedVersion }),
    })
  }, 180_000)
  afterAll(() => sandbox?.close())

  beforeEach(async () => {
    schema = await freshSchema(server)
    engine = await Engine.create()
    await configure({})
    await server.sql([
      `create table ${schema}.t (id int primary key, v varchar(40))`,
      `create table ${schema}.notes (id int primary key, v varchar(40))`,
      `create table ${schema}.sales (id int primary key, shop varchar(40), price int)`,
      `create table ${schema}.plain (id int primary key, v varchar(40))`,
    ])
    const of = 'properties ("replication_num" = "1")'
    await target(`create database ${schema}`)
    await target(
      `create table ${schema}.t (id int not null, v varchar(5)) primary key (id) distributed by hash(id) ${of}`,
    )
    await target(
      `create table ${schema}.notes_log (_bin_name varchar(255) not null, _bin_pos bigint not null, _event int not null, _row int not null, _op varchar(6), _commit_time datetime, id int, v varchar(5)) duplicate key (_bin_name, _bin_pos, _event, _row) distributed by hash(_bin_pos) ${of}`,
    )
    await target(
      `create table ${schema}.shops (shop varchar(5), n bigint sum, total bigint sum) aggregate key (shop) distributed by hash(shop) ${of}`,
    )
  })
  afterEach(async () => {
    sandbox.faults.clear()
    await engine.destroy()
  })

  function configure(top: Readonly<Record<string, number>>): Promise<void> {
    const rule = (table: string, more = '') => `[[rule]]\nschema = "${schema}"\ntable = "${table}"\n${more}\n`
    return engine.configure({
      mysqlPort: server.port,
      fePort: sandbox.mysqlPort,
      feHttpPort: sandbox.feHttpPort,
      flavor: 'mysql',
      schema,
      top: { server_id: 77, on_bad_row: 'dead_letter', delivery, ...top },
      blocks: [
        `[[source]]\nschema = "${schema}"\ntables = ["/./"]\n`,
        rule('t'),
        rule('plain'),
        rule('notes', 'sr_table = "notes_log"\nmode = "append"'),
        rule('sales', 'sr_table = "shops"\ngroup_by = ["shop"]\nmeasures = { n = "count(*)", total = "sum(price)" }'),
      ].join('\n'),
    })
  }

  /** One transaction with two bad rows for `t` and one each for the append and the aggregate target, among good ones. */
  async function mixedTransaction(): Promise<void> {
    await server.sql([
      'begin',
      `insert into ${schema}.plain values (1, '${LONG}')`,
      `insert into ${schema}.t values (1, 'one'), (2, '${LONG}'), (3, 'three'), (4, '${LONG}'), (5, 'five')`,
      `insert into ${schema}.notes values (1, 'a'), (2, '${LONG}'), (3, 'c')`,
      `insert into ${schema}.sales values (1, 'north', 10), (2, '${LONG}', 20), (3, 'north', 30), (4, 'south', 5)`,
      `update ${schema}.t set v = '${LONG}' where id = 5`,
      'commit',
    ])
  }

  async function mixedGoodRows(): Promise<void> {
    expect(await target(`select * from ${schema}.plain`)).toEqual([{ id: 1, v: LONG }])
    expect(await target(`select * from ${schema}.t order by id`)).toEqual([
      { id: 1, v: 'one' },
      { id: 3, v: 'three' },
      { id: 5, v: 'five' },
    ])
    expect(await target(`select _op, id, v from ${schema}.notes_log order by id`)).toEqual([
      { _op: 'insert', id: 1, v: 'a' },
      { _op: 'insert', id: 3, v: 'c' },
    ])
    expect(await sums()).toEqual(['north 2 40', 'south 1 5'])
  }

  const sums = async () =>
    ((await target(`select shop, n, total from ${schema}.shops order by shop`)) as Record<string, unknown>[]).map(
      ({ shop, n, total }) => `${shop} ${n} ${total}`,
    )

  async function target(sql: string): Promise<unknown> {
    const connection = await createConnection({ host: '127.0.0.1', port: sandbox.mysqlPort, user: 'root' })
    try {
      const [rows] = await connection.query(sql)
      return rows
    } finally {
      await connection.end()
    }
  }

  async function listed(...flags: string[]): Promise<Record<string, unknown>[]> {
    return JSON.parse((await engine.cli('dlq', 'list', '--json', ...flags)).stdout)
  }

  const briefly = (letters: readonly Record<string, unknown>[]) =>
    letters.map(({ target: name, key, state }) => `${name} ${Object.values(key as object).at(-1)} ${state}`).sort()

  /** Widens every column that is too narrow. */
  async function widen(): Promise<void> {
    await target(`alter table ${schema}.t modify column v varchar(100)`)
    await target(`alter table ${schema}.notes_log modify column v varchar(100)`)
  }

  async function struck(fault: FaultName, before: number): Promise<void> {
    while (sandbox.faults.struck(fault) === before) {
      if (!engine.alive) throw new Error(engine.output)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  test('bad rows are parked with all that is known of them, the others are in, every row is accounted for', async () => {
    engine.start()
    await engine.caughtUp()
    await mixedTransaction()
    await engine.caughtUp()
    await mixedGoodRows()

    const lines = (await parkedLines(engine.folder)).filter(line => line.source === `${schema}.t`)
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

    const status = JSON.parse((await engine.cli('status', '--json')).stdout)
    expect(status.delivery.mode).toBe(delivery)
    expect(status.dead_letters).toBe(5)
    expect(status.targets[`${schema}.t`].parked).toBe(3)
    const none = { filtered: 0, collapsed: 0 }
    expect(status.tables).toEqual({
      [`${schema}.plain`]: { [`${schema}.plain`]: { ...none, decoded: 1, loaded: 1, parked: 0 } },
      [`${schema}.t`]: { [`${schema}.t`]: { ...none, decoded: 6, loaded: 3, parked: 3 } },
      [`${schema}.notes`]: { [`${schema}.notes_log`]: { ...none, decoded: 3, loaded: 2, parked: 1 } },
      [`${schema}.sales`]: { [`${schema}.shops`]: { ...none, decoded: 4, loaded: 3, parked: 1 } },
    })
  }, 120_000)

  test('a later change that fits supersedes; dlq lists, shows, replays once and drops', async () => {
    engine.start()
    await engine.caughtUp()
    await mixedTransaction()
    await engine.caughtUp()
    await server.sql(`update ${schema}.t set v = 'fits' where id = 2`)
    await engine.caughtUp()
    expect(await target(`select v from ${schema}.t where id = 2`)).toEqual([{ v: 'fits' }])
    const open = await listed()
    expect(briefly(open.filter(l => l.target === `${schema}.t`))).toEqual([4, 5].map(id => `${schema}.t ${id} open`))
    expect((await listed('--all-states')).filter(l => l.state === 'superseded').map(l => l.key)).toEqual([{ id: '2' }])
    const shown = await engine.cli('dlq', 'show', String(open[0]!.id))
    expect(shown.stdout).toMatch(new RegExp(`^state +open[\\s\\S]*${LONG}`, 'm'))
    expect((await engine.cli('dlq', 'replay', '--all')).code).toBe(3)

    expect(await engine.stop()).toBe(0)
    await widen()
    const four = open.find(l => (l.key as { id?: string }).id === '4')!
    expect((await engine.cli('dlq', 'drop', String(four.id))).code).toBe(0)
    const replayed = await engine.cli('dlq', 'replay', '--all')
    expect([replayed.code, replayed.stdout]).toEqual([1, expect.stringMatching(/replayed: 2; refused again: 1/)])
    expect(await target(`select * from ${schema}.t order by id`)).toEqual([
      { id: 1, v: 'one' },
      { id: 2, v: 'fits' },
      { id: 3, v: 'three' },
      { id: 5, v: LONG },
    ])
    expect(await target(`select id, v from ${schema}.notes_log order by id`)).toEqual([
      { id: 1, v: 'a' },
      { id: 2, v: LONG },
      { id: 3, v: 'c' },
    ])
    expect(await sums()).toEqual(['north 2 40', 'south 1 5'])
    expect((await listed()).map(l => l.target)).toEqual([`${schema}.shops`])
    engine.start()
    await engine.caughtUp()
    expect(await target(`select count(*) as n from ${schema}.notes_log`)).toEqual([{ n: 3 }])
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
      engine.start()
      await engine.caughtUp()
      const before = sandbox.faults.struck(hold)
      // Loads without their bad rows have labels of their own.
      const when = ({ label }: { readonly label: string }) => op !== 'streamLoad' || /_r\d+$/.test(label)
      sandbox.faults.set({ [hold]: { op, when } })
      await mixedTransaction()
      await struck(hold, before)
      await engine.stop('SIGKILL')
      sandbox.faults.clear()
      engine.start()
      await engine.caughtUp()
      await mixedGoodRows()
      expect((await listed()).map(l => `${l.source}`).sort()).toEqual(
        ['notes', 'sales', 't', 't', 't'].map(table => `${schema}.${table}`),
      )
      const ids = (await listed()).map(l => l.id)
      expect(new Set(ids).size).toBe(5)
      expect(await engine.stop()).toBe(0)
      await widen()
      await engine.cli('dlq', 'replay', '--all')
      expect(await target(`select id, v from ${schema}.t where v = '${LONG}' order by id`)).toEqual(
        [2, 4, 5].map(id => ({ id, v: LONG })),
      )
      expect(await target(`select id from ${schema}.notes_log order by id`)).toEqual([1, 2, 3].map(id => ({ id })))
    },
    120_000,
  )

  test('a transaction larger than the window with bad rows in it', async () => {
    await configure({ concurrent_ack_win: 500 })
    engine.start()
    await engine.caughtUp()
    const rows = (bad: number) =>
      Array.from({ length: 1000 }, (_, i) => `(${bad - 500 + i}, '${i === 500 ? LONG : 'ok'}')`).join()
    await server.sql([
      'begin',
      `insert into ${schema}.t values ${rows(1500)}`,
      `insert into ${schema}.notes values ${rows(1500)}`,
      `insert into ${schema}.t values ${rows(3500)}`,
      `insert into ${schema}.notes values ${rows(3500)}`,
      `update ${schema}.t set v = 'fits' where id = 1500`,
      'commit',
    ])
    await engine.caughtUp()
    expect(await target(`select count(*) as n from ${schema}.t`)).toEqual([{ n: 1999 }])
    expect(await target(`select v from ${schema}.t where id = 1500`)).toEqual([{ v: 'fits' }])
    expect(await target(`select count(*) as n, count(distinct id) as d from ${schema}.notes_log`)).toEqual([
      { n: 1998, d: 1998 },
    ])
    expect((await listed()).map(l => l.source).sort()).toEqual([`${schema}.notes`, `${schema}.notes`, `${schema}.t`])
    const { tables } = JSON.parse((await engine.cli('status', '--json')).stdout)
    expect(tables[`${schema}.notes`][`${schema}.notes_log`]).toMatchObject({ decoded: 2000, loaded: 1998, parked: 2 })
    expect(tables[`${schema}.t`][`${schema}.t`]).toMatchObject({ decoded: 2001, loaded: 1999, parked: 2 })
  }, 120_000)
})
