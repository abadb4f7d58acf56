import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { TableVerdict, VerifyReport } from '../../lib/verify/verdict.js'
import { SyncBench } from '../support/sync-bench.js'

const ROWS = 1000
/** Rows that traffic leaves alone. */
const QUIET = 400
const many = (row: (n: number) => string) => Array.from({ length: ROWS }, (_, n) => row(n)).join(', ')

/** By target: the table, the lines of its rule, and its module. */
const RULES: Readonly<Record<string, readonly [table: string, lines: string, module: string]>> = {
  // One row for one, by ranges of an integer key.
  kept: [
    'items',
    `where = "v <> 'out'"\nmask = { phone = "keep(1,1)" }\ntransform_columns = { label = "VARCHAR(80)", twice = "DECIMAL(12,2)", half = "DOUBLE" }`,
    `export default ({ row }) => {
      if (row.id % 7 === 3) return null
      return { row: { ...row, label: row.v + '/' + row.phone, twice: String((Number(row.price) * 2).toFixed(2)), half: row.id / 2 } }
    }`,
  ],
  // The same of texts, which have no order that both sides share.
  named: [
    'names',
    'transform_columns = { size = "INT" }',
    'export default ({ row }) => ({ row: { ...row, size: row.note.length } })',
  ],
  // Several rows, with a key of their own.
  lines: [
    'orders',
    `exclude = ["lines"]\nrename = { id = "order_id" }\ntransform_reads = ["lines"]\ntransform_columns = { line = "INT", sku = "VARCHAR(20)", raw = "JSON" }\ntransform_key = ["order_id", "line"]`,
    `export default ({ row }) => {
      const { lines, ...order } = row
      return JSON.parse(lines).map((one, n) => ({ row: { ...order, line: n, sku: one.sku, raw: JSON.stringify(one) } }))
    }`,
  ],
  // What the row does not tell.
  stamped: [
    'names',
    'transform_columns = { stamp = "VARCHAR(40)" }',
    'export default ({ row }, context) => ({ row: { ...row, stamp: context.commitTime } })',
  ],
  // A clock that the first rows do not show.
  clock: [
    'items',
    'columns = ["id"]\ntransform_columns = { at = "BIGINT" }',
    'export default ({ row }) => ({ row: { ...row, at: row.id === 700 ? process.hrtime.bigint() : 1n } })',
  ],
  picky: [
    'items',
    'mask = { phone = "keep(1,1)" }\ncolumns = ["id", "phone"]',
    'export default ({ row }) => {\n  if (row.id === 800) throw new Error("no " + row.phone)\n  return { row }\n}',
  ],
}

