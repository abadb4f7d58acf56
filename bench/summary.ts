import type { PartReport, Reader, ServerReport } from './report.js'
import { MIXED } from './report.js'
import type { Sample } from './sample.js'
import { median, pairedRatio, type Ratio, significant } from './statistics.js'

/** What a reader cost over a part: medians of its rounds, memory at its greatest. */
export interface ReaderSummary {
  readonly cpuSecondsPerMillion: number
  readonly cpuSeconds: number
  readonly rowsPerSecond: number
  readonly megabytesPerSecond: number
  readonly peakRssMb: number
  readonly sinkCpuSeconds: number | null
  readonly sentBytes: number | null
}

/** Null for a reader that has not run. */
export function summarise(part: PartReport, reader: Reader): ReaderSummary | null {
  const samples = part.samples[reader] ?? []
  if (samples.length === 0) return null
  const middle = (of: (sample: Sample) => number) => median(samples.map(of))
  return {
    cpuSecondsPerMillion: middle(({ cpuSeconds }) => (1e6 * cpuSeconds) / part.rows),
    cpuSeconds: middle(({ cpuSeconds }) => cpuSeconds),
    rowsPerSecond: middle(({ seconds }) => part.rows / seconds),
    megabytesPerSecond: middle(({ seconds }) => part.bytes / 1e6 / seconds),
    peakRssMb: Math.max(...samples.map(({ peakRssMb }) => peakRssMb)),
    sinkCpuSeconds: samples[0]!.sinkCpuSeconds === undefined ? null : middle(sample => sample.sinkCpuSeconds ?? 0),
    sentBytes: samples[0]!.sentBytes === undefined ? null : middle(sample => sample.sentBytes ?? 0),
  }
}

/** CPU of one reader against another's, round by round. */
export function cpuRatio(part: PartReport, above: Reader, below: Reader): Ratio | null {
  const cpu = (reader: Reader) => (part.samples[reader] ?? []).map(({ cpuSeconds }) => cpuSeconds)
  return pairedRatio(cpu(above), cpu(below))
}

/** The same with the start of the engine's process taken out of `above`; beside the whole ratio, never in its place. */
export function cpuRatioPastStart(part: PartReport, above: Reader, below: Reader): Ratio | null {
  const { start = [], [above]: upper = [], [below]: lower = [] } = part.samples
  const past = upper.slice(0, start.length).map(({ cpuSeconds }, i) => cpuSeconds - start[i]!.cpuSeconds)
  return pairedRatio(
    past,
    lower.map(({ cpuSeconds }) => cpuSeconds),
  )
}

/** CPU per row of one part against that of another, without and with the start of the process in both. */
export function costPerRow(
  one: PartReport | undefined,
  other: PartReport | undefined,
): { readonly whole: number; readonly pastStart: number | null } | null {
  if (one === undefined || other === undefined) return null
  const perRow = (part: PartReport, pastStart: boolean) => {
    const cpu = summarise(part, 'atomic')?.cpuSeconds
    const start = pastStart ? summarise(part, 'start')?.cpuSeconds : 0
    return cpu === undefined || start === undefined ? null : (cpu - start) / part.rows
  }
  const ratio = (pastStart: boolean) => {
    const [a, b] = [perRow(one, pastStart), perRow(other, pastStart)]
    return a === null || b === null ? null : a / b
  }
  const whole = ratio(false)
  return whole === null ? null : { whole, pastStart: ratio(true) }
}

/** The one object that a guard against regressions looks at. `rss_mb` is the engine's greatest. */
export function guardFigures(server: ServerReport, commit: string): Record<string, string | number | null> {
  const part = server.parts.find(({ name }) => name === MIXED) ?? server.parts[0]!
  const figure = (ratio: Ratio | null) => (ratio === null ? null : significant(ratio.median))
  const perMillion = (reader: Reader) => {
    const summary = summarise(part, reader)
    return summary === null ? null : significant(summary.cpuSecondsPerMillion)
  }
  return {
    commit,
    server: server.server,
    rows: part.rows,
    a_over_c_cpu: figure(cpuRatio(part, 'atomic', 'raw')),
    a_over_c_cpu_past_start: figure(cpuRatioPastStart(part, 'atomic', 'raw')),
    labels_over_c_cpu: figure(cpuRatio(part, 'labels', 'raw')),
    b_over_a_cpu: figure(cpuRatio(part, 'zongji', 'atomic')),
    a_over_a_cpu: figure(cpuRatio(part, 'again', 'atomic')),
    a_cpu_s_per_million: perMillion('atomic'),
    b_cpu_s_per_million: perMillion('zongji'),
    c_cpu_s_per_million: perMillion('raw'),
    start_cpu_s: significant(summarise(part, 'start')?.cpuSeconds ?? 0),
    rss_mb: Math.max(...server.parts.flatMap(p => (p.samples.atomic ?? []).map(({ peakRssMb }) => peakRssMb))),
  }
}
