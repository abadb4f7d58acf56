import { afterEach, describe, expect, test } from '@jest/globals'
import type { RowImages } from '../../../lib/dispatch/route.js'
import { Failure } from '../../../lib/model/failure.js'
import { PLAIN_SHAPE, type RuleShape } from '../../../lib/model/rule-shape.js'
import type { RuleSpec } from '../../../lib/rules/rule-book.js'
import { type Rig, rig } from '../../support/dispatcher-rig.js'
import { type LoadedRow, takeLoaded } from '../../support/loaded-rows.js'
import { Random } from '../../support/random.js'
import { SHAPED_SOURCE, type ShapedRow, shapedImages, shapedRouter } from '../../support/shaped-rig.js'
import { textImage } from '../../support/text-images.js'
import { loadedModule } from '../../support/transform-modules.js'

const rigs: Rig[] = []

// Their timers would keep the process alive.
afterEach(() => {
  for (const { dispatcher } of rigs.splice(0)) dispatcher.abandon(new Failure('streamBroken', 'over'))
})

/** A module, and what it is to make of a row, by key; `null` in the model is NULL. */
interface Case {
  readonly source: string
  readonly shape: Partial<RuleShape>
  readonly make: (row: ShapedRow) => readonly LoadedRow[]
  readonly key: readonly string[]
}

const text = (value: number | null): string | null => (value === null ? null : `${value}`)

const CASES: Readonly<Record<string, Case>> = {
  'splits rows and moves their keys with other columns': {
    source: `export default ({ row }) => row.qty === null ? null
      : Array.from({ length: row.qty % 4 }, (_, part) => ({ row: { ...row, id: row.id * 10 + (row.shop + part) % 10, part } }))`,
    shape: { transformKey: ['id'], transformColumns: new Map([['part', 'INT']]) },
    make: ([id, shop, qty]) =>
      Array.from({ length: (qty ?? 0) % 4 }, (_, part) => ({
        ...{ id: `${id * 10 + ((shop + part) % 10)}`, shop: `${shop}`, qty: text(qty), part: `${part}` },
      })),
    key: ['id'],
  },
  'makes rows of a key with a column of its own': {
    source: `export default ({ row }) => [0, 1].map(no => ({ row: { ...row, no: 'n' + no * (row.qty ?? 1) } })).slice(row.qty === 0 ? 1 : 0)`,
    shape: { transformKey: ['id', 'no'], transformColumns: new Map([['no', 'VARCHAR(20)']]) },
    make: ([id, shop, qty]) =>
      [0, 1]
        .map(no => ({ id: `${id}`, shop: `${shop}`, qty: text(qty), no: `n${no * (qty ?? 1)}` }))
        .slice(qty === 0 ? 1 : 0),
    key: ['id', 'no'],
  },
  'keeps the key and leaves some rows out': {
    source: `export default ({ row }) => row.qty % 3 === 1 ? undefined : { row: { ...row, label: row.shop + '/' + row.qty } }`,
    shape: { transformColumns: new Map([['label', 'VARCHAR(40)']]) },
    make: ([id, shop, qty]) =>
      (qty ?? 0) % 3 === 1 ? [] : [{ id: `${id}`, shop: `${shop}`, qty: text(qty), label: `${shop}/${qty}` }],
    key: ['id'],
  },
}

const FILTERS: readonly (readonly [string | null, (row: ShapedRow) => boolean])[] = [
  [null, () => true],
  ['shop <> 2', row => row[1] !== 2],
  ['qty > 4 or shop = 1', row => (row[2] !== null && row[2] > 4) || row[1] === 1],
]
const KEYS = 12

