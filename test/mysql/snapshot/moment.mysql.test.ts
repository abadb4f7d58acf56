import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Position } from '../../../lib/model/position.js'
import type { ServerAddress } from '../../../lib/servers/test-server.js'
import { startServer, type TestServer } from '../../../lib/servers/test-server.js'
import { rejectionOf } from '../../support/failure-of.js'
import { freshSchema, sharedServer } from '../../support/servers.js'
import { headOf, openReader, schemaOf, valuesOf } from './read-rig.js'

const all = { after: null, upTo: null }

describe.each(['mysql', 'mariadb', 'mysql without GTIDs'] as const)('%s', kind => {
  let server: ServerAddress
  let own: TestServer | null = null
  let schema: string

  beforeAll(async () => {
    if (kind === 'mysql without GTIDs') own = await startServer('mysql', { gtid: false })
    server = own ?? (await sharedServer(kind as 'mysql' | 'mariadb'))
    schema = await freshSchema(server)
    await server.sql([`use ${schema}`, 'create table t (id int primary key)', 'insert into t values (1), (2)'])
  }, 120_000)

  afterAll(async () => {
    await server.sql(`drop database ${schema}`)
    await own?.destroy()
  }, 120_000)

  test('what the server is asked, before and behind the SELECT', async () => {
    const reader = await openReader(server, await schemaOf(server, schema, 't'))
    const head = await headOf(server)
    await server.sql(["set global log_output = 'TABLE'", 'truncate mysql.general_log', 'set global general_log = 1'])
    const chunk = await reader.read(all, head)
    await server.sql('set global general_log = 0')
    const log = await server.sql(
      "select convert(argument using utf8mb4) as said, thread_id from mysql.general_log where command_type = 'Query' order by event_time",
    )
    const thread = log.find(row => String(row.said).includes(`\`${schema}\`.\`t\``))?.thread_id
    const said = log.filter(row => row.thread_id === thread).map(row => String(row.said))
    const select = `SELECT \`id\` FROM \`${schema}\`.\`t\` FORCE INDEX (\`PRIMARY\`) ORDER BY \`t\`.\`id\``
    const expected = {
      mysql: [
        /^SELECT WAIT_FOR_EXECUTED_GTID_SET\('[0-9a-f-]{36}:[^']+', [0-9.]+\) AS late$/,
        select,
        'SELECT @@GLOBAL.gtid_owned AS gtids',
        'SELECT @@GLOBAL.gtid_executed AS gtids',
        'SHOW BINARY LOG STATUS',
      ],
      mariadb: [
        'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',
        'START TRANSACTION WITH CONSISTENT SNAPSHOT',
        "SHOW STATUS LIKE 'binlog_snapshot_%'",
        select,
        'COMMIT',
      ],
      'mysql without GTIDs': [
        'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
        `${select} LOCK IN SHARE MODE`,
        'SHOW BINARY LOG STATUS',
      ],
    }[kind]
    expect(said).toEqual(expected.map(text => (typeof text === 'string' ? text : expect.stringMatching(text))))
    if (kind === 'mysql') expect(said[0]).toContain(head.gtidSet)
    expect(chunk.high.exact).toBe(kind === 'mariadb')
    await reader.close()
  }, 120_000)

  test('it is reached by the place behind what was seen, not by the one before', async () => {
    const reader = await openReader(server, await schemaOf(server, schema, 't'))
    const before = await headOf(server)
    await server.sql(`insert into ${schema}.t values (10)`)
    const { high } = await reader.read(all, before)
    const behind = await headOf(server)
    expect([high.reachedBy(before), high.reachedBy(behind)]).toEqual([false, true])
    // The same for a stream of another server, which has nothing but the GTIDs in common.
    if (high.gtidSet !== null) {
      const elsewhere = (position: Position): Position => ({
        ...position,
        serverUuid: 'another',
        binName: 'x.000001',
        binPos: 4,
      })
      expect([high.reachedBy(elsewhere(before)), high.reachedBy(elsewhere(behind))]).toEqual([false, true])
    }
    await reader.close()
  }, 120_000)

  test('a read waits until what it is to see can be seen', async () => {
    const table = await schemaOf(server, schema, 't')
    const reader = await openReader(server, table)
    const head = await headOf(server)
    const writer = await server.connect({ database: schema })
    await writer.query('begin')
    await writer.query('insert into t values (77)')
    // The place at which the open transaction will stand, or, for the locking read, any.
    const { visible, waits } = {
      mysql: () => ({ visible: { ...head, gtidSet: nextGtid(head.gtidSet) }, waits: 'WAIT_FOR_EXECUTED_GTID_SET' }),
      mariadb: () => ({ visible: { ...head, binPos: head.binPos + 1 }, waits: null }),
      'mysql without GTIDs': () => ({ visible: head, waits: 'LOCK IN SHARE MODE' }),
    }[kind]()
    const reading = reader.read(all, visible)
    const polls = async () => Number((await server.sql("show global status like 'Com_rollback'"))[0]!.Value)
    const before = await polls()
    for (let isWaiting = false; !isWaiting; ) {
      const running = await server.sql('show full processlist')
      isWaiting =
        waits === null
          ? (await polls()) > before
          : running.some(row => String(row.Info).includes(waits) && !String(row.Info).startsWith('show'))
    }
    await writer.query('commit')
    const chunk = await reading
    expect(valuesOf(chunk.pieces, 1).flat()).toContain('77')
    await writer.end()
    await reader.close()
  }, 120_000)

  test('a read that waits in vain is to be tried again', async () => {
    if (kind === 'mysql without GTIDs') return
    const head = await headOf(server)
    const reader = await openReader(server, await schemaOf(server, schema, 't'), { visibleWaitMs: 200 })
    const visible =
      kind === 'mysql' ? { ...head, gtidSet: nextGtid(head.gtidSet) } : { ...head, binPos: head.binPos + 1 }
    const failure = await rejectionOf(reader.read(all, visible))
    expect(failure).toMatchObject({ kind: 'readInterrupted', retriable: true })
    expect(failure.message).toContain('does not show all that is in its binlog')
    expect((await reader.read(all, head)).rows).toBeGreaterThan(1)
    await reader.close()
  }, 120_000)
})

/** "uuid:1-17" with 18 as well. */
function nextGtid(set: string): string {
  return set.replace(/(\d+)$/, last => String(Number(last) + 1))
}
