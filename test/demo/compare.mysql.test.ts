import { describe, expect, test } from '@jest/globals'
import { type CompareOptions, compareTables, type TableComparison } from '../../lib/demo/compare.js'
import { freshSchema, sharedServer } from '../support/servers.js'

const KINDS = ['mysql', 'mariadb'] as const

/** Makes table `t` in two schemas, fills both by the same statements, then changes the second, and compares. */
async function compared(
  kind: (typeof KINDS)[number],
  setup: { columns: string; targetColumns?: string; fill: string[]; change?: string[] },
  options: Partial<CompareOptions> & { key?: string[] } = {},
): Promise<TableComparison> {
  const server = await sharedServer(kind)
  const [left, right] = [await freshSchema(server), await freshSchema(server)]
  const [source, target] = [await server.connect({ database: left }), await server.connect({ database: right })]
  try {
    await source.query(`create table t (${setup.columns})`)
    await target.query(`create table t (${setup.targetColumns ?? setup.columns})`)
    for (const statement of setup.fill) await Promise.all([source.query(statement), target.query(statement)])
    for (const statement of setup.change ?? []) await target.query(statement)
    const tables = [
      { source: { schema: left, table: 't' }, target: { database: right, table: 't' }, key: options.key ?? ['id'] },
    ]
    const [result] = await compareTables({ source, target, tables, chunkRows: 3, ...options })
    return result!
  } finally {
    await Promise.all([source.end(), target.end()])
  }
}

