import { expect, test } from '@jest/globals'
import { columnOf, parseErrorLog } from '../../lib/starrocks/load-error-log.js'

test.each([
  ['The field (name = age, pos = 2) is out of range. Type: INT, Value length: 3, Value: abc', 'age'],
  ["Value 'abc' is out of range. The type of 'age' is INT", 'age'],
  ["String 'xxxx'(length=4) is too long. The max length of 'name' is 2", 'name'],
  ["NULL value in non-nullable column 'name'", 'name'],
  ["NULL value in auto increment column 'seq'", 'seq'],
  ['Invalid UTF-8 row', null],
])('%s names %s', (reason, column) => {
  expect(columnOf(reason)).toBe(column)
})

test('the first rows are shown, cut short', () => {
  const line = (i: number) =>
    `Error: Value 'abc' is out of range. The type of 'age' is INT. Row: [${i}, '${'y'.repeat(900)}']`
  const rows = parseErrorLog([1, 2, 3, 4].map(line).join('\n'))
  expect(rows).toHaveLength(3)
  expect(rows[0]).toMatchObject({ reason: "Value 'abc' is out of range. The type of 'age' is INT", column: 'age' })
  expect(rows[0]!.row).toMatch(/^\[1, /)
  expect(rows[0]!.row.length).toBeLessThan(220)
})

test('a line of another form is shown as it is', () => {
  expect(parseErrorLog('something odd\n\n')).toEqual([{ reason: 'something odd', row: '', column: null }])
})
