import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Failure } from '../../../lib/model/failure.js'
import { ChunkTooLarge } from '../../../lib/mysql/snapshot/read-chunk.js'
import type { ServerAddress } from '../../../lib/servers/test-server.js'
import { rejectionOf } from '../../support/failure-of.js'
import { freshSchema, sharedServer } from '../../support/servers.js'
import { TcpProxy } from '../../support/tcp-proxy.js'
import { headOf, openReader, schemaOf, valuesOf } from './read-rig.js'

describe.each(['mysql', 'mariadb'] as const)('%s', kind => {
  let server: ServerAddress
  let schema: string
  const all = { after: null, upTo: null }

  beforeAll(async () => {
    server = await sharedServer(kind)
    schema = await freshSchema(server)
    await server.sql([
      `use ${schema}`,
      'create table digits (n int)',
      'insert into digits values (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)',
      'create table large (id int primary key, a longtext, b longblob)',
      "insert into large values (1, repeat('x', 16777207), null), (2, repeat('é', 10000000), repeat(x'ff', 17000000)), (3, null, ''), (4, repeat('y', 300), repeat(x'00', 70000))",
      // About 60 MB: more than the buffers of both ends of a socket hold.
      'create table many (id int primary key, note varchar(300))',
      "insert into many select a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n, repeat('x', 290) from digits a, digits b, digits c, digits d, digits e",
      'insert into many select id + 100000, note from many',
    ])
  }, 120_000)

  afterAll(() => server.sql(`drop database ${schema}`))

  test('packets above 16 MiB, NULLs and empty values; the connection goes on', async () => {
    const table = await schemaOf(server, schema, 'large')
    const reader = await openReader(server, table)
    const head = await headOf(server)
    for (let round = 0; round < 2; round++) {
      const chunk = await reader.read(all, head)
      const rows = valuesOf(chunk.pieces, 3)
      expect(rows.map(row => row[0])).toEqual(['1', '2', '3', '4'])
      expect(rows.map(row => row.map(value => value?.length ?? null).slice(1))).toEqual([
        [16_777_207, null],
        [10_000_000, 17_000_000],
        [null, 0],
        [300, 70_000],
      ])
      expect(chunk.rows).toBe(4)
      expect(chunk.bytes).toBe(chunk.pieces.reduce((sum, piece) => sum + piece.end - piece.at, 0))
      expect(rows[1]![1]).toBe('é'.repeat(10_000_000))
      chunk.release()
    }
    await reader.close()
  }, 120_000)

  test('over TLS', async () => {
    const reader = await openReader(server, await schemaOf(server, schema, 'many'), {}, { ssl: 'required' })
    const chunk = await reader.read({ after: ['99'], upTo: ['120099'] }, await headOf(server))
    expect(chunk.rows).toBe(120_000)
    expect(valuesOf(chunk.pieces, 2).every(([id, note], n) => id === String(n + 100) && note?.length === 290)).toBe(
      true,
    )
    await reader.close()
  }, 120_000)

  test('a killed connection is a retriable failure, and the next read has a new one', async () => {
    const reader = await openReader(server, await schemaOf(server, schema, 'many'))
    const head = await headOf(server)
    for (const kill of ['kill', 'kill query']) {
      const slow = await openReader(server, await schemaOf(server, schema, 'many'), {
        where: 'id < 10 or sleep(0.2) = 0',
      })
      const reading = rejectionOf(slow.read(all, head))
      const id = await statementOf(server, 'sleep(0.2)')
      await server.sql(`${kill} ${id}`)
      const failure = await reading
      expect(failure).toMatchObject({ kind: 'readInterrupted', retriable: true })
      expect(failure.message).toContain(`Reading ${schema}.many was cut off: `)
      expect((await slow.readKeys([['3']], head)).rows).toBe(1)
      await slow.close()
    }
    await reader.close()
  }, 120_000)

  test('an abort ends the read at once, with its reason, and the server stops too', async () => {
    const reader = await openReader(server, await schemaOf(server, schema, 'many'), { where: 'sleep(1000) = 0' })
    const stop = new AbortController()
    const reading = reader.read(all, await headOf(server), stop.signal)
    reading.catch(() => undefined)
    await statementOf(server, 'sleep(1000)')
    const reason = new Error('stopped by the operator')
    stop.abort(reason)
    await expect(reading).rejects.toBe(reason)
    await expect(reader.boundBehind(null, 10, stop.signal)).rejects.toBe(reason)
    await reader.close()
    for (;;) if ((await statementsOf(server, 'sleep(1000)')).length === 0) break
  }, 120_000)

  test('a server that falls silent, and one that is cut off', async () => {
    const proxy = await TcpProxy.start(server.port)
    const table = await schemaOf(server, schema, 'many')
    const head = await headOf(server)
    try {
      const reader = await openReader(server, table, { silenceMs: 300 }, { port: proxy.port })
      const chunk = await reader.read({ after: null, upTo: ['99'] }, head)
      expect(chunk.rows).toBe(100)
      // The first bytes of rows have come when it is stalled.
      const whole = await reader.readWhole(head)
      const pieces = whole.pieces[Symbol.asyncIterator]()
      expect((await pieces.next()).done).toBe(false)
      proxy.stall()
      const failure = await rejectionOf(
        (async () => {
          for (;;) if ((await pieces.next()).done) return
        })(),
      )
      expect(failure).toMatchObject({ kind: 'readInterrupted' })
      expect(failure.message).toContain('Nothing came from the source for 300 ms')
      proxy.pass()
      proxy.cutAfterBytes = 5_000_000
      expect(await rejectionOf(reader.read(all, head))).toMatchObject({ kind: 'readInterrupted', retriable: true })
      proxy.cutAfterBytes = null
      expect((await reader.read({ after: ['199989'], upTo: null }, head)).rows).toBe(10)
      await reader.close()
    } finally {
      await proxy.close()
    }
  }, 120_000)

  test('a chunk that would take too much memory is given up; a single row never', async () => {
    const reader = await openReader(server, await schemaOf(server, schema, 'many'))
    const head = await headOf(server)
    await expect(reader.read(all, head, undefined, 3_000_000)).rejects.toBeInstanceOf(ChunkTooLarge)
    expect((await reader.readNext(null, 1000, head, undefined, 3_000_000)).rows).toBe(1000)
    await reader.close()
    const large = await openReader(server, await schemaOf(server, schema, 'large'))
    expect((await large.readNext(null, 1, head, undefined, 1_000_000)).rows).toBe(1)
    await expect(large.readNext(null, 4, head, undefined, 1_000_000)).rejects.toBeInstanceOf(ChunkTooLarge)
    await large.close()
  }, 120_000)

  test("the operator's condition holds for bounds, chunks and keys; a wrong one is refused", async () => {
    const table = await schemaOf(server, schema, 'many')
    const head = await headOf(server)
    const reader = await openReader(server, table, { where: 'id % 100 = 1 or id = 2' })
    expect(await reader.boundBehind(['1'], 1)).toEqual(['2'])
    expect(await reader.boundBehind(['2'], 2)).toEqual(['201'])
    expect((await reader.read({ after: ['2'], upTo: ['1001'] }, head)).rows).toBe(10)
    expect((await reader.readKeys([['1'], ['2'], ['3']], head)).rows).toBe(2)
    expect((await reader.readNext(['2'], 3, head)).last).toEqual(['301'])
    await reader.close()
    const refused: Failure = await rejectionOf(openReader(server, table, { where: 'no_such_column = 1' }))
    expect(refused).toMatchObject({ kind: 'configInvalid' })
    expect(refused.message).toContain('no_such_column')
  }, 120_000)

  test('a table that is not as the stream knows it is to be read again', async () => {
    const table = await schemaOf(server, schema, 'digits')
    await server.sql(`create table ${schema}.gone (id int primary key, a int)`)
    const gone = await schemaOf(server, schema, 'gone')
    const reader = await openReader(server, gone)
    await server.sql(`alter table ${schema}.gone drop column a`)
    const failure = await rejectionOf(reader.read(all, await headOf(server)))
    expect(failure).toMatchObject({ kind: 'readInterrupted', retriable: true })
    expect(failure.advice).toContain('read again once the stream has come')
    await reader.close()
    expect(table.key).toEqual([])
  }, 120_000)

  test('a zone that the source does not know is said', async () => {
    const failure = await rejectionOf(
      openReader(server, await schemaOf(server, schema, 'many'), { zone: 'Mars/Olympus' }),
    )
    expect(failure).toMatchObject({ kind: 'configInvalid' })
    expect(failure.message).toContain('Mars/Olympus')
  })

  test('a probe ends after its time and tells a rate', async () => {
    const reader = await openReader(server, await schemaOf(server, schema, 'many'))
    const { rowsPerS, bytesPerS } = await reader.probe(20)
    expect(bytesPerS / rowsPerS).toBeGreaterThan(290)
    expect(bytesPerS / rowsPerS).toBeLessThan(310)
    expect((await reader.readKeys([['5']], await headOf(server))).rows).toBe(1)
    await reader.close()
  }, 120_000)
})

async function statementsOf(server: ServerAddress, text: string): Promise<string[]> {
  const rows = await server.sql('show full processlist')
  return rows.filter(row => String(row.Info).includes(text)).map(row => String(row.Id))
}

/** The connection that runs such a statement, as soon as one does. */
async function statementOf(server: ServerAddress, text: string): Promise<string> {
  for (;;) {
    const [id] = await statementsOf(server, text)
    if (id !== undefined) return id
  }
}
