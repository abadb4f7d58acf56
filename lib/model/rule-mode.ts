/** How a rule writes a table: a row per key, a row per change, or sums per group. */
export type RouteMode = 'upsert' | 'append' | 'aggregate'

/** What an aggregate table keeps per group. */
export type MeasureExpression =
  | { readonly of: 'count' }
  /** `column`: name of the summed column, which may be one that the rule computes. */
  | { readonly of: 'sum'; readonly column: string }
  /** A function of one expression: `text` is the whole measure as the operator writes it, a call of the expression language. */
  | { readonly of: 'sumOf' | 'countOf' | 'avg' | 'min' | 'max'; readonly text: string }

/** The expression as an operator writes it. */
export function renderMeasure(expression: MeasureExpression): string {
  if (expression.of === 'count') return 'count(*)'
  return expression.of === 'sum' ? `sum(${expression.column})` : expression.text
}

/** The target's columns that a measure fills. An average is kept as what it is made of: averages do not add up. */
export function measureColumns(name: string, { of }: MeasureExpression): readonly [string, ...string[]] {
  return of === 'avg' ? [`${name}_sum`, `${name}_count`] : [name]
}

/** Least and greatest values: what a row added to them cannot be taken away again. */
export function isExtreme({ of }: MeasureExpression): boolean {
  return of === 'min' || of === 'max'
}
