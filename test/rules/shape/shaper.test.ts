import { describe, expect, test } from '@jest/globals'
import type { RowImages } from '../../../lib/dispatch/route.js'
import type { MeasureExpression } from '../../../lib/model/rule-mode.js'
import type { RuleShape } from '../../../lib/model/rule-shape.js'
import type { CompiledRoute } from '../../../lib/rules/router.js'
import type { RuleSpec } from '../../../lib/rules/rule-book.js'
import { SHAPED_SOURCE, type ShapedRow, shapedImages, shapedRouter, shapedRule } from '../../support/shaped-rig.js'
import { textImage } from '../../support/text-images.js'

const PLACE = { binName: 'b.000007', binPos: 1234, event: 2 }
/** 2024-02-29 12:00:00.5 */
const COMMIT_MS = 1_709_208_000_500

async function routeOf(shape: Partial<RuleShape>, more: Partial<RuleSpec> = {}): Promise<CompiledRoute> {
  const [route] = await shapedRouter([shapedRule(shape, more)]).routes()
  return route!
}

/** What is written of images: "operation firstRow: row row", the images of updates apart. */
function written(route: CompiledRoute, images: RowImages, copied = false): { pieces: string[]; filtered: number } {
  const { pieces, filtered } = route.shape!(images, PLACE, COMMIT_MS, copied)
  return {
    filtered,
    pieces: pieces.map(({ images: { op, buffer, at, end, firstRow }, route: inner }) => {
      const { encoder } = inner.csv!
      const rows: string[] = []
      let change = firstRow!
      const write = (from: number, takesAway: boolean): number => {
        const out = Buffer.alloc(encoder.room(buffer, from, end))
        if (inner.mode === 'append') encoder.setChange(op, PLACE, COMMIT_MS, change)
        const q = encoder.encode(buffer, from, end, out, 0, takesAway ? 1 : 0)
        rows.push(out.toString('utf8', 0, q - 1).replaceAll('\x01', ','))
        return encoder.end
      }
      for (let from = at; from < end; change++) {
        const isLog = inner.mode === 'append'
        if (op === 'update') from = isLog ? encoder.skip(buffer, from, end) : write(from, true)
        from = write(from, op === 'delete' && !isLog)
      }
      return `${op} ${firstRow}: ${rows.join(' ')}`
    }),
  }
}

const rows = (...values: ShapedRow[]) => values

describe('a filter', () => {
  const EVEN = { where: 'shop % 2 = 0' }

  test('inserts: runs of what is in, with the numbers of their changes, in the bytes of the event', async () => {
    const route = await routeOf(EVEN)
    const images = shapedImages('insert', rows([1, 2, 5], [2, 4, null], [3, 1, 5], [4, 6, 7]))
    expect(written(route, images)).toEqual({
      pieces: ['insert 0: 1,2,5,0 2,4,\\N,0', 'insert 3: 4,6,7,0'],
      filtered: 1,
    })
    expect(route.shape!(images, PLACE, COMMIT_MS, false).pieces.every(p => p.images.buffer === images.buffer)).toBe(
      true,
    )
  })

  test('updates: a row enters, stays, leaves, and is never there', async () => {
    const route = await routeOf(EVEN)
    const images = shapedImages(
      'update',
      rows([1, 1, 5], [1, 2, 5], [2, 2, 5], [2, 4, 6], [3, 2, 5], [3, 1, 5], [4, 1, 5], [4, 3, 5]),
    )
    expect(written(route, images)).toEqual({
      pieces: ['insert 0: 1,2,5,0', 'update 1: 2,2,5,1 2,4,6,0', 'delete 2: 3,2,5,1'],
      filtered: 1,
    })
  })

  test('a moved key goes as an update, as long as both rows are in', async () => {
    const route = await routeOf(EVEN)
    const images = shapedImages('update', rows([1, 2, 5], [7, 2, 5], [2, 1, 5], [8, 2, 5]))
    expect(written(route, images)).toEqual({ pieces: ['update 0: 1,2,5,1 7,2,5,0', 'insert 1: 8,2,5,0'], filtered: 0 })
  })

  test('part of an event keeps the numbers of its changes', async () => {
    const route = await routeOf(EVEN)
    expect(written(route, shapedImages('delete', rows([1, 1, 5], [2, 2, 5]), { firstRow: 5 }))).toEqual({
      pieces: ['delete 6: 2,2,5,1'],
      filtered: 1,
    })
  })

  test('NULL is not in', async () => {
    const route = await routeOf({ where: 'qty > 3' })
    expect(written(route, shapedImages('insert', rows([1, 1, null], [2, 2, 4])))).toEqual({
      pieces: ['insert 1: 2,2,4,0'],
      filtered: 1,
    })
  })

  test('an event of which nothing is in', async () => {
    const route = await routeOf({ where: 'false' })
    expect(written(route, shapedImages('insert', rows([1, 1, 1], [2, 2, 2])))).toEqual({ pieces: [], filtered: 2 })
  })

  test('changes as rows: what enters is an insert, what leaves a delete', async () => {
    const route = await routeOf(EVEN, { mode: 'append' })
    const id = (row: number, op: string) => `b.000007,1234,2,${row},${op},2024-02-29 12:00:00.500000`
    const entering = shapedImages('update', rows([1, 1, 5], [1, 2, 5], [2, 2, 5], [2, 1, 6]))
    expect(written(route, entering).pieces).toEqual([
      `insert 0: ${id(0, 'insert')},1,2,5`,
      `delete 1: ${id(1, 'delete')},2,2,5`,
    ])
  })

  test('sums: only what is in is added and taken away', async () => {
    const measures = new Map([['sold', { of: 'sum' as const, column: 'qty' }]])
    const route = await routeOf({ where: 'qty > 3' }, { mode: 'aggregate', groupBy: ['shop'], measures })
    const images = shapedImages('update', rows([1, 2, 5], [1, 2, 3], [2, 2, 1], [2, 4, 6], [3, 2, 4], [3, 2, 9]))
    expect(written(route, images).pieces).toEqual(['delete 0: 2,-5', 'insert 1: 4,6', 'update 2: 2,-4 2,9'])
  })
})

