import { describe, expect, test } from '@jest/globals'
import type { TargetRequest } from '../../lib/dispatch/sink.js'
import type { SourceColumn, TargetTable } from '../../lib/model/schema.js'
import { parseCreateTable } from '../../lib/starrocks/create-table-text.js'
import { renderCreateTable } from '../../lib/starrocks/ddl.js'
import { checkTargetTable } from '../../lib/starrocks/preflight/targets.js'
import { readTarget } from '../../lib/starrocks/target-catalog.js'
import { checkTarget } from '../../lib/starrocks/target-check.js'
import { TargetMaker } from '../../lib/starrocks/target-maker.js'
import { mapGroupColumn, mapSum } from '../../lib/starrocks/type-map.js'
import { FakeStarRocks } from '../support/fake-starrocks.js'
import { column } from './fixtures.js'

const LAYOUT = { bucketCount: 2, replicationNum: 1 }
const col = (name: string, type: string, nullable = true) => ({ name, type, nullable, comment: '' })
const sum = (name: string, type: string) => ({ ...col(name, type), aggregate: 'sum' as const })
const SUMS: TargetRequest = {
  database: 'demo',
  table: 'sums',
  model: 'aggregate',
  columns: [
    col('price', 'decimal(10,2)', false),
    col('shop', 'varchar(40)'),
    sum('n', 'bigint'),
    sum('big', 'largeint'),
  ],
  key: ['shop', 'price'],
  comment: '',
  missingColumns: 'refuse',
}
const LOG: TargetRequest = {
  ...SUMS,
  table: 'log',
  model: 'duplicate',
  columns: [
    col('_bin_name', 'varchar(255)', false),
    col('_bin_pos', 'bigint', false),
    col('id', 'bigint'),
    col('v', 'json'),
  ],
  key: ['_bin_name', '_bin_pos'],
}

const made = (
  { database, table, model, key, columns }: TargetRequest,
  more: Partial<TargetTable> = {},
): TargetTable => ({
  database,
  table,
  model,
  key,
  columns: columns.map(({ comment, ...c }) => ({ ...c, hasDefault: false })),
  ...more,
})
const withColumn = (table: TargetTable, name: string, more: Partial<TargetTable['columns'][number]>): TargetTable => ({
  ...table,
  columns: table.columns.map(c => (c.name === name ? { ...c, ...more } : c)),
})
const messages = (request: TargetRequest, table: TargetTable) =>
  checkTarget(request, table).map(fault => `${fault.level}: ${fault.message}`)

describe('CREATE TABLE', () => {
  test('of changes: the change id first, hashed by it', () => {
    expect(renderCreateTable(LOG, LAYOUT)).toBe(
      [
        'CREATE TABLE IF NOT EXISTS `demo`.`log` (',
        '  `_bin_name` VARCHAR(255) NOT NULL,',
        '  `_bin_pos` BIGINT NOT NULL,',
        '  `id` BIGINT NULL,',
        '  `v` JSON NULL',
        ') ENGINE=OLAP',
        'DUPLICATE KEY (`_bin_name`, `_bin_pos`)',
        'DISTRIBUTED BY HASH(`_bin_name`, `_bin_pos`) BUCKETS 2',
        'PROPERTIES ("replication_num" = "1")',
      ].join('\n'),
    )
  })

  test('of sums: groups may be NULL and decimals, and every value has its function', () => {
    expect(renderCreateTable(SUMS, LAYOUT)).toBe(
      [
        'CREATE TABLE IF NOT EXISTS `demo`.`sums` (',
        '  `shop` VARCHAR(40) NULL,',
        '  `price` DECIMAL(10,2) NOT NULL,',
        '  `n` BIGINT SUM NULL,',
        '  `big` LARGEINT SUM NULL',
        ') ENGINE=OLAP',
        'AGGREGATE KEY (`shop`, `price`)',
        'DISTRIBUTED BY HASH(`shop`, `price`) BUCKETS 2',
        'PROPERTIES ("replication_num" = "1")',
      ].join('\n'),
    )
  })

  test.each(['float', 'double', 'json', 'varbinary(9)'])('a group of %s is refused', type => {
    const request = { ...SUMS, columns: [col('g', type), sum('n', 'bigint')], key: ['g'] }
    expect(() => renderCreateTable(request, LAYOUT)).toThrow(/demo\.sums: the key column g cannot be .* AGGREGATE KEY/)
  })
})

