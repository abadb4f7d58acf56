import { describe, expect, test } from '@jest/globals'
import type { Happening } from '../../lib/model/observer.js'
import { StatusBoard } from '../../lib/observe/status.js'
import { happenings, positionAt } from '../support/happenings.js'

const START = 1_000_000

function board() {
  const clock = { ms: START }
  const subject = new StatusBoard(
    { version: '1.2.3', pid: 77 },
    text => text.replaceAll('3306', '***'),
    () => clock.ms,
  )
  return { clock, subject, h: happenings(START) }
}

test('a snapshot tells all that has happened', () => {
  const { clock, subject, h } = board()
  const story: Happening[] = [
    h.starting,
    h.connected,
    h.received,
    h.received,
    h.window,
    h.retrying,
    h.loaded,
    h.advanced,
  ]
  story.push(h.delivery, h.accounted, h.accounted)
  for (const happening of story) subject.observe(happening)
  clock.ms += 2000
  expect(subject.snapshot()).toEqual({
    format: 1,
    version: '1.2.3',
    pid: 77,
    state: 'streaming',
    since_ms: START,
    started_at_ms: START,
    alive_at_ms: START + 2000,
    last_event_at_ms: START - 20,
    server: 'MySQL 9.7.0',
    position: positionAt(700),
    lag_ms: 300,
    freshness_ms: { last: 300, p50: 300, p99: 900 },
    freshness_note: null,
    halted: [],
    snapshot: null,
    delivery: { mode: 'atomic', reason: 'a scratch transaction succeeded on StarRocks 4.1.2' },
    rows_per_second: 5,
    window: { rows: 10, bytes: 1000, fill_percent: 25, waiting: false },
    sources: { 'shop.orders': { rows: 20, bytes: 2000 } },
    targets: { 'demo.orders': { rows: 10, bytes: 1000, loads: 1, retried_rows: 5, parked: 0 } },
    dead_letters: null,
    tables: {
      'shop.orders': { 'demo.orders': { decoded: 28, filtered: 2, collapsed: 4, loaded: 20, parked: 2 } },
    },
    verify: null,
    last_load: { target: 'demo.orders', label: 'l-1', rows: 10, bytes: 1000, ms: 42, at_ms: START },
    last_error: { kind: 'targetBusy', message: 'too many versions', advice: expect.any(String), at_ms: START },
    retry: null,
  })
})

test('a halted table is there until it is followed again', () => {
  const { subject, h } = board()
  const halted = { source: 'shop.sales', position: positionAt(500), statement: 'ALTER TABLE sales DROP PARTITION p0' }
  for (const happening of [h.connected, h.haltedTables, h.held, h.held]) subject.observe(happening)
  expect(subject.snapshot()).toMatchObject({
    state: 'streaming',
    halted: [{ ...halted, held_events: 2, catching_up: false, advice: expect.stringMatching(/halted accept/) }],
  })
  subject.observe(h.tryingHalted)
  expect(subject.snapshot().halted).toMatchObject([{ ...halted, catching_up: true }])
  subject.observe({ ...h.catchingUp, position: positionAt(600) })
  expect(subject.snapshot().halted).toMatchObject([{ position: positionAt(600), catching_up: true }])
  for (const happening of [h.tableRejoined, { ...h.haltedTables, tables: [] }]) subject.observe(happening)
  expect(subject.snapshot()).toMatchObject({ halted: [], position: positionAt(4) })
})

test('parked rows are counted per target, dead letters that wait in all', () => {
  const { subject, h } = board()
  for (const happening of [h.deadLetters, h.parked, h.loaded, h.parked, { ...h.deadLetters, open: 10 }])
    subject.observe(happening)
  expect(subject.snapshot()).toMatchObject({
    dead_letters: 10,
    targets: { 'demo.orders': { rows: 10, loads: 1, parked: 6 } },
  })
})

describe('state', () => {
  test('is starting until connected, and names since when', () => {
    const { clock, subject, h } = board()
    subject.observe(h.starting)
    expect(subject.snapshot().state).toBe('starting')
    clock.ms += 50
    subject.observe(h.connected)
    expect(subject.snapshot()).toMatchObject({ state: 'streaming', since_ms: START + 50 })
  })

  test('is retrying while anything is tried again, and counts the tries', () => {
    const { subject, h } = board()
    subject.observe(h.disconnected)
    subject.observe(h.disconnected)
    expect(subject.snapshot()).toMatchObject({
      state: 'retrying',
      lag_ms: null,
      retry: { what: 'stream', attempt: 2, next_try_at_ms: START + 800 },
      last_error: { kind: 'sourceUnreachable', message: 'connect ECONNREFUSED 127.0.0.1:***' },
    })
    subject.observe(h.connected)
    subject.observe(h.retrying)
    subject.observe(h.unsaved)
    subject.observe(h.advanced)
    expect(subject.snapshot()).toMatchObject({ state: 'retrying', retry: { what: 'demo.orders', attempt: 2 } })
    subject.observe(h.loaded)
    expect(subject.snapshot()).toMatchObject({ state: 'streaming', retry: null })
  })

  test('ends as failed or stopped', () => {
    const { subject, h } = board()
    subject.observe(h.connected)
    subject.observe(h.failed)
    expect(subject.snapshot()).toMatchObject({
      state: 'failed',
      last_error: { kind: 'rowRejected' },
      position: positionAt(700),
    })
    const other = board()
    other.subject.observe(other.h.connected)
    other.subject.observe(other.h.retrying)
    other.subject.observe(other.h.stopped)
    expect(other.subject.snapshot()).toMatchObject({ state: 'stopped', retry: null, position: positionAt(800) })
  })
})

describe('lag', () => {
  test('grows while rows wait and no step is made', () => {
    const { clock, subject, h } = board()
    subject.observe(h.connected)
    subject.observe(h.window)
    clock.ms += 9000
    subject.observe(h.window)
    expect(subject.snapshot().lag_ms).toBe(9000)
  })

  test('is zero when nothing waits and the last step is a while ago', () => {
    const { clock, subject, h } = board()
    subject.observe(h.connected)
    subject.observe(h.advanced)
    clock.ms += 60_000
    subject.observe({ ...h.window, rows: 0 })
    expect(subject.snapshot().lag_ms).toBe(0)
  })
})

test('numbers of the last minute forget what is older', () => {
  const { clock, subject, h } = board()
  subject.observe(h.connected)
  subject.observe(h.advanced)
  clock.ms += 61_000
  expect(subject.snapshot()).toMatchObject({ rows_per_second: 0, freshness_ms: null })
  subject.observe({ ...h.advanced, rows: 600, atMs: clock.ms, newestCommitMs: 0, oldestCommitMs: 0 })
  expect(subject.snapshot()).toMatchObject({ rows_per_second: 10, freshness_ms: null })
})
