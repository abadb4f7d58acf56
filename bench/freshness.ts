import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import type { BinlogSet } from './binlog-set.js'
import type { Freshness, FreshnessSample } from './freshness-form.js'
import { usageOf } from './process-usage.js'
import { SCHEMA } from './shapes.js'
import type { SinkProcess } from './sink-process.js'
import { significant } from './statistics.js'
import { SteadyEngine } from './steady-engine.js'
import { SteadyWriter } from './steady-writer.js'
import { agesOf, type Commit, type Sight } from './visible-ages.js'

const RATES = [1_000, 5_000, 10_000]
const STEPS = [15_000, 20_000, 30_000, 40_000, 60_000]
const INTERVALS_MS = [1000, 200]
const WARM_UP_MS = 5_000
const MEASURED_MS = 15_000
const LOOK_MS = 25
const LIMIT_MS = 2_000
/** A writer that reaches less than this share of the rate does not show what the engine does at that rate. */
const KEPT = 0.95

/**
 * How old rows are when they become visible, at steady rates, to the sink that keeps rows: a row counts as visible when a SELECT
 * there shows it. Delivery is atomic, so what a SELECT shows is a run of whole transactions.
 */
export async function measureFreshness(
  set: BinlogSet,
  sink: SinkProcess,
  say: (line: string) => void,
): Promise<Freshness> {
  const samples: FreshnessSample[] = []
  const highest: Record<string, number | null> = {}
  for (const intervalMs of INTERVALS_MS) {
    highest[intervalMs] = null
    for (const rate of [...RATES, ...STEPS]) {
      const sample = await measureRate(set, sink, intervalMs, rate)
      samples.push(sample)
      const { asked, reached, p50_ms, p99_ms, engine_cores } = sample
      say(`${asked}/s (${reached}), flush ${intervalMs} ms: p50 ${p50_ms} ms, p99 ${p99_ms} ms, engine ${engine_cores}`)
      const well = p99_ms < LIMIT_MS && reached >= KEPT * asked
      if (well) highest[intervalMs] = asked
      else if (rate >= RATES.at(-1)!) break
    }
  }
  return { samples, highest }
}

async function measureRate(
  set: BinlogSet,
  sink: SinkProcess,
  intervalMs: number,
  rate: number,
): Promise<FreshnessSample> {
  const table = `pulse_${intervalMs}_${rate}`
  const writer = await SteadyWriter.open(set.server, table)
  const folder = await mkdtemp(join(tmpdir(), 'bench-fresh-'))
  const target = await createConnection({ host: '127.0.0.1', port: sink.mysqlPort, user: 'root' })
  let engine: SteadyEngine | null = null
  try {
    engine = await SteadyEngine.start(set, sink, table, `flush_interval_ms = ${intervalMs}`, folder)
    const { pid } = engine
    const sights: Sight[] = []
    const looking = new AbortController()
    const looker = look(target, table, sights, looking.signal)
    const commits: Commit[] = []
    await writer.run(rate, WARM_UP_MS, commits)
    commits.length = 0
    const before = await usageOf(pid)
    const { changes, seconds } = await writer.run(rate, MEASURED_MS, commits)
    const after = await usageOf(pid)
    await engine.until(() => (sights.at(-1)?.highest ?? 0) >= commits.at(-1)!.highest)
    looking.abort()
    await looker
    const { p50Ms, p99Ms } = agesOf(commits, sights)
    return {
      flush_interval_ms: intervalMs,
      asked: rate,
      reached: Math.round(changes / seconds),
      p50_ms: Math.round(p50Ms),
      p99_ms: Math.round(p99Ms),
      engine_cores: significant((after.cpuSeconds - before.cpuSeconds) / seconds, 2),
    }
  } finally {
    await engine?.stop()
    await target.end()
    await writer.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function look(target: Connection, table: string, sights: Sight[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const [[row]] = await target.query<RowDataPacket[]>(`select max(id) as highest from ${SCHEMA}.${table}`)
    sights.push({ highest: Number(row?.highest ?? 0), atMs: performance.now() })
    await sleep(LOOK_MS)
  }
}
