import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { TargetEvolution, TargetStep } from '../../lib/model/target-change.js'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import { TargetAlterer } from '../../lib/starrocks/alter-target.js'
import { Frontends } from '../../lib/starrocks/frontends.js'
import { StarRocksSession, type Statements } from '../../lib/starrocks/starrocks-session.js'
import { StarRocksSink } from '../../lib/starrocks/starrocks-sink.js'
import { rejectionOf } from '../support/failure-of.js'
import { sourceColumn } from '../support/source-column.js'
import { evolution } from '../support/table-change.js'
import { sinkOptions } from './fixtures.js'

const NEVER = new AbortController().signal
const TIMES = { pollMs: 5, slowPollMs: 20, limitMs: 20_000 }
let sandbox: Sandbox
let options: ReturnType<typeof sinkOptions>
let session: StarRocksSession

beforeAll(async () => {
  const ports = { feHttpPort: 0, beHttpPort: 0, mysqlPort: 0 }
  sandbox = await startSandbox({ ...ports, dataDir: null, user: 'sync', password: 'se:cret@1' })
  const { feHttpPort: httpPort, mysqlPort: queryPort } = sandbox
  options = sinkOptions({ frontends: [{ host: '127.0.0.1', queryPort, httpPort }] })
  session = new StarRocksSession(options, new Frontends(options))
})
afterAll(async () => {
  await session.close()
  await sandbox.close()
})
beforeEach(async () => {
  await session.execute('DROP DATABASE IF EXISTS d')
  await session.execute('CREATE DATABASE d')
  await session.execute(
    'CREATE TABLE d.t (id INT NOT NULL, a INT NULL COMMENT "an a", b VARCHAR(40) NULL) PRIMARY KEY (id)',
  )
  await session.execute('INSERT INTO d.t VALUES (1, 10, "x"), (2, NULL, "yes")')
})
afterEach(() => sandbox.faults.clear())

const of = (...steps: TargetStep[]): TargetEvolution => ({ ...evolution({ before: [], after: [] }), steps })
const alter = (what: TargetEvolution, statements: Statements = session, signal = NEVER) =>
  new TargetAlterer(statements, TIMES).evolve(what, signal)
const rows = async (sql = 'SELECT * FROM d.t ORDER BY id') => (await session.query(sql)).map(row => [...row.values()])
const describeTable = async () =>
  (await rows('SHOW FULL COLUMNS FROM d.t')).map(row => [row[0], row[1], row[3], row[5], row[8]].join(' ').trim())

/** Runs it twice: the second time has nothing to do. */
async function twice(what: TargetEvolution): Promise<readonly string[]> {
  const { statements } = await alter(what)
  const [columns, found] = [await describeTable(), await rows()]
  expect(await alter(what)).toMatchObject({ statements: [] })
  expect([await describeTable(), await rows()]).toEqual([columns, found])
  return statements
}

const added = (type: string, fill: { text: string } | null) => {
  const fills = { c: fill === null ? ({ kind: 'null' } as const) : ({ kind: 'text', text: fill.text } as const) }
  return evolution({ before: [], after: [sourceColumn('c', type, { comment: 'the "c"' })], fills })
}

