import { describe, expect, test } from '@jest/globals'
import { ruleBookOf } from '../../lib/registry.js'
import { load, MINIMAL, problems } from '../support/config-text.js'

const RULE = `${MINIMAL}[[rule]]\nschema = "shop"\ntable = "orders"\n`
/** Problems of a rule with these lines, the first line of each; MINIMAL has eight lines, the rule begins in the ninth. */
const ofRule = (lines: string) => problems(`${RULE}${lines}\n`).map(text => text.split('\n')[0])

describe('what a rule writes', () => {
  test('upsert, unless it says otherwise', () => {
    expect(load(RULE).rule[0]).toMatchObject({ mode: 'upsert', group_by: undefined, measures: undefined })
    expect(load(`${RULE}mode = "append"\n`).rule[0]!.mode).toBe('append')
  })

  test('groups and measures become plain data', () => {
    const config = load(
      `${RULE}group_by = ["product_id", "day"]
measures = { sales = "count(*)", revenue = "SUM( price )", odd = 'sum(\`a b\`\`(c)\`)', plain = "sum(größe$2)" }
rename = { day = "sold_on" }
`,
    )
    const [matched] = ruleBookOf(config).match('shop', 'orders')
    expect(matched!.rule).toMatchObject({ mode: 'aggregate', groupBy: ['product_id', 'day'] })
    expect([...matched!.rule.measures]).toEqual([
      ['sales', { of: 'count' }],
      ['revenue', { of: 'sum', column: 'price' }],
      ['odd', { of: 'sum', column: 'a b`(c)' }],
      ['plain', { of: 'sum', column: 'größe$2' }],
    ])
  })
})

describe('measures of expressions', () => {
  const measureOf = (text: string, more = '') =>
    ruleBookOf(load(`${RULE}group_by = ["a"]\nmeasures = { x = "${text}" }\n${more}`))
      .match('shop', 'orders')[0]!
      .rule.measures.get('x')

  test.each([
    ['sum(price * qty)', 'sumOf'],
    ['Sum(-price)', 'sumOf'],
    ["sum(status = 'paid')", 'sumOf'],
    ['count(id)', 'countOf'],
    ['avg(price)', 'avg'],
  ])('%s', (text, of) => {
    expect(measureOf(text)).toEqual({ of, text })
  })

  test('a column by itself stays one, in parentheses too', () => {
    expect(measureOf('sum((price))')).toEqual({ of: 'sum', column: 'price' })
  })

  test.each(['min(price)', 'max(price * qty)'])('%s, where rows are added only', text => {
    expect(measureOf(text, 'operations = ["INSERT"]\n')).toMatchObject({ text })
    for (const operations of ['', 'operations = ["INSERT", "UPDATE"]'])
      expect(ofRule(`group_by = ["a"]\nmeasures = { x = "${text}" }\n${operations}`)).toEqual([
        expect.stringContaining(
          `13:12: measures has x = "${text}", which needs operations = ["INSERT"]: when a row that has the `,
        ),
      ])
  })

  test('computed columns that are measured only need no group', () => {
    const computed = 'computed = { total = "price * qty", other = "price", day = "date(made)" }\n'
    const lines = (measures: string) => `group_by = ["day"]\nmeasures = { ${measures} }\n${computed}`
    expect(ofRule(lines('x = "avg(total)", y = "sum(other + 1)"'))).toEqual([])
    expect(ofRule(lines('x = "avg(total)"'))).toEqual([expect.stringContaining('computes "other", which neither')])
  })

  test('an average fills two columns', () => {
    expect(ofRule('group_by = ["a"]\nmeasures = { x = "avg(b)", x_sum = "sum(b)" }')).toEqual([
      'sync.toml:13:12: measures fills column "x_sum" twice',
    ])
    expect(ofRule('group_by = ["a"]\nmeasures = { x = "avg(b)" }\nconstants = { x_count = "1" }')).toEqual([
      'sync.toml:13:12: measures fills column "x_count", which constants or rename fill too',
    ])
  })
})

