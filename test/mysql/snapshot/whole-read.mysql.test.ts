import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { WholeRead } from '../../../lib/mysql/snapshot/read-chunk.js'
import type { ServerAddress } from '../../../lib/servers/test-server.js'
import { rejectionOf } from '../../support/failure-of.js'
import { freshSchema, sharedServer } from '../../support/servers.js'
import { headOf, openReader, schemaOf, valuesOf } from './read-rig.js'

describe.each(['mysql', 'mariadb'] as const)('%s', kind => {
  let server: ServerAddress
  let schema: string

  beforeAll(async () => {
    server = await sharedServer(kind)
    schema = await freshSchema(server)
    await server.sql([
      `use ${schema}`,
      'create table digits (n int)',
      'insert into digits values (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)',
      'create table many (id int, note varchar(300))',
      "insert into many select a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n, repeat('x', 290) from digits a, digits b, digits c, digits d, digits e",
      'create table log (id int, note varchar(20))',
      'create table plain (id int, note varchar(300)) engine = myisam',
      'insert into plain select * from many',
    ])
  }, 120_000)

  afterAll(() => server.sql(`drop database ${schema}`))

  test('the rows are those of exactly the place that is told, while others are written', async () => {
    const writer = await server.connect({ database: schema })
    let written = 0
    let isOver = false
    const base = await transactionsUpTo(server, await headOf(server))
    const writing = (async () => {
      for (; !isOver; written++) await writer.query('insert into log values (?, null)', [written])
    })()
    const reader = await openReader(server, await schemaOf(server, schema, 'log'))
    try {
      for (let round = 0; round < 8; round++) {
        const from = written
        while (written < from + 20) await new Promise(resolve => setImmediate(resolve))
        const visible = await headOf(server)
        const read = await reader.readWhole(visible)
        expect(read.at.exact).toBe(true)
        expect(read.at.reachedBy(await headOf(server))).toBe(true)
        const ids = (await rowsOf(read, 2)).map(([id]) => Number(id)).sort((a, b) => a - b)
        expect(ids).toEqual(ids.map((_, n) => n))
        expect(ids).toHaveLength((await transactionsUpTo(server, read.at)) - base)
        expect(ids.length).toBeGreaterThanOrEqual((await transactionsUpTo(server, visible)) - base)
      }
    } finally {
      isOver = true
      await writing
      await reader.close()
      await writer.end()
    }
  }, 120_000)

  test('memory is bounded: the server waits for who asks; no lock is held meanwhile', async () => {
    const reader = await openReader(server, await schemaOf(server, schema, 'many'))
    const read = await reader.readWhole(await headOf(server))
    const pieces = read.pieces[Symbol.asyncIterator]()
    expect((await pieces.next()).done).toBe(false)
    // A lock would make this wait for ever, for nobody takes the other pieces.
    await server.sql(`update ${schema}.many set note = 'later' where id < 1000`)
    const busy = await rejectionOf(reader.read({ after: null, upTo: null }, await headOf(server)))
    expect(busy).toMatchObject({ kind: 'internal' })
    const held = await server.sql('show full processlist')
    expect(held.some(row => String(row.Info).startsWith(`SELECT \`id\`, \`note\` FROM \`${schema}\`.\`many\``))).toBe(
      true,
    )
    let rows = 0
    for (let piece = await pieces.next(); !piece.done; piece = await pieces.next()) {
      rows += piece.value.rows
      expect(valuesOf([piece.value], 2).every(([, note]) => note === 'x'.repeat(290))).toBe(true)
    }
    expect(rows).toBeGreaterThan(90_000)
    expect(rows).toBeLessThan(100_000)
    // The reader is free again, and one that is left early ends at the server too.
    for await (const piece of (await reader.readWhole(await headOf(server))).pieces) {
      expect(piece.rows).toBeGreaterThan(0)
      break
    }
    const stop = new AbortController()
    const aborted = await reader.readWhole(await headOf(server), stop.signal)
    const reason = new Error('stopped by the operator')
    stop.abort(reason)
    await expect(rowsOf(aborted, 2)).rejects.toBe(reason)
    await aborted.close()
    await reader.close()
  }, 120_000)

  test('a table whose engine has no transactions is locked for the whole read', async () => {
    const reader = await openReader(server, await schemaOf(server, schema, 'plain'))
    const read = await reader.readWhole(await headOf(server))
    const writer = await server.connect({ database: schema })
    await writer.query('set lock_wait_timeout = 1')
    await expect(writer.query('insert into plain values (-1, null)')).rejects.toMatchObject({ errno: 1205 })
    expect(await rowsOf(read, 2)).toHaveLength(100_000)
    await writer.query('set lock_wait_timeout = 30')
    await writer.query('insert into plain values (-1, null)')
    expect(read.at.reachedBy(await headOf(server))).toBe(true)
    await writer.end()
    await reader.close()
  }, 120_000)

  test('without the right to lock it is said which one is missing', async () => {
    await server.createUser('nolock', 'pw', 'replication slave, replication client, select on *.*')
    const account = { user: 'nolock', password: 'pw' }
    const head = await headOf(server)
    const plain = await openReader(server, await schemaOf(server, schema, 'plain'), {}, account)
    const failure = await rejectionOf(plain.readWhole(head))
    expect(failure).toMatchObject({ kind: 'sourceDenied', advice: expect.stringContaining('GRANT LOCK TABLES') })
    await plain.close()
    const many = await openReader(server, await schemaOf(server, schema, 'many'), {}, account)
    if (kind === 'mysql') expect(await rejectionOf(many.readWhole(head))).toMatchObject({ kind: 'sourceDenied' })
    else expect(await rowsOf(await many.readWhole(head), 2)).toHaveLength(100_000)
    await many.close()
  }, 120_000)

  test('a transaction that stays open does not hold back other writers for long', async () => {
    if (kind === 'mariadb') return
    const writer = await server.connect({ database: schema })
    await writer.query('begin')
    await writer.query('insert into log values (-1, null)')
    const reader = await openReader(server, await schemaOf(server, schema, 'log'))
    const failure = await rejectionOf(reader.readWhole(await headOf(server)))
    expect(failure).toMatchObject({ kind: 'readInterrupted', message: expect.stringContaining('still open') })
    await writer.query('rollback')
    await writer.end()
    await reader.close()
  }, 120_000)
})

async function rowsOf(read: WholeRead, columns: number): Promise<(string | null)[][]> {
  const rows: (string | null)[][] = []
  for await (const piece of read.pieces) rows.push(...valuesOf([piece], columns))
  return rows
}

/** How many transactions lie before a place of this server's binlog. */
async function transactionsUpTo(
  server: ServerAddress,
  place: { readonly binName: string; readonly binPos: number },
): Promise<number> {
  let count = 0
  for (const log of await server.sql('show binary logs')) {
    const name = String(log.Log_name)
    const events = await server.sql(`show binlog events in '${name}'`)
    const ends = events.filter(
      event => ['Xid', 'Query'].includes(String(event.Event_type)) && !/^begin$/i.test(String(event.Info)),
    )
    count += ends.filter(
      event => name < place.binName || (name === place.binName && Number(event.End_log_pos) <= place.binPos),
    ).length
  }
  return count
}
