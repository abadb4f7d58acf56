import { afterEach, describe, expect, test } from '@jest/globals'
import type { RowImages } from '../../../lib/dispatch/route.js'
import { Failure } from '../../../lib/model/failure.js'
import type { MeasureExpression } from '../../../lib/model/rule-mode.js'
import { PLAIN_SHAPE, type RuleShape } from '../../../lib/model/rule-shape.js'
import type { RuleSpec } from '../../../lib/rules/rule-book.js'
import { type Rig, rig } from '../../support/dispatcher-rig.js'
import { type LoadedRow, takeLoaded } from '../../support/loaded-rows.js'
import { Random } from '../../support/random.js'
import { SHAPED_SOURCE, type ShapedRow, shapedImages, shapedRouter } from '../../support/shaped-rig.js'
import { textImage } from '../../support/text-images.js'

const rigs: Rig[] = []

// Their timers would keep the process alive.
afterEach(() => {
  for (const { dispatcher } of rigs.splice(0)) dispatcher.abandon(new Failure('streamBroken', 'over'))
})

type Row = ShapedRow
interface Change {
  readonly op: RowImages['op']
  readonly before: Row | null
  readonly after: Row | null
}

/** Filters and columns, each as an expression and as what it is to be. */
const FILTERS: readonly (readonly [string | null, (row: Row) => boolean])[] = [
  [null, () => true],
  ['shop <> 2', row => row[1] !== 2],
  ['qty > 4 or shop = 1', row => (row[2] !== null && row[2] > 4) || row[1] === 1],
  ['qty is null', row => row[2] === null],
  ['not (qty between 2 and 6)', row => row[2] !== null && (row[2] < 2 || row[2] > 6)],
  ['id % 3', row => row[0] % 3 !== 0],
]
const COMPUTED: readonly (readonly [string, string, (row: Row) => string | null])[] = [
  ['twice', 'qty * 2', row => (row[2] === null ? null : `${row[2] * 2}`)],
  ['label', "concat(shop, '/', id)", row => `${row[1]}/${row[0]}`],
  ['known', "if(qty is null, 'no', 'yes')", row => (row[2] === null ? 'no' : 'yes')],
]
const KEYS = 12

interface DrawnRule {
  readonly shape: RuleShape
  readonly isIn: (row: Row) => boolean
  readonly columns: typeof COMPUTED
}

function drawRule(random: Random, mode: RuleSpec['mode']): DrawnRule {
  const [where, isIn] = FILTERS[random.below(FILTERS.length)]!
  const columns = COMPUTED.filter(() => random.chance(0.5))
  const operations = PLAIN_SHAPE.operations.filter(() => mode === 'aggregate' || random.chance(0.85))
  const onDelete = mode === 'upsert' ? (['delete', 'soft', 'ignore'] as const)[random.below(3)]! : 'delete'
  const computed = new Map(columns.map(([name, text]) => [name, text]))
  return { shape: { ...PLAIN_SHAPE, where, computed, operations, onDelete }, isIn, columns }
}

function textOf(row: Row, { columns }: DrawnRule): Record<string, string | null> {
  const [id, shop, qty] = row
  const own = { id: `${id}`, shop: `${shop}`, qty: qty === null ? null : `${qty}` }
  return { ...own, ...Object.fromEntries(columns.map(([name, , value]) => [name, value(row)])) }
}

/** Changes of one operation, as of one event; the source is changed with them. */
function drawEvent(random: Random, source: Map<number, Row>): Change[] {
  const draw = (id: number): Row => [id, random.below(4), random.chance(0.2) ? null : random.below(10)]
  const op = (['insert', 'update', 'delete'] as const)[random.below(3)]!
  const changes: Change[] = []
  for (let count = 1 + random.below(5); count > 0; count--) {
    const keys = [...source.keys()]
    const free = Array.from({ length: KEYS }, (_, id) => id).filter(id => !source.has(id))
    const id = op === 'insert' ? free[random.below(free.length)] : keys[random.below(keys.length)]
    if (id === undefined) break
    const before = source.get(id) ?? null
    const moved = op === 'update' && free.length > 0 && random.chance(0.2) ? free[random.below(free.length)]! : id
    const after = op === 'delete' ? null : draw(moved)
    source.delete(id)
    if (after !== null) source.set(moved, after)
    changes.push({ op, before, after })
  }
  return changes
}

function imagesOf(changes: readonly Change[]): RowImages {
  return shapedImages(
    changes[0]!.op,
    changes.flatMap(({ before, after }) => [before, after].filter(row => row !== null)),
  )
}

