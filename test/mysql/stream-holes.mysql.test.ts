import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BinlogDecoder } from '../../lib/binlog/decoder.js'
import { EVENT, eventName } from '../../lib/binlog/event.js'
import { readHeadPosition } from '../../lib/mysql/binlog-files.js'
import { DumpConnection, type DumpOptions } from '../../lib/mysql/dump-connection.js'
import { readServerFacts } from '../../lib/mysql/server-facts.js'
import { SourceSession } from '../../lib/mysql/session.js'
import { resolveStart } from '../../lib/mysql/start-position.js'
import { StreamHoles } from '../../lib/mysql/stream-holes.js'
import { startServer, type TestServer } from '../../lib/servers/test-server.js'
import { bareSource } from '../support/bare-source.js'
import { binlogNames } from '../support/binlog-files.js'
import { sourceAddressOf } from '../support/source-address.js'

const CONNECTION = { host: '127.0.0.1', user: 'root', password: '' }

interface Read {
  readonly events: Record<string, number>
  readonly last: string
}

/** Everything the server sends from here up to its head, held against the check; rejects at a hole. */
async function follow(server: TestServer, start: DumpOptions['start']): Promise<Read> {
  const session = await SourceSession.connect(sourceAddressOf(server))
  const head = await readServerFacts(session)
    .then(facts => readHeadPosition(session, facts))
    .finally(() => session.close())
  const decoder = new BinlogDecoder({ flavor: server.kind, wanted: () => true, verifyChecksum: true })
  const holes = new StreamHoles(server.kind)
  holes.connected('gtidSet' in start)
  const events: Record<string, number> = {}
  let file = ''
  return new Promise((resolve, reject) => {
    const connection = new DumpConnection(
      {
        connection: { ...CONNECTION, port: server.port },
        serverId: 777,
        heartbeatMs: 200,
        readTimeoutMs: 10_000,
        start,
      },
      {
        onEvent: (buffer, from, to) => {
          const event = decoder.decode(buffer, from, to)
          holes.follow(event)
          events[eventName(event.type)] = (events[eventName(event.type)] ?? 0) + 1
          if (event.kind === 'rotate') file = event.binName
          if (file !== head.binName || event.artificial || event.logPos < head.binPos) return
          connection.close()
          resolve({ events, last: `${file}:${event.logPos}` })
        },
        onHeard: () => undefined,
        onEnd: reject,
      },
    )
    connection.start()
  })
}

