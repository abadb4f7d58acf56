import type { FreshnessSample } from './freshness-form.js'
import { type PartReport, READERS, type Reader, type Report, type ServerReport } from './report.js'
import type { Soak } from './soak-form.js'
import { STAGES, type StageBudget } from './stage-budget.js'
import type { Ratio } from './statistics.js'
import { costPerRow, cpuRatio, cpuRatioPastStart, type ReaderSummary, summarise } from './summary.js'

type Cell = string | number

/** The tables of a report as Markdown; the only way by which figures come into docs/performance.md. */
export function renderReport(report: Report): string {
  const { machine, versions } = report
  const head = [
    `Commit \`${report.commit}\`, ${report.at.slice(0, 10)}; ${machine.cores} cores (${machine.cpu}), ${Math.round(machine.memory_mb / 1024)} GiB, ${machine.system};`,
    `load average ${machine.load_before} before and ${machine.load_after} after; scale ${report.scale}, ${report.rounds} rounds;`,
    `${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
  ]
  return [head.join('\n'), ...report.servers.map(renderServer)].join('\n\n').concat('\n')
}

function renderServer(server: ServerReport): string {
  const blocks = [`### ${server.server}`]
  if (server.parts.length > 0) blocks.push(ratioTable(server.parts), costTable(server.parts))
  const scaling = scalingLines(server.parts)
  if (scaling.length > 0) blocks.push(scaling.join('\n'))
  const collapsed = collapseLines(server.parts)
  if (collapsed.length > 0) blocks.push(collapsed.join('\n'))
  if (server.stages !== undefined) blocks.push(stageTable(server.stages))
  if (server.freshness !== undefined) {
    blocks.push(freshnessTable(server.freshness.samples))
    const highest = Object.entries(server.freshness.highest).map(
      ([ms, rate]) => `- Highest rate tried with p99 under 2 s at flush_interval_ms = ${ms}: ${rate ?? 'none'}`,
    )
    blocks.push(highest.join('\n'))
  }
  if (server.soak !== undefined) blocks.push(soakTable(server.soak))
  return blocks.join('\n\n')
}

function ratioTable(parts: readonly PartReport[]): string {
  const rows = parts.map(part => [
    part.name,
    part.rows,
    ratio(cpuRatio(part, 'atomic', 'raw')),
    ratio(cpuRatioPastStart(part, 'atomic', 'raw')),
    ratio(cpuRatio(part, 'labels', 'raw')),
    ratio(cpuRatio(part, 'zongji', 'atomic')),
    ratio(cpuRatio(part, 'zongji', 'labels')),
    ratio(cpuRatio(part, 'again', 'atomic')),
  ])
  const columns = ['rows', 'A/C', 'A/C past start', 'A/C labels', 'B/A', 'B/A labels', 'A/A']
  return table(['CPU ratios (least to greatest)', ...columns], rows)
}

const TITLES: Readonly<Record<Reader, string>> = {
  atomic: 'A atomic',
  again: 'A again',
  labels: 'A labels',
  start: 'A start only',
  zongji: 'B zongji',
  raw: 'C raw copy',
  duckdb: 'D to duckdb',
  whole: 'A collapse off',
  'whole to duckdb': 'D collapse off',
}

function costTable(parts: readonly PartReport[]): string {
  const rows = parts.flatMap(part =>
    READERS.flatMap(reader => {
      const cost = summarise(part, reader)
      if (cost === null) return []
      const rates: Cell[] =
        reader === 'start'
          ? ['', '', '']
          : [fixed(cost.cpuSecondsPerMillion, 2), Math.round(cost.rowsPerSecond), fixed(cost.megabytesPerSecond, 1)]
      const sink = cost.sinkCpuSeconds === null ? '' : fixed(cost.sinkCpuSeconds, 2)
      return [[part.name, TITLES[reader], fixed(cost.cpuSeconds, 2), ...rates, cost.peakRssMb, sink]]
    }),
  )
  const columns = ['CPU s', 'CPU s per million', 'rows/s', 'MB/s', 'peak RSS, MB', "sink's CPU s"]
  return table(['binlog', 'reader', ...columns], rows)
}

function scalingLines(parts: readonly PartReport[]): string[] {
  const named = (name: string) => parts.find(part => part.name === name)
  const narrow = named('narrow inserts')
  const pairs: readonly (readonly [string, PartReport | undefined, PartReport | undefined])[] = [
    ['CPU per row of ten times the rows', narrow, named('narrow inserts, a tenth')],
    ['CPU per row in 200 tables against one', named('200 tables'), narrow],
  ]
  return pairs.flatMap(([text, one, other]) => {
    const found = costPerRow(one, other)
    if (found === null) return []
    const past = found.pastStart === null ? '' : `, ${fixed(found.pastStart, 2)} past the start of the process`
    return [`- ${text}: ${fixed(found.whole, 2)}${past}`]
  })
}

/** What collapsing saves where both ways were measured. */
function collapseLines(parts: readonly PartReport[]): string[] {
  const pairs: readonly (readonly [Reader, Reader])[] = [
    ['atomic', 'whole'],
    ['duckdb', 'whole to duckdb'],
  ]
  return parts.flatMap(part =>
    pairs.flatMap(([collapsed, whole]) => {
      const [one, other] = [summarise(part, collapsed), summarise(part, whole)]
      if (one === null || other === null) return []
      const versus = (of: (cost: ReaderSummary) => number | null, digits: number) =>
        `${fixed(of(one) ?? 0, digits)} against ${fixed(of(other) ?? 0, digits)}`
      const cpu = versus(cost => cost.cpuSeconds, 2)
      const sink = versus(cost => cost.sinkCpuSeconds, 2)
      const sent = versus(cost => (cost.sentBytes ?? 0) / 1e6, 2)
      return [
        `- ${part.name}, ${TITLES[collapsed]}, collapse on against off: CPU s ${cpu}, the sink's ${sink}, MB sent ${sent}`,
      ]
    }),
  )
}

function stageTable(stages: readonly StageBudget[]): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  const rows = stages.map(({ name, busy_ms, shares }) => [
    name,
    busy_ms,
    ...STAGES.map(stage => percent(shares[stage])),
  ])
  const top = stages.map(
    budget =>
      `- ${budget.name}: ${budget.top
        .slice(0, 5)
        .map(({ place, share }) => `${place} ${percent(share)}`)
        .join('; ')}`,
  )
  return `${table(['stages of A', 'busy ms', ...STAGES], rows)}\n\n${top.join('\n')}`
}