describe('types', () => {
  const of = (dataType: string, more: Partial<SourceColumn> = {}) => column(dataType, more)
  test('of groups', () => {
    const types = [
      of('bigint', { unsigned: true }),
      of('decimal', { precision: 20, scale: 4 }),
      of('varbinary', { maxLength: 16 }),
      of('tinytext', { maxLength: 255, charset: 'utf8mb4' }),
      of('enum', { members: ['a', 'größer'] }),
      of('datetime', { fractionDigits: 3 }),
    ].map(mapGroupColumn)
    expect(types.map(t => ('type' in t ? t.type : t.unsupported))).toEqual([
      'largeint',
      'decimal(20,4)',
      'varchar(24)',
      'varchar(255)',
      'varchar(8)',
      'datetime',
    ])
    for (const [bad, why] of [
      [of('float'), /floating point/],
      [of('double'), /floating point/],
      [of('json'), /JSON/],
      [of('point'), /geometry/],
      [of('text', { maxLength: 65_535, charset: 'utf8mb4' }), /too long to group by/],
      [of('varchar', { maxLength: 20_000, charset: 'utf8mb4' }), /too long to group by/],
    ] as const)
      expect(mapGroupColumn(bad)).toMatchObject({ unsupported: expect.stringMatching(why) })
  })

  test('of sums', () => {
    const unsigned = { unsigned: true }
    const sums: [SourceColumn, string][] = [
      [of('tinyint'), 'bigint'],
      [of('smallint', unsigned), 'bigint'],
      [of('mediumint'), 'bigint'],
      [of('int', unsigned), 'bigint'],
      [of('bigint'), 'largeint'],
      [of('bigint', unsigned), 'largeint'],
      [of('decimal', { precision: 10, scale: 2 }), 'decimal(38,2)'],
      [of('decimal', { precision: 38, scale: 30 }), 'decimal(38,30)'],
      [of('float'), 'double'],
      [of('double'), 'double'],
    ]
    for (const [from, type] of sums) expect(mapSum(from)).toEqual({ type, exact: type !== 'double' })
    for (const bad of ['varchar', 'date', 'year', 'bit', 'json', 'enum'])
      expect(mapSum(of(bad))).toMatchObject({ unsupported: expect.stringMatching(/only integers/) })
    expect(mapSum(of('decimal', { precision: 39, scale: 0 }))).toMatchObject({ unsupported: expect.any(String) })
  })
})

