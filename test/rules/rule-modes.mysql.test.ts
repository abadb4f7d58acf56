import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Happening } from '../../lib/model/observer.js'
import type { MeasureExpression } from '../../lib/model/rule-mode.js'
import { Router } from '../../lib/rules/router.js'
import { RuleBook } from '../../lib/rules/rule-book.js'
import { startServer, type TestServer } from '../../lib/servers/test-server.js'
import { randomFrom } from '../support/binlog-builder.js'
import { binlogNames, readBinlogs } from '../support/binlog-files.js'
import { SHANGHAI } from '../support/encoded-rows.js'
import { RouteRows, type RowFields } from '../support/route-rows.js'
import { rule } from '../support/rule-spec.js'
import { readSchemas } from '../support/source-schema.js'

const SUMS = new Map<string, MeasureExpression>([
  ['n', { of: 'count' }],
  ...['qty', 'price', 'big', 'cents', 'weight'].map(name => [`s_${name}`, { of: 'sum', column: name }] as const),
])
const GROUPS = ['product_id', 'region', 'rate']
/** Every column as the text that a load body holds. */
const SHOWN = `id, product_id, region, cast(rate as char) rate, qty, cast(price as char) price, big, cents,
  cast(weight as char) weight, note, cast(at as char) at, to_base64(photo) photo`

describe.each(['mysql', 'mariadb'] as const)('changes and sums of a %s', kind => {
  let server: TestServer
  const changes = new Map<string, RowFields[]>()
  const groups = new Map<string, Map<string, bigint>>()
  const happenings: Happening[] = []
  let begunMs: number
  let endedMs: number

  beforeAll(async () => {
    server = await startServer(kind)
    await server.sql([
      'create database t character set utf8mb4',
      `create table t.sales (id bigint primary key, product_id int unsigned, region varchar(20), rate decimal(4,2) not null,
         qty int, price decimal(12,3), big bigint unsigned, cents bigint not null, weight double, note text, at timestamp(6) null, photo varbinary(20))`,
      'create table t.keyless (a int, b varchar(10))',
      'flush binary logs',
    ])
    begunMs = Date.now()
    await writeSales(server)
    endedMs = Date.now()
    const schemas = await readSchemas(server, 't')
    const schemaOf = (table: string) => ({ ...schemas.get(table)!, key: table === 'sales' ? ['id'] : [] })
    const router = new Router(
      {
        columnSeparator: { text: '\\x01', bytes: Uint8Array.of(1) },
        rowDelimiter: { text: '\\x02', bytes: Uint8Array.of(2) },
        zone: SHANGHAI,
        skipTablesWithoutKey: false,
        stopsAtBadValues: true,
      },
      new RuleBook(
        [{ schema: 't', tables: ['/./'] }],
        [
          rule({ schema: 't', table: '/^(.*)$/', targetTable: '$1_log', mode: 'append' }),
          rule({
            schema: 't',
            table: 'sales',
            targetTable: 'sums',
            mode: 'aggregate',
            groupBy: GROUPS,
            measures: SUMS,
          }),
        ],
        'd',
      ),
      {
        schemaFor: ({ table }) => schemaOf(table),
        inspect: async () => null,
        prepare: async wish => ({ ...wish, columns: wish.columns.map(c => ({ ...c, hasDefault: false })) }),
        observer: happening => happenings.push(happening),
      },
    )
    for (const table of ['sales', 'keyless']) await router.learn(schemaOf(table))
    const rows = new RouteRows(router, (route, row) => {
      if (route.mode === 'append') changes.set(route.source, [...(changes.get(route.source) ?? []), row])
      else addUp(groups, row)
    })
    for (const name of (await binlogNames(server)).slice(1))
      await readBinlogs(server, [name], event => rows.event(name, event))
  }, 300_000)
  afterAll(() => server.destroy())

  test('every change id is greater than the one before, and rows of one event count from 0', () => {
    for (const found of changes.values()) {
      let last = ''
      for (const row of found) {
        const id = [
          row.get('_bin_name'),
          ...['_bin_pos', '_event', '_row'].map(name => row.get(name)!.padStart(12, '0')),
        ].join()
        expect(id > last).toBe(true)
        last = id
      }
    }
    const sales = changes.get('t.sales')!
    expect(new Set(sales.map(row => row.get('_bin_name'))).size).toBe(2)
    expect(sales.some(row => row.get('_event') === '2')).toBe(true)
    expect(sales.some(row => row.get('_row') === '4')).toBe(true)
  })

  test('commit times lie between begin and end, in the zone of TIMESTAMP values', () => {
    for (const row of changes.get('t.sales')!) {
      const ms = Date.parse(`${row.get('_commit_time')!.replace(' ', 'T').slice(0, 23)}+08:00`)
      expect(ms).toBeGreaterThanOrEqual(Math.floor(begunMs / 1000) * 1000)
      expect(ms).toBeLessThanOrEqual(endedMs)
    }
  })

  test('replayed, the changes are the table; a delete holds the row that it deletes', async () => {
    const table = new Map<string, string>()
    for (const row of changes.get('t.sales')!) {
      const text = shown(row)
      const id = row.get('id')!
      if (row.get('_op') === 'delete') {
        expect(table.get(id)).toBe(text)
        table.delete(id)
      } else {
        expect(table.has(id)).toBe(row.get('_op') === 'update')
        table.set(id, text)
      }
    }
    const connection = await server.connect({
      database: 't',
      charset: 'utf8mb4',
      supportBigNumbers: true,
      bigNumberStrings: true,
    })
    await connection.query("set time_zone = '+08:00'")
    const [found] = await connection.query(`select ${SHOWN} from sales order by id`)
    await connection.end()
    const selected = (found as Record<string, unknown>[]).map(row => {
      const fields = Object.entries(row).map(([name, v]) => [name, v === null ? null : String(v)] as const)
      return [String(row.id), shown(new Map(fields))] as const
    })
    expect(selected.length).toBeGreaterThan(50)
    expect(new Map([...table].sort(byId))).toEqual(new Map(selected.toSorted(byId)))
  })

  test('a table without a key is appended', async () => {
    const rows = changes.get('t.keyless')!.map(row => [row.get('_op'), row.get('a'), row.get('b')].join())
    expect(rows).toEqual([
      'insert,1,x',
      'insert,1,x',
      'insert,,',
      'update,2,x',
      'update,2,x',
      'delete,2,x',
      'delete,2,x',
    ])
    expect(await server.sql('select * from t.keyless')).toHaveLength(1)
  })

  test('the deltas add up to what SELECT finds, and groups that are gone to nothing', async () => {
    const measures = ['qty', 'price', 'big', 'cents'].map(name => `cast(coalesce(sum(${name}), 0) as char) s_${name}`)
    const found = await server.sql(
      `select product_id, region, cast(rate as char) rate, cast(count(*) as char) n, ${measures.join()}, coalesce(sum(weight), 0) s_weight from t.sales group by 1, 2, 3`,
    )
    expect(found.length).toBeGreaterThan(20)
    const left = new Map(groups)
    for (const row of found) {
      const key = groupKey(name => (row[name] === null ? null : String(row[name])))
      const sums = left.get(key)
      expect(sums).toBeDefined()
      left.delete(key)
      for (const name of ['n', 's_qty', 's_price', 's_big', 's_cents'])
        expect([key, name, sums!.get(name)]).toEqual([key, name, thousandths(String(row[name]))])
      // Weights are multiples of 1/8, which floating point adds up exactly.
      expect(sums!.get('s_weight')).toBe(thousandths(String(row.s_weight)))
    }
    expect(left.size).toBeGreaterThan(0)
    for (const [key, sums] of left)
      for (const [name, value] of sums) expect([key, name, value]).toEqual([key, name, 0n])
  })

  test('sums of floating point values were warned of', () => {
    expect(happenings.filter(h => h.kind === 'warning')).toMatchObject([
      { message: expect.stringMatching(/^d\.sums\.s_weight/) },
    ])
  })
})

