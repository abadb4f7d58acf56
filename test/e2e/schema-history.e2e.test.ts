import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { TestServer } from '../../lib/servers/test-server.js'
import { SyncBench } from '../support/sync-bench.js'

const TABLE = `(id int primary key, n int, x varchar(20) character set latin1, e enum('a','b'))`
const OLD = `values (1, -5, 'é', 'b')`

/** Statements behind a first row that is read late; `$` is the table. */
const LAGGING: readonly (readonly [name: string, ...statements: string[]])[] = [
  ['add_last', 'alter table $ add z int', `insert into $ values (2, 6, 'ü', 'a', 7)`],
  ['add_first', 'alter table $ add z int first', `insert into $ values (7, 2, 6, 'ü', 'a')`],
  [
    'add_filled',
    `alter table $ add z varchar(9) not null default 'dé' after n`,
    `insert into $ values (2, 6, 'y', 'ü', 'a')`,
  ],
  ['moved', 'alter table $ modify x varchar(20) character set latin1 first', `insert into $ values ('ü', 2, 6, 'a')`],
  ['renamed_column', 'alter table $ rename column n to m', `insert into $ values (2, 6, 'ü', 'a')`],
  ['longer_enum', `alter table $ modify e enum('a','b','c')`, `insert into $ values (2, 6, 'ü', 'c')`],
  ['other_charset', 'alter table $ convert to character set utf8mb4', `insert into $ values (2, 6, '中', 'a')`],
  [
    'wider',
    'alter table $ modify n bigint, modify x varchar(50) character set latin1',
    `insert into $ values (2, 9007199254740993, 'ü', 'a')`,
  ],
  [
    'drop_add',
    'alter table $ drop n, add k varchar(9) character set latin1 after id',
    `insert into $ values (2, 'k', 'ü', 'a')`,
  ],
  ['dropped_column', 'alter table $ drop n', `insert into $ values (2, 'ü', 'a')`],
  [
    'several',
    'alter table $ add y int',
    'alter table $ add w int first, drop y',
    `insert into $ values (3, 2, 6, 'ü', 'a')`,
  ],
]

const METADATA = { mysql: ['MINIMAL', 'FULL'], mariadb: ['NO_LOG', 'FULL'] } as const

