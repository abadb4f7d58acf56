import { expect, test } from '@jest/globals'
import { freshSchema, sharedServer } from '../support/servers.js'
import { SAMPLE_COLUMNS } from './sample-table.js'
import { SelectOracle } from './select-oracle.js'

const ZERO_DATES = [
  { d: '0000-00-00', dt: '0000-00-00 00:00:00', ds: '0000-00-00 00:00:00' },
  { d: '2021-00-00', dt: '2021-12-00 10:00:00', ds: '2021-00-10 10:11:12.5' },
  { d: '2021-12-21', dt: '2021-12-21 10:00:00', ds: '2021-12-21 23:59:59.5' },
  { d: '2020-02-29', dt: '2020-02-29 00:00:00', ds: '2020-02-29 23:59:59.999999' },
  {},
].map(row => ({ ...row, b: '0000-00-00' }))

const OF_ZERO_DATES = [
  ...['d', 'dt', 'ds'].flatMap(column => [
    `date(${column})`,
    `date(${column}) is null`,
    `date(${column}) = '2021-12-21'`,
    `year(date(${column}))`,
    `cast(${column} as date)`,
    `cast(${column} as datetime)`,
    `cast(${column} as datetime(3))`,
    `cast(${column} as datetime(6))`,
    `cast(${column} as signed)`,
    `cast(${column} as char)`,
    `year(${column}) = 0`,
    `month(${column})`,
    `${column} > '1000-01-01'`,
    `date_format(${column}, '%Y-%m-%d')`,
    `date_format(${column}, '')`,
    `date_format(${column}, b)`,
  ]),
  'coalesce(date(dt), d)',
  "concat(date(dt), '')",
  'dt > d',
]

const NUMBERS = ['0', '2', '3', '4', '9223372036854775804', '9223372036854775805', '9223372036854775806']
const LARGE_NUMBERS = [
  ...NUMBERS.map(number => ({ bi: number, bu: number, i: 3 })),
  { bi: '9223372036854775807', bu: '18446744073709551613', i: -3 },
  { bi: '-9223372036854775808', bu: '18446744073709551614' },
  { bi: '-9223372036854775807', bu: '18446744073709551615' },
  {},
]

const LITERALS = [
  ...['9223372036854775806', '9223372036854775806a', '9223372036854775806.4', '9223372036854775805.6'],
  ...['9.223372036854775806e18', ' 9223372036854775806 ', '+9223372036854775806', '09223372036854775806'],
  ...['9223372036854775808', '-9223372036854775808', '-9223372036854775809', '18446744073709551614'],
  ...['18446744073709551616', '-1', '3', '3.4', '2.6', '3a', 'a', '', '3e0', '0x3'],
]

const OF_LARGE_NUMBERS = [
  ...LITERALS.flatMap(text => [
    ...['=', '<>', '<', '>=', '<=>'].map(sign => `bi ${sign} '${text}'`),
    `bu = '${text}'`,
    `'${text}' < bu`,
    `bi + 0 = '${text}'`,
    `i = '${text}'`,
    `bi in ('${text}', '7')`,
    `bi in ('${text}', '3.4')`,
    `bi in ('${text}', 3)`,
    `bi in ('${text}', '3', '4', '0', '2')`,
    `bi between '${text}' and '9223372036854775806'`,
    `bi not between '2.6' and '${text}'`,
    `bi between 3 and '${text}'`,
    `case bi when '${text}' then 1 else 0 end`,
    `nullif(bi, '${text}')`,
  ]),
]

test.each([
  ['dates with zeros', ZERO_DATES, OF_ZERO_DATES],
  ['BIGINTs beside texts', LARGE_NUMBERS, OF_LARGE_NUMBERS],
] as const)(
  '%s are what SELECT shows',
  async (_what, rows, expressions) => {
    const server = await sharedServer('mysql')
    const oracle = await SelectOracle.open(server, await freshSchema(server), rows.map(written))
    try {
      const shown = await oracle.select(expressions)
      expect(expressions.flatMap((text, i) => oracle.differences(text, shown[i]!))).toEqual([])
    } finally {
      await oracle.close()
    }
  },
  180_000,
)

/** A row of the sample table, as INSERT writes it: what is not named is NULL. */
function written(row: Readonly<Record<string, string | number>>, index: number): string {
  const cells = SAMPLE_COLUMNS.map(({ name }) => (row[name] === undefined ? 'null' : `'${row[name]}'`))
  return `(${index + 1}, ${cells.join(', ')})`
}
