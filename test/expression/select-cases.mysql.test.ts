import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { freshSchema, sharedServer } from '../support/servers.js'
import { MARIADB_DIFFERENCES } from './mariadb-differences.js'
import { SELECT_CASES } from './select-cases.js'
import { SelectOracle } from './select-oracle.js'

/** Expressions that are asked for in one SELECT. */
const BATCH = 60

test('there are cases', () => {
  expect(SELECT_CASES.length).toBeGreaterThan(950)
  expect(new Set(SELECT_CASES).size).toBe(SELECT_CASES.length)
})

describe('an expression has the value that SELECT shows, in every row', () => {
  let oracle: SelectOracle

  beforeAll(async () => {
    const server = await sharedServer('mysql')
    oracle = await SelectOracle.open(server, await freshSchema(server))
  }, 180_000)

  afterAll(() => oracle?.close())

  test('of MySQL', async () => {
    expect(await differencesOf(oracle, SELECT_CASES, text => text)).toEqual([])
  })

  test('of MySQL, for the SQL that it is rendered to', async () => {
    expect(await differencesOf(oracle, SELECT_CASES, text => oracle.rendered(text))).toEqual([])
  })

  test('over dates that no calendar has', async () => {
    const server = await sharedServer('mysql')
    const dates = [
      ['0000-00-00', '0000-00-00 00:00:00', '0000-00-00 00:00:00.000000'],
      ['2021-00-00', '2021-00-00 10:00:00', '2021-12-00 10:00:00.500000'],
      ['2021-02-00', '2021-02-00 00:00:00', '2021-00-10 23:59:59.999999'],
    ].map(([d, dt, ds], i) => `(${i + 1}${', null'.repeat(15)}, '${d}', '${dt}', '${ds}'${', null'.repeat(5)})`)
    const odd = await SelectOracle.open(server, await freshSchema(server), dates)
    try {
      expect(await differencesOf(odd, ZERO_DATE_CASES, text => text)).toEqual([])
    } finally {
      await odd.close()
    }
  })
})

const ZERO_DATE_CASES = `d
dt = ds
d < '2021-01-01'
d = date '2021-12-21'
year(d)
month(dt)
day(ds)
quarter(d)
hour(dt)
dayofweek(d)
weekday(dt)
dayofyear(d)
week(d)
to_days(d)
datediff(d, '2021-12-21')
timestampdiff(day, d, '2021-12-21')
date_add(d, interval 1 day)
date_add(d, interval 1 month)
date_add(dt, interval 1 hour)
d + 0
concat(d)
date_format(d, '%Y-%m-%d')
date_format(d, '%W %a %w')
date_format(d, '%j')
dayname(d)
monthname(d)
d is null
if(d, 1, 0)`.split('\n')

describe('on MariaDB', () => {
  let oracle: SelectOracle

  beforeAll(async () => {
    const server = await sharedServer('mariadb')
    oracle = await SelectOracle.open(server, await freshSchema(server))
  }, 180_000)

  afterAll(() => oracle?.close())

  test('the value is that of SELECT, but for a known list', async () => {
    // JSON is text there, and has no arrows.
    const cases = SELECT_CASES.filter(text => !/->|json|\bj\b/.test(text))
    const differences = await differencesOf(oracle, cases, text => text)
    const differing = cases.filter(text => differences.some(line => line.startsWith(`${text}: row `)))
    expect(differing).toEqual(cases.filter(text => MARIADB_DIFFERENCES.includes(text)))
    expect(MARIADB_DIFFERENCES.filter(text => !SELECT_CASES.includes(text))).toEqual([])
  })

  test('md5 and sha1, which this MySQL has no more', async () => {
    const cases = ['md5(s)', "md5('')", 'md5(v)', 'md5(n)', 'sha1(s)', 'sha(b)', 'md5(concat(s, i))', 'sha1(null)']
    expect(await differencesOf(oracle, cases, text => text)).toEqual([])
  })
})

async function differencesOf(
  oracle: SelectOracle,
  cases: readonly string[],
  sqlOf: (text: string) => string,
): Promise<string[]> {
  const wrong: string[] = []
  for (let at = 0; at < cases.length; at += BATCH) {
    const batch = cases.slice(at, at + BATCH)
    const shown = await oracle.select(batch.map(sqlOf))
    wrong.push(...batch.flatMap((text, i) => oracle.differences(text, shown[i]!)))
  }
  return wrong
}
