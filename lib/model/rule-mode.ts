/** How a rule writes a table: a row per key, a row per change, or sums per group. */
export type RouteMode = 'upsert' | 'append' | 'aggregate'

/** What an aggregate table keeps per group. */
export type MeasureExpression =
  | { readonly of: 'count' }
  /** `column`: source name of the summed column. */
  | { readonly of: 'sum'; readonly column: string }

/** The expression as an operator writes it. */
export function renderMeasure(expression: MeasureExpression): string {
  return expression.of === 'count' ? 'count(*)' : `sum(${expression.column})`
}
