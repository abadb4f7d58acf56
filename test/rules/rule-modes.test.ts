import { describe, expect, test } from '@jest/globals'
import type { MeasureExpression } from '../../lib/model/rule-mode.js'
import type { SourceColumn, TableSchema, TargetTable } from '../../lib/model/schema.js'
import { planColumns } from '../../lib/rules/column-plan.js'
import type { RuleSpec } from '../../lib/rules/rule-book.js'
import { coverTarget } from '../../lib/rules/target-fit.js'
import { inexactSums, requestTarget, type TargetWish } from '../../lib/rules/target-wish.js'
import { column } from '../starrocks/fixtures.js'
import { failureOf } from '../support/failure-of.js'
import { rule } from '../support/rule-spec.js'

const source = (name: string, dataType: string, more: Partial<SourceColumn> = {}) =>
  column(dataType, { name, nullable: false, ...more })
const SALES: TableSchema = {
  schema: 's',
  table: 't',
  columns: [
    source('id', 'bigint'),
    source('product_id', 'bigint', { unsigned: true }),
    source('qty', 'int', { nullable: true }),
    source('price', 'decimal', { precision: 10, scale: 2, columnType: 'decimal(10,2)' }),
    source('weight', 'double'),
    source('note', 'varchar', { maxLength: 10, charset: 'utf8mb4', nullable: true, columnType: 'varchar(10)' }),
    source('photo', 'blob', { maxLength: 65535, nullable: true }),
  ],
  key: ['id'],
  comment: 'sales',
}

const matched = (parts: Partial<RuleSpec>) => ({ rule: rule(parts), database: 'd', table: 'u' })
const sum = (of: string): MeasureExpression => ({ of: 'sum', column: of })
const grouped = (groupBy: string[], measures: Record<string, MeasureExpression>, more: Partial<RuleSpec> = {}) =>
  matched({ mode: 'aggregate', groupBy, measures: new Map(Object.entries(measures)), ...more })

function wish(rules: ReturnType<typeof matched>, schema = SALES): TargetWish {
  return requestTarget(schema, planColumns(schema, rules), rules, 'refuse')
}

/** The target as StarRocks shows it after it was made. */
function made(wished: TargetWish): TargetTable {
  const columns = wished.columns.map(({ name, type, nullable, aggregate }) => ({
    name,
    type,
    nullable,
    hasDefault: false,
    ...(aggregate === undefined ? {} : { aggregate }),
  }))
  return { ...wished, columns }
}

describe('mode = "append"', () => {
  const append = (parts: Partial<RuleSpec> = {}) => matched({ mode: 'append', ...parts })

  test('a duplicate key table of the change id, the operation and every column, which may be NULL', () => {
    const wished = wish(append({ exclude: ['photo'], constants: new Map([['src', '$table']]) }))
    expect(wished).toMatchObject({ model: 'duplicate', key: ['_bin_name', '_bin_pos', '_event', '_row'] })
    expect(wished.columns.map(c => `${c.name} ${c.type} ${c.nullable ? 'null' : 'not null'}`)).toEqual([
      '_bin_name varchar(255) not null',
      '_bin_pos bigint not null',
      '_event int not null',
      '_row int not null',
      '_op varchar(6) null',
      '_commit_time datetime null',
      'id bigint null',
      'product_id largeint null',
      'qty int null',
      'price decimal(10,2) null',
      'weight double null',
      'note varchar(40) null',
      'src varchar(1024) null',
    ])
  })

  test('neither a key nor the key columns are needed', () => {
    const keyless = { ...SALES, key: [] }
    expect(wish(append(), keyless).columns).toHaveLength(6 + SALES.columns.length)
    expect(wish(append({ columns: ['note'] })).columns.at(-1)!.name).toBe('note')
  })

  test.each([
    ['a column', { ...SALES, columns: [...SALES.columns, source('_OP', 'int')] }, {}, '_OP'],
    ['a new name', SALES, { rename: new Map([['note', '_row']]) }, '_row'],
    ['a constant', SALES, { constants: new Map([['_event', '1']]) }, '_event'],
  ])('%s with a name of the change id is refused, with the way out', (_, schema, parts, name) => {
    const failure = failureOf(() => wish(append(parts), schema))
    expect(failure).toMatchObject({ kind: 'ruleInvalid' })
    expect(failure.message).toMatch(`line 7: column "${name}" of s.t has a name that mode = "append" keeps for itself`)
    expect(failure.advice).toMatch(`rename = { "${name}" = "…" }`)
    const upsert = { ...schema, columns: schema.columns }
    expect(() => wish(matched(parts), upsert)).not.toThrow()
  })

  test('the target must have the columns of the change id', () => {
    const rules = append()
    const plan = planColumns(SALES, rules)
    const target = made(wish(rules))
    const fit = coverTarget(SALES, plan, rules, target, 'refuse', true)
    expect(fit).toMatchObject({ key: [], measures: [] })
    expect(fit.fields.map(f => f?.form)).toEqual(['text', 'text', 'text', 'text', 'text', 'text', 'base64'])
    const without = { ...target, columns: target.columns.filter(c => c.name !== '_event') }
    expect(() => coverTarget(SALES, plan, rules, without, 'leaveOut', true)).toThrow(
      /d\.u has no column "_event" for mode = "append"/,
    )
  })
})

