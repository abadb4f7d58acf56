import { createHmac } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { PLAIN_SHAPE } from '../../lib/model/rule-shape.js'
import type { TableSchema } from '../../lib/model/schema.js'
import type { MatchedRule } from '../../lib/rules/rule-book.js'
import { MaskSalt } from '../../lib/rules/shape/mask-salt.js'
import { failureOf } from '../support/failure-of.js'
import { rule } from '../support/rule-spec.js'
import { sourceColumn, sourceTable } from '../support/source-column.js'
import { type Altering, evolution, evolve } from '../support/table-change.js'

const a = sourceColumn('a', 'int')
const b = sourceColumn('b', 'varchar(10)')
const steps = (parts: Altering) => evolution(parts).steps
const refused = (parts: Altering) => failureOf(() => evolve(parts))

describe('added columns', () => {
  test('without a value', () => {
    expect(steps({ before: [a], after: [a, { ...b, comment: 'new' }] })).toEqual([
      { kind: 'addColumn', name: 'b', type: 'varchar(40)', comment: 'new', fill: { kind: 'null' } },
    ])
  })
  test.each([
    ['int', '7', { form: 'plain', text: '7', asDefault: true }],
    ['decimal(5,2)', '1.50', { form: 'plain', text: '1.50', asDefault: true }],
    ['varchar(9)', "it's", { form: 'plain', text: "it's", asDefault: true }],
    ['varchar(9)', 'a\nb', { form: 'plain', text: 'a\nb', asDefault: false }],
    ['varchar(9)', '', { form: 'plain', text: '', asDefault: true }],
    ['datetime', '2020-01-02 03:04:05', { form: 'plain', text: '2020-01-02 03:04:05', asDefault: true }],
    ['datetime(3)', '2020-01-02 03:04:05.678', { form: 'plain', text: '2020-01-02 03:04:05.678', asDefault: false }],
    ['float', '0.1', { form: 'plain', text: '0.1', asDefault: false }],
    ["enum('x')", 'x', { form: 'plain', text: 'x', asDefault: true }],
    ['json', '{"a":1}', { form: 'json', text: '{"a":1}', asDefault: false }],
    ['varbinary(4)', 'ab', { form: 'base64', text: 'YWI=', asDefault: false }],
    ['bit(4)', "b'101'", { form: 'plain', text: '5', asDefault: true }],
  ])('%s with the value %j', (type, text, fill) => {
    const column = { ...sourceColumn('c', type), nullable: false }
    expect(steps({ before: [], after: [column], fills: { c: { kind: 'text', text } } })).toMatchObject([
      { kind: 'addColumn', name: 'c', fill: { kind: 'value', ...fill } },
    ])
  })
  test.each([
    ['stop', { kind: 'unknown', reason: 'has the date 0000-00-00, which StarRocks does not know' }],
    ['null', { kind: 'null' }],
    ['min', { kind: 'value', text: '0000-01-01', form: 'plain', asDefault: false }],
  ] as const)('a date no calendar has, with zero_date = "%s"', (zeroDate, fill) => {
    const fills = { c: { kind: 'text', text: '0000-00-00' } } as const
    expect(steps({ before: [], after: [sourceColumn('c', 'date')], fills, rule: { zeroDate } })).toMatchObject([
      { fill },
    ])
  })
  test('the rule decides: renamed, or left out', () => {
    const more = { before: [], after: [a, b] }
    const parts = { before: [a], after: [a, b], rule: { exclude: ['b'] } }
    expect(failureOf(() => steps(parts)).message).toMatch(/exclude names column "b"/)
    expect(steps({ ...more, rule: { columns: ['id'] } })).toEqual([])
  })
  test('a column that is masked is filled with the masked value, not with the default of the source', () => {
    const filled = (type: string, mask: string, text: string) => {
      const shape = { ...PLAIN_SHAPE, mask: new Map([['c', mask]]), salt: new MaskSalt('0123456789abcdef') }
      const parts = {
        before: { ...sourceTable([sourceColumn('id', 'int')]), laterColumns: ['c'] },
        after: [sourceColumn('c', type)],
        fills: { c: { kind: 'text', text } } as const,
      }
      return steps({ ...parts, rule: { shape } })[0]
    }
    expect(filled('varchar(9)', 'keep(1,0)', 'raw')).toMatchObject({ fill: { kind: 'value', text: 'r**' } })
    expect(filled('int', 'round(10)', '19')).toMatchObject({ fill: { kind: 'value', text: '10' } })
    expect(filled('int', 'null', '19')).toMatchObject({ fill: { kind: 'null' } })
    const hash = createHmac('sha256', '0123456789abcdef').update('raw').digest('hex')
    expect(filled('varbinary(9)', 'sha256', 'raw')).toMatchObject({ fill: { kind: 'value', text: hash } })
  })
  test('rows of history are not filled', () => {
    const fills = { b: { kind: 'text', text: 'x' } } as const
    expect(evolution({ before: [a], after: [a, b], fills, rule: { mode: 'append' } })).toMatchObject({
      model: 'duplicate',
      steps: [{ kind: 'addColumn', name: 'b', fill: { kind: 'null' } }],
    })
  })
})

