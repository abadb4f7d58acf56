import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { TargetRequest } from '../../lib/dispatch/sink.js'
import type { SourceColumn, TableSchema } from '../../lib/model/schema.js'
import { planColumns } from '../../lib/rules/column-plan.js'
import type { RuleSpec } from '../../lib/rules/rule-book.js'
import { requestTarget } from '../../lib/rules/target-wish.js'
import { renderCreateDatabase, renderCreateTable } from '../../lib/starrocks/ddl.js'
import { Frontends } from '../../lib/starrocks/frontends.js'
import { mergeRequests } from '../../lib/starrocks/merged-request.js'
import { StarRocksSession } from '../../lib/starrocks/starrocks-session.js'
import { parseTableText } from '../../lib/starrocks/table-text.js'
import { readTarget, showCreateTable } from '../../lib/starrocks/target-catalog.js'
import { compareTarget } from '../../lib/starrocks/target-differences.js'
import { mapColumn, mapGroupColumn, mapSum, SOURCE_TYPES } from '../../lib/starrocks/type-map.js'
import { type SqlServer, startSqlServer } from '../sandbox/sql-client.js'
import { rule } from '../support/rule-spec.js'
import { column } from './fixtures.js'

/** Every statement that is generated is run by the sandbox, which parses and checks as StarRocks does. */
let server: SqlServer
let session: StarRocksSession
beforeAll(async () => {
  server = await startSqlServer()
  const frontends = [{ host: '127.0.0.1', queryPort: server.port, httpPort: 1 }]
  const options = { user: 'root', password: 'secret', connectTimeoutMs: 5000, frontends, addressMap: {} }
  session = new StarRocksSession(options, new Frontends(options))
  await session.execute(renderCreateDatabase('d'))
}, 60_000)
afterAll(async () => {
  await session?.close()
  await server?.close()
})

const LAYOUT = { bucketCount: 2, replicationNum: 1 }
/** What SQL and StarRocks could stumble over in a text. */
const COMMENTS = [
  '',
  `it's "so"`,
  'back\\slash \\" \\n',
  'two\nlines\r\n`c` int NOT NULL',
  'NOT NULL DEFAULT "1"',
  'größe 😀 -- ; /*',
]
let made = 0

/** Runs the CREATE TABLE, and demands that nothing is amiss with the table as StarRocks then describes it. */
async function create(request: TargetRequest): Promise<TargetRequest> {
  const named = { ...request, database: 'd', table: `t${++made}` }
  await session.execute(renderCreateTable(named, LAYOUT))
  expect(await differences(named)).toEqual([])
  return named
}

async function differences(request: TargetRequest) {
  const table = await readTarget(session, request)
  const text = parseTableText((await showCreateTable(session, request))!)
  return compareTarget(request, table!, text)
}

async function comments(request: TargetRequest): Promise<unknown[]> {
  const sql = `select column_comment from information_schema.columns where table_schema = 'd' and table_name = '${request.table}' order by ordinal_position`
  return (await server.texts(sql)).map(([comment]) => comment)
}

const typed = (dataType: string, more: Partial<SourceColumn> = {}): SourceColumn => {
  const isText = /char|text/.test(dataType)
  const isList = dataType === 'enum' || dataType === 'set'
  return column(dataType, {
    maxLength: isText || /binary|blob/.test(dataType) ? 20 : null,
    charset: isText || isList ? 'utf8mb4' : null,
    members: isList ? ["a'b", 'ü'] : [],
    precision: dataType === 'decimal' ? 20 : null,
    scale: dataType === 'decimal' ? 4 : null,
    ...more,
  })
}

function wish(
  columns: readonly SourceColumn[],
  key: readonly string[],
  parts: Partial<RuleSpec> = {},
  comment = '',
): TargetRequest {
  const schema: TableSchema = { schema: 's', table: 't', columns, key, comment }
  const matched = { rule: rule(parts), database: 'd', table: 'x' }
  return requestTarget(schema, planColumns(schema, matched), matched, 'refuse')
}

const ID = typed('bigint', { name: 'id', nullable: false })
const AT = typed('datetime', { name: 'at', nullable: false })

