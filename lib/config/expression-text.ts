import { parseExpression } from '../expression/parser.js'
import { ExpressionProblem, showProblem } from '../expression/problem.js'
import { checkedText, type Kind } from './value-kinds.js'

/** An expression as text; what its names mean is known where the table is. */
export function expressionText(): Kind<string> {
  return checkedText('expression', text => {
    try {
      parseExpression(text)
      return null
    } catch (error) {
      if (!(error instanceof ExpressionProblem)) throw error
      return `is no expression: ${error.message}, at character ${error.at + 1}:\n${showProblem(text, error)}`
    }
  })
}
