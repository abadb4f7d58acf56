import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Connection } from 'mysql2/promise'
import type { TestServer } from '../../lib/servers/test-server.js'
import { Random } from '../support/random.js'
import { createImageTables, imageTables, randomStatement } from '../support/row-image-traffic.js'
import { SyncBench } from '../support/sync-bench.js'

const STATEMENTS = 300

describe.each(['mysql', 'mariadb'] as const)('row images of %s', kind => {
  let bench: SyncBench

  beforeAll(async () => {
    bench = await SyncBench.shared(kind)
    // Rows are traced then, also those of incomplete images.
    await bench.configure({ top: kind === 'mariadb' ? { on_bad_row: 'dead_letter' } : {} })
    const connection = await bench.server.connect()
    await createImageTables(connection, bench.schema)
    await connection.end()
    bench.engine.start()
  })
  afterAll(() => bench?.close())

  /** Random statements over sessions with each of these images; calls back between them. */
  async function traffic(
    random: Random,
    images: readonly string[],
    between: (i: number) => Promise<void> = async () => {},
  ) {
    const sessions: Connection[] = []
    for (const image of images) {
      const connection = await bench.server.connect()
      await connection.query(`set session binlog_row_image = ${image}`)
      sessions.push(connection)
    }
    for (let i = 0; i < STATEMENTS; i++) {
      const which = random.below(images.length)
      await sessions[which]!.query(randomStatement(bench.schema, random, images[which] === 'FULL'))
      await between(i)
    }
    for (const session of sessions) await session.end()
  }

  async function compare(random: Random): Promise<void> {
    expect([random.seed, await bench.differences(...imageTables(bench.schema))]).toEqual([random.seed, []])
  }

  test('sessions with FULL, MINIMAL and NOBLOB in one table: the target is the source', async () => {
    const random = new Random(Date.now())
    await traffic(random, ['FULL', 'MINIMAL', 'NOBLOB'])
    await compare(random)
    expect(bench.engine.output).toMatch(/partial updates .* are not written by transactions over several tables/)
  }, 120_000)

  test('killed again and again: epochs that were begun are read again, in transactions or by labels', async () => {
    const random = new Random(Date.now())
    await traffic(random, ['MINIMAL', 'NOBLOB'], async i => {
      if (i % 60 !== 59) return
      await bench.engine.stop('SIGKILL')
      bench.engine.start()
    })
    await compare(random)
  }, 240_000)

  test('a key that moves in a session with MINIMAL stops the stream by table, key and position; nothing is lost', async () => {
    await bench.server.sql([
      `insert into ${bench.schema}.people (id, must) values (7001, 1)`,
      'set session binlog_row_image = MINIMAL',
      `update ${bench.schema}.people set id = 7002, name = 'moved' where id = 7001`,
    ])
    expect(await bench.engine.ended()).toBe(6)
    expect(bench.engine.output).toMatch(
      new RegExp(`${bench.schema}\\.people .*the key of a row changes .*"7001".*"7002"`),
    )
    expect(bench.engine.output).toMatch(/binlog_row_image = FULL/)
  }, 120_000)
})

describe('a source whose binlog_row_image is MINIMAL', () => {
  let bench: SyncBench<TestServer>

  beforeAll(async () => {
    bench = await SyncBench.own('mysql', { rowImage: 'minimal' })
    await bench.server.sql(`create table ${bench.schema}.t (id int primary key, a int, b text)`)
  })
  afterAll(() => bench?.close())

  const configure = (top: Record<string, string>, rule = '') =>
    bench.configure({ top: { server_id: 4711, ...top }, blocks: bench.blocks({ t: rule }) })

  test('transactions that were asked for, and rules that need whole rows, are refused at start', async () => {
    await configure({ delivery: 'atomic' })
    bench.engine.start()
    expect(await bench.engine.ended()).toBe(4)
    expect(bench.engine.output).toMatch(/delivery = "atomic": binlog_row_image = MINIMAL: partial updates/)
    await configure({}, 'mode = "append"\nsr_table = "t_changes"')
    bench.engine.start()
    expect(await bench.engine.ended()).toBe(4)
    const { stdout } = await bench.engine.cli('check')
    for (const said of [bench.engine.output, stdout])
      expect(said).toContain(
        `mode = "append" needs every column of each row of ${bench.schema}.t, and binlog_row_image = MINIMAL`,
      )
  }, 120_000)

  test.each([
    ['operations', 'operations = ["INSERT", "UPDATE"]'],
    ['where, mask', 'where = "a > 1"\nmask = { b = "null" }'],
    ['mode = "partial"', 'mode = "partial"\nsr_table = "wide"\nkey = { number = "id" }'],
  ])('rules that reshape are refused at start, and by check: %s', async (keys, rule) => {
    await configure({}, rule)
    const { stdout } = await bench.engine.cli('check')
    bench.engine.start()
    expect(await bench.engine.ended()).toBe(4)
    for (const said of [bench.engine.output, stdout]) {
      expect(said).toContain(`: ${keys} need every column of each row of ${bench.schema}.t`)
      expect(said).toContain('SET GLOBAL binlog_row_image = FULL')
    }
  })

  test('else it goes by labels, and says why', async () => {
    await configure({})
    bench.engine.start()
    await bench.server.sql([
      `insert into ${bench.schema}.t values (1, 1, 'one'), (2, 2, 'two')`,
      `update ${bench.schema}.t set a = 10 where id = 1`,
      `insert into ${bench.schema}.t (id) values (3)`,
      `delete from ${bench.schema}.t where id = 2`,
    ])
    await bench.engine.caughtUp()
    expect(bench.engine.output).toMatch(/labels.*binlog_row_image = MINIMAL/)
    expect(await bench.differences('t')).toEqual([])
  }, 120_000)
})
