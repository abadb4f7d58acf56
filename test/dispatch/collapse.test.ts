import { describe, expect, test } from '@jest/globals'
import { marksFor } from '../../lib/dispatch/collapse.js'
import { type BodyForm, type BodyRow, collapsed, markedBody, targetBehind } from '../support/marked-body.js'
import { Random } from '../support/random.js'
import { toyRoute, toyTarget } from '../support/toy-route.js'

const FORM: BodyForm = { columns: ['id', 'v', '__op'], key: ['id'] }

const row = (id: string, v: string, op: 0 | 1 = 0): BodyRow => ({ id, v, __op: `${op}` })
/** `count` rows of keys that no other row has. */
const others = (count: number) => Array.from({ length: count }, (_, i) => row(`other${i}`, 'x'))
/** So many rows of one key. */
const changes = (count: number) => Array.from({ length: count }, (_, i) => row('1', `${i}`))

const SEQUENCES = [2, 3, 4].flatMap(length =>
  Array.from({ length: 2 ** length }, (_, bits) => Array.from({ length }, (_, i) => ((bits >> i) & 1) as 0 | 1)),
)

test.each(SEQUENCES)('of rows written (0) and deleted (1) under one key the last one stays: %j', (...ops) => {
  const rows = ops.map((op, i) => row('1', `${i}`, op))
  expect(collapsed([row('0', 'a'), ...rows, row('2', 'z')], FORM).rows).toEqual([
    row('0', 'a'),
    rows.at(-1)!,
    row('2', 'z'),
  ])
})

describe('a body is left as it is', () => {
  test.each([
    ['fewer than a fifth of its rows are replaced', [...changes(3), ...others(8)]],
    ['no key comes twice', others(30)],
    ['it has one row', changes(1)],
  ])('when %s', (_, rows) => {
    const before = markedBody(rows, FORM)
    const { open } = collapsed(rows, FORM)
    expect(open.collapsed).toBeUndefined()
    expect(open.body.rows).toBe(before.body.rows)
  })

  test('when it has fewer rows than are worth it', () => {
    const route = toyRoute(toyTarget())
    expect(marksFor(route, 64)).toMatchObject({ fewest: 64 })
    expect(marksFor(route, Number.POSITIVE_INFINITY)).toBeNull()
  })

  test('when a key column is made by the load and is no field of the body', () => {
    const form = { ...FORM, columns: ['raw', 'v', '__op'], key: ['id'], header: '`raw`,`v`,__op,`id`=hex(`raw`)' }
    const rows = [1, 2, 3].map(v => ({ raw: 'a', id: 'a', v: `${v}`, __op: '0' }))
    expect(collapsed(rows, form).open.collapsed).toBeUndefined()
  })

  test.each([
    ['each change is a row', toyRoute(toyTarget(), { mode: 'append' })],
    ['changes add to sums', toyRoute(toyTarget(), { mode: 'aggregate' })],
    [
      'the load has a condition',
      { ...toyRoute(toyTarget()), semantics: { partialUpdateMode: null, mergeCondition: 'v' } },
    ],
    ['the target is no PRIMARY KEY table', toyRoute({ ...toyTarget(), model: 'unique' })],
  ])('when %s', (_, route) => expect(marksFor(route, 2)).toBeNull())
})

test('a fifth of the rows replaced is enough', () => {
  const { open } = collapsed([...changes(3), ...others(7)], FORM)
  expect(open.body.rows).toBe(8)
  expect(open.collapsed).toMatchObject({ rows: 10, bySource: new Map([['s.t', 2]]) })
})

test('rows that were not noted stay, and count as rows of the body', () => {
  const rows = [...others(6), ...changes(5)]
  const { open, rows: left } = collapsed(rows, { ...FORM, notedFrom: 6 })
  expect(left).toEqual([...others(6), rows.at(-1)])
  expect(open.collapsed).toMatchObject({ rows: 11, bySource: new Map([['s.t', 4]]) })
  expect(collapsed([...others(16), ...changes(5)], { ...FORM, notedFrom: 16 }).open.collapsed).toBeUndefined()
})

