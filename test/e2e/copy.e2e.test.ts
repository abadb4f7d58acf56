import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { lockDataDir } from '../../lib/checkpoint/data-dir.js'
import type { CopyReport } from '../../lib/copy-command.js'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import type { PlanReport } from '../../lib/snapshot/plan-source.js'
import { Engine, type Outcome } from '../support/engine.js'
import { comparison } from '../support/equal-tables.js'
import { freshSchema, sharedServer } from '../support/servers.js'

const CLI = 'bin/mysql-sr-sync'
const ROWS = 3000
const SHADOW = /^mss_\d+__copy_of__/
const block = (name: string, ...lines: string[]) => `[[${name}]]\n${lines.join('\n')}\n`

describe.each(['mysql', 'mariadb'] as const)('copy from %s', kind => {
  let server: ServerAddress
  let sandbox: Sandbox
  let engine: Engine
  let schema: string
  let reader: Connection

  beforeAll(async () => {
    server = await sharedServer(kind)
    const ports = { feHttpPort: 0, beHttpPort: 0, mysqlPort: 0 }
    sandbox = await startSandbox({ ...ports, dataDir: null, user: 'root', password: '' })
    reader = await createConnection({
      host: '127.0.0.1',
      port: sandbox.mysqlPort,
      user: 'root',
      bigNumberStrings: true,
      supportBigNumbers: true,
    })
  }, 180_000)
  afterAll(async () => {
    reader?.destroy()
    await sandbox?.close()
  })
  beforeEach(async () => {
    schema = await freshSchema(server)
    engine = await Engine.create('copy-')
    await configure()
  })
  afterEach(async () => {
    sandbox.faults.clear()
    await engine.destroy()
  })

  function configure(rules = block('rule', `schema = "${schema}"`, 'table = "/./"'), top = {}): Promise<void> {
    return engine.configure({
      mysqlPort: server.port,
      fePort: sandbox.mysqlPort,
      feHttpPort: sandbox.feHttpPort,
      flavor: kind,
      schema,
      top: { flush_rows: 500, concurrent_size: 2, ...top },
      blocks: `${block('source', `schema = "${schema}"`, 'tables = ["/./"]')}${rules}`,
    })
  }

  async function target(sql: string): Promise<unknown[][]> {
    const [rows] = await reader.query<RowDataPacket[][]>({ sql, rowsAsArray: true })
    return rows
  }

  const tablesOfTarget = async () => (await target(`show tables from ${schema}`)).map(([name]) => String(name))

  /** Rows 1 to `rows` of generation `g`, with a text each. */
  async function fill(table: string, rows: number, g: number): Promise<void> {
    const connection = await server.connect()
    for (let from = 1; from <= rows; from += 1000) {
      const values = Array.from({ length: Math.min(1000, rows - from + 1) }, (_, i) => [
        from + i,
        g,
        `row ${from + i} „${g}“`,
      ])
      await connection.query(`replace into ${schema}.${table} values ?`, [values])
    }
    await connection.end()
  }

  async function expectEqual(...tables: string[]): Promise<void> {
    const compared = await comparison(
      server,
      sandbox.mysqlPort,
      tables.map(table => ({ source: { schema, table }, target: { database: schema, table }, key: ['id'] })),
    )
    for (const one of compared) expect(one).toMatchObject({ differs: 0 })
  }

  const report = ({ stdout }: Outcome) => JSON.parse(stdout) as CopyReport

  /** A test in which the server has no part. */
  const once = kind === 'mysql' ? test : (): void => undefined

  test('readers of a full target see all old rows or all new ones', async () => {
    await server.sql(`create table ${schema}.t (id int primary key, g int, v varchar(40))`)
    await fill('t', ROWS, 1)
    const first = await engine.cli('copy')
    expect(first).toMatchObject({ code: 0 })
    expect(first.stdout).toMatch(/1 of 1 targets copied, 3,000 rows/)
    await expectEqual('t')

    await fill('t', ROWS + 700, 2)
    await server.sql(`delete from ${schema}.t where id <= 200`)
    const look = async () => (await target(`select count(*), min(g), max(g) from ${schema}.t`))[0]!.map(Number)
    const [old, fresh] = [
      [ROWS, 1, 1],
      [ROWS + 500, 2, 2],
    ]
    const before = sandbox.faults.struck('holdCommit')
    sandbox.faults.set({ holdCommit: { times: 1, when: ({ table }) => SHADOW.test(table) } })
    const copying = engine.cli('copy')
    while (sandbox.faults.struck('holdCommit') === before) {
      expect(await look()).toEqual(old)
      await sleep(5)
    }
    sandbox.faults.clear()
    let ended = false
    void copying.finally(() => {
      ended = true
    })
    while (!ended) {
      expect([old, fresh]).toContainEqual(await look())
      await sleep(2)
    }
    expect(await copying).toMatchObject({ code: 0 })
    expect(await look()).toEqual(fresh)
    await expectEqual('t')
    expect(await tablesOfTarget()).toEqual(['t'])
  }, 120_000)

  test('killed in the middle: the old rows are whole, and the next copy cleans up', async () => {
    await server.sql(`create table ${schema}.t (id int primary key, g int, v varchar(40))`)
    await fill('t', ROWS, 1)
    expect(await engine.cli('copy')).toMatchObject({ code: 0 })
    await fill('t', ROWS, 2)
    const loads = new Set<string>()
    const before = sandbox.faults.struck('holdCommit')
    sandbox.faults.set({ holdCommit: { when: ({ table, label }) => SHADOW.test(table) && loads.add(label).size > 2 } })
    engine.start({}, [CLI, 'copy'])
    while (sandbox.faults.struck('holdCommit') === before) {
      if (!engine.alive) throw new Error(engine.output)
      await sleep(5)
    }
    await engine.stop('SIGKILL')
    sandbox.faults.clear()
    const left = (await tablesOfTarget()).filter(name => SHADOW.test(name))
    expect(left).toHaveLength(1)
    expect(Number((await target(`select count(*) from ${schema}.${left[0]}`))[0]![0])).toBeGreaterThan(0)
    expect((await target(`select count(*), min(g), max(g) from ${schema}.t`))[0]!.map(Number)).toEqual([ROWS, 1, 1])

    const again = await engine.cli('copy', '--json')
    expect(again.code).toBe(0)
    expect(report(again).dropped).toEqual([`${schema}.${left[0]}`])
    expect(await tablesOfTarget()).toEqual(['t'])
    await expectEqual('t')
  }, 120_000)

  once(
    'stopped in the middle: the old rows are whole, and nothing is left behind',
    async () => {
      await server.sql(`create table ${schema}.t (id int primary key, g int, v varchar(40))`)
      await fill('t', ROWS, 1)
      expect(await engine.cli('copy')).toMatchObject({ code: 0 })
      await fill('t', ROWS, 2)
      const before = sandbox.faults.struck('holdCommit')
      sandbox.faults.set({ holdCommit: { when: ({ table }) => SHADOW.test(table) } })
      engine.start({}, [CLI, 'copy'])
      while (sandbox.faults.struck('holdCommit') === before) {
        if (!engine.alive) throw new Error(engine.output)
        await sleep(5)
      }
      expect(await engine.stop('SIGTERM')).toBe(1)
      expect(engine.output).toContain('stopped: what was not exchanged yet is as it was before')
      expect(await tablesOfTarget()).toEqual(['t'])
      expect((await target(`select count(*), min(g), max(g) from ${schema}.t`))[0]!.map(Number)).toEqual([ROWS, 1, 1])
    },
    120_000,
  )

  test('shards, a table without a key, changes and sums', async () => {
    const key = 'id int primary key, g int not null, v varchar(40)'
    await server.sql([
      `create table ${schema}.orders_1 (${key})`,
      `create table ${schema}.orders_2 (${key})`,
      `create table ${schema}.notes (a int, b varchar(20))`,
      `insert into ${schema}.notes values (1, 'x'), (1, 'x'), (null, null), (2, 'it''s')`,
    ])
    await fill('orders_1', 1200, 3)
    await fill('orders_2', 10, 5)
    await server.sql(`update ${schema}.orders_2 set id = id + 5000 where id < 10`)
    const orders = [`schema = "${schema}"`, 'table = "/^orders_[0-9]+$/"']
    await configure(
      block('rule', ...orders, 'sr_table = "orders"', 'on_key_collision = "last_wins"') +
        block(
          'rule',
          ...orders,
          'sr_table = "sums"',
          'group_by = ["g"]',
          'measures = { n = "count(*)", ids = "sum(id)" }',
        ) +
        block('rule', `schema = "${schema}"`, 'table = "notes"', 'mode = "append"'),
    )
    for (const round of [1, 2]) {
      const outcome = await engine.cli('copy', '--json')
      expect([round, outcome.code, outcome.stderr]).toEqual([round, 0, expect.any(String)])
      const kept = Object.fromEntries(
        report(outcome).targets.map(one => [one.target, [one.copied?.rows, one.copied?.kept]]),
      )
      expect(kept).toEqual({
        [`${schema}.orders`]: [1210, 1209],
        [`${schema}.sums`]: [1210, 2],
        [`${schema}.notes`]: [4, 4],
      })
    }
    expect(await target(`select count(*), sum(case when id > 5000 then 1 else 0 end) from ${schema}.orders`)).toEqual([
      ['1209', '9'],
    ])
    const sums = await server.sql(
      `select g, count(*) n, sum(id) ids from (select * from ${schema}.orders_1 union all select * from ${schema}.orders_2) o group by g order by g`,
    )
    expect((await target(`select g, n, ids from ${schema}.sums order by g`)).map(row => row.map(Number))).toEqual(
      (sums as RowDataPacket[]).map(({ g, n, ids }) => [g, n, ids].map(Number)),
    )
    expect(await target(`select a, b, _op from ${schema}.notes order by a, b`)).toEqual([
      [null, null, 'insert'],
      [1, 'x', 'insert'],
      [1, 'x', 'insert'],
      [2, "it's", 'insert'],
    ])
    const ids = await target(`select _bin_name, _bin_pos, _event, _row from ${schema}.notes`)
    expect(new Set(ids.map(String)).size).toBe(4)
  }, 120_000)

  once(
    'a target that cannot hold the rows keeps its old ones; the others are copied',
    async () => {
      await server.sql([
        `create table ${schema}.narrow (id int primary key, v varchar(40))`,
        `create table ${schema}.wide (id int primary key, v varchar(40))`,
        `insert into ${schema}.narrow values (1, 'old')`,
      ])
      expect(await engine.cli('copy')).toMatchObject({ code: 0 })
      await target(`drop table ${schema}.narrow`)
      await target(`create table ${schema}.narrow (id int not null, v varchar(10)) primary key (id)`)
      await target(`insert into ${schema}.narrow values (1, 'old')`)
      await server.sql([
        `insert into ${schema}.narrow values (2, '${'x'.repeat(40)}')`,
        `insert into ${schema}.wide values (2, '${'x'.repeat(40)}')`,
      ])
      const outcome = await engine.cli('copy', '--json')
      expect(outcome.code).toBe(1)
      const [narrow, wide] = report(outcome).targets.toSorted((a, b) => (a.target < b.target ? -1 : 1))
      expect(narrow).toMatchObject({
        copied: null,
        failure: { message: expect.stringContaining('narrow'), advice: expect.any(String) },
      })
      expect(wide).toMatchObject({ copied: { rows: 1, kept: 1 }, failure: null })
      expect(await target(`select * from ${schema}.narrow`)).toEqual([[1, 'old']])
      expect(await tablesOfTarget()).toEqual(['narrow', 'wide'])
      const chosen = await engine.cli('copy', '--table', `${schema}.wide`, '--json')
      expect(report(chosen).targets.map(one => one.target)).toEqual([`${schema}.wide`])
      expect(await engine.cli('copy', '--table', `${schema}.nosuch`)).toMatchObject({ code: 2 })
    },
    120_000,
  )

  once(
    'not beside an engine of the same data_dir; the saved position stays',
    async () => {
      await server.sql([`create table ${schema}.t (id int primary key)`, `insert into ${schema}.t values (1)`])
      await engine.startAt('nosuch.000001', 4)
      const before = await engine.position()
      const lock = lockDataDir(engine.dataDir)
      const refused = await engine.cli('copy')
      lock.release()
      expect(refused).toMatchObject({ code: 3, stdout: '' })
      expect(refused.stderr).toMatch(/exchanged away\nStop the engine/)
      const copied = await engine.cli('copy')
      expect(copied).toMatchObject({ code: 0 })
      expect(copied.stderr).toContain('data_dir holds a saved position')
      expect(await engine.position()).toBe(before)
    },
    120_000,
  )

  test('--dry-run tells tables, sizes and targets, and changes nothing', async () => {
    await server.sql([
      `create table ${schema}.t (id int primary key, g int, v varchar(40))`,
      `create table ${schema}.empty (id int primary key)`,
    ])
    await fill('t', ROWS, 1)
    const plan = JSON.parse((await engine.cli('copy', '--dry-run', '--json')).stdout) as PlanReport
    expect(plan.tables.map(({ source, targets, read }) => [source, targets[0], read])).toEqual([
      [`${schema}.t`, { target: `${schema}.t`, mode: 'upsert', exists: false }, 'whole'],
      [`${schema}.empty`, { target: `${schema}.empty`, mode: 'upsert', exists: false }, 'whole'],
    ])
    // The server's own estimate; it is near enough for a plan.
    expect(plan.rows).toBeGreaterThan(ROWS / 2)
    expect(plan.rows).toBeLessThan(ROWS * 2)
    expect(plan.seconds).toBeGreaterThan(0)
    expect(await target(`show databases like '${schema}'`)).toEqual([])
    const text = (await engine.cli('copy', '--dry-run')).stdout
    expect(text).toMatch(/^SOURCE +TARGET +MODE +ROWS/)
    expect(text).toContain(`${schema}.t (new)`)

    // The plan of an engine's snapshot: the same tables, in chunks.
    await server.sql(`create table ${schema}.notes (v varchar(9))`)
    await configure(
      block('rule', `schema = "${schema}"`, 'table = "/^(t|empty)$/"') +
        block('rule', `schema = "${schema}"`, 'table = "notes"', 'mode = "append"') +
        block('snapshot', 'chunk_rows = 500').replace('[[snapshot]]', '[snapshot]'),
    )
    const engines = JSON.parse((await engine.cli('start', '--dry-run', '--json')).stdout) as PlanReport
    const [largest, ...others] = engines.tables
    expect(largest).toMatchObject({ source: `${schema}.t`, read: 'chunks', key: ['id'] })
    expect(largest!.chunks).toBe(Math.ceil(largest!.rows / 500))
    expect(others.find(({ source }) => source === `${schema}.notes`)).toMatchObject({
      read: 'whole',
      key: [],
      chunks: 1,
    })
    expect((await engine.cli('run', '--dry-run')).stdout).toMatch(/^snapshot\.mode = "never"/)
  }, 120_000)
})
