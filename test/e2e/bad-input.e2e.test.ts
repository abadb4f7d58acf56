import { readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { startServer } from '../../lib/servers/test-server.js'
import type { EngineSetup } from '../support/engine.js'
import { SyncBench } from '../support/sync-bench.js'

// Positions of it are tried, from the beginning of its first binlog on.
let bench: SyncBench

beforeAll(async () => {
  bench = await SyncBench.own('mysql')
})
afterAll(() => bench?.close())
beforeEach(async () => {
  await bench.renew()
  await configure()
  await bench.server.sql([
    `create table ${bench.schema}.t (id int primary key, v varchar(40))`,
    `insert into ${bench.schema}.t values (1, 'one')`,
  ])
})

function configure(top: EngineSetup['top'] = {}, blocks?: string): Promise<void> {
  return bench.configure({ top, blocks })
}

/** Runs the engine until it ends by itself; everything it said. */
async function endsWith(code: number): Promise<string> {
  bench.engine.start()
  expect([await bench.engine.ended(), bench.engine.output]).toEqual([code, expect.anything()])
  return bench.engine.output
}

describe('what the operator can get wrong', () => {
  test('a wrong MySQL password', async () => {
    await configure({ mysql_user: 'nobody', mysql_pass: 'sesame-42' })
    const said = await endsWith(4)
    expect(said).toMatch(/Access denied/)
    expect(said).toMatch(/mysql_user and mysql_pass/)
    expect(said).not.toContain('sesame-42')
  })

  test('a wrong StarRocks password', async () => {
    await configure({ sr_pass: 'sesame-43' })
    const said = await endsWith(7)
    expect(said).toMatch(/Access denied/)
    expect(said).toMatch(/sr_user and sr_pass/)
    expect(said).not.toContain('sesame-43')
  })

  test('a closed port: it says so, keeps trying, and stops when told', async () => {
    await configure({ mysql_addr: '127.0.0.1:1' })
    bench.engine.start()
    await bench.engine.said(/ECONNREFUSED[\s\S]*mysql_addr/)
    expect(await bench.engine.stop()).toBe(0)
  })

  test('a table without a key stops the start, or is passed over when asked', async () => {
    await bench.server.sql(`create table ${bench.schema}.bare (v int)`)
    expect(await endsWith(2)).toMatch(new RegExp(`${bench.schema}\\.bare has neither a primary key`))
    await configure({ skip_no_pk_table: true })
    bench.engine.start()
    await bench.engine.caughtUp()
    expect(bench.engine.output).toMatch(/bare/)
    expect(await bench.target(`select * from ${bench.schema}.t`)).toEqual([{ id: 1, v: 'one' }])
  })

  test('a followed table without a rule, and a rule without a table, are said', async () => {
    await configure(
      {},
      `[[source]]\nschema = "${bench.schema}"\ntables = ["t"]\n[[rule]]\nschema = "${bench.schema}"\ntable = "gone"\n`,
    )
    bench.engine.start()
    await bench.engine.caughtUp()
    expect(bench.engine.output).toMatch(
      new RegExp(`${bench.schema}\\.t is named by a \\[\\[source\\]\\], but no \\[\\[rule\\]\\]`),
    )
    expect(bench.engine.output).toMatch(new RegExp(`${bench.schema}\\.gone, which does not exist`))
  })

  test('two rules for one target, and a rule that leaves the key out', async () => {
    const rule = `[[rule]]\nschema = "${bench.schema}"\ntable = "t"\n`
    await configure({}, `[[source]]\nschema = "${bench.schema}"\ntables = ["t"]\n${rule}${rule}`)
    expect(await endsWith(2)).toMatch(/Two rules write/)
    await configure({}, `[[source]]\nschema = "${bench.schema}"\ntables = ["t"]\n${rule}exclude = ["id"]\n`)
    expect(await endsWith(2)).toMatch(/key column "id"/)
  })

  test('malformed TOML and an unknown key', async () => {
    await writeFile(bench.engine.configFile, 'mysql_addr = "127.0.0.1:3306\nmysql_usr = 5')
    expect(await endsWith(2)).toMatch(/sync\.toml/)
    await configure({ conurrent_size: 4 })
    expect(await endsWith(2)).toMatch(/conurrent_size[\s\S]*concurrent_size/)
  })

  test('a partition that is emptied without row events halts its table; on_ddl = "ignore" passes it', async () => {
    await bench.server.sql(
      `create table ${bench.schema}.p (id int primary key) partition by range (id) (partition low values less than (10), partition high values less than maxvalue)`,
    )
    bench.engine.start()
    await bench.engine.caughtUp()
    await bench.server.sql([
      `insert into ${bench.schema}.p values (1), (20)`,
      `alter table ${bench.schema}.p truncate partition low`,
    ])
    await expect(bench.engine.caughtUp()).rejects.toThrow(/but not .*\.p: halted/)
    expect(bench.engine.output).toMatch(/\.p is halted, .*rows changed without row events.*truncate partition low/)
    await bench.engine.stop()
    await configure({ on_ddl: 'ignore' })
    bench.engine.start()
    await bench.engine.caughtUp()
    expect(await bench.target(`select id from ${bench.schema}.p order by id`)).toEqual([{ id: 1 }, { id: 20 }])
  })

  test('a column added with a default has it in the rows that are there', async () => {
    bench.engine.start()
    await bench.engine.caughtUp()
    await bench.server.sql([
      `alter table ${bench.schema}.t add w int not null default 5`,
      `insert into ${bench.schema}.t values (2, 'two', 6)`,
    ])
    await bench.engine.caughtUp()
    expect(await bench.target(`select id, w from ${bench.schema}.t order by id`)).toEqual([
      { id: 1, w: 5 },
      { id: 2, w: 6 },
    ])
  })

  test('two processes with one data_dir: the second is refused', async () => {
    bench.engine.start()
    await bench.engine.caughtUp()
    const second = await bench.engine.cli('run')
    expect(second.code).toBe(3)
    expect(second.stderr + second.stdout).toContain(String(bench.engine.pid))
    expect(await bench.engine.stop()).toBe(0)
  })
})

describe('positions', () => {
  test('master.info of another server, beyond the end, inside an event, of a file that is gone, or garbage', async () => {
    bench.engine.start()
    await bench.engine.caughtUp()
    await bench.engine.stop()
    const saved = await readFile(bench.engine.masterInfo, 'utf8')
    const edits: readonly (readonly [string, RegExp])[] = [
      [
        saved.replace(/server_uuid = ".*"/, 'server_uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562"'),
        /position of server 3e11fa47/,
      ],
      [saved.replace(/bin_pos = \d+/, 'bin_pos = 4000000000'), /beyond the end/],
      [saved.replace(/bin_pos = (\d+)/, (_, n) => `bin_pos = ${Number(n) - 5}`), /does not start an event/],
      [saved.replace(/bin_name = ".*"/, 'bin_name = "mbin.000999"'), /not on the server/],
      ['\u0000garbage', /not readable as TOML/],
    ]
    for (const [edited, message] of edits) {
      await writeFile(bench.engine.masterInfo, edited)
      expect(await endsWith(5)).toMatch(message)
    }
    await writeFile(bench.engine.masterInfo, saved)
    bench.engine.start()
    await bench.engine.caughtUp()
  }, 120_000)

  test('an offset between the events of a transaction is refused, not half read', async () => {
    bench.engine.start()
    await bench.engine.caughtUp()
    await bench.engine.stop()
    const saved = await readFile(bench.engine.masterInfo, 'utf8')
    const binName = /bin_name = "(.*)"/.exec(saved)![1]!
    await bench.server.sql(`insert into ${bench.schema}.t values (2, 'two')`)
    const events = await bench.server.sql(
      `show binlog events in '${binName}' from ${/bin_pos = (\d+)/.exec(saved)![1]}`,
    )
    const map = events.find(e => e.Event_type === 'Table_map')!
    const rows = events.find(e => String(e.Event_type).startsWith('Write_rows'))!
    for (const event of [map, rows]) {
      await writeFile(bench.engine.masterInfo, `bin_name = "${binName}"\nbin_pos = ${event.Pos}\n`)
      expect(await endsWith(5)).toMatch(/inside one|inside a transaction/)
    }
  })

  test('editing bin_pos by hand reads again from there', async () => {
    bench.engine.start()
    await bench.engine.caughtUp()
    await bench.engine.stop()
    await bench.target(`delete from ${bench.schema}.t where id = 1`)
    const saved = await readFile(bench.engine.masterInfo, 'utf8')
    await writeFile(
      bench.engine.masterInfo,
      saved.replace(/bin_name = ".*"/, 'bin_name = "mbin.000001"').replace(/bin_pos = \d+/, 'bin_pos = 4'),
    )
    bench.engine.start()
    await bench.engine.caughtUp()
    expect(await bench.target(`select * from ${bench.schema}.t`)).toEqual([{ id: 1, v: 'one' }])
  })

  test('a purged binlog, and binlog_format = STATEMENT, are clear stops', async () => {
    const own = await startServer('mysql')
    try {
      await own.sql([`create database ${bench.schema}`, `create table ${bench.schema}.t (id int primary key)`])
      await bench.configure({ mysqlPort: own.port })
      bench.engine.start()
      await bench.engine.caughtUp()
      await bench.engine.stop()
      await own.sql(['flush binary logs', 'flush binary logs'])
      const logs = await own.sql('show binary logs')
      await own.sql(`purge binary logs to '${logs.at(-1)!.Log_name}'`)
      expect(await endsWith(5)).toMatch(/not on the server/)
      await rm(bench.engine.masterInfo)
      await own.sql("set global binlog_format = 'STATEMENT'")
      expect(await endsWith(4)).toMatch(/binlog_format = STATEMENT[\s\S]*SET GLOBAL binlog_format/)
      await own.sql("set global binlog_format = 'ROW'")
      bench.engine.start()
      await bench.engine.caughtUp()
      const session = await own.connect()
      await session.query("set session binlog_format = 'STATEMENT'")
      await session.query(`insert into ${bench.schema}.t values (5)`)
      await session.end()
      expect([await bench.engine.ended(), bench.engine.output]).toEqual([
        6,
        expect.stringMatching(/a statement, not rows/),
      ])
    } finally {
      await own.destroy()
    }
  }, 120_000)

  test('a full disk while saving: loading goes on, and the position is saved when there is room again', async () => {
    bench.engine.start()
    await bench.engine.caughtUp()
    const saved = await bench.engine.position()
    await symlink('/dev/full', `${bench.engine.masterInfo}.new`)
    await bench.server.sql(`insert into ${bench.schema}.t values (2, 'two')`)
    await bench.engine.said(/ENOSPC/)
    expect(await bench.engine.position()).toBe(saved)
    await rm(`${bench.engine.masterInfo}.new`)
    await bench.engine.caughtUp()
    expect(await bench.engine.position()).not.toBe(saved)
    expect(await bench.target(`select count(*) as n from ${bench.schema}.t`)).toEqual([{ n: 2 }])
  })
})

describe('what StarRocks can do to it', () => {
  test('a column missing in the target is named', async () => {
    await bench.target(`create database ${bench.schema}`)
    await bench.target(
      `create table ${bench.schema}.t (id int not null) primary key (id) distributed by hash(id) properties ("replication_num" = "1")`,
    )
    const said = await endsWith(7)
    expect(said).toMatch(new RegExp(`${bench.schema}\\.t`))
    expect(said).toMatch(/\bv\b/)
    expect(said).toMatch(/ADD COLUMN/i)
  })

  test('a value too long for its column: row and column are named, nothing is lost', async () => {
    await bench.target(`create database ${bench.schema}`)
    await bench.target(
      `create table ${bench.schema}.t (id int not null, v varchar(5)) primary key (id) distributed by hash(id) properties ("replication_num" = "1")`,
    )
    await bench.server.sql(`insert into ${bench.schema}.t values (77, 'much too long')`)
    const said = await endsWith(8)
    expect(said).toMatch(/column v of the row with key \{"id":"77"\} holds a value of 13 bytes/)
    expect(said).toMatch(/\bv\b/)
    await bench.target(`alter table ${bench.schema}.t modify column v varchar(100)`)
    bench.engine.start()
    await bench.engine.caughtUp()
    expect(await bench.target(`select * from ${bench.schema}.t order by id`)).toEqual([
      { id: 1, v: 'one' },
      { id: 77, v: 'much too long' },
    ])
  })

  test('HTTP 200 with FAILED is no success', async () => {
    bench.engine.start()
    await bench.engine.caughtUp()
    const saved = await bench.engine.position()
    bench.sandbox.faults.set({ failedWith200: 'something StarRocks dislikes' })
    await bench.server.sql(`insert into ${bench.schema}.t values (2, 'two')`)
    expect([await bench.engine.ended(), bench.engine.output]).toEqual([
      8,
      expect.stringMatching(/something StarRocks dislikes/),
    ])
    expect(await bench.engine.position()).toBe(saved)
    bench.sandbox.faults.clear()
    bench.engine.start()
    await bench.engine.caughtUp()
    expect(await bench.target(`select count(*) as n from ${bench.schema}.t`)).toEqual([{ n: 2 }])
  })

  test.each([
    [['noBackendAlive', 'cutBody', 'tooManyVersions', 'runningTxnLimit']],
    [['answerLost', 'garbageReply', 'publishTimeout', 'followerRedirect']],
  ] as const)(
    '%j, each twice: survived, every row once',
    async faults => {
      bench.engine.start()
      await bench.engine.caughtUp()
      const rows = [{ id: 1, v: 'one' }]
      for (const [n, fault] of faults.entries()) {
        bench.sandbox.faults.set({ [fault]: 2 })
        const more = [2 * n + 2, 2 * n + 3].map(id => ({ id, v: fault }))
        await bench.server.sql(`insert into ${bench.schema}.t values ${more.map(({ id, v }) => `(${id}, '${v}')`)}`)
        await bench.engine.caughtUp()
        rows.push(...more)
        expect(await bench.target(`select * from ${bench.schema}.t order by id`)).toEqual(rows)
      }
    },
    120_000,
  )

  test('SIGTERM during a load: it drains, saves and ends with 0', async () => {
    bench.engine.start()
    await bench.engine.caughtUp()
    const saved = await bench.engine.position()
    const before = bench.sandbox.faults.struck('holdAnswer')
    bench.sandbox.faults.set({ holdAnswer: true })
    await bench.server.sql(`insert into ${bench.schema}.t values (2, 'two')`)
    while (bench.sandbox.faults.struck('holdAnswer') === before) await new Promise(resolve => setTimeout(resolve, 10))
    const ended = bench.engine.stop()
    bench.sandbox.faults.clear()
    expect(await ended).toBe(0)
    expect(await bench.engine.position()).not.toBe(saved)
    expect(await bench.target(`select count(*) as n from ${bench.schema}.t`)).toEqual([{ n: 2 }])
  })
})
