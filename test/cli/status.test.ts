import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { lockDataDir } from '../../lib/checkpoint/data-dir.js'
import { writeStopMark } from '../../lib/checkpoint/stop-mark.js'
import { renderStatus, status } from '../../lib/cli/status.js'
import { look } from '../../lib/cli/wait.js'
import { StatusBoard } from '../../lib/observe/status.js'
import { StatusFile } from '../../lib/observe/status-file.js'
import { happenings, positionAt } from '../support/happenings.js'

const NOW = Date.UTC(2026, 10, 21)
const h = happenings(NOW)

let folder: string
let closing: (() => void)[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'status-'))
  writeFileSync(join(folder, 'sync.toml'), 'data_dir = "."\n')
  closing = []
})
afterEach(() => {
  for (const close of closing) close()
  rmSync(folder, { recursive: true, force: true })
})

/** An engine of this process, as far as the folder shows. */
function running(...story: (typeof h)[keyof typeof h][]): void {
  const lock = lockDataDir(folder)
  closing.push(() => lock.release())
  written(...story)
}

function written(...story: (typeof h)[keyof typeof h][]): void {
  const board = boardAfter(...story)
  new StatusFile({ dataDir: folder, everyMs: 3_600_000 }, () => board.snapshot(), console.error).close()
}

function boardAfter(...story: (typeof h)[keyof typeof h][]): StatusBoard {
  const board = new StatusBoard(
    { version: '1', pid: process.pid },
    text => text,
    () => NOW,
  )
  for (const happening of story) board.observe(happening)
  return board
}

async function show(json = false): Promise<{ code: number; out: string }> {
  let out = ''
  const write = (text: string) => {
    out += text
  }
  const terminal = { out: write, err: write }
  return { code: await status.run({ config: join(folder, 'sync.toml'), json }, terminal, []), out }
}

describe('status', () => {
  test('as text', () => {
    const more = [h.pace, h.delivery, h.accounted]
    const board = boardAfter(h.connected, h.received, h.window, h.retrying, h.loaded, h.advanced, ...more)
    expect(renderStatus(board.snapshot(), NOW + 5)).toBe(
      [
        'state      streaming since 2026-11-21T00:00:00.000Z',
        `pid        ${process.pid}`,
        'server     MySQL 9.7.0',
        'position   mysql-bin.000005:700',
        'lag        300 ms',
        'freshness  300 ms (last minute: p50 300, p99 900)',
        'delayed    flush interval stretched from 1000 to 4200 ms: the last loads took 3.4 s',
        'delivery   atomic: a scratch transaction succeeded on StarRocks 4.1.2',
        'rows/s     10',
        'window     25 % (10 rows, 1000 bytes)',
        'last event 25 ms ago',
        'last load  10 rows into demo.orders in 42 ms at 2026-11-21T00:00:00.000Z',
        'last error 2026-11-21T00:00:00.000Z too many versions',
        expect.stringMatching(/^to do {6}StarRocks is over/),
        'source     shop.orders: 10 rows, 1000 bytes received',
        'target     demo.orders: 10 rows, 1000 bytes in 1 loads',
        'rows       shop.orders -> demo.orders: 14 decoded = 1 filtered + 2 collapsed + 10 loaded + 1 parked',
      ]
        .map(line => (typeof line === 'string' ? line : `to do      ${board.snapshot().last_error!.advice}`))
        .join('\n'),
    )
  })

  test('of an engine that runs is 0, as JSON too', async () => {
    running(h.connected)
    expect(await show()).toMatchObject({ code: 0, out: expect.stringContaining('state      streaming') })
    const { code, out } = await show(true)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ running: true, state: 'streaming', pid: process.pid })
  })

  test('with a halted table is 1, and says what to do', async () => {
    running(h.connected, h.haltedTables, h.held)
    expect((await show(true)).code).toBe(1)
    const { code, out } = await show()
    expect(code).toBe(1)
    expect(out).toMatch(/^state {6}streaming/)
    expect(out).toMatch(
      /\nhalted {5}shop\.sales: since .+, 1 events held, at mysql-bin\.000005:500: rows were removed.+\n {2}statement ALTER TABLE sales DROP PARTITION p0\n {2}to do {4}.+halted accept shop\.sales/,
    )
  })

  test('of none is 1 and says why', async () => {
    expect(await show()).toEqual({ code: 1, out: 'not running' })
    written(h.connected)
    writeStopMark(folder, {
      by: 'failure',
      atMs: 1,
      kind: 'rowRejected',
      message: 'refused',
      advice: 'widen',
      exitCode: 8,
    })
    expect(await show()).toEqual({
      code: 1,
      out: 'not running\nfailed: refused\nto do: widen\nposition: mysql-bin.000005:4',
    })
    expect(JSON.parse((await show(true)).out)).toMatchObject({ running: false, state: 'streaming' })
  })
})

describe('wait', () => {
  test('is done when the position is at the head', () => {
    running(h.connected, h.advanced)
    expect(look(folder, positionAt(700))).toEqual({ done: 0, text: 'visible up to mysql-bin.000005:700' })
    expect(look(folder, positionAt(701))).toEqual({
      done: null,
      text: 'streaming at mysql-bin.000005:700, the source was at mysql-bin.000005:701',
    })
  })

  test('waits for a catch-up, and ends when a table stays halted', () => {
    running(h.connected, h.advanced, h.haltedTables, h.tryingHalted)
    expect(look(folder, positionAt(700))).toMatchObject({
      done: null,
      text: expect.stringMatching(/shop\.sales is being caught up/),
    })
    written(h.connected, h.advanced, h.haltedTables)
    expect(look(folder, positionAt(701)).done).toBeNull()
    expect(look(folder, positionAt(700))).toMatchObject({
      done: 1,
      text: expect.stringMatching(/but not shop\.sales: halted/),
    })
  })

  test('names what is tried again', () => {
    running(h.connected, h.advanced, h.disconnected)
    expect(look(folder, positionAt(701)).text).toMatch(/^retrying at .*; connect ECONNREFUSED/)
  })

  test('ends without an engine, or with one of another server', () => {
    expect(look(folder, positionAt(1))).toEqual({ done: 1, text: 'not running' })
    written(h.failed)
    expect(look(folder, positionAt(1)).text).toMatch(/^not running: row refused\nStarRocks refused rows/)
    running(h.connected)
    expect(look(folder, { ...positionAt(1), serverUuid: 'u-2' })).toEqual({
      done: 1,
      text: 'the position is of server u-1, the source is u-2',
    })
  })
})
