import { describe, expect, test } from '@jest/globals'
import { judgeLog, judgeSums } from './bank-verdict.js'

const change = (pos: number, op: string, id: number, amount: string, more = {}) => ({
  _bin_name: 'b.000001',
  _bin_pos: pos,
  _event: 0,
  _row: 0,
  _op: op,
  id,
  grp: 1,
  amount,
  note: 'n',
  ...more,
})
const item = (id: number, amount: string) => ({ id, grp: 1, amount, note: 'n' })
const LOG = [change(4, 'insert', 1, '1.00'), change(9, 'update', 1, '2.50'), change(14, 'insert', 2, '0.00')]
const ITEMS = [item(1, '2.5'), item(2, '0')]

describe('the judge of every change once', () => {
  test('finds nothing where nothing is wrong', () => {
    expect(judgeLog(LOG, ITEMS, 3)).toEqual([])
    expect(judgeLog([...LOG, change(19, 'delete', 2, '0.00')], [ITEMS[0]!], 4)).toEqual([])
  })
  test('sees a change that is missing, and one too many', () => {
    expect(judgeLog(LOG.slice(0, 2), ITEMS, 3)).toHaveLength(3)
    expect(judgeLog([LOG[0]!, LOG[2]!], ITEMS, 3)).toHaveLength(2)
    expect(judgeLog(LOG, ITEMS, 2)).toEqual(['items_log: 3 rows for 2 changes'])
  })
  test('sees a change that stands there twice, even where the count is right', () => {
    const twice = [LOG[0]!, LOG[1]!, LOG[1]!, LOG[2]!]
    expect(judgeLog(twice, ITEMS, 4)).toEqual([
      'items_log: 1 changes stand there more than once, first b.000001 9 0 0,2',
    ])
  })
  test('sees a value that is wrong, and a row that should be gone', () => {
    expect(judgeLog(LOG, [item(1, '2.4'), item(2, '0')], 3)).toHaveLength(1)
    expect(judgeLog(LOG, [ITEMS[0]!], 3)).toEqual(['items_log: replayed, 2 rows for 1'])
  })
})

describe('the judge of sums', () => {
  const source = [{ k: 1, n: 2, total: '3.50' }]
  test('finds nothing where nothing is wrong; a group without rows may stay, with nothing in it', () => {
    expect(judgeSums('s', [{ k: 1, n: '2', total: '3.5' }], source)).toEqual([])
    expect(judgeSums('s', [{ k: 2, n: 0, total: '0.00' }, ...source], source)).toEqual([])
  })
  test('sees a wrong count, a wrong total, a missing and an extra group, and what is left in an empty one', () => {
    expect(judgeSums('s', [{ k: 1, n: 3, total: '3.5' }], source)).toHaveLength(1)
    expect(judgeSums('s', [{ k: 1, n: 2, total: '3.6' }], source)).toHaveLength(1)
    expect(judgeSums('s', [], source)).toHaveLength(1)
    expect(judgeSums('s', [{ k: 2, n: 1, total: '1' }, ...source], source)).toHaveLength(1)
    expect(judgeSums('s', [{ k: 2, n: 0, total: '1' }, ...source], source)).toHaveLength(1)
  })
})
