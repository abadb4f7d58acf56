import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import type { SourceColumn } from '../../lib/model/schema.js'
import { type ValueChange, valueChange } from '../../lib/rules/evolution-values.js'
import { sourceColumn } from '../support/source-column.js'

const PAGE = readFileSync(join(fileURLToPath(import.meta.url), '../../../../docs/ddl.md'), 'utf8')

type Example = readonly [from: string, to: string, more?: Partial<SourceColumn>]

/** By the beginning of a row's first cell: what its last cell says, and changes it speaks of. */
const ROWS: readonly (readonly [string, 'always' | 'unknown' | RegExp, readonly Example[]])[] = [
  [
    'integers to wider ones',
    'always',
    [
      ['int', 'bigint'],
      ['int', 'varchar(11)'],
      ['int', 'decimal(12,1)'],
      ['int', 'double'],
    ],
  ],
  [
    'DECIMAL with more digits',
    'always',
    [
      ['decimal(5,2)', 'decimal(7,3)'],
      ['date', 'datetime'],
      ['timestamp', 'timestamp(6)'],
    ],
  ],
  [
    'CHAR, VARCHAR, TEXT with more room',
    'always',
    [
      ['char(4)', 'varchar(9)'],
      ['varchar(9)', 'longtext'],
      ['blob', 'longblob'],
    ],
  ],
  [
    'ENUM with labels added',
    'always',
    [
      ["enum('a','b')", "enum('c','b','a')"],
      ["set('a')", "set('a','b')"],
      ["set('a')", 'varchar(1)'],
    ],
  ],
  [
    'integers to narrower ones',
    /outside/,
    [
      ['bigint', 'int'],
      ['int', 'int unsigned'],
      ['decimal(3,1)', 'decimal(3,1) unsigned'],
    ],
  ],
  [
    'shorter CHAR',
    /longerThan/,
    [
      ['varchar(9)', 'varchar(4)'],
      ['longtext', 'text'],
      ['blob', 'varbinary(8)'],
    ],
  ],
  ['VARCHAR to CHAR', /endsInSpace/, [['varchar(9)', 'char(9)']]],
  ['a charset with fewer characters', /notAscii/, [['varchar(9)', 'varchar(9)', { charset: 'latin1' }]]],
  ['ENUM without some labels', /oneOf/, [["enum('a','b')", "enum('a')"]]],
  ['NULL to NOT NULL', /isNull/, [['int', 'int', { nullable: false }]]],
  [
    'everything else',
    'unknown',
    [
      ['varchar(9)', 'int'],
      ['float', 'double'],
      ['decimal(5,2)', 'decimal(5,1)'],
      ['datetime', 'date'],
      ['datetime', 'timestamp'],
      ['time', 'time(3)'],
      ['binary(3)', 'binary(4)'],
      ["set('a','b')", "set('b','a')"],
      ['json', 'text'],
    ],
  ],
]

function verdict(change: ValueChange): string {
  if (change.kind === 'changed') return 'unknown'
  return change.unless.length === 0 ? 'always' : change.unless.map(({ doubt }) => doubt.kind).join()
}

test('docs/ddl.md says which values are the same after an ALTER as it is', () => {
  const section = /### Values that MySQL rewrote\n(.*?)\n###/s.exec(PAGE)![1]!
  const rows = [...section.matchAll(/^\| (?!change |---)(.*) \| (.*) \|$/gm)].map(
    match => [match[1]!, match[2]!] as const,
  )
  expect(rows.map(([what]) => what)).toEqual(ROWS.map(([begin]) => expect.stringMatching(new RegExp(`^${begin}`))))
  for (const [index, [, says, examples]] of ROWS.entries()) {
    const last = rows[index]![1]
    expect(last).toMatch(says === 'always' ? /^always$/ : says === 'unknown' ? /the table stops$/ : /^when /)
    for (const [from, to, more] of examples) {
      const found = verdict(valueChange(sourceColumn('c', from), sourceColumn('c', to, more)))
      expect(`${from} -> ${to}: ${found}`).toMatch(says instanceof RegExp ? says : new RegExp(`: ${says}$`))
    }
  }
})

test('it names every policy', () => {
  for (const policy of ['on_drop_column = "keep"', 'on_rename_table = "keep"', 'on_drop_table = "keep"'])
    expect(PAGE).toContain(policy)
})
