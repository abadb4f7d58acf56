import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Connection } from 'mysql2/promise'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import { Engine } from '../support/engine.js'
import { differences } from '../support/equal-tables.js'
import { Random } from '../support/random.js'
import { createImageTables, imageTables, randomStatement } from '../support/row-image-traffic.js'
import { freshSchema, sharedServer } from '../support/servers.js'

const IMAGES = ['FULL', 'MINIMAL', 'NOBLOB'] as const
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

  test('sessions with FULL, MINIMAL and NOBLOB in one table: the target is the source', async () => {
    const random = new Random(Date.now())
    const sessions: Connection[] = []
    for (const image of IMAGES) {
      const connection = await server.connect()
      await connection.query(`set session binlog_row_image = ${image}`)
      sessions.push(connection)
    }
    for (let i = 0; i < STATEMENTS; i++) {
      const which = random.below(IMAGES.length)
      await sessions[which]!.query(randomStatement(schema, random, IMAGES[which] === 'FULL'))
    }
    for (const session of sessions) await session.end()
    await engine.caughtUp()
    expect([random.seed, await differences(server, sandbox.mysqlPort, imageTables(schema))]).toEqual([random.seed, []])
    expect(engine.output).toMatch(/partial updates .* are not written by transactions over several tables/)
  }, 120_000)
})