describe('what an existing target must be', () => {
  test('itself', () => {
    for (const request of [LOG, SUMS]) expect(messages(request, made(request))).toEqual([])
  })

  test.each([
    ['primary', LOG, 'rows of changes \\(mode = "append"\\) need a DUPLICATE KEY table'],
    ['aggregate', LOG, 'demo.log is an AGGREGATE KEY table'],
    ['duplicate', SUMS, 'sums per group \\(group_by\\) need an AGGREGATE KEY table'],
    ['primary', SUMS, 'demo.sums is a PRIMARY KEY table'],
  ] as const)('a %s key table is refused', (model, request, message) => {
    const [fault] = checkTarget(request, made(request, { model }))
    expect(fault).toMatchObject({ level: 'fatal', message: expect.stringMatching(message) })
    expect(fault!.remedy).toMatch(/anew with (DUPLICATE|AGGREGATE) KEY/)
  })

  test('a table of changes may be ordered by other columns', () => {
    expect(messages(LOG, made(LOG, { key: ['id'] }))).toEqual([])
  })

  test('groups are exactly the key', () => {
    for (const key of [['shop'], ['shop', 'price', 'day'], ['shop', 'n']])
      expect(messages(SUMS, made(SUMS, { key }))[0]).toBe(
        `fatal: demo.sums has the aggregate key (${key.join(', ')}), its rule groups by (shop, price)`,
      )
    expect(messages(SUMS, made(SUMS, { key: ['PRICE', 'Shop'] }))).toEqual([])
  })

  test.each([
    [{ aggregate: 'max' }, 'fatal: demo.sums.n is a MAX column where sums are wanted'],
    [{ type: 'int' }, 'fatal: demo.sums.n is int where bigint is wanted: bigint reaches beyond int'],
    [{ type: 'double' }, 'fatal: demo.sums.n is double where bigint is wanted: large numbers lose their last digits'],
    [{ type: 'largeint', nullable: false }, null],
    [{ type: 'decimal(38,0)' }, null],
  ])('a column of sums that is %j', (more, message) => {
    expect(messages(SUMS, withColumn(made(SUMS), 'n', more))).toEqual(message === null ? [] : [message])
  })

  test('least and greatest values need columns of their own functions', () => {
    const request = { ...SUMS, columns: [...SUMS.columns, { ...col('first', 'datetime'), aggregate: 'min' as const }] }
    const statement = renderCreateTable(request, LAYOUT)
    expect(statement).toContain('`first` DATETIME MIN NULL')
    const table = (aggregate: string | undefined): TargetTable => ({
      ...request,
      columns: request.columns.map(column => ({
        ...column,
        hasDefault: false,
        ...(column.name === 'first' && aggregate !== undefined ? { aggregate } : {}),
      })),
    })
    expect(checkTarget(request, table('min'))).toEqual([])
    expect(checkTarget(request, table('max'))).toMatchObject([
      {
        level: 'fatal',
        message: 'demo.sums.first is a MAX column where least values are wanted',
        remedy: 'Make `demo`.`sums` anew with `first` DATETIME MIN, or give the rule another sr_table.',
      },
    ])
  })

  test('sums of 64 bits in BIGINT are warned of, not refused', () => {
    expect(messages(SUMS, withColumn(made(SUMS), 'big', { type: 'bigint' }))).toEqual([
      'narrow: demo.sums.big is bigint where largeint is wanted: largeint reaches beyond bigint',
    ])
  })

  test('a REPLACE column that nothing fills would be emptied by every load', () => {
    const extra = (aggregate: string) => ({
      ...made(SUMS),
      columns: [...made(SUMS).columns, { name: 'last', type: 'int', nullable: true, hasDefault: false, aggregate }],
    })
    expect(messages(SUMS, extra('replace'))).toEqual([
      expect.stringMatching(/^fatal: demo\.sums\.last is a REPLACE column/),
    ])
    expect(messages(SUMS, extra('max'))).toEqual([])
  })
})

const SHOWN = [
  'CREATE TABLE `sums` (',
  '  `shop` varchar(40) NULL COMMENT "SUM of all",',
  '  `price` decimal(10, 2) NOT NULL COMMENT "",',
  '  `n` bigint(20) SUM NULL DEFAULT "0" COMMENT "count(*)",',
  '  `big` largeint(40) SUM NULL COMMENT "",',
  '  `last` datetime REPLACE_IF_NOT_NULL NULL COMMENT ""',
  ') ENGINE=OLAP ',
  'AGGREGATE KEY(`shop`, `price`)',
  'DISTRIBUTED BY HASH(`shop`) BUCKETS 2 ',
  'PROPERTIES (',
  '"replication_num" = "1"',
  ');',
].join('\n')

