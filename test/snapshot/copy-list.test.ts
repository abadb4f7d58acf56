import { describe, expect, test } from '@jest/globals'
import { listCopies, type RuledTable, type StartFacts } from '../../lib/snapshot/copy-list.js'
import { copyRecord } from '../support/copy-records.js'

function table(name: string, strict = false): RuledTable {
  return { schema: 'shop', table: name, targets: [`demo.${name}`], key: ['id int '], strict }
}

function facts(about: Partial<StartFacts>): StartFacts {
  return {
    mode: 'initial',
    start: 'known',
    stateKnown: true,
    records: [],
    tables: [],
    wanted: () => true,
    epoch: 9,
    nowMs: 5,
    ...about,
  }
}

function outcome(about: Partial<StartFacts>): string[] {
  const { put, remove } = listCopies(facts(about))
  return [...put.map(r => `${r.table} ${r.state} ${r.reason}`), ...remove.map(r => `${r.table} removed`)]
}

test('mode = "never" knows of nothing', () => {
  expect(outcome({ mode: 'never', stateKnown: false, start: 'first', tables: [table('a')] })).toEqual([])
  expect(outcome({ mode: 'never', stateKnown: false, start: 'known', tables: [table('a')] })).toEqual([])
})

test('a first start copies every table, but those of which rows would be counted twice', () => {
  const copied = copyRecord('b', { state: 'copied', frontier: ['9'] })
  expect(() => listCopies(facts({ start: 'first', records: [copied], tables: [table('b', true)] }))).toThrow(/twice/)
  const records = [copyRecord('a', { state: 'copied', frontier: ['9'] }), copyRecord('b'), copyRecord('gone')]
  expect(outcome({ start: 'first', records, tables: [table('a'), table('b', true)] })).toEqual([
    'a waiting initial',
    'b waiting initial',
    'gone removed',
  ])
})

describe('a start from a known position', () => {
  test('that has no state takes the tables for copied', () => {
    expect(outcome({ stateKnown: false, tables: [table('a')] })).toEqual(['a followed before'])
  })

  test('copies what has come to the configuration, and forgets what has left it', () => {
    const records = [copyRecord('a', { state: 'copied' }), copyRecord('b', { state: 'copying' })]
    const wanted = (_: string, name: string): boolean => name !== 'b'
    expect(outcome({ records, tables: [table('a'), table('c')], wanted })).toEqual(['c waiting added', 'b removed'])
  })

  test('ends what was begun although the mode is "never" by now, and begins nothing', () => {
    const records = [copyRecord('a', { state: 'copying', frontier: ['3'] })]
    expect(outcome({ mode: 'never', records, tables: [table('a'), table('b')] })).toEqual(['b followed before'])
  })

  test('copies again what an epoch held that is not in the targets any more', () => {
    const records = [copyRecord('a', { state: 'copied', epoch: 10 }), copyRecord('b', { state: 'copied', epoch: 9 })]
    const list = listCopies(facts({ records, tables: [table('a'), table('b')], epoch: 9 }))
    expect(list.put).toEqual([
      expect.objectContaining({ table: 'a', state: 'waiting', frontier: null, deadRows: true }),
    ])
    expect(() => listCopies(facts({ records, tables: [table('a', true)] }))).toThrow(
      /counted? rows twice|count rows twice/,
    )
  })
})

test('a frontier in the order of another key counts no more', () => {
  const going = { state: 'copying', frontier: ['3'], rows: 3, key: ['code char(9)'] } as const
  const records = [
    copyRecord('a', going),
    copyRecord('b', { ...going, state: 'copied' }),
    copyRecord('c', { key: ['x'] }),
  ]
  expect(outcome({ records, tables: ['a', 'b', 'c'].map(name => table(name)) })).toEqual(['a waiting initial'])
  expect(outcome({ records: [copyRecord('a', { ...going, key: ['id int '] })], tables: [table('a')] })).toEqual([])
  expect(() => listCopies(facts({ records, tables: [table('a', true)] }))).toThrow(/The key of shop.a was changed/)
})

test('behind a position that was written by hand the epochs count anew, and nothing is taken for lost', () => {
  const records = [copyRecord('a', { state: 'copied', epoch: 50 }), copyRecord('b', { state: 'copied', epoch: 1 })]
  const list = listCopies(facts({ start: 'ordered', records, tables: [table('a', true), table('b')], epoch: 2 }))
  expect(list.put).toEqual([{ ...records[0], epoch: 2 }])
})

describe('a position that is lost', () => {
  test('has the tables of upsert rules copied again, and rows that are gone looked for', () => {
    const records = [copyRecord('a', { state: 'copied', frontier: ['9'] })]
    const { put } = listCopies(facts({ mode: 'when_needed', start: 'lost', records, tables: [table('a')] }))
    expect(put).toEqual([
      expect.objectContaining({ state: 'waiting', reason: 'positionLost', frontier: null, deadRows: true }),
    ])
  })

  test('stops where rows would be counted twice, unless nothing was copied yet', () => {
    const lost = { mode: 'when_needed', start: 'lost', tables: [table('a', true)] } as const
    const begun = copyRecord('a', { state: 'copying', frontier: ['9'], rows: 3 })
    for (const record of [begun, copyRecord('a', { state: 'copied' }), copyRecord('a', { state: 'followed' })])
      expect(() => listCopies(facts({ ...lost, records: [record] }))).toThrow(/TRUNCATE|twice/)
    expect(outcome({ ...lost, records: [copyRecord('a')] })).toEqual(['a waiting positionLost'])
  })
})

test('with a new data_dir, and marks in the targets: upsert tables are copied again, of the others it is said that they are not', () => {
  const list = listCopies(facts({ start: 'forgotten', stateKnown: false, tables: [table('a'), table('b', true)] }))
  expect(list.put.map(({ table: name, state }) => [name, state])).toEqual([
    ['a', 'waiting'],
    ['b', 'followed'],
  ])
  expect(list.warnings[0]?.message).toContain('shop.b')
})
