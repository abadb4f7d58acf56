import type { PlannedTable } from '../snapshot/plan.js'
import type { PlanReport } from '../snapshot/plan-source.js'
import { renderFinding } from './finding-text.js'
import { renderBytes, renderCount, renderDuration } from './progress-bar.js'
import { renderTextTable } from './text-table.js'

/** The plan for people: a table of what is copied, why some of it takes another way, the sum. */
export function renderPlan(plan: PlanReport): string {
  const { tables, rows, bytes, seconds, findings } = plan
  const head = ['SOURCE', 'TARGET', 'MODE', 'ROWS', 'SIZE', 'KEY', 'READ', 'TIME']
  const lines = tables.flatMap(table =>
    table.targets.map(({ target, mode, exists }, i) => {
      const into = [`${target}${STATES[String(exists) as keyof typeof STATES]}`, mode]
      return i === 0 ? [table.source, ...into, ...measures(table)] : ['', ...into, '', '', '', '', '']
    }),
  )
  const told = findings.filter(({ level }) => level !== 'ok')
  return [
    ...(tables.length === 0 ? ['no table is to be copied'] : [renderTextTable([head, ...lines])]),
    ...reasons(tables),
    ...told.map(renderFinding),
    `${tables.length} tables, ~${renderCount(rows)} rows, ~${renderBytes(bytes)}; ${renderTotal(seconds)}`,
  ].join('\n')
}

const STATES = { true: '', false: ' (new)', null: ' (not seen)' } as const

function measures({ rows, bytes, key, read, chunks, seconds }: PlannedTable): string[] {
  const ways = {
    chunks: `${renderCount(chunks)} chunks`,
    oneChunkAtATime: `${renderCount(chunks)} chunks, one by one`,
    whole: 'whole',
  }
  const time = seconds === null ? '?' : renderDuration(seconds)
  return [`~${renderCount(rows)}`, `~${renderBytes(bytes)}`, key.join(', ') || '-', ways[read], time]
}

/** One line for each reason, with the tables it holds for. */
function reasons(tables: readonly PlannedTable[]): string[] {
  const byReason = new Map<string, string[]>()
  for (const { because, read, source } of tables)
    if (because !== null) {
      const reason = `${read === 'whole' ? 'read whole' : 'one chunk at a time'}: ${because}`
      byReason.set(reason, [...(byReason.get(reason) ?? []), source])
    }
  return [...byReason].map(([reason, sources]) =>
    sources.length === tables.length ? reason : `${sources.join(', ')} ${reason}`,
  )
}

function renderTotal(seconds: number | null): string {
  return seconds === null
    ? 'nothing was there to measure the time by'
    : `about ${renderDuration(seconds)} to read one after the other, by a short probe; StarRocks may take longer`
}
