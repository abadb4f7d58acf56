import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { TargetAlterer } from '../../lib/starrocks/alter-target.js'
import type { Statements } from '../../lib/starrocks/starrocks-session.js'
import { StarRocksSink } from '../../lib/starrocks/starrocks-sink.js'
import { ALTER_TIMES, AlteredTarget, addedC, NEVER, stepsOf } from '../support/altered-target.js'
import { rejectionOf } from '../support/failure-of.js'
import { sourceColumn } from '../support/source-column.js'
import { evolution } from '../support/table-change.js'

let target: AlteredTarget
beforeAll(async () => {
  target = await AlteredTarget.start()
})
afterAll(() => target.close())
beforeEach(() => target.reset())
afterEach(() => target.sandbox.faults.clear())

const { alter, rows, columns }: Pick<AlteredTarget, 'alter' | 'rows' | 'columns'> = {
  alter: (...args) => target.alter(...args),
  rows: sql => target.rows(sql),
  columns: () => target.columns(),
}

describe('tables', () => {
  test('renamed, once, and then changed', async () => {
    const what = { ...stepsOf({ kind: 'renameTable', from: 't' }, { kind: 'dropColumn', name: 'b' }), table: 'u' }
    expect((await alter(what)).statements).toEqual([
      'ALTER TABLE `d`.`t` RENAME `u`',
      'ALTER TABLE `d`.`u` DROP COLUMN `b`',
    ])
    expect((await alter(what)).statements).toEqual([])
    expect(await rows('SELECT * FROM d.u ORDER BY id')).toEqual([
      ['1', '10'],
      ['2', null],
    ])
    await target.session.execute('CREATE TABLE d.t (id INT NOT NULL) PRIMARY KEY (id)')
    expect((await rejectionOf(alter(what))).message).toMatch(/d\.t is to be renamed, and d\.u is there already/)
  })
  test('truncated and dropped', async () => {
    await alter(stepsOf({ kind: 'truncate' }))
    expect(await rows()).toEqual([])
    await alter(stepsOf({ kind: 'dropTable' }))
    expect(
      (await alter(stepsOf({ kind: 'dropTable' }, { kind: 'truncate' }, { kind: 'dropColumn', name: 'b' }))).statements,
    ).toEqual([])
    expect(await rows('SHOW TABLES FROM d')).toEqual([])
  })
})

describe('schema change jobs', () => {
  const job = async () => (await rows('SHOW ALTER TABLE COLUMN FROM d')).map(row => [row[9], row[10]])
  const until = async (state: string) => {
    while ((await job()).at(-1)?.[0] !== state) await new Promise(resolve => setImmediate(resolve))
  }

  test('a slow one is waited for, and the next statement comes after it', async () => {
    target.sandbox.faults.set({ holdAlter: { times: 1 } })
    let over = false
    const altering = alter(stepsOf({ kind: 'dropColumn', name: 'a' }, { kind: 'dropColumn', name: 'b' })).finally(
      () => {
        over = true
      },
    )
    await until('RUNNING')
    expect((await columns()).length).toBe(3)
    expect(over).toBe(false)
    target.sandbox.faults.clear()
    expect((await altering).statements).toHaveLength(2)
    expect((await columns()).length).toBe(1)
  })
  test("somebody else's, or one from before a crash, is waited for, and looked at before anything is done", async () => {
    target.sandbox.faults.set({ holdAlter: true })
    await target.session.execute('ALTER TABLE d.t ADD COLUMN c INT NULL')
    await until('RUNNING')
    const altering = alter(addedC('int', null))
    await expect(target.session.execute('ALTER TABLE d.t DROP COLUMN b')).rejects.toMatchObject({
      kind: 'targetBusy',
      message: expect.stringMatching(/A schema change operation is in progress on the table t/),
    })
    target.sandbox.faults.clear()
    expect((await altering).statements).toEqual([])
    expect((await columns()).length).toBe(4)
  })
  test('a cancelled one is a failure with its reason', async () => {
    target.sandbox.faults.set({ alterCancelled: 'no disk space' })
    const failure = await rejectionOf(alter(stepsOf({ kind: 'dropColumn', name: 'a' })))
    expect(failure).toMatchObject({
      kind: 'ddlUnsupported',
      message: expect.stringMatching(/cancelled.*no disk space/),
    })
    expect(failure.advice).toContain('ALTER TABLE `d`.`t` DROP COLUMN `a`')
    target.sandbox.faults.clear()
    await alter(stepsOf({ kind: 'dropColumn', name: 'a' }))
  })
  test('one that was cancelled long ago is none of our business', async () => {
    target.sandbox.faults.set({ alterCancelled: { times: 1 } })
    await target.session.execute('ALTER TABLE d.t DROP COLUMN a')
    await alter(stepsOf({ kind: 'dropColumn', name: 'a' }))
    await alter(stepsOf({ kind: 'commentColumn', name: 'b', comment: 'x' }))
  })
  test('it ends with the limit, or with the engine', async () => {
    target.sandbox.faults.set({ holdAlter: true })
    const stop = new AbortController()
    const altering = alter(stepsOf({ kind: 'dropColumn', name: 'a' }), target.session, stop.signal)
    await until('RUNNING')
    stop.abort()
    expect((await rejectionOf(altering)).kind).toBe('targetBusy')
    const short = new TargetAlterer(target.session, { ...ALTER_TIMES, limitMs: 30 }).evolve(
      stepsOf({ kind: 'truncate' }),
      NEVER,
    )
    expect(await rejectionOf(short)).toMatchObject({
      kind: 'targetBusy',
      message: expect.stringMatching(/d\.t.*RUNNING/),
    })
    target.sandbox.faults.clear()
    await until('FINISHED')
  })
})

