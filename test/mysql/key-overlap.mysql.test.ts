import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readTableSchema } from '../../lib/mysql/catalog.js'
import { findKeyNow, findOverlap } from '../../lib/mysql/key-overlap.js'
import { SourceSession } from '../../lib/mysql/session.js'
import { freshSchema, sharedServer } from '../support/servers.js'
import { sourceAddressOf } from '../support/source-address.js'

describe.each(['mysql', 'mariadb'] as const)('keys in two tables of %s', kind => {
  let session: SourceSession
  let schema: string
  let run: (...statements: string[]) => Promise<unknown>
  let next = 0

  beforeAll(async () => {
    const server = await sharedServer(kind)
    schema = await freshSchema(server)
    run = (...statements) => server.sql(statements)
    session = await SourceSession.connect(sourceAddressOf(server))
  })
  afterAll(() => session?.close())

  /** What is said of two tables with these columns and rows. */
  async function overlap(columns: string, one: string, two: string, other = columns, withinMs = 20_000) {
    const names = [`a${++next}`, `b${next}`] as const
    await run(`create table ${schema}.${names[0]} (${columns})`, `create table ${schema}.${names[1]} (${other})`)
    if (one !== '') await run(`insert into ${schema}.${names[0]} (id, k) values ${one}`)
    if (two !== '') await run(`insert into ${schema}.${names[1]} (id, k) values ${two}`)
    const tables = await Promise.all(names.map(name => readTableSchema(session, schema, name)))
    return findOverlap(
      session,
      tables.map(table => table!),
      { mariadb: kind === 'mariadb', withinMs },
    )
  }

  const plain = 'id bigint unsigned primary key, k int'

  test('ranges that do not meet prove it', async () => {
    const found = await overlap(plain, '(1, 0), (9, 0)', '(10, 0), (18446744073709551615, 0)')
    expect(found).toMatchObject({ kind: 'apart', how: expect.stringMatching(/ranges/), grows: false })
    expect(await overlap(plain, '', '(1, 0)')).toMatchObject({ kind: 'apart' })
  })
  test('ranges that meet are looked at', async () => {
    expect(await overlap(plain, '(1, 0), (3, 0)', '(2, 0), (4, 0)')).toMatchObject({
      kind: 'apart',
      how: expect.stringMatching(/compared/),
    })
  })
  test('one key in both', async () => {
    expect(await overlap(plain, '(1, 0), (7, 0)', '(2, 0), (7, 0)')).toMatchObject({
      kind: 'meet',
      tables: [`${schema}.a${next}`, `${schema}.b${next}`],
      key: '7',
    })
  })
  test('no time: nothing is proven', async () => {
    expect(await overlap(plain, '(1, 0), (3, 0)', '(2, 0), (4, 0)', plain, 0)).toMatchObject({ kind: 'unproven' })
  })
  test('text by its bytes, whatever the collations', async () => {
    const text = (charset: string) => `id varchar(20) character set ${charset} primary key, k int`
    expect(await overlap(text('utf8mb4'), `('a', 1)`, `('A', 1)`)).toMatchObject({ kind: 'apart' })
    expect(await overlap(text('utf8mb4'), `('a', 1), ('é', 1)`, `('é', 1)`)).toMatchObject({ kind: 'meet', key: 'é' })
    expect(await overlap(text('utf8mb4'), `('é', 1)`, `('é', 1)`, text('latin1'))).toMatchObject({ kind: 'meet' })
    const binary = 'id varchar(20) character set utf8mb4 collate utf8mb4_bin primary key, k int'
    expect(await overlap(text('utf8mb4'), `('x', 1)`, `('x', 1)`, binary)).toMatchObject({ kind: 'meet', key: 'x' })
  })
  test('keys of two columns', async () => {
    const two = 'id int, k int, primary key (id, k)'
    expect(await overlap(two, '(1, 1), (1, 2)', '(1, 3)')).toMatchObject({ kind: 'apart' })
    expect(await overlap(two, '(1, 1), (1, 2)', '(1, 2)')).toMatchObject({ kind: 'meet', key: '1, 2' })
  })
  test('tables that count up by themselves may meet later', async () => {
    const counting = 'id int auto_increment primary key, k int'
    expect(await overlap(counting, '(1, 0)', '(1000, 0)')).toMatchObject({ kind: 'apart', grows: true })
  })
  test('who has a key now', async () => {
    await overlap('id int, k int, primary key (id, k)', '(1, 1)', '(2, 2)')
    const tables = await Promise.all([`a${next}`, `b${next}`].map(name => readTableSchema(session, schema, name)))
    const found = await findKeyNow(
      session,
      tables.map(table => table!),
      [
        ['5', '5'],
        ['2', '2'],
      ],
    )
    expect([found?.table.table, found?.key]).toEqual([`b${next}`, '2, 2'])
    expect(
      await findKeyNow(
        session,
        tables.map(table => table!),
        [['1', '2']],
      ),
    ).toBeNull()
  })
})