describe.each(['mysql', 'mariadb'] as const)('%s', kind => {
  let server: TestServer

  beforeAll(async () => {
    server = await startServer(kind)
  }, 300_000)
  afterAll(async () => {
    await server?.destroy()
  })

  const compression = kind === 'mysql' ? 'binlog_transaction_compression' : 'log_bin_compress'

  async function traffic(schema: string): Promise<void> {
    const values = Array.from({ length: 3000 }, (_, i) => `(${i}, repeat('text ${i} ', 30))`).join(',')
    const connection = await server.connect()
    const run = async (...statements: string[]) => {
      for (const statement of statements) await connection.query(statement)
    }
    await run(
      `create database ${schema}`,
      `use ${schema}`,
      'create table t (id int primary key, v text)',
      'create table loose (id int primary key, v text) engine = MyISAM',
    )
    for (const on of [0, 1]) {
      await run(
        kind === 'mysql' ? `set session ${compression} = ${on}` : `set global ${compression} = ${on}`,
        `insert into t values ${values}`,
        'begin',
        'update t set v = 1 where id < 10',
        'savepoint here',
        'update t set v = 2 where id < 20',
        'rollback to here',
        'delete from t where id = 30',
        ...(kind === 'mariadb' ? ['replace into loose values (1, 2)'] : []),
        'commit',
        'replace into loose values (1, 3)',
        'set global binlog_checksum = NONE',
        'update t set v = 4',
        'alter table t comment "x"',
        'flush binary logs',
        'truncate t',
        'create temporary table gone (id int primary key)',
        'insert into gone values (1)',
        'drop temporary table gone',
        'set global binlog_checksum = CRC32',
        'delete from t',
        "xa start 'x'",
        'insert into t values (7, 7)',
        "xa end 'x'",
        "xa prepare 'x'",
        "xa commit 'x'",
        'delete from t',
        `create table made${on} as select 1 as n`,
      )
    }
    await connection.end()
  }

  test('what a server writes has no hole, from the first file on and from the middle of one', async () => {
    await traffic('a')
    const [first] = await binlogNames(server)
    const whole = await follow(server, { binName: first!, binPos: 4 })
    expect(whole.events.ROTATE).toBeGreaterThan(8)
    if (kind === 'mysql') expect(whole.events.TRANSACTION_PAYLOAD).toBeGreaterThan(3)
    else expect(whole.events).toMatchObject({ WRITE_ROWS_COMPRESSED_V1: expect.any(Number) })
    if (kind === 'mariadb') expect(whole.events.ANNOTATE_ROWS).toBeGreaterThan(10)
    const names = await binlogNames(server)
    for (const name of names) {
      const events = await server.sql(`show binlog events in '${name}' limit 1000000`)
      const starts = events.filter(e => /gtid/i.test(String(e.Event_type)) && !/prev|list/i.test(String(e.Event_type)))
      const middle = starts[Math.floor(starts.length / 2)]
      if (middle === undefined) continue
      const { last } = await follow(server, { binName: name, binPos: Number(middle.Pos) })
      expect(last).toBe(whole.last)
    }
  }, 120_000)

  test('nor after a start by GTID set, with transactions that the server passes over between others', async () => {
    if (kind === 'mysql') {
      const uuid = server.serverUuid
      for (const set of ['', `${uuid}:1-3`, `${uuid}:1-5:9-12:20-22`, `${uuid}:2:4:6:8`]) {
        const { events } = await follow(server, { gtidSet: set })
        if (set.includes(':9')) expect(events.HEARTBEAT ?? 0).toBeGreaterThanOrEqual(3)
      }
      return
    }
    await server.sql([
      'set gtid_domain_id = 7',
      'create table a.d7 (id int)',
      'insert into a.d7 values (1)',
      'insert into a.d7 values (2)',
    ])
    await server.sql([
      'insert into a.d7 values (3)',
      'set gtid_domain_id = 7',
      'insert into a.d7 values (4)',
      'flush binary logs',
      'insert into a.d7 values (5)',
    ])
    const id = String((await server.sql('select @@server_id as id'))[0]!.id)
    for (const set of ['', `0-${id}-3`, `0-${id}-9,7-${id}-2`, `0-${id}-4,7-${id}-4`])
      await follow(server, { gtidSet: set })
  }, 120_000)

  test('a transaction that is cut out of a file stops the flow, at the second reading', async () => {
    await server.sql([
      'flush binary logs',
      'create database holed',
      'create table holed.t (id int primary key)',
      'insert into holed.t values (1)',
      'insert into holed.t values (2)',
      'insert into holed.t values (3)',
      'flush binary logs',
    ])
    const name = (await binlogNames(server)).at(-2)!
    const path = join(server.dataDir, name)
    const bytes = await readFile(path)
    const gtid: number = kind === 'mysql' ? EVENT.GTID : EVENT.MARIADB_GTID
    const starts: number[] = []
    for (let at = 4; at < bytes.length; at += bytes.readUInt32LE(at + 9)) if (bytes[at + 4] === gtid) starts.push(at)
    const [from, to] = [starts.at(-2)!, starts.at(-1)!]
    const file = await open(path, 'w')
    await file.writeFile(Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]))
    await file.close()

    const session = await SourceSession.connect(sourceAddressOf(server))
    const facts = await readServerFacts(session)
    const start = await resolveStart(session, facts, { binName: name, binPos: 4, gtidSet: null, serverUuid: null })
    await session.close()
    let rows = 0
    const { source, tracker, seen } = await bareSource(server, start, 'holed', () => {
      rows++
    })
    await expect(source.run(start, new AbortController().signal)).rejects.toMatchObject({
      kind: 'streamHole',
      message: expect.stringContaining(
        `in ${name} an event ended at offset ${from}, but the next one that came begins at ${to}`,
      ),
    })
    expect(seen.filter(h => h.kind === 'disconnected')).toMatchObject([{ failure: { kind: 'streamBroken' } }])
    expect({ rows, binPos: tracker.binPos }).toEqual({ rows: 1, binPos: from })
  }, 120_000)

  test('what a server writes after a kill -9 and a restart with other settings has no hole', async () => {
    await server.kill()
    await server.restart({
      extra: kind === 'mysql' ? ['gtid_mode=OFF', 'enforce_gtid_consistency=OFF'] : ['binlog_annotate_row_events=0'],
    })
    const before = (await binlogNames(server)).at(-1)!
    await traffic('b')
    await follow(server, { binName: before, binPos: 4 })
  }, 120_000)
})