describe('measures of expressions', () => {
  const measures = new Map<string, MeasureExpression>([
    ['n', { of: 'count' }],
    ['worth', { of: 'sumOf', text: 'sum(shop * qty)' }],
    ['sold', { of: 'sum', column: 'qty' }],
    ['known', { of: 'countOf', text: 'count(qty)' }],
    ['large', { of: 'sumOf', text: 'sum(qty > 4)' }],
    ['part', { of: 'avg', text: 'avg(qty / 2)' }],
  ])
  const GROUPED = { mode: 'aggregate' as const, groupBy: ['half'], measures }
  const shape = { computed: new Map([['half', 'shop div 2']]) }

  test('are added for the row behind a change and taken away for the one before it; NULL adds nothing', async () => {
    const route = await routeOf(shape, GROUPED)
    expect(route.csv!.columns).toBe('`sold`,`half`,`worth`,`known`,`large`,`part_sum`,`part_count`,`n`')
    expect(written(route, shapedImages('insert', rows([1, 2, 5], [2, 4, null])))).toEqual({
      pieces: ['insert 0: 5,1,10,1,1,2.5000,1,1 0,2,0,0,0,0,0,1'],
      filtered: 0,
    })
    const moved = shapedImages('update', rows([1, 2, 5], [1, 4, 6], [2, 4, null], [2, 4, 3]))
    expect(written(route, moved).pieces).toEqual([
      'update 0: -5,1,-10,-1,-1,-2.5000,-1,-1 6,2,24,1,1,3.0000,1,1 0,2,0,0,0,0,0,-1 3,2,12,1,0,1.5000,1,1',
    ])
    expect(written(route, shapedImages('delete', rows([1, 2, 5], [2, 4, null]))).pieces).toEqual([
      'delete 0: -5,1,-10,-1,-1,-2.5000,-1,-1 0,2,0,0,0,0,0,-1',
    ])
  })

  test('a row whose value has no place stops, with rule, measure, key and position', async () => {
    const text = 'sum(cast(9999999999999999999999999999999999999 as decimal(60,0)) * qty)'
    const route = await routeOf(
      {},
      { ...GROUPED, groupBy: ['shop'], measures: new Map([['x', { of: 'sumOf', text }]]) },
    )
    const images = shapedImages('insert', rows([1, 2, 9], [77, 2, 11]))
    expect(() => route.shape!(images, PLACE, COMMIT_MS, false)).toThrow(
      expect.objectContaining({
        kind: 'ruleFailed',
        message:
          '[[rule]] in sync.toml, line 7: the value of measures.x has more than the 38 digits that a DECIMAL of StarRocks holds, in the row with key {"id":"77"} of s.t, rows event 2 of the transaction behind b.000007:1234.',
      }),
    )
    expect(written(route, shapedImages('insert', rows([1, 2, 9]))).pieces).toHaveLength(1)
  })

  test('least and greatest values are those of inserted rows', async () => {
    const extremes = new Map<string, MeasureExpression>([
      ['least', { of: 'min', text: 'min(qty)' }],
      ['most', { of: 'max', text: 'max(shop * qty)' }],
      ['n', { of: 'count' }],
    ])
    const route = await routeOf(
      { operations: ['insert'], where: 'qty is null or qty < 9' },
      { mode: 'aggregate', groupBy: ['shop'], measures: extremes },
    )
    expect(route.csv!.columns).toBe('`shop`,`least`,`most`,`n`')
    expect(written(route, shapedImages('insert', rows([1, 2, 5], [2, 2, null], [3, 2, 9])))).toEqual({
      pieces: ['insert 0: 2,5,10,1 2,\\N,\\N,1'],
      filtered: 1,
    })
    expect(written(route, shapedImages('update', rows([1, 2, 5], [1, 2, 1]))).pieces).toEqual([])
    expect(written(route, shapedImages('delete', rows([1, 2, 5]))).pieces).toEqual([])
  })

  test('two rules of other measures are two ways of writing', async () => {
    const of = async (text: string, name: string, operations: RuleShape['operations'] = ['insert']) =>
      (
        await routeOf(
          { operations },
          { mode: 'aggregate', groupBy: ['shop'], measures: new Map([[name, { of: 'max' as const, text }]]) },
        )
      ).fingerprint
    expect(await of('max(qty)', 'x')).toBe(await of('max(qty)', 'x'))
    expect(await of('max(qty)', 'x')).not.toBe(await of('max(qty + 1)', 'x'))
  })
})

