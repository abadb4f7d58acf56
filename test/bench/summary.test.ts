import { expect, test } from '@jest/globals'
import type { PartReport, ServerReport } from '../../bench/report.js'
import type { Sample } from '../../bench/sample.js'
import { costPerRow, cpuRatio, cpuRatioPastStart, guardFigures, summarise } from '../../bench/summary.js'

const ran = (cpuSeconds: number, more: Partial<Sample> = {}): Sample => ({
  rows: 1000,
  bytes: 4_000_000,
  cpuSeconds,
  seconds: 2,
  peakRssMb: 100,
  ...more,
})
const part = (name: string, samples: PartReport['samples'], rows = 1000): PartReport => ({
  name,
  rows,
  bytes: 4_000_000,
  samples,
})

const MIXED_SET = part('mixed set', {
  atomic: [
    ran(3, { peakRssMb: 120, sinkCpuSeconds: 0.5 }),
    ran(5, { sinkCpuSeconds: 0.7 }),
    ran(4, { sinkCpuSeconds: 0.6 }),
  ],
  again: [ran(3), ran(6), ran(4)],
  start: [ran(1), ran(1), ran(2)],
  zongji: [ran(30)],
  raw: [ran(2), ran(2), ran(4)],
})

test('a reader: medians of its rounds, memory at its greatest', () =>
  expect(summarise(MIXED_SET, 'atomic')).toEqual({
    cpuSeconds: 4,
    cpuSecondsPerMillion: 4000,
    rowsPerSecond: 500,
    megabytesPerSecond: 2,
    peakRssMb: 120,
    sinkCpuSeconds: 0.6,
    sentBytes: null,
  }))

test('one that has not run has no figures', () => {
  expect(summarise(MIXED_SET, 'duckdb')).toBeNull()
  expect(cpuRatio(MIXED_SET, 'duckdb', 'raw')).toBeNull()
})

test('ratios are those of rounds, with and without the start of the process', () => {
  expect(cpuRatio(MIXED_SET, 'atomic', 'raw')).toEqual({ median: 1.5, least: 1, greatest: 2.5 })
  expect(cpuRatioPastStart(MIXED_SET, 'atomic', 'raw')).toEqual({ median: 1, least: 0.5, greatest: 2 })
})

test('cost per row of one part against another', () => {
  const small = part('small', { atomic: [ran(2)], start: [ran(1)] }, 100)
  const large = part('large', { atomic: [ran(16)], start: [ran(1)] })
  expect(costPerRow(large, small)).toEqual({ whole: 0.8, pastStart: 1.5 })
  expect(costPerRow(large, part('none', {}))).toBeNull()
  expect(costPerRow(large, undefined)).toBeNull()
})

test('the figures of the guard are of the mixed set, its memory of every part', () => {
  const other = part('one huge transaction', { atomic: [ran(9, { peakRssMb: 400 })] })
  const server: ServerReport = { server: 'MySQL 9.7', parts: [other, MIXED_SET] }
  expect(guardFigures(server, 'abc')).toMatchObject({
    commit: 'abc',
    server: 'MySQL 9.7',
    rows: 1000,
    a_over_c_cpu: 1.5,
    a_over_c_cpu_past_start: 1,
    b_over_a_cpu: 10,
    a_over_a_cpu: 1,
    labels_over_c_cpu: null,
    start_cpu_s: 1,
    rss_mb: 400,
  })
})
