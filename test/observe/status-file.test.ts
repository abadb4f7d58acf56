import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { StatusBoard } from '../../lib/observe/status.js'
import { readStatusFile, StatusFile } from '../../lib/observe/status-file.js'
import { happenings } from '../support/happenings.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'status-file-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const board = (now: () => number) => new StatusBoard({ version: '1', pid: 5 }, text => text, now)

test('is there from the start, follows, and leaves no side file', () => {
  let now = Date.now() - 50_000
  const subject = board(() => now)
  const troubles: unknown[] = []
  const file = new StatusFile(
    { dataDir: folder, everyMs: 3_600_000 },
    () => subject.snapshot(),
    error => troubles.push(error),
  )
  expect(readStatusFile(folder)?.status).toMatchObject({ state: 'starting', alive_at_ms: now })
  now += 7
  subject.observe(happenings(now).connected)
  file.close()
  expect(readStatusFile(folder)?.status).toMatchObject({ state: 'streaming', alive_at_ms: now })
  expect(readdirSync(folder)).toEqual(['status.json'])
  expect(troubles).toEqual([])
})

test('a file that cannot be rewritten is told once and still shows life by its time', () => {
  const long = new Date(Date.now() - 3_600_000)
  const subject = board(() => long.getTime())
  const troubles: unknown[] = []
  const file = new StatusFile(
    { dataDir: folder, everyMs: 3_600_000 },
    () => subject.snapshot(),
    error => troubles.push(error),
  )
  mkdirSync(join(folder, 'status.json.new'))
  utimesSync(join(folder, 'status.json'), long, long)
  const before = Date.now()
  file.write()
  file.write()
  expect(troubles).toHaveLength(1)
  expect(readStatusFile(folder)!.aliveAtMs).toBeGreaterThanOrEqual(before - 10)
  rmSync(join(folder, 'status.json.new'), { recursive: true })
  file.close()
  expect(troubles).toHaveLength(1)
})

test('no file, or half a one, is no status', () => {
  expect(readStatusFile(folder)).toBeNull()
  writeFileSync(join(folder, 'status.json'), '{"form')
  expect(readStatusFile(folder)).toBeNull()
})