describe('columns that go, change their name or their type', () => {
  test('dropped: kept by default, and known again', () => {
    const parts = { before: [a, b], after: [a] }
    expect(steps(parts)).toEqual([{ kind: 'leaveColumn', name: 'b', mark: true }])
    expect(steps({ ...parts, policy: { onDropColumn: 'drop' } })).toEqual([{ kind: 'dropColumn', name: 'b' }])
    expect(steps({ ...parts, rule: { mode: 'append' } })).toEqual([{ kind: 'leaveColumn', name: 'b', mark: false }])
  })
  test('of a masked column the values are those of the source: another text of them is another hash', () => {
    const shape = { ...PLAIN_SHAPE, mask: new Map([['b', 'sha256']]), salt: new MaskSalt('0123456789abcdef') }
    const change = (from: string, to: string) => ({
      before: [sourceColumn('b', from)],
      after: [sourceColumn('b', to)],
      rule: { shape },
    })
    expect(steps(change('int', 'bigint'))).toEqual([])
    expect(refused(change('decimal(5,2)', 'decimal(6,3)')).message).toMatch(/became decimal\(6,3\)/)
  })
  test('dropped in one of the tables of a target: it stays while others fill it, and goes with the last', () => {
    const parts = { before: [a, b], after: [a], shared: true, policy: { onDropColumn: 'drop' } } as const
    expect(steps({ ...parts, othersWith: ['s.u'] })).toEqual([{ kind: 'leaveColumn', name: 'b', mark: true }])
    expect(steps({ ...parts, othersWith: [] })).toEqual([{ kind: 'dropColumn', name: 'b' }])
    expect(steps({ ...parts, othersWith: [], policy: {} })).toEqual([{ kind: 'leaveColumn', name: 'b', mark: true }])
  })
  test('dropped and added again at once is refused', () => {
    const parts = { before: [a], after: [b, { ...a, columnType: 'int(9)' }], fills: { a: { kind: 'null' } } } as const
    expect(refused(parts)).toMatchObject({ kind: 'ddlUnsupported', message: expect.stringMatching(/another one now/) })
  })
  test('renamed, and changed with it', () => {
    const parts = {
      before: [a],
      after: [{ ...a, name: 'z', dataType: 'bigint', columnType: 'bigint' }],
      renamed: { a: 'z' },
    }
    expect(steps(parts)).toEqual([
      { kind: 'renameColumn', from: 'a', to: 'z' },
      { kind: 'modifyColumn', name: 'z', type: 'bigint', nullable: true },
    ])
  })
  test('a key column may be renamed', () => {
    const [before, after] = [sourceTable([sourceColumn('id', 'int')]), sourceTable([sourceColumn('no', 'int')])]
    expect(steps({ before, after, renamed: { id: 'no' } })).toEqual([{ kind: 'renameColumn', from: 'id', to: 'no' }])
  })
  test.each<[string, Altering, RegExp]>([
    [
      'names that change places',
      {
        before: [a, b],
        after: [
          { ...b, name: 'a' },
          { ...a, name: 'b' },
        ],
        renamed: { a: 'b', b: 'a' },
      },
      /each other's names/,
    ],
    [
      'a name that is used again',
      { before: [a], after: [{ ...a, name: 'z' }, b, a], renamed: { a: 'z' } },
      /each other's names/,
    ],
    [
      'a target with other tables',
      { before: [a], after: [{ ...a, name: 'z' }], renamed: { a: 'z' }, shared: true },
      /other tables/,
    ],
  ])('renames that cannot be followed: %s', (_, parts, message) => {
    const failure = refused(parts)
    expect(failure).toMatchObject({ kind: 'ddlUnsupported', message: expect.stringMatching(message) })
    expect(failure.message).toContain('The source ran: ALTER TABLE t')
    expect(failure.advice).toContain('ALTER TABLE `d`.`t` RENAME COLUMN `a` TO')
  })
  test('a column that moves, or narrows to values that are there, is no matter but of what is doubted', () => {
    expect(steps({ before: [a, b], after: [b, a] })).toEqual([])
    expect(steps({ before: [b], after: [sourceColumn('b', 'varchar(5)')] })).toMatchObject([
      { kind: 'expectNone', name: 'b', formerName: 'b', doubt: { kind: 'longerThan', length: 5 } },
      { kind: 'modifyColumn', name: 'b', type: 'varchar(20)' },
    ])
  })
  test('NULL allowed from now on', () => {
    expect(steps({ before: [{ ...a, nullable: false }], after: [a] })).toEqual([
      { kind: 'modifyColumn', name: 'a', type: 'int', nullable: true },
    ])
  })
  test('values that changed without row events stop the table, but not its history', () => {
    const parts = { before: [b], after: [sourceColumn('b', 'int')] }
    expect(refused(parts)).toMatchObject({
      kind: 'ddlUnsupported',
      message: expect.stringMatching(/s\.t: the values of b may have changed.*became int, it was varchar\(10\)/),
      advice: 'Run in StarRocks: ALTER TABLE `d`.`t` MODIFY COLUMN `b` INT NULL. Copy s.t again.',
    })
    expect(steps({ ...parts, rule: { mode: 'append' } })).toMatchObject([{ kind: 'modifyColumn', type: 'int' }])
    expect(steps({ ...parts, rule: { columns: ['id'] } })).toEqual([])
  })
  test('a target of another kind than the type: the form counts too, and a BOOLEAN is no number', () => {
    const types = { bit1: 'number', tinyint1: 'boolean', cast: new Map([['c', 'VARCHAR(64)']]) } as const
    const change = (from: string, to: string, name = 'c'): Altering => ({
      before: [sourceColumn(name, from)],
      after: [sourceColumn(name, to)],
      rule: { types },
    })
    expect(refused(change('decimal(5,2)', 'decimal(7,4)')).message).toMatch(/kept the text of decimal\(5,2\)/)
    expect(refused(change('date', 'datetime')).message).toMatch(/kept the text of date/)
    expect(steps(change('decimal(5,2)', 'decimal(7,2)'))).toEqual([])
    expect(steps({ ...change('decimal(5,2)', 'decimal(7,4)'), rule: {} })).toMatchObject([{ type: 'decimal(7,4)' }])
    const boolean: Altering = { ...change('tinyint(1)', 'int'), rule: { types: { ...types, cast: new Map() } } }
    expect(refused(boolean).message).toMatch(/kept it as a BOOLEAN/)
  })
  test('another key', () => {
    const [before, after] = [
      sourceTable([sourceColumn('id', 'int'), a]),
      sourceTable([sourceColumn('id', 'int'), a], { key: ['id', 'a'] }),
    ]
    expect(refused({ before, after })).toMatchObject({
      message: expect.stringMatching(/key became \(id, a\), it was \(id\)/),
      advice: 'Run in StarRocks: DROP TABLE `d`.`t`. Copy s.t again.',
    })
    expect(steps({ before, after, rule: { mode: 'append' } })).toEqual([])
  })
  test('comments', () => {
    const table = (comment: string, of: string) =>
      sourceTable([sourceColumn('id', 'int'), { ...a, comment: of }], { comment })
    expect(steps({ before: table('x', 'y'), after: table('it', 'was') })).toEqual([
      { kind: 'commentColumn', name: 'a', comment: 'was' },
      { kind: 'commentTable', comment: 'it' },
    ])
  })
})

