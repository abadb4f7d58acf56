/** An expression that cannot be used: what is wrong, and where in its text. */
export class ExpressionProblem extends Error {
  /** Offset of the first character that is meant, from 0, in UTF-16 units. */
  readonly at: number
  /** Characters that are meant; at least 1. */
  readonly length: number

  constructor(message: string, place: { readonly at: number; readonly length: number }) {
    super(message)
    this.name = 'ExpressionProblem'
    this.at = place.at
    this.length = Math.max(1, place.length)
  }
}

/** A row for which an expression has no value: the server would answer the same SELECT with an error. */
export class ExpressionFailure extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ExpressionFailure'
  }
}

const SHOWN_WIDTH = 100

/** The line of the text in which the problem stands, and a line with carets under its characters. */
export function showProblem(text: string, problem: { readonly at: number; readonly length: number }): string {
  const from = text.lastIndexOf('\n', problem.at - 1) + 1
  const newline = text.indexOf('\n', problem.at)
  const line = text.slice(from, newline === -1 ? text.length : newline)
  const column = problem.at - from
  const cut = line.length > SHOWN_WIDTH ? Math.max(0, column - SHOWN_WIDTH / 2) : 0
  const shown = line.slice(cut, cut + SHOWN_WIDTH)
  const carets = Math.max(1, Math.min(problem.length, shown.length - (column - cut)))
  return `${shown}\n${shown.slice(0, column - cut).replace(/[^\t]/g, ' ')}${'^'.repeat(carets)}`
}
