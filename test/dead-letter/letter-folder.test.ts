import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Filing } from '../../lib/dead-letter/filing.js'
import { fileName, LetterFolder } from '../../lib/dead-letter/letter-folder.js'
import { renderChange, renderLetter } from '../../lib/dead-letter/letter-line.js'
import type { FiledLetter } from '../../lib/model/dead-letter.js'
import { asFailure } from '../../lib/model/failure.js'
import { letterOf } from '../support/dead-letters.js'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'letters-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

async function read(): Promise<{ folder: LetterFolder; letters: FiledLetter[] }> {
  const filing = new Filing()
  const folder = await LetterFolder.open(dataDir, line => filing.take(line))
  return { folder, letters: filing.letters }
}

const states = (letters: readonly FiledLetter[]) => letters.map(({ letter, state }) => `${letter.id} ${state}`)
const path = (target = 'd.t') => join(dataDir, 'dead-letter', fileName(target))
const replayed = (id: string) => renderChange({ id, state: 'replayed', atMs: 2, by: 'replay', reason: null })

test('nothing is made before something is parked', async () => {
  expect((await read()).letters).toEqual([])
  expect(readdirSync(dataDir)).toEqual([])
})

test('letters of several targets, folded with what became of them', async () => {
  const { folder } = await read()
  await Promise.all([
    folder.append('d.t', [renderLetter(letterOf('a')), renderLetter(letterOf('b'))]),
    folder.append('d.other', [renderLetter(letterOf('c', { target: 'd.other' }))]),
    folder.append('d.t', [replayed('a')]),
    folder.append('d.t', [renderChange({ id: 'b', state: 'open', atMs: 3, by: 'replay', reason: 'still' })]),
  ])
  const { letters } = await read()
  expect(states(letters)).toEqual(['c open', 'a replayed', 'b open'])
  expect(letters[2]).toMatchObject({ reason: 'still', change: { atMs: 3 }, letter: { reason: 'too long' } })
  expect(statSync(path()).mode & 0o077).toBe(0)
})

test('a letter parked again is one, open, and the newest', async () => {
  const { folder } = await read()
  const again = renderLetter(letterOf('a', { reason: 'now this' }))
  await folder.append('d.t', [renderLetter(letterOf('a')), renderLetter(letterOf('b')), replayed('a'), again])
  const { letters } = await read()
  expect(states(letters)).toEqual(['b open', 'a open'])
  expect(letters[1]!.reason).toBe('now this')
})

test('cut at every byte: what was whole stays, and the next append follows it', async () => {
  const { folder } = await read()
  const lines = [renderLetter(letterOf('a')), replayed('a'), renderLetter(letterOf('é'))]
  await folder.append('d.t', lines)
  const whole = readFileSync(path())
  const ends = lines.map((_, i) => Buffer.byteLength(lines.slice(0, i + 1).join('')))
  for (let bytes = 0; bytes <= whole.length; bytes++) {
    writeFileSync(path(), whole.subarray(0, bytes))
    const expected = [[], ['a open'], ['a replayed'], ['a replayed', 'é open']][
      ends.filter(end => end <= bytes).length
    ]!
    const torn = await read()
    expect({ bytes, letters: states(torn.letters) }).toEqual({ bytes, letters: expected })
    // An append takes a sync of the disk: at every byte around the ends of lines, at some of those between.
    if (bytes % 50 !== 0 && !ends.some(end => Math.abs(end - bytes) < 4)) continue
    await torn.folder.append('d.t', [renderLetter(letterOf('z'))])
    expect({ bytes, letters: states((await read()).letters) }).toEqual({ bytes, letters: [...expected, 'z open'] })
  }
})

test('what a failed append left behind is cut before the next one', async () => {
  const { folder } = await read()
  await folder.append('d.t', [renderLetter(letterOf('a'))])
  appendFileSync(path(), renderLetter(letterOf('half')).slice(0, 40))
  await folder.append('d.t', [renderLetter(letterOf('b'))])
  expect(states((await read()).letters)).toEqual(['a open', 'b open'])
})

