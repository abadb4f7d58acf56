import { describe, expect, test } from '@jest/globals'
import type { TargetRequest } from '../../lib/dispatch/sink.js'
import type { TargetStep } from '../../lib/model/target-change.js'
import { statementsTowards } from '../../lib/starrocks/alter-step.js'
import { renderCreateTable } from '../../lib/starrocks/ddl.js'
import { renderFindKey } from '../../lib/starrocks/key-lookup.js'
import { loadHeaders } from '../../lib/starrocks/load-body.js'
import { mergeRequests } from '../../lib/starrocks/merged-request.js'
import type { TargetShape } from '../../lib/starrocks/target-shape.js'
import { failureOf } from '../support/failure-of.js'

const column = (name: string, type: string, nullable = true) => ({ name, type, nullable, comment: '' })
const request = (more: Partial<TargetRequest> = {}): TargetRequest => ({
  database: 'd',
  table: 't',
  model: 'primary',
  columns: [column('id', 'int', false), column('shard', 'varchar(1024)', false), column('v', 'int')],
  key: ['id', 'shard'],
  comment: '',
  missingColumns: 'refuse',
  ...more,
})

describe('headers of loads', () => {
  const headers = (more: object) =>
    loadHeaders(
      {
        label: 'l',
        target: { database: 'd', table: 't' },
        format: 'csv',
        columns: 'id,v',
        columnSeparator: '\\x03',
        rowDelimiter: '\\x04',
        ...more,
      },
      { loadTimeoutMs: 1000, throughFrontend: true },
    )
  test('a merge condition goes with every load, the mode of partial updates with those alone', () => {
    const semantics = { partialUpdateMode: 'column', mergeCondition: 'v' } as const
    expect(headers({ semantics })).toMatchObject({ merge_condition: 'v', column_separator: '\\x03' })
    expect(headers({ semantics })).not.toHaveProperty('partial_update_mode')
    expect(headers({ semantics, partial: true })).toMatchObject({
      partial_update: 'true',
      partial_update_mode: 'column',
    })
    expect(headers({ partial: true })).not.toHaveProperty('partial_update_mode')
  })
})

describe('CREATE TABLE', () => {
  const text = (more: Partial<TargetRequest>) => renderCreateTable(request(more), { bucketCount: 2, replicationNum: 1 })
  test('buckets, distribution and properties', () => {
    const statement = text({ buckets: 7, distributedBy: ['ID'], properties: { compression: 'ZSTD' } })
    expect(statement).toContain('DISTRIBUTED BY HASH(`id`) BUCKETS 7')
    expect(statement).toContain(
      'PROPERTIES ("replication_num" = "1", "enable_persistent_index" = "true", "compression" = "ZSTD")',
    )
  })
  test('buckets are cut by key columns', () => {
    expect(failureOf(() => text({ distributedBy: ['v'] }))).toMatchObject({
      kind: 'targetUnfit',
      message: expect.stringMatching(/distributed_by names column "v", which is no key column/),
    })
  })
  test('tables of one target whose rules want other buckets cannot meet', () => {
    const of = (more: Partial<TargetRequest>, source: string) => ({ source, request: request(more) })
    expect(failureOf(() => mergeRequests([of({ buckets: 3 }, 's.a'), of({}, 's.b')])).message).toMatch(/buckets/)
  })
})

describe('a target that is to hold the rows of several tables', () => {
  const shape = (...columns: ReturnType<typeof column>[]): TargetShape => ({
    ...request(),
    comment: '',
    columns: columns.map(one => ({ ...one, hasDefault: false, defaultText: null })),
  })
  const unite = (of: TargetShape, ...columns: ReturnType<typeof column>[]) => {
    const step: Extract<TargetStep, { kind: 'unite' }> = { kind: 'unite', columns }
    const evolution = { ...request(), source: 's.t', statement: '', shared: true, steps: [] }
    return statementsTowards(step, of, evolution).map(({ sql }) => sql)
  }
  const [id, shard] = [column('id', 'int', false), column('shard', 'varchar(1024)', false)]
  test('missing columns are added, narrow ones widened, and what some rows lack may be NULL', () => {
    const before = shape(id, shard, column('v', 'int', false), column('only_here', 'int', false))
    expect(unite(before, id, shard, column('v', 'bigint', false), column('w', 'date', false))).toEqual([
      'ALTER TABLE `d`.`t` ADD COLUMN `w` DATE NULL',
      'ALTER TABLE `d`.`t` MODIFY COLUMN `v` BIGINT NOT NULL',
      'ALTER TABLE `d`.`t` MODIFY COLUMN `only_here` INT NULL',
    ])
  })
  test('one that holds them already is left alone', () => {
    expect(unite(shape(id, shard, column('v', 'bigint')), id, shard, column('v', 'int', false))).toEqual([])
  })
  test('what StarRocks cannot widen is said', () => {
    expect(() => unite(shape(id, shard, column('v', 'int')), id, shard, column('v', 'date'))).toThrow(/needs date/)
  })
})

describe('looking for keys', () => {
  const target = {
    database: 'd',
    table: 't',
    model: 'primary' as const,
    key: ['id', 'name'],
    columns: [
      { ...column('id', 'int'), hasDefault: false },
      { ...column('name', 'varchar(9)'), hasDefault: false },
    ],
  }
  test('of two columns, among rows with another tag', () => {
    expect(
      renderFindKey(
        target,
        [
          ['1', 'a"b'],
          ['2', ''],
        ],
        { name: 'shard', text: 's.t' },
      ),
    ).toBe(
      'SELECT `id` AS k0, `name` AS k1, `shard` AS tag FROM `d`.`t` WHERE ((`id` = 1 AND `name` = "a""b") OR (`id` = 2 AND `name` = "")) AND (`shard` <> "s.t" OR `shard` IS NULL) LIMIT 1',
    )
  })
  test('of one column', () => {
    expect(renderFindKey({ ...target, key: ['name'] }, [['7']], null)).toBe(
      'SELECT `name` AS k0 FROM `d`.`t` WHERE `name` IN ("7") LIMIT 1',
    )
  })
})