/** Columns of sums, in the order of what each row adds. */
const SUMS = ['n', 'sold', 'worth', 'large', 'mean_sum', 'mean_count']

/** A target that is written as StarRocks is. */
class Target {
  readonly rows = new Map<string, LoadedRow>()
  readonly log = new Map<string, LoadedRow>()
  readonly sums = new Map<string, bigint[]>()

  take(mode: RuleSpec['mode'], loaded: readonly LoadedRow[]): void {
    for (const row of loaded) {
      if (mode === 'upsert') {
        const { __op, ...values } = row
        if (__op === '1') this.rows.delete(row.id!)
        else this.rows.set(row.id!, values)
      } else if (mode === 'append') {
        const id = `${row._bin_pos} ${row._event} ${row._row}`
        if (this.log.has(id)) throw new Error(`two rows have the change id ${id}`)
        this.log.set(id, row)
      } else {
        const sums = this.sums.get(row.shop!) ?? []
        this.sums.set(
          row.shop!,
          SUMS.map((name, i) => (sums[i] ?? 0n) + BigInt(row[name]!)),
        )
      }
    }
  }
}

interface Told {
  readonly place: { readonly binName: string; readonly binPos: number; readonly event: number }
  readonly changes: readonly Change[]
}

/** Runs a history of transactions through a rule; what was told of it, and what came of it. */
async function run(
  random: Random,
  mode: RuleSpec['mode'],
  more: Partial<RuleSpec> = {},
  before: RuleShape['before'] = [],
) {
  const drawn = drawRule(random, mode)
  const shape = { ...drawn.shape, before }
  const made = shapedRouter([{ mode, flushRows: 1e6, flushBytes: 1e9, ...more, shape }])
  const [route] = await made.routes()
  const bench: Rig = rig({ maxRows: 1e6, maxBytes: 1e9 })
  rigs.push(bench)
  const source = new Map<number, Row>()
  const target = new Target()
  const history: Told[] = []
  for (let transactions = 3 + random.below(6); transactions > 0; transactions--) {
    for (let event = 0, events = 1 + random.below(4); event < events; event++) {
      const changes = drawEvent(random, source)
      if (changes.length === 0) continue
      const place = { binName: 'b.000001', binPos: bench.at, event }
      history.push({ place, changes })
      bench.dispatcher.rows(imagesOf(changes), [route!], 1000, place)
    }
    bench.commit()
    const drained = bench.dispatcher.drain()
    target.take(mode, await takeLoaded(bench))
    await drained
  }
  return { drawn, made, bench, source, target, history, route: route! }
}

function countsOf(bench: Rig) {
  const sums = { decoded: 0, filtered: 0, loaded: 0 }
  for (const happening of bench.happenings)
    if (happening.kind === 'accounted') {
      const { decoded, filtered, loaded } = happening
      expect(decoded).toBe(filtered + loaded)
      sums.decoded += decoded
      sums.filtered += filtered
      sums.loaded += loaded
    }
  return sums
}

const SEEDS = Array.from({ length: 60 }, (_, i) => i + 1)