function drawEvent(random: Random, source: Map<number, ShapedRow>): RowImages | null {
  const draw = (id: number): ShapedRow => [id, random.below(4), random.chance(0.2) ? null : random.below(10)]
  const op = (['insert', 'update', 'delete'] as const)[random.below(3)]!
  const images: ShapedRow[] = []
  for (let count = 1 + random.below(5); count > 0; count--) {
    const keys = [...source.keys()]
    const free = Array.from({ length: KEYS }, (_, id) => id).filter(id => !source.has(id))
    const id = op === 'insert' ? free[random.below(free.length)] : keys[random.below(keys.length)]
    if (id === undefined) break
    const before = source.get(id)
    const to = op === 'update' && free.length > 0 && random.chance(0.2) ? free[random.below(free.length)]! : id
    const after = op === 'delete' ? undefined : draw(to)
    source.delete(id)
    if (after !== undefined) source.set(to, after)
    images.push(...[before, after].filter(row => row !== undefined))
  }
  return images.length === 0 ? null : shapedImages(op, images)
}

class Target {
  readonly rows = new Map<string, LoadedRow>()
  constructor(readonly key: readonly string[]) {}

  take(loaded: readonly LoadedRow[]): void {
    for (const { __op, ...values } of loaded) {
      const key = this.key.map(name => values[name]).join('\0')
      if (__op === '1') this.rows.delete(key)
      else this.rows.set(key, values)
    }
  }
}

async function run(random: Random, { source: text, shape, key }: Case, mode: RuleSpec['mode'] = 'upsert') {
  const [where, isIn] = FILTERS[random.below(FILTERS.length)]!
  const transform = await loadedModule(text)
  const made = shapedRouter([
    { mode, flushRows: 1e6, flushBytes: 1e9, shape: { ...PLAIN_SHAPE, where, ...shape, transform } },
  ])
  const [route] = await made.routes()
  const bench = rig({ maxRows: 1e6, maxBytes: 1e9 })
  rigs.push(bench)
  const source = new Map<number, ShapedRow>()
  const target = new Target(key)
  for (let transactions = 3 + random.below(6); transactions > 0; transactions--) {
    for (let event = 0, events = 1 + random.below(4); event < events; event++) {
      const images = drawEvent(random, source)
      if (images !== null)
        bench.dispatcher.rows(images, [route!], 1000, { binName: 'b.000001', binPos: bench.at, event })
    }
    bench.commit()
    const drained = bench.dispatcher.drain()
    target.take(await takeLoaded(bench))
    await drained
  }
  return { made, bench, source, target, isIn }
}

function expected({ make, key }: Case, rows: readonly ShapedRow[]): Map<string, LoadedRow> {
  return new Map(rows.flatMap(make).map(row => [key.map(name => row[name]).join('\0'), row]))
}

const SEEDS = Array.from({ length: 60 }, (_, i) => i + 1)

describe.each(Object.entries(CASES))('a module that %s', (_, one) => {
  test.each(SEEDS)('the target is what it makes of the rows of now, seed %d', async seed => {
    const { source, target, isIn, bench } = await run(new Random(seed), one)
    expect(target.rows).toEqual(expected(one, [...source.values()].filter(isIn)))
    expect(bench.durable.at(-1)).toBe(bench.at)
  })

  test.each(SEEDS.slice(0, 20))('a copy gives the same rows as the stream, seed %d', async seed => {
    const { source, target, isIn, made, bench } = await run(new Random(seed), one)
    if (one.shape.transformKey === undefined)
      // Rows that are no more as they were, of which nothing tells.
      for (const row of source.values()) target.rows.set(`${row[0]}`, { id: `${row[0]}`, shop: '99' })
    const { routes, deleteImage } = await made.router.copyRoutes(SHAPED_SOURCE)
    const place = { binName: 'b.000001', binPos: bench.at, event: -7 }
    const found = [...source.values()].map(row => textImage(row.map(text)))
    const copy = (op: 'insert' | 'delete', list: readonly Buffer[]) => {
      const buffer = Buffer.concat(list)
      bench.dispatcher.copied({ images: { op, buffer, at: 0, end: buffer.length }, routes }, 1000, place)
    }
    bench.dispatcher.hold()
    copy('insert', found)
    if (one.shape.transformKey === undefined) {
      target.rows.set('77', { id: '77' })
      copy('delete', [deleteImage(['77'])])
    } else target.rows.clear()
    bench.commit()
    const drained = bench.dispatcher.drain()
    target.take(await takeLoaded(bench))
    await drained
    expect(target.rows).toEqual(expected(one, [...source.values()].filter(isIn)))
  })
})
