import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { listBinlogFiles, readHeadPosition } from '../../lib/mysql/binlog-files.js'
import type { SavedPosition } from '../../lib/mysql/saved-position.js'
import { readServerFacts, type ServerFacts } from '../../lib/mysql/server-facts.js'
import { SourceSession } from '../../lib/mysql/session.js'
import { resolveStart } from '../../lib/mysql/start-position.js'
import { ServerAddress, startServer, type TestServer } from '../../lib/servers/test-server.js'
import { bareSource } from '../support/bare-source.js'
import { sourceAddressOf } from '../support/source-address.js'
import { TcpProxy } from '../support/tcp-proxy.js'

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

describe.each(['mysql', 'mariadb'] as const)('a %s with another past', kind => {
  let server: TestServer
  let session: SourceSession
  let facts: ServerFacts

  beforeAll(async () => {
    server = await startServer(kind)
    session = await SourceSession.connect(sourceAddressOf(server))
    facts = await readServerFacts(session)
    await server.sql(['create database d', 'create table d.t (id int primary key)', 'insert into d.t values (1)'])
  }, 120_000)
  afterAll(async () => {
    await session?.close()
    await server?.destroy()
  })
  const resume = (saved: SavedPosition) => resolveStart(session, facts, saved, 0.2)
  const reset = kind === 'mysql' ? 'reset binary logs and gtids' : 'reset master'

  test('as it was restored from an older backup: the saved file is longer there by now, and yet it does not go on', async () => {
    const before = await readHeadPosition(session, facts)
    const later = before.gtidSet.replace(/\d+$/, '99')
    await expect(resume({ ...before, gtidSet: later })).rejects.toMatchObject({
      kind: 'positionLost',
      message: expect.stringContaining('restored from an older backup'),
    })
    await expect(resume({ ...NOTHING, gtidSet: later })).rejects.toMatchObject({
      kind: 'positionOfOtherServer',
    })
    expect(await resume(before)).toMatchObject({ by: 'file', position: before })
  })

  test('one domain, or server, more than the saved position knows is nothing to stop for', async () => {
    const before = await readHeadPosition(session, facts)
    if (kind === 'mariadb') {
      await server.sql(['set gtid_domain_id = 5', 'insert into d.t values (50)'])
      const both = await readHeadPosition(session, facts)
      await server.sql(['flush binary logs', 'set gtid_domain_id = 0, server_id = 9', 'insert into d.t values (51)'])
      expect(await resume(both)).toMatchObject({ by: 'file' })
      expect(await resume({ ...both, gtidSet: `${both.gtidSet},8-1-3` })).toMatchObject({
        by: 'file',
      })
    } else await server.sql(["set gtid_next = '3e11fa47-71ca-11e1-9e33-c80aa9429562:7'", 'insert into d.t values (52)'])
    expect(await resume(before)).toMatchObject({ by: 'file' })
  })

  test('its binlogs were reset, also when as many transactions were written since', async () => {
    await server.sql(reset)
    await server.sql(['create table d.a (id int primary key)', 'insert into d.a values (1)'])
    const saved = await readHeadPosition(session, facts)
    await server.sql('insert into d.a values (2)')
    expect(await resume(saved)).toMatchObject({ by: 'file' })
    await server.sql(reset)
    await expect(resume(saved)).rejects.toMatchObject({ kind: 'positionLost' })
    await server.sql(['create table d.b (id int primary key)'])
    await expect(resume(saved)).rejects.toMatchObject({
      kind: 'positionLost',
      message: expect.stringContaining('its binlogs were reset'),
    })
    if (kind === 'mariadb') return
    const first = await readHeadPosition(session, facts)
    await server.sql(['insert into d.b values (1)', 'insert into d.b values (2)', 'insert into d.b values (3)'])
    await expect(resume({ ...saved, binName: first.binName, binPos: first.binPos })).rejects.toMatchObject({
      kind: 'positionLost',
      message: expect.stringContaining('started anew'),
    })
  })

  test('its binlogs were reset while the connection was away', async () => {
    const start = await resume(await readHeadPosition(session, facts))
    const proxy = await TcpProxy.start(server.port)
    let onRows = (): void => undefined
    const read = new Promise<void>(resolve => {
      onRows = resolve
    })
    const { source } = await bareSource(new ServerAddress(kind, proxy.port), start, 'd', () => onRows())
    const run = source.run(start, new AbortController().signal)
    await server.sql(['create table d.c (id int primary key)', 'insert into d.c values (1)'])
    await read
    proxy.mode = 'refuse'
    proxy.cut()
    await server.sql(reset)
    proxy.mode = 'pass'
    await expect(run).rejects.toMatchObject({
      kind: 'positionLost',
      message: expect.stringContaining('no longer knows'),
    })
    await proxy.close()
  }, 120_000)
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