describe('random histories through random rules', () => {
  test.each(SEEDS)('upsert, seed %d', async seed => {
    const { drawn, bench, source, target, history } = await run(new Random(seed), 'upsert')
    const { operations, onDelete } = drawn.shape
    const model = new Map<string, LoadedRow>()
    const marked = (row: Row, flag: string): LoadedRow =>
      onDelete === 'soft' ? { ...textOf(row, drawn), _deleted: flag } : textOf(row, drawn)
    for (const { op, before, after } of history.flatMap(({ changes }) => changes)) {
      if (!operations.includes(op)) continue
      if (op === 'delete') {
        // It may have left the filter by an update that was passed over.
        const isUnseen = !operations.includes('update') && !drawn.isIn(before!)
        if (onDelete !== 'ignore' && (isUnseen || (onDelete === 'delete' && drawn.isIn(before!))))
          model.delete(`${before![0]}`)
        if (onDelete === 'soft' && drawn.isIn(before!)) model.set(`${before![0]}`, marked(before!, '1'))
        continue
      }
      if (before !== null && drawn.isIn(before) && (before[0] !== after![0] || !drawn.isIn(after!)))
        model.delete(`${before[0]}`)
      if (drawn.isIn(after!)) model.set(`${after![0]}`, marked(after!, '0'))
    }
    expect(target.rows).toEqual(model)
    if (operations.length === 3 && onDelete === 'delete') {
      const selected = [...source.values()].filter(drawn.isIn).map(row => [`${row[0]}`, textOf(row, drawn)] as const)
      expect(target.rows).toEqual(new Map(selected))
    }
    countsOf(bench)
    expect(bench.durable.at(-1)).toBe(bench.at)
  })

  test.each(SEEDS)('append, seed %d', async seed => {
    const { drawn, bench, target, history } = await run(new Random(seed), 'append', {}, ['qty', 'id'])
    const expected = new Map<string, LoadedRow>()
    let passedOver = 0
    for (const { place, changes } of history)
      changes.forEach(({ op, before, after }, row) => {
        const [wasIn, isIn] = [before !== null && drawn.isIn(before), after !== null && drawn.isIn(after)]
        if (!drawn.shape.operations.includes(op) || !(wasIn || isIn)) {
          passedOver++
          return
        }
        const shown = isIn ? (wasIn ? 'update' : 'insert') : 'delete'
        const [id, , qty] = shown === 'insert' ? [null, null, null] : before!
        expected.set(`${place.binPos} ${place.event} ${row}`, {
          _bin_name: place.binName,
          _bin_pos: `${place.binPos}`,
          _event: `${place.event}`,
          _row: `${row}`,
          _op: shown,
          _commit_time: '1970-01-01 00:00:01.000000',
          ...textOf(isIn ? after! : before!, drawn),
          _before_id: id === null ? null : `${id}`,
          _before_qty: qty === null ? null : `${qty}`,
        })
      })
    expect(target.log).toEqual(expected)
    expect(countsOf(bench).filtered).toBe(passedOver)
    expect(bench.durable.at(-1)).toBe(bench.at)
  })

  const measures = new Map<string, MeasureExpression>([
    ['n', { of: 'count' }],
    ['sold', { of: 'sum', column: 'qty' }],
    ['worth', { of: 'sumOf', text: 'sum(qty * (id - 5))' }],
    ['large', { of: 'sumOf', text: 'sum(qty > 4 and shop <> 1)' }],
    ['mean', { of: 'avg', text: 'avg(nullif(qty, 3))' }],
  ])
  const addends = ([id, shop, qty]: Row): readonly number[] => {
    const mean = qty === 3 ? null : qty
    const large = qty !== null && qty > 4 && shop !== 1
    return [1, qty ?? 0, (qty ?? 0) * (id - 5), large ? 1 : 0, mean ?? 0, mean === null ? 0 : 1]
  }
  test.each(SEEDS)('sums, seed %d', async seed => {
    const random = new Random(seed)
    const { drawn, bench, source, target } = await run(random, 'aggregate', { groupBy: ['shop'], measures })
    const expected = new Map<string, bigint[]>()
    for (const row of [...source.values()].filter(drawn.isIn)) {
      const sums = expected.get(`${row[1]}`) ?? []
      expected.set(
        `${row[1]}`,
        addends(row).map((value, i) => (sums[i] ?? 0n) + BigInt(value)),
      )
    }
    expect(new Map([...target.sums].filter(([, [n]]) => n !== 0n))).toEqual(expected)
    expect([...target.sums.values()].every(([n, ...sums]) => n !== 0n || sums.every(sum => sum === 0n))).toBe(true)
    countsOf(bench)
  })
})

describe('a copy over whatever the target holds', () => {
  test.each(SEEDS.slice(0, 20))('seed %d', async seed => {
    const random = new Random(seed)
    const { drawn, made, bench, source, target } = await run(random, 'upsert')
    if (drawn.shape.operations.length < 3 || drawn.shape.onDelete !== 'delete') return
    // Rows of another rule, and of rows that are no more.
    for (let id = 0; id < KEYS; id++)
      if (random.chance(0.5)) target.rows.set(`${id}`, { id: `${id}`, shop: '99', qty: '99' })
    const { routes, deleteImage } = await made.router.copyRoutes(SHAPED_SOURCE)
    const place = { binName: 'b.000001', binPos: bench.at, event: -7 }
    const found = [...source.values()].map(row => textImage(row.map(value => (value === null ? null : `${value}`))))
    const lost = [...target.rows.keys()].filter(id => !source.has(Number(id))).map(id => deleteImage([id]))
    bench.dispatcher.hold()
    for (const [op, list] of [
      ['insert', found],
      ['delete', lost],
    ] as const) {
      const buffer = Buffer.concat(list)
      bench.dispatcher.copied({ images: { op, buffer, at: 0, end: buffer.length }, routes }, 1000, place)
    }
    bench.commit()
    const drained = bench.dispatcher.drain()
    target.take('upsert', await takeLoaded(bench))
    await drained
    const selected = [...source.values()].filter(drawn.isIn).map(row => [`${row[0]}`, textOf(row, drawn)] as const)
    expect(target.rows).toEqual(new Map(selected))
  })
})
