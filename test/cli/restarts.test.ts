import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { forgetRestarts, judgeRestart, type Restarts, readRestarts, writeRestarts } from '../../lib/cli/restarts.js'

const MINUTE = 60_000
const NOON = Date.UTC(2026, 10, 21, 12)

const NEVER = { startedAtMs: 0, aliveAtMs: 0 }

/** Minutes after noon at which a monitor that comes every minute starts what dies before the next minute, over a day. */
function startsOf(positionAt: (minute: number) => string, lastLife = (_started: number) => NEVER): number[] {
  let restarts: Restarts | null = null
  const started: number[] = []
  for (let minute = 0; minute < 24 * 60; minute++) {
    const verdict = judgeRestart(restarts, {
      nowMs: NOON + minute * MINUTE,
      position: positionAt(minute),
      ...lastLife(restarts?.lastAtMs ?? 0),
    })
    if (!('start' in verdict)) continue
    restarts = verdict.start
    started.push(minute)
  }
  return started
}

test('five quick starts, then pauses that double up to an hour', () => {
  expect(startsOf(() => 'same').slice(0, 13)).toEqual([0, 1, 2, 3, 4, 6, 10, 18, 34, 66, 126, 186, 246])
})

test('progress makes starts quick again', () => {
  const started = startsOf(minute => (minute < 100 ? 'before' : 'behind'))
  expect(started.slice(9, 17)).toEqual([66, 100, 101, 102, 103, 104, 106, 110])
})

test('a process that lived for an hour on a silent source was no start in vain', () => {
  const anHour = (started: number) => ({ startedAtMs: started, aliveAtMs: started + 60 * MINUTE })
  expect(startsOf(() => 'same', anHour)).toHaveLength(24 * 60)
  expect(
    startsOf(
      () => 'same',
      started => anHour(started - 61 * MINUTE),
    ).slice(5, 8),
  ).toEqual([6, 10, 18])
})

test('a clock that was set back holds nothing up', () => {
  const before = { position: 'p', starts: 9, lastAtMs: NOON, lastEnd: null, told: true }
  expect(judgeRestart(before, { nowMs: NOON - 1, position: 'p', ...NEVER })).toHaveProperty('start')
})

test('that the operator was told lasts until there is progress', () => {
  const before = { position: 'p', starts: 5, lastAtMs: NOON, lastEnd: 'x', told: true }
  const again = (position: string) => judgeRestart(before, { nowMs: NOON + 3 * MINUTE, position, ...NEVER })
  expect(again('p')).toMatchObject({ start: { starts: 6, told: true, lastEnd: 'x' } })
  expect(again('q')).toMatchObject({ start: { starts: 1, told: false, lastEnd: null } })
})

test('the file: missing, written, damaged, forgotten', () => {
  const folder = mkdtempSync(join(tmpdir(), 'restarts-'))
  const restarts = { position: 'p', starts: 2, lastAtMs: NOON, lastEnd: null, told: false }
  expect(readRestarts(folder)).toBeNull()
  writeRestarts(folder, restarts)
  expect(readRestarts(folder)).toEqual(restarts)
  writeFileSync(join(folder, 'restarts.json'), '{"pos')
  expect(readRestarts(folder)).toBeNull()
  forgetRestarts(folder)
  forgetRestarts(folder)
  rmSync(folder, { recursive: true })
})
