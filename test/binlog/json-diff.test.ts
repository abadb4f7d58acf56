import { describe, expect, test } from '@jest/globals'
import { EventReader } from '../../lib/binlog/event-reader.js'
import { applyJsonDiffs } from '../../lib/binlog/json-diff.js'
import { writeJson } from '../../lib/binlog/write-json.js'
import { packedBytes, u8 } from '../support/binlog-builder.js'

/** ["a", {"k": 1}] in MySQL's binary form. */
const DOCUMENT = Buffer.from('02020018000c0a00000c00016101000c000b0001000501006b', 'hex')
const LETTER = Buffer.from('0c017a', 'hex')
const [REPLACE, INSERT, REMOVE] = [0, 1, 2]

const diff = (operation: number, path: string, value: Buffer | null = operation === REMOVE ? null : LETTER) =>
  Buffer.concat([u8(operation), packedBytes(path), value === null ? Buffer.alloc(0) : packedBytes(value)])

function applied(...diffs: Buffer[]): string {
  const bytes = Buffer.concat(diffs)
  const reader = new EventReader(() => 'The event')
  reader.reset(bytes, 0, bytes.length)
  const document = applyJsonDiffs(DOCUMENT, reader)
  const out = Buffer.alloc(4096)
  return out.toString('utf8', 0, writeJson(document, 0, document.length, out, 0))
}

describe('differences to ["a", {"k": 1}]', () => {
  const fitting: (readonly [Buffer[], string])[] = [
    [[diff(REPLACE, '$[0]')], '["z", {"k": 1}]'],
    [[diff(REPLACE, '$[last]')], '["a", "z"]'],
    [[diff(REPLACE, '$[last].k')], '["a", {"k": "z"}]'],
    [[diff(INSERT, '$[1].j')], '["a", {"j": "z", "k": 1}]'],
    [[diff(INSERT, '$[0]')], '["z", "a", {"k": 1}]'],
    [[diff(INSERT, '$[2]')], '["a", {"k": 1}, "z"]'],
    [[diff(INSERT, '$[99]')], '["a", {"k": 1}, "z"]'],
    [[diff(INSERT, '$[last-2]')], '["z", "a", {"k": 1}]'],
    [[diff(INSERT, '$[last-99]')], '["z", "a", {"k": 1}]'],
    [[diff(REMOVE, '$[0]')], '[{"k": 1}]'],
    [[diff(REMOVE, '$[1].k')], '["a", {}]'],
    [[diff(REMOVE, '$[0]'), diff(REMOVE, '$[0]')], '[]'],
    [
      [diff(INSERT, '$[1].n', DOCUMENT), diff(REMOVE, '$[1].n[1].k'), diff(REPLACE, '$[1].n[0]')],
      '["a", {"k": 1, "n": ["z", {}]}]',
    ],
    [[], '["a", {"k": 1}]'],
  ]
  test.each(fitting.map(([diffs, text]) => [text, diffs] as const))('become %s', (text, diffs) => {
    expect(applied(...diffs)).toBe(text)
  })

  test.each([
    diff(REPLACE, '$[2]'),
    diff(REPLACE, '$[last-2]'),
    diff(REPLACE, '$.k'),
    diff(REPLACE, '$'),
    diff(REPLACE, '$[1].none'),
    diff(INSERT, '$[1].k'),
    diff(INSERT, '$[0].k'),
    diff(INSERT, '$[1][0]'),
    diff(INSERT, '$[7][0]'),
    diff(REMOVE, '$[2]'),
    diff(REMOVE, '$[1].none'),
    diff(3, '$[0]'),
  ])('one that does not fit is refused: %#', one => {
    expect(() => applied(one)).toThrow(/JSON diff/)
  })

  test('one that is cut is refused', () => {
    const whole = diff(INSERT, '$[1].j')
    for (let end = 1; end < whole.length; end++) expect(() => applied(whole.subarray(0, end))).toThrow(/too early/)
  })
})
