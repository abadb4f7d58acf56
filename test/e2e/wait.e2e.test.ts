import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { runningProcess } from '../../lib/checkpoint/data-dir.js'
import { main } from '../../lib/cli/main.js'
import { SyncBench } from '../support/sync-bench.js'

const ROUNDS = 50

describe.each(['mysql', 'mariadb'] as const)('wait is read-your-writes for %s', kind => {
  let bench: SyncBench
  let source: Connection
  let target: Connection

  beforeAll(async () => {
    bench = await SyncBench.shared(kind)
    source = await bench.server.connect()
    target = await createConnection({ host: '127.0.0.1', port: bench.sandbox.mysqlPort, user: 'root' })
    await source.query(`create table ${bench.schema}.t (id int primary key, v int)`)
    await source.query(`create table ${bench.schema}.unrelated (id int primary key auto_increment)`)
    await source.query(`insert into ${bench.schema}.t values (1, 0)`)
    await bench.configure({ blocks: bench.blocks({ t: '' }) })
    bench.engine.start()
    await up()
  })
  afterAll(async () => {
    await target?.end()
    await source?.end()
    await bench?.close()
  })

  /** What ./start.sh waits for first: the process has its folder. */
  async function up(): Promise<void> {
    while (runningProcess(join(bench.engine.folder, 'var')) === null)
      await new Promise(resolve => setTimeout(resolve, 20))
  }

  /** The value in the target after a `wait` in this process. */
  async function seen(): Promise<number> {
    const said: string[] = []
    const terminal = { out: (text: string) => said.push(text), err: (text: string) => said.push(text) }
    const code = await main(['wait', '--timeout', '20', '-c', bench.engine.configFile], terminal)
    expect([code, ...said]).toEqual([0, expect.stringMatching(/^visible up to /)])
    const [rows] = await target.query<RowDataPacket[]>(`select v from ${bench.schema}.t where id = 1`)
    return rows[0]!.v
  }

  test('after every single write, with rotations and unrelated transactions in between', async () => {
    for (let round = 1; round <= ROUNDS; round++) {
      await source.query(`update ${bench.schema}.t set v = ${round} where id = 1`)
      if (round % 5 === 0) await source.query('flush binary logs')
      if (round % 3 === 0) await source.query(`insert into ${bench.schema}.unrelated values ()`)
      expect(await seen()).toBe(round)
    }
  }, 120_000)

  test('when nothing but unrelated changes, rotations and statements without rows came', async () => {
    const before = await seen()
    for (const statement of [
      `insert into ${bench.schema}.unrelated values ()`,
      'flush binary logs',
      `create table ${bench.schema}.other (id int primary key)`,
      `drop table ${bench.schema}.other`,
      `create user ${bench.schema}@localhost`,
      `drop user ${bench.schema}@localhost`,
    ]) {
      await source.query(statement)
      expect(await seen()).toBe(before)
    }
  }, 120_000)

  test('right after a start at the end of an idle source', async () => {
    await bench.engine.caughtUp()
    expect(await bench.engine.stop()).toBe(0)
    bench.engine.start()
    await up()
    expect(await seen()).toBe(ROUNDS)
    expect(await bench.engine.stop()).toBe(0)
    await source.query('flush binary logs')
    bench.engine.start()
    await up()
    expect(await seen()).toBe(ROUNDS)
  }, 120_000)

  if (kind === 'mysql')
    test('it says when it cannot be: not running, not in time', async () => {
      bench.sandbox.faults.set({ holdAnswer: true })
      await source.query(`update ${bench.schema}.t set v = -1 where id = 1`)
      const late = await bench.engine.cli('wait', '--timeout', '0.5')
      bench.sandbox.faults.clear()
      expect(late).toMatchObject({ code: 1, stdout: '' })
      expect(late.stderr).toMatch(/^not there within 0.5 s: streaming at \S+:\d+, the source was at \S+:\d+\n$/)
      expect(await seen()).toBe(-1)
      await bench.engine.stop()
      expect(await bench.engine.cli('wait')).toEqual({ code: 1, stdout: '', stderr: 'not running\n' })
    }, 120_000)
})
