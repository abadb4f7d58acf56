import { expect, test } from '@jest/globals'
import { StatusBoard } from '../../lib/observe/status.js'
import { happenings } from '../support/happenings.js'

const START = 1_000_000
const h = happenings(START)
const clock = { ms: START }

function board(): StatusBoard {
  clock.ms = START
  const subject = new StatusBoard(
    { version: '1', pid: 1 },
    text => text.replaceAll('many', '***'),
    () => clock.ms,
  )
  subject.observe(h.connected)
  return subject
}
const note = (subject: StatusBoard) => subject.snapshot().freshness_note

test('nothing delays: no note', () => {
  const subject = board()
  subject.observe(h.window)
  expect(note(subject)).toBeNull()
})

test('a stretched interval, until it is back or the flow starts anew', () => {
  const subject = board()
  const back = { kind: 'pace', askedMs: 1000, usedMs: 1000, reason: null } as const
  for (const end of [back, h.starting]) {
    subject.observe(h.pace)
    expect(note(subject)).toBe(h.pace.reason)
    subject.observe(end)
    expect(note(subject)).toBeNull()
  }
})

test('a full window', () => {
  const subject = board()
  subject.observe({ ...h.window, waiting: true })
  expect(note(subject)).toBe('the source waits: the ack window is full (10 rows, 1000 bytes are not durable yet)')
})

test('what is tried again, and why, without secrets', () => {
  const subject = board()
  subject.observe(h.retrying)
  expect(note(subject)).toBe('trying demo.orders again (try 2): too *** versions')
  subject.observe(h.loaded)
  subject.observe(h.disconnected)
  expect(note(subject)).toBe('trying stream again (try 1): connect ECONNREFUSED 127.0.0.1:3306')
})

test('a transaction that does not end, once the same one has been open for some time', () => {
  const subject = board()
  const open = { ...h.window, openAt: 'mysql-bin.000005:700' }
  subject.observe({ ...open, openAt: 'mysql-bin.000005:500' })
  clock.ms += 4000
  subject.observe(open)
  clock.ms += 4000
  subject.observe(open)
  expect(note(subject)).toBeNull()
  clock.ms += 4000
  expect(note(subject)).toBe('the end of the transaction behind mysql-bin.000005:700 has not been read for 8 s')
  subject.observe(h.window)
  expect(note(subject)).toBeNull()
})

test('several causes, the gravest first; none of a flow that has ended', () => {
  const subject = board()
  for (const happening of [h.pace, { ...h.window, waiting: true }, h.retrying]) subject.observe(happening)
  expect(note(subject)).toMatch(/^trying demo\.orders again.*; the source waits: .*; flush interval stretched/)
  subject.observe(h.stopped)
  expect(note(subject)).toBeNull()
})
