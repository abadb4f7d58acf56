import { parseExpression } from '../expression/parser.js'
import { ExpressionProblem } from '../expression/problem.js'
import { type Expression, namesIn } from '../expression/syntax.js'
import type { MeasureExpression } from '../model/rule-mode.js'
import { type Kind, text } from './value-kinds.js'

const COUNT_ROWS = /^\s*count\s*\(\s*\*\s*\)\s*$/i
const DISTINCT = /^\s*[a-z_]+\s*\(\s*(?=distinct\b)/i
const ALLOWED = 'must be "count(*)", or "sum", "count", "avg", "min" or "max" of one expression, as "sum(price * qty)"'
const FUNCTIONS = [
  ['sum', 'sumOf'],
  ['count', 'countOf'],
  ['avg', 'avg'],
  ['min', 'min'],
  ['max', 'max'],
] as const
const SPREAD =
  'keep sum(x), sum(x * x) and count(x) in its place: StarRocks makes variance and deviation of them when they are read'
const LIST = 'what a row added to it cannot be taken away again when the row changes'
/** Functions of SQL that are none here, with what to do about it. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ...['std', 'stddev', 'stddev_pop', 'stddev_samp', 'variance', 'var_pop', 'var_samp'].map(
    name => [name, SPREAD] as const,
  ),
  ...['group_concat', 'json_arrayagg', 'json_objectagg', 'bit_and', 'bit_or', 'bit_xor', 'any_value'].map(
    name => [name, LIST] as const,
  ),
])
const DISTINCT_REFUSED =
  'distinct values cannot be counted: whether a value is left in its group is not known when a row goes. Group by it too, and count the groups in StarRocks'

/** What an aggregate table keeps: `count(*)`, or a function of one expression; names of functions in any case. */
export function measure(): Kind<MeasureExpression> {
  const base = text()
  return {
    type: '"count(*)" | "sum(expression)" | …',
    parse: value => {
      const parsed = base.parse(value)
      if (!parsed.ok) return parsed
      if (COUNT_ROWS.test(parsed.value)) return { ok: true, value: { of: 'count' } }
      try {
        return { ok: true, value: measureOf(parsed.value) }
      } catch (error) {
        if (!(error instanceof ExpressionProblem)) throw error
        const problem = `${ALLOWED}: character ${error.at + 1}: ${error.message}`
        return { ok: false, problem, character: error.at }
      }
    },
  }
}

/** Columns that a measure names. */
export function measuredNames(measure: MeasureExpression): readonly string[] {
  if (measure.of === 'count') return []
  if (measure.of === 'sum') return [measure.column]
  return namesIn(parseExpression(measure.text)).flatMap(name => ('column' in name ? name.column : []))
}

/** Throws ExpressionProblem. */
function measureOf(text: string): MeasureExpression {
  const distinct = DISTINCT.exec(text)
  if (distinct !== null) throw new ExpressionProblem(DISTINCT_REFUSED, { at: distinct[0].length, length: 8 })
  const expression = parseExpression(text)
  if (expression.form !== 'call') throw new ExpressionProblem('this is none of these functions', expression)
  const of = FUNCTIONS.find(([name]) => name === expression.name)?.[1]
  if (of === undefined)
    throw new ExpressionProblem(
      REFUSED.get(expression.name) ?? `${expression.name} is none of these functions`,
      expression,
    )
  const [argument, further] = expression.arguments
  if (argument === undefined) throw new ExpressionProblem(`${expression.name}() needs an expression`, expression)
  if (further !== undefined) throw new ExpressionProblem(`${expression.name}() takes one expression`, further)
  return of === 'sumOf' && isColumn(argument) ? { of: 'sum', column: argument.column } : { of, text }
}

function isColumn(expression: Expression): expression is Expression & { readonly form: 'name' } {
  return expression.form === 'name' && expression.row === null
}