describe('sums', () => {
  const sums = {
    mode: 'aggregate',
    groupBy: ['b'],
    measures: new Map([['total', { of: 'sum', column: 'a' } as const]]),
  } as const
  test('columns they are not made of are no matter', () => {
    const c = sourceColumn('c', 'int')
    expect(
      steps({ before: [a, b, c], after: [a, b, { ...c, columnType: 'varchar(9)', dataType: 'varchar' }], rule: sums }),
    ).toEqual([])
    expect(steps({ before: [a, b], after: [a, b, c], rule: sums })).toEqual([])
  })
  test('a wider one widens', () => {
    expect(steps({ before: [a, b], after: [sourceColumn('a', 'bigint'), b], rule: sums })).toEqual([
      { kind: 'modifyColumn', name: 'total', type: 'largeint', nullable: true },
    ])
  })
  test('a narrower one, or other values, stop it', () => {
    expect(refused({ before: [a, b], after: [sourceColumn('a', 'tinyint'), b], rule: sums }).message).toMatch(
      /sum\(a\) may have/,
    )
    expect(refused({ before: [a, b], after: [sourceColumn('a', 'decimal(12,2)'), b], rule: sums }).kind).toBe(
      'ddlUnsupported',
    )
    expect(refused({ before: [a, b], after: [b], rule: sums })).toMatchObject({
      kind: 'ddlUnsupported',
      message: expect.stringMatching(/measures.*"a"/),
    })
  })
})

