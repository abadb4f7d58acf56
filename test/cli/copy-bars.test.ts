import { expect, test } from '@jest/globals'
import { snapshotLines } from '../../lib/cli/copy-bars.js'
import { LiveBars } from '../../lib/cli/live-bars.js'
import type { CopyProgress, Happening } from '../../lib/model/observer.js'
import { SnapshotBoard } from '../../lib/observe/snapshot-board.js'

function copy(source: string, about: Partial<CopyProgress>): CopyProgress {
  const none = { rows: 0, bytes: 0, estimatedRows: null, rowsPerSecond: 0, leftS: null }
  return { source, state: 'waiting', reason: 'initial', ...none, ...about }
}

function snapshot(copies: readonly CopyProgress[], waits: string | null = null): Happening {
  return { kind: 'snapshot', copies, waits, atMs: 1 }
}

test('a bar for each table, those under way first, and why nothing is read', () => {
  const board = new SnapshotBoard()
  board.observe(
    snapshot(
      [
        copy('shop.done', { state: 'copied', rows: 70, estimatedRows: 60 }),
        copy('shop.big', { state: 'copying', rows: 1500, estimatedRows: 2000, rowsPerSecond: 100, leftS: 5 }),
        copy('shop.more', { state: 'copying', rows: 2500, estimatedRows: 2000, rowsPerSecond: 1, leftS: 7300 }),
        copy('shop.next', {}),
      ],
      '9 threads run on the source',
    ),
  )
  expect(snapshotLines(board.snapshot())).toEqual([
    'snapshot   [##################------]  75 % shop.big: 1500 of about 2000 rows, 100 rows/s, 5 s left',
    'snapshot   [########################]  99 % shop.more: 2500 of about 2000 rows, 1 rows/s, 2 h 2 min left',
    'snapshot   [------------------------]   ? % shop.next: waits for its turn',
    'snapshot   [########################] 100 % shop.done: copied, 70 rows',
    'snapshot   waits: 9 threads run on the source',
  ])
  expect(snapshotLines(null)).toEqual([])
})

test('in a terminal the bars stay below the lines of the log, and go when all is copied', () => {
  let screen: string[] = []
  const bars = new LiveBars({
    columns: 60,
    write: text => {
      // The cursor stands at the beginning of the line behind the last one.
      const ups = text.split('\u001b[1A\u001b[2K')
      if (ups.length > 1) screen = screen.slice(0, screen.length - (ups.length - 1))
      screen.push(...ups.at(-1)!.split('\n').slice(0, -1))
    },
  })
  bars.write('first\n')
  bars.observe(snapshot([copy('a.b', { state: 'copying', rows: 1, estimatedRows: 4 }), copy('a.c', {})]))
  bars.write('second\n')
  expect(screen.map(line => line.slice(0, 47))).toEqual(
    [
      'first',
      'second',
      'snapshot   [######------------------]  25 % a.b',
      'snapshot   [------------------------]   ? % a.c',
    ].map(line => line.slice(0, 47)),
  )
  expect(screen.every(line => line.length < 60)).toBe(true)
  bars.observe(snapshot([copy('a.b', { state: 'copied', rows: 4 }), copy('a.c', { state: 'copied' })]))
  bars.write('third\n')
  expect(screen).toEqual(['first', 'second', 'third'])
})