describe('the value before a change', () => {
  const loggedBefore = (names: readonly string[], more: Partial<RuleSpec> = {}, shape: Partial<RuleShape> = {}) =>
    routeOf({ before: names, ...shape }, { mode: 'append', ...more })
  const tails = (route: CompiledRoute, images: RowImages, copied = false) =>
    written(route, images, copied).pieces.flatMap(piece => {
      const [head, ...rest] = piece.split(': ')
      return rest
        .join(': ')
        .split(/ (?=b\.000007,)/)
        .map(row => `${head}: ${row.split(',').slice(6).join(',')}`)
    })

  test('of an update and of a delete; none of an insert and of what is copied', async () => {
    const route = await loggedBefore(['*'])
    expect(route.csv!.columns).toMatch(/`id`,`shop`,`qty`,`_before_id`,`_before_shop`,`_before_qty`$/)
    expect(tails(route, shapedImages('insert', rows([1, 2, 5])))).toEqual(['insert 0: 1,2,5,\\N,\\N,\\N'])
    expect(tails(route, shapedImages('insert', rows([1, 2, 5])), true)).toEqual(['insert 0: 1,2,5,\\N,\\N,\\N'])
    expect(tails(route, shapedImages('update', rows([1, 2, 5], [1, 4, null], [3, 2, null], [4, 2, 1])))).toEqual([
      'update 0: 1,4,\\N,1,2,5',
      'update 0: 4,2,1,3,2,\\N',
    ])
    expect(tails(route, shapedImages('delete', rows([1, 2, 5])))).toEqual(['delete 0: 1,2,5,1,2,5'])
  })

  test('of rows that enter and leave a filter, with columns chosen, renamed and computed', async () => {
    const route = await loggedBefore(
      ['*'],
      { columns: ['id', 'qty'], rename: new Map([['qty', 'amount']]) },
      { where: 'qty > 3', computed: new Map([['grew', 'qty - OLD.qty']]) },
    )
    expect(route.csv!.columns).toMatch(/`id`,`amount`,`grew`,`_before_id`,`_before_amount`$/)
    const images = shapedImages('update', rows([1, 2, 5], [1, 2, 9], [2, 2, 3], [2, 2, 4], [3, 2, 4], [3, 2, 3]))
    expect(tails(route, images)).toEqual(['update 0: 1,9,4,1,5', 'insert 1: 2,4,1,\\N,\\N', 'delete 2: 3,4,0,3,4'])
  })

  test('is masked where its column is', async () => {
    const route = await loggedBefore(
      ['shop', 'qty'],
      {},
      {
        mask: new Map([
          ['shop', "fixed('x')"],
          ['qty', 'null'],
        ]),
      },
    )
    expect(tails(route, shapedImages('update', rows([1, 2, 5], [1, 4, 6])))).toEqual(['update 0: 1,x,\\N,x,\\N'])
  })

  test.each([
    [['nope'], {}, 'before names column "nope", which s.t does not have (it has id, shop, qty)'],
    [['qty'], { exclude: ['qty'] }, 'before names column "qty" of s.t, which the rule leaves out'],
  ] as const)('of %s with %j is refused', async (names, more, why) => {
    await expect(loggedBefore(names, more)).rejects.toThrow(`[[rule]] in sync.toml, line 7: ${why}.`)
  })

  test('two columns of one name are refused', async () => {
    await expect(loggedBefore(['qty'], { rename: new Map([['shop', '_before_qty']]) })).rejects.toThrow(
      'two columns of s.t would fill the target column "_before_qty"',
    )
  })
})

