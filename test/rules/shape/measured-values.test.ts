import { describe, expect, test } from '@jest/globals'
import type { MeasureExpression } from '../../../lib/model/rule-mode.js'
import type { RuleShape } from '../../../lib/model/rule-shape.js'
import { shapedImages } from '../../support/shaped-rig.js'
import { COMMIT_MS, PLACE, routeOf, rows, written } from '../../support/written-images.js'

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
    expect(await of('max(qty + 1)', 'x')).toBe(await of('max(qty + 1)', 'x'))
    expect(await of('max(qty + 1)', 'x')).not.toBe(await of('max(qty + 2)', 'x'))
  })
})
