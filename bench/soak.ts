import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BinlogSet } from './binlog-set.js'
import { usageOf } from './process-usage.js'
import { type ResidentSample, trendOf } from './resident-trend.js'
import type { SinkProcess } from './sink-process.js'
import type { Soak } from './soak-form.js'
import { significant } from './statistics.js'
import { SteadyEngine } from './steady-engine.js'
import { SteadyWriter } from './steady-writer.js'

const TABLE = 'soaked'
const SAMPLE_MS = 10_000

/**
 * Memory of the engine, all settings default, while a writer keeps a steady rate for this long: a sample every ten seconds. Fails
 * when the engine did not decode and load exactly what was written.
 */
export async function soak(
  set: BinlogSet,
  sink: SinkProcess,
  { minutes, rate }: { readonly minutes: number; readonly rate: number },
  say: (line: string) => void,
): Promise<Soak> {
  const writer = await SteadyWriter.open(set.server, TABLE)
  const folder = await mkdtemp(join(tmpdir(), 'bench-soak-'))
  let engine: SteadyEngine | null = null
  let sampler: NodeJS.Timeout | null = null
  try {
    engine = await SteadyEngine.start(set, sink, TABLE, '', folder)
    const { pid } = engine
    const samples: ResidentSample[] = []
    const startedMs = performance.now()
    const before = await usageOf(pid)
    const sample = async () => {
      const { rssMb } = await usageOf(pid)
      const seconds = Math.round((performance.now() - startedMs) / 1000)
      samples.push({ seconds, rss_mb: rssMb })
      if (samples.length % 6 === 0) say(`soak: ${rssMb} MB after ${seconds} s`)
    }
    let lost: unknown = null
    // An engine that has ended is told by the wait behind the writing, with what it said.
    sampler = setInterval(() => sample().catch(error => (lost ??= error)), SAMPLE_MS)
    const { changes, seconds } = await writer.run(rate, minutes * 60_000, [])
    clearInterval(sampler)
    await sample().catch(error => (lost ??= error))
    const { decoded, ended } = await loadedAll(engine, changes)
    if (lost !== null) throw lost
    if (decoded !== changes || ended !== changes)
      throw new Error(`${changes} row changes were written; the engine decoded ${decoded} and ended ${ended}`)
    const after = await usageOf(pid)
    const trend = trendOf(samples)
    return {
      minutes,
      asked: rate,
      reached: Math.round(changes / seconds),
      rows: changes,
      engine_cores: significant((after.cpuSeconds - before.cpuSeconds) / seconds, 2),
      trend: { ...trend, mb_per_hour: trend.mb_per_hour === null ? null : significant(trend.mb_per_hour) },
      samples,
    }
  } finally {
    if (sampler !== null) clearInterval(sampler)
    await engine?.stop()
    await writer.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Waits until as many row changes have ended as were written. */
async function loadedAll(engine: SteadyEngine, changes: number): Promise<{ decoded: number; ended: number }> {
  const counted = () => {
    const accounts = Object.values(engine.status()?.tables ?? {}).flatMap(targets => Object.values(targets))
    const sum = (of: 'decoded' | 'loaded' | 'collapsed') => accounts.reduce((all, account) => all + account[of], 0)
    return { decoded: sum('decoded'), ended: sum('loaded') + sum('collapsed') }
  }
  await engine.until(() => counted().ended >= changes)
  return counted()
}
