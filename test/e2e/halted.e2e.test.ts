import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createConnection } from 'mysql2/promise'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import { Engine } from '../support/engine.js'
import { decidePrepared } from '../support/prepared-branch.js'
import { freshSchema, sharedServer } from '../support/servers.js'

const KILLED_ENGINE = resolve('dist/test/support/killed-engine.js')

describe.each([
  ['labels', '3.3.0', 'mysql'],
  ['atomic', undefined, 'mariadb'],
] as const)('halted tables with delivery = "%s"', (delivery, emulatedVersion, kind) => {
  let server: ServerAddress
  let sandbox: Sandbox
  let engine: Engine
  let schema: string
  let lastId: number

  beforeAll(async () => {
    server = await sharedServer(kind)
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
    lastId = 0
    schema = await freshSchema(server)
    engine = await Engine.create('halted-')
    await configure('')
    await server.sql([
      `create table ${schema}.plain (id int primary key, v varchar(40))`,
      `create table ${schema}.sales (id int primary key, v varchar(40))
        partition by range (id) (partition p0 values less than (5), partition p1 values less than maxvalue)`,
    ])
    await target(`create database ${schema}`)
  })
  afterEach(() => engine.destroy())

  /** `more`: further lines of the rule for `sales`. */
  async function configure(more: string): Promise<void> {
    const rule = (table: string, lines = '') => `[[rule]]\nschema = "${schema}"\ntable = "${table}"\n${lines}\n`
    await engine.configure({
      mysqlPort: server.port,
      fePort: sandbox.mysqlPort,
      feHttpPort: sandbox.feHttpPort,
      flavor: kind,
      schema,
      top: { server_id: 4711, delivery, concurrent_ack_win: 100, flush_interval_ms: 50 },
      blocks: [
        `[[source]]\nschema = "${schema}"\ntables = ["/./"]\n`,
        rule('plain'),
        rule('sales', `sr_table = "sales_log"\nmode = "append"\n${more}`),
      ].join('\n'),
    })
  }

  async function target(sql: string): Promise<Record<string, unknown>[]> {
    const connection = await createConnection({ host: '127.0.0.1', port: sandbox.mysqlPort, user: 'root' })
    try {
      const [rows] = await connection.query(sql)
      return rows as Record<string, unknown>[]
    } finally {
      await connection.end()
    }
  }

  /** So many transactions of three rows of both tables each. */
  async function traffic(transactions: number): Promise<void> {
    const statements: string[] = []
    for (let n = 0; n < transactions; n++) {
      const values = Array.from({ length: 3 }, () => `(${++lastId}, 'v${lastId}')`).join()
      statements.push(
        'begin',
        `insert into ${schema}.sales values ${values}`,
        `insert into ${schema}.plain values ${values}`,
        'commit',
      )
    }
    await server.sql(statements)
  }

  const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
  const sold = async () => (await target(`select id from ${schema}.sales_log order by id`)).map(row => Number(row.id))
  const plain = async () => (await target(`select id from ${schema}.plain order by id`)).map(row => Number(row.id))
  const status = async () => JSON.parse((await engine.cli('status', '--json')).stdout)

  async function haltSales(): Promise<void> {
    engine.start()
    await engine.caughtUp()
    await traffic(2)
    await engine.caughtUp()
    await server.sql(`alter table ${schema}.sales drop partition p0`)
  }

  test('a statement that cannot be followed halts its table alone; accepted, it is caught up, killed on the way or not', async () => {
    await haltSales()
    await traffic(3)
    expect(await engine.wait()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(new RegExp(`visible up to .+, but not ${schema}\\.sales: halted`)),
    })
    expect(await plain()).toEqual(ids(1, 15))
    expect(await sold()).toEqual(ids(1, 6))
    const sales = `${schema}.sales`
    expect((await status()).halted).toMatchObject([
      { source: sales, statement: expect.stringMatching(/drop partition p0/i), held_events: 3, catching_up: false },
    ])
    const told = await engine.cli('status')
    expect([told.code, told.stdout]).toEqual([
      1,
      expect.stringMatching(new RegExp(`^halted +${sales}: .+drop partition`, 'm')),
    ])
    expect(engine.output).toMatch(new RegExp(`ERROR.+${sales} is halted.+halted accept ${sales}`))
    expect((await engine.cli('halted', 'accept', sales)).code).toBe(3)

    // A start alone finds it unmended.
    expect(await engine.stop()).toBe(0)
    engine.start()
    expect((await engine.wait()).stderr).toMatch(/but not .+sales: halted/)
    await traffic(500)
    expect((await engine.wait()).stderr).toMatch(/but not .+sales: halted/)
    expect(await plain()).toEqual(ids(1, lastId))
    expect(await sold()).toEqual(ids(1, 6))
    expect(await engine.stop()).toBe(0)

    await traffic(10)
    expect((await engine.cli('halted', 'accept', sales)).code).toBe(0)
    const catchUps = join(engine.folder, 'var', 'catchup')
    const steps = [
      'sealed:2',
      'planned:1',
      'sending:2',
      'sent:3',
      ...(delivery === 'atomic' ? ['committing:2'] : []),
      'committed:2',
      'saving:2',
      'fsync:1',
      'sealed:4',
      'saving:2',
    ]
    for (const step of steps) {
      engine.start({ KILL_AT: step }, [KILLED_ENGINE])
      await engine.ended()
      expect([step, engine.signal]).toEqual([step, 'SIGKILL'])
      expect([step, await readdir(catchUps)]).toEqual([step, [expect.any(String)]])
      await traffic(3)
    }
    engine.start()
    await engine.caughtUp()
    expect(await sold()).toEqual(ids(1, lastId))
    expect(await plain()).toEqual(ids(1, lastId))
    expect((await engine.cli('halted', 'list')).stdout).toMatch(/^no table is halted/)
    expect((await engine.cli('status')).code).toBe(0)
    expect(await readdir(catchUps)).toEqual([])
    await traffic(2)
    await engine.caughtUp()
    expect(await sold()).toEqual(ids(1, lastId))
    expect(await engine.stop()).toBe(0)
  }, 240_000)

  test('an ALTER that a rule does not fit halts its table alone; a start finds the rule mended', async () => {
    engine.start()
    await engine.caughtUp()
    await traffic(2)
    await engine.caughtUp()
    await server.sql(`alter table ${schema}.sales add column _op bigint`)
    // Prepared before the table halts, committed behind that.
    await server.sql([
      `xa start '${schema}'`,
      `insert into ${schema}.plain values (1000, 'xa')`,
      `insert into ${schema}.sales values (1000, 'xa', 7)`,
      `xa end '${schema}'`,
      `xa prepare '${schema}'`,
    ])
    // The rows of one transaction part: those of the other table go on.
    await server.sql([
      'begin',
      `insert into ${schema}.plain values (1001, 'x')`,
      `insert into ${schema}.sales values (1001, 'x', 7)`,
      `insert into ${schema}.plain values (1002, 'x')`,
      'commit',
    ])
    expect(await engine.wait()).toMatchObject({ code: 1, stderr: expect.stringMatching(/visible/) })
    expect((await plain()).slice(-2)).toEqual([1001, 1002])
    expect(await sold()).toEqual(ids(1, 6))
    expect((await status()).halted).toMatchObject([
      {
        source: `${schema}.sales`,
        statement: expect.stringMatching(/add column _op/),
        reason: expect.stringMatching(/_op/),
      },
    ])
    await decidePrepared(server, 'commit', `'${schema}'`)
    await engine.wait()
    expect((await plain()).slice(-3)).toEqual([1000, 1001, 1002])
    expect(await sold()).toEqual(ids(1, 6))
    await engine.stop('SIGKILL')
    await configure('exclude = ["_op"]')
    engine.start()
    await engine.caughtUp()
    expect(await target(`select id, _op, v from ${schema}.sales_log where id > 6 order by id`)).toEqual([
      { id: 1000, _op: 'insert', v: 'xa' },
      { id: 1001, _op: 'insert', v: 'x' },
    ])
    expect(await plain()).toEqual([...ids(1, 6), 1000, 1001, 1002])
    expect((await engine.cli('status')).code).toBe(0)
  }, 240_000)

  test('killed around the place where a table is halted: no row twice, none missing', async () => {
    engine.start()
    await engine.caughtUp()
    expect(await engine.stop()).toBe(0)
    const killed = async (step: string) => {
      engine.start({ KILL_AT: step }, [KILLED_ENGINE])
      await engine.ended()
      expect([step, engine.signal]).toEqual([step, 'SIGKILL'])
    }
    await traffic(40)
    await killed('sent:1')
    await server.sql(`alter table ${schema}.sales drop partition p0`)
    for (const step of ['planned:1', 'sent:2', 'committed:1', 'saving:1', 'fsync:1']) {
      await traffic(40)
      await killed(step)
    }
    engine.start()
    expect((await engine.wait()).stderr).toMatch(/but not .+sales: halted/)
    expect(await plain()).toEqual(ids(1, lastId))
    expect(await engine.stop()).toBe(0)
    // An epoch is left open that was planned without the table's rows.
    await traffic(60)
    await killed('sent:1')
    expect((await engine.cli('halted', 'accept', `${schema}.sales`)).code).toBe(0)
    engine.start()
    await engine.caughtUp()
    expect(await sold()).toEqual(ids(1, lastId))
    expect(await plain()).toEqual(ids(1, lastId))
    expect(await engine.stop()).toBe(0)
  }, 240_000)

  test('dropped, it is followed from where the others stand', async () => {
    await haltSales()
    await traffic(3)
    expect((await engine.wait()).stderr).toMatch(/but not .+sales: halted/)
    expect(await engine.stop()).toBe(0)
    expect((await engine.cli('halted', 'drop', `${schema}.sales`)).code).toBe(0)
    engine.start()
    await engine.caughtUp()
    const first = lastId + 1
    await traffic(2)
    await engine.caughtUp()
    expect(await sold()).toEqual([...ids(1, 6), ...ids(first, lastId)])
    expect(await engine.stop()).toBe(0)
  }, 240_000)
})
