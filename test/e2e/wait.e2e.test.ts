import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { main } from '../../lib/cli/main.js'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import { Engine } from '../support/engine.js'
import { freshSchema, sharedServer } from '../support/servers.js'

const ROUNDS = 50

describe.each(['mysql', 'mariadb'] as const)('wait is read-your-writes for %s', kind => {
  let server: ServerAddress
  let sandbox: Sandbox
  let engine: Engine
  let schema: string
  let source: Connection
  let target: Connection

  beforeAll(async () => {
    server = await sharedServer(kind)
    sandbox = await startSandbox({
      feHttpPort: 0,
      beHttpPort: 0,
      mysqlPort: 0,
      dataDir: null,
      user: 'root',
      password: '',
    })
    schema = await freshSchema(server)
    source = await server.connect()
    target = await createConnection({ host: '127.0.0.1', port: sandbox.mysqlPort, user: 'root' })
    await source.query(`create table ${schema}.t (id int primary key, v int)`)
    await source.query(`create table ${schema}.unrelated (id int primary key auto_increment)`)
    await source.query(`insert into ${schema}.t values (1, 0)`)
    engine = await Engine.create()
    await engine.configure({
      mysqlPort: server.port,
      fePort: sandbox.mysqlPort,
      feHttpPort: sandbox.feHttpPort,
      flavor: kind,
      schema,
      blocks: `[[source]]\nschema = "${schema}"\ntables = ["t"]\n[[rule]]\nschema = "${schema}"\ntable = "t"\n`,
    })
    engine.start()
  }, 180_000)
  afterAll(async () => {
    await engine?.destroy()
    await target?.end()
    await source?.end()
    await sandbox?.close()
  })

  /** The value in the target after a `wait` in this process. */
  async function seen(): Promise<number> {
    const said: string[] = []
    const terminal = { out: (text: string) => said.push(text), err: (text: string) => said.push(text) }
    const code = await main(['wait', '--timeout', '20', '-c', engine.configFile], terminal)
    expect([code, ...said]).toEqual([0, expect.stringMatching(/^visible up to /)])
    const [rows] = await target.query<RowDataPacket[]>(`select v from ${schema}.t where id = 1`)
    return rows[0]!.v
  }

  test('after every single write, with rotations and unrelated transactions in between', async () => {
    for (let round = 1; round <= ROUNDS; round++) {
      await source.query(`update ${schema}.t set v = ${round} where id = 1`)
      if (round % 5 === 0) await source.query('flush binary logs')
      if (round % 3 === 0) await source.query(`insert into ${schema}.unrelated values ()`)
      expect(await seen()).toBe(round)
    }
  }, 90_000)

  test('when nothing but unrelated changes, rotations and statements without rows came', async () => {
    const before = await seen()
    for (const statement of [
      `insert into ${schema}.unrelated values ()`,
      'flush binary logs',
      `create table ${schema}.other (id int primary key)`,
      `drop table ${schema}.other`,
      `create user ${schema}@localhost`,
      `drop user ${schema}@localhost`,
    ]) {
      await source.query(statement)
      expect(await seen()).toBe(before)
    }
  }, 60_000)

  test('right after a start at the end of an idle source', async () => {
    await engine.caughtUp()
    expect(await engine.stop()).toBe(0)
    engine.start()
    while ((await engine.cli('status')).code !== 0) await new Promise(resolve => setTimeout(resolve, 20))
    expect(await seen()).toBe(ROUNDS)
    expect(await engine.stop()).toBe(0)
    await source.query('flush binary logs')
    engine.start()
    while ((await engine.cli('status')).code !== 0) await new Promise(resolve => setTimeout(resolve, 20))
    expect(await seen()).toBe(ROUNDS)
  }, 60_000)

  test('it says when it cannot be: not running, not in time', async () => {
    sandbox.faults.set({ holdAnswer: true })
    await source.query(`update ${schema}.t set v = -1 where id = 1`)
    const late = await engine.cli('wait', '--timeout', '0.5')
    sandbox.faults.clear()
    expect(late).toMatchObject({ code: 1, stdout: '' })
    expect(late.stderr).toMatch(/^not there within 0.5 s: streaming at \S+:\d+, the source was at \S+:\d+\n$/)
    expect(await seen()).toBe(-1)
    await engine.stop()
    expect(await engine.cli('wait')).toEqual({ code: 1, stdout: '', stderr: 'not running\n' })
  }, 60_000)
})
