import { expect, test } from '@jest/globals'
import type { Position } from '../../lib/model/position.js'
import type { ComparedTable } from '../../lib/verify/compared-table.js'
import { settle } from '../../lib/verify/settle.js'
import { type Ask, TableSide } from '../../lib/verify/table-side.js'

const rows = {
  from: 't',
  where: null,
  isOwner: () => false,
  ownKey: null,
  ranged: ['id'],
  keyNames: ['id'],
  keyLiterals: (texts: readonly (string | null)[]) => texts.map(String),
}
const TABLE: ComparedTable = {
  columns: [
    { name: 'id', kind: 'integer', fetched: false, long: false, target: 'id' },
    { name: 'v', kind: 'text', fetched: false, long: false, target: 'v' },
  ],
  key: [0],
  sources: [{ ...rows, texts: ['id', 'v'], table: { schema: 's', table: 't', columns: [], key: ['id'], comment: '' } }],
  target: { ...rows, texts: ['id', 'v'] },
  tolerated: new Set(),
  ignored: {},
}
const at = (binPos: number): Position => ({ binName: 'b.1', binPos, gtidSet: '', serverUuid: 'u' })

/** One side whose row 1 has these values, one after the other; the last one stays. Undefined: no row. */
function side(kind: 'source' | 'target', values: readonly (string | undefined)[], asked: string[]): TableSide {
  let n = 0
  const ask: Ask = async () => {
    asked.push(kind)
    const v = values[Math.min(n++, values.length - 1)]
    return v === undefined ? [] : [{ d: v, c0: '1', c1: v }]
  }
  return new TableSide(TABLE, kind, ask)
}

async function settled(
  source: readonly (string | undefined)[],
  target: readonly (string | undefined)[],
  place: { position: Position | null; running: boolean } = { position: at(100), running: true },
) {
  const asked: string[] = []
  const found = await settle(
    {
      table: TABLE,
      sides: { source: side('source', source, asked), target: side('target', target, asked) },
      head: async () => {
        asked.push('head')
        return at(100)
      },
      place: async () => place,
      waitMs: 0,
      signal: new AbortController().signal,
    },
    [{ key: ['1'], kind: 'changed' }],
  )
  return { ...found, asked }
}

test('a row that is the same by now is no difference', async () => {
  expect(await settled(['a'], ['a'])).toMatchObject({ differences: [], pending: [], why: null })
})

test('the end of the binlog is asked for between the two reads', async () => {
  expect((await settled(['a'], ['a'])).asked).toEqual(['source', 'head', 'target'])
})

test('a row that differs twice, while nothing moves, differs; its kind is told anew', async () => {
  const changed = await settled(['a'], ['b'])
  expect(changed.differences).toEqual([{ key: ['1'], kind: 'changed', columns: ['v'], source: 0 }])
  expect((await settled(['a'], [undefined])).differences).toMatchObject([{ kind: 'missing' }])
  expect((await settled([undefined], ['b'])).differences).toMatchObject([{ kind: 'extra' }])
})

test('a value that was there in between, and a target that is ahead, deceive nobody', async () => {
  // Read a, then b was there and reached the target, then a again: the next round finds them equal.
  expect(await settled(['a', 'a', 'a'], ['b', 'a'])).toMatchObject({ differences: [], pending: [] })
  expect(await settled(['a', 'b'], ['b'])).toMatchObject({ differences: [], pending: [] })
})

test('a row that never stands still is pending', async () => {
  const moving = Array.from({ length: 100 }, (_, n) => `v${n}`)
  const { differences, pending, why } = await settled(moving, ['x'])
  expect([differences, pending.length, why]).toEqual([[], 1, 'these rows kept changing while they were looked at'])
}, 60_000)

test('nothing differs for good before the stream has passed it', async () => {
  const stopped = await settled(['a'], ['b'], { position: at(99), running: false })
  expect(stopped).toMatchObject({
    differences: [],
    pending: [{ key: ['1'] }],
    why: 'the engine does not run; it is at b.1:99, and the source at b.1:100',
  })
  const slow = await settled(['a'], ['b'], { position: at(99), running: true })
  expect([slow.differences, slow.why]).toEqual([[], 'the engine is at b.1:99 after 0 s, and the source was at b.1:100'])
  // What a stopped engine has left off behind is all there.
  const done = await settled(['a'], ['b'], { position: at(100), running: false })
  expect(done.differences).toHaveLength(1)
})
