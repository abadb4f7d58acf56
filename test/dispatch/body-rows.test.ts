import { describe, expect, test } from '@jest/globals'
import { BodyRows } from '../../lib/dispatch/body-rows.js'
import { failureOf } from '../support/failure-of.js'
import { Random } from '../support/random.js'

const NONE = new Uint8Array(0)
const text = (pieces: readonly Uint8Array[]) => Buffer.concat(pieces).toString()

/** The bytes in pieces cut at random places, empty ones included. */
function cut(bytes: Buffer, random: Random): Buffer[] {
  const places = Array.from({ length: random.below(6) }, () => random.below(bytes.length + 1)).sort((a, b) => a - b)
  return [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length))
}

/** A row's text made of what is hard for each format: separators' first bytes, braces, quotes, escapes, several bytes a character. */
function jsonRow(random: Random): string {
  const parts = ['{', '}', '[', ']', '"', '\\', '\\"', ',', '✓', 'a', '\n', '{"']
  const value = (): unknown => {
    const kind = random.below(5)
    if (kind === 0) return null
    if (kind === 1) return { inner: [value2(), { deep: value2() }] }
    return value2()
  }
  const value2 = () => Array.from({ length: random.below(6) }, () => parts[random.below(parts.length)]).join('')
  return JSON.stringify(Object.fromEntries(Array.from({ length: random.below(4) }, (_, i) => [value2() + i, value()])))
}

const DELIMITERS = ['\x02', '\n', '\x01\x02', '\x02\x02\x03']

function csvRow(random: Random, delimiter: string): string {
  const parts = ['a', '1', '✓', '\x01', '', delimiter.slice(0, -1)]
  const row = Array.from({ length: random.below(5) }, () => parts[random.below(parts.length)]).join('') + delimiter
  // Parts of a delimiter may make a whole one together, or overlap with the row's own.
  return row.indexOf(delimiter) === row.length - delimiter.length ? row : csvRow(random, delimiter)
}

test.each(['csv', 'json'] as const)('%s: every row and every choice of rows, however the body is cut', format => {
  const seed = Math.floor(Math.random() * 2 ** 32)
  const random = new Random(seed)
  for (let run = 0; run < 400; run++) {
    const delimiter = DELIMITERS[random.below(DELIMITERS.length)]!
    const make = () => (format === 'csv' ? csvRow(random, delimiter) : jsonRow(random))
    const rows = Array.from({ length: 1 + random.below(12) }, make)
    const whole = (some: readonly string[]) => (format === 'csv' ? some.join('') : `[${some.join(',')}]`)
    const found = new BodyRows(
      { format, body: cut(Buffer.from(whole(rows)), random), rows: rows.length },
      Buffer.from(delimiter),
    )
    const ordinals = rows.map((_, i) => i).filter(() => random.chance(0.6))
    const picked = found.pick(ordinals)
    const got = {
      rows: rows.map((_, i) => found.row(i).toString()),
      picked: text(picked.body),
      count: picked.rows,
      bytes: picked.bytes,
    }
    const expected = whole(ordinals.map(i => rows[i]!))
    const want = { rows, picked: expected, count: ordinals.length, bytes: Buffer.byteLength(expected) }
    if (JSON.stringify(got) !== JSON.stringify(want))
      throw new Error(`seed ${seed}, run ${run}: ${JSON.stringify({ got, want })}`)
  }
})

test('rows that stand side by side stay one view into the body', () => {
  const body = Buffer.from('[{"a":1},{"a":2},{"a":3},{"a":4}]')
  const picked = new BodyRows({ format: 'json', body: [body], rows: 4 }, NONE).pick([1, 2])
  expect(picked.body.map(piece => Buffer.from(piece).toString())).toEqual(['[', '{"a":2},{"a":3}', ']'])
  expect(picked.body[1]!.buffer).toBe(body.buffer)
})

describe('a body that is not what it is said to be', () => {
  test.each([
    ['csv', 'a;b;', 1, 'more than its 1 rows'],
    ['csv', 'a;b;', 3, '2 of its 3 rows'],
    ['csv', 'a;b', 1, '1 bytes behind its last row delimiter'],
    ['json', '[{},{}]', 1, 'more than its 1 rows'],
    ['json', '[{}]', 2, '1 of its 2 rows'],
    ['json', '[{}', 1, 'no whole JSON array'],
    ['json', '[{"a":"', 0, 'no whole JSON array'],
  ] as const)('%s %j with %d rows', (format, body, rows, message) => {
    const failure = failureOf(() => new BodyRows({ format, body: [Buffer.from(body)], rows }, Buffer.from(';')))
    expect(failure).toMatchObject({ kind: 'internal', message: `A load body holds ${message}.` })
  })
})
