import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import { Engine, type Outcome } from '../support/engine.js'
import { freshSchema, sharedServer } from '../support/servers.js'

describe.each([
  ['labels', '3.3.0', 'mysql'],
  ['atomic', undefined, 'mariadb'],
] as const)('tables that are there already, with delivery = "%s"', (delivery, emulatedVersion, kind) => {
  let server: ServerAddress
  let sandbox: Sandbox
  let engine: Engine
  let schema: string
  let source: Connection
  let target: Connection

  beforeAll(async () => {
    server = await sharedServer(kind)
    sandbox = await startSandbox({
      feHttpPort: 0,
      beHttpPort: 0,
      mysqlPort: 0,
      dataDir: null,
      user: 'root',
      password: '',
      ...(emulatedVersion === undefined ? {} : { emulatedVersion }),
    })
  }, 180_000)
  afterAll(() => sandbox?.close())

  beforeEach(async () => {
    schema = await freshSchema(server)
    source = await server.connect()
    target = await createConnection({ host: '127.0.0.1', port: sandbox.mysqlPort, user: 'root' })
    for (const table of ['plain', 'log', 'later']) {
      await source.query(`create table ${schema}.${table} (id int primary key, v int)`)
      await source.query(`insert into ${schema}.${table} values ${range(1, 500).map(id => `(${id}, ${id})`)}`)
    }
    await target.query(`create database ${schema}`)
    engine = await Engine.create('recopy-')
    await configure(['plain', 'log'])
    engine.start()
    await copied('plain', 500)
    await copied('log', 500)
  }, 120_000)
  afterEach(async () => {
    await engine.destroy()
    await source.end()
    await target.end()
  })

  async function configure(tables: readonly string[]): Promise<void> {
    const rule = (table: string, lines = '') => `[[rule]]\nschema = "${schema}"\ntable = "${table}"\n${lines}\n`
    await engine.configure({
      mysqlPort: server.port,
      fePort: sandbox.mysqlPort,
      feHttpPort: sandbox.feHttpPort,
      flavor: kind,
      schema,
      top: { server_id: 4713, delivery, flush_interval_ms: 50 },
      blocks: [
        '[snapshot]\nmode = "initial"\n',
        `[[source]]\nschema = "${schema}"\ntables = ${JSON.stringify(tables)}\n`,
        rule('plain'),
        rule('later'),
        rule('log', 'mode = "append"'),
      ].join('\n'),
    })
  }

  function range(from: number, to: number): number[] {
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
  }

  async function ids(table: string): Promise<number[]> {
    const [rows] = await target.query<RowDataPacket[]>(`select id from ${schema}.${table} order by id`)
    return rows.map(({ id }) => Number(id))
  }

  /** Resolves when the target has so many rows. */
  async function copied(table: string, count: number): Promise<void> {
    const has = async (): Promise<number> => (await ids(table).catch(() => [])).length
    while (engine.alive && (await has()) < count) await sleep(20)
    if (!engine.alive) throw new Error(engine.output)
  }

  /** Rows behind 500 into all tables until stopped; resolves to the greatest id. */
  function traffic(): { stop(): Promise<number> } {
    let running = true
    const work = (async () => {
      let id = 501
      for (; running; id++) {
        for (const table of ['plain', 'log', 'later'])
          await source.query(`insert into ${schema}.${table} values (${id}, 0)`)
        // Some hundred rows a second leave the machine to what is tested.
        await sleep(5)
      }
      return id - 1
    })()
    return {
      stop: () => {
        running = false
        return work
      },
    }
  }

  const well = (outcome: Outcome): Outcome => {
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    return outcome
  }

  test('a table that a reload brings is copied while rows arrive, and equal at the end', async () => {
    const rows = traffic()
    await configure(['plain', 'log', 'later'])
    const { stdout } = well(await engine.cli('reload'))
    expect(stdout).toContain(`${schema}.later comes: into ${schema}.later`)
    expect(stdout).not.toContain('are not copied')
    await copied('later', 500)
    const last = await rows.stop()
    await engine.caughtUp()
    for (const table of ['plain', 'log', 'later']) expect([table, await ids(table)]).toEqual([table, range(1, last)])
    // One that has left and comes again is copied again.
    await configure(['plain', 'log'])
    well(await engine.cli('reload'))
    await source.query(`insert into ${schema}.later values (1000000, 1)`)
    await configure(['plain', 'log', 'later'])
    well(await engine.cli('reload'))
    await copied('later', last + 1)
  }, 120_000)

  test('recopy mends a target under traffic, all of it or the rows of a condition', async () => {
    const rows = traffic()
    await target.query(`delete from ${schema}.plain where id <= 100`)
    const part = well(await engine.cli('recopy', `${schema}.plain`, '--where', 'id <= 60'))
    expect(part.stdout).toContain(`${schema}.plain: copied, 60 rows`)
    const last = await rows.stop()
    await engine.caughtUp()
    expect(await ids('plain')).toEqual([...range(1, 60), ...range(101, last)])
    well(await engine.cli('recopy', `${schema}.plain`))
    expect(await ids('plain')).toEqual(range(1, last))
  }, 120_000)

  test('a table of changes is copied again into an emptied target alone: each row once, under traffic', async () => {
    const refused = await engine.cli('recopy', `${schema}.log`)
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('would be in it twice') })
    expect(await engine.cli('recopy', `${schema}.log`, '--truncate', '--where', 'id = 1')).toMatchObject({ code: 2 })
    expect(await engine.cli('recopy', `${schema}.nothing`)).toMatchObject({ code: 2 })
    const rows = traffic()
    await target.query(`insert into ${schema}.log select * from ${schema}.log`)
    well(await engine.cli('recopy', `${schema}.log`, '--truncate'))
    const last = await rows.stop()
    await engine.caughtUp()
    expect(await ids('log')).toEqual(range(1, last))
    expect(await ids('plain')).toEqual(range(1, last))
  }, 120_000)

  test('a table of changes that comes again is refused while its target has rows, and the old configuration runs on', async () => {
    await configure(['plain'])
    well(await engine.cli('reload'))
    await source.query(`insert into ${schema}.log values (501, 1)`)
    await configure(['plain', 'log'])
    const refusal = { code: 5, stderr: expect.stringMatching(/log would be copied into .*TRUNCATE TABLE/s) }
    expect(await engine.cli('reload', '--dry-run')).toMatchObject(refusal)
    expect(await engine.cli('reload')).toMatchObject(refusal)
    await source.query(`insert into ${schema}.plain values (501, 1)`)
    await engine.caughtUp()
    expect([await ids('plain'), await ids('log')]).toEqual([range(1, 501), range(1, 500)])
    await target.query(`truncate table ${schema}.log`)
    well(await engine.cli('reload'))
    await copied('log', 501)
    await engine.caughtUp()
    expect(await ids('log')).toEqual(range(1, 501))
  }, 120_000)

  test('an engine that has lost its data_dir copies no change twice', async () => {
    await engine.stop()
    await rm(engine.dataDir, { recursive: true })
    engine.start()
    if (delivery === 'labels') {
      expect(await engine.ended()).toBe(5)
      expect(engine.output).toMatch(/log would be copied into .*log, where rows are already.*kind=snapshotUnfit/)
      expect([await ids('plain'), await ids('log')]).toEqual([range(1, 500), range(1, 500)])
      await target.query(`truncate table ${schema}.log`)
      engine.start()
    }
    await source.query(`insert into ${schema}.log values (501, 1)`)
    await copied('log', 501)
    await engine.caughtUp()
    expect(await ids('log')).toEqual(range(1, 501))
    const had = 'had rows before the copy began'
    if (delivery === 'labels') expect(engine.output).toContain(`${schema}.plain ${had}`)
  }, 120_000)

  test('without an engine it is noted for the next start', async () => {
    await engine.stop()
    await target.query(`delete from ${schema}.plain where id <= 100`)
    await target.query(`insert into ${schema}.log select * from ${schema}.log`)
    expect(await engine.cli('recopy', `${schema}.log`)).toMatchObject({ code: 2 })
    expect(well(await engine.cli('recopy', `${schema}.log`, '--truncate')).stdout).toContain('the next start copies')
    well(await engine.cli('recopy', `${schema}.plain`))
    await source.query(`insert into ${schema}.log values (501, 1)`)
    engine.start()
    await copied('plain', 500)
    await copied('log', 501)
    await engine.caughtUp()
    expect(await ids('log')).toEqual(range(1, 501))
  }, 120_000)
})
