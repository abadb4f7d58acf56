import { expect, test } from '@jest/globals'
import type { Report } from '../../bench/report.js'
import { renderReport } from '../../bench/report-table.js'
import { STAGES, type Stage } from '../../bench/stage-budget.js'

const ran = (cpuSeconds: number) => ({ rows: 500_000, bytes: 25_000_000, cpuSeconds, seconds: 5, peakRssMb: 150 })
const shares = Object.fromEntries(STAGES.map(stage => [stage, 0.125])) as Record<Stage, number>

const REPORT: Report = {
  format: 1,
  at: '2026-01-02T03:04:05.678Z',
  commit: 'abcdef0123',
  machine: { cpu: 'Some CPU', cores: 2, memory_mb: 24_000, system: 'Linux 6', load_before: 0.1, load_after: 2.5 },
  versions: { node: 'v20.20.2', mysql2: '3.24.5' },
  scale: 1,
  rounds: 1,
  servers: [
    {
      server: 'MySQL 9.7.4',
      parts: [
        {
          name: 'narrow inserts',
          rows: 500_000,
          bytes: 25_000_000,
          samples: { atomic: [{ ...ran(3), sinkCpuSeconds: 0.25 }], start: [ran(1)], raw: [ran(2)], zongji: [ran(12)] },
        },
        {
          name: 'narrow inserts, a tenth',
          rows: 50_000,
          bytes: 2_500_000,
          samples: { atomic: [ran(1.25)], start: [ran(1)] },
        },
      ],
      stages: [{ name: 'narrow inserts', busy_ms: 2900, shares, top: [{ place: 'encode x.js:1', share: 0.25 }] }],
      freshness: {
        samples: [{ flush_interval_ms: 200, asked: 1000, reached: 998, p50_ms: 150, p99_ms: 290, engine_cores: 0.06 }],
        highest: { 200: 1000, 1000: null },
      },
      soak: {
        minutes: 20,
        asked: 5000,
        reached: 4998,
        rows: 5_997_600,
        engine_cores: 0.2,
        trend: { mb_per_hour: -1.5, first_mb: 150, last_mb: 149, peak_mb: 171 },
        samples: [{ seconds: 10, rss_mb: 150 }],
      },
    },
  ],
}

test('a report as tables', () => {
  const text = renderReport(REPORT)
  const lines = text.split('\n')
  expect(lines[0]).toContain('Commit `abcdef0123`, 2026-01-02; 2 cores (Some CPU), 23 GiB')
  expect(text).toContain('load average 0.1 before and 2.5 after; scale 1, 1 rounds;')
  expect(lines).toContain('### MySQL 9.7.4')
  expect(lines).toContain(
    '| narrow inserts | 500000 | 1.50 (1.50 to 1.50) | 1.00 (1.00 to 1.00) |  | 4.00 (4.00 to 4.00) |  |  |',
  )
  expect(lines).toContain('| narrow inserts | A atomic | 3.00 | 6.00 | 100000 | 5.0 | 150 | 0.25 |')
  expect(lines).toContain('| narrow inserts | A start only | 1.00 |  |  |  | 150 |  |')
  expect(lines).toContain('- CPU per row of ten times the rows: 0.24, 0.80 past the start of the process')
  expect(lines).toContain('- narrow inserts: encode x.js:1 25.0 %')
  expect(lines).toContain('| 200 | 1000 | 998 | 150 | 290 | 0.06 |')
  expect(lines).toContain('- Highest rate tried with p99 under 2 s at flush_interval_ms = 1000: none')
  expect(lines).toContain('| 20 | 4998 | 5997600 | 0.2 | 150 | 149 | 171 | -1.5 |')
})

test('every row of a table has the cells of its head', () => {
  const widths = renderReport(REPORT)
    .split('\n\n')
    .filter(block => block.startsWith('|'))
    .map(block =>
      block
        .trim()
        .split('\n')
        .map(line => line.split('|').length),
    )
  expect(widths.length).toBe(5)
  for (const of of widths) expect(new Set(of).size).toBe(1)
})
