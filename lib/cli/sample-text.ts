import type { SampleReport, ShownRow, TablesReport } from '../explain/report.js'

/** Longer values are cut. */
const MOST_CHARACTERS = 60

/** The rows of some tables with what is written of them, as blocks; none where none were asked for. */
export function renderSamples({ sources, target, samples, problem }: TablesReport): string[] {
  const head = `  rows of ${sources[0]} -> ${target}`
  if (problem !== null) return [`${head}\n    cannot be written: ${problem.replaceAll('\n', '\n    ')}`]
  return samples.length === 0 ? [] : [[head, ...samples.flatMap(renderSample)].join('\n')]
}

function renderSample(sample: SampleReport): string[] {
  return [`    ${renderRow(sample.source)}`, ...writtenLines(sample).map(line => `      -> ${line}`)]
}

/** What is written of a row, and why nothing is. */
export function writtenLines({ written, why }: SampleReport): string[] {
  return [...written.map(renderRow), ...(why === null ? [] : [why.replaceAll('\n', ' ')])]
}

/** A row as fixtures of test-rules write it; NULL is []. */
export function renderRow(row: ShownRow): string {
  const values = Object.entries(row).map(([name, value]) => `${name} = ${renderValue(value)}`)
  return `{ ${values.join(', ')} }`
}

function renderValue(value: string | null): string {
  if (value === null) return '[]'
  const characters = [...value]
  return JSON.stringify(
    characters.length > MOST_CHARACTERS ? `${characters.slice(0, MOST_CHARACTERS).join('')}…` : value,
  )
}
