import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { DeadLetters } from '../../lib/dead-letter/dead-letters.js'
import { Filing } from '../../lib/dead-letter/filing.js'
import { fileName, LetterFolder } from '../../lib/dead-letter/letter-folder.js'
import { formatPlace, keyText, type RowPlace } from '../../lib/model/dead-letter.js'
import { letterOf } from '../support/dead-letters.js'

let dataDir: string
let counts: number[]
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'letters-'))
  counts = []
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const openLetters = () => DeadLetters.open(dataDir, { onOpen: open => counts.push(open), now: () => 7000 })

async function states(): Promise<string[]> {
  const filing = new Filing()
  await LetterFolder.open(dataDir, line => filing.take(line))
  return filing.letters.map(({ letter, state, change }) => [letter.id, state, ...(change ? [change.by] : [])].join(' '))
}

const lines = (target = 'd.t') =>
  readFileSync(join(dataDir, 'dead-letter', fileName(target)), 'utf8').split('\n').length - 1
const later = (key: string) => () => ({
  key: keyText({ k: key }),
  place: { ...letterOf('x').place, binPos: 900 } as RowPlace,
})

test('a row parked twice is one letter, and is written once while nothing changed', async () => {
  const letters = await openLetters()
  await letters.park([letterOf('a'), letterOf('b', { target: 'd.u' })])
  await letters.park([letterOf('a', { atMs: 2000 })])
  expect(lines()).toBe(1)
  const again = await openLetters()
  await again.park([letterOf('a', { atMs: 3000 })])
  expect(lines()).toBe(1)
  await again.park([letterOf('a', { reason: 'something else' })])
  expect(lines()).toBe(2)
  expect(await states()).toEqual(['a open', 'b open'])
  expect(counts).toEqual([0, 2, 2, 2])
})

test('a later change of the key supersedes, in this run and after a restart', async () => {
  const letters = await openLetters()
  await letters.park([letterOf('a'), letterOf('b', { key: { k: '2' } })])
  const ids = letters.touch('d.t', 17, later('1'))
  expect(ids).toEqual(['a'])
  await letters.supersede([{ id: 'a', by: 'b.000001:900, event 0, row 0' }])
  expect(await states()).toEqual(['a superseded b.000001:900, event 0, row 0', 'b open'])
  const again = await openLetters()
  expect(again.touch('d.t', 17, later('1'))).toEqual([])
  // What this run reads is newer than what an earlier one parked, wherever it stands.
  expect(again.touch('d.t', 17, () => ({ key: '["2"]', place: { ...letterOf('x').place, binPos: 4 } }))).toEqual(['b'])
  expect(counts).toEqual([0, 2, 1, 1])
})

test('rows of append and aggregate targets are never superseded by a change', async () => {
  const letters = await openLetters()
  await letters.park([letterOf('a', { mode: 'append' }), letterOf('b', { mode: 'aggregate' })])
  expect(letters.parkedIn('d.t')).toBe(false)
  expect((await openLetters()).parkedIn('d.t')).toBe(false)
})

test('a row that is read again and sent takes the place of its own letter; one that is not sent leaves it open', async () => {
  const parked = [
    letterOf('before', { key: { k: '1' }, place: { binPos: 699 } }),
    letterOf('at', { key: { k: '2' }, place: { binPos: 700 } }),
    letterOf('not sent', { key: { k: '3' }, place: { binPos: 701 } }),
    letterOf('once', { key: { k: '4' }, place: { binName: 'b.000002', binPos: 4 }, mode: 'append' }),
    letterOf('once, not sent', { key: { k: '5' }, place: { binName: 'b.000002', binPos: 5 }, mode: 'append' }),
    letterOf('once, elsewhere', { key: { k: '6' }, place: { binPos: 900 }, server: 'u-2', mode: 'append' }),
  ] as const
  await (await openLetters()).park(parked)
  const again = await openLetters()
  again.expectFrom({ binName: 'b.000001', binPos: 700, gtidSet: '', serverUuid: 'u-1' })
  for (const { id, key, place } of parked) {
    if (id === 'before' || id.endsWith('not sent')) continue
    const ids = again.touch('d.t', 17, () => ({ key: keyText(key), place }))
    await again.supersede(ids.map(own => ({ id: own, by: formatPlace(place) })))
  }
  expect(await states()).toEqual([
    'before open',
    'at superseded read again',
    'not sent open',
    'once superseded read again',
    'once, not sent open',
    'once, elsewhere open',
  ])
  await again.park([parked[1]])
  expect((await states()).at(-1)).toBe('at open')
})

test('an emptied target keeps no letter open', async () => {
  const letters = await openLetters()
  await letters.park([letterOf('a'), letterOf('b', { mode: 'append' }), letterOf('c', { target: 'd.u' })])
  await letters.supersedeTarget('d.t', 'TRUNCATE')
  expect(await states()).toEqual(['a superseded TRUNCATE', 'b superseded TRUNCATE', 'c open'])
  expect(letters.parkedIn('d.t')).toBe(false)
})
