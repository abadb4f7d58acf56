import { describe, expect, test } from '@jest/globals'
import type { RowImages } from '../../../lib/dispatch/route.js'
import type { RuleShape } from '../../../lib/model/rule-shape.js'
import type { CompiledRoute } from '../../../lib/rules/router.js'
import type { RuleSpec } from '../../../lib/rules/rule-book.js'
import { shapedImages } from '../../support/shaped-rig.js'
import { routeOf, rows, written } from '../../support/written-images.js'

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