describe('keys are equal when their bytes are', () => {
  const apart = (rows: readonly BodyRow[], form: BodyForm) =>
    expect(collapsed(rows, { ...form, hash: () => 7 }).open.collapsed).toBeUndefined()

  test.each([
    ['a', 'A'],
    ['strasse', 'straße'],
    ['a', 'a '],
    ['1', '01'],
    ['', '\\N'],
    ['é', 'é'],
  ])('%j is not %j, whatever a collation says', (one, other) =>
    apart([row(one, '1'), row(other, '2'), row(one === '' ? 'x' : '', '3')], FORM),
  )

  test('equal hashes alone do not join rows, and do not part them', () => {
    const rows = ['a', 'b', 'a', 'b', 'c', 'b', 'a'].map((id, i) => row(id, `${i}`))
    const { rows: left } = collapsed(rows, { ...FORM, hash: () => 7 })
    expect(targetBehind(left, ['id'])).toEqual(targetBehind(rows, ['id']))
    expect(left.filter(({ id }) => id === 'a')).toEqual([row('a', '6')])
  })

  const PAIRS: BodyForm = { columns: ['v', 'b', 'x', 'a', '__op'], key: ['a', 'b'] }
  const pair = (a: string, b: string, v: string): BodyRow => ({ a, b, v, x: 'same', __op: '0' })

  test('all columns of a key count, wherever they stand', () => {
    apart([pair('a', 'bc', '1'), pair('ab', 'c', '2'), pair('bc', 'a', '3'), pair('a', 'b', '4')], PAIRS)
    const rows = [pair('a', 'bc', '1'), pair('ab', 'c', '2'), pair('a', 'bc', '3')]
    expect(collapsed(rows, PAIRS).rows).toEqual([rows[1], rows[2]])
  })

  test('a key that is the last field', () => {
    const form = { columns: ['v', '__op', 'id'], key: ['id'] }
    const rows = [row('1', 'a'), row('12', 'b'), row('1', 'c')]
    expect(collapsed(rows, form).rows).toEqual([rows[1], rows[2]])
  })

  test('separators of several bytes', () => {
    const form = { ...PAIRS, separator: '\x01\x02', delimiter: '\x01\x03' }
    const rows = [pair('a', 'b', '1'), pair('', 'ab', '2'), pair('a', 'b', '3')]
    expect(collapsed(rows, form).rows).toEqual([rows[1], rows[2]])
  })
})

describe('JSON', () => {
  const form: BodyForm = { columns: ['doc', 'id', 'v', '__op'], key: ['id'], json: true }
  const json = (id: unknown, v: unknown): BodyRow => ({
    doc: JSON.stringify({ id: 'not the key', list: [1, { id: 2 }, '}]"\\'] }),
    id: JSON.stringify(id),
    v: JSON.stringify(v),
    __op: '0',
  })
  const KEYS: readonly unknown[] = [1, 'a', 'a"b', 'a\\', '{"id":1}', 'a,b', '', '\x01\x02', 'ä', null]

  test.each(KEYS.map(key => [key]))('the key %j, the first row among those left out', key => {
    const rows = [json(key, 1), json('other', 2), json(key, 3)]
    expect(collapsed(rows, form).rows).toEqual([rows[1], rows[2]])
  })

  test('keys that are other keys', () => {
    const rows = KEYS.map((key, i) => json(key, i))
    expect(collapsed(rows, { ...form, hash: () => 7 }).open.collapsed).toBeUndefined()
  })

  test('nothing but the last row is left', () => {
    const rows = [json(1, 1), json(1, 2), json(1, 3)]
    expect(collapsed(rows, form).rows).toEqual([rows[2]])
  })
})

test('a partial row does not bring back what a delete took away', () => {
  const form = { ...FORM, partial: true }
  const rows = [row('1', 'a'), row('1', 'b', 1), row('1', 'c'), row('1', 'd')]
  expect(collapsed(rows, form).rows).toEqual([rows[1], rows[3]])
  expect(collapsed([...rows, row('1', 'e', 1)], form).rows).toEqual([row('1', 'e', 1)])
})

test('rows are told by the table they are of', () => {
  const rows = [...changes(4), row('2', 'a'), row('2', 'b'), row('3', 'a')]
  const { open } = collapsed(rows, { ...FORM, sources: i => (i % 3 === 0 ? 's.a' : 's.b') })
  expect(open.collapsed!.bySource).toEqual(
    new Map([
      ['s.a', 1],
      ['s.b', 3],
    ]),
  )
})

test('random rows in bodies of many chunks: the target is the same, the order is kept, every row is told of', () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
  const random = new Random(seed)
  for (let run = 0; run < 200; run++) {
    const keys = 1 + random.below(random.chance(0.5) ? 5 : 200)
    const json = random.chance(0.5)
    const value = (i: number) =>
      json ? `"${'v'.repeat(random.below(40))}${i}"` : `${'v'.repeat(random.below(40))}${i}`
    const text = (n: number) => (json ? `"k${n}"` : `k${n}`)
    const rows: BodyRow[] = Array.from({ length: 1 + random.below(300) }, (_, i) => ({
      ...row(text(random.below(keys)), value(i)),
      __op: random.chance(0.3) ? '1' : '0',
    }))
    const form: BodyForm = {
      ...FORM,
      json,
      room: random.chance(0.3) ? 15_000 : 0,
      notedFrom: random.chance(0.5) ? random.below(rows.length) : 0,
      ...(random.chance(0.3) ? { hash: ([key]: readonly string[]) => key!.length % 3 } : {}),
    }
    const { open, rows: left } = collapsed(rows, form)
    const where = `seed ${seed}, run ${run}`
    expect([where, targetBehind(left, ['id'])]).toEqual([where, targetBehind(rows, ['id'])])
    // The values are all different, so each row is found again.
    const places = left.map(({ v }) => rows.findIndex(other => other.v === v))
    expect([where, places]).toEqual([where, [...places].sort((a, b) => a - b)])
    const told = [...(open.collapsed?.bySource.values() ?? [])].reduce((sum, count) => sum + count, 0)
    expect([where, left.length + told]).toEqual([where, rows.length])
  }
})
