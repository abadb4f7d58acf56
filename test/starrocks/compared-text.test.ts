import { expect, test } from '@jest/globals'
import { comparedText } from '../../lib/starrocks/compared-text.js'
import { digestOf } from '../../lib/starrocks/row-digest.js'
import { SOURCE_TYPES } from '../../lib/starrocks/type-map.js'
import { column } from './fixtures.js'

const against = (type: string, zeroDate: 'null' | 'min' | 'stop' = 'null', isKey = false) => ({
  name: 't',
  type,
  isKey,
  zeroDate,
})

test('what both servers print alike goes into digests, the rest is fetched', () => {
  const how = (dataType: string, type: string) => comparedText(column(dataType), against(type)).how
  expect(how('bigint', 'bigint')).toBe('digest')
  expect(how('varchar', 'varchar(40)')).toBe('digest')
  expect(how('datetime', 'datetime')).toBe('digest')
  expect(how('varbinary', 'varbinary(20)')).toBe('digest')
  expect(how('double', 'double')).toBe('rows')
  expect(how('float', 'float')).toBe('rows')
  expect(how('json', 'json')).toBe('rows')
  expect(how('point', 'varchar(1048576)')).toBe('rows')
  expect(how('int', 'double')).toBe('rows')
})

test('a pair without an exact comparison is named, never passed over', () => {
  expect(comparedText(column('time'), against('bigint'))).toEqual({
    how: 'ignored',
    reason: 'time and bigint have no exact comparison',
  })
  // StarRocks rounds what has more digits than its column.
  const decimal = column('decimal', { precision: 10, scale: 4 })
  expect(comparedText(decimal, against('decimal(10,2)')).how).toBe('ignored')
  expect(comparedText(decimal, against('decimal(12,6)'))).toMatchObject({
    how: 'digest',
    source: 'CAST(CAST(`c` AS DECIMAL(65,6)) AS CHAR)',
  })
})

test('dates that do not exist are what the rule makes of them', () => {
  const source = (zeroDate: 'null' | 'min' | 'stop') => {
    const compared = comparedText(column('date'), against('date', zeroDate))
    return compared.how === 'ignored' ? '' : compared.source
  }
  expect(source('stop')).toBe('LEFT(CAST(`c` AS CHAR), 10)')
  expect(source('null')).toMatch(/^IF\(.*LIKE '%-00%'.*, NULL, LEFT/)
  expect(source('min')).toMatch(/, '0000-01-01', LEFT/)
})

test('every source type has a comparison with the text of its values', () => {
  for (const dataType of SOURCE_TYPES)
    expect([dataType, comparedText(column(dataType), against('varchar(1048576)')).how]).not.toEqual([
      dataType,
      'ignored',
    ])
})

test('two lists of texts never run into one, and NULL is unlike any text', () => {
  const framed = digestOf([
    { text: 'a', long: false },
    { text: 'b', long: true },
  ])
  expect(framed).toBe("SHA2(CONCAT(IFNULL(CONCAT(LENGTH(a), ':', a), '~'), ',', IFNULL(SHA2(b, 256), '~')), 256)")
})
