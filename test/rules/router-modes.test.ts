import { describe, expect, test } from '@jest/globals'
import type { TableMap } from '../../lib/binlog/table-map.js'
import { wireColumn } from '../../lib/binlog/wire-column.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import type { Happening } from '../../lib/model/observer.js'
import type { MeasureExpression } from '../../lib/model/rule-mode.js'
import type { TableSchema, TargetTable } from '../../lib/model/schema.js'
import { type CompiledRoute, Router, type RouterOptions } from '../../lib/rules/router.js'
import { RuleBook, type RuleSpec } from '../../lib/rules/rule-book.js'
import type { TargetWish } from '../../lib/rules/target-wish.js'
import { column } from '../starrocks/fixtures.js'
import { u8, u32 } from '../support/binlog-builder.js'
import { SHANGHAI, UTC } from '../support/encoded-rows.js'
import { rule } from '../support/rule-spec.js'

const NAMES = ['id', 'shop', 'qty']
const mapOf = (table: string): TableMap => ({
  id: 1,
  schema: 's',
  table,
  columns: NAMES.map(() => wireColumn(WIRE.LONG)),
  primaryKey: null,
})
const schemaOf = (table: string): TableSchema => ({
  schema: 's',
  table,
  columns: NAMES.map(name =>
    column(table === 'floats' && name === 'qty' ? 'double' : 'int', { name, nullable: false, precision: 10, scale: 0 }),
  ),
  key: table.startsWith('keyless') ? [] : ['id'],
  comment: '',
})
const measures = new Map<string, MeasureExpression>([
  ['n', { of: 'count' }],
  ['sold', { of: 'sum', column: 'qty' }],
])
const APPEND: Partial<RuleSpec> = { mode: 'append' }
const GROUPED: Partial<RuleSpec> = { mode: 'aggregate', groupBy: ['shop'], measures }

function router(rules: readonly Partial<RuleSpec>[], options: Partial<RouterOptions> = {}) {
  const happenings: Happening[] = []
  const wishes: TargetWish[] = []
  const separator = (byte: number) => ({ text: `\\x0${byte}`, bytes: Uint8Array.of(byte) })
  const book = new RuleBook([{ schema: 's', tables: ['/./'] }], rules.map(rule), 'd')
  const made = new Router(
    {
      columnSeparator: separator(1),
      rowDelimiter: separator(2),
      zone: UTC,
      skipTablesWithoutKey: false,
      stopsAtBadValues: true,
      ...options,
    },
    book,
    {
      schemaFor: map => schemaOf(map.table),
      inspect: async () => null,
      prepare: async (wish): Promise<TargetTable> => {
        wishes.push(wish)
        return { ...wish, columns: wish.columns.map(c => ({ ...c, hasDefault: false })) }
      },
      observer: happening => happenings.push(happening),
    },
  )
  const routes = async (table = 't', map = mapOf(table)): Promise<readonly CompiledRoute[]> => {
    await made.bind(map)
    return made.routes(map)
  }
  return { made, routes, happenings, wishes }
}

const IMAGE = Buffer.concat([u8(0), u32(7), u32(5), u32(3)])

function row({ csv }: CompiledRoute, op: 0 | 1): string {
  const out = Buffer.alloc(csv!.encoder.bound(IMAGE.length))
  return out.toString('utf8', 0, csv!.encoder.encode(IMAGE, 0, IMAGE.length, out, 0, op))
}

describe('routes', () => {
  test('one table upserted, appended and summed: three targets, three forms of a row', async () => {
    const { routes, wishes } = router([
      {},
      { ...APPEND, table: 't', targetTable: 'log' },
      { ...GROUPED, targetTable: 'sums' },
    ])
    const [upsert, append, aggregate] = await routes()
    expect(wishes.map(w => w.model)).toEqual(['primary', 'duplicate', 'aggregate'])
    expect([upsert!.mode, append!.mode, aggregate!.mode]).toEqual(['upsert', 'append', 'aggregate'])
    expect(row(upsert!, 1)).toBe('7\x015\x013\x011\x02')
    append!.csv!.encoder.setChange('delete', { binName: 'b.1', binPos: 4, event: 0 }, 0, 2)
    expect(row(append!, 0)).toBe('b.1\x014\x010\x012\x01delete\x011970-01-01 00:00:00.000000\x017\x015\x013\x02')
    expect(row(aggregate!, 1)).toBe('5\x01-3\x01-1\x02')
    expect([upsert, append, aggregate].map(r => r!.csv!.columns)).toEqual([
      '`id`,`shop`,`qty`,__op',
      '`_bin_name`,`_bin_pos`,`_event`,`_row`,`_op`,`_commit_time`,`id`,`shop`,`qty`',
      '`shop`,`sold`,`n`',
    ])
    expect([append, aggregate].map(r => r!.json.columns.includes('__op'))).toEqual([false, false])
  })

  test('sums of floating point values are warned of, others are not', async () => {
    const { made, happenings } = router([GROUPED])
    await made.learn(schemaOf('t'))
    expect(happenings.map(h => h.kind)).toEqual(['tableBound'])
    const floats = router([{ ...GROUPED, table: 'floats' }])
    await floats.made.learn(schemaOf('floats'))
    expect(floats.happenings[0]).toMatchObject({ kind: 'warning', message: expect.stringMatching(/^d\.floats\.sold/) })
  })
})