describe('tables', () => {
  const t = sourceTable([sourceColumn('id', 'int'), a])
  const u: TableSchema = { ...t, table: 'u' }
  const own = rule({})
  const byName = (schema: TableSchema): MatchedRule[] => [{ rule: own, database: 'd', table: schema.table }]
  const renamed: Altering = { before: t, after: u, kind: 'rename', rulesOf: byName }

  test('truncated', () => {
    const parts: Altering = { before: t, after: t, kind: 'truncate' }
    expect(steps(parts)).toEqual([{ kind: 'truncate' }])
    expect(steps({ ...parts, rule: { mode: 'append' } })).toEqual([])
    expect(refused({ ...parts, shared: true }).message).toMatch(/other tables are written to d\.t too/)
  })
  test('dropped', () => {
    const parts: Altering = { before: t, after: null, kind: 'drop' }
    expect(evolve(parts)).toMatchObject({
      targets: [],
      warnings: [{ message: 's.t was dropped; d.t keeps its rows.' }],
    })
    const drop = { onDropTable: 'drop' } as const
    expect(steps({ ...parts, policy: drop })).toEqual([{ kind: 'dropTable' }])
    expect(steps({ ...parts, policy: drop, rule: { mode: 'append' } })).toEqual([])
    expect(steps({ ...parts, policy: drop, shared: true })).toEqual([])
  })
  test('renamed: the target keeps its name', () => {
    const { targets, warnings } = evolve(renamed)
    expect(targets).toEqual([])
    expect(warnings).toMatchObject([{ message: expect.stringMatching(/s\.u now: its rows go to d\.u.*stay in d\.t/) }])
  })
  test('renamed: the target follows', () => {
    const policy = { onRenameTable: 'rename' } as const
    const after: TableSchema = { ...u, columns: [...u.columns, b] }
    expect(evolution({ ...renamed, after, fills: { b: { kind: 'null' } }, policy })).toMatchObject({
      database: 'd',
      table: 'u',
      steps: [
        { kind: 'renameTable', from: 't' },
        { kind: 'addColumn', name: 'b' },
      ],
    })
    expect(evolve({ ...renamed, policy, shared: true }).targets).toEqual([])
  })
  test('renamed into another database', () => {
    const rulesOf = (schema: TableSchema) => [{ rule: own, database: schema.table === 't' ? 'd' : 'e', table: 'x' }]
    const failure = refused({ ...renamed, rulesOf, policy: { onRenameTable: 'rename' } })
    expect(failure.advice).toContain('INSERT INTO `e`.`x` SELECT * FROM `d`.`x`')
  })
  test('renamed, with one target for both names', () => {
    expect(evolve({ ...renamed, rulesOf: () => [{ rule: own, database: 'd', table: 'x' }] })).toEqual({
      targets: [],
      warnings: [],
    })
  })
  test('renamed to a name nobody follows, and from one', () => {
    const old = evolve({ ...renamed, rulesOf: schema => (schema.table === 't' ? byName(schema) : []) })
    expect(old).toMatchObject({ targets: [], warnings: [{ message: expect.stringMatching(/no rule sends to d\.t/) }] })
    const young = evolve({ ...renamed, rulesOf: schema => (schema.table === 'u' ? byName(schema) : []) })
    expect(young).toMatchObject({
      targets: [],
      warnings: [{ message: expect.stringMatching(/rows it has already are not in d\.u/) }],
    })
  })
  test('a table that was not known before', () => {
    expect(steps({ before: null, after: t, kind: 'truncate' })).toEqual([{ kind: 'truncate' }])
    expect(refused({ before: null, after: t })).toMatchObject({
      kind: 'ddlUnsupported',
      message: expect.stringMatching(/before is not known/),
    })
  })
  test('created', () => {
    expect(evolve({ before: null, after: t, kind: 'create' })).toEqual({ targets: [], warnings: [] })
  })
  test('a constant made of the name that has changed', () => {
    const spec = rule({ constants: new Map([['src', '$table']]) })
    const parts = { ...renamed, rulesOf: () => [{ rule: spec, database: 'd', table: 'x' }] }
    expect(refused(parts).message).toMatch(/src = "t"/)
  })
  test('rows that changed unseen', () => {
    const parts: Altering = { before: t, after: t, unseenRows: 'DROP PARTITION p1' }
    expect(refused(parts)).toMatchObject({
      kind: 'ddlUnsupported',
      message: expect.stringContaining('DROP PARTITION p1'),
    })
    expect(evolve({ ...parts, rulesOf: () => [] })).toEqual({ targets: [], warnings: [] })
  })
})

