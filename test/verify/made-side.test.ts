import { expect, test } from '@jest/globals'
import type { KeyBound } from '../../lib/model/chunk.js'
import type { RuleShape } from '../../lib/model/rule-shape.js'
import type { Page } from '../../lib/mysql/snapshot/page-reader.js'
import { planColumns } from '../../lib/rules/column-plan.js'
import { planShape } from '../../lib/rules/shape/shaped-table.js'
import { AskedRow } from '../../lib/verify/asked-row.js'
import { planMadeColumns } from '../../lib/verify/made-columns.js'
import { MadeRows } from '../../lib/verify/made-rows.js'
import { MadeSide } from '../../lib/verify/made-side.js'
import { bucket } from '../../lib/verify/text-digest.js'
import { rule } from '../support/rule-spec.js'
import { SHAPED_SOURCE, type ShapedRow, shapedRouter, shapedRule } from '../support/shaped-rig.js'
import { textImage } from '../support/text-images.js'
import { loadedModule } from '../support/transform-modules.js'

const PAGE_ROWS = 4

/** The rows of s.t (id, shop, qty), as a module makes those of its target, and what was asked of the source. */
async function world(source: string, rows: ShapedRow[], shape: Partial<RuleShape> = {}) {
  const transform = await loadedModule(source)
  const spec = shapedRule({ ...shape, transform })
  const { router } = shapedRouter([spec], undefined, undefined, true, true)
  const routes = await router.copyRoutes(SHAPED_SOURCE)
  const matched = { rule: rule(spec), database: 'd', table: 't' }
  const shaped = planShape(SHAPED_SOURCE, matched).schema
  const plan = planColumns(shaped, matched)
  const existing = routes.routes[0]!.target
  const { columns } = planMadeColumns([{ table: SHAPED_SOURCE, shaped, plan, matched }], existing)
  const key = plan.key.map(name => columns.findIndex(({ column }) => column.name === name))
  const asked: string[] = []
  const page = (found: readonly ShapedRow[]): Page => {
    const buffer = Buffer.concat(found.map(row => textImage(row.map(value => (value === null ? null : String(value))))))
    const pieces = [{ buffer, at: 0, end: buffer.length, rows: found.length }]
    return { pieces, rows: found.length, bytes: buffer.length, release: () => undefined }
  }
  const reader = {
    next: async ({ after, upTo }: { after: KeyBound | null; upTo: KeyBound | null }, most: number) => {
      asked.push('page')
      const isIn = ([id]: ShapedRow) =>
        (after === null || id > Number(after[0])) && (upTo === null || id <= Number(upTo[0]))
      return page(rows.filter(isIn).slice(0, most))
    },
    keys: async (keys: readonly KeyBound[]) => {
      asked.push(`keys ${keys.map(([id]) => id).join(' ')}`)
      return page(rows.filter(([id]) => keys.some(([literal]) => Number(literal) === id)))
    },
    close: async () => undefined,
  }
  const keepsKey = plan.key.length === 1 && plan.key[0] === 'id'
  let read = 0
  const side = new MadeSide(
    [
      {
        reader,
        keys: routes,
        rows: new MadeRows({ columns, key }, new AskedRow(routes.routes[0]!, new Set(), Date.UTC(2026, 4, 17))),
        ownKey: keepsKey ? ([id]) => [id!] : null,
        isOwner: () => true,
      },
    ],
    {
      pageRows: PAGE_ROWS,
      read: async more => {
        read += more
      },
      bound: async () => null,
      signal: new AbortController().signal,
    },
  )
  const names = columns.map(({ column }) => column.name)
  const shown = (found: Awaited<ReturnType<typeof side.rows>>) =>
    found.map(({ texts }) => Object.fromEntries([...texts].map(([n, text]) => [names[n], text])))
  return { side, rows, asked, shown, names, read: () => read }
}

const upTo = (n: number): ShapedRow[] => Array.from({ length: n }, (_, i) => [i + 1, 10 * (i + 1), i % 2 ? null : i])
const SPLIT = `export default ({ row }) => [0, 1].map(n => ({ row: { ...row, shop: row.shop + n } }))`
const FREE = { transformKey: ['id', 'shop'] }

test('all rows are made, page by page, within the filter, and every row that is read is told of', async () => {
  const made = await world('export default ({ row }) => ({ row: { ...row, shop: row.shop + 1 } })', upTo(10), {
    where: 'id <> 3',
  })
  const found = await made.side.rows({ by: 'all' }, true)
  expect(made.shown(found).slice(0, 3)).toEqual([
    { id: '1', shop: '11', qty: '0' },
    { id: '2', shop: '21', qty: null },
    { id: '4', shop: '41', qty: null },
  ])
  expect([found.length, made.read(), made.asked.length]).toEqual([9, 10, 4])
  const range = await made.side.rows({ by: 'range', range: { after: ['4'], upTo: ['6'] } })
  expect(range.map(({ key }) => key)).toEqual([['5'], ['6']])
})