/** demo.sums in a catalog that says as little of functions as information_schema does. */
function aggregateCatalog(): FakeStarRocks {
  const server = new FakeStarRocks()
  server.model = 'AGG_KEYS'
  server.key = '`shop`, `price`'
  server.createTable = SHOWN
  server.columns = [
    { name: 'shop', type: 'varchar(40)', nullable: 'YES' },
    { name: 'price', type: 'decimal(10,2)', nullable: 'NO' },
    { name: 'n', type: 'bigint(20)', nullable: 'YES', default: '0' },
    { name: 'big', type: 'bigint(20) unsigned', nullable: 'YES' },
    { name: 'last', type: 'datetime', nullable: 'YES' },
  ]
  return server
}

describe('the catalog', () => {
  test('the function stands behind the type, whatever a comment says', () => {
    expect(parseCreateTable(SHOWN)!.columns.map(c => c.aggregate)).toEqual([
      undefined,
      undefined,
      'sum',
      'sum',
      'replace_if_not_null',
    ])
  })

  test('functions are read even when information_schema knows model and key', async () => {
    const table = await readTarget(aggregateCatalog(), SUMS)
    expect(table).toMatchObject({ model: 'aggregate', key: ['shop', 'price'] })
    expect(table!.columns.find(c => c.name === 'big')).toMatchObject({ type: 'largeint', aggregate: 'sum' })
    expect(checkTarget(SUMS, table!)).toEqual([])
  })
})

describe('columns that are missing', () => {
  const make = (server: FakeStarRocks, request: TargetRequest) =>
    new TargetMaker({ autoCreate: true, layout: LAYOUT }, server, new AbortController().signal).make(request)

  function logCatalog(): FakeStarRocks {
    const server = new FakeStarRocks()
    server.model = 'DUP_KEYS'
    server.key = '`_bin_name`, `_bin_pos`'
    server.columns = [
      { name: '_bin_name', type: 'varchar(255)', nullable: 'NO' },
      { name: '_bin_pos', type: 'bigint(20)', nullable: 'NO' },
      { name: 'id', type: 'bigint(20)', nullable: 'YES' },
    ]
    return server
  }

  test('are added to a table of changes when the source got them', async () => {
    const server = logCatalog()
    server.apply = () => {
      server.columns = [...server.columns, { name: 'v', type: 'json', nullable: 'YES' }]
    }
    const table = await make(server, { ...LOG, missingColumns: 'add' })
    expect(server.executed).toEqual(['ALTER TABLE `demo`.`log` ADD COLUMN `v` JSON NULL'])
    expect(table.columns.map(c => c.name)).toEqual(['_bin_name', '_bin_pos', 'id', 'v'])
  })

  test('are named at the start, with the statement', async () => {
    await expect(make(logCatalog(), LOG)).rejects.toMatchObject({
      message: 'demo.log lacks the columns v',
      advice: 'ALTER TABLE `demo`.`log` ADD COLUMN `v` JSON NULL;',
    })
  })

  test('are never added to sums: those of earlier rows would be missing', async () => {
    const server = aggregateCatalog()
    const request = { ...SUMS, columns: [...SUMS.columns, sum('more', 'bigint')], missingColumns: 'add' as const }
    await expect(make(server, request)).rejects.toMatchObject({
      kind: 'targetUnfit',
      message: 'demo.sums lacks the columns more, and sums of earlier rows would be missing in them',
      advice: expect.stringMatching(/anew/),
    })
    expect(server.executed).toEqual([])
    const [finding] = await checkTargetTable(server, request, { autoCreate: true, layout: LAYOUT })
    expect(finding).toMatchObject({ level: 'error', message: expect.stringMatching(/sums of earlier rows/) })
  })

  test('check speaks of all models', async () => {
    const allowance = { autoCreate: true, layout: LAYOUT }
    const missing = new FakeStarRocks()
    for (const request of [LOG, SUMS])
      expect(await checkTargetTable(missing, request, allowance)).toMatchObject([{ level: 'ok' }])
    expect(await checkTargetTable(aggregateCatalog(), SUMS, allowance)).toMatchObject([{ message: 'demo.sums suits' }])
    expect(await checkTargetTable(aggregateCatalog(), LOG, allowance)).toMatchObject([{ level: 'error' }])
  })
})
