import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { TargetEvolution, TargetStep } from '../../lib/model/target-change.js'
import type { Statements } from '../../lib/starrocks/starrocks-session.js'
import { AlteredTarget, addedC, stepsOf } from '../support/altered-target.js'
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

/** Runs it twice: the second time has nothing to do. */
async function twice(what: TargetEvolution): Promise<readonly string[]> {
  const { statements } = await alter(what)
  const state = async () => [await columns(), await rows()]
  const found = await state()
  expect(await alter(what)).toMatchObject({ statements: [] })
  expect(await state()).toEqual(found)
  return statements
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
    await twice(addedC(type, text))
    expect((await rows('SELECT c FROM d.t')).flat()).toEqual([value, value])
    expect((await columns()).at(-1)).toBe(described.trim())
  })

  test('an UPDATE that a crash has left undone is made up for, and one that is done is not repeated', async () => {
    const what = addedC('double', '0.1')
    const dying: Statements = {
      query: sql => target.session.query(sql),
      execute: sql => (sql.startsWith('UPDATE') ? Promise.reject(new Error('killed')) : target.session.execute(sql)),
    }
    await expect(alter(what, dying)).rejects.toThrow('killed')
    expect((await rows('SELECT c FROM d.t')).flat()).toEqual([null, null])
    await alter(what)
    await target.session.execute('INSERT INTO d.t (id, c) VALUES (1, NULL), (3, 7)')
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
    await target.session.execute(/ALTER TABLE [^;]+/.exec(failure.advice)![0])
    expect(await alter(what)).toMatchObject({ statements: [] })
  })

  test('a column that was kept when the source dropped it comes back without its old values', async () => {
    const b = sourceColumn('b', 'varchar(10)')
    await twice(evolution({ before: [b], after: [] }))
    expect((await columns())[2]).toBe('b varchar(40) YES  mysql-sr-sync: dropped in the source')
    await twice(evolution({ before: [], after: [b], fills: { b: { kind: 'text', text: 'new' } } }))
    expect((await rows('SELECT b FROM d.t')).flat()).toEqual(['new', 'new'])
    await alter(evolution({ before: [b], after: [] }))
    const other = evolution({ before: [], after: [sourceColumn('b', 'json')] })
    expect((await rejectionOf(alter(other))).advice).toContain('ALTER TABLE `d`.`t` DROP COLUMN `b`')
  })

  test('a target with rows of other tables takes defaults only', async () => {
    const shared = { ...addedC('int', '5'), shared: true }
    await alter(shared)
    expect(await alter(shared)).toMatchObject({ statements: [] })
    const other = { ...addedC('int', '6'), shared: true }
    expect((await rejectionOf(alter(other))).message).toMatch(/column c is in the target already/)
    await target.session.execute('ALTER TABLE d.t DROP COLUMN c')
    const updated = { ...addedC('double', '0.1'), shared: true }
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
    await target.session.execute('ALTER TABLE d.t ADD COLUMN a INT')
    expect(await rejectionOf(alter(what))).toMatchObject({
      kind: 'ddlUnsupported',
      advice: expect.stringContaining(
        'ALTER TABLE `d`.`t` DROP COLUMN `z`; ALTER TABLE `d`.`t` RENAME COLUMN `a` TO `z`',
      ),
    })
  })
  test('dropped, or made fit to be left alone', async () => {
    await target.session.execute('ALTER TABLE d.t ADD COLUMN n INT NOT NULL DEFAULT "3"')
    await target.session.execute('CREATE TABLE d.u (id INT NOT NULL, m INT NOT NULL COMMENT "m") PRIMARY KEY (id)')
    await twice(stepsOf({ kind: 'dropColumn', name: 'b' }))
    const left = { ...stepsOf({ kind: 'leaveColumn', name: 'm', mark: true }), table: 'u' }
    expect((await alter(left)).statements).toEqual([
      'ALTER TABLE `d`.`u` MODIFY COLUMN `m` INT NULL COMMENT "m"',
      'ALTER TABLE `d`.`u` MODIFY COLUMN `m` COMMENT "mysql-sr-sync: dropped in the source; m"',
    ])
    expect((await alter(left)).statements).toEqual([])
    expect(await columns()).toEqual(['id int NO', 'a int YES  an a', 'n int NO 3'])
    await target.session.execute('INSERT INTO d.u (id) VALUES (1)')
  })
  test('widened, with default and comment kept', async () => {
    await target.session.execute('ALTER TABLE d.t ADD COLUMN n SMALLINT NOT NULL DEFAULT "3" COMMENT "n"')
    await twice(stepsOf({ kind: 'modifyColumn', name: 'n', type: 'bigint', nullable: false }))
    await twice(stepsOf({ kind: 'modifyColumn', name: 'a', type: 'varchar(44)', nullable: true }))
    expect(await columns()).toEqual(['id int NO', 'a varchar(44) YES  an a', 'b varchar(40) YES', 'n bigint NO 3 n'])
    expect(await rows()).toEqual([
      ['1', '10', 'x', '3'],
      ['2', null, 'yes', '3'],
    ])
  })
  test('wide enough already', async () => {
    expect(await twice(stepsOf({ kind: 'modifyColumn', name: 'b', type: 'varchar(20)', nullable: true }))).toEqual([])
    expect(await twice(stepsOf({ kind: 'modifyColumn', name: 'a', type: 'smallint', nullable: false }))).toEqual([])
  })
  test('a decimal takes what both sides need', async () => {
    await target.session.execute('ALTER TABLE d.t ADD COLUMN n DECIMAL(9,2)')
    await twice(stepsOf({ kind: 'modifyColumn', name: 'n', type: 'decimal(8,4)', nullable: true }))
    expect((await columns()).at(-1)).toBe('n decimal(11,4) YES')
  })
  test('sums widen as sums', async () => {
    await target.session.execute('CREATE TABLE d.u (b VARCHAR(9), n BIGINT SUM) AGGREGATE KEY (b)')
    const what = {
      ...stepsOf({ kind: 'modifyColumn', name: 'n', type: 'largeint', nullable: true } as const),
      table: 'u',
    }
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
    expect(await rejectionOf(alter(stepsOf({ kind: 'modifyColumn', name, type, nullable: true })))).toMatchObject({
      kind: 'ddlUnsupported',
      message: expect.stringMatching(new RegExp(`column ${name} needs ${type}, it is int`)),
      advice: expect.stringMatching(advice),
    })
  })
  test('a longer VARCHAR key', async () => {
    await target.session.execute('CREATE TABLE d.u (k VARCHAR(8) NOT NULL, v INT) PRIMARY KEY (k)')
    const what = {
      ...stepsOf({ kind: 'modifyColumn', name: 'k', type: 'varchar(80)', nullable: false } as const),
      table: 'u',
    }
    expect((await alter(what)).statements).toEqual(['ALTER TABLE `d`.`u` MODIFY COLUMN `k` VARCHAR(80) NOT NULL'])
  })
  test('what StarRocks refuses is told with the statement', async () => {
    await target.session.execute('CREATE TABLE d.u (id INT NOT NULL, s INT) PRIMARY KEY (id) ORDER BY (s)')
    const failure = await rejectionOf(alter({ ...stepsOf({ kind: 'dropColumn', name: 's' }), table: 'u' }))
    expect(failure).toMatchObject({
      kind: 'ddlUnsupported',
      message: expect.stringMatching(/Can not drop sort column/),
    })
    expect(failure.advice).toContain('ALTER TABLE `d`.`u` DROP COLUMN `s`')
  })
  test('comments', async () => {
    await twice(
      stepsOf({ kind: 'commentColumn', name: 'a', comment: 'say "a"' }, { kind: 'commentTable', comment: 'the t' }),
    )
    expect((await columns())[1]).toBe('a int YES  say "a"')
    expect((await rows('SHOW CREATE TABLE d.t'))[0]![1]).toContain('COMMENT "the t"')
  })
  test('a comment is not worth a stop', async () => {
    const old: Statements = {
      query: sql => target.session.query(sql),
      execute: sql => target.session.execute(sql.replace(/COMMENT/, 'NO COMMENT')),
    }
    const { statements, warnings } = await alter(stepsOf({ kind: 'commentTable', comment: 'x' }), old)
    expect(statements).toEqual([])
    expect(warnings).toMatchObject([{ advice: 'ALTER TABLE `d`.`t` COMMENT = "x";' }])
  })
})

describe('doubted values', () => {
  const doubt = (name: string, what: Extract<TargetStep, { kind: 'expectNone' }>['doubt']) =>
    stepsOf({ kind: 'expectNone', name, formerName: name, doubt: what, reason: 'became smaller' })
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
      await target.session.execute('INSERT INTO d.t VALUES (1, 1, "x"), (2, 2, "y")')
      await alter(doubt(name, guilty))
      await target.session.execute('INSERT INTO d.t VALUES (1, NULL, "é "), (2, 1, "é"), (3, 1, "e ")')
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
    const before = await columns()
    expect((await rejectionOf(alter(what))).message).toMatch(/a is NOT NULL now/)
    expect(await columns()).toEqual(before)
  })
})