describe.each(SOURCE_TYPES.map(type => [type]))('%s', type => {
  const forms = [typed(type), typed(type, { unsigned: true, precision: 65, scale: 30, maxLength: 4_294_967_295 })]

  test('as a value: of rows, of changes', async () => {
    const values = forms.map((form, i) => {
      const mapped = mapColumn(form, false)
      if ('unsupported' in mapped) throw new Error(mapped.unsupported)
      return { name: `v${i}`, type: mapped.type, nullable: true, comment: COMMENTS[i + 1]! }
    })
    for (const base of [wish([ID], ['id']), wish([ID], [], { mode: 'append' })])
      await create({ ...base, columns: [...base.columns, ...values] })
  })

  test('as a key, of groups too, and summed', async () => {
    for (const form of forms) {
      const key = { ...form, name: 'k', nullable: false }
      if (!('unsupported' in mapColumn(key, true))) await create(wish([ID, key], ['k', 'id']))
      const measures = new Map([['n', { of: 'count' as const }]])
      const grouped = { mode: 'aggregate' as const, groupBy: ['k'], measures }
      if (!('unsupported' in mapGroupColumn(key))) await create(wish([{ ...key, nullable: true }], [], grouped))
      const summed = mapSum(form)
      if ('unsupported' in summed) continue
      const sums = new Map([['s', { of: 'sum' as const, column: 'k' }]])
      await create(wish([ID, key], [], { ...grouped, groupBy: ['id'], measures: sums }))
    }
  })
})

test('a sort key and partitions, in every mode', async () => {
  const columns = [typed('varchar', { name: 'na`me' }), ID, AT]
  const orderBy = ['na`me', 'at']
  for (const partitionBy of ["date_trunc('day', at)", 'time_slice(at, INTERVAL 7 day)', 'at', '`id`, at']) {
    await create(wish(columns, ['id', 'at'], { orderBy, partitionBy }))
    await create(wish(columns, [], { mode: 'append', orderBy, partitionBy }))
    const grouped = { groupBy: ['id', 'at'], measures: new Map([['n', { of: 'count' as const }]]) }
    await create(wish(columns, [], { mode: 'aggregate', ...grouped, orderBy: ['at', 'id'], partitionBy }))
  }
})

test('comments arrive as they were', async () => {
  const columns = COMMENTS.map((comment, i) => typed('int', { name: `c${i}`, comment }))
  for (const comment of COMMENTS) {
    const request = await create(wish([ID, ...columns], ['id'], {}, comment))
    expect(await comments(request)).toEqual(['', ...COMMENTS])
  }
})

test('tables that differ get one target, which then suits each of them', async () => {
  const one = wish(
    [
      ID,
      typed('varchar', { name: 'v', maxLength: 10, nullable: false }),
      typed('int', { name: 'only1', nullable: false }),
    ],
    ['id'],
  )
  const two = wish(
    [{ ...ID, dataType: 'int' }, typed('varchar', { name: 'V', maxLength: 30 }), typed('decimal', { name: 'only2' })],
    ['id'],
  )
  const merged = await create(
    mergeRequests([
      { source: 's.one', request: one },
      { source: 's.two', request: two },
    ]),
  )
  expect(merged.columns.map(({ name, type, nullable }) => `${name} ${type} ${nullable ? 'null' : 'not null'}`)).toEqual(
    ['id bigint not null', 'v varchar(120) null', 'only1 int null', 'only2 decimal(20,4) null'],
  )
  for (const request of [one, two])
    expect((await differences({ ...request, table: merged.table })).filter(({ level }) => level !== 'ok')).toEqual([])
})

