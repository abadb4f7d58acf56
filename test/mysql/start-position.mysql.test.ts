import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { listBinlogFiles, readHeadPosition } from '../../lib/mysql/binlog-files.js'
import { readServerFacts, type ServerFacts } from '../../lib/mysql/server-facts.js'
import { SourceSession } from '../../lib/mysql/session.js'
import { resolveStart, type SavedPosition } from '../../lib/mysql/start-position.js'
import { startServer, type TestServer } from '../../lib/servers/test-server.js'
import { sourceAddressOf } from '../support/source-address.js'

const NOTHING: SavedPosition = { binName: null, binPos: null, gtidSet: null, serverUuid: null }

describe.each(['mysql', 'mariadb'] as const)('where to start on %s', kind => {
  let server: TestServer
  let session: SourceSession
  let facts: ServerFacts

  beforeAll(async () => {
    server = await startServer(kind)
    session = await SourceSession.connect(sourceAddressOf(server))
    facts = await readServerFacts(session)
    await server.sql([
      'create database d',
      'create table d.t (id int primary key)',
      'insert into d.t values (1)',
      'flush binary logs',
      'insert into d.t values (2)',
    ])
  }, 120_000)
  afterAll(async () => {
    await session?.close()
    await server?.destroy()
  })

  const from = (saved: Partial<SavedPosition>): Promise<unknown> =>
    resolveStart(session, facts, { ...NOTHING, ...saved })

  test('nothing saved: the oldest binlog from its beginning', async () => {
    const [oldest] = await listBinlogFiles(session)
    expect(await resolveStart(session, facts, null)).toEqual({
      position: { binName: oldest!.name, binPos: 4, gtidSet: '', serverUuid: facts.serverUuid },
      gtidSetKnown: false,
      by: 'file',
    })
  })

  test('the head is an event boundary and can be started from, with or without its GTID set', async () => {
    const head = await readHeadPosition(session, facts)
    expect(head.gtidSet).not.toBe('')
    expect(await from(head)).toMatchObject({ position: head, by: 'file', gtidSetKnown: true })
    expect(await from({ gtidSet: head.gtidSet })).toMatchObject({ by: 'gtid' })
    expect(await from({ binName: head.binName, binPos: head.binPos })).toMatchObject({
      by: 'file',
      gtidSetKnown: false,
    })
  })

  test('inside an event, beyond the end, a file that is gone, another server: each a clear stop', async () => {
    const head = await readHeadPosition(session, facts)
    const { binName } = head
    await expect(from({ binName, binPos: head.binPos - 7 })).rejects.toMatchObject({
      kind: 'positionInvalid',
      message: expect.stringContaining('does not start an event'),
    })
    await expect(from({ binName, binPos: 99_999_999 })).rejects.toMatchObject({
      kind: 'positionInvalid',
      message: expect.stringContaining('beyond the end'),
    })
    await expect(from({ binName: binName.replace(/\d+$/, '000099'), binPos: 4 })).rejects.toMatchObject({
      kind: 'positionLost',
    })
    await expect(from({ ...head, serverUuid: 'another' })).rejects.toMatchObject({ kind: 'positionOfOtherServer' })
  })

  test('a purged file is a lost position', async () => {
    const [oldest] = await listBinlogFiles(session)
    const head = await readHeadPosition(session, facts)
    // MariaDB keeps a file, without a word, until its engines have checkpointed behind it.
    while ((await listBinlogFiles(session))[0]!.name !== head.binName)
      await server.sql(`purge binary logs to '${head.binName}'`)
    await expect(from({ binName: oldest!.name, binPos: 4 })).rejects.toMatchObject({ kind: 'positionLost' })
    if (kind === 'mysql') {
      const uuid = facts.serverUuid
      await expect(from({ gtidSet: `${uuid}:1` })).rejects.toMatchObject({
        kind: 'positionLost',
        message: expect.stringContaining('purged'),
      })
      await expect(from({ gtidSet: '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5' })).rejects.toMatchObject({
        kind: 'positionOfOtherServer',
      })
    }
  })
})

test('a wrong password and a closed port are different failures, and no message holds the password', async () => {
  const server = await startServer('mysql')
  try {
    const wrong = SourceSession.connect(sourceAddressOf(server, { user: 'nobody', password: 'sesame-42' }))
    await expect(wrong).rejects.toMatchObject({
      kind: 'sourceDenied',
      message: expect.not.stringContaining('sesame-42'),
    })
    await server.createUser('sync', 'p@ss w"rd')
    for (const ssl of ['disabled', 'preferred', 'required'] as const) {
      const session = await SourceSession.connect(sourceAddressOf(server, { user: 'sync', password: 'p@ss w"rd', ssl }))
      const [row] = await session.query("SHOW STATUS LIKE 'Ssl_cipher'")
      expect([ssl, row!.Value !== '']).toEqual([ssl, ssl !== 'disabled'])
      await session.close()
    }
    await server.stop()
    await expect(SourceSession.connect(sourceAddressOf(server))).rejects.toMatchObject({ kind: 'sourceUnreachable' })
  } finally {
    await server.destroy()
  }
}, 120_000)
