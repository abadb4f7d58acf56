import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { quoteName } from '../../../lib/mysql/snapshot/key-range.js'
import { PageReader } from '../../../lib/mysql/snapshot/page-reader.js'
import type { ServerAddress } from '../../../lib/servers/test-server.js'
import { freshSchema, sharedServer } from '../../support/servers.js'
import { sourceAddressOf } from '../../support/source-address.js'
import { schemaOf, valuesOf } from './read-rig.js'

describe.each(['mysql', 'mariadb'] as const)('%s', kind => {
  let server: ServerAddress
  let schema: string
  const all = { after: null, upTo: null }

  beforeAll(async () => {
    server = await sharedServer(kind)
    schema = await freshSchema(server)
    await server.sql([
      `create table ${schema}.large (id int primary key, a longtext)`,
      `insert into ${schema}.large values (1, 'a'), (2, repeat('x', 9000000)), (3, repeat('y', 9000000)), (4, 'd'), (5, repeat('z', 20000000)), (6, 'f')`,
    ])
  }, 120_000)
  afterAll(() => server.sql(`drop database ${schema}`))

  async function opened(signal = new AbortController().signal): Promise<PageReader> {
    const table = await schemaOf(server, schema, 'large')
    const expressions = table.columns.map(({ name }) => quoteName(name))
    return new PageReader(sourceAddressOf(server), { schema: table, expressions, zone: '+00:00', signal })
  }

  test('pages have no more bytes than they may, but for a row that is larger', async () => {
    const reader = await opened()
    const pages: string[][] = []
    for (let after: readonly string[] | null = null; ; ) {
      const page = await reader.next({ after, upTo: null }, 4)
      if (page.rows === 0) break
      const ids = valuesOf(page.pieces, 2).map(([id]) => id!)
      expect([page.rows, page.bytes > 16_777_216 && page.rows > 1]).toEqual([ids.length, false])
      pages.push(ids)
      page.release()
      after = [ids.at(-1)!]
    }
    expect(pages.flat()).toEqual(['1', '2', '3', '4', '5', '6'])
    expect(pages.length).toBeGreaterThan(2)
    const range = await reader.next({ after: ['3'], upTo: ['4'] }, 10)
    expect(valuesOf(range.pieces, 2)).toEqual([['4', 'd']])
    await reader.close()
  }, 60_000)

  test('rows by their keys', async () => {
    const reader = await opened()
    const page = await reader.keys([['6'], ['9'], ['1']])
    expect(valuesOf(page.pieces, 2)).toEqual([
      ['1', 'a'],
      ['6', 'f'],
    ])
    await reader.close()
  }, 60_000)

  test('a signal ends what is under way with its reason', async () => {
    const end = new AbortController()
    const reader = await opened(end.signal)
    const reading = reader.next(all, 100)
    end.abort(new Error('enough'))
    await expect(reading).rejects.toThrow('enough')
    await reader.close()
  }, 60_000)
})
