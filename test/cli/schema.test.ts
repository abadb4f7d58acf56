import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { main } from '../../lib/cli/main.js'
import { renderScripts, writeScripts } from '../../lib/cli/schema-files.js'
import { renderReport } from '../../lib/cli/schema-text.js'
import type { SchemaReport } from '../../lib/schema-report.js'

const HELP = `Usage: mysql-sr-sync schema [flags]

Writes the CREATE TABLE scripts, measures the rows against them, and compares existing targets.
Writes starrocks-create.N.sql for each [[rule]] and starrocks-create.all.sql into schema.output_dir. One SELECT over each table
finds what would not go into StarRocks: too long values and keys, zero dates, too many digits, text that is no JSON. Existing
targets stay as they are: each difference is shown with the ALTER that mends it.
Exit codes: 0 all fits; 1 a difference or finding; 2 the configuration is wrong.

  -c, --config FILE  Configuration file (default: sync.toml).
      --apply        Creates the missing databases and tables in StarRocks.
      --no-scan      Leaves the rows alone: no measurement.
      --sample N     Measures at most N rows of each table.
      --json         The report as JSON.
  -h, --help         Shows this text.
`

test('schema --help', async () => {
  let out = ''
  const terminal = {
    out: (text: string) => {
      out += `${text}\n`
    },
    err: (text: string) => {
      throw new Error(text)
    },
  }
  expect(await main(['schema', '--help'], terminal)).toBe(0)
  expect(out).toBe(HELP)
})

const target = (name: string, rules: number[], statement: string | null) => ({
  target: `d.${name}`,
  database: 'd',
  rules,
  sources: [`s.${name}`],
  statement,
  state: 'missing' as const,
})
const REPORT: SchemaReport = {
  rules: [1, 2, 3],
  targets: [
    target('a', [1, 3], 'CREATE TABLE a'),
    { ...target('b', [1], 'CREATE TABLE b'), sources: ['s.b\nDROP DATABASE d;'] },
    target('c', [3], null),
  ],
  fits: [
    {
      table: 's.a',
      target: 'd.a',
      sample: 2,
      ms: 1234,
      fit: {
        rows: 2,
        columns: [
          {
            column: 'v',
            longestBytes: 7,
            tooLong: 1,
            zeroDates: 0,
            partialDates: 0,
            mostWholeDigits: null,
            tooManyDigits: 0,
            invalidJson: 0,
          },
        ],
        key: { longestBytes: 8, tooLong: 0, worst: null },
      },
    },
  ],
  findings: [
    {
      check: 'fit.key',
      level: 'error',
      table: 's.a',
      rows: 1,
      worstKey: 'k, 1',
      message: 'too long',
      remedy: 'one\ntwo',
    },
  ],
}

test('scripts: each rule its own targets, all of them once in the last, names cannot break out of a comment', () => {
  const scripts = renderScripts(REPORT)
  expect([...scripts.keys()]).toEqual(['1', '2', '3', 'all'].map(n => `starrocks-create.${n}.sql`))
  const made = [...scripts.values()].map(text => [...text.matchAll(/^CREATE .+$/gm)].map(([line]) => line))
  const database = 'CREATE DATABASE IF NOT EXISTS `d`;'
  expect(made).toEqual([
    [database, 'CREATE TABLE a;', 'CREATE TABLE b;'],
    [],
    [database, 'CREATE TABLE a;'],
    [database, 'CREATE TABLE a;', 'CREATE TABLE b;'],
  ])
  expect(scripts.get('starrocks-create.3.sql')).toContain('-- d.c is left out')
  for (const text of scripts.values()) expect(text).not.toMatch(/^DROP/m)
})

test('scripts are written into a folder that is made, and over older ones', () => {
  const folder = mkdtempSync(join(tmpdir(), 'schema-'))
  try {
    const inside = join(folder, 'a', 'b')
    for (const text of ['long text', 'short']) {
      const [path] = writeScripts(inside, new Map([['x.sql', text]]))
      expect(path).toBe(join(inside, 'x.sql'))
      expect(readFileSync(path!, 'utf8')).toBe(text)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the report for people', () => {
  expect(
    renderReport(REPORT)
      .split('\n')
      .filter(line => !/ d\.[bc] /.test(line) && !line.startsWith('DROP')),
  ).toEqual([
    'missing  d.a <- s.a (rules 1, 3)',
    'fit      s.a: 2 sampled rows in 1.2 s; at most v 7 bytes, key 8 bytes',
    'error    fit.key: too long',
    '         -> one',
    '            two',
    '         worst key: k, 1',
  ])
})
