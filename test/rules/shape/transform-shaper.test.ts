import { describe, expect, test } from '@jest/globals'
import type { Route, RowImages } from '../../../lib/dispatch/route.js'
import type { RuleShape } from '../../../lib/model/rule-shape.js'
import type { RuleSpec } from '../../../lib/rules/rule-book.js'
import { failureOf, rejectionOf } from '../../support/failure-of.js'
import { SHAPED_SOURCE, type ShapedRow, shapedImages, shapedRouter, shapedRule } from '../../support/shaped-rig.js'
import { loadedModule } from '../../support/transform-modules.js'

const PLACE = { binName: 'b.000001', binPos: 4, event: 2 }
const KEYED = { transformKey: ['id'] }

async function routeOf(
  source: string,
  shape: Partial<RuleShape> = {},
  more: Partial<RuleSpec> = {},
  stops = true,
): Promise<{ route: Route; wish: unknown }> {
  const made = shapedRouter(
    [shapedRule({ ...shape, transform: await loadedModule(source) }, more)],
    undefined,
    undefined,
    stops,
  )
  const [route] = await made.routes()
  return { route: route as Route, wish: made.wishes[0] }
}

async function failing(source: string, shape: Partial<RuleShape> = {}, op: RowImages['op'] = 'insert') {
  const { route } = await routeOf(source, shape)
  const rows: ShapedRow[] =
    op === 'update'
      ? [
          [1, 2, 3],
          [1, 2, 4],
        ]
      : [[1, 2, 3]]
  return failureOf(() => route.shape!(shapedImages(op, rows), PLACE, 1000, false))
}

describe('what is no row of the target stops the stream', () => {
  test.each([
    ['() => { throw new Error("bad") }', '(rows.mjs:1) throws: bad'],
    ['({ row }) => ({ row: { ...row, get qty() { throw new Error("late") } } })', '(rows.mjs:1) throws: late'],
    ['() => 7', 'returns a number, not { row }'],
    ['() => ({ id: 1 })', 'returns an object without row'],
    ['({ row }) => ({ row: { ...row, more: 1 } })', 'returns column more, which is neither'],
    ['({ row }) => ({ row: { id: row.id, shop: 1 } })', 'leaves out column qty; for NULL return null'],
    [
      '({ row }) => ({ row: { ...row, shop: "x" } })',
      'returns a text of 1 characters that does not fit for column shop, which takes INT',
    ],
    ['({ row }) => ({ row: { ...row, shop: null } })', 'returns null for column shop'],
    ['({ row }) => Promise.resolve({ row })', 'returns a promise'],
    ['({ row }) => ({ row, operation: "delete" })', 'returns the operation "delete"'],
    [
      '({ row }) => ({ row: { ...row, id: row.id + 1 } })',
      'another key than its own; name what is the key then in transform_key',
    ],
    [
      '({ row }) => [{ row }, { row: { ...row, id: 9 } }]',
      'returns 2 rows for one; name what is their key then in transform_key',
    ],
    [
      '({ row }) => ({ row: { ...row, qty: globalThis.calls = (globalThis.calls ?? 0) + 1 } })',
      'returns other rows when it is asked the same again',
    ],
  ])('%s', async (source, words) => {
    const failure = await failing(`export default ${source}`)
    expect(failure.kind).toBe('ruleFailed')
    expect(failure.message).toContain('[[rule]] in sync.toml, line 7: transform = "rows.mjs" ')
    expect(failure.message).toContain(words)
    expect(failure.message).toContain(
      'in the row with key {"id":"1"} of s.t, rows event 2 of the transaction behind b.000001:4.',
    )
  })

  test('two rows with one key, and keys that depend on the operation', async () => {
    expect((await failing('export default ({ row }) => [{ row }, { row }]', KEYED)).message).toContain(
      'returns two rows with one key',
    )
    const source = 'export default ({ row, operation }) => ({ row: { ...row, id: operation === "insert" ? 1 : 2 } })'
    expect((await failing(source, KEYED)).message).toContain('other keys for the same row of another operation')
  })

  test('a key that is masked is not shown', async () => {
    const shape = { mask: new Map([['shop', 'null']]), where: null }
    const failure = await failing('export default ({ row }) => { throw new Error("shop " + row.shop) }', shape)
    expect(failure.message).toContain('throws: shop null')
  })

  test('a row that is gone, of which nothing but its own key is known, where the module makes the keys', async () => {
    const transform = await loadedModule('export default ({ row }) => ({ row })')
    const made = shapedRouter([shapedRule({ ...KEYED, transform })])
    await made.routes()
    const { routes, deleteImage } = await made.router.copyRoutes(SHAPED_SOURCE)
    const buffer = deleteImage(['7'])
    const images = { op: 'delete' as const, buffer, at: 0, end: buffer.length }
    expect(failureOf(() => routes[0]!.shape!(images, PLACE, 1000, true)).message).toContain(
      'nothing but its key is known. Empty the target and copy the table again, in the row with key {"id":"7"}',
    )
  })
})

