import type { ServerKind } from '../lib/servers/server-recipe.js'
import type { BenchOptions } from './bench-options.js'
import { type BinlogPart, BinlogSet, joinParts } from './binlog-set.js'
import { measureFreshness } from './freshness.js'
import { type Bench, measurePart, type Rounds } from './measure.js'
import { profilePart } from './profile-run.js'
import { MIXED, type PartReport, type Reader, type ServerReport } from './report.js'
import { type Shape, type ShapeName, shapesAt } from './shapes.js'
import { SinkProcess } from './sink-process.js'
import { soak } from './soak.js'
import type { StageBudget } from './stage-budget.js'

const HOT: ShapeName = 'hot keys'

/**
 * All that is measured on one kind of server: each shape as soon as its part of the binlog is there, then all of the mixed set
 * in one go, then the ages of rows. A quick run measures the mixed set alone, a soak nothing of all that.
 */
export async function measureServer(
  kind: ServerKind,
  options: BenchOptions,
  say: (line: string) => void,
): Promise<ServerReport> {
  const set = await BinlogSet.start(kind)
  const sinks: SinkProcess[] = []
  const startSink = async (mode: 'count' | 'duckdb') => {
    const sink = await SinkProcess.start(mode)
    sinks.push(sink)
    return sink
  }
  const title = kind === 'mysql' ? 'MySQL' : 'MariaDB'
  const server = `${title} ${set.server.version}`
  try {
    if (options.soak !== null)
      return { server, parts: [], soak: await soak(set, await startSink('count'), options.soak, say) }
    const duckdb = options.duckdb || options.freshness ? await startSink('duckdb') : null
    const bench = { server: set.server, count: await startSink('count'), duckdb: options.duckdb ? duckdb : null, say }
    const measured = await measureShapes(set, bench, options)
    const freshness = options.freshness ? { freshness: await measureFreshness(set, duckdb!, say) } : {}
    return { server, ...measured, ...freshness }
  } finally {
    for (const sink of sinks) await sink.stop()
    await set.server.destroy()
  }
}

async function measureShapes(
  set: BinlogSet,
  bench: Bench,
  options: BenchOptions,
): Promise<{ parts: readonly PartReport[]; stages?: readonly StageBudget[] }> {
  const parts: PartReport[] = []
  const stages: StageBudget[] = []
  const written: BinlogPart[] = []
  const measure = async (part: BinlogPart) => {
    parts.push(await measurePart(bench, part, roundsOf(options, part)))
    if (options.profile) stages.push(await profilePart(bench, part))
  }
  const write = async (shape: Shape) => {
    const startedMs = performance.now()
    const part = await set.write(shape)
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    bench.say(`${part.name}: ${part.rows} row changes, ${(part.bytes / 1e6).toFixed(0)} MB, made in ${seconds} s`)
    return part
  }
  const shapes = shapesAt(options.scale)
  // Every start of an engine looks at each of its tables: with 200 of them a quick run would be about that.
  const wanted = shapes.filter(
    ({ name, tables }) => name.includes(options.only) && !(options.quick && tables.length > 1),
  )
  // What is updated must have been inserted, wanted or not.
  const needed = (shape: Shape) => wanted.some(({ tables }) => tables.some(table => shape.tables.includes(table)))
  for (const shape of shapes.filter(shape => shape.mixed && needed(shape))) {
    const part = await write(shape)
    written.push(part)
    if (!options.quick && wanted.includes(shape)) await measure(part)
  }
  if (options.only === '') await measure(joinParts(MIXED, written))
  // What is no part of the mixed set is written behind it, since the engine always reads to the end of the binlog.
  if (!options.quick) for (const shape of wanted.filter(({ mixed }) => !mixed)) await measure(await write(shape))
  return { parts, ...(options.profile ? { stages } : {}) }
}

/** A quick run has no time for zongji in each round, nor for D. Where keys are hot, the engine runs with collapse = "off" too. */
function roundsOf({ quick, rounds, duckdb }: BenchOptions, part: BinlogPart): Rounds {
  const readers: Reader[] = ['atomic', 'raw', 'labels', 'zongji', 'start', 'again']
  if (part.name === HOT) {
    readers.push('whole')
    if (duckdb) readers.push('duckdb', 'whole to duckdb')
    return { rounds, readers, once: [] }
  }
  return {
    rounds,
    readers: duckdb ? [...readers, 'duckdb'] : readers,
    once: quick ? ['zongji', 'labels', 'again'] : ['duckdb'],
  }
}
