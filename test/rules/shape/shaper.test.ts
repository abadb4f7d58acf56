import { describe, expect, test } from '@jest/globals'
import type { RowImages } from '../../../lib/dispatch/route.js'
import type { RuleShape } from '../../../lib/model/rule-shape.js'
import { SHAPED_SOURCE, type ShapedRow, shapedImages, shapedRouter, shapedRule } from '../../support/shaped-rig.js'
import { textImage } from '../../support/text-images.js'
import { COMMIT_MS, PLACE, routeOf, rows, written } from '../../support/written-images.js'

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
