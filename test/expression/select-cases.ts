import { CONDITION_CASES } from './condition-cases.js'
import { DATE_CASES } from './date-cases.js'
import { OPERATOR_CASES } from './operator-cases.js'
import { TEXT_CASES } from './text-cases.js'

/** Expressions over the sample table whose values, in every row, must be those that SELECT shows. */
export const SELECT_CASES: readonly string[] = [OPERATOR_CASES, CONDITION_CASES, TEXT_CASES, DATE_CASES].flatMap(
  lines =>
    lines
      .split('\n')
      .map(line => line.trim())
      .filter(line => line !== ''),
)
