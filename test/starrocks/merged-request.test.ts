import { expect, test } from '@jest/globals'
import type { TargetRequest } from '../../lib/dispatch/sink.js'
import { mergeRequests } from '../../lib/starrocks/merged-request.js'

const column = (name: string, type: string, nullable = false) => ({ name, type, nullable, comment: '' })
const request = (more: Partial<TargetRequest> = {}): TargetRequest => ({
  database: 'd',
  table: 't',
  model: 'primary',
  columns: [column('id', 'int'), column('v', 'varchar(10)')],
  key: ['id'],
  comment: '',
  missingColumns: 'refuse',
  ...more,
})
const merge = (...others: Partial<TargetRequest>[]) =>
  mergeRequests([
    { source: 's.first', request: request() },
    ...others.map((other, i) => ({ source: `s.other${i}`, request: request(other) })),
  ])

test('one table asks for what it asks for', () => expect(merge()).toEqual(request()))

test('the order of the tables changes the order of the columns alone', () => {
  const three: Partial<TargetRequest>[] = [
    { columns: [column('id', 'bigint'), column('V', 'varchar(5)', true)], comment: 'a comment' },
    { columns: [column('id', 'smallint'), column('w', 'date')] },
  ]
  const facts = ({ columns, comment }: TargetRequest) => [
    ...columns.map(({ name, type, nullable }) => `${name.toLowerCase()} ${type} ${nullable}`).sort(),
    comment,
  ]
  expect(facts(merge(...three))).toEqual(['id bigint false', 'v varchar(10) true', 'w date true', 'a comment'])
  expect(facts(merge(...three.toReversed()))).toEqual(facts(merge(...three)))
})

test('what one table lacks may be NULL, keys excepted', () => {
  expect(merge({ columns: [column('id', 'int')] }).columns).toEqual([
    column('id', 'int'),
    column('v', 'varchar(10)', true),
  ])
})

const sum = (type: string) => ({ ...column('n', type, true), aggregate: 'sum' as const })
const sums = (type: string): Partial<TargetRequest> => ({
  model: 'aggregate',
  columns: [column('id', 'int'), sum(type)],
})

test.each<[string, Partial<TargetRequest>, RegExp]>([
  ['key', { key: ['v'] }, /s\.other0 and s\.first cannot both be written into d\.t: their keys are \(v\) and \(id\)/],
  ['model', { model: 'duplicate' }, /one needs a duplicate table, the other a primary one/],
  [
    'type',
    { columns: [column('id', 'int'), column('v', 'varbinary(4)')] },
    /both varbinary\(4\) and varchar\(10\), column "v"/,
  ],
  ['sort key', { orderBy: ['v'] }, /order_by as "v" and ""/],
  ['partitioning', { partitionBy: 'id' }, /partition_by as "id" and ""/],
])('another %s is a failure that names both tables', (_, other, message) => expect(() => merge(other)).toThrow(message))

test('sums meet in a wider number, never in a text', () => {
  const merged = (a: string, b: string) =>
    mergeRequests([
      { source: 's.a', request: request(sums(a)) },
      { source: 's.b', request: request(sums(b)) },
    ]).columns[1]
  expect(merged('bigint', 'largeint')).toMatchObject({ type: 'largeint', aggregate: 'sum' })
  expect(() => merged('decimal(38,2)', 'decimal(38,4)')).toThrow(/no type holds/)
})