function shown(row: RowFields): string {
  return JSON.stringify([...row].filter(([name]) => !name.startsWith('_')).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function byId(a: readonly [string, string], b: readonly [string, string]): number {
  return Number(a[0]) - Number(b[0])
}

function groupKey(value: (name: string) => string | null | undefined): string {
  return JSON.stringify(GROUPS.map(name => value(name) ?? null))
}

function addUp(groups: Map<string, Map<string, bigint>>, row: RowFields): void {
  const key = groupKey(name => row.get(name))
  const sums = groups.get(key) ?? new Map<string, bigint>()
  groups.set(key, sums)
  for (const name of SUMS.keys()) sums.set(name, (sums.get(name) ?? 0n) + thousandths(row.get(name)!))
}

/** A number's text in thousandths; all numbers of this test have at most three fraction digits. */
function thousandths(text: string): bigint {
  const [whole, fraction = ''] = text.split('.')
  if (!/^-?\d+(\.\d{1,3})?$/.test(text)) throw new Error(`not a number of this test: ${text}`)
  const digits = BigInt(`${whole!.replace('-', '')}${fraction.padEnd(3, '0')}`)
  return text.startsWith('-') ? -digits : digits
}

/** A few hundred transactions: rows of several tables in one, moves between groups, NULLs, rollbacks, a new binlog file. */
async function writeSales(server: TestServer): Promise<void> {
  const connection = await server.connect({ database: 't', charset: 'utf8mb4' })
  const random = randomFrom(2024)
  const maybe = (value: string) => (random(5) === 0 ? 'null' : value)
  const region = () => maybe(["'north'", "'süd'", "''", "'a\\tb'", "'a\\\\'"][random(5)]!)
  const values = (id: number) =>
    `(${[
      id,
      maybe(String(random(4))),
      region(),
      ['0.00', '-1.50'][random(2)],
      maybe(String(random(2000) - 1000)),
      maybe(((random(2_000_000) - 1_000_000) / 1000).toFixed(3)),
      maybe(random(2) === 0 ? '18446744073709551615' : String(random(100))),
      random(2) === 0 ? '-9223372036854775808' : random(1000),
      maybe(String((random(8000) - 4000) / 8)),
      maybe(`'note ${id}\\0\\n'`),
      maybe("'2024-07-01 12:34:56.789012'"),
      maybe(`x'00ff${(id % 100).toString().padStart(2, '0')}'`),
    ].join()})`
  await connection.query("set time_zone = '+08:00'")
  for (let round = 0, id = 1; round < 150; round++) {
    await connection.query('begin')
    const rows = Array.from({ length: 1 + random(6) }, () => values(id++))
    await connection.query(`insert into sales values ${rows.join()}`)
    await connection.query(`update sales set region = ${region()}, qty = qty + 1 where id % 17 = ${random(17)}`)
    await connection.query(`update sales set price = -price, weight = null where id % 23 = ${random(23)}`)
    await connection.query(`delete from sales where id % 41 = ${random(41)} and id > ${random(id)}`)
    await connection.query(random(6) === 0 ? 'rollback' : 'commit')
    if (round === 75) await connection.query('flush binary logs')
  }
  await connection.query("delete from sales where region = 'north'")
  await connection.query("insert into keyless values (1, 'x'), (1, 'x'), (null, null)")
  await connection.query('update keyless set a = 2 where a = 1')
  await connection.query('delete from keyless where a = 2')
  await connection.end()
}