describe('what mends an existing table', () => {
  /** Makes a table, compares, runs each statement, compares again. */
  async function mend(request: TargetRequest, columns: string, rest: string) {
    const named = { ...request, table: `t${++made}` }
    await session.execute(`create table d.${named.table} (${columns}) ${rest}`)
    const before = await differences(named)
    for (const { statement } of before) if (statement !== null) await session.execute(statement)
    return { before, after: await differences(named), named }
  }
  const PK = 'primary key (id) distributed by hash(id)'
  const BASE = wish(
    [
      ID,
      typed('varchar', { name: 'v' }),
      typed('decimal', { name: 'd' }),
      typed('int', { name: 'n', unsigned: true }),
      typed('date', { name: 'day' }),
      typed('varbinary', { name: 'b', maxLength: 100 }),
      typed('double', { name: 'f' }),
    ],
    ['id'],
  )
  const ALL = 'v varchar(80), d decimal(20,4), n bigint, day date, b varbinary(100), f double'

  test('missing columns, narrow types, NOT NULL, with defaults and comments kept', async () => {
    const { before, after, named } = await mend(
      BASE,
      `id bigint not null, v varchar(10) not null default "a\\"b" comment "x ""y"" NOT NULL, DEFAULT",
       d decimal(22,2) not null default "1.50" comment "two\\nlines", n int null comment "", b varbinary(8), f float default "0.5",
       tenant int not null comment "no default"`,
      PK,
    )
    expect(before.map(({ kind, column }) => `${kind} ${column}`)).toEqual([
      'missingColumn day',
      'type v',
      'type d',
      'type n',
      'type b',
      'type f',
      'noValue tenant',
    ])
    expect(before.every(({ statement, otherwise }) => statement !== null && otherwise === '')).toBe(true)
    expect(after.map(({ kind, level }) => [kind, level])).toEqual([['extraColumn', 'ok']])
    const text = (await showCreateTable(session, named))!
    expect(text).toContain('`v` varchar(80) NULL DEFAULT "a\\"b" COMMENT "x \\"y\\" NOT NULL, DEFAULT"')
    expect(text).toContain('`d` decimal(24, 4) NULL DEFAULT "1.50" COMMENT "two\\nlines"')
  })

  test('a longer key of text can grow, other keys cannot', async () => {
    const texts = wish([typed('varchar', { name: 'k', nullable: false }), ID], ['k', 'id'])
    const { before, after } = await mend(
      texts,
      'k varchar(5) not null, id int not null',
      'primary key (k, id) distributed by hash(k)',
    )
    expect(before.map(({ column, statement }) => [column, statement === null])).toEqual([
      ['k', false],
      ['id', true],
    ])
    expect(after).toMatchObject([{ column: 'id', otherwise: expect.stringMatching(/no primary key column.*RENAME/) }])
  })

  test.each<[string, string, string, RegExp]>([
    ['model', `id bigint, ${ALL}`, 'duplicate key (id) distributed by hash(id)', /model of a table cannot be changed/],
    [
      'key',
      `v varchar(80) not null, id bigint, d decimal(20,4), n bigint, day date, b varbinary(100), f double`,
      'primary key (v) distributed by hash(v)',
      /has the key \(v\) where \(id\) is wanted/,
    ],
    ['type', `id bigint not null, ${ALL.replace('n bigint', 'n date')}`, PK, /n is date where bigint is wanted/],
  ])('no statement can for another %s, which is said', async (kind, columns, rest, message) => {
    const { before, after } = await mend(BASE, columns, rest)
    expect(before).toMatchObject([
      { kind, statement: null, message: expect.stringMatching(message), otherwise: expect.stringContaining('RENAME') },
    ])
    expect(after).toEqual(before)
  })

  test('a longer key does no harm', async () => {
    const { before } = await mend(
      BASE,
      `id bigint not null, at int not null default "0", ${ALL}`,
      'primary key (id, at) distributed by hash(id)',
    )
    expect(before.map(({ kind, level }) => `${kind} ${level}`)).toEqual(['key ok', 'extraColumn ok'])
  })

  test('another sort key is mended, another partitioning is not', async () => {
    const laid = { ...BASE, orderBy: ['v', 'day'], partitionBy: 'id' }
    const { before, after } = await mend(laid, `id bigint not null, ${ALL}`, `${PK} order by (n)`)
    expect(before.map(({ kind, statement }) => [kind, statement === null])).toEqual([
      ['sortKey', false],
      ['partition', true],
    ])
    expect(after.map(({ kind }) => kind)).toEqual(['partition'])
    expect(after[0]!.message).toContain('is not partitioned where (`id`) is wanted')
  })

  test('sums that are none, and a REPLACE column', async () => {
    const measures = new Map([['n', { of: 'count' as const }]])
    const sums = wish([ID], [], { mode: 'aggregate', groupBy: ['id'], measures })
    const { before } = await mend(
      sums,
      'id bigint not null, n bigint max, last int replace',
      'aggregate key (id) distributed by hash(id)',
    )
    expect(before.map(({ kind, column, statement }) => [kind, column, statement])).toEqual([
      ['sum', 'n', null],
      ['noValue', 'last', null],
    ])
  })
})