describe('group_by and measures', () => {
  test('an aggregate key table: groups in their order, then constants, then sums wide enough', () => {
    const rules = grouped(
      ['note', 'product_id', 'price'],
      { n: { of: 'count' }, q: sum('qty'), i: sum('id'), p: sum('product_id'), r: sum('price'), w: sum('weight') },
      { rename: new Map([['note', 'remark']]), constants: new Map([['shard', '$schema.$table']]) },
    )
    const wished = wish(rules)
    expect(wished).toMatchObject({ model: 'aggregate', key: ['remark', 'product_id', 'price', 'shard'] })
    expect(wished.columns.map(c => `${c.name} ${c.type} ${c.nullable ? 'null' : 'not null'} ${c.aggregate}`)).toEqual([
      'product_id largeint not null undefined',
      'price decimal(10,2) not null undefined',
      'remark varchar(40) null undefined',
      'shard varchar(1024) not null undefined',
      'n bigint null sum',
      'q bigint null sum',
      'i largeint null sum',
      'p largeint null sum',
      'r decimal(38,2) null sum',
      'w double null sum',
    ])
    const plan = planColumns(SALES, rules)
    expect(plan.constants).toEqual([{ name: 'shard', text: 's.t' }])
    expect(inexactSums(SALES, plan, rules)).toEqual([expect.stringMatching(/^d\.u\.w = sum\(weight\): .* not exact/)])
    const fit = coverTarget(SALES, plan, rules, made(wished), 'refuse', true)
    expect(fit.key).toEqual([5, 1, 3])
    expect(fit.measures.map(m => m.column)).toEqual([null, 2, 0, 1, 3, 4])
    expect(fit.fields.map(f => f?.name ?? null)).toEqual([null, 'product_id', null, 'price', null, 'remark', null])
  })

  test.each([
    [
      'an unknown group',
      ['nope'],
      { n: sum('qty') },
      /group_by names column "nope", which s\.t does not have \(it has id,/,
    ],
    [
      'an unknown sum',
      ['id'],
      { r: sum('prize') },
      /measures\.r = "sum\(prize\)" names column "prize", which s\.t does not/,
    ],
    [
      'a text sum',
      ['id'],
      { r: sum('note') },
      /measures\.r = "sum\(note\)" names column "note" \(varchar\(10\)\) of s\.t, but in d\.u only integers/,
    ],
    [
      'a double group',
      ['weight'],
      { r: sum('qty') },
      /group_by names column "weight" \(double\) of s\.t, but in d\.u a floating point value cannot be a key/,
    ],
    [
      'a long group',
      ['photo'],
      { r: sum('qty') },
      /group_by names column "photo" \(blob\) .* are too long to group by \(65533 at most\)/,
    ],
    ['a measure named as a group', ['id'], { ID: sum('qty') }, /two columns of s\.t would fill the target column "ID"/],
  ])('%s is refused, by name', (_, groupBy, measures, message) => {
    const failure = failureOf(() => wish(grouped(groupBy, measures)))
    expect(failure.kind).toBe('ruleInvalid')
    expect(failure.message).toMatch(message)
    expect(failure.message).toMatch(/^\[\[rule\]\] in sync\.toml, line 7: /)
  })

  test('what no sum has room for, and what cannot be a key, is refused', () => {
    const schema = { ...SALES, columns: [source('j', 'json'), source('d', 'decimal', { precision: 39, scale: 2 })] }
    expect(() => wish(grouped(['j'], { n: { of: 'count' } }), schema)).toThrow(/a JSON value cannot be a key/)
    expect(() => wish(grouped(['d'], { s: sum('d') }), schema)).toThrow(/a sum has room for 38 digits/)
  })

  test('a target without one of the measures is not loaded, whatever may be left out', () => {
    const rules = grouped(['id'], { n: { of: 'count' }, q: sum('qty') })
    const target = made(wish(rules))
    const plan = planColumns(SALES, rules)
    for (const gone of ['n', 'q', 'id']) {
      const without = { ...target, columns: target.columns.filter(c => c.name !== gone) }
      expect(() => coverTarget(SALES, plan, rules, without, 'leaveOut', true)).toThrow(`d.u has no column "${gone}"`)
    }
  })
})