describe.each(['mysql', 'mariadb'] as const)('verify of rows that modules make, from %s', kind => {
  let bench: SyncBench

  beforeAll(async () => {
    bench = await SyncBench.shared(kind)
    const { schema, server, engine } = bench
    await server.sql([
      `create table ${schema}.items (id int primary key, v varchar(20) not null, price decimal(10,2) not null, phone varchar(20), at datetime(3)) character set utf8mb4`,
      `create table ${schema}.names (code varchar(20) primary key, note varchar(40) not null) character set utf8mb4`,
      `create table ${schema}.orders (id int primary key, \`lines\` json not null)`,
    ])
    for (const [target, [, , source]] of Object.entries(RULES))
      await writeFile(join(engine.folder, `${target}.mjs`), source)
    const blocks = Object.entries(RULES).map(
      ([target, [table, lines]]) =>
        `[[rule]]\nschema = "${schema}"\ntable = "${table}"\nsr_table = "${target}"\ntransform = "${target}.mjs"\n${lines}\n`,
    )
    await bench.configure({
      top: { on_bad_row: 'dead_letter', flush_interval_ms: 50 },
      blocks: `[[source]]\nschema = "${schema}"\ntables = ["/./"]\n\n${blocks.join('\n')}`,
    })
    engine.start()
    await engine.caughtUp()
    await server.sql([
      `insert into ${schema}.items values ${many(n => `(${n}, 'v${n % 5}', ${n} / 4, '1secret${n}', '2024-05-17 11:00:00.${n % 10}')`)}`,
      `insert into ${schema}.names values ${many(n => `('Code-${n}é', 'note ${n}')`)}`,
      `insert into ${schema}.orders values ${many(n => `(${n}, '[{"sku": "a${n}", "n": 1.50}, {"sku": "b"}]')`)}`,
    ])
    await engine.caughtUp()
  }, 300_000)
  afterAll(() => bench?.close())

  async function verify(...args: string[]) {
    const { code, stdout, stderr } = await bench.engine.cli('verify', '--json', ...args)
    if (!stdout.startsWith('{')) throw new Error(stderr)
    expect(stdout).not.toContain('secret')
    const { tables } = JSON.parse(stdout) as VerifyReport
    return { code, found: new Map(tables.map(one => [one.target.slice(bench.schema.length + 1), one])) }
  }
  const counts = (found: ReadonlyMap<string, TableVerdict>) =>
    Object.fromEntries(
      [...found].map(([name, { state, differs, missing, extra, pending }]) => [
        name,
        [state, differs, missing, extra, pending],
      ]),
    )
  /** Rows that are looked at while they change may be pending. */
  const settled = (found: ReadonlyMap<string, TableVerdict>) =>
    Object.fromEntries([...found].map(([name, { differs, missing, extra }]) => [name, [differs, missing, extra]]))
  const SURE = ['kept', 'named', 'lines', 'stamped']
  const only = () => SURE.flatMap(name => ['--table', `${bench.schema}.${name}`])

  /** Changes rows below QUIET until `work` is done. */
  async function underTraffic<T>(work: () => Promise<T>): Promise<T> {
    const { schema, server } = bench
    let isOver = false
    const traffic = async () => {
      let n = 0
      // So fast that rows differ whenever they are looked at, and not so fast that the machine does nothing else.
      for (; !isOver; n++, await delay(20)) {
        const id = (n * 37) % QUIET
        await server.sql([
          `update ${schema}.items set v = if(v = 'out', 'in', if(id % 3 = 0, 'out', concat('w', ${n}))) where id = ${id}`,
          `update ${schema}.names set note = repeat('x', ${n % 30}) where code = 'code-${id}é'`,
          `update ${schema}.orders set \`lines\` = '[${Array.from({ length: n % 4 }, (_, i) => `{"sku": "c${i}"}`).join(', ')}]' where id = ${id}`,
          `delete from ${schema}.orders where id = ${(id + 200) % QUIET}`,
          `insert into ${schema}.orders values (${(id + 200) % QUIET}, '[{"sku": "d"}]')`,
        ])
      }
      return n
    }
    const running = traffic()
    try {
      return await work()
    } finally {
      isOver = true
      expect(await running).toBeGreaterThan(5)
    }
  }

  test('rows are what the modules make of them now; a clock and a row that none is made of are named', async () => {
    const { code, found } = await verify()
    expect(counts(found)).toEqual({
      kept: ['ok', 0, 0, 0, 0],
      named: ['ok', 0, 0, 0, 0],
      lines: ['ok', 0, 0, 0, 0],
      stamped: ['ok', 0, 0, 0, 0],
      clock: ['pending', 0, 0, 0, 2],
      picky: ['pending', 0, 0, 0, 1],
    })
    expect(code).toBe(1)
    expect([found.get('lines')?.rows, found.get('named')?.rows]).toEqual([2 * ROWS, ROWS])
    expect(found.get('stamped')?.ignored_columns).toEqual({
      stamp: 'its values are of a change (its time, place or kind), not of the row',
    })
    expect(found.get('clock')?.reason).toMatch(
      /^1 row of the source cannot be compared, since \[\[rule\]\] in .*sync\.toml, line \d+: transform = "clock\.mjs" returns other rows when it is asked the same again; it must return the same, in the row with key \{"id":"700"\} of \S+\.items$/,
    )
    expect(found.get('picky')?.reason).toMatch(
      /transform = "picky\.mjs" \(picky\.mjs:2\) throws: no 1\*{8}0, in the row with key \{"id":"800"\} of \S+\.items$/,
    )
  }, 120_000)

  test('damages are found under traffic, each and no other, and mended where rows have keys of the source', async () => {
    const target = (table: string) => `${bench.schema}.${table}`
    await bench.target(
      `delete from ${target('kept')} where id = 505`,
      `update ${target('kept')} set label = 'bad' where id = 501`,
      `update ${target('kept')} set half = 7 where id = 502`,
      `update ${target('kept')} set phone = 'plain' where id = 504`,
      `insert into ${target('kept')} (id, v, price, label, twice, half) values (9000, 'x', 1, 'x', 2, 3), (521, 'x', 1, 'x', 2, 3)`,
      `delete from ${target('named')} where code = 'Code-500é'`,
      `update ${target('named')} set size = 99 where code = 'Code-501é'`,
      `insert into ${target('named')} (code, note, size) values ('code-502é', 'x', 1)`,
      `delete from ${target('lines')} where order_id = 500 and line = 1`,
      `update ${target('lines')} set raw = parse_json('{"sku": "b", "n": 2}') where order_id = 501 and line = 1`,
      `insert into ${target('lines')} (order_id, line, sku) values (502, 7, 'x')`,
      `update ${target('stamped')} set note = 'bad' where code = 'Code-600é'`,
      `update ${target('stamped')} set stamp = 'bad' where code = 'Code-601é'`,
    )
    const damaged = await underTraffic(() => verify(...only()))
    expect(settled(damaged.found)).toEqual({
      kept: [3, 1, 2],
      named: [1, 1, 1],
      lines: [1, 1, 1],
      stamped: [1, 0, 0],
    })
    expect(damaged.found.get('lines')?.keys).toEqual(
      expect.arrayContaining([
        { kind: 'missing', key: { order_id: '500', line: '1' }, columns: [] },
        { kind: 'changed', key: { order_id: '501', line: '1' }, columns: ['raw'] },
        { kind: 'extra', key: { order_id: '502', line: '7' }, columns: [] },
      ]),
    )
    expect(
      damaged.found
        .get('kept')
        ?.keys.flatMap(({ columns }) => columns)
        .toSorted(),
    ).toEqual(['half', 'label', 'phone'])

    const { found } = await underTraffic(() => verify('--repair', ...only()))
    const mended = [...found].map(([name, { repaired }]) => [name, repaired])
    expect(Object.fromEntries(mended)).toEqual({ kept: 6, named: 3, lines: 0, stamped: 1 })
    expect(found.get('lines')?.reason).toMatch(/recopy \S+\.orders --truncate/)
    await bench.engine.caughtUp()
    expect(counts((await verify(...only())).found)).toEqual({
      kept: ['ok', 0, 0, 0, 0],
      named: ['ok', 0, 0, 0, 0],
      lines: ['differs', 1, 1, 1, 0],
      stamped: ['ok', 0, 0, 0, 0],
    })
  }, 240_000)
})
