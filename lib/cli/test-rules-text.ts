import type { RowDifference } from '../rule-test/compare-rows.js'
import type { WrittenRow } from '../rule-test/fixture.js'
import { hasPassed, type TestResult } from '../rule-test/run-fixture.js'
import type { TargetRow } from '../rule-test/target-rows.js'

const INDENT = '        '

/** A line for each test of a file; for one that failed what was expected and what is there. */
export function renderResults(file: string, results: readonly TestResult[]): string {
  return results.flatMap(result => resultLines(file, result)).join('\n')
}

export function renderTotals(passed: number, failed: number): string {
  return `${passed} passed, ${failed} failed`
}

function resultLines(file: string, result: TestResult): string[] {
  const { name, line, problem, differences } = result
  if (hasPassed(result)) return [`ok      ${file}: ${name}`]
  return [
    `FAILED  ${file}:${line}: ${name}`,
    ...(problem === null ? [] : problem.split('\n').map(text => `${INDENT}${text}`)),
    ...differences.flatMap(({ target, differences: found }) => [
      `${INDENT}${target}`,
      ...found.flatMap(differenceLines).map(text => `${INDENT}  ${text}`),
    ]),
  ]
}

function differenceLines(difference: RowDifference): string[] {
  switch (difference.kind) {
    case 'missing':
      return [`- ${written(difference.row)}   expected, and not there`]
    case 'extra':
      return [`+ ${actual(difference.row)}   there, and not expected`]
    case 'changed':
      return [
        `~ ${written(difference.key)}`,
        ...difference.columns.flatMap(({ name, expected, actual: text }) => [
          `    - ${name} = ${toml(expected)}`,
          text === undefined ? `    + there is no column ${name}` : `    + ${name} = ${toml(text ?? [])}`,
        ]),
      ]
  }
}

function written(row: WrittenRow): string {
  return `{ ${Object.entries(row)
    .map(([name, value]) => `${name} = ${toml(value)}`)
    .join(', ')} }`
}

function actual(row: TargetRow): string {
  return written(Object.fromEntries([...row].map(([name, text]) => [name, text ?? []])))
}

/** As a fixture writes it: a line of the report can be copied into one. */
function toml(value: unknown): string {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Date) return value.toISOString()
  return JSON.stringify(value)
}
