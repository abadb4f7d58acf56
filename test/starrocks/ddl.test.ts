import { describe, expect, test } from '@jest/globals'
import type { TargetRequest } from '../../lib/dispatch/sink.js'
import {
  bucketCountFor,
  quoteIdentifier,
  quoteString,
  renderAddColumns,
  renderCreateDatabase,
  renderCreateTable,
  renderTruncate,
} from '../../lib/starrocks/ddl.js'

const LAYOUT = { bucketCount: 4, replicationNum: 1 }
const col = (name: string, type: string, nullable = true, comment = '') => ({ name, type, nullable, comment })
const request = (more: Partial<TargetRequest> = {}): TargetRequest => ({
  database: 'demo',
  table: 't_user',
  model: 'primary',
  columns: [col('name', 'varchar(80)', true, 'say "hi"'), col('b', 'int', false), col('a', 'bigint', true)],
  key: ['a', 'b'],
  comment: "it's \\ fine",
  missingColumns: 'refuse',
  ...more,
})

describe('CREATE TABLE', () => {
  test('keys stand first, in key order, NOT NULL; comments and layout follow', () => {
    expect(renderCreateTable(request(), LAYOUT)).toBe(
      [
        'CREATE TABLE IF NOT EXISTS `demo`.`t_user` (',
        '  `a` BIGINT NOT NULL,',
        '  `b` INT NOT NULL,',
        '  `name` VARCHAR(80) NULL COMMENT "say ""hi"""',
        ') ENGINE=OLAP',
        'PRIMARY KEY (`a`, `b`)',
        'COMMENT "it\'s \\\\ fine"',
        'DISTRIBUTED BY HASH(`a`, `b`) BUCKETS 4',
        'PROPERTIES ("replication_num" = "1", "enable_persistent_index" = "true")',
      ].join('\n'),
    )
  })

  test('automatic buckets leave the clause out', () => {
    const sql = renderCreateTable(request({ comment: '' }), { bucketCount: 'auto', replicationNum: 3 })
    expect(sql).not.toMatch(/BUCKETS|\nCOMMENT/)
    expect(sql).toContain('"replication_num" = "3"')
  })

  test.each(['char(10)', 'decimal(10,2)', 'float', 'double', 'varbinary(16)', 'json'])(
    'a key of %s is refused',
    type => {
      expect(() => renderCreateTable(request({ columns: [col('a', type)], key: ['a'] }), LAYOUT)).toThrow(
        /demo\.t_user.* a /,
      )
    },
  )

  test.each([
    '__op',
    '__OP',
    '__row',
    '__starrocks_shadow_x',
    '__generated_partition_column_0',
    'a=b',
    'a*',
    '',
    'a\0b',
  ])('the column name %j is refused', name => {
    const columns = [col('a', 'int'), col(name, 'int')]
    expect(() => renderCreateTable(request({ columns, key: ['a'] }), LAYOUT)).toThrow(/column named/)
  })

  test('no key, an unknown key column and a repeated column are refused', () => {
    expect(() => renderCreateTable(request({ key: [] }), LAYOUT)).toThrow(/no key/)
    expect(() => renderCreateTable(request({ key: ['zz'] }), LAYOUT)).toThrow(/zz/)
    const twice = [col('a', 'int'), col('A', 'int')]
    expect(() => renderCreateTable(request({ columns: twice, key: ['a'] }), LAYOUT)).toThrow(/twice/)
  })
})

test('added columns are nullable', () => {
  expect(renderAddColumns(request(), [col('c', 'int', false, 'n'), col('d`', 'json')])).toBe(
    'ALTER TABLE `demo`.`t_user` ADD COLUMN `c` INT NULL COMMENT "n", ADD COLUMN `d``` JSON NULL',
  )
})

test('names and strings cannot break out', () => {
  expect(quoteIdentifier('a`; DROP TABLE t; --')).toBe('`a``; DROP TABLE t; --`')
  expect(quoteString('a"\\')).toBe('"a""\\\\"')
  expect(quoteString('a\nb\r\0')).toBe('"a\\nb\\r\\0"')
  expect(() => quoteIdentifier('a\0')).toThrow(/cannot/)
  expect(renderTruncate({ database: 'd`b', table: 't' })).toBe('TRUNCATE TABLE `d``b`.`t`')
})

test('databases', () => {
  expect(renderCreateDatabase('demo')).toBe('CREATE DATABASE IF NOT EXISTS `demo`')
  for (const name of ['1db', '', 'a b', 'a`b', 'ü']) expect(() => renderCreateDatabase(name)).toThrow(/database named/)
})

test('buckets grow with the backends', () => {
  expect([0, 1, 3, 24, 100].map(bucketCountFor)).toEqual([2, 2, 6, 48, 48])
})
