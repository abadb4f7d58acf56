import type { TableVerdict, VerifyReport } from '../verify/verdict.js'

const HEAD = ['source', 'target', 'state', 'rows', 'differs', 'missing', 'extra', 'repaired', 'pending']

/** The result as a table, with the first differing keys and the reasons below. */
export function renderVerdicts({ tables }: VerifyReport): string {
  const lines = [HEAD, ...tables.map(cells)]
  const widths = HEAD.map((_, n) => Math.max(...lines.map(line => line[n]!.length)))
  const table = lines.map(line =>
    line.map((cell, n) => (n < 3 ? cell.padEnd(widths[n]!) : cell.padStart(widths[n]!))).join('  '),
  )
  return [...table.map(line => line.trimEnd()), ...tables.flatMap(remarks)].join('\n')
}

function cells(verdict: TableVerdict): string[] {
  const { source, target, state, rows, differs, missing, extra, repaired, pending } = verdict
  return [source, target, state, ...[rows, differs, missing, extra, repaired, pending].map(String)]
}

function remarks({ source, target, reason, tolerated, keys, ignored_columns }: TableVerdict): string[] {
  const name = target === '' ? source : target
  const lines = reason === null ? [] : [`${name}: ${reason}`]
  if (tolerated > 0) lines.push(`${name}: ${tolerated} rows on one side alone are no differences by its rule`)
  for (const { kind, key, columns } of keys) {
    const values = Object.entries(key).map(([column, text]) => `${column}=${text ?? 'NULL'}`)
    lines.push(`${name}: ${kind} ${values.join(' ')}${columns.length === 0 ? '' : ` (${columns.join(', ')})`}`)
  }
  for (const [column, why] of Object.entries(ignored_columns))
    lines.push(`${name}: column ${column} is not compared: ${why}`)
  return lines
}
