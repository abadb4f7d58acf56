import { parseExpression } from '../expression/parser.js'
import { ExpressionProblem } from '../expression/problem.js'
import { type Kind, text } from './value-kinds.js'

/** The text of an expression: its grammar only; which names and functions there are is asked when tables are known. */
export function expressionText(): Kind<string> {
  const base = text()
  return {
    type: 'expression',
    parse: value => {
      const parsed = base.parse(value)
      if (!parsed.ok) return parsed
      try {
        parseExpression(parsed.value)
        return parsed
      } catch (error) {
        if (!(error instanceof ExpressionProblem)) throw error
        const problem = `is no expression: character ${error.at + 1}: ${error.message}`
        return { ok: false, problem, character: error.at }
      }
    },
  }
}