describe('one target, one mode', () => {
  test('two tables with rules of different modes are refused; of one mode they meet', async () => {
    const rules = [
      { table: 'a', targetTable: 'x', ...GROUPED },
      { table: 'b', targetTable: 'x', where: '[[rule]] in rules/b.toml, line 1' },
      { table: 'c', targetTable: 'x', ...GROUPED },
    ]
    const { made } = router(rules)
    await made.learn(schemaOf('a'))
    await made.learn(schemaOf('c'))
    await expect(made.learn(schemaOf('b'))).rejects.toMatchObject({
      kind: 'ruleInvalid',
      message:
        '[[rule]] in sync.toml, line 7 and [[rule]] in rules/b.toml, line 1 write into d.x in two ways: aggregate and upsert. A target has one.',
    })
  })
})

describe('tables without a key', () => {
  const both = [
    { table: 'keyless', targetTable: 'k' },
    { ...APPEND, table: 'keyless', targetTable: 'log' },
    { ...GROUPED, table: 'keyless', targetTable: 'sums' },
  ]

  test('are appended and summed, with neither a stop nor a warning', async () => {
    const { routes, happenings } = router(both.slice(1))
    expect((await routes('keyless')).map(r => r.mode)).toEqual(['append', 'aggregate'])
    expect(happenings.map(h => h.kind)).toEqual(['tableBound'])
  })

  test('stop when a rule would upsert them', async () => {
    await expect(router(both).made.learn(schemaOf('keyless'))).rejects.toMatchObject({
      kind: 'tableWithoutKey',
      advice: expect.stringMatching(/mode = "append"/),
    })
  })

  test('passed over: the upsert alone, which is said', async () => {
    const { routes, happenings } = router(both, { skipTablesWithoutKey: true })
    expect((await routes('keyless')).map(r => r.mode)).toEqual(['append', 'aggregate'])
    expect(happenings[0]).toMatchObject({
      kind: 'warning',
      message: expect.stringMatching(/s\.keyless is not written to d\.k/),
    })
    const alone = router(both.slice(0, 1), { skipTablesWithoutKey: true })
    expect(await alone.routes('keyless')).toEqual([])
    expect(alone.happenings.map(h => h.kind)).toEqual(['tableIgnored'])
  })
})

test('a truncated table empties its sums, and keeps its changes', async () => {
  const { made } = router([
    { ...APPEND, table: 't', targetTable: 'log' },
    { ...GROUPED, targetTable: 'sums' },
  ])
  await made.learn(schemaOf('t'))
  expect((await made.targetsOf(schemaOf('t'))).map(t => t.target.table)).toEqual(['sums'])
})

describe('the fingerprint', () => {
  const of = async (parts: Partial<RuleSpec>, options: Partial<RouterOptions> = {}) =>
    (await router([parts], options).routes())[0]!.fingerprint

  test('is the same in the next run', async () => {
    for (const parts of [{}, { ...APPEND, table: 't', targetTable: 'log' }, GROUPED]) {
      expect(await of(parts)).toMatch(/^[0-9a-f]{16}$/)
      expect(await of(parts)).toBe(await of(parts))
    }
  })

  test('changes with everything that the rows or the bodies depend on', async () => {
    const renamed = new Map([['shop', 'store']])
    const separator = { text: '|', bytes: Buffer.from('|') }
    const swapped = new Map([...measures].toReversed())
    const all = [
      await of({}),
      await of({ mode: 'append' }),
      await of(GROUPED),
      await of({ ...GROUPED, groupBy: ['id'] }),
      await of({ ...GROUPED, groupBy: ['id', 'shop'] }),
      await of({ ...GROUPED, groupBy: ['shop', 'id'] }),
      await of({ ...GROUPED, measures: new Map([...measures].slice(0, 1)) }),
      await of({ ...GROUPED, measures: new Map([['m', measures.get('n')!] as const]) }),
      await of({ targetTable: 'other' }),
      await of({ exclude: ['qty'] }),
      await of({ rename: renamed }),
      await of({ constants: new Map([['src', 'a']]) }),
      await of({ constants: new Map([['src', 'b']]) }),
      await of({ loadFormat: 'json' }),
      await of({ flushRows: 2 }),
      await of({ flushBytes: 2 }),
      await of({}, { columnSeparator: separator }),
      await of({}, { rowDelimiter: separator }),
      await of({}, { zone: SHANGHAI }),
    ]
    expect(new Set(all).size).toBe(all.length)
    expect(await of({ ...GROUPED, measures: swapped })).not.toBe(await of(GROUPED))
  })

  test('does not change with what they do not depend on', async () => {
    expect(await of({ where: 'line 99', flushIntervalMs: 5 })).toBe(await of({}))
    expect(await of({ table: '/^t$/' })).toBe(await of({}))
  })
})