describe('columns by which a rule decides or computes', () => {
  const decided = rule({ exclude: ['a'], shape: { ...PLAIN_SHAPE, where: 'a > 3' } })
  const computed = rule({ exclude: ['a'], shape: { ...PLAIN_SHAPE, computed: new Map([['twice', 'a * 2']]) } })

  test.each([decided, computed])('another type that keeps all values is followed', spec => {
    expect(steps({ before: [a], after: [sourceColumn('a', 'bigint')], rule: spec })).toEqual([])
  })

  test.each([decided, computed])('values that may be others now: the table is to be copied again', spec => {
    const failure = refused({ before: [a], after: [sourceColumn('a', 'tinyint')], rule: spec })
    expect(failure).toMatchObject({
      kind: 'ddlUnsupported',
      message: expect.stringMatching(/the rule decides or computes by a, which /),
      advice: expect.stringMatching(/Copy s\.t again\.$/),
    })
  })

  test('a text that is compared by another collation: rows that are there were judged by the old one', () => {
    const spec = rule({ exclude: ['b'], shape: { ...PLAIN_SHAPE, where: "b = 'x'" } })
    const exact = { ...b, collation: 'utf8mb4_bin' }
    expect(refused({ before: [b], after: [exact], rule: spec })).toMatchObject({
      kind: 'ddlUnsupported',
      message: expect.stringContaining(
        'the rule decides or computes by b, which is compared by utf8mb4_bin now, no longer by utf8mb4_0900_ai_ci',
      ),
    })
    expect(steps({ before: [b], after: [exact] })).toEqual([])
  })

  test('a log is history', () => {
    const spec = { ...decided, mode: 'append' as const }
    expect(steps({ before: [a], after: [sourceColumn('a', 'tinyint')], rule: spec })).toEqual([])
  })

  test('a computed column follows the type of what it is computed of', () => {
    const [before, after] = [sourceColumn('a', 'decimal(6,2)'), sourceColumn('a', 'decimal(9,2)')]
    expect(steps({ before: [before], after: [after], rule: computed })).toMatchObject([
      { kind: 'modifyColumn', name: 'twice' },
    ])
  })

  test('without the column the rule cannot be carried out', () => {
    expect(refused({ before: [a], after: [], rule: { shape: decided.shape } })).toMatchObject({
      kind: 'ddlUnsupported',
      message: expect.stringMatching(/where: s\.t has no column "a" \(it has id\), at character 1/),
    })
  })
})
