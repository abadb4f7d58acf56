import { expect, test } from '@jest/globals'
import { startServer } from '../../lib/servers/test-server.js'
import { Random } from '../support/random.js'
import { sharedServer } from '../support/servers.js'
import { SnapshotRun } from '../support/snapshot-run.js'

const ROWS = 3_000

test('tables that come to sync.toml are copied at the next start, those that are created are followed, and others are let be', async () => {
  const server = await sharedServer('mariadb')
  const run = await SnapshotRun.create(server, 'labels', ROWS, new Random(7), 'mode = "initial"\nchunk_rows = 500')
  const { tables, engine } = run
  try {
    await server.sql(`create table ${tables.schema}.empty (id int primary key)`)
    const few = tables.rulesOf(['by_int', 'logged'])
    await run.reconfigure(`[snapshot]\nmode = "initial"\n\n${few}`)
    tables.start()
    await run.finish()
    const first = run.engine.copies
    expect(first.map(({ table, state, reason }) => [table, state, reason]).sort()).toEqual([
      ['by_int', 'copied', 'initial'],
      ['logged', 'copied', 'initial'],
    ])
    await engine.stop()
    const empty = `[[source]]\nschema = "${tables.schema}"\ntables = ["empty", "later"]\n[[rule]]\nschema = "${tables.schema}"\ntable = "/empty|later/"\n`
    await run.reconfigure(`[snapshot]\nmode = "initial"\nchunk_rows = 500\n\n${tables.rules}\n${empty}`)
    await run.finish()
    for (const { table, sinceMs, rows } of first)
      expect(run.engine.copies.find(copy => copy.table === table)).toMatchObject({ sinceMs, rows, reason: 'initial' })
    expect(run.engine.copies.find(({ table }) => table === 'by_text')).toMatchObject({
      state: 'copied',
      reason: 'added',
    })
    expect(run.engine.copies.find(({ table }) => table === 'empty')).toMatchObject({ state: 'copied', rows: 0 })
    await server.sql([
      `create table ${tables.schema}.later (id int primary key, note varchar(9))`,
      `insert into ${tables.schema}.later values (1, 'a'), (2, 'b')`,
    ])
    await tables.stop()
    await engine.caughtUp()
    expect(run.engine.copies.find(({ table }) => table === 'later')).toMatchObject({
      state: 'followed',
      reason: 'created',
    })
    expect((await tables.judge(run.sandbox.mysqlPort)).differences).toEqual([])
    const status = JSON.parse((await engine.cli('status', '--json')).stdout)
    expect(status.snapshot.tables).toContainEqual(
      expect.objectContaining({ source: `${tables.schema}.by_int`, state: 'copied', percent: 100 }),
    )
    expect((await engine.cli('status')).stdout).toMatch(/snapshot +\[#{24}\] 100 % \S+\.by_text: copied, \d+ rows/)
  } finally {
    await run.close()
  }
}, 300_000)

test('tables are altered, emptied and renamed while they are copied', async () => {
  const server = await sharedServer('mysql')
  const run = await SnapshotRun.create(server, 'atomic', 4 * ROWS, new Random(8), 'mode = "initial"\nchunk_rows = 100')
  const { tables, engine } = run
  try {
    engine.start()
    tables.start()
    await run.untilCopied(500)
    await tables.stop()
    await server.sql([
      `alter table ${tables.schema}.by_pair add more varchar(9) default 'x'`,
      `alter table ${tables.schema}.logged modify note varchar(90)`,
      `insert into ${tables.schema}.by_pair (shop, code, grp, amount, version) values (99, 'new', 1, 2, 0)`,
      `truncate table ${tables.schema}.by_big`,
      `insert into ${tables.schema}.by_big values (5, 1, 2, 0, null)`,
    ])
    tables.start()
    await run.finish()
    await tables.stop()
    await engine.caughtUp()
    expect((await tables.judge(run.sandbox.mysqlPort)).differences).toEqual([])
  } finally {
    await run.close()
  }
}, 300_000)

test('mode = "when_needed": a purged binlog has the tables copied again, and rows that are gone deleted; where rows would be counted twice it stops and says so', async () => {
  const server = await startServer('mysql')
  const run = await SnapshotRun.create(server, 'atomic', ROWS, new Random(9), 'mode = "when_needed"')
  const { tables, engine } = run
  try {
    const upserts = tables.rulesOf(['by_int', 'by_pair', 'by_text', 'by_big', 'by_bytes'])
    await run.reconfigure(`[snapshot]\nmode = "when_needed"\n\n${upserts}`)
    await run.finish()
    await engine.stop()
    await server.sql([
      `update ${tables.schema}.by_int set amount = amount + 1, version = version + 1 where id % 7 = 0`,
      `update ${tables.schema}.by_text set amount = amount + 1 where grp = 3`,
      `insert into ${tables.schema}.by_int values (90000, 1, 2, 3, 'came meanwhile')`,
      `delete from ${tables.schema}.by_int where id % 11 = 0`,
      `delete from ${tables.schema}.by_pair where grp = 5`,
      `delete from ${tables.schema}.by_text where grp = 4`,
      `delete from ${tables.schema}.by_big where grp = 6`,
      `delete from ${tables.schema}.by_bytes where grp = 7`,
      'flush binary logs',
    ])
    const files = (await server.sql('show binary logs')) as { Log_name: string }[]
    await server.sql(`purge binary logs to '${files.at(-1)!.Log_name}'`)
    tables.startOn(['by_int', 'by_pair', 'by_text', 'by_big', 'by_bytes'])
    engine.start()
    await run.finish()
    await run.untilCompared()
    expect(engine.output).toMatch(/All tables are copied again/)
    expect(run.engine.copies.map(({ reason }) => reason)).toEqual(Array(5).fill('positionLost'))
    await tables.stop()
    await engine.caughtUp()
    expect((await tables.judge(run.sandbox.mysqlPort, false)).differences).toEqual([])

    await engine.stop()
    await run.reconfigure(`[snapshot]\nmode = "when_needed"\n\n${tables.rules}`)
    await run.finish()
    await engine.stop()
    await server.sql(['flush binary logs', `delete from ${tables.schema}.summed where id = 1`, 'flush binary logs'])
    const later = (await server.sql('show binary logs')) as { Log_name: string }[]
    await server.sql(`purge binary logs to '${later.at(-1)!.Log_name}'`)
    engine.start()
    expect(await engine.ended()).toBe(5)
    expect(engine.output).toMatch(/logged, \S+summed that were not read are lost.*TRUNCATE TABLE/s)
  } finally {
    await run.close()
    await server.stop()
  }
}, 300_000)

test('a rate holds the copy back, and the status says so', async () => {
  const server = await sharedServer('mysql')
  const run = await SnapshotRun.create(
    server,
    'atomic',
    1_000,
    new Random(10),
    'mode = "initial"\nchunk_rows = 50\nrate_rows = 100',
  )
  try {
    const began = Date.now()
    await run.finish()
    const seconds = (Date.now() - began) / 1000
    expect(run.copied / seconds).toBeLessThan(150)
    expect(run.engine.output).toMatch(/the copy waits: rate_rows or rate_bytes is reached/)
    await run.engine.caughtUp()
    expect((await run.tables.judge(run.sandbox.mysqlPort)).differences).toEqual([])
  } finally {
    await run.close()
  }
}, 300_000)