describe('computed columns', () => {
  const computed = new Map([
    ['twice', 'qty * 2'],
    ['kind', "case when shop > 3 then 'large' else 'small' end"],
  ])

  test('stand behind the own columns; a delete tells only the key of them', async () => {
    const route = await routeOf({ computed })
    expect(route.csv!.columns).toBe('`id`,`shop`,`qty`,`twice`,`kind`,__op')
    expect(written(route, shapedImages('insert', rows([1, 2, 5], [2, 4, null])))).toEqual({
      pieces: ['insert 0: 1,2,5,10,small,0 2,4,\\N,\\N,large,0'],
      filtered: 0,
    })
    const changed = shapedImages('update', rows([1, 2, 5], [1, 4, 6]))
    expect(written(route, changed).pieces).toEqual(['update 0: 1,2,5,\\N,\\N,1 1,4,6,12,large,0'])
    expect(written(route, shapedImages('delete', rows([1, 2, 5]))).pieces).toEqual(['delete 0: 1,2,5,\\N,\\N,1'])
  })

  test('rows before and behind the change, and what is known of it', async () => {
    const route = await routeOf(
      {
        computed: new Map([
          ['was', 'OLD.qty'],
          ['is', 'NEW.qty'],
          ['what', "concat($operation, ' ', $schema, '.', $table)"],
          ['at', "concat($bin_name, ':', $bin_pos)"],
          ['seen', '$commit_time'],
        ]),
      },
      { mode: 'append', columns: [] },
    )
    const tail = (images: RowImages) => written(route, images).pieces.map(piece => piece.split(',').slice(6).join(','))
    const known = 'b.000007:1234,2024-02-29 12:00:00.500000'
    expect(tail(shapedImages('insert', rows([1, 2, 5])))).toEqual([`\\N,5,INSERT s.t,${known}`])
    expect(tail(shapedImages('update', rows([1, 2, 5], [1, 2, 6])))).toEqual([`5,6,UPDATE s.t,${known}`])
    expect(tail(shapedImages('delete', rows([1, 2, 7])))).toEqual([`7,\\N,DELETE s.t,${known}`])
  })

  test('are grouped by and summed', async () => {
    const measures = new Map([['doubled', { of: 'sum' as const, column: 'twice' }]])
    const route = await routeOf({ computed }, { mode: 'aggregate', groupBy: ['kind'], measures })
    expect(route.csv!.columns).toBe('`doubled`,`kind`')
    const images = shapedImages('update', rows([1, 2, 5], [1, 4, 6]))
    expect(written(route, images).pieces).toEqual(['update 0: -10,small 12,large'])
  })

  test('of large events: buffers grow, and earlier rows stay', async () => {
    const route = await routeOf({ computed: new Map([['long', "repeat('x', 5000)"]]) })
    const many = Array.from({ length: 100 }, (_, i): ShapedRow => [i, 2, 5])
    const [piece] = written(route, shapedImages('insert', many)).pieces
    expect(piece!.split(' ').slice(2)).toEqual(many.map(([id]) => `${id},2,5,${'x'.repeat(5000)},0`))
  })

  test('a row that gives no value: rule, column, key and position are named', async () => {
    const route = await routeOf({ computed: new Map([['big', '9223372036854775807 + qty']]) })
    const images = shapedImages('insert', rows([1, 2, 0], [77, 2, 5]))
    expect(() => route.shape!(images, PLACE, COMMIT_MS, false)).toThrow(
      expect.objectContaining({
        kind: 'ruleFailed',
        message: expect.stringMatching(
          /^\[\[rule\]\] in sync\.toml, line 7: the value of big .* in the row with key \{"id":"77"\} of s\.t, rows event 2 of the transaction behind b\.000007:1234\.$/,
        ),
      }),
    )
  })
})

