import { describe, expect, test } from '@jest/globals'
import { ruleBookOf } from '../../lib/registry.js'
import { load, MINIMAL, problems } from '../support/config-text.js'

const RULE = `${MINIMAL}[[rule]]\nschema = "shop"\ntable = "orders"\n`
const firstLines = (lines: string) => problems(`${RULE}${lines}\n`).map(text => text.split('\n')[0])

test('what a rule makes of rows becomes plain data', () => {
  const config = load(
    `${RULE}where = "status <> 'draft'"\noperations = ["INSERT", "DELETE"]\ncomputed = { total = "price * qty" }
on_delete = "soft"\nsoft_delete = { flag = "gone", time = "gone_at" }\n`,
  )
  const [matched] = ruleBookOf(config).match('shop', 'orders')
  expect(matched!.rule.shape).toMatchObject({
    where: "status <> 'draft'",
    operations: ['insert', 'delete'],
    computed: new Map([['total', 'price * qty']]),
    onDelete: 'soft',
    softDelete: { flag: 'gone', time: 'gone_at' },
  })
})

describe('keys that do not go together', () => {
  const GROUPED = 'group_by = ["a"]\nmeasures = { n = "count(*)" }\n'
  test.each([
    ['operations = ["INSERT", "INSERT"]', 'operations names INSERT twice'],
    [`${GROUPED}operations = ["UPDATE", "DELETE"]`, 'operations needs "INSERT" with group_by'],
    [`${GROUPED}operations = ["INSERT", "DELETE"]`, 'operations needs "UPDATE" with group_by'],
    [`${GROUPED}on_delete = "soft"`, 'on_delete = "soft" marks rows, and a target with group_by has sums'],
    ['mode = "append"\non_delete = "soft"', 'on_delete = "soft" marks rows, and with mode = "append"'],
    ['operations = ["INSERT"]\non_delete = "soft"', 'on_delete = "soft" has no effect without "DELETE" in operations'],
    ['on_delete = "nullify"', 'on_delete = "nullify" needs mode = "partial"'],
    ['soft_delete = { flag = "x" }', 'soft_delete has no effect without on_delete = "soft"'],
    ['computed = { x = "1" }\nconstants = { x = "1" }', 'computed fills column "x", which constants, rename'],
    ['computed = { x = "1" }\nrename = { y = "x" }', 'computed fills column "x", which constants, rename'],
    ['key = { a = "id" }', 'key needs mode = "partial"'],
    ['mode = "partial"\nkey = {}', 'key must not be empty'],
    ['mode = "partial"\nkey = { a = "id", b = "id" }', 'key names source column "id" twice'],
    [
      'mode = "partial"\nkey = { a = "id" }\nexclude = ["id"]',
      'key names source column "id", which exclude leaves out',
    ],
    ['mode = "partial"\nkey = { a = "id" }\nrename = { id = "b" }', 'rename gives column "id" another name than key'],
    [`mode = "partial"\n${GROUPED}`, 'mode = "partial" cannot be combined with group_by'],
    [
      'mode = "partial"\nmerge_condition = "a"\non_delete = "ignore"',
      'mode = "partial" cannot be combined with merge_condition',
    ],
    [`${GROUPED}computed = { x = "1" }`, 'computed computes "x", which neither group_by nor measures name'],
  ])('%s', (lines, problem) => {
    expect(firstLines(lines)).toEqual([expect.stringContaining(problem)])
  })

  test.each([
    `${GROUPED}operations = ["INSERT"]`,
    `${GROUPED}operations = ["INSERT", "UPDATE"]`,
    `${GROUPED}on_delete = "ignore"`,
    'group_by = ["x"]\nmeasures = { n = "count(*)" }\ncomputed = { x = "date(a)" }',
    'group_by = ["a"]\nmeasures = { n = "sum(x)" }\ncomputed = { x = "a * 2" }',
  ])('%s goes', lines => {
    expect(load(`${RULE}${lines}\n`).rule).toHaveLength(1)
  })
})

test('rules that write some columns: deletes take these alone unless the rule says otherwise, and transactions are refused', () => {
  const onDelete = (lines: string) => ruleBookOf(load(`${RULE}${lines}\n`)).rules[0]!.shape.onDelete
  expect(onDelete('')).toBe('delete')
  expect(onDelete('mode = "partial"')).toBe('nullify')
  expect(onDelete('mode = "partial"\non_delete = "delete"')).toBe('delete')
  expect(problems(`delivery = "atomic"\n${RULE}mode = "partial"\n`)[0]).toContain(
    'delivery = "atomic" does not go with mode = "partial" of a [[rule]]',
  )
})