describe('added columns', () => {
  test.each([
    ['int', null, null, 'c int YES  the "c"'],
    ['int', '-7', '-7', 'c int YES -7 the "c"'],
    ['bigint unsigned', '18446744073709551615', '18446744073709551615', 'c largeint YES 18446744073709551615 the "c"'],
    ['decimal(5,2)', '1.50', '1.50', 'c decimal(5,2) YES 1.50 the "c"'],
    ['varchar(20)', 'it"s \\ `', 'it"s \\ `', 'c varchar(80) YES it"s \\ ` the "c"'],
    ['varchar(20)', '', '', 'c varchar(80) YES  the "c"'],
    ['varchar(20)', 'two\nlines', 'two\nlines', 'c varchar(80) YES  the "c"'],
    ['datetime', '2020-01-02 03:04:05', '2020-01-02 03:04:05', 'c datetime YES 2020-01-02 03:04:05 the "c"'],
    ['datetime(6)', '2020-01-02 03:04:05.000678', '2020-01-02 03:04:05.000678', 'c datetime YES  the "c"'],
    ['double', '0.1', '0.1', 'c double YES  the "c"'],
    ['json', '{"a": "b\\"c"}', '{"a": "b\\"c"}', 'c json YES  the "c"'],
    ['varbinary(9)', 'bytes', 'bytes', 'c varbinary(9) YES  the "c"'],
  ])('%s with %j', async (type, text, value, described) => {
    await twice(added(type, text === null ? null : { text }))
    expect((await rows('SELECT c FROM d.t')).flat()).toEqual([value, value])
    expect((await describeTable()).at(-1)).toBe(described.trim())
  })

  test('an UPDATE that a crash has left undone is made up for, and one that is done is not repeated', async () => {
    const what = added('double', { text: '0.1' })
    const dying: Statements = {
      query: sql => session.query(sql),
      execute: sql => (sql.startsWith('UPDATE') ? Promise.reject(new Error('killed')) : session.execute(sql)),
    }
    await expect(alter(what, dying)).rejects.toThrow('killed')
    expect((await rows('SELECT c FROM d.t')).flat()).toEqual([null, null])
    await alter(what)
    await session.execute('INSERT INTO d.t (id, c) VALUES (1, NULL), (3, 7)')
    expect(await alter(what)).toMatchObject({ statements: [] })
    expect((await rows('SELECT c FROM d.t ORDER BY id')).flat()).toEqual([null, '0.1', '7'])
  })

  test('values nobody knows: the statement to run by hand, after which it goes on', async () => {
    const fills = { c: { kind: 'unknown', reason: 'counts up (AUTO_INCREMENT)' } } as const
    const what = evolution({ before: [], after: [sourceColumn('c', 'int')], fills })
    const failure = await rejectionOf(alter(what))
    expect(failure).toMatchObject({ kind: 'ddlUnsupported' })
    expect(failure.message).toBe(
      's.t -> d.t: the added column c counts up (AUTO_INCREMENT), so rows that are there cannot be given its values. The source ran: ALTER TABLE t …',
    )
    await session.execute(/ALTER TABLE [^;]+/.exec(failure.advice)![0])
    expect(await alter(what)).toMatchObject({ statements: [] })
  })

  test('a column that was kept when the source dropped it comes back without its old values', async () => {
    const b = sourceColumn('b', 'varchar(10)')
    await twice(evolution({ before: [b], after: [] }))
    expect((await describeTable())[2]).toBe('b varchar(40) YES  mysql-sr-sync: dropped in the source')
    await twice(evolution({ before: [], after: [b], fills: { b: { kind: 'text', text: 'new' } } }))
    expect((await rows('SELECT b FROM d.t')).flat()).toEqual(['new', 'new'])
    await alter(evolution({ before: [b], after: [] }))
    const other = evolution({ before: [], after: [sourceColumn('b', 'json')] })
    expect((await rejectionOf(alter(other))).advice).toContain('ALTER TABLE `d`.`t` DROP COLUMN `b`')
  })

  test('a target with rows of other tables takes defaults only', async () => {
    const shared = { ...added('int', { text: '5' }), shared: true }
    await alter(shared)
    expect(await alter(shared)).toMatchObject({ statements: [] })
    const other = { ...added('int', { text: '6' }), shared: true }
    expect((await rejectionOf(alter(other))).message).toMatch(/column c is in the target already/)
    await session.execute('ALTER TABLE d.t DROP COLUMN c')
    const updated = { ...added('double', { text: '0.1' }), shared: true }
    expect((await rejectionOf(alter(updated))).advice).toMatch(/UPDATE `d`\.`t` SET `c` = "0\.1"/)
  })
})

