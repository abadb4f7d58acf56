import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { SourceSession } from '../../../lib/mysql/session.js'
import { readSourceLoad } from '../../../lib/mysql/snapshot/source-load.js'
import { startServer, type TestServer } from '../../../lib/servers/test-server.js'
import { rejectionOf } from '../../support/failure-of.js'
import { freshSchema, sharedServer } from '../../support/servers.js'
import { sourceAddressOf } from '../../support/source-address.js'
import { headOf, openReader, schemaOf, valuesOf } from './read-rig.js'

const all = { after: null, upTo: null }

describe.each(['mysql', 'mariadb'] as const)('%s', kind => {
  let primary: TestServer
  let replica: TestServer
  const words = kind === 'mysql' ? 'replica' : 'slave'

  beforeAll(async () => {
    ;[primary, replica] = await Promise.all([startServer(kind, { serverId: 11 }), startServer(kind, { serverId: 12 })])
    const { port } = primary
    await replica.sql(
      kind === 'mysql'
        ? `change replication source to source_host = '127.0.0.1', source_port = ${port}, source_user = 'root', source_auto_position = 1, get_source_public_key = 1, source_connect_retry = 1`
        : `change master to master_host = '127.0.0.1', master_port = ${port}, master_user = 'root', master_use_gtid = slave_pos, master_connect_retry = 1`,
    )
    await replica.sql(`start ${words}`)
    await primary.sql(['create database s', 'create table s.t (id int primary key)', 'insert into s.t values (1), (2)'])
    const { gtidSet } = await headOf(primary)
    const [wait] = await replica.sql(
      kind === 'mysql' ? 'select wait_for_executed_gtid_set(?, 60) as late' : 'select master_gtid_wait(?, 60) as late',
      [gtidSet],
    )
    expect(Number(wait!.late)).toBe(0)
  }, 170_000)

  afterAll(() => Promise.all([primary?.destroy(), replica?.destroy()]), 60_000)

  test('a chunk of the replica waits for the stream of the primary, and is reached by it', async () => {
    const table = await schemaOf(primary, 's', 't')
    const reader = await openReader(replica, table, { streamed: sourceAddressOf(primary) })
    await primary.sql('insert into s.t values (3)')
    const head = await headOf(primary)
    const chunk = await reader.read(all, head)
    expect(valuesOf(chunk.pieces, 1).flat()).toEqual(['1', '2', '3'])
    expect(chunk.high.reachedBy(head)).toBe(true)
    await primary.sql('insert into s.t values (4)')
    const whole = await reader.readWhole(await headOf(primary))
    expect(whole.at.exact).toBe(true)
    expect([whole.at.reachedBy(head), whole.at.reachedBy(await headOf(primary))]).toEqual([false, true])
    let rows = 0
    for await (const piece of whole.pieces) rows += piece.rows
    expect(rows).toBe(4)
    await reader.close()
  }, 120_000)

  test('and the other way: the primary is read, the replica streamed', async () => {
    const reader = await openReader(primary, await schemaOf(primary, 's', 't'), { streamed: sourceAddressOf(replica) })
    const before = await headOf(replica)
    await primary.sql('insert into s.t values (5)')
    const chunk = await reader.read(all, before)
    expect(valuesOf(chunk.pieces, 1).flat()).toContain('5')
    expect(chunk.high.reachedBy(before)).toBe(false)
    for (;;) if (chunk.high.reachedBy(await headOf(replica))) break
    await reader.close()
  }, 120_000)

  test('its lag is told; one that does not come is a retriable failure', async () => {
    await SourceSession.during(sourceAddressOf(replica), async session => {
      expect((await readSourceLoad(session)).replicaLagS).toBeLessThan(60)
      await replica.sql(`stop ${words} sql_thread`)
      expect((await readSourceLoad(session)).replicaLagS).toBe(Number.POSITIVE_INFINITY)
    })
    const streamed = sourceAddressOf(primary)
    const reader = await openReader(replica, await schemaOf(primary, 's', 't'), { streamed, visibleWaitMs: 300 })
    await primary.sql('insert into s.t values (6)')
    const head = await headOf(primary)
    const failure = await rejectionOf(reader.read(all, head))
    expect(failure).toMatchObject({ kind: 'replicaBehind', retriable: true })
    expect(failure.message).toMatch(kind === 'mysql' ? /it lacks [0-9a-f-]{36}:\d+\.$/ : /it is at 0-11-\d+\.$/)
    await replica.sql(`start ${words} sql_thread`)
    const patient = await openReader(replica, await schemaOf(primary, 's', 't'), { streamed })
    expect(valuesOf((await patient.read(all, head)).pieces, 1).flat()).toContain('6')
    await patient.close()
    await reader.close()
  }, 120_000)

  test('servers whose positions have nothing in common are refused', async () => {
    const table = await schemaOf(primary, 's', 't')
    const foreign = await sharedServer(kind === 'mysql' ? 'mariadb' : 'mysql')
    const failure = await rejectionOf(openReader(replica, table, { streamed: sourceAddressOf(foreign) }))
    expect(failure).toMatchObject({
      kind: 'sourceUnfit',
      message: expect.stringContaining('one is MySQL, the other MariaDB'),
    })
    const same = await rejectionOf(openReader(primary, table, { streamed: sourceAddressOf(primary) }))
    expect(same).toMatchObject({ kind: 'sourceUnfit', message: expect.stringContaining('same identity') })
  }, 120_000)

  test('transactions of the replica itself are found, at the start and later', async () => {
    const streamed = sourceAddressOf(primary)
    const table = await schemaOf(primary, 's', 't')
    const reader = await openReader(replica, table, { streamed })
    const head = await headOf(primary)
    await replica.sql('create table s.own (id int primary key)')
    const message = expect.stringContaining(kind === 'mysql' ? `${replica.serverUuid}:1` : '-12-')
    if (kind === 'mysql')
      expect(await rejectionOf(reader.read(all, head))).toMatchObject({ kind: 'sourceUnfit', message })
    await reader.close()
    const refused = await rejectionOf(openReader(replica, table, { streamed }))
    expect(refused).toMatchObject({ kind: 'sourceUnfit', message, advice: expect.stringContaining('read_only') })
  }, 120_000)
})

test('gtid_mode = OFF is said', async () => {
  const off = await startServer('mysql', { gtid: false })
  try {
    const on = await sharedServer('mysql')
    const schema = await freshSchema(on)
    await on.sql(`create table ${schema}.t (id int primary key)`)
    const failure = await rejectionOf(
      openReader(on, await schemaOf(on, schema, 't'), { streamed: sourceAddressOf(off) }),
    )
    expect(failure).toMatchObject({ kind: 'sourceUnfit', message: expect.stringContaining('gtid_mode is OFF') })
    await on.sql(`drop database ${schema}`)
  } finally {
    await off.destroy()
  }
}, 120_000)