test('killed behind any of its statements, it comes to the same end', async () => {
  const listed = (...list: [string, string][]) => list.map(([name, type]) => sourceColumn(name, type))
  const what = evolution({
    before: listed(['a', 'int'], ['b', 'varchar(10)'], ['n', 'smallint'], ['gone', 'int']),
    after: [
      ...listed(['z', 'bigint'], ['b', 'varchar(30)'], ['n', 'smallint'], ['c', 'int'], ['f', 'double']),
      sourceColumn('d', 'date', { comment: 'd' }),
    ],
    renamed: { a: 'z' },
    fills: { c: { kind: 'text', text: '8' }, f: { kind: 'text', text: '0.1' }, d: { kind: 'null' } },
  })
  const outcome = async (killAt: number) => {
    await target.session.execute('DROP TABLE IF EXISTS d.t FORCE')
    await target.session.execute(
      'CREATE TABLE d.t (id INT NOT NULL, a INT, b VARCHAR(40), n SMALLINT, gone INT NOT NULL) PRIMARY KEY (id)',
    )
    await target.session.execute('INSERT INTO d.t VALUES (1, 10, "x", 1, 1), (2, NULL, NULL, 2, 2)')
    let left = killAt
    const dying: Statements = {
      query: sql => target.session.query(sql),
      execute: async sql => {
        await target.session.execute(sql)
        left--
        if (left === 0) throw new Error('killed')
      },
    }
    const { statements } = await alter(what, dying).catch(() => alter(what))
    return { statements, end: [await columns(), await rows()] }
  }
  const whole = await outcome(Number.POSITIVE_INFINITY)
  expect(whole.end[1]).toEqual([
    ['1', '10', 'x', '1', '1', '8', '0.1', null],
    ['2', null, null, '2', '2', '8', '0.1', null],
  ])
  expect(whole.statements.length).toBeGreaterThan(8)
  for (let at = 1; at <= whole.statements.length; at++) expect((await outcome(at)).end).toEqual(whole.end)
}, 120_000)

test('the sink does it', async () => {
  const sink = new StarRocksSink({ ...target.options, alterTimes: ALTER_TIMES })
  try {
    const { statements } = await sink.evolve(addedC('int', '4'), NEVER)
    expect(statements).toEqual(['ALTER TABLE `d`.`t` ADD COLUMN `c` INT NULL DEFAULT "4" COMMENT "the ""c"""'])
    expect((await sink.evolve({ ...addedC('int', null), table: 'nosuch' }, NEVER)).statements).toEqual([])
  } finally {
    await sink.close()
  }
})
