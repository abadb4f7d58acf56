import type { EngineNumbers } from './engine-numbers.js'

/** One moment of the demo. */
export interface DemoMoment {
  readonly title: string
  readonly elapsedMs: number
  readonly rows: number
  readonly rowsPerSecond: number
  readonly freshnessMs: number | undefined
  readonly freshnessP50Ms: number | undefined
  readonly freshnessP99Ms: number | undefined
  readonly engine: EngineNumbers
  /** Row changes sent per table, and rows now in the target. */
  readonly tables: ReadonlyArray<{
    readonly name: string
    readonly sent: number
    readonly inTarget: number | undefined
  }>
}

/** The lines of the live view, at most `width` wide. */
export function renderView(moment: DemoMoment, width: number): string[] {
  const { engine } = moment
  const lines = [
    `${moment.title}   ${(moment.elapsedMs / 1000).toFixed(0)} s   (Ctrl-C: stop and compare)`,
    '',
    `  sent       ${count(moment.rows)} row changes, ${count(moment.rowsPerSecond)}/s`,
    `  freshness  ${ms(moment.freshnessMs)}   p50 ${ms(moment.freshnessP50Ms)}   p99 ${ms(moment.freshnessP99Ms)}`,
    `  engine     ${engine.state ?? 'starting'}, lag ${ms(engine.lagMs)}, window ${bar(engine.windowPercent)}`,
    `  last load  ${engine.lastLoad ?? '-'}`,
    ...(engine.trouble === undefined ? [] : [`  trouble    ${engine.trouble.split('\n')[0]}`]),
    '',
    '  table             changes sent     rows in target',
    ...moment.tables.map(
      ({ name, sent, inTarget }) =>
        `  ${name.padEnd(14)} ${count(sent).padStart(15)} ${(inTarget === undefined ? '-' : count(inTarget)).padStart(18)}`,
    ),
  ]
  return lines.map(line => line.slice(0, Math.max(1, width)))
}

/** The same moment in one line, for where nothing can be redrawn. */
export function renderLine(moment: DemoMoment): string {
  const { engine } = moment
  return (
    `${(moment.elapsedMs / 1000).toFixed(0)} s: ${count(moment.rows)} row changes sent (${count(moment.rowsPerSecond)}/s), ` +
    `freshness ${ms(moment.freshnessMs)} (p99 ${ms(moment.freshnessP99Ms)}), lag ${ms(engine.lagMs)}, window ${bar(engine.windowPercent)}`
  )
}

/** Draws over what it drew before: cursor up, each line cleared to its end. */
export class Screen {
  readonly #out: NodeJS.WriteStream
  #height = 0

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
  }

  draw(lines: readonly string[]): void {
    const up = this.#height > 0 ? `\u001b[${this.#height}A` : ''
    this.#out.write(`${up}${lines.map(line => `${line}\u001b[K\n`).join('')}\u001b[J`)
    this.#height = lines.length
  }
}

export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ')
}

function ms(value: number | undefined): string {
  if (value === undefined) return '-'
  return value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`
}

function bar(percent: number | undefined): string {
  if (percent === undefined) return '-'
  const full = Math.min(20, Math.max(0, Math.round(percent / 5)))
  return `[${'#'.repeat(full)}${' '.repeat(20 - full)}] ${Math.round(percent)} %`
}