describe('other columns', () => {
  test('renamed, once', async () => {
    const what = evolution({
      before: [sourceColumn('a', 'int')],
      after: [sourceColumn('z', 'int')],
      renamed: { a: 'z' },
    })
    expect(await twice(what)).toEqual(['ALTER TABLE `d`.`t` RENAME COLUMN `a` TO `z`'])
    expect((await rows('SELECT z FROM d.t ORDER BY id')).flat()).toEqual(['10', null])
    await session.execute('ALTER TABLE d.t ADD COLUMN a INT')
    expect(await rejectionOf(alter(what))).toMatchObject({
      kind: 'ddlUnsupported',
      advice: expect.stringContaining(
        'ALTER TABLE `d`.`t` DROP COLUMN `z`; ALTER TABLE `d`.`t` RENAME COLUMN `a` TO `z`',
      ),
    })
  })
  test('dropped, or made fit to be left alone', async () => {
    await session.execute('ALTER TABLE d.t ADD COLUMN n INT NOT NULL DEFAULT "3"')
    await session.execute('CREATE TABLE d.u (id INT NOT NULL, m INT NOT NULL COMMENT "m") PRIMARY KEY (id)')
    await twice(of({ kind: 'dropColumn', name: 'b' }))
    const left = { ...of({ kind: 'leaveColumn', name: 'm', mark: true }), table: 'u' }
    expect((await alter(left)).statements).toEqual([
      'ALTER TABLE `d`.`u` MODIFY COLUMN `m` INT NULL COMMENT "m"',
      'ALTER TABLE `d`.`u` MODIFY COLUMN `m` COMMENT "mysql-sr-sync: dropped in the source; m"',
    ])
    expect((await alter(left)).statements).toEqual([])
    expect(await describeTable()).toEqual(['id int NO', 'a int YES  an a', 'n int NO 3'])
    await session.execute('INSERT INTO d.u (id) VALUES (1)')
  })
  test('widened, with default and comment kept', async () => {
    await session.execute('ALTER TABLE d.t ADD COLUMN n SMALLINT NOT NULL DEFAULT "3" COMMENT "n"')
    await twice(of({ kind: 'modifyColumn', name: 'n', type: 'bigint', nullable: false }))
    await twice(of({ kind: 'modifyColumn', name: 'a', type: 'varchar(44)', nullable: true }))
    expect(await describeTable()).toEqual([
      'id int NO',
      'a varchar(44) YES  an a',
      'b varchar(40) YES',
      'n bigint NO 3 n',
    ])
    expect(await rows()).toEqual([
      ['1', '10', 'x', '3'],
      ['2', null, 'yes', '3'],
    ])
  })
  test('wide enough already', async () => {
    expect(await twice(of({ kind: 'modifyColumn', name: 'b', type: 'varchar(20)', nullable: true }))).toEqual([])
    expect(await twice(of({ kind: 'modifyColumn', name: 'a', type: 'smallint', nullable: false }))).toEqual([])
  })
  test('a decimal takes what both sides need', async () => {
    await session.execute('ALTER TABLE d.t ADD COLUMN n DECIMAL(9,2)')
    await twice(of({ kind: 'modifyColumn', name: 'n', type: 'decimal(8,4)', nullable: true }))
    expect((await describeTable()).at(-1)).toBe('n decimal(11,4) YES')
  })
  test('sums widen as sums', async () => {
    await session.execute('CREATE TABLE d.u (b VARCHAR(9), n BIGINT SUM) AGGREGATE KEY (b)')
    const what = { ...of({ kind: 'modifyColumn', name: 'n', type: 'largeint', nullable: true } as const), table: 'u' }
    expect((await alter(what)).statements).toEqual(['ALTER TABLE `d`.`u` MODIFY COLUMN `n` LARGEINT SUM NULL'])
    expect((await alter(what)).statements).toEqual([])
  })
  test.each([
    [
      'a',
      'date',
      /ADD COLUMN `a_new` DATE NULL COMMENT "an a"; UPDATE .* DROP COLUMN `a`; .* RENAME COLUMN `a_new` TO `a`/,
    ],
    ['id', 'bigint', /DROP TABLE `d`\.`t`/],
  ])('what MODIFY cannot do (%s -> %s) is left to the operator', async (name, type, advice) => {
    expect(await rejectionOf(alter(of({ kind: 'modifyColumn', name, type, nullable: true })))).toMatchObject({
      kind: 'ddlUnsupported',
      message: expect.stringMatching(new RegExp(`column ${name} needs ${type}, it is int`)),
      advice: expect.stringMatching(advice),
    })
  })
  test('a longer VARCHAR key', async () => {
    await session.execute('CREATE TABLE d.u (k VARCHAR(8) NOT NULL, v INT) PRIMARY KEY (k)')
    const what = {
      ...of({ kind: 'modifyColumn', name: 'k', type: 'varchar(80)', nullable: false } as const),
      table: 'u',
    }
    expect((await alter(what)).statements).toEqual(['ALTER TABLE `d`.`u` MODIFY COLUMN `k` VARCHAR(80) NOT NULL'])
  })
  test('what StarRocks refuses is told with the statement', async () => {
    await session.execute('CREATE TABLE d.u (id INT NOT NULL, s INT) PRIMARY KEY (id) ORDER BY (s)')
    const failure = await rejectionOf(alter({ ...of({ kind: 'dropColumn', name: 's' }), table: 'u' }))
    expect(failure).toMatchObject({
      kind: 'ddlUnsupported',
      message: expect.stringMatching(/Can not drop sort column/),
    })
    expect(failure.advice).toContain('ALTER TABLE `d`.`u` DROP COLUMN `s`')
  })
  test('comments', async () => {
    await twice(
      of({ kind: 'commentColumn', name: 'a', comment: 'say "a"' }, { kind: 'commentTable', comment: 'the t' }),
    )
    expect((await describeTable())[1]).toBe('a int YES  say "a"')
    expect((await rows('SHOW CREATE TABLE d.t'))[0]![1]).toContain('COMMENT "the t"')
  })
  test('a comment is not worth a stop', async () => {
    const old: Statements = {
      query: sql => session.query(sql),
      execute: sql => session.execute(sql.replace(/COMMENT/, 'NO COMMENT')),
    }
    const { statements, warnings } = await alter(of({ kind: 'commentTable', comment: 'x' }), old)
    expect(statements).toEqual([])
    expect(warnings).toMatchObject([{ advice: 'ALTER TABLE `d`.`t` COMMENT = "x";' }])
  })
})

