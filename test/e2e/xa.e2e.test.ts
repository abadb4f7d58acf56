import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { decidePrepared } from '../support/prepared-branch.js'
import { SyncBench } from '../support/sync-bench.js'

const ODD = `x'00ff27', x'5c220a'`

describe.each([
  ['mysql', 'atomic', '4.1.0'],
  ['mariadb', 'labels', '3.3.0'],
] as const)('XA transactions from %s, delivery = "%s"', (kind, delivery, emulatedVersion) => {
  let bench: SyncBench
  // MySQL takes a format id that its XA_PREPARE event has no room for.
  const odd = `${ODD}, ${kind === 'mysql' ? 4294967301 : 2147483647}`

  beforeAll(async () => {
    bench = await SyncBench.shared(kind, { sandbox: { emulatedVersion }, folder: 'xa-' })
    await bench.configure({ top: { delivery }, blocks: bench.blocks({ t: '', u: 'mode = "append"' }) })
    await bench.server.sql([
      `create table ${bench.schema}.t (id int primary key, v varchar(100))`,
      `create table ${bench.schema}.u (id int primary key, v int)`,
      `create table ${bench.schema}.unwanted (id int primary key)`,
    ])
  })
  afterAll(() => bench?.close())

  /** Prepares a branch on a connection of its own, which then goes away. */
  async function prepare(xid: string, ...statements: string[]): Promise<void> {
    const connection = await bench.server.connect({ database: bench.schema })
    try {
      for (const sql of [`xa start ${xid}`, ...statements, `xa end ${xid}`, `xa prepare ${xid}`])
        await connection.query(sql)
    } finally {
      await connection.end()
    }
  }

  const decide = (step: 'commit' | 'rollback', xid: string) => decidePrepared(bench.server, step, xid)

  async function sameAsSource(): Promise<void> {
    for (const table of ['t', 'u']) {
      const wanted = await bench.server.sql(`select id, v from ${bench.schema}.${table} order by id`)
      expect(await bench.target(`select id, v from ${bench.schema}.${table} order by id`)).toEqual(wanted)
    }
  }

  const kept = async () => (await readdir(join(bench.engine.folder, 'var', 'xa'))).filter(name => name.endsWith('.xa'))

  test('rows are there after XA COMMIT, not before it, and never after XA ROLLBACK', async () => {
    bench.engine.start()
    await bench.engine.caughtUp()
    await prepare(`'first'`, `insert into t values (1, 'one'), (2, 'zwei')`, 'insert into u values (1, 1)')
    await prepare(odd, `insert into t values (3, 'rolled back')`, 'insert into unwanted values (1)')
    await prepare(`'none'`, 'insert into unwanted values (2)')
    await bench.server.sql(`insert into ${bench.schema}.t values (4, 'plain')`)
    await bench.engine.caughtUp()
    expect(await bench.target(`select id from ${bench.schema}.t order by id`)).toEqual([{ id: 4 }])
    expect(await kept()).toHaveLength(3)
    await decide('rollback', odd)
    await decide('commit', `'first'`)
    await decide('commit', `'none'`)
    await bench.engine.caughtUp()
    await sameAsSource()
    expect(await bench.target(`select count(*) as n from ${bench.schema}.t`)).toEqual([{ n: 3 }])
  })

  test('over a stop, a kill, and DDL on other tables between prepare and commit', async () => {
    await prepare(`'kept', 'b', 7`, `update t set v = concat(v, '!') where id = 1`, 'insert into u values (2, 2)')
    await prepare(odd, `insert into t values (5, 'again')`, 'insert into u values (3, 3)')
    await prepare(`'drop'`, 'insert into u values (99, 99)')
    await bench.engine.caughtUp()
    expect(await bench.engine.stop()).toBe(0)
    await bench.server.sql([
      `create table ${bench.schema}.other (id int primary key)`,
      `alter table ${bench.schema}.other add x int`,
    ])
    await decide('commit', `'kept', 'b', 7`)
    bench.engine.start()
    await bench.engine.caughtUp()
    await sameAsSource()
    await bench.engine.stop('SIGKILL')
    await decide('rollback', `'drop'`)
    await decide('commit', odd)
    await bench.server.sql(`insert into ${bench.schema}.u values (4, 4)`)
    bench.engine.start()
    await bench.engine.caughtUp()
    await sameAsSource()
    await bench.server.sql(`insert into ${bench.schema}.u values (5, 5)`)
    await bench.engine.caughtUp()
    expect(await kept()).toEqual([])
  })

  test('one phase, savepoints inside, and (MySQL) compressed', async () => {
    const connection = await bench.server.connect({ database: bench.schema })
    const compressed = kind === 'mysql' ? 'set session binlog_transaction_compression = 1' : 'do 0'
    for (const sql of [
      `xa start 'one'`,
      `insert into t values (10, 'x')`,
      'savepoint s',
      `insert into t values (11, 'x')`,
      'rollback to s',
      'insert into u values (10, 10)',
      `xa end 'one'`,
      `xa commit 'one' one phase`,
      compressed,
      `xa start 'packed'`,
      `insert into t values (12, repeat('x', 90))`,
      `update t set v = 'y' where id = 10`,
      'insert into u values (11, 11)',
      `xa end 'packed'`,
      `xa prepare 'packed'`,
    ])
      await connection.query(sql)
    await bench.engine.caughtUp()
    expect(await bench.target(`select id from ${bench.schema}.u where id > 9`)).toEqual([{ id: 10 }])
    await connection.query(`xa commit 'packed'`)
    await connection.end()
    await bench.engine.caughtUp()
    await sameAsSource()
  })

  test('prepared before the place where reading begins: the commit is a stop that says so', async () => {
    await prepare(`'lost'`, `insert into t values (20, 'lost')`)
    await bench.engine.caughtUp()
    await bench.engine.stop()
    await rm(join(bench.engine.folder, 'var', 'xa'), { recursive: true })
    await decide('commit', `'lost'`)
    bench.engine.start()
    expect(await bench.engine.ended()).toBe(6)
    expect(bench.engine.output).toMatch(
      /X'6c6f7374',X'',1 is committed, but its XA PREPARE lies before[\s\S]*back to before the XA PREPARE/,
    )
  })
})
