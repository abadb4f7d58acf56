import { expect, test } from '@jest/globals'
import { MIXED } from '../../bench/report.js'
import { shapesAt, TABLES } from '../../bench/shapes.js'
import { WIDE_WIDTH } from '../../bench/wide-table.js'

const rowsAt = (scale: number) => Object.fromEntries(shapesAt(scale).map(({ name, rows }) => [name, rows]))

test('the shapes and their row changes', () =>
  expect(rowsAt(1)).toEqual({
    'narrow inserts': 500_000,
    'narrow updates': 300_000,
    'four-statement transactions': 400_000,
    'wide inserts': 400_000,
    'wide updates': 100_000,
    'one huge transaction': 1_000_000,
    '200 tables': 200_000,
    'narrow inserts, a tenth': 50_000,
    'hot keys': 200_000,
  }))

test('a scale takes the same share of each, in whole statements', () =>
  expect(rowsAt(0.1)).toEqual(Object.fromEntries(Object.entries(rowsAt(1)).map(([name, rows]) => [name, rows / 10]))))

test.each([0.013, 0.0777, 0.33])(
  'at a scale of %d no statement is cut, and no update looks for rows that are not there',
  scale => {
    const rows = rowsAt(scale)
    expect(rows['wide inserts']! % 1000).toBe(0)
    expect(rows['wide updates']! % 1000).toBe(0)
    expect(rows['wide updates']).toBeLessThanOrEqual(rows['wide inserts']!)
    expect(rows['200 tables']! % 200).toBe(0)
    expect(rows['narrow inserts']! / rows['narrow inserts, a tenth']!).toBe(10)
    expect(Object.values(rows).every(Number.isInteger)).toBe(true)
  },
)

test('too little to measure is refused', () => expect(() => shapesAt(0.001)).toThrow('leaves nothing to measure'))

test('every table that a shape changes is made, and the wide one has 40 columns', () => {
  const made = TABLES.map(statement => /^create table (\w+)/.exec(statement)![1])
  expect(
    shapesAt(1)
      .flatMap(({ tables }) => tables)
      .filter(table => !made.includes(table)),
  ).toEqual([])
  expect(WIDE_WIDTH).toBe(40)
})

test('no shape has the name of the mixed set', () =>
  expect(shapesAt(1).map(({ name }) => String(name))).not.toContain(MIXED))
