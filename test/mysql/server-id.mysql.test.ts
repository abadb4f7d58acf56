import { describe, expect, test } from '@jest/globals'
import { readHeadPosition } from '../../lib/mysql/binlog-files.js'
import { DumpConnection } from '../../lib/mysql/dump-connection.js'
import { warnOfServerId } from '../../lib/mysql/preflight/server-id.js'
import { readServerFacts } from '../../lib/mysql/server-facts.js'
import { SourceSession } from '../../lib/mysql/session.js'
import { sharedServer } from '../support/servers.js'
import { sourceAddressOf } from '../support/source-address.js'

describe.each(['mysql', 'mariadb'] as const)('%s', kind => {
  test('another reader with the same server_id is warned of, and so is the source itself', async () => {
    const server = await sharedServer(kind)
    const session = await SourceSession.connect(sourceAddressOf(server))
    const facts = await readServerFacts(session)
    expect(await warnOfServerId(session, facts, 98_765)).toBeNull()
    expect(await warnOfServerId(session, facts, facts.serverId)).toMatchObject({
      message: expect.stringContaining("the source's own"),
    })
    // What lies before is other tests'.
    const { binName, binPos } = await readHeadPosition(session, facts)
    let other: DumpConnection | undefined
    await new Promise<void>((resolve, reject) => {
      other = new DumpConnection(
        {
          connection: { host: '127.0.0.1', port: server.port, user: 'root', password: '' },
          serverId: 98_765,
          heartbeatMs: 500,
          readTimeoutMs: 10_000,
          start: { binName, binPos },
        },
        { onEvent: () => resolve(), onHeard: () => undefined, onEnd: reject },
      )
      other.start()
    })
    expect(await warnOfServerId(session, facts, 98_765)).toMatchObject({
      message: expect.stringMatching(/^a replica with server_id = 98765 is connected to the source; unless /),
      advice: expect.stringContaining('another server_id'),
    })
    other?.close()
    await session.close()
  }, 120_000)
})
