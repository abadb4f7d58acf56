import { describe, expect, test } from '@jest/globals'
import { parseTargetType, renderTargetType, typeFit } from '../../lib/starrocks/target-type.js'

describe('types as StarRocks prints them', () => {
  test.each([
    ['int(11)', 'int'],
    ['bigint(20)', 'bigint'],
    ['bigint(20) unsigned', 'largeint'],
    ['bigint unsigned', 'largeint'],
    ['largeint(40)', 'largeint'],
    ['tinyint(4)', 'tinyint'],
    ['tinyint(1)', 'boolean'],
    ['BOOLEAN', 'boolean'],
    ['DECIMAL64(18, 4)', 'decimal(18,4)'],
    ['decimal128(38,10)', 'decimal(38,10)'],
    ['decimal', 'decimal(10,0)'],
    ['VARCHAR(65533)', 'varchar(65533)'],
    ['string', 'varchar(65533)'],
    ['varbinary', 'varbinary(1048576)'],
    ['varbinary(16)', 'varbinary(16)'],
    ['datetime', 'datetime'],
    ['ARRAY<varchar(20)>', 'array'],
  ])('%s -> %s', (printed, type) => {
    expect(renderTargetType(parseTargetType(printed))).toBe(type)
  })
})

describe('typeFit', () => {
  test.each([
    ['int', 'bigint', 'fits'],
    ['int', 'int', 'fits'],
    ['bigint', 'int', 'narrow'],
    ['tinyint', 'boolean', 'narrow'],
    ['largeint', 'decimal(39,0)', 'fits'],
    ['largeint', 'decimal(20,0)', 'narrow'],
    ['varchar(40)', 'varchar(160)', 'fits'],
    ['varchar(160)', 'varchar(40)', 'narrow'],
    ['int', 'varchar(11)', 'fits'],
    ['int', 'varchar(10)', 'narrow'],
    ['decimal(10,2)', 'decimal(12,2)', 'fits'],
    ['decimal(12,2)', 'decimal(10,2)', 'narrow'],
    ['decimal(10,4)', 'decimal(12,2)', 'lossy'],
    ['decimal(10,2)', 'bigint', 'lossy'],
    ['decimal(10,0)', 'bigint', 'fits'],
    ['decimal(19,0)', 'bigint', 'narrow'],
    ['double', 'int', 'lossy'],
    ['double', 'decimal(20,4)', 'lossy'],
    ['double', 'float', 'lossy'],
    ['float', 'double', 'fits'],
    ['int', 'double', 'fits'],
    ['bigint', 'double', 'lossy'],
    ['datetime', 'date', 'lossy'],
    ['date', 'datetime', 'fits'],
    ['datetime', 'datetime', 'fits'],
    ['json', 'varchar(1048576)', 'narrow'],
    ['json', 'json', 'fits'],
    ['varbinary(16)', 'varbinary(16)', 'fits'],
    ['varbinary(17)', 'varbinary(16)', 'narrow'],
    ['varchar(20)', 'int', 'narrow'],
  ])('%s into %s: %s', (wanted, existing, kind) => {
    expect(typeFit(wanted, existing).kind).toBe(kind)
  })
})