function freshnessTable(samples: readonly FreshnessSample[]): string {
  const rows = samples.map(sample => [
    sample.flush_interval_ms,
    sample.asked,
    sample.reached,
    sample.p50_ms,
    sample.p99_ms,
    sample.engine_cores,
  ])
  return table(['flush_interval_ms', 'row changes/s', 'reached', 'p50 ms', 'p99 ms', "engine's cores"], rows)
}

function soakTable({ minutes, reached, rows, engine_cores, trend }: Soak): string {
  const { first_mb, last_mb, peak_mb, mb_per_hour } = trend
  const columns = [
    'soak, minutes',
    'row changes/s',
    'row changes',
    "engine's cores",
    'first fifth, MB',
    'last fifth, MB',
  ]
  const values = [minutes, reached, rows, engine_cores, first_mb, last_mb, peak_mb, mb_per_hour ?? '']
  return table([...columns, 'peak RSS, MB', 'MB per hour in the second half'], [values])
}

function ratio(found: Ratio | null): string {
  if (found === null) return ''
  const bounds = `${fixed(found.least, 2)} to ${fixed(found.greatest, 2)}`
  return `${fixed(found.median, 2)} (${bounds})`
}

const fixed = (value: number, digits: number) => value.toFixed(digits)

/** A Markdown table; numbers stand to the right. */
function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]) => `| ${cells.join(' | ')} |`
  const numeric = columns.map((_, at) => rows.length > 0 && rows.every(row => typeof row[at] === 'number'))
  return [line(columns), line(numeric.map(is => (is ? '---:' : '---'))), ...rows.map(line)].join('\n')
}