test('lines longer than what is read at once, and many of them', async () => {
  const { folder } = await read()
  const long = 'x'.repeat(3_000_000)
  await folder.append('d.t', [renderLetter(letterOf('a', { reason: long }))])
  const many = Array.from({ length: 60 }, (_, i) => renderLetter(letterOf(`n${i}`, { reason: 'é'.repeat(30_000) })))
  await folder.append('d.t', many)
  await folder.append('d.t', [replayed('n7')])
  const { letters } = await read()
  expect(letters).toHaveLength(61)
  expect(letters[0]!.reason).toBe(long)
  expect(letters[8]!.state).toBe('replayed')
})

describe('damage is a failure that names file and line', () => {
  beforeEach(async () => {
    const { folder } = await read()
    await folder.append('d.t', [renderLetter(letterOf('a')), renderLetter(letterOf('b'))])
  })

  test.each([
    ['a line that is no JSON', (text: string) => text.replace('{"id":"b"', '{"id":'), 2, /damaged: /],
    ['a line that is no letter', (text: string) => text.replace('"op":"update"', '"op":"up"'), 1, /op is not/],
    ['a state of nothing', (text: string) => `${text}${replayed('x')}`, 3, /no line before it parks x/],
    ['an empty line', (text: string) => `\n${text}`, 1, /damaged: /],
  ])('%s', async (_, damage, line, message) => {
    writeFileSync(path(), damage(readFileSync(path(), 'utf8')))
    const failure = await read().catch(asFailure)
    expect(failure).toMatchObject({ kind: 'deadLettersDamaged', retriable: false })
    expect((failure as Error).message).toContain(`${path()}, line ${line} is damaged`)
    expect((failure as Error).message).toMatch(message)
  })

  test('bytes that are no UTF-8', async () => {
    writeFileSync(path(), Buffer.from(readFileSync(path(), 'latin1').replace('too long', 'too l\xffng'), 'latin1'))
    expect(await read().catch(asFailure)).toMatchObject({ kind: 'deadLettersDamaged' })
  })

  test('a file that became shorter while it is used', async () => {
    const { folder } = await read()
    truncateSync(path(), 10)
    const failure = await folder.append('d.t', [replayed('a')]).catch(asFailure)
    expect(failure).toMatchObject({ kind: 'deadLettersDamaged' })
  })
})

test('a folder that cannot be written is a failure that passes, and the next append may succeed', async () => {
  writeFileSync(join(dataDir, 'dead-letter'), '')
  const { folder } = await read().catch(() => ({ folder: null }))
  expect(folder).toBeNull()
  rmSync(join(dataDir, 'dead-letter'))
  const opened = (await read()).folder
  writeFileSync(join(dataDir, 'dead-letter'), '')
  const failure = await opened.append('d.t', [renderLetter(letterOf('a'))]).catch(asFailure)
  expect(failure).toMatchObject({ kind: 'deadLettersUnsaved', retriable: true })
  rmSync(join(dataDir, 'dead-letter'))
  await opened.append('d.t', [renderLetter(letterOf('a'))])
  expect(states((await read()).letters)).toEqual(['a open'])
})

describe('file names', () => {
  test('are safe and differ for different targets', () => {
    const targets = [
      'd.t',
      'd_t',
      'd.T',
      'd%2Et',
      '../x',
      'a/b.c',
      'ü.t',
      '.hidden',
      `d.${'x'.repeat(300)}`,
      `d.${'x'.repeat(301)}`,
    ]
    const names = targets.map(fileName)
    expect(new Set(names).size).toBe(targets.length)
    for (const name of names) expect(name).toMatch(/^[\w%~-]{1,240}\.jsonl$/)
    expect(fileName('demo.orders')).toBe('demo%2Eorders.jsonl')
  })
})
