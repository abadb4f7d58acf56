import { describe, expect, test } from '@jest/globals'
import type { SourceColumn } from '../../lib/model/schema.js'
import { ruleBookOf } from '../../lib/registry.js'
import { planColumns } from '../../lib/rules/column-plan.js'
import { lossyCasts, requestTarget } from '../../lib/rules/target-wish.js'
import { column } from '../starrocks/fixtures.js'
import { load, MINIMAL, problems } from '../support/config-text.js'
import { failureOf } from '../support/failure-of.js'

const RULE = `${MINIMAL}[[rule]]\nschema = "shop"\ntable = "orders"\n`
const ofRule = (lines: string) => problems(`${RULE}${lines}\n`).map(text => text.split('\n')[0])
const matchedBy = (lines: string) => ruleBookOf(load(`${RULE}${lines}\n`)).match('shop', 'orders')[0]!

function orders(...columns: SourceColumn[]) {
  const id = column('int', { name: 'id', nullable: false })
  return { schema: 'shop', table: 'orders', columns: [id, ...columns], key: ['id'], comment: '' }
}

function wished(lines: string, ...columns: SourceColumn[]) {
  const matched = matchedBy(lines)
  const schema = orders(...columns)
  const plan = planColumns(schema, matched)
  return { ...requestTarget(schema, plan, matched, 'refuse'), warnings: lossyCasts(schema, plan, matched) }
}

describe('zero_date', () => {
  test('is "null", above all sections or in a rule something else', () => {
    expect(matchedBy('').rule.zeroDate).toBe('null')
    expect(matchedBy('zero_date = "min"').rule.zeroDate).toBe('min')
    expect(ruleBookOf(load(`zero_date = "stop"\n${RULE}`)).match('shop', 'orders')[0]!.rule.zeroDate).toBe('stop')
    expect(ofRule('zero_date = "zero"')).toEqual(['sync.toml:12:13: zero_date must be "null", "stop" or "min"'])
  })

  test('"null" makes room for NULL in dates, but in no other column and in no key', () => {
    const d = column('date', { name: 'd', nullable: false })
    const n = column('int', { name: 'n', nullable: false })
    const nullable = (lines: string) => wished(lines, d, n).columns.map(c => c.nullable)
    expect(nullable('')).toEqual([false, true, false])
    expect(nullable('zero_date = "min"')).toEqual([false, false, false])
    expect(nullable('cast = { d = "VARCHAR(10)" }')).toEqual([false, false, false])
    const matched = matchedBy('')
    const byDay = { ...orders(d), key: ['d'] }
    expect(requestTarget(byDay, planColumns(byDay, matched), matched, 'refuse').columns[1]!.nullable).toBe(false)
  })
})

describe('types', () => {
  test('bit1 and tinyint1', () => {
    const bit = column('bit', { name: 'b', precision: 1 })
    const tiny = column('tinyint', { name: 't', columnType: 'tinyint(1)' })
    const types = (lines: string) => wished(lines, bit, tiny).columns.map(c => c.type)
    expect(types('')).toEqual(['int', 'bigint', 'tinyint'])
    expect(types('bit1 = "boolean"')).toEqual(['int', 'boolean', 'tinyint'])
    expect(types('tinyint1 = "boolean"')).toEqual(['int', 'bigint', 'boolean'])
    expect(ofRule('bit1 = "bit"')).toEqual(['sync.toml:12:8: bit1 must be "number" or "boolean"'])
  })

  test('a cast, also of a renamed column and of the key', () => {
    const total = column('decimal', { name: 'total', columnType: 'decimal(10,2)', precision: 10, scale: 2 })
    const target = wished('cast = { total = "BIGINT", id = "VARCHAR(20)" }\nrename = { total = "sum" }', total)
    expect(target.columns.map(({ name, type }) => [name, type])).toEqual([
      ['id', 'varchar(20)'],
      ['sum', 'bigint'],
    ])
    expect(target.warnings).toEqual([
      'd.orders.sum is cast from decimal(10,2) to bigint: fractions are cut off.'.replace('d.', `${target.database}.`),
    ])
  })

  test.each([
    ['cast = { total = "ARRAY<INT>" }', 'sync.toml:12:18: cast must be a StarRocks type, such as "VARCHAR(64)"'],
    ['cast = { total = "" }', 'sync.toml:12:18: cast must not be empty'],
    ['cast = "INT"', 'sync.toml:12:8: cast must be table of source = "TYPE", but is a string'],
  ])('%s is no type', (lines, said) => {
    expect(ofRule(lines)[0]).toContain(said)
  })

  test.each([
    ['cast = { id = "DATE" }', 'cast = { id = "DATE" } names column "id" (int) of shop.orders, but in'],
    ['cast = { day = "BIGINT" }', 'StarRocks cannot read values of date as BIGINT.'],
    ['cast = { gone = "INT" }', 'cast names column "gone", which shop.orders does not have'],
    [
      'cast = { day = "DATE" }\nexclude = ["day"]',
      'cast names column "day" of shop.orders, which the rule leaves out.',
    ],
  ])('%s is refused with the place of the rule', (lines, said) => {
    const failure = failureOf(() => wished(lines, column('date', { name: 'day' })))
    expect(failure.kind).toBe('ruleInvalid')
    expect(failure.message).toContain('[[rule]] in sync.toml, line 9: ')
    expect(failure.message).toContain(said)
  })
})
