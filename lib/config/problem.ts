/** One thing wrong with the configuration, with its place in a file. */
export interface Problem {
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** Counted from 1, in UTF-16 units. */
  readonly column: number
  readonly message: string
  /** The line as the operator wrote it, secrets replaced; null when there is none to show. */
  readonly sourceLine: string | null
}

const SHOWN_WIDTH = 140

/**
 * "file:line:column: message", then the source line with a caret under the place.
 */
export function renderProblem(problem: Problem): string {
  const head = `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`
  if (problem.sourceLine === null) return head
  const from = Math.max(0, problem.column - 1 - SHOWN_WIDTH / 2)
  const cut = problem.sourceLine.length > SHOWN_WIDTH
  const shown = cut ? problem.sourceLine.slice(from, from + SHOWN_WIDTH) : problem.sourceLine
  const before = shown.slice(0, problem.column - 1 - (cut ? from : 0))
  const margin = ' '.repeat(String(problem.line).length)
  return [head, `  ${problem.line} | ${shown}`, `  ${margin} | ${before.replace(/[^\t]/g, ' ')}^`].join('\n')
}

/** All problems in the order of files and lines, with a closing count. */
export function renderProblems(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  return [...problems.map(renderProblem), `${count} in the configuration.`].join('\n')
}
