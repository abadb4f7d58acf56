import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Connection } from 'mysql2/promise'
import { type ServerAddress, startServer, type TestServer } from '../../lib/servers/test-server.js'
import { Random } from '../support/random.js'
import { sharedServer } from '../support/servers.js'
import { SnapshotRun } from '../support/snapshot-run.js'

const ROWS = 1_500
let primary: TestServer
let replica: TestServer
const runs: SnapshotRun[] = []

beforeAll(async () => {
  ;[primary, replica] = await Promise.all([
    startServer('mysql', { serverId: 11 }),
    startServer('mysql', { serverId: 12 }),
  ])
  await replica.sql(
    `change replication source to source_host = '127.0.0.1', source_port = ${primary.port}, source_user = 'root', source_auto_position = 1, get_source_public_key = 1, source_connect_retry = 1`,
  )
  await replica.sql('start replica')
}, 180_000)
afterAll(async () => {
  await Promise.all(runs.map(run => run.close()))
  await Promise.all([primary?.destroy(), replica?.destroy()])
}, 120_000)

/** An engine that streams the primary and reads tables from another server. */
async function runFrom(server: ServerAddress, seed: number, more = ''): Promise<SnapshotRun> {
  const lines = `mode = "initial"\nchunk_rows = 200\nmysql_addr = "127.0.0.1:${server.port}"\n${more}`
  const run = await SnapshotRun.create(primary, 'atomic', ROWS, new Random(seed), lines)
  runs.push(run)
  return run
}

async function expectEqual({ tables, engine, sandbox }: SnapshotRun): Promise<void> {
  await tables.stop()
  await engine.caughtUp()
  expect((await tables.judge(sandbox.mysqlPort)).differences).toEqual([])
}

test('tables are read from a replica while the primary is streamed; the copy waits while the replica does not replicate', async () => {
  await replica.sql('stop replica sql_thread')
  const run = await runFrom(replica, 21, 'max_replica_lag_s = 60')
  run.engine.start()
  await run.engine.said('the copy waits: the replica does not replicate (max_replica_lag_s = 60)')
  run.tables.start()
  expect(run.copied).toBe(0)
  await replica.sql('start replica sql_thread')
  await run.finish()
  await expectEqual(run)
  expect(run.engine.output).not.toMatch(/ERROR/)
}, 240_000)

test('it waits while more threads run on the server that is read than max_threads_running', async () => {
  const [status] = await replica.sql("show global status like 'Threads_running'")
  const most = Number(status!.Value) + 4
  const busy: Connection[] = []
  for (let n = 0; n < most; n++) busy.push(await replica.connect())
  // They end by being killed below.
  const sleeping = busy.map(connection => connection.query('select sleep(600)').catch(() => undefined))
  const run = await runFrom(replica, 22, `max_threads_running = ${most}`)
  run.engine.start()
  await run.engine.said(
    new RegExp(`the copy waits: \\d+ threads run on the source \\(max_threads_running = ${most}\\)`),
  )
  run.tables.start()
  expect(run.copied).toBe(0)
  for (const { threadId } of busy) await replica.sql(`kill ${threadId}`)
  await Promise.all(sleeping)
  await run.finish()
  await expectEqual(run)
}, 240_000)

test('a server whose positions cannot be matched is refused: without GTIDs, or no replica of the one that is streamed', async () => {
  const off = await startServer('mysql', { gtid: false, serverId: 13 })
  try {
    const without = await runFrom(off, 23)
    without.engine.start()
    expect(await without.engine.ended()).toBe(4)
    expect(without.engine.output).toMatch(/gtid_mode is OFF on [0-9a-f-]{36}, so their positions cannot be matched/)
  } finally {
    await off.destroy()
  }
  const stranger = await runFrom(await sharedServer('mysql'), 24)
  stranger.engine.start()
  expect(await stranger.engine.ended()).toBe(4)
  expect(stranger.engine.output).toMatch(/neither replicates from the other, and they have no transaction in common/)
}, 240_000)
