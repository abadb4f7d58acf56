import { describe, expect, test } from '@jest/globals'
import { ParkedKeys } from '../../lib/dead-letter/parked-keys.js'
import type { RowPlace } from '../../lib/model/dead-letter.js'
import { letterOf } from '../support/dead-letters.js'
import { failureOf } from '../support/failure-of.js'

const at = (row: number, changes: Partial<RowPlace> = {}): RowPlace => ({ ...letterOf('x').place, row, ...changes })
const row = (key: string, place: RowPlace) => () => ({ key, place })
const never = () => {
  throw new Error('asked for a row whose hash nobody has')
}

test('a row is asked for its key only when its hash is parked in its target', () => {
  const keys = new ParkedKeys()
  expect(keys.parkedIn('d.t')).toBe(false)
  keys.add('d.t', 5, { id: 'a', key: 'K', place: null, givesWayTo: 'later' })
  expect([keys.parkedIn('d.t'), keys.parkedIn('d.u')]).toEqual([true, false])
  expect(keys.touch('d.t', 6, never)).toEqual([])
  expect(keys.touch('d.u', 5, never)).toEqual([])
  expect(keys.touch('d.t', 5, row('other key, same hash', at(0)))).toEqual([])
  expect(keys.touch('d.t', 5, row('K', at(0)))).toEqual(['a'])
  expect(keys.parkedIn('d.t')).toBe(false)
})

test('only later changes take the place of a row', () => {
  const keys = new ParkedKeys()
  const parked = at(5, { event: 1, binPos: 700 })
  keys.add('d.t', 5, { id: 'a', key: 'K', place: parked, givesWayTo: 'later' })
  const earlier = [
    at(5, { event: 1, binPos: 700 }),
    at(4, { event: 1, binPos: 700 }),
    at(9, { event: 0, binPos: 700 }),
    at(9, { event: 9, binPos: 699 }),
    at(5, { event: 1, binPos: 700, takesAway: true }),
    at(9, { binName: 'b.000000', event: 9, binPos: 9999 }),
  ]
  for (const place of earlier) expect(keys.touch('d.t', 5, row('K', place))).toEqual([])
  const later = [
    at(6, { event: 1, binPos: 700 }),
    at(0, { event: 2, binPos: 700 }),
    at(0, { event: 0, binPos: 701 }),
    at(0, { binName: 'b.1000000', binPos: 4 }),
  ]
  for (const place of later) {
    expect(keys.touch('d.t', 5, row('K', place))).toEqual(['a'])
    keys.add('d.t', 5, { id: 'a', key: 'K', place: parked, givesWayTo: 'later' })
  }
})

test('keys of one hash are told apart; one parked twice is one', () => {
  const keys = new ParkedKeys()
  for (const [id, key] of [
    ['a', 'K'],
    ['b', 'L'],
    ['a', 'K'],
    ['c', 'K'],
  ] as const)
    keys.add('d.t', 5, { id, key, place: null, givesWayTo: 'later' })
  keys.remove('d.t', 5, 'c')
  expect(keys.touch('d.t', 5, row('K', at(0)))).toEqual(['a'])
  expect(keys.touch('d.t', 5, row('K', at(0)))).toEqual([])
  expect(keys.touch('d.t', 5, row('L', at(0)))).toEqual(['b'])
})

test('a row that is read again takes its own place, where later ones of its key may or may not', () => {
  const keys = new ParkedKeys()
  const parked = at(5)
  for (const [givesWayTo, other, taken] of [
    ['either', at(5), ['a']],
    ['either', at(6), ['a']],
    ['either', at(4), []],
    ['either', at(5, { takesAway: true }), []],
    ['itself', at(5), ['a']],
    ['itself', at(6), []],
    ['itself', at(4), []],
  ] as const) {
    keys.add('d.t', 5, { id: 'a', key: 'K', place: parked, givesWayTo })
    expect(keys.touch('d.t', 5, row('K', other))).toEqual(taken)
  }
})

describe('a row of some columns', () => {
  const partly = (key: string, place: RowPlace, partial: string) => () => ({ key, place, partial })

  test('takes the place of one of the same columns, and of itself read again', () => {
    const keys = new ParkedKeys()
    keys.add('d.t', 5, { id: 'a', key: 'K', place: null, givesWayTo: 'later', partial: 'k,v' })
    expect(keys.touch('d.t', 5, partly('K', at(0), 'k,v'))).toEqual(['a'])
    keys.add('d.t', 5, { id: 'a', key: 'K', place: at(3), givesWayTo: 'either', partial: 'k,v' })
    expect(keys.touch('d.t', 5, partly('K', at(3), 'k,w'))).toEqual(['a'])
  })

  test.each([null, 'k,w'])('stops behind one that is parked with other columns (%s)', partial => {
    const keys = new ParkedKeys()
    keys.add('d.t', 5, { id: 'a', key: 'K', place: null, givesWayTo: 'later', partial })
    const failure = failureOf(() => keys.touch('d.t', 5, partly('K', at(0), 'k,v')))
    expect(failure.kind).toBe('rowRejected')
    expect(failure.message).toMatch(/^d\.t: the row K changes at .* is parked as dead letter a\.$/)
    expect(keys.touch('d.t', 5, partly('L', at(0), 'k,v'))).toEqual([])
    expect(keys.touch('d.t', 5, row('K', at(0)))).toEqual(['a'])
  })
})

test('rows of other columns pass a letter by: it stays, and they are not held up', () => {
  const keys = new ParkedKeys()
  const keyColumns = ['k']
  const parked = { id: 'a', key: 'K', place: null, givesWayTo: 'later' as const, partial: '`k`,`a`,`b`', keyColumns }
  const touch = (partial: string | null) => keys.touch('d.t', 5, () => ({ key: 'K', place: at(0), partial }))
  keys.add('d.t', 5, parked)
  expect(touch('`k`,`c`')).toEqual([])
  expect(failureOf(() => touch('`k`,`b`')).kind).toBe('rowRejected')
  expect(touch('`k`,`a`,`b`')).toEqual(['a'])
  // What deletes the row takes the place of all its parts.
  keys.add('d.t', 5, parked)
  expect(touch(null)).toEqual(['a'])
  // A whole row that was refused is not in the target: parts of it would stand alone.
  keys.add('d.t', 5, { ...parked, partial: null })
  expect(failureOf(() => touch('`k`,`c`')).kind).toBe('rowRejected')
})
