import { describe, expect, test } from '@jest/globals'
import { parseLine, renderChange, renderLetter } from '../../lib/dead-letter/letter-line.js'
import { letterOf } from '../support/dead-letters.js'

test.each([
  ['plain', letterOf('a1')],
  ['a row that is no text', letterOf('a1', { load: { row: Buffer.from([0xff, 0x01, 0x80, 0x02]) } })],
  ['a JSON row', letterOf('a1', { load: { format: 'json', row: Buffer.from('{"k":"1\\n"}') } })],
  ['some columns', letterOf('a1', { load: { partial: true, columns: '`k`,`v`' } })],
  ['a change of which a rule made no row', letterOf('a1', { load: { unmade: true, row: Buffer.alloc(0) } })],
  ['no images', letterOf('a1', { before: null, after: null, key: { k: null } })],
  ['an image that is no JSON', letterOf('a1', { after: '{"broken' })],
  ['an image on two lines', letterOf('a1', { after: '{\n}' })],
  ['names of all kinds', letterOf('a1', { reason: 'zu lang: "é"\n', target: 'd.t"\n', op: 'delete', mode: 'append' })],
  ['the delete of a moved key', letterOf('a1', { place: { event: 3, row: 2, takesAway: true } })],
])('a letter reads as it was written: %s', (_, letter) => {
  const line = renderLetter(letter)
  expect(line.indexOf('\n')).toBe(line.length - 1)
  expect(parseLine(line.slice(0, -1))).toEqual({ kind: 'letter', letter })
})

test('numbers inside images are on disk as they were', () => {
  expect(renderLetter(letterOf('a1', { after: '{"doc":123456789012345678901234567890.10}' }))).toContain(
    '"after":{"doc":123456789012345678901234567890.10}',
  )
})

test.each([
  { id: 'a1', state: 'replayed' as const, atMs: 5, by: 'replay', reason: null },
  { id: 'a1', state: 'open' as const, atMs: 5, by: 'replay', reason: 'still too long' },
])('a change reads as it was written: %j', change => {
  expect(parseLine(renderChange(change).trimEnd())).toEqual({ kind: 'change', change })
})

describe('what is no line of the file is said with the field', () => {
  const fields = () => JSON.parse(renderLetter(letterOf('a1')))
  test.each([
    ['id', { id: 7 }, 'id is not text'],
    ['op', { op: 'merge' }, 'op is not insert or update or delete'],
    ['time', { at: 'yesterday' }, 'at is not a time'],
    ['position', { position: null }, 'position is not an object'],
    ['offset', { position: { ...fields().position, bin_pos: 1.5 } }, 'position.bin_pos is not a whole number'],
    ['key', { key: { k: 1 } }, 'key.k is not text'],
    ['image', { after: 7 }, 'after is not an object'],
    ['load', { load: [] }, 'load is not an object'],
    ['row', { load: { ...fields().load, row: undefined } }, 'load.row_base64 is not text'],
    ['state', { state: 'lost' }, 'state is not open or superseded or replayed or dropped'],
  ])('%s', (_, changes, message) => {
    expect(() => parseLine(JSON.stringify({ ...fields(), ...changes }))).toThrow(message)
  })

  test('no JSON, no object', () => {
    expect(() => parseLine('{"id":')).toThrow(SyntaxError)
    expect(() => parseLine('[]')).toThrow('the line is not an object')
  })
})
