import { describe, expect, test } from '@jest/globals'
import { renderResults } from '../../lib/cli/test-rules-text.js'
import { renderProblems } from '../../lib/config/problem.js'
import { parseFixture } from '../../lib/rule-test/fixture.js'
import { hasPassed, runFixture, type TestResult } from '../../lib/rule-test/run-fixture.js'
import { load, MINIMAL } from '../support/config-text.js'

const RULES = `
[[rule]]
schema = "shop"
table = "orders"
mask = { phone = "keep(3,4)" }
[[rule]]
schema = "shop"
table = "orders"
sr_table = "log"
mode = "append"
[[rule]]
schema = "shop"
table = "orders"
sr_table = "sales"
group_by = ["status"]
measures = { n = "count(*)", revenue = "sum(total)" }
`
const TABLES = `tables = '''
CREATE TABLE shop.orders (
  id bigint PRIMARY KEY, phone varchar(20), status enum('new','paid') NOT NULL DEFAULT 'new', total decimal(10,2),
  at datetime(3), raw varbinary(10), doc json
);
'''
`

async function run(fixture: string, rules = RULES, tables = TABLES): Promise<TestResult[]> {
  const parsed = parseFixture({ file: 'orders.test.toml', text: `${tables}${fixture}` })
  if (!('tests' in parsed)) throw new Error(renderProblems(parsed))
  return runFixture(load(`mask_salt = "0123456789abcdef"\n${MINIMAL}${rules}`), parsed)
}

async function report(fixture: string, rules = RULES, tables = TABLES): Promise<string> {
  return renderResults('f', await run(fixture, rules, tables))
}

describe('rows in, rows out', () => {
  test('of a copy and all three kinds of changes, by the ways of each target', async () => {
    const text = await report(`[[test]]
name = "all ways"
snapshot = [ { id = 9, total = 5 }, { id = 8, phone = "1" } ]
changes = [
  { insert = { id = 1, phone = "13812345678", total = 9.9 } },
  { update = { id = 1, status = "paid" } },
  { update = { id = 2 }, where = { id = 8 } },
  { delete = { id = 9 } },
]
[test.rows]
orders = [ { id = 2, phone = "*" }, { id = 1, phone = "138****5678", status = "paid", total = 9.90 } ]
sales = [ { status = "new", n = 1, revenue = 0 }, { status = "paid", n = 1, revenue = "9.90" } ]
log = [
  { id = 9, _op = "insert" }, { id = 8, _op = "insert" }, { id = 1, _op = "insert", status = "new" },
  { id = 1, _op = "update", status = "paid" }, { id = 2, _op = "update" }, { id = 9, _op = "delete" },
]
`)
    expect(text).toBe('ok      f: all ways')
  })

  test('each test begins with empty targets', async () => {
    const one = '[[test]]\nchanges = [ { insert = { id = 1 } } ]\nrows.orders = [ { id = 1 } ]\n'
    expect((await run(one + one)).map(hasPassed)).toEqual([true, true])
  })

  test('values of every kind may be written in TOML or as text', async () => {
    const text = await report(`[[test]]
name = "values"
changes = [
  { insert = { id = 1, at = "2024-01-02T03:04:05", raw = "0x00ff", doc = { a = [1, 2] } } },
  { insert = { id = 2, at = "2024-01-02", raw = "abc", doc = '{"b": null}', phone = [] } },
]
rows.orders = [
  { id = "1", at = "2024-01-02 03:04:05", raw = "0x00ff", doc = { a = [1, 2] } },
  { id = 2, at = "2024-01-02 00:00:00.000", raw = "abc", doc = '{"b":null}', phone = [] },
]
`)
    expect(text).toBe('ok      f: values')
  })

  test('a test may expect a failure of the rule', async () => {
    const rules = '[[rule]]\nschema = "shop"\ntable = "orders"\nmask = { id = "null" }\n'
    const fixture = (fails: string) => `[[test]]\nname = "t"\nchanges = []\nfails = "${fails}"\n`
    expect(await report(fixture('hides a key column'), rules)).toBe('ok      f: t')
    expect(await report(fixture('something else'), rules)).toContain(
      'was to fail with "something else", but failed so:',
    )
    expect(await report(fixture('hides a key column'))).toContain('and did not fail')
  })
})

