import type { FitReport, SchemaReport } from '../schema-report.js'
import { renderFinding } from './finding-text.js'

const STATES = { missing: 'missing', created: 'created', exists: 'exists' } as const

/** The report for people: targets, measurements, findings. */
export function renderReport(report: SchemaReport): string {
  return [
    ...report.targets.map(({ target, rules, sources, state }) => {
      const from = `${sources.join(', ')} (${rules.length === 1 ? 'rule' : 'rules'} ${rules.join(', ')})`
      return `${(state === null ? 'unknown' : STATES[state]).padEnd(7)}  ${target} <- ${from}`
    }),
    ...report.fits.map(renderFit),
    ...report.findings.map(finding => {
      const worst = finding.worstKey === undefined ? '' : `\n         worst key: ${finding.worstKey}`
      return renderFinding(finding) + worst
    }),
  ].join('\n')
}

function renderFit({ table, sample, ms, fit }: FitReport): string {
  const size = `${fit.rows} ${sample !== null && fit.rows >= sample ? 'sampled ' : ''}rows in ${(ms / 1000).toFixed(1)} s`
  const measures = fit.columns.flatMap(({ column, longestBytes, mostWholeDigits }) => [
    ...(longestBytes === null ? [] : [`${column} ${longestBytes} bytes`]),
    ...(mostWholeDigits === null ? [] : [`${column} ${mostWholeDigits} digits before the point`]),
  ])
  if (fit.key !== null && fit.rows > 0) measures.push(`key ${fit.key.longestBytes} bytes`)
  return `fit      ${table}: ${size}${measures.length === 0 ? '' : `; at most ${measures.join(', ')}`}`
}