describe('where bad rows are parked', () => {
  test('the others are written, and these are handed back with their images', async () => {
    const source = 'export default ({ row }) => { if (row.qty === 3) throw new Error("three"); return { row } }'
    const { route } = await routeOf(source, { mask: new Map([['shop', 'null']]) }, {}, false)
    const rows: ShapedRow[] = [
      [1, 2, 3],
      [2, 2, 4],
      [3, 2, 3],
    ]
    const { pieces, refused, filtered } = route.shape!(shapedImages('insert', rows), PLACE, 1000, false)
    expect(pieces.map(({ images: { op, firstRow } }) => [op, firstRow])).toEqual([['insert', 1]])
    expect(filtered).toBe(0)
    expect(refused).toMatchObject([
      { row: 0, op: 'insert', before: null, after: '{"id":"1","qty":"3","shop":null}' },
      { row: 2, op: 'insert', before: null, after: '{"id":"3","qty":"3","shop":null}' },
    ])
    expect(refused![0]!.reason).toContain('throws: three, in the row with key {"id":"1"}')
  })
})

describe('the target', () => {
  test('has the columns that the module adds or gives another type, and its key', async () => {
    const { wish } = await routeOf('export default ({ row }) => ({ row })', {
      transformColumns: new Map([
        ['line', 'SMALLINT'],
        ['shop', 'VARCHAR(7)'],
        ['amount', 'DECIMAL(12,2)'],
        ['at', 'DATETIME'],
        ['raw', 'VARBINARY(8)'],
        ['ok', 'BOOLEAN'],
        ['big', 'LARGEINT'],
        ['doc', 'JSON'],
        ['note', 'STRING'],
        ['rate', 'FLOAT'],
      ]),
      transformKey: ['id', 'line'],
    })
    expect(wish).toMatchObject({
      key: ['id', 'line'],
      columns: [
        { name: 'id', type: 'int', nullable: false },
        { name: 'shop', type: 'varchar(7)', nullable: true },
        { name: 'qty', type: 'int', nullable: true },
        { name: 'line', type: 'smallint', nullable: false },
        { name: 'amount', type: 'decimal(12,2)', nullable: true },
        { name: 'at', type: 'datetime' },
        { name: 'raw', type: 'varbinary(8)' },
        { name: 'ok', type: 'boolean' },
        { name: 'big', type: 'largeint' },
        { name: 'doc', type: 'json' },
        { name: 'note', type: 'varchar(65533)' },
        { name: 'rate', type: 'float' },
      ],
    })
  })

  test.each([
    [
      { transformKey: ['no'] },
      {},
      'transform_key names column "no", which rows of s.t do not have (they have id, shop, qty)',
    ],
    [{ transformColumns: new Map([['a', 'ARRAY']]) }, {}, 'transform_columns = { a = "ARRAY" } names a type'],
    [{ transformReads: ['nix'] }, {}, 'transform_reads names column "nix", which s.t does not have'],
    [{ transformReads: ['qty'] }, {}, 'transform_reads names column "qty", which is in the target'],
    [
      { transformKey: ['id', 'd'], transformColumns: new Map([['d', 'DOUBLE']]) },
      {},
      'transform_columns = { d = "double" } names column "d"',
    ],
  ])('%j', async (shape, more, words) => {
    const found = await rejectionOf(routeOf('export default ({ row }) => ({ row })', shape, more))
    expect(found.kind).toBe('ruleInvalid')
    expect(found.message).toContain(words)
  })

  test('another text of the module is another rule', async () => {
    const one = await routeOf('export default ({ row }) => ({ row })')
    const two = await routeOf('export default ({ row }) => [{ row }]')
    const again = await routeOf('export default ({ row }) => ({ row })')
    expect(one.route.fingerprint).not.toBe(two.route.fingerprint)
    expect(one.route.fingerprint).toBe(again.route.fingerprint)
  })
})