describe('deletes', () => {
  test('soft: the row stays, marked with the time; all others are not', async () => {
    const route = await routeOf({ onDelete: 'soft', softDelete: { flag: 'gone', time: 'gone_at' } })
    expect(written(route, shapedImages('insert', rows([1, 2, 5]))).pieces).toEqual(['insert 0: 1,2,5,0,\\N,0'])
    expect(written(route, shapedImages('delete', rows([1, 2, 5], [2, 2, 5]))).pieces).toEqual([
      'insert 0: 1,2,5,1,2024-02-29 12:00:00.500000,0 2,2,5,1,2024-02-29 12:00:00.500000,0',
    ])
  })

  test('soft: half of an update is no delete', async () => {
    const route = await routeOf({ onDelete: 'soft' })
    expect(route.csv!.columns).toBe('`id`,`shop`,`qty`,`_deleted`,__op')
    const half = shapedImages('delete', rows([1, 2, 5]), { halfOfUpdate: true })
    expect(written(route, half).pieces).toEqual(['delete 0: 1,2,5,0,1'])
  })

  test('ignore', async () => {
    const route = await routeOf({ onDelete: 'ignore' })
    expect(written(route, shapedImages('delete', rows([1, 2, 5])))).toEqual({ pieces: [], filtered: 1 })
  })
})

describe('copied rows', () => {
  async function copyRoute(shape: Partial<RuleShape>) {
    const copies = await shapedRouter([shapedRule(shape)]).router.copyRoutes(SHAPED_SOURCE)
    return { ...copies, route: copies.routes[0]! }
  }
  const images = (...values: (readonly [string, string, string | null])[]): RowImages => {
    const buffer = Buffer.concat(values.map(textImage))
    return { op: 'insert', buffer, at: 0, end: buffer.length }
  }

  test('come out as those of the stream, and what is not in is deleted', async () => {
    const { route, expressions } = await copyRoute({ where: 'qty > 3', computed: new Map([['twice', 'qty * 2']]) })
    expect(expressions).toEqual(['`id`', '`shop`', '`qty`'])
    expect(written(route, images(['1', '2', '5'], ['2', '2', null], ['3', '2', '7']), true)).toEqual({
      pieces: ['insert 0: 1,2,5,10,0', 'delete 1: 2,2,\\N,\\N,1', 'insert 2: 3,2,7,14,0'],
      filtered: 0,
    })
  })

  test('columns that only expressions read are selected too', async () => {
    const copies = await shapedRouter([shapedRule({ where: 'qty > 3' }, { exclude: ['qty'] })]).router.copyRoutes(
      SHAPED_SOURCE,
    )
    expect(copies.expressions).toEqual(['`id`', '`shop`', '`qty`'])
  })

  test('keys that are not found are deleted, whatever the filter would make of them', async () => {
    const { route, deleteImage } = await copyRoute({ where: 'qty > 3', computed: new Map([['x', '1 + shop']]) })
    const buffer = deleteImage(['7'])
    expect(written(route, { op: 'delete', buffer, at: 0, end: buffer.length }, true)).toEqual({
      pieces: ['delete 0: 7,0,\\N,\\N,1'],
      filtered: 0,
    })
  })
})

describe('routes', () => {
  test('a rule without a shape has none, and the fingerprint that it had', async () => {
    const plain = await routeOf({})
    expect(plain.shape).toBeUndefined()
    expect(plain.fingerprint).not.toBe((await routeOf({ where: 'qty > 3' })).fingerprint)
    const [one, other] = [await routeOf({ where: 'qty > 3' }), await routeOf({ where: 'qty > 4' })]
    expect(one.fingerprint).not.toBe(other.fingerprint)
    expect((await routeOf({ where: 'qty > 3' })).fingerprint).toBe(one.fingerprint)
    const operations = await routeOf({ operations: ['insert'] })
    expect(operations.fingerprint).not.toBe(plain.fingerprint)
  })

  test('images that leave columns out are refused', async () => {
    const route = await routeOf({ where: 'qty > 3' })
    const images = shapedImages('insert', rows([1, 2, 5]))
    expect(() => route.reshape(images, '\x01', PLACE)).toThrow(
      expect.objectContaining({ kind: 'rowImageIncomplete', message: expect.stringContaining('behind b.000007:1234') }),
    )
  })
})
