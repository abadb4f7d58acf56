import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createConnection } from 'mysql2/promise'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import { startServer, type TestServer } from '../../lib/servers/test-server.js'
import { Engine, type EngineSetup } from '../support/engine.js'

describe.each(['mysql', 'mariadb'] as const)('%s with TLS and zones', kind => {
  let server: TestServer
  let sandbox: Sandbox

  beforeAll(async () => {
    server = await startServer(kind, { tls: true, timeZone: '+05:30' })
    await server.createUser('sync', 'it is "secret" & long')
    await server.sql([
      'create database d',
      'create table d.t (id int primary key, ts timestamp(3) null, dt datetime(3), at time)',
      "set time_zone = '+00:00'",
      "insert into d.t values (1, '2024-07-01 00:00:00.123', '2024-07-01 00:00:00.123', '-10:00:00'), (2, null, null, null)",
    ])
    sandbox = await startSandbox({
      feHttpPort: 0,
      beHttpPort: 0,
      mysqlPort: 0,
      dataDir: null,
      user: 'root',
      password: 'sr pass',
    })
  }, 180_000)
  afterAll(async () => {
    await sandbox?.close()
    await server?.destroy()
  })

  let databases = 0

  /** Syncs d.t into a fresh database and returns what is there. */
  async function synced(top: NonNullable<EngineSetup['top']>, env: NodeJS.ProcessEnv = {}): Promise<unknown> {
    const database = `z${++databases}`
    const engine = await Engine.create()
    try {
      await engine.configure({
        mysqlPort: server.port,
        fePort: sandbox.mysqlPort,
        feHttpPort: sandbox.feHttpPort,
        flavor: kind,
        schema: 'd',
        top: {
          sr_dbname: database,
          mysql_user: 'sync',
          mysql_pass: 'it is "secret" & long',
          sr_pass: 'sr pass',
          ...top,
        },
      })
      engine.start(env)
      await engine.caughtUp()
      expect(await engine.stop()).toBe(0)
      expect(engine.output).not.toMatch(/secret|sr pass/)
    } finally {
      await engine.destroy()
    }
    const target = await createConnection({
      host: '127.0.0.1',
      port: sandbox.mysqlPort,
      user: 'root',
      password: 'sr pass',
      dateStrings: true,
    })
    try {
      const [rows] = await target.query(`select ts, dt, at from ${database}.t order by id`)
      return (rows as Record<string, string | null>[]).map(row => Object.values(row))
    } finally {
      await target.end()
    }
  }

  const DATETIME = '2024-07-01 00:00:00.123000'
  const EMPTY = [null, null, null]

  test.each([
    ['source', '2024-07-01 05:30:00.123000'],
    ['+00:00', '2024-07-01 00:00:00.123000'],
    ['Asia/Shanghai', '2024-07-01 08:00:00.123000'],
    ['America/New_York', '2024-06-30 20:00:00.123000'],
  ])(
    'time_zone = "%s": TIMESTAMP in that zone, DATETIME untouched, whatever zone the process is in',
    async (zone, expected) => {
      expect(await synced({ time_zone: zone }, { TZ: 'Pacific/Chatham' })).toEqual([
        [expected, DATETIME, '-10:00:00'],
        EMPTY,
      ])
    },
  )

  test.each(['disabled', 'preferred', 'required'])('mysql_ssl = "%s"', async ssl => {
    expect(await synced({ mysql_ssl: ssl })).toHaveLength(2)
    const encrypted = await server.sql("show global status like 'Ssl_accepts'")
    expect(encrypted).toHaveLength(1)
  })

  test('mysql_ssl = "verify-ca" trusts the right authority and no other', async () => {
    expect(await synced({ mysql_ssl: 'verify-ca', mysql_ssl_ca: server.caFile })).toHaveLength(2)
    // A server of the other kind: those of one kind may have been made from one template, authority included.
    const other = await startServer(kind === 'mysql' ? 'mariadb' : 'mysql', { tls: true })
    const engine = await Engine.create()
    try {
      await engine.configure({
        mysqlPort: server.port,
        fePort: sandbox.mysqlPort,
        feHttpPort: sandbox.feHttpPort,
        flavor: kind,
        schema: 'd',
        top: {
          mysql_user: 'sync',
          mysql_pass: 'it is "secret" & long',
          sr_pass: 'sr pass',
          mysql_ssl: 'verify-ca',
          mysql_ssl_ca: other.caFile,
        },
      })
      const outcome = await engine.cli('check')
      expect(outcome.code).toBe(1)
      expect(outcome.stdout).toMatch(/certificate|self.signed|verify/i)
    } finally {
      await engine.destroy()
      await other.destroy()
    }
  })
})
