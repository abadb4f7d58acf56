import { describe, expect, test } from '@jest/globals'
import { cellReader, keyText } from '../../../lib/rules/shape/transform-cell.js'
import { sourceColumn } from '../../support/source-column.js'

const read = (type: string, facts: object, value: unknown) => cellReader(sourceColumn('c', type, facts), 'c')(value)

describe('values are written in one form', () => {
  test.each([
    ['int', {}, 7, '7'],
    ['int', {}, -2147483648, '-2147483648'],
    ['int', { unsigned: true }, 4294967295n, '4294967295'],
    ['bigint', {}, 9223372036854775807n, '9223372036854775807'],
    ['tinyint', {}, true, '1'],
    ['bit', { precision: 3 }, 7n, '7'],
    ['year', {}, 99, '0099'],
    ['decimal', { precision: 6, scale: 2 }, '9.9', '9.90'],
    ['decimal', { precision: 6, scale: 2 }, '-0009.9000', '-9.90'],
    ['decimal', { precision: 6, scale: 2 }, '-0.00', '0.00'],
    ['decimal', { precision: 6, scale: 2 }, 12n, '12.00'],
    ['decimal', { precision: 2, scale: 2 }, '0.25', '0.25'],
    ['decimal', { precision: 4, scale: 0 }, '0012', '12'],
    ['double', {}, 1e300, '1e300'],
    ['double', {}, -0.5, '-0.5'],
    ['varchar', { maxLength: 2, charset: 'utf8mb4' }, '你a', '你a'],
    ['date', {}, '2024-02-29', '2024-02-29'],
    ['datetime', { fractionDigits: 3 }, '2024-02-29T01:02:03.1', '2024-02-29 01:02:03.100'],
    ['datetime', { fractionDigits: 6, targetType: 'datetime' }, '2024-02-29 01:02:03.100', '2024-02-29 01:02:03.1'],
    ['datetime', { fractionDigits: 0 }, '2024-02-29 01:02:03.000', '2024-02-29 01:02:03'],
    ['time', { fractionDigits: 0 }, '-838:59:59', '-838:59:59'],
    ['json', {}, '{"a":1}', '{"a":1}'],
    ['int', { nullable: true }, null, null],
  ])('%s %j takes %p', (type, facts, value, cell) => {
    expect(read(type, facts, value)).toBe(cell)
  })

  test('bytes as bytes', () => {
    expect(read('varbinary', { maxLength: 2 }, Uint8Array.of(0, 255))).toEqual(Uint8Array.of(0, 255))
    expect(keyText([Uint8Array.of(0, 255), 'a'])).toBe('[{"hex":"00ff"},"a"]')
  })
})

describe('values that a column cannot hold exactly are refused, and not shown', () => {
  test.each([
    ['int', {}, 2147483648],
    ['int', { unsigned: true }, -1],
    ['int', {}, 1.5],
    ['int', {}, '7'],
    ['int', {}, true],
    ['tinyint', { targetType: 'boolean' }, 2],
    ['bigint', {}, 2 ** 53],
    ['decimal', { precision: 6, scale: 2 }, 9.9],
    ['decimal', { precision: 6, scale: 2 }, '9.901'],
    ['decimal', { precision: 6, scale: 2 }, '12345.00'],
    ['decimal', { precision: 2, scale: 2 }, '1.00'],
    ['decimal', { precision: 6, scale: 2 }, '1e2'],
    ['double', {}, Number.NaN],
    ['double', {}, 7n],
    ['varchar', { maxLength: 2, charset: 'utf8mb4' }, 'abc'],
    ['varchar', { maxLength: 2, targetType: 'varchar(2)' }, '你'],
    ['varchar', { maxLength: 9, charset: 'utf8mb4' }, '\ud800'],
    ['varchar', { maxLength: 9, charset: 'utf8mb4' }, 7],
    ['varbinary', { maxLength: 2 }, Uint8Array.of(1, 2, 3)],
    ['varbinary', { maxLength: 2 }, 'ab'],
    ['date', {}, new Date(0)],
    ['date', {}, '2024-2-9'],
    ['datetime', { fractionDigits: 0 }, '2024-02-29 01:02:03.5'],
    ['datetime', { fractionDigits: 0 }, '2024-02-29 24:00:00'],
    ['json', {}, '{a}'],
    ['json', {}, { a: 1 }],
    ['int', { nullable: false }, null],
    ['int', {}, undefined],
  ])('%s %j does not take %p', (type, facts, value) => {
    expect(() => read(type, facts, value)).toThrow(/column c/)
    if (typeof value === 'string' && value.length > 3) expect(() => read(type, facts, value)).not.toThrow(value)
  })
})