describe('doubted values', () => {
  const doubt = (name: string, what: Extract<TargetStep, { kind: 'expectNone' }>['doubt']) =>
    of({ kind: 'expectNone', name, formerName: name, doubt: what, reason: 'became smaller' })
  test.each([
    ['a', { kind: 'outside', low: '-9', high: '9' }, { kind: 'outside', low: '-10', high: '10' }],
    ['b', { kind: 'longerThan', length: 2, unit: 'characters' }, { kind: 'longerThan', length: 3, unit: 'bytes' }],
    ['b', { kind: 'oneOf', values: ['q"', 'yes'] }, { kind: 'oneOf', values: ['Yes', 'no'] }],
    ['a', { kind: 'isNull' }, null],
    ['b', { kind: 'notAscii' }, null],
    ['b', { kind: 'endsInSpace' }, null],
  ] as const)('%s: %j', async (name, guilty, innocent) => {
    if (innocent !== null) await alter(doubt(name, innocent))
    else {
      await session.execute('INSERT INTO d.t VALUES (1, 1, "x"), (2, 2, "y")')
      await alter(doubt(name, guilty))
      await session.execute('INSERT INTO d.t VALUES (1, NULL, "é "), (2, 1, "é"), (3, 1, "e ")')
    }
    expect(await rejectionOf(alter(doubt(name, guilty)))).toMatchObject({
      kind: 'ddlUnsupported',
      message: expect.stringMatching(new RegExp(`d\\.t: column ${name} became smaller without row events`)),
      advice: expect.stringMatching(/UPDATE `d`\.`t` SET `[ab]` = … with the values of the source WHERE/),
    })
  })
  test('nothing is changed before they are looked at', async () => {
    const what = evolution({
      before: [sourceColumn('a', 'int')],
      after: [sourceColumn('a', 'tinyint', { nullable: false }), sourceColumn('c', 'int')],
    })
    const before = await describeTable()
    expect((await rejectionOf(alter(what))).message).toMatch(/a is NOT NULL now/)
    expect(await describeTable()).toEqual(before)
  })
})

