import { describe, expect, test } from '@jest/globals'
import { CopyBoard } from '../../lib/cli/copy-board.js'
import { renderCopyReport } from '../../lib/cli/copy-text.js'
import { renderPlan } from '../../lib/cli/plan-text.js'
import { Failure } from '../../lib/model/failure.js'
import type { CopiedTarget } from '../../lib/snapshot/batch-copy.js'
import type { PlanReport } from '../../lib/snapshot/plan-source.js'

describe('the report of a copy', () => {
  const whole: CopiedTarget = {
    target: 'shop.orders',
    sources: ['s1.orders'],
    mode: 'upsert',
    seconds: 61,
    copied: { rows: 1200, kept: 1200, bytes: 2048, moments: { 's1.orders': 'b.000001:4' } },
    failure: null,
  }
  const report = { targets: [whole], findings: [], dropped: [], seconds: 61.2 }

  test('tells what each target holds', () => {
    expect(renderCopyReport(report).split('\n')).toEqual([
      'TARGET       SOURCES    READ   ROWS   SIZE     TIME        RESULT',
      'shop.orders  s1.orders  1,200  1,200  2.0 KiB  1 min 01 s  copied',
      '1 of 1 targets copied, 1,200 rows in 1 min 02 s',
    ])
  })

  test('tells failures with what to do, keys that several tables had, and what was left behind', () => {
    const failure = { kind: 'rowRejected' as const, message: 'too long', advice: 'widen it' }
    const text = renderCopyReport({
      ...report,
      targets: [
        { ...whole, sources: ['s1.orders', 's2.orders'], copied: { ...whole.copied!, kept: 1100 } },
        { ...whole, target: 'shop.sums', mode: 'aggregate', copied: { ...whole.copied!, kept: 3 } },
        { ...whole, target: 'shop.bad', copied: null, failure },
      ],
      findings: [
        { check: 'rules.match', level: 'ok', message: 'fine', remedy: '' },
        { check: 'rules.table', level: 'error', message: 'unfit', remedy: 'mend' },
      ],
      dropped: ['shop.mss_1__copy_of__orders'],
    })
    expect(text).toContain('shop.orders: 100 rows have the key of a row of another of its 2 tables')
    expect(text).not.toContain('shop.sums:')
    expect(text).toContain('shop.bad: too long\n         -> widen it')
    expect(text).toMatch(/shop\.bad .*failed; it has its old rows/)
    expect(text).toContain('rules.table: unfit')
    expect(text).not.toContain('fine')
    expect(text).toContain('dropped: shop.mss_1__copy_of__orders')
    expect(text).toContain('2 of 3 targets copied, 2,400 rows')
  })

  test('of nothing says so', () => {
    expect(renderCopyReport({ ...report, targets: [] })).toContain('no table was to be copied')
  })
})

describe('the plan', () => {
  const plan: PlanReport = {
    tables: [
      {
        source: 's.orders',
        targets: [
          { target: 'd.orders', mode: 'upsert', exists: true },
          { target: 'd.changes', mode: 'append', exists: false },
        ],
        rows: 12_000,
        bytes: 3 * 2 ** 20,
        read: 'oneChunkAtATime',
        because: 'each change counts once',
        key: ['a', 'b'],
        chunks: 3,
        seconds: 12,
      },
      {
        source: 's.notes',
        targets: [{ target: 'd.notes', mode: 'append', exists: null }],
        rows: 0,
        bytes: 0,
        read: 'whole',
        because: 'it has no key',
        key: [],
        chunks: 1,
        seconds: null,
      },
    ],
    rows: 12_000,
    bytes: 3 * 2 ** 20,
    seconds: null,
    findings: [],
  }

  test('is a table, reasons and a sum', () => {
    expect(renderPlan(plan).split('\n')).toEqual([
      'SOURCE    TARGET              MODE    ROWS     SIZE      KEY   READ                  TIME',
      's.orders  d.orders            upsert  ~12,000  ~3.0 MiB  a, b  3 chunks, one by one  12 s',
      '          d.changes (new)     append',
      's.notes   d.notes (not seen)  append  ~0       ~0 bytes  -     whole                 ?',
      's.orders one chunk at a time: each change counts once',
      's.notes read whole: it has no key',
      '2 tables, ~12,000 rows, ~3.0 MiB; nothing was there to measure the time by',
    ])
  })

  test('says a reason once that holds for all, and the time', () => {
    const tables = plan.tables.map(table => ({ ...table, read: 'whole' as const, because: 'one moment' }))
    const text = renderPlan({ ...plan, tables, seconds: 90 })
    expect(text).toContain('\nread whole: one moment\n')
    expect(text).toContain('about 1 min 30 s to read one after the other')
    expect(renderPlan({ ...plan, tables: [] })).toContain('no table is to be copied')
  })
})

describe('the board of a copy', () => {
  test('draws a bar for each target under way, and tells what happens', () => {
    let now = 0
    const told: string[] = []
    const board = new CopyBoard(
      () => now,
      line => told.push(line),
    )
    board.expect('d.a', 1000)
    board.expect('d.long', 0)
    expect(board.lines).toEqual(['0 of 2 targets, 0 rows'])
    board.begins('d.a')
    board.begins('d.long')
    now = 2000
    board.read('d.a', 400, 4096)
    board.read('d.a', 100, 1024)
    expect(board.lines).toEqual([
      'd.a     [############            ]  50 %  500 of ~1,000 rows, 250 rows/s, 2 s left',
      expect.stringMatching(/^d\.long {2}\[/),
      '0 of 2 targets, 500 rows',
    ])
    board.again('d.a', new Failure('sourceUnreachable', 'lost'), 200)
    expect(board.lines[0]).toContain('0 of ~1,000 rows')
    now = 4000
    board.read('d.a', 1000, 2048)
    board.ended('d.a', null)
    board.ended('d.long', new Failure('rowRejected', 'too long'))
    expect(board.lines).toEqual(['2 of 2 targets, 1,000 rows'])
    expect(told).toEqual([
      'd.a: lost; begins anew in 1 s',
      'd.a: copied, 1,000 rows, 2.0 KiB in 2 s',
      'd.long: failed, it keeps its old rows: too long',
    ])
  })
})
