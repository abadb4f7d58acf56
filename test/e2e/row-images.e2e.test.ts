import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Connection } from 'mysql2/promise'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import { type ServerAddress, startServer, type TestServer } from '../../lib/servers/test-server.js'
import { Engine } from '../support/engine.js'
import { differences } from '../support/equal-tables.js'
import { Random } from '../support/random.js'
import { createImageTables, imageTables, randomStatement } from '../support/row-image-traffic.js'
import { freshSchema, sharedServer } from '../support/servers.js'

const STATEMENTS = 300

describe.each(['mysql', 'mariadb'] as const)('row images of %s', kind => {
  let server: ServerAddress
  let sandbox: Sandbox
  let engine: Engine
  let schema: string

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
    engine = await Engine.create()
    await engine.configure({
      mysqlPort: server.port,
      fePort: sandbox.mysqlPort,
      feHttpPort: sandbox.feHttpPort,
      flavor: kind,
      schema,
      // Rows are traced then, also those of incomplete images.
      top: kind === 'mariadb' ? { on_bad_row: 'dead_letter' } : {},
    })
    const connection = await server.connect()
    await createImageTables(connection, schema)
    await connection.end()
    engine.start()
  }, 180_000)
  afterAll(async () => {
    await engine?.destroy()
    await sandbox?.close()
  })

  /** Random statements over sessions with each of these images; calls back between them. */
  async function traffic(
    random: Random,
    images: readonly string[],
    between: (i: number) => Promise<void> = async () => {},
  ) {
    const sessions: Connection[] = []
    for (const image of images) {
      const connection = await server.connect()
      await connection.query(`set session binlog_row_image = ${image}`)
      sessions.push(connection)
    }
    for (let i = 0; i < STATEMENTS; i++) {
      const which = random.below(images.length)
      await sessions[which]!.query(randomStatement(schema, random, images[which] === 'FULL'))
      await between(i)
    }
    for (const session of sessions) await session.end()
  }

  async function compare(random: Random): Promise<void> {
    await engine.caughtUp()
    expect([random.seed, await differences(server, sandbox.mysqlPort, imageTables(schema))]).toEqual([random.seed, []])
  }

  test('sessions with FULL, MINIMAL and NOBLOB in one table: the target is the source', async () => {
    const random = new Random(Date.now())
    await traffic(random, ['FULL', 'MINIMAL', 'NOBLOB'])
    await compare(random)
    expect(engine.output).toMatch(/partial updates .* are not written by transactions over several tables/)
  }, 120_000)

  test('killed again and again: epochs that were begun are read again, in transactions or by labels', async () => {
    const random = new Random(Date.now())
    await traffic(random, ['MINIMAL', 'NOBLOB'], async i => {
      if (i % 60 !== 59) return
      await engine.stop('SIGKILL')
      engine.start()
    })
    await compare(random)
  }, 240_000)

  test('a key that moves in a session with MINIMAL stops the stream by table, key and position; nothing is lost', async () => {
    await server.sql([
      `insert into ${schema}.people (id, must) values (7001, 1)`,
      'set session binlog_row_image = MINIMAL',
      `update ${schema}.people set id = 7002, name = 'moved' where id = 7001`,
    ])
    expect(await engine.ended()).toBe(6)
    expect(engine.output).toMatch(new RegExp(`${schema}\\.people .*the key of a row changes .*"7001".*"7002"`))
    expect(engine.output).toMatch(/binlog_row_image = FULL/)
  }, 120_000)
})

describe('a source whose binlog_row_image is MINIMAL', () => {
  let server: TestServer
  let sandbox: Sandbox
  let engine: Engine

  beforeAll(async () => {
    server = await startServer('mysql', { rowImage: 'minimal' })
    sandbox = await startSandbox({
      feHttpPort: 0,
      beHttpPort: 0,
      mysqlPort: 0,
      dataDir: null,
      user: 'root',
      password: '',
    })
    engine = await Engine.create()
    await server.sql(['create database m', 'create table m.t (id int primary key, a int, b text)'])
  }, 180_000)
  afterAll(async () => {
    await engine?.destroy()
    await sandbox?.close()
    await server?.destroy()
  })

  const configure = (top: Record<string, string>, rule = '') =>
    engine.configure({
      mysqlPort: server.port,
      fePort: sandbox.mysqlPort,
      feHttpPort: sandbox.feHttpPort,
      flavor: 'mysql',
      schema: 'm',
      top: { server_id: 4711, ...top } as never,
      blocks: `[[source]]\nschema = "m"\ntables = ["t"]\n\n[[rule]]\nschema = "m"\ntable = "t"\n${rule}\n`,
    })

  test('transactions that were asked for, and rules that need whole rows, are refused at start', async () => {
    await configure({ delivery: 'atomic' })
    engine.start()
    expect(await engine.ended()).toBe(4)
    expect(engine.output).toMatch(/delivery = "atomic": binlog_row_image = MINIMAL: partial updates/)
    await configure({}, 'mode = "append"\nsr_table = "t_changes"')
    engine.start()
    expect(await engine.ended()).toBe(4)
    const { stdout } = await engine.cli('check')
    for (const said of [engine.output, stdout])
      expect(said).toMatch(/mode = "append" needs every column of each row of m\.t, and binlog_row_image = MINIMAL/)
  }, 60_000)

  test('else it goes by labels, and says why', async () => {
    await configure({})
    engine.start()
    await server.sql([
      "insert into m.t values (1, 1, 'one'), (2, 2, 'two')",
      'update m.t set a = 10 where id = 1',
      'insert into m.t (id) values (3)',
      'delete from m.t where id = 2',
    ])
    await engine.caughtUp()
    expect(engine.output).toMatch(/labels.*binlog_row_image = MINIMAL/)
    const tables = [{ source: { schema: 'm', table: 't' }, target: { database: 'm', table: 't' }, key: ['id'] }]
    expect(await differences(server, sandbox.mysqlPort, tables)).toEqual([])
  }, 60_000)
})
