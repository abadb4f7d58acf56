import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { decidePrepared } from '../support/prepared-branch.js'
import { SyncBench } from '../support/sync-bench.js'

const KILLED_ENGINE = resolve('dist/test/support/killed-engine.js')

describe.each([
  ['labels', { emulatedVersion: '3.3.0' }, 'mysql'],
  ['atomic', {}, 'mariadb'],
] as const)('halted tables with delivery = "%s"', (delivery, sandbox, kind) => {
  let bench: SyncBench
  let lastId: number

  beforeAll(async () => {
    bench = await SyncBench.shared(kind, { sandbox, folder: 'halted-' })
  })
  afterAll(() => bench?.close())

  beforeEach(async () => {
    lastId = 0
    await bench.renew()
    await configure('')
    await bench.server.sql([
      `create table ${bench.schema}.plain (id int primary key, v varchar(40))`,
      `create table ${bench.schema}.sales (id int primary key, v varchar(40))
        partition by range (id) (partition p0 values less than (5), partition p1 values less than maxvalue)`,
    ])
    await bench.target(`create database ${bench.schema}`)
  })

  /** `more`: further lines of the rule for `sales`. */
  async function configure(more: string): Promise<void> {
    await bench.configure({
      top: { server_id: 4711, delivery, concurrent_ack_win: 100, flush_interval_ms: 50 },
      blocks: bench.blocks({ plain: '', sales: `sr_table = "sales_log"\nmode = "append"\n${more}` }),
    })
  }

  /** So many transactions of three rows of both tables each. */
  async function traffic(transactions: number): Promise<void> {
    const statements: string[] = []
    for (let n = 0; n < transactions; n++) {
      const values = Array.from({ length: 3 }, () => `(${++lastId}, 'v${lastId}')`).join()
      statements.push(
        'begin',
        `insert into ${bench.schema}.sales values ${values}`,
        `insert into ${bench.schema}.plain values ${values}`,
        'commit',
      )
    }
    await bench.server.sql(statements)
  }

  const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
  const sold = async () =>
    (await bench.target(`select id from ${bench.schema}.sales_log order by id`)).map(row => Number(row.id))
  const plain = async () =>
    (await bench.target(`select id from ${bench.schema}.plain order by id`)).map(row => Number(row.id))

  async function haltSales(): Promise<void> {
    bench.engine.start()
    await bench.engine.caughtUp()
    await traffic(2)
    await bench.engine.caughtUp()
    await bench.server.sql(`alter table ${bench.schema}.sales drop partition p0`)
  }

  test('a statement that cannot be followed halts its table alone; accepted, it is caught up, killed on the way or not', async () => {
    await haltSales()
    await traffic(3)
    expect(await bench.engine.wait()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(new RegExp(`visible up to .+, but not ${bench.schema}\\.sales: halted`)),
    })
    expect(await plain()).toEqual(ids(1, 15))
    expect(await sold()).toEqual(ids(1, 6))
    const sales = `${bench.schema}.sales`
    expect((await bench.engine.status()).halted).toMatchObject([
      { source: sales, statement: expect.stringMatching(/drop partition p0/i), held_events: 3, catching_up: false },
    ])
    const told = await bench.engine.cli('status')
    expect([told.code, told.stdout]).toEqual([
      1,
      expect.stringMatching(new RegExp(`^halted +${sales}: .+drop partition`, 'm')),
    ])
    expect(bench.engine.output).toMatch(new RegExp(`ERROR.+${sales} is halted.+halted accept ${sales}`))
    expect((await bench.engine.cli('halted', 'accept', sales)).code).toBe(3)

    // A start alone finds it unmended.
    expect(await bench.engine.stop()).toBe(0)
    bench.engine.start()
    expect((await bench.engine.wait()).stderr).toMatch(/but not .+sales: halted/)
    await traffic(500)
    expect((await bench.engine.wait()).stderr).toMatch(/but not .+sales: halted/)
    expect(await plain()).toEqual(ids(1, lastId))
    expect(await sold()).toEqual(ids(1, 6))
    expect(await bench.engine.stop()).toBe(0)

    await traffic(10)
    expect((await bench.engine.cli('halted', 'accept', sales)).code).toBe(0)
    const catchUps = join(bench.engine.folder, 'var', 'catchup')
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
      bench.engine.start({ KILL_AT: step }, [KILLED_ENGINE])
      await bench.engine.ended()
      expect([step, bench.engine.signal]).toEqual([step, 'SIGKILL'])
      expect([step, await readdir(catchUps)]).toEqual([step, [expect.any(String)]])
      await traffic(3)
    }
    bench.engine.start()
    await bench.engine.caughtUp()
    expect(await sold()).toEqual(ids(1, lastId))
    expect(await plain()).toEqual(ids(1, lastId))
    expect((await bench.engine.cli('halted', 'list')).stdout).toMatch(/^no table is halted/)
    expect((await bench.engine.cli('status')).code).toBe(0)
    expect(await readdir(catchUps)).toEqual([])
    await traffic(2)
    await bench.engine.caughtUp()
    expect(await sold()).toEqual(ids(1, lastId))
    expect(await bench.engine.stop()).toBe(0)
  }, 240_000)

  test('an ALTER that a rule does not fit halts its table alone; a start finds the rule mended', async () => {
    bench.engine.start()
    await bench.engine.caughtUp()
    await traffic(2)
    await bench.engine.caughtUp()
    await bench.server.sql(`alter table ${bench.schema}.sales add column _op bigint`)
    // Prepared before the table halts, committed behind that.
    await bench.server.sql([
      `xa start '${bench.schema}'`,
      `insert into ${bench.schema}.plain values (1000, 'xa')`,
      `insert into ${bench.schema}.sales values (1000, 'xa', 7)`,
      `xa end '${bench.schema}'`,
      `xa prepare '${bench.schema}'`,
    ])
    // The rows of one transaction part: those of the other table go on.
    await bench.server.sql([
      'begin',
      `insert into ${bench.schema}.plain values (1001, 'x')`,
      `insert into ${bench.schema}.sales values (1001, 'x', 7)`,
      `insert into ${bench.schema}.plain values (1002, 'x')`,
      'commit',
    ])
    expect(await bench.engine.wait()).toMatchObject({ code: 1, stderr: expect.stringMatching(/visible/) })
    expect((await plain()).slice(-2)).toEqual([1001, 1002])
    expect(await sold()).toEqual(ids(1, 6))
    expect((await bench.engine.status()).halted).toMatchObject([
      {
        source: `${bench.schema}.sales`,
        statement: expect.stringMatching(/add column _op/),
        reason: expect.stringMatching(/_op/),
      },
    ])
    await decidePrepared(bench.server, 'commit', `'${bench.schema}'`)
    await bench.engine.wait()
    expect((await plain()).slice(-3)).toEqual([1000, 1001, 1002])
    expect(await sold()).toEqual(ids(1, 6))
    await bench.engine.stop('SIGKILL')
    await configure('exclude = ["_op"]')
    bench.engine.start()
    await bench.engine.caughtUp()
    expect(await bench.target(`select id, _op, v from ${bench.schema}.sales_log where id > 6 order by id`)).toEqual([
      { id: 1000, _op: 'insert', v: 'xa' },
      { id: 1001, _op: 'insert', v: 'x' },
    ])
    expect(await plain()).toEqual([...ids(1, 6), 1000, 1001, 1002])
    expect((await bench.engine.cli('status')).code).toBe(0)
  }, 240_000)

  test('killed around the place where a table is halted: no row twice, none missing', async () => {
    bench.engine.start()
    await bench.engine.caughtUp()
    expect(await bench.engine.stop()).toBe(0)
    const killed = async (step: string) => {
      bench.engine.start({ KILL_AT: step }, [KILLED_ENGINE])
      await bench.engine.ended()
      expect([step, bench.engine.signal]).toEqual([step, 'SIGKILL'])
    }
    await traffic(40)
    await killed('sent:1')
    await bench.server.sql(`alter table ${bench.schema}.sales drop partition p0`)
    for (const step of ['planned:1', 'sent:2', 'committed:1', 'saving:1', 'fsync:1']) {
      await traffic(40)
      await killed(step)
    }
    bench.engine.start()
    expect((await bench.engine.wait()).stderr).toMatch(/but not .+sales: halted/)
    expect(await plain()).toEqual(ids(1, lastId))
    expect(await bench.engine.stop()).toBe(0)
    // An epoch is left open that was planned without the table's rows.
    await traffic(60)
    await killed('sent:1')
    expect((await bench.engine.cli('halted', 'accept', `${bench.schema}.sales`)).code).toBe(0)
    bench.engine.start()
    await bench.engine.caughtUp()
    expect(await sold()).toEqual(ids(1, lastId))
    expect(await plain()).toEqual(ids(1, lastId))
    expect(await bench.engine.stop()).toBe(0)
  }, 240_000)

  test('dropped, it is followed from where the others stand', async () => {
    await haltSales()
    await traffic(3)
    expect((await bench.engine.wait()).stderr).toMatch(/but not .+sales: halted/)
    expect(await bench.engine.stop()).toBe(0)
    expect((await bench.engine.cli('halted', 'drop', `${bench.schema}.sales`)).code).toBe(0)
    bench.engine.start()
    await bench.engine.caughtUp()
    const first = lastId + 1
    await traffic(2)
    await bench.engine.caughtUp()
    expect(await sold()).toEqual([...ids(1, 6), ...ids(first, lastId)])
    expect(await bench.engine.stop()).toBe(0)
  }, 240_000)
})
