import { describe, expect, test } from '@jest/globals'
import { PLAIN_LOAD } from '../../lib/model/rule-load.js'
import { planColumns } from '../../lib/rules/column-plan.js'
import { RuleBook, type RuleSpec } from '../../lib/rules/rule-book.js'
import { isTaggedKey, shardTag, tellingTag } from '../../lib/rules/shard-tag.js'
import { TargetModes } from '../../lib/rules/target-modes.js'
import { requestTarget } from '../../lib/rules/target-wish.js'
import { failureOf } from '../support/failure-of.js'
import { rule } from '../support/rule-spec.js'
import { sourceColumn, sourceTable } from '../support/source-column.js'

const TABLES = ['shop_1', 'shop_2'].flatMap(schema => ['order_1', 'order_2'].map(table => ({ schema, table })))
const TARGET = { database: 'd', table: 'orders' }

function bookOf(constants: Record<string, string>, more: Partial<RuleSpec> = {}): RuleBook {
  const spec = rule({
    schema: '/^shop_([0-9]+)$/',
    table: '/^order_([0-9]+)$/',
    targetTable: 'orders',
    constants: new Map(Object.entries(constants)),
    ...more,
  })
  return new RuleBook([{ schema: '/^shop_/', tables: ['/^order_/'] }], [spec], 'd')
}

const schema = {
  ...sourceTable([sourceColumn('id', 'int'), sourceColumn('a', 'int')]),
  schema: 'shop_2',
  table: 'order_1',
}

describe('constants', () => {
  const text = (constant: string, of: Partial<RuleSpec> = {}) => {
    const [matched] = bookOf({ c: constant }, of).match('shop_2', 'order_1')
    return planColumns(schema, matched!).constants[0]!.text
  }
  test.each([
    ['$schema.$table', 'shop_2.order_1'],
    ['$1', '1'],
    ['$schema{1}-$table{1}', '2-1'],
    ['plain', 'plain'],
  ])('%s is %s', (constant, expected) => {
    expect(text(constant)).toBe(expected)
  })
  test('a group of the schema where the table has none; a plain dollar where nothing has one', () => {
    expect(text('$1', { table: 'order_1' })).toBe('2')
    expect(text('$5', { schema: 'shop_2', table: 'order_1' })).toBe('$5')
  })
  test('a group that is not there', () => {
    expect(failureOf(() => text('$schema{2}'))).toMatchObject({
      kind: 'ruleInvalid',
      message: expect.stringMatching(/uses \$schema\{2\}, but the pattern has no group 2/),
    })
  })
})

describe('what tells the rows of tables', () => {
  const of = TABLES[0]!
  test('schema and table do; a group of one of them alone does not', () => {
    expect(shardTag(bookOf({ shard: '$schema.$table' }), TARGET, of, TABLES)).toEqual([
      { name: 'shard', text: 'shop_1.order_1' },
    ])
    expect(shardTag(bookOf({ t: '$table' }), TARGET, of, TABLES)).toBeNull()
    expect(shardTag(bookOf({}), TARGET, of, TABLES)).toBeNull()
  })
  test('two constants together; but none of them by itself', () => {
    const book = bookOf({ s: '$schema{1}', t: '$table{1}' })
    expect(shardTag(book, TARGET, of, TABLES)).toHaveLength(2)
    expect(tellingTag(book, TARGET, of, TABLES)).toBeNull()
    expect(tellingTag(bookOf({ s: '$schema', all: '$schema.$table' }), TARGET, of, TABLES)?.name).toBe('all')
  })
  test('a key with tags that are the same in two tables tells nothing apart', () => {
    const tagged = (constants: Record<string, string>, key: string[]) =>
      isTaggedKey(bookOf(constants, { shards: { key, onCollision: 'stop' } }), TARGET, of, TABLES)
    expect(tagged({ shard: '$schema.$table' }, ['shard'])).toBe(true)
    expect(tagged({ s: '$schema', t: '$table' }, ['s', 't'])).toBe(true)
    expect(tagged({ s: '$schema', t: '$table' }, ['s'])).toBe(false)
    expect(tagged({ shard: '$schema.$table' }, [])).toBe(false)
  })
})

describe('the target', () => {
  const wishOf = (of: Partial<RuleSpec>) => {
    const [matched] = bookOf({ shard: '$schema.$table' }, of).match('shop_2', 'order_1')
    return requestTarget(schema, planColumns(schema, matched!), matched!, 'refuse')
  }
  test('has the tag in its key, behind the table’s own, and NOT NULL', () => {
    const wish = wishOf({ shards: { key: ['shard'], onCollision: 'stop' } })
    expect(wish.key).toEqual(['id', 'shard'])
    expect(wish.columns.find(({ name }) => name === 'shard')?.nullable).toBe(false)
  })
  test('model, buckets, distribution and properties are asked for', () => {
    const load = { ...PLAIN_LOAD, model: 'unique', buckets: 7, distributedBy: ['id'] } as const
    expect(wishOf({ load: { ...load, properties: new Map([['compression', 'ZSTD']]) } })).toMatchObject({
      model: 'unique',
      buckets: 7,
      distributedBy: ['id'],
      properties: { compression: 'ZSTD' },
    })
  })
  test.each([
    ['missing', /would not have/],
    ['id', /is part of its key/],
    ['shard', /is varchar\(1024\), which StarRocks compares no rows by/],
  ])('merge_condition = "%s" is refused', (mergeCondition, message) => {
    expect(failureOf(() => wishOf({ load: { ...PLAIN_LOAD, mergeCondition } }))).toMatchObject({
      kind: 'ruleInvalid',
      message: expect.stringMatching(message),
    })
  })
  test('rules of one target agree in what their loads say', () => {
    const modes = new TargetModes()
    const matched = { rule: rule({}), ...TARGET }
    modes.claim(matched)
    const other = rule({ where: 'line 20', load: { ...PLAIN_LOAD, columnSeparator: '|' } })
    expect(failureOf(() => modes.claim({ rule: other, ...TARGET }))).toMatchObject({
      kind: 'ruleInvalid',
      message: expect.stringMatching(/line 7 and line 20 write into d\.orders with other values of column_separator/),
    })
  })
})