describe.each(['mysql', 'mariadb'] as const)('%s, read from the beginning of the binlog', kind => {
  let bench: SyncBench<TestServer>

  beforeAll(async () => {
    bench = await SyncBench.own(kind)
  })
  afterAll(() => bench?.close())
  beforeEach(async () => {
    await bench.endEngine()
    // Each test begins with an empty binlog.
    await bench.server.sql(kind === 'mysql' ? 'reset binary logs and gtids' : 'reset master')
    await bench.renew()
  })

  async function startLate(): Promise<void> {
    await bench.configure()
    bench.engine.start()
    await bench.engine.caughtUp()
  }

  async function target(sql: string): Promise<string[][]> {
    return (await bench.targetRows(sql)).map(row => row.map(String))
  }

  /** Rows of the columns that the source has now. */
  async function both(table: string): Promise<[unknown[], unknown[]]> {
    const rows = await bench.server.sql(`select * from ${bench.schema}.${table} order by id`)
    const names = Object.keys(rows[0] ?? { id: 0 }).map(name => `\`${name}\``)
    const source = rows.map(row => Object.values(row).map(String))
    return [source, await target(`select ${names.join(', ')} from ${bench.schema}.${table} order by id`)]
  }

  describe.each(METADATA[kind])('with binlog_row_metadata = %s', metadata => {
    beforeAll(() => bench.server.sql(`set global binlog_row_metadata = ${metadata}`))

    test('each row goes by the columns it was written with', async () => {
      for (const [name, ...statements] of LAGGING) {
        const table = `${bench.schema}.${name}`
        await bench.server.sql([
          `create table ${table} ${TABLE}`,
          `insert into ${table} ${OLD}`,
          ...statements.map(sql => sql.replace('$', table)),
        ])
      }
      await startLate()
      const wrong: unknown[] = []
      for (const [name] of LAGGING) {
        const [source, found] = await both(name)
        if (JSON.stringify(source) !== JSON.stringify(found)) wrong.push([name, source, found])
      }
      expect(wrong).toEqual([])
    }, 240_000)

    test('tables that are gone, renamed, or others by now', async () => {
      await bench.server.sql([
        `create table ${bench.schema}.dropped ${TABLE}`,
        `insert into ${bench.schema}.dropped ${OLD}`,
        `drop table ${bench.schema}.dropped`,
        `create table ${bench.schema}.before ${TABLE}`,
        `insert into ${bench.schema}.before ${OLD}`,
        `rename table ${bench.schema}.before to ${bench.schema}.afterwards`,
        `insert into ${bench.schema}.afterwards values (2, 6, 'ü', 'a')`,
        `create table ${bench.schema}.made (id int primary key) select 1 as id, 'made' as v, 5 as w`,
        `alter table ${bench.schema}.made drop v`,
      ])
      await startLate()
      expect(await target(`select id, n, x, e from ${bench.schema}.dropped`)).toEqual([['1', '-5', 'é', 'b']])
      expect(await target(`select id, v, w from ${bench.schema}.made`)).toEqual([['1', 'made', '5']])
      expect(await target(`select id, n, x, e from ${bench.schema}.before`)).toEqual([['1', '-5', 'é', 'b']])
      expect(await target(`select id, n, x, e from ${bench.schema}.afterwards`)).toEqual([['2', '6', 'ü', 'a']])
    }, 240_000)

    test('the history goes on over a restart, also behind DDL that came while the engine was away', async () => {
      await bench.server.sql([`create table ${bench.schema}.t ${TABLE}`, `insert into ${bench.schema}.t ${OLD}`])
      await startLate()
      await bench.engine.stop()
      await bench.server.sql([
        `insert into ${bench.schema}.t values (2, 6, 'ü', 'a')`,
        `alter table ${bench.schema}.t add z int first`,
        `insert into ${bench.schema}.t values (7, 3, 6, 'ü', 'a')`,
        `alter table ${bench.schema}.t drop n`,
        `insert into ${bench.schema}.t values (8, 4, 'ö', 'a')`,
      ])
      bench.engine.start()
      await bench.engine.caughtUp()
      const [source, found] = await both('t')
      expect(found).toEqual(source)
    }, 240_000)

    test('a change by gh-ost or pt-online-schema-change is one change of its table', async () => {
      const t = `${bench.schema}.t`
      const gho = `${bench.schema}._t_gho`
      await bench.server.sql([
        `create table ${t} ${TABLE}`,
        `insert into ${t} ${OLD}`,
        `create table ${gho} like ${t}`,
        `create table ${bench.schema}._t_ghc (id bigint auto_increment primary key, v varchar(64))`,
        `alter table ${gho} add column z varchar(9) default 'new', rename column n to m`,
        `insert into ${gho} (id, m, x, e) select id, n, x, e from ${t}`,
        `insert into ${bench.schema}._t_ghc (v) values ('copied')`,
        `rename table ${t} to ${bench.schema}._t_del, ${gho} to ${t}`,
        `insert into ${t} values (2, 6, 'ü', 'a', 'own')`,
        `drop table ${bench.schema}._t_del, ${bench.schema}._t_ghc`,
      ])
      await startLate()
      const [source, found] = await both('t')
      expect(found).toEqual(source)
      expect(
        (await target(`show tables from ${bench.schema}`)).flat().filter(name => String(name).startsWith('_t_')),
      ).toEqual([])
      expect(bench.engine.output).toContain('_t_gho is taken for the working table')
    }, 240_000)
  })
})
