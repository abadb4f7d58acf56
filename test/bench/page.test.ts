import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { fileOfFigures, putFigures } from '../../bench/page.js'
import type { Report } from '../../bench/report.js'
import { renderReport } from '../../bench/report-table.js'

const PAGE = 'Before\n<!-- figures of a.json -->\nold\n<!-- end of figures -->\nBehind\n'

test('figures are put in place of those before', () => {
  const page = putFigures(PAGE, 'b.json', 'new\n')
  expect(page).toBe('Before\n<!-- figures of b.json -->\n\nnew\n\n<!-- end of figures -->\nBehind\n')
  expect(fileOfFigures(page)).toBe('b.json')
  expect(putFigures(page, 'b.json', 'new\n')).toBe(page)
})

test('a page without a place for them is refused', () => {
  expect(() => putFigures('Before', 'b.json', 'new')).toThrow('the page has no')
  expect(() => fileOfFigures('Before')).toThrow('names no report')
})

test('docs/performance.md shows what the report that it names says', () => {
  const page = readFileSync('docs/performance.md', 'utf8')
  const file = fileOfFigures(page)
  expect({ file, exists: existsSync(file) }).toEqual({ file, exists: true })
  expect(putFigures(page, file, renderReport(JSON.parse(readFileSync(file, 'utf8')) as Report))).toBe(page)
})
