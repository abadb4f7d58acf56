import { describe, expect, test } from '@jest/globals'
import { valueChange } from '../../lib/rules/evolution-values.js'
import { sourceColumn } from '../support/source-column.js'

const change = (from: string, to: string) => valueChange(sourceColumn('c', from), sourceColumn('c', to))

describe('values that stay as they are', () => {
  test.each([
    ['int', 'bigint'],
    ['int unsigned zerofill', 'bigint'],
    ['tinyint unsigned', 'smallint'],
    ['smallint', 'varchar(6)'],
    ['int', 'double'],
    ['int', 'decimal(13,2)'],
    ['year', 'smallint'],
    ['bit(7)', 'tinyint'],
    ['bit(3)', 'bit(9)'],
    ['decimal(5,2)', 'decimal(7,4)'],
    ['decimal(5,2)', 'varchar(7)'],
    ['decimal(5,0)', 'int'],
    ['double unsigned', 'double'],
    ['date', 'datetime'],
    ['datetime', 'datetime(6)'],
    ['timestamp(3)', 'timestamp(3)'],
    ['char(5)', 'varchar(5)'],
    ['varchar(5)', 'varchar(50)'],
    ['varchar(50)', 'text'],
    ['text', 'longtext'],
    ['tinytext', 'varchar(255)'],
    ['varbinary(5)', 'blob'],
    ['binary(4)', 'varbinary(4)'],
    ["enum('a','b')", "enum('b','a','c')"],
    ["enum('a','bcd')", 'varchar(3)'],
    ["set('a','b')", "set('a','x','b')"],
    ["set('a','b')", 'varchar(3)'],
    ['json', 'json'],
  ])('%s -> %s', (from, to) => {
    expect(change(from, to)).toEqual({ kind: 'kept', unless: [] })
  })
  test('a charset that has every character', () => {
    const [from, to] = [sourceColumn('c', 'varchar(5)', { charset: 'latin1' }), sourceColumn('c', 'varchar(5)')]
    expect(valueChange(from, to)).toEqual({ kind: 'kept', unless: [] })
    expect(valueChange({ ...from, charset: 'utf8' }, { ...to, charset: 'utf8mb3' })).toEqual({
      kind: 'kept',
      unless: [],
    })
    expect(valueChange({ ...from, charset: 'ascii' }, { ...to, charset: 'latin1' })).toEqual({
      kind: 'kept',
      unless: [],
    })
  })
})

describe('values that are doubted, which the target is asked for', () => {
  test.each([
    ['bigint', 'int', { kind: 'outside', low: '-2147483648', high: '2147483647' }],
    ['int', 'int unsigned', { kind: 'outside', low: '0', high: '4294967295' }],
    ['bigint unsigned', 'bigint', { kind: 'outside', low: '-9223372036854775808', high: '9223372036854775807' }],
    ['decimal(5,2)', 'decimal(5,2) unsigned', { kind: 'outside', low: '0', high: '999' }],
    ['varchar(50)', 'varchar(5)', { kind: 'longerThan', length: 5, unit: 'characters' }],
    ['text', 'varchar(100)', { kind: 'longerThan', length: 100, unit: 'characters' }],
    ['text', 'tinytext', { kind: 'longerThan', length: 255, unit: 'bytes' }],
    ['varchar(100)', 'tinytext', { kind: 'longerThan', length: 255, unit: 'bytes' }],
    ['varchar(5)', 'char(5)', { kind: 'endsInSpace' }],
    ['blob', 'varbinary(9)', { kind: 'longerThan', length: 9, unit: 'bytes' }],
    ["enum('a','b','c')", "enum('a')", { kind: 'oneOf', values: ['b', 'c'] }],
  ])('%s -> %s', (from, to, doubt) => {
    expect(change(from, to)).toMatchObject({ kind: 'kept', unless: [{ doubt }] })
  })
  test('NULL -> NOT NULL', () => {
    const column = sourceColumn('c', 'int')
    expect(valueChange(column, { ...column, nullable: false })).toMatchObject({
      unless: [{ doubt: { kind: 'isNull' } }],
    })
    expect(valueChange({ ...column, nullable: false }, column)).toEqual({ kind: 'kept', unless: [] })
  })
  test('a charset with fewer characters', () => {
    const column = sourceColumn('c', 'varchar(5)')
    expect(valueChange(column, { ...column, charset: 'latin1' })).toMatchObject({
      unless: [{ doubt: { kind: 'notAscii' }, reason: expect.stringMatching(/latin1.*utf8mb4/) }],
    })
  })
})

describe('values that may be others now', () => {
  test.each([
    ['varchar(20)', 'int'],
    ['int zerofill', 'varchar(20)'],
    ['int', 'varchar(10)'],
    ['bigint', 'double'],
    ['int', 'float'],
    ['int', 'year'],
    ['int', 'date'],
    ['float', 'double'],
    ['double', 'float'],
    ['double', 'varchar(40)'],
    ['float', 'float(7,3)'],
    ['decimal(7,4)', 'decimal(7,2)'],
    ['decimal(7,4)', 'decimal(6,4)'],
    ['decimal(5,2)', 'int'],
    ['decimal(50,2)', 'decimal(52,4)'],
    ['datetime', 'date'],
    ['datetime', 'timestamp'],
    ['timestamp', 'datetime'],
    ['datetime(6)', 'datetime'],
    ['time', 'time(3)'],
    ['binary(4)', 'binary(8)'],
    ['varchar(10)', 'varbinary(40)'],
    ['varchar(10)', "enum('a')"],
    ["set('a','b')", "set('b','a')"],
    ["set('a','b')", "set('a')"],
    ['json', 'longtext'],
    ['longtext', 'json'],
    ['bit(9)', 'bit(3)'],
  ])('%s -> %s', (from, to) => {
    expect(change(from, to)).toMatchObject({ kind: 'changed', reason: expect.stringContaining(to) })
  })
})
