import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startServer, type TestServer } from '../../lib/servers/test-server.js'
import type { EngineSetup } from '../support/engine.js'
import { SyncBench } from '../support/sync-bench.js'

describe.each(['mysql', 'mariadb'] as const)('%s with TLS and zones', kind => {
  let bench: SyncBench<TestServer>

  beforeAll(async () => {
    bench = await SyncBench.own(kind, { tls: true, timeZone: '+05:30' }, { sandbox: { password: 'sr pass' } })
    await bench.server.createUser('sync', 'it is "secret" & long')
    await bench.server.sql([
      'create database d',
      'create table d.t (id int primary key, ts timestamp(3) null, dt datetime(3), at time)',
      "set time_zone = '+00:00'",
      "insert into d.t values (1, '2024-07-01 00:00:00.123', '2024-07-01 00:00:00.123', '-10:00:00'), (2, null, null, null)",
    ])
  })
  afterAll(() => bench?.close())

  const ACCOUNTS = { mysql_user: 'sync', mysql_pass: 'it is "secret" & long', sr_pass: 'sr pass' }

  let databases = 0

  /** Syncs d.t into a fresh database and returns what is there. */
  async function synced(top: NonNullable<EngineSetup['top']>, env: NodeJS.ProcessEnv = {}): Promise<unknown> {
    const database = `z${++databases}`
    await bench.renew()
    await bench.configure({ schema: 'd', top: { sr_dbname: database, ...ACCOUNTS, ...top } })
    bench.engine.start(env)
    await bench.engine.caughtUp()
    expect(await bench.engine.stop()).toBe(0)
    expect(bench.engine.output).not.toMatch(/secret|sr pass/)
    return bench.targetRows(`select ts, dt, at from ${database}.t order by id`)
  }

  /** How many connections with TLS the server has taken. */
  async function encrypted(): Promise<number> {
    const [status] = await bench.server.sql("show global status like 'Ssl_accepts'")
    return Number(status!.Value)
  }

  const DATETIME = '2024-07-01 00:00:00.123000'
  const EMPTY = [null, null, null]

  test.each([
    ['source', 'disabled', '2024-07-01 05:30:00.123000'],
    ['+00:00', 'preferred', '2024-07-01 00:00:00.123000'],
    ['Asia/Shanghai', 'required', '2024-07-01 08:00:00.123000'],
    ['America/New_York', 'preferred', '2024-06-30 20:00:00.123000'],
  ])(
    'time_zone = "%s": TIMESTAMP in that zone, DATETIME untouched, whatever zone the process is in; mysql_ssl = "%s"',
    async (zone, ssl, expected) => {
      const before = await encrypted()
      expect(await synced({ time_zone: zone, mysql_ssl: ssl }, { TZ: 'Pacific/Chatham' })).toEqual([
        [expected, DATETIME, '-10:00:00'],
        EMPTY,
      ])
      expect((await encrypted()) > before).toBe(ssl !== 'disabled')
    },
  )

  test('mysql_ssl = "verify-ca" trusts the right authority and no other', async () => {
    expect(await synced({ mysql_ssl: 'verify-ca', mysql_ssl_ca: bench.server.caFile })).toHaveLength(2)
    // A server of the other kind: those of one kind may have been made from one template, authority included.
    const other = await startServer(kind === 'mysql' ? 'mariadb' : 'mysql', { tls: true })
    try {
      await bench.renew()
      await bench.configure({
        schema: 'd',
        top: { ...ACCOUNTS, mysql_ssl: 'verify-ca', mysql_ssl_ca: other.caFile },
      })
      const outcome = await bench.engine.cli('check')
      expect(outcome.code).toBe(1)
      expect(outcome.stdout).toMatch(/certificate|self.signed|verify/i)
    } finally {
      await other.destroy()
    }
  })
})
