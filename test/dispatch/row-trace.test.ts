import { expect, test } from '@jest/globals'
import { LoadTrace, RowTrace, TRACED_ROW_BYTES, TracedEvent } from '../../lib/dispatch/row-trace.js'
import { failureOf } from '../support/failure-of.js'

const RENDER = (buffer: Buffer, at: number, limit: number) => `{"v":"${buffer[at]}","left":${limit - at}}`

/** An event of images of one byte each, behind two bytes of something else. */
function eventOf(op: 'insert' | 'update' | 'delete', images: number[], event = 0): TracedEvent {
  const buffer = Buffer.from([9, 9, ...images, 9])
  const place = { binName: 'b.000001', binPos: 4, event }
  const traced = new TracedEvent({ op, buffer, at: 2, end: 2 + images.length }, place, 1000 + event, 's.t', RENDER)
  // What the reader hands out is valid during the call only.
  buffer.fill(0)
  place.event = 77
  return traced
}

test('each row is told with its change, its images and its place', () => {
  const trace = new RowTrace()
  const update = eventOf('update', [1, 2, 3, 4], 5)
  const remove = eventOf('delete', [6], 6)
  trace.note(update, 'rule A', 0, true, 2, 3, 0xffff_fffe)
  trace.note(update, 'rule A', 1, false, 4, 5, 12)
  trace.note(update, 'rule B', 1, false, 4, 5, 12)
  trace.note(remove, 'rule B', 0, true, 2, -1, 13)
  expect(trace.describe(0)).toEqual({
    source: 's.t',
    rule: 'rule A',
    op: 'update',
    place: { binName: 'b.000001', binPos: 4, event: 5, row: 0, takesAway: true },
    commitMs: 1005,
    before: '{"v":"1","left":4}',
    after: '{"v":"2","left":3}',
    keyHash: 0xffff_fffe,
  })
  expect(trace.describe(1)).toMatchObject({
    rule: 'rule A',
    place: { row: 1, takesAway: false },
    before: '{"v":"3","left":2}',
  })
  expect(trace.describe(2)).toMatchObject({ rule: 'rule B', place: { row: 1 } })
  expect(trace.describe(3)).toMatchObject({ op: 'delete', before: '{"v":"6","left":1}', after: null })
  expect(failureOf(() => trace.describe(4))).toMatchObject({ kind: 'internal' })
})

test('many rows of many events', () => {
  const trace = new RowTrace()
  for (let e = 0; e < 100; e++) {
    const event = eventOf('insert', [e, e + 100], e)
    trace.note(event, 'r', 0, false, -1, 2, e)
    trace.note(event, 'r', 1, false, -1, 3, e)
  }
  const told = Array.from({ length: trace.rows }, (_, i) => trace.describe(i))
  expect(told.map(row => row.place.event)).toEqual(Array.from({ length: 200 }, (_, i) => i >> 1))
  expect(told.map(row => JSON.parse(row.after!).v)).toEqual(
    Array.from({ length: 200 }, (_, i) => String((i >> 1) + (i & 1 ? 100 : 0))),
  )
})

test('an event is free with its last holder, and says how many bytes that gives', () => {
  const event = eventOf('insert', [1, 2, 3])
  const [one, two] = [new RowTrace(), new RowTrace()]
  one.note(event, 'r', 0, false, -1, 2, 1)
  two.note(event, 'r', 1, false, -1, 3, 2)
  one.note(event, 'r', 2, false, -1, 4, 3)
  expect(event.bytes).toBe(3)
  expect(event.release()).toBe(0)
  expect(one.release()).toBe(0)
  expect(two.release()).toBe(3)
  expect(two.release()).toBe(0)
  expect(eventOf('insert', [1, 2, 3]).release()).toBe(3)
  expect(TRACED_ROW_BYTES).toBe(16)
})

test('bodies that went as one load count as one', () => {
  const event = eventOf('insert', [1, 2, 3])
  const parts = [new RowTrace(), new RowTrace(), new RowTrace()]
  parts[0]!.note(event, 'r', 0, false, -1, 2, 10)
  parts[2]!.note(event, 'r', 1, false, -1, 3, 11)
  parts[2]!.note(event, 'r', 2, false, -1, 4, 12)
  const load = new LoadTrace(parts)
  expect(load.rows).toBe(3)
  expect([0, 1, 2].map(i => load.describe(i).place.row)).toEqual([0, 1, 2])
  const hashes: number[][] = []
  load.eachHash((hash, ordinal) => hashes.push([hash, ordinal]))
  expect(hashes).toEqual([
    [10, 0],
    [11, 1],
    [12, 2],
  ])
  const rest = load.pick([0, 2])
  expect([rest.rows, rest.place(0).row, rest.place(1).row]).toEqual([2, 0, 2])
  expect(rest.pick([1]).place(0).row).toBe(2)
  hashes.length = 0
  rest.eachHash((hash, ordinal) => hashes.push([hash, ordinal]))
  expect(hashes).toEqual([
    [10, 0],
    [12, 1],
  ])
  expect(failureOf(() => rest.describe(2))).toMatchObject({ kind: 'internal' })
  expect(failureOf(() => load.describe(3))).toMatchObject({ kind: 'internal' })
  event.release()
  expect(load.release()).toBe(3)
})