test('the module is told of the change, and shown what the rule shows', async () => {
  const seen: unknown[] = []
  Object.assign(globalThis, { seen })
  const { route } = await routeOf(
    'export default (change, context) => { globalThis.seen.push([change, context]); return null }',
    { computed: new Map([['twice', 'qty * 2']]), transformReads: ['shop'], mask: new Map([['qty', 'null']]) },
    { exclude: ['shop'], rename: new Map([['id', 'order_id']]) },
  )
  const { filtered } = route.shape!(
    shapedImages('update', [
      [1, 2, 3],
      [1, 2, 4],
    ]),
    PLACE,
    1000,
    false,
  )
  // The key tells which row goes.
  expect(filtered).toBe(0)
  expect(seen[0]).toEqual([
    { operation: 'update', row: { order_id: 1, shop: 2, qty: null, twice: 8n } },
    {
      source: { schema: 's', table: 't' },
      position: { file: 'b.000001', offset: 4 },
      commitTime: '1970-01-01 00:00:01.000000',
      copied: false,
      rule: '[[rule]] in sync.toml, line 7',
    },
  ])
})

test('with mode = "append" each change has a row for each that the module makes, under its own place', async () => {
  const source =
    'export default ({ row, operation }) => Array.from({ length: row.qty }, (_, n) => ({ row: { ...row, n, what: operation } }))'
  const { route } = await routeOf(
    source,
    {
      transformColumns: new Map([
        ['n', 'INT'],
        ['what', 'VARCHAR(9)'],
      ]),
    },
    { mode: 'append', loadFormat: 'json' },
  )
  const updated = shapedImages('update', [
    [1, 2, 9],
    [1, 2, 2],
    [2, 2, 9],
    [2, 2, 0],
    [3, 2, 9],
    [3, 2, 1],
  ])
  const { pieces, filtered } = route.shape!(updated, PLACE, 1000, false)
  expect(filtered).toBe(1)
  expect(pieces.map(({ images: { op, firstRow, made } }) => [op, firstRow, made])).toEqual([
    ['update', 0, true],
    ['update', 0, true],
    ['update', 2, true],
  ])
  const deleted = route.shape!(shapedImages('delete', [[1, 2, 1]]), PLACE, 1000, false)
  expect(deleted.pieces.map(({ images: { op } }) => op)).toEqual(['delete'])
})

test('keys that stay are written over, not deleted first', async () => {
  const { route } = await routeOf('export default ({ row }) => ({ row })', KEYED)
  const updated = shapedImages('update', [
    [1, 2, 3],
    [1, 2, 4],
  ])
  const { pieces } = route.shape!(updated, PLACE, 1000, false)
  expect(pieces.map(({ images: { op } }) => op)).toEqual(['insert'])
})
