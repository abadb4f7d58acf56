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

describe('measures that are none', () => {
  test.each(['price', 'sum', 'sum(', 'total(price)', 'count(*) + 1', 'sum(a); drop', ''])('%j', text => {
    const [problem] = ofRule(`group_by = ["a"]\nmeasures = { x = "${text}" }`)
    expect(problem).toMatch(/^sync\.toml:13:18: measures must (be "count\(\*\)" or "sum\(column\)"$|not be empty)/)
  })

  test.each([
    'count(id)',
    'sum()',
    'sum(a) + sum(b)',
    'avg(price)',
    'max(price)',
    'min(price)',
    'sum(price * qty)',
    'sum(-price)',
    "sum('a')",
  ])('%s, perhaps in a later version', text => {
    expect(ofRule(`group_by = ["a"]\nmeasures = { ok = "count(*)", x = "${text}" }`)).toEqual([
      'sync.toml:13:35: measures must be "count(*)" or "sum(column)": this version has no other expression',
    ])
  })

  test('a section of its own is pointed at, too', () => {
    expect(ofRule('group_by = ["a"]\n[rule.measures]\nn = "count(*)"\nx = "avg(price)"')).toEqual([
      'sync.toml:15:5: measures must be "count(*)" or "sum(column)": this version has no other expression',
    ])
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
