import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { SHOP_TABLES, shopStatements } from '../../lib/demo/shop-schema.js'
import { type Changes, ShopTraffic } from '../../lib/demo/shop-traffic.js'
import { runCommand } from '../../lib/servers/run-command.js'
import { binlogTool, startServer, type TestServer } from '../../lib/servers/test-server.js'

const INSTALL_MS = 300_000

/** Row changes by table and verb, as the server's own tool reads them from the binlog. */
async function changesInBinlog(server: TestServer): Promise<{ byTable: Changes; byVerb: Changes }> {
  const [program, ...args] = await binlogTool(server.kind)
  const text = await runCommand(program!, [
    ...args,
    '-v',
    '--base64-output=decode-rows',
    `${server.dataDir}/mbin.000001`,
  ])
  const byTable: Changes = {}
  const byVerb: Changes = {}
  for (const [, verb, table] of text.matchAll(/^### (INSERT INTO|UPDATE|DELETE FROM) `shop`\.`(\w+)`$/gm)) {
    byTable[table!] = (byTable[table!] ?? 0) + 1
    byVerb[verb!] = (byVerb[verb!] ?? 0) + 1
  }
  return { byTable, byVerb }
}

describe.each(['mysql', 'mariadb'] as const)('ShopTraffic on %s', kind => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer(kind)
    await server.sql(shopStatements())
  }, INSTALL_MS)
  afterAll(() => server.destroy())

  test('counts exactly the row changes that the binlog holds, and plays every kind', async () => {
    const connection = await server.connect()
    const traffic = new ShopTraffic({ seed: 7, rowsPerSecond: 1000, firstId: 1 }, connection)
    for (let step = 0; step < 400; step++) await traffic.step(3)
    await connection.end()
    const { byTable, byVerb } = await changesInBinlog(server)
    expect(traffic.changes).toEqual(byTable)
    expect(traffic.rows).toBe(Object.values(byVerb).reduce((sum, count) => sum + count, 0))
    for (const verb of ['INSERT INTO', 'UPDATE', 'DELETE FROM']) expect(byVerb[verb]).toBeGreaterThan(100)
    const [moved] = await server.sql('select count(*) as n from shop.order_lines where line_no > 1000')
    expect(moved!.n).toBeGreaterThan(0)
    const [undone] = await server.sql("select count(*) as n from shop.orders where note = 'rolled back'")
    expect(undone!.n).toBe(0)
    const [kinds] = await server.sql(
      `select sum(notes is null) as nulls, sum(notes = '') as empties, sum(notes like '%\\n%') as breaks,
         sum(name like '%🙂%') as wide, sum(created_at <> cast(created_at as datetime)) as micros from shop.customers`,
    )
    for (const count of Object.values(kinds!)) expect(Number(count)).toBeGreaterThan(0)
  })

  test('stops at the signal with its transaction committed', async () => {
    const connection = await server.connect()
    const traffic = new ShopTraffic({ seed: 8, rowsPerSecond: 5000, firstId: 1_000_000 }, connection)
    const ending = new AbortController()
    const playing = traffic.play(ending.signal)
    while (traffic.rows < 200) await new Promise(resolve => setImmediate(resolve))
    ending.abort()
    await playing
    const [open] = await server.sql(
      'select count(*) as n from information_schema.innodb_trx where trx_mysql_thread_id = ?',
      [connection.threadId],
    )
    expect(open!.n).toBe(0)
    await connection.end()
  })
})

test('the keys named for the comparison are the primary keys', () => {
  for (const { key, definition } of SHOP_TABLES) {
    const composite = /primary key \(([^)]*)\)/.exec(definition)?.[1]?.split(', ')
    expect(composite ?? [/^(\w+) [^,]*primary key/.exec(definition)?.[1]]).toEqual(key)
  }
})