describe.each(KINDS)('compareTables on %s', kind => {
  const columns = 'id int primary key, v varchar(20) null, d decimal(10,2), at datetime(6)'
  const rows = Array.from({ length: 10 }, (_, n) => `(${n * 2}, 'v${n}', ${n}.50, '2026-01-02 03:04:05.00000${n}')`)
  const fill = [
    `insert into t values ${rows.join(', ')}`,
    "insert into t values (100, null, null, null), (101, '', 0, null)",
  ]

  test('equal tables are equal, over several chunks', async () => {
    expect(await compared(kind, { columns, fill })).toEqual({
      table: 't',
      source: 12,
      target: 12,
      differs: 0,
      missing: 0,
      extra: 0,
      changed: 0,
      examples: [],
    })
  })

  test.each([
    ['delete from t where id = 6', { missing: 1, source: 12, target: 11, examples: [{ kind: 'missing', key: ['6'] }] }],
    ['delete from t where id = 101', { missing: 1, examples: [{ kind: 'missing', key: ['101'] }] }],
    ["insert into t values (7, 'new', 1, null)", { extra: 1, examples: [{ kind: 'extra', key: ['7'] }] }],
    ["insert into t values (999, 'new', 1, null)", { extra: 1, examples: [{ kind: 'extra', key: ['999'] }] }],
    ['delete from t', { missing: 12, target: 0, differs: 12 }],
    [
      "update t set v = 'V0' where id = 0",
      { changed: 1, examples: [{ kind: 'changed', key: ['0'], column: 'v', source: 'v0', target: 'V0' }] },
    ],
    [
      "update t set v = '' where id = 100",
      { changed: 1, examples: [{ kind: 'changed', key: ['100'], column: 'v', source: null, target: '' }] },
    ],
    ['update t set v = null where id = 101', { changed: 1, differs: 1 }],
    ["update t set v = 'v3 ' where id = 6", { changed: 1, differs: 1 }],
    ["update t set at = '2026-01-02 03:04:05.000002' where id = 2", { changed: 1, differs: 1 }],
    ["update t set at = '2026-01-02 03:04:05' where id = 2", { changed: 1, differs: 1 }],
    ['update t set d = 1.51 where id = 2', { changed: 1, differs: 1 }],
    ['update t set id = 11 where id = 10', { missing: 1, extra: 1, differs: 2 }],
  ])('%s is found', async (statement, expected) => {
    const change = [statement]
    expect(await compared(kind, { columns, fill, change })).toMatchObject({
      differs: Object.entries(expected).reduce(
        (sum, [name, value]) => sum + (['missing', 'extra', 'changed'].includes(name) ? Number(value) : 0),
        0,
      ),
      ...expected,
    })
  })

  test('1.50 and 1.5 are the same decimal, but not the same text', async () => {
    const fill = ["insert into t values (1, 1.5, '1.50')"]
    const result = await compared(kind, {
      columns: 'id int primary key, d decimal(10,2), v varchar(9)',
      targetColumns: 'id int primary key, d decimal(12,1), v varchar(9)',
      fill,
    })
    expect(result.differs).toBe(0)
    const changed = await compared(kind, {
      columns: 'id int primary key, v varchar(9)',
      fill: ["insert into t values (1, '1.50')"],
      change: ["update t set v = '1.5'"],
    })
    expect(changed.changed).toBe(1)
  })

  test('every difference is counted, the first few are described', async () => {
    const result = await compared(kind, { columns, fill, change: ["update t set v = 'x'"] }, { examples: 2 })
    expect(result.differs).toBe(12)
    expect(result.examples.map(example => example.key)).toEqual([['0'], ['2']])
  })

  test('keys of text are told apart byte by byte, whatever the collation, with spaces, quotes and several columns', async () => {
    const words = ['b', 'B', 'ß', 'ss', 'é', 'e', 'e ', ' e', '😀', "o'k", 'back\\slash', '', '\u0001', 'zz', 'Z']
    const columns = 'w varchar(20) collate utf8mb4_bin, n bigint unsigned, v int, unique key (w, n)'
    // With trailing spaces counting as nothing, as utf8mb4_bin has it, `e` and `e ` need different numbers beside.
    const values = words.map(
      (word, n) => `('${word.replace(/['\\]/g, '\\$&')}', ${n === 6 ? 7 : '18446744073709551615'}, ${n})`,
    )
    const fill = [`insert into t values ${values.join(', ')}`]
    const equal = await compared(kind, { columns, fill }, { key: ['w', 'n'] })
    expect(equal).toMatchObject({ source: words.length, target: words.length, differs: 0 })
    const changed = await compared(
      kind,
      { columns, fill, change: ["update t set v = 99 where w = 'B'"] },
      { key: ['w', 'n'] },
    )
    expect(changed.examples).toEqual([
      { kind: 'changed', key: ['B', '18446744073709551615'], column: 'v', source: '1', target: '99' },
    ])
  })

  test('keys of moments, decimals, times and bytes', async () => {
    const columns = 'a datetime(3), b decimal(6,2), c time(1), d varbinary(5), v int, primary key (a, b, c, d)'
    const values: string[] = []
    for (const a of ['2026-01-02 03:04:05.500', '2026-01-02 03:04:05'])
      for (const b of ['-1.50', '0.25', '10.00'])
        for (const c of ['-01:00:00.5', '100:00:00', '09:00:00.1'])
          for (const d of ["x'00'", "x'ff00'", "''"]) values.push(`('${a}', ${b}, '${c}', ${d}, 1)`)
    const fill = [`insert into t values ${values.join(', ')}`]
    const change = ["delete from t where b = 0.25 and c = '100:00:00' and d = x'ff00'"]
    const result = await compared(kind, { columns, fill, change }, { key: ['a', 'b', 'c', 'd'] })
    expect(result).toMatchObject({ source: 54, target: 52, missing: 2, extra: 0, changed: 0 })
  })

  test('types: equal as they are, each changed by the least there is', async () => {
    const columns = `id int primary key, f float, x double, b bit(64), y year, t time(6), ts timestamp(3) null, bin binary(4),
      blb blob, e enum('a','b'), s set('x','y'), j json, u bigint unsigned, z int(5) zerofill, c char(5)`
    const fill = [
      `insert into t values (1, 0.1, 0.1, b'${'1'.repeat(64)}', 2026, '-838:59:58.000001', '2026-01-02 03:04:05.678', x'00ff2000',
        x'6100', 'b', 'x,y', '{"k": [1, "é"]}', 18446744073709551615, 42, 'ab')`,
    ]
    expect(await compared(kind, { columns, fill })).toMatchObject({ source: 1, differs: 0 })
    for (const change of [
      'f = 0.10000001',
      'x = 0.10000000000000002',
      `b = b'${'1'.repeat(63)}0'`,
      'y = 2025',
      "t = '-838:59:58.000002'",
      "ts = '2026-01-02 03:04:05.679'",
      "bin = x'00ff2001'",
      "blb = x'61'",
      "e = 'a'",
      "s = 'x'",
      `j = '{"k": [1, "e"]}'`,
      'u = 18446744073709551614',
      'z = 43',
      "c = 'abc'",
    ]) {
      const column = change.split(' ')[0]!
      const result = await compared(kind, { columns, fill, change: [`update t set ${change}`] })
      expect(result).toMatchObject({ changed: 1, examples: [{ column }] })
    }
  })

  test('bytes that the target keeps as base64 text', async () => {
    const fill = ["insert into t values (1, x'00ff')", 'insert into t values (2, null)']
    const setup = {
      columns: 'id int primary key, b varbinary(9)',
      targetColumns: 'id int primary key, b varchar(20) collate utf8mb4_bin',
      fill: [],
    }
    const base64 = ["insert into t values (1, 'AP8='), (2, null)"]
    const server = await sharedServer(kind)
    const [left, right] = [await freshSchema(server), await freshSchema(server)]
    await server.sql([
      `use ${left}`,
      `create table t (${setup.columns})`,
      ...fill,
      `use ${right}`,
      `create table t (${setup.targetColumns})`,
      ...base64,
    ])
    const [source, target] = [await server.connect(), await server.connect()]
    const tables = [{ source: { schema: left, table: 't' }, target: { database: right, table: 't' }, key: ['id'] }]
    const equal = await compareTables({ source, target, tables })
    await target.query(`update ${right}.t set b = 'AP9=' where id = 1`)
    const changed = await compareTables({ source, target, tables })
    await Promise.all([source.end(), target.end()])
    expect(equal[0]!.differs).toBe(0)
    expect(changed[0]!.changed).toBe(1)
  })

  test('columns may be chosen and may have another name in the target; a column or table that is not there is an error', async () => {
    const setup = {
      columns: 'id int primary key, a int, b int',
      targetColumns: 'id int primary key, a2 int, b int',
      fill: [] as string[],
    }
    const server = await sharedServer(kind)
    const [left, right] = [await freshSchema(server), await freshSchema(server)]
    await server.sql([
      `use ${left}`,
      `create table t (${setup.columns})`,
      'insert into t values (1, 2, 3)',
      `use ${right}`,
      `create table t (${setup.targetColumns})`,
      'insert into t values (1, 2, 4)',
    ])
    const [source, target] = [await server.connect(), await server.connect()]
    const table = { source: { schema: left, table: 't' }, target: { database: right, table: 't' }, key: ['id'] }
    const columns = ['id', { source: 'a', target: 'a2' }]
    expect((await compareTables({ source, target, tables: [{ ...table, columns }] }))[0]!.differs).toBe(0)
    await expect(compareTables({ source, target, tables: [table] })).rejects.toThrow(/target t has no column a/)
    const gone = { ...table, target: { database: right, table: 'gone' } }
    await expect(compareTables({ source, target, tables: [gone] })).rejects.toThrow(/gone is not there/)
    await Promise.all([source.end(), target.end()])
  })
})
