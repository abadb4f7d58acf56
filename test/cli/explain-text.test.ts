import { expect, test } from '@jest/globals'
import { explain } from '../../lib/cli/explain.js'
import { renderExplained } from '../../lib/cli/explain-text.js'
import { renderHelp } from '../../lib/cli/help.js'
import { renderRow } from '../../lib/cli/sample-text.js'
import type { RuleReport, TablesReport } from '../../lib/explain/report.js'

const LOAD = {
  delivery: 'auto',
  format: 'json',
  flushIntervalMs: 10,
  flushRows: 20,
  flushBytes: 3072,
  others: [],
} as const
const TABLES: TablesReport = {
  sources: ['s.a', 's.b', 's.c', 's.d', 's.e'],
  target: 'demo.t',
  way: 'pieces',
  columns: [],
  leftOut: [],
  samples: [],
  problem: null,
}
const RULE: RuleReport = {
  number: 2,
  place: 'rules/a.toml, line 3',
  source: 's././',
  mode: 'upsert',
  where: 'a > 1',
  operations: ['INSERT', 'DELETE'],
  onDelete: 'ignore',
  module: null,
  load: LOAD,
  tables: [TABLES],
}

test('the help of explain', () => {
  expect(renderHelp(explain)).toBe(`Usage: mysql-sr-sync explain [TABLE...] [flags]

Tells what the rules make of the tables that are there, column by column, with rows as they would be written.
For each [[rule]]: its tables, their target and whether it is there, how loads are made, where each column comes from, which
ones are copied as bytes and which are decoded and why, and the first rows of the source beside what is written of them. Values
of masked columns are not shown. TABLE is schema.table of the source, or database.table of a target.
--diff tells instead what the file would change in the configuration of the engine that runs, or ran last: keys, tables, which of
them want another copy, columns, and the same rows before and after. Nothing is written anywhere.
Exit codes: 0 all can be carried out; 1 a table or target cannot; 2 the configuration is wrong.

  -c, --config FILE   Configuration file (default: sync.toml).
      --rows N        Shows N rows of each table (default: 3; 0: none).
      --diff          Tells what would change.
      --against FILE  The same, compared with this configuration file.
      --json          The report as one JSON object.
  -h, --help          Shows this text.`)
})

test('a rule for many tables, whose target is there', () => {
  const finding = { check: 'target.type', level: 'warning', message: 'demo.t.a is int', remedy: 'ALTER …;' } as const
  const target = {
    target: 'demo.t',
    model: 'primary',
    state: 'exists',
    statement: 'CREATE …',
    differences: [finding],
  } as const
  expect(
    renderExplained({ rules: [RULE], targets: [target], findings: [] }),
  ).toBe(`rule 2: s././   (rules/a.toml, line 3)
  target   a row per key
  rows     where a > 1
  changes  INSERT, DELETE; a DELETE does nothing: the row stays
  loads    JSON, after 10 ms, 20 rows or 3.0 KiB; delivery = "auto"

  s.a, s.b, s.c, … s.e (5 tables) -> demo.t
  pieces of the event: its rows are written from their bytes, but for those that the rule leaves out

    column  type  from  way

  demo.t is there, and differs:
    warning  target.type: demo.t.a is int
             -> ALTER …;`)
})

test('a target that was not looked at, a rule without tables, and rows that cannot be written', () => {
  const problem = { ...TABLES, sources: ['s.a'], problem: 'Column "x" cannot\nbe synced.' }
  const target = { target: 'demo.t', model: 'primary', state: null, statement: 'CREATE …', differences: [] } as const
  const rules = [
    { ...RULE, tables: [problem] },
    { ...RULE, number: 3, tables: [] },
  ]
  const text = renderExplained({ rules, targets: [target], findings: [] })
  expect(text).toContain('demo.t was not looked at; where it is missing it is made by:\n    CREATE …;')
  expect(text).toContain('  rows of s.a -> demo.t\n    cannot be written: Column "x" cannot\n    be synced.')
  expect(text).toContain('  tables   none of the source')
})

test('long values are cut by characters', () => {
  expect(renderRow({ a: '€'.repeat(61), b: '€'.repeat(60), c: null, d: '"\n' })).toBe(
    `{ a = "${'€'.repeat(60)}…", b = "${'€'.repeat(60)}", c = [], d = "\\"\\n" }`,
  )
})
