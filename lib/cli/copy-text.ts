import type { CopyReport } from '../copy-command.js'
import type { CopiedTarget } from '../snapshot/batch-copy.js'
import { renderFinding } from './finding-text.js'
import { renderBytes, renderCount, renderDuration } from './progress-bar.js'
import { renderTextTable } from './text-table.js'

/** What a copy has done, for people. */
export function renderCopyReport({ targets, findings, dropped, seconds }: CopyReport): string {
  const head = ['TARGET', 'SOURCES', 'READ', 'ROWS', 'SIZE', 'TIME', 'RESULT']
  const failures = targets.filter(({ failure }) => failure !== null)
  const rows = targets.reduce((sum, { copied }) => sum + (copied?.rows ?? 0), 0)
  return [
    ...(targets.length === 0 ? ['no table was to be copied'] : [renderTextTable([head, ...targets.map(cells)])]),
    ...targets.flatMap(mergedKeys),
    ...failures.map(({ target, failure }) => `${target}: ${failure!.message}\n         -> ${failure!.advice}`),
    ...findings.filter(({ level }) => level !== 'ok').map(renderFinding),
    ...(dropped.length === 0 ? [] : [`left behind by an earlier copy and dropped: ${dropped.join(', ')}`]),
    `${targets.length - failures.length} of ${targets.length} targets copied, ${renderCount(rows)} rows in ${renderDuration(seconds)}`,
  ].join('\n')
}

function cells({ target, sources, copied, seconds }: CopiedTarget): string[] {
  const from = sources.length === 1 ? sources[0]! : `${sources.length} tables`
  const time = renderDuration(seconds)
  return copied === null
    ? [target, from, '-', '-', '-', time, 'failed; it has its old rows']
    : [target, from, renderCount(copied.rows), renderCount(copied.kept), renderBytes(copied.bytes), time, 'copied']
}

/** Only a primary key table that several tables are written into may have fewer rows than were read, unasked. */
function mergedKeys({ target, sources, copied, mode }: CopiedTarget): string[] {
  if (copied === null || mode !== 'upsert' || copied.kept === copied.rows) return []
  const lost = renderCount(copied.rows - copied.kept)
  return [
    `${target}: ${lost} rows have the key of a row of another of its ${sources.length} tables; one of them stayed, no matter which`,
  ]
}
