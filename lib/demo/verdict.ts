import type { TableComparison } from './compare.js'
import { count } from './live-view.js'

export interface Verdict {
  readonly identical: boolean
  readonly tables: readonly TableComparison[]
  /** Row changes sent. */
  readonly rows: number
  readonly freshnessP50Ms: number | undefined
  readonly freshnessP99Ms: number | undefined
  readonly error?: string
}

/** Identical means: compared, nothing differs, and there was something to compare. */
export function judge(
  tables: readonly TableComparison[],
  played: { rows: number; freshnessP50Ms: number | undefined; freshnessP99Ms: number | undefined },
): Verdict {
  const identical =
    tables.length > 0 && tables.every(table => table.differs === 0) && tables.some(table => table.source > 0)
  return { identical, tables, ...played }
}

/** One line of JSON. */
export function renderVerdictJson(verdict: Verdict): string {
  const tables = Object.fromEntries(verdict.tables.map(({ table, ...numbers }) => [table, numbers]))
  return JSON.stringify({
    identical: verdict.identical,
    tables,
    rows: verdict.rows,
    freshness_p50_ms: verdict.freshnessP50Ms ?? null,
    freshness_p99_ms: verdict.freshnessP99Ms ?? null,
    ...(verdict.error === undefined ? {} : { error: verdict.error }),
  })
}

/** The same for people. */
export function renderVerdict(verdict: Verdict): string[] {
  const lines = ['', '  table              rows in source   rows in target   different']
  for (const table of verdict.tables) {
    const numbers = [
      count(table.source).padStart(18),
      count(table.target).padStart(16),
      count(table.differs).padStart(11),
    ]
    lines.push(`  ${table.table.padEnd(14)} ${numbers.join(' ')}`)
    for (const example of table.examples) {
      const key = `key ${example.key.join(', ')}`
      if (example.kind === 'changed')
        lines.push(
          `      ${key}: ${example.column} is ${show(example.source)} in the source, ${show(example.target)} in the target`,
        )
      else lines.push(`      ${key}: ${example.kind === 'missing' ? 'missing in' : 'only in'} the target`)
    }
  }
  const freshness = `freshness p50 ${verdict.freshnessP50Ms ?? '-'} ms, p99 ${verdict.freshnessP99Ms ?? '-'} ms`
  lines.push('', `  ${count(verdict.rows)} row changes sent, ${freshness}`)
  lines.push(
    verdict.identical
      ? '  IDENTICAL: every row and every column is the same in source and target.'
      : '  NOT IDENTICAL: source and target differ.',
  )
  return lines
}

function show(value: string | null): string {
  return value === null ? 'NULL' : JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
}