describe('what is not as expected', () => {
  test('is shown by its place, with what is there, in the words of a fixture', async () => {
    expect(
      await report(`[[test]]
name = "wrong"
changes = [ { insert = { id = 1, phone = "13812345678" } }, { insert = { id = 2 } } ]
rows.orders = [ { id = 1, phone = "13812345678", fone = 1 }, { id = 4, phone = [] } ]
rows.sales = [ { status = "new", n = 2, revenue = 0 } ]
`),
    ).toBe(`FAILED  f:7: wrong
        demo.orders
          ~ { id = 1 }
              - phone = "13812345678"
              + phone = "138****5678"
              - fone = 1
              + there is no column fone
          - { id = 4, phone = [] }   expected, and not there
          + { id = "2", phone = [], status = "new", total = [], at = [], raw = [], doc = [] }   there, and not expected`)
  })

  test.each([
    ['rows = [ { id = 2 } ]', 'the rules write into demo.orders, demo.log, demo.sales: name them in rows'],
    ['rows.items = []', 'the rules write into demo.orders, demo.log, demo.sales, not items'],
  ])('%s', async (rows, problem) => {
    expect(await report(`[[test]]\nchanges = [ { insert = { id = 1 } } ]\n${rows}\n`)).toContain(problem)
  })

  test.each([
    ['{ insert = { id = 1, fone = "1" } }', 'shop.orders has no column fone; it has id, phone'],
    ['{ insert = { phone = "1" } }', 'column id (bigint) is NOT NULL and has no default'],
    ['{ insert = { id = [] } }', 'column id (bigint) is NOT NULL'],
    ['{ insert = { id = 1.5 } }', 'column id (bigint) needs a whole number'],
    ['{ insert = { id = 1, total = 1.234 } }', 'column total (decimal(10,2)) needs a number that it holds exactly'],
    ['{ insert = { id = 1, status = "gone" } }', 'has the labels new, paid'],
    ['{ insert = { id = 1, at = "yesterday" } }', 'needs a text such as "2024-02-29 12:34:56"'],
    ['{ insert = { id = 1, doc = "{" } }', 'needs a JSON document'],
    ['{ insert = { id = 1 } }, { insert = { id = 1 } }', 'has a row with this key already; write update'],
    ['{ update = { id = 1 } }', 'has no row {"id":1}: insert it before, or put it into snapshot'],
    ['{ update = { phone = "1" } }', 'must tell its row by id'],
    ['{ table = "shop.items", insert = { id = 1 } }', 'there is no table shop.items; tables has shop.orders'],
  ])('%s', async (changes, problem) => {
    expect(await report(`[[test]]\nchanges = [ ${changes} ]\nrows.orders = []\n`)).toContain(problem)
  })

  test.each([
    [
      'where = "statsu = 1"',
      /where: .* has no column "statsu" .*, at character 1 \(sync\.toml:14:10\):\nstatsu = 1\n\^/,
    ],
    [
      'computed = { a = "id + 1", b = "a + 1" }',
      /what is computed is not known to other expressions.*sync\.toml:14:33/,
    ],
    ['computed = { "a.b" = "id + doc" }', /computed\.a\.b: .*\(sync\.toml:14:28\)/],
  ])('%s: the place in the file is told', async (key, message) => {
    const rules = `[[rule]]\nschema = "shop"\ntable = "orders"\nsr_table = "o"\n${key}\n`
    const text = await report('[[test]]\nchanges = [ { insert = { id = 1 } } ]\nrows = []\n', rules)
    expect(text.replace(/^ +/gm, '')).toMatch(message)
  })

  test('a table that no rule takes, or that is no table', async () => {
    const test = '[[test]]\nchanges = []\nrows = []\n'
    expect(await report(test, '')).toContain('no [[rule]] takes shop.orders')
    const other = (statement: string) => report(test, RULES, `tables = '''${statement}'''\n`)
    expect(await other('CREATE TABLE orders (id int)')).toContain('must name the schema: CREATE TABLE shop.orders')
    expect(await other('DROP TABLE shop.orders')).toContain('tables must hold CREATE TABLE statements')
    expect(await other('CREATE TABLE shop.orders (id')).toContain('a statement that is not understood')
  })
})

describe('a file that is no fixture', () => {
  test.each([
    ['', 'tables must be the CREATE TABLE statements'],
    [`${TABLES}tests = 1\n`, 'unknown key tests; there are tables, test'],
    [`${TABLES}[[test]]\nrows = []\n`, 'a test needs changes, or a snapshot'],
    [`${TABLES}[[test]]\nchanges = []\n`, 'a test needs either rows, which are in the target then, or fails'],
    [`${TABLES}[[test]]\nchanges = [ { upsert = { id = 1 } } ]\nrows = []\n`, 'a change must be one of { insert'],
    [`${TABLES}[[test]]\nchanges = []\nrows = "x"\n`, 'rows must be a list of rows'],
    [`${TABLES}[[test]]\nchanges = []\nrow = []\n`, 'unknown key row; there are name, snapshot'],
    ['tables = [', 'not TOML'],
  ])('%s', (text, problem) => {
    const parsed = parseFixture({ file: 'orders.test.toml', text })
    expect('tests' in parsed ? '' : renderProblems(parsed)).toMatch(/^orders\.test\.toml:\d+:\d+: /)
    expect('tests' in parsed ? '' : renderProblems(parsed)).toContain(problem)
  })
})
