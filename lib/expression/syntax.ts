/** Where something stands in the text of an expression: offset from 0 and length, in UTF-16 units. */
export interface Place {
  readonly at: number
  readonly length: number
}

/** From the begin of one place to the end of another. */
export function spanOf(from: Place, to: Place): Place {
  return { at: from.at, length: to.at + to.length - from.at }
}

export type Literal =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** Digits as written. */
  | { readonly kind: 'integer' | 'decimal' | 'double'; readonly digits: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** DATE '…', TIME '…', TIMESTAMP '…' */
  | { readonly kind: 'date' | 'time' | 'datetime'; readonly text: string }

export type CastTarget =
  | { readonly kind: 'signed' | 'unsigned' | 'double' | 'date' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** `length` in characters; null: as long as the value is. */
  | { readonly kind: 'char'; readonly length: number | null }
  | { readonly kind: 'datetime' | 'time'; readonly fractionDigits: number }

export const INTERVAL_UNITS = [
  'microsecond',
  'second',
  'minute',
  'hour',
  'day',
  'week',
  'month',
  'quarter',
  'year',
] as const
export type IntervalUnit = (typeof INTERVAL_UNITS)[number]

export type ComparisonOperator = '=' | '<=>' | '<>' | '<' | '<=' | '>' | '>='
export type ArithmeticOperator = '+' | '-' | '*' | '/' | 'div' | 'mod'
export type LogicalOperator = 'and' | 'or' | 'xor'

export type Expression =
  | (Place & { readonly form: 'literal'; readonly literal: Literal })
  /** A column; `row` null: of the row that the context means, the new one. */
  | (Place & { readonly form: 'name'; readonly row: 'new' | 'old' | null; readonly column: string })
  /** `$name`, without the dollar sign. */
  | (Place & { readonly form: 'variable'; readonly variable: string })
  | (Place & { readonly form: 'minus' | 'not'; readonly operand: Expression })
  | (Place & {
      readonly form: 'logical'
      readonly operator: LogicalOperator
      readonly left: Expression
      readonly right: Expression
    })
  | (Place & {
      readonly form: 'comparison'
      readonly operator: ComparisonOperator
      readonly left: Expression
      readonly right: Expression
    })
  | (Place & {
      readonly form: 'arithmetic'
      readonly operator: ArithmeticOperator
      readonly left: Expression
      readonly right: Expression
    })
  | (Place & {
      readonly form: 'between'
      readonly negated: boolean
      readonly operand: Expression
      readonly low: Expression
      readonly high: Expression
    })
  | (Place & {
      readonly form: 'in'
      readonly negated: boolean
      readonly operand: Expression
      readonly list: readonly Expression[]
    })
  | (Place & {
      readonly form: 'is'
      readonly negated: boolean
      readonly operand: Expression
      readonly what: 'null' | 'true' | 'false'
    })
  | (Place & {
      readonly form: 'like' | 'regexp'
      readonly negated: boolean
      readonly operand: Expression
      readonly pattern: Expression
      /** LIKE … ESCAPE '…': one character, or "" for none; null: the backslash. */
      readonly escape: string | null
    })
  | (Place & {
      readonly form: 'case'
      readonly operand: Expression | null
      readonly branches: readonly { readonly when: Expression; readonly result: Expression }[]
      readonly otherwise: Expression | null
    })
  | (Place & { readonly form: 'cast'; readonly operand: Expression; readonly to: CastTarget })
  /** `collation` in lower case. */
  | (Place & { readonly form: 'collate'; readonly operand: Expression; readonly collation: string })
  /** Only as an argument of date_add and date_sub. */
  | (Place & { readonly form: 'interval'; readonly amount: Expression; readonly unit: IntervalUnit })
  /** A word that is no value: the unit in timestampdiff(DAY, …), LEADING in trim(…). */
  | (Place & { readonly form: 'word'; readonly word: string })
  /** `name` in lower case. */
  | (Place & { readonly form: 'call'; readonly name: string; readonly arguments: readonly Expression[] })

/** The parts of an expression, one floor down, in the order of the text. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.form) {
    case 'literal':
    case 'name':
    case 'variable':
    case 'word':
      return []
    case 'minus':
    case 'not':
    case 'is':
    case 'cast':
    case 'collate':
      return [expression.operand]
    case 'logical':
    case 'comparison':
    case 'arithmetic':
      return [expression.left, expression.right]
    case 'between':
      return [expression.operand, expression.low, expression.high]
    case 'in':
      return [expression.operand, ...expression.list]
    case 'like':
    case 'regexp':
      return [expression.operand, expression.pattern]
    case 'case': {
      const branches = expression.branches.flatMap(({ when, result }) => [when, result])
      return [
        ...(expression.operand === null ? [] : [expression.operand]),
        ...branches,
        ...(expression.otherwise === null ? [] : [expression.otherwise]),
      ]
    }
    case 'interval':
      return [expression.amount]
    case 'call':
      return expression.arguments
  }
}

/** A name as an expression writes it, or a variable. */
export type Name = { readonly row: 'new' | 'old' | null; readonly column: string } | { readonly variable: string }

/** The names that an expression reads, in the order of the text, each time that it reads them. */
export function namesIn(expression: Expression): (Name & Place)[] {
  const { at, length } = expression
  if (expression.form === 'name') return [{ row: expression.row, column: expression.column, at, length }]
  if (expression.form === 'variable') return [{ variable: expression.variable, at, length }]
  return partsOf(expression).flatMap(namesIn)
}
