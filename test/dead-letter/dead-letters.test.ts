import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { DeadLetters } from '../../lib/dead-letter/dead-letters.js'
import { Filing } from '../../lib/dead-letter/filing.js'
import { fileName, LetterFolder } from '../../lib/dead-letter/letter-folder.js'
import { keyText, type RowPlace } from '../../lib/model/dead-letter.js'
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

test('a start takes back what it will read again, of this server alone', async () => {
  const letters = await openLetters()
  await letters.park([
    letterOf('before', { place: { binPos: 699 } }),
    letterOf('at', { place: { binPos: 700 } }),
    letterOf('behind', { place: { binName: 'b.000002', binPos: 4 }, mode: 'append' }),
    letterOf('elsewhere', { place: { binPos: 900 }, server: 'u-2' }),
    letterOf('other series', { place: { binName: 'c.000009' } }),
  ])
  const again = await openLetters()
  await again.withdrawFrom({ binName: 'b.000001', binPos: 700, gtidSet: '', serverUuid: 'u-1' })
  expect(await states()).toEqual([
    'before open',
    'at superseded read again',
    'behind superseded read again',
    'elsewhere open',
    'other series open',
  ])
  await again.park([letterOf('at', { place: { binPos: 700 } })])
  expect((await states()).at(-1)).toBe('at open')
})

test('an emptied target keeps no letter open', async () => {
  const letters = await openLetters()
  await letters.park([letterOf('a'), letterOf('b', { mode: 'append' }), letterOf('c', { target: 'd.u' })])
  await letters.supersedeTarget('d.t', 'TRUNCATE')
  expect(await states()).toEqual(['a superseded TRUNCATE', 'b superseded TRUNCATE', 'c open'])
  expect(letters.parkedIn('d.t')).toBe(false)
})
