import type { TestServer } from '../lib/servers/test-server.js'
import type { BinlogPart } from './binlog-set.js'
import { runEngine } from './engine-run.js'
import { runBinlogTool, runZongji } from './reader-runs.js'
import type { PartReport, Reader } from './report.js'
import type { Sample } from './sample.js'
import type { SinkProcess } from './sink-process.js'

export interface Bench {
  readonly server: TestServer
  readonly count: SinkProcess
  /** Null: D is left out. */
  readonly duckdb: SinkProcess | null
  readonly say: (line: string) => void
}

/** Every change is sent. */
const WHOLE = 'collapse = "off"'

/** How often each reader runs in `rounds` rounds; a slow one may be asked for less often. */
export interface Rounds {
  readonly rounds: number
  readonly readers: readonly Reader[]
  /** Readers that run in the first round only. */
  readonly once: readonly Reader[]
}

/**
 * Runs every reader over the part, in turns; each second round in reverse, so that none always runs behind the same one. Before
 * the first round the engine runs once with nothing to read: targets are there then, as in all that is measured.
 */
export async function measurePart(bench: Bench, part: BinlogPart, wish: Rounds): Promise<PartReport> {
  const samples: Partial<Record<Reader, Sample[]>> = {}
  const sinks = [bench.count, ...(bench.duckdb === null ? [] : [bench.duckdb])]
  for (const sink of sinks) await runEngine(bench.server, sink, part, { delivery: 'atomic', atEnd: true })
  for (let round = 0; round < wish.rounds; round++) {
    const readers = wish.readers.filter(reader => round === 0 || !wish.once.includes(reader))
    for (const reader of round % 2 === 0 ? readers : readers.toReversed()) {
      const sample = await runReader(bench, part, reader)
      samples[reader] ??= []
      samples[reader].push(sample)
      bench.say(told(part, reader, sample))
    }
  }
  return { name: part.name, rows: part.rows, bytes: part.bytes, samples }
}

function runReader({ server, count, duckdb }: Bench, part: BinlogPart, reader: Reader): Promise<Sample> {
  switch (reader) {
    case 'atomic':
    case 'again':
      return runEngine(server, count, part, { delivery: 'atomic' })
    case 'labels':
      return runEngine(server, count, part, { delivery: 'labels' })
    case 'start':
      return runEngine(server, count, part, { delivery: 'atomic', atEnd: true })
    case 'duckdb':
      return runEngine(server, duckdb!, part, { delivery: 'atomic' })
    case 'whole':
      return runEngine(server, count, part, { delivery: 'atomic', settings: WHOLE })
    case 'whole to duckdb':
      return runEngine(server, duckdb!, part, { delivery: 'atomic', settings: WHOLE })
    case 'zongji':
      return runZongji(server, part)
    case 'raw':
      return runBinlogTool(server, part)
  }
}

function told(part: BinlogPart, reader: Reader, sample: Sample): string {
  const { cpuSeconds, seconds, peakRssMb, sinkCpuSeconds } = sample
  const sink = sinkCpuSeconds === undefined ? '' : `, sink ${sinkCpuSeconds.toFixed(2)} s`
  return `${part.name}: ${reader} ${cpuSeconds.toFixed(2)} s CPU in ${seconds.toFixed(1)} s, ${peakRssMb} MB${sink}`
}