test('digests of buckets are those of their rows', async () => {
  const { side } = await world(SPLIT, upTo(30), FREE)
  const whole = await side.digest({ by: 'all' })
  const buckets = await side.buckets(1)
  expect(whole.rows).toBe(60)
  expect([...buckets.values()].reduce((sum, one) => sum + one.sum, 0n)).toBe(whole.sum)
  for (const [name, digest] of buckets) {
    const rows = await side.rows({ by: 'buckets', digits: 1, buckets: [name] })
    expect([name, rows.length]).toEqual([bucket(name, 1), digest.rows])
  }
})

test('every row is asked for twice: another answer is told, with rule, module and key, and no position', async () => {
  const source = 'let calls = 0\nexport default ({ row }) => ({ row: { ...row, shop: row.id > 250 ? ++calls : 1 } })'
  const { side } = await world(source, upTo(251))
  expect(await side.rows({ by: 'all' })).toHaveLength(250)
  expect(side.unmade.rows.map(({ key }) => key)).toEqual([['251']])
  expect(side.unmade.reason).toBe(
    '1 row of the source cannot be compared, since [[rule]] in sync.toml, line 7: transform = "rows.mjs" returns other rows when it is asked the same again; it must return the same, in the row with key {"id":"251"} of s.t',
  )
})

test('a row that the module throws for is none of the others; mended or gone it is told of no more', async () => {
  const made = await world(
    'export default ({ row }) => { if (row.shop === 50) throw new Error("bad"); return { row } }',
    upTo(8),
  )
  expect(await made.side.rows({ by: 'all' })).toHaveLength(7)
  expect(made.side.unmade.reason).toMatch(
    /transform = "rows.mjs" \(rows.mjs:1\) throws: bad, in the row with key \{"id":"5"\} of s.t$/,
  )
  await made.side.lookAgain()
  expect(made.side.unmade.size).toBe(1)
  made.rows.splice(4, 1)
  await made.side.lookAgain()
  expect(made.side.unmade.reason).toBeNull()
})

test('a rule that works for no row ends the comparison', async () => {
  const { side } = await world('export default () => { throw new Error("bad") }', upTo(1001))
  await expect(side.buckets(1)).rejects.toThrow()
  expect(side.unmade.size).toBe(1000)
})

test('a row with the key of the source is asked for by it', async () => {
  const made = await world('export default ({ row }) => (row.id === 2 ? null : { row })', upTo(5))
  const keys = [['1'], ['2'], ['9']]
  expect(made.shown(await made.side.rows({ by: 'keys', keys }, true))).toEqual([{ id: '1', shop: '10', qty: '0' }])
  expect(made.asked).toEqual(['keys 1 2 9'])
})

test('a row with another key is looked for where it was, and else everywhere', async () => {
  const made = await world(SPLIT, upTo(5), FREE)
  const look = async (...keys: string[][]) =>
    made.shown(await made.side.rows({ by: 'keys', keys }, true)).map(({ id, shop }) => [id, shop])
  expect(await look(['3', '31'])).toEqual([['3', '31']])
  expect(made.asked).toEqual(['page', 'page', 'page', 'keys 3'])
  made.asked.length = 0
  expect(await look(['3', '31'])).toEqual([['3', '31']])
  expect(made.asked).toEqual(['keys 3'])
  // It comes to be made of another row.
  made.rows[2] = [3, 30, 7]
  made.rows[3] = [4, 99, 7]
  made.asked.length = 0
  expect(await look(['3', '31'], ['4', '41'])).toEqual([['3', '31']])
  expect(made.asked).toEqual(['keys 3', 'page', 'page', 'page'])
})

test('values of the change, and not of the row, are told; keys of the change are no keys', async () => {
  const stamped =
    'export default ({ row }, { commitTime }) => ({ row: { ...row, qty: Number(commitTime.slice(0, 4)) } })'
  const made = await world(stamped, upTo(3))
  expect(await made.side.uncertain()).toEqual(new Set([made.names.indexOf('qty')]))
  const [row] = await made.side.rows({ by: 'keys', keys: [['1']] }, true)
  expect(row?.uncertain).toEqual(new Set([made.names.indexOf('qty')]))
  const moved = await world(
    'export default ({ row }, { copied }) => ({ row: { ...row, shop: copied ? 1 : 2 } })',
    upTo(3),
    FREE,
  )
  await moved.side.uncertain()
  expect(moved.side.unmade.size).toBe(3)
  expect(moved.side.unmade.reason).toMatch(
    /its rows have other keys when another change is what they are made of: id=1 shop=2$/,
  )
})