describe('tables', () => {
  test('renamed, once, and then changed', async () => {
    const what = { ...of({ kind: 'renameTable', from: 't' }, { kind: 'dropColumn', name: 'b' }), table: 'u' }
    expect((await alter(what)).statements).toEqual([
      'ALTER TABLE `d`.`t` RENAME `u`',
      'ALTER TABLE `d`.`u` DROP COLUMN `b`',
    ])
    expect((await alter(what)).statements).toEqual([])
    expect(await rows('SELECT * FROM d.u ORDER BY id')).toEqual([
      ['1', '10'],
      ['2', null],
    ])
    await session.execute('CREATE TABLE d.t (id INT NOT NULL) PRIMARY KEY (id)')
    expect((await rejectionOf(alter(what))).message).toMatch(/d\.t is to be renamed, and d\.u is there already/)
  })
  test('truncated and dropped', async () => {
    await alter(of({ kind: 'truncate' }))
    expect(await rows()).toEqual([])
    await alter(of({ kind: 'dropTable' }))
    expect(
      (await alter(of({ kind: 'dropTable' }, { kind: 'truncate' }, { kind: 'dropColumn', name: 'b' }))).statements,
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
    sandbox.faults.set({ holdAlter: { times: 1 } })
    let over = false
    const altering = alter(of({ kind: 'dropColumn', name: 'a' }, { kind: 'dropColumn', name: 'b' })).finally(() => {
      over = true
    })
    await until('RUNNING')
    expect((await describeTable()).length).toBe(3)
    expect(over).toBe(false)
    sandbox.faults.clear()
    expect((await altering).statements).toHaveLength(2)
    expect((await describeTable()).length).toBe(1)
  })
  test("somebody else's, or one from before a crash, is waited for, and looked at before anything is done", async () => {
    sandbox.faults.set({ holdAlter: true })
    await session.execute('ALTER TABLE d.t ADD COLUMN c INT NULL')
    await until('RUNNING')
    const altering = alter(added('int', null))
    await expect(session.execute('ALTER TABLE d.t DROP COLUMN b')).rejects.toMatchObject({
      kind: 'targetBusy',
      message: expect.stringMatching(/A schema change operation is in progress on the table t/),
    })
    sandbox.faults.clear()
    expect((await altering).statements).toEqual([])
    expect((await describeTable()).length).toBe(4)
  })
  test('a cancelled one is a failure with its reason', async () => {
    sandbox.faults.set({ alterCancelled: 'no disk space' })
    const failure = await rejectionOf(alter(of({ kind: 'dropColumn', name: 'a' })))
    expect(failure).toMatchObject({
      kind: 'ddlUnsupported',
      message: expect.stringMatching(/cancelled.*no disk space/),
    })
    expect(failure.advice).toContain('ALTER TABLE `d`.`t` DROP COLUMN `a`')
    sandbox.faults.clear()
    await twice(of({ kind: 'dropColumn', name: 'a' }))
  })
  test('one that was cancelled long ago is none of our business', async () => {
    sandbox.faults.set({ alterCancelled: { times: 1 } })
    await session.execute('ALTER TABLE d.t DROP COLUMN a')
    await twice(of({ kind: 'dropColumn', name: 'a' }))
    await twice(of({ kind: 'commentColumn', name: 'b', comment: 'x' }))
  })
  test('it ends with the limit, or with the engine', async () => {
    sandbox.faults.set({ holdAlter: true })
    const stop = new AbortController()
    const altering = alter(of({ kind: 'dropColumn', name: 'a' }), session, stop.signal)
    await until('RUNNING')
    stop.abort()
    expect((await rejectionOf(altering)).kind).toBe('targetBusy')
    const short = new TargetAlterer(session, { ...TIMES, limitMs: 30 }).evolve(of({ kind: 'truncate' }), NEVER)
    expect(await rejectionOf(short)).toMatchObject({
      kind: 'targetBusy',
      message: expect.stringMatching(/d\.t.*RUNNING/),
    })
    sandbox.faults.clear()
    await until('FINISHED')
  })
})

test('killed behind any of its statements, it comes to the same end', async () => {
  const columns = (...list: [string, string][]) => list.map(([name, type]) => sourceColumn(name, type))
  const what = evolution({
    before: columns(['a', 'int'], ['b', 'varchar(10)'], ['n', 'smallint'], ['gone', 'int']),
    after: [
      ...columns(['z', 'bigint'], ['b', 'varchar(30)'], ['n', 'smallint'], ['c', 'int'], ['f', 'double']),
      sourceColumn('d', 'date', { comment: 'd' }),
    ],
    renamed: { a: 'z' },
    fills: { c: { kind: 'text', text: '8' }, f: { kind: 'text', text: '0.1' }, d: { kind: 'null' } },
  })
  const outcome = async (killAt: number) => {
    await session.execute('DROP TABLE IF EXISTS d.t FORCE')
    await session.execute(
      'CREATE TABLE d.t (id INT NOT NULL, a INT, b VARCHAR(40), n SMALLINT, gone INT NOT NULL) PRIMARY KEY (id)',
    )
    await session.execute('INSERT INTO d.t VALUES (1, 10, "x", 1, 1), (2, NULL, NULL, 2, 2)')
    let left = killAt
    const dying: Statements = {
      query: sql => session.query(sql),
      execute: async sql => {
        await session.execute(sql)
        left--
        if (left === 0) throw new Error('killed')
      },
    }
    const { statements } = await alter(what, dying).catch(() => alter(what))
    return { statements, end: [await describeTable(), await rows()] }
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
  const sink = new StarRocksSink({ ...options, alterTimes: TIMES })
  try {
    const { statements } = await sink.evolve(added('int', { text: '4' }), NEVER)
    expect(statements).toEqual(['ALTER TABLE `d`.`t` ADD COLUMN `c` INT NULL DEFAULT "4" COMMENT "the ""c"""'])
    expect((await sink.evolve({ ...added('int', null), table: 'nosuch' }, NEVER)).statements).toEqual([])
  } finally {
    await sink.close()
  }
})