describe('measures that are none', () => {
  const ALLOWED =
    'measures must be "count(*)", or "sum", "count", "avg", "min" or "max" of one expression, as "sum(price * qty)": '

  test.each([
    ['price', 1, 'this is none of these functions'],
    ['sum', 1, 'this is none of these functions'],
    ['sum(', 5, 'the expression ends where a value should follow'],
    ['constructor(price)', 1, 'constructor is none of these functions'],
    ['total(price)', 1, 'total is none of these functions'],
    ['count(*) + 1', 7, '"*" stands where a value should'],
    ['sum(a); drop', 7, 'an expression is one value, without a semicolon'],
    ['sum()', 1, 'sum() needs an expression'],
    ['sum(a) + sum(b)', 1, 'this is none of these functions'],
    ['sum(a, b)', 8, 'sum() takes one expression'],
    ['sum(price * )', 13, '")" stands where a value should'],
    ['count(distinct a)', 7, 'distinct values cannot be counted'],
    ['sum( distinct a)', 6, 'distinct values cannot be counted'],
    ['stddev_pop(a)', 1, 'keep sum(x), sum(x * x) and count(x) in its place'],
    ['group_concat(a)', 1, 'what a row added to it cannot be taken away again'],
  ])('%j is pointed at', (text, character, why) => {
    const [problem] = ofRule(`group_by = ["a"]\nmeasures = { ok = "count(*)", x = "${text}" }`)
    expect(problem).toContain(`sync.toml:13:${35 + character}: ${ALLOWED}character ${character}: ${why}`)
  })

  test('a section of its own is pointed at, too', () => {
    const [problem] = ofRule('group_by = ["a"]\n[rule.measures]\nn = "count(*)"\nx = "avg(price +)"')
    expect(problem).toContain(`sync.toml:15:17: ${ALLOWED}character 12: `)
  })
})

describe('before', () => {
  test.each([
    ['before = ["a"]', 'before needs mode = "append", whose rows are changes'],
    ['mode = "append"\nbefore = ["a", "a"]', 'before names column "a" twice'],
    ['mode = "append"\nbefore = ["a", "*"]', 'before has "*", which is all columns, beside others'],
  ])('%s', (lines, problem) => {
    expect(ofRule(lines)).toEqual([expect.stringContaining(problem)])
  })

  test('columns, or all of them', () => {
    for (const before of [['a', 'b'], ['*']])
      expect(load(`${RULE}mode = "append"\nbefore = ${JSON.stringify(before)}\n`).rule[0]).toMatchObject({ before })
  })
})

const GROUP = 'group_by = ["a", "b"]\n'
const MEASURES = 'measures = { n = "count(*)" }\n'

test.each([
  ['an unknown mode', 'mode = "merge"', '12:8: mode must be "upsert", "append" or "partial"'],
  [
    'both at once',
    `mode = "append"\n${GROUP}${MEASURES}`,
    '13:12: group_by cannot be combined with mode = "append": sums per group and a row per change are two targets, so two rules',
  ],
  ['groups without measures', GROUP, '12:12: group_by needs measures'],
  ['measures without groups', MEASURES, '12:12: measures needs group_by'],
  ['no groups', `group_by = []\n${MEASURES}`, '12:12: group_by must not be empty'],
  ['no measures', `${GROUP}measures = {}`, '13:12: measures must not be empty'],
  ['a group twice', `group_by = ["a", "a"]\n${MEASURES}`, '12:12: group_by names column "a" twice'],
  [
    'columns',
    `columns = ["a"]\n${GROUP}${MEASURES}`,
    '12:11: columns has no meaning with group_by, whose target has the grouped columns and the measures',
  ],
  [
    'exclude',
    `${GROUP}${MEASURES}exclude = ["c"]`,
    '14:11: exclude has no meaning with group_by, whose target has the grouped columns and the measures',
  ],
  [
    'a new name for what is not grouped',
    `${GROUP}${MEASURES}rename = { c = "d" }`,
    '14:10: rename names column "c", which group_by does not name',
  ],
  [
    'a measure with the name of a constant',
    `${GROUP}${MEASURES}constants = { n = 1 }`,
    '13:12: measures fills column "n", which constants or rename fill too',
  ],
  [
    'a measure with the name of a group',
    `${GROUP}${MEASURES}rename = { a = "n" }`,
    '13:12: measures fills column "n", which constants or rename fill too',
  ],
])('%s is refused, and pointed at', (_, lines, expected) => {
  expect(ofRule(lines)).toEqual([`sync.toml:${expected}`])
})
