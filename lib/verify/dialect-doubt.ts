import { type Expression, namesIn, partsOf } from '../expression/syntax.js'
import type { TableSchema } from '../model/schema.js'
import { findColumn } from '../rules/shape/row-names.js'

/** Functions of which MariaDB gives another value, at least for some arguments. */
const OTHER_CALLS = new Set(['instr', 'locate', 'extract', 'time_to_sec', 'lpad', 'rpad', 'round', 'position'])
const OTHER_CASTS = new Set(['unsigned', 'signed', 'datetime', 'time'])
/** Of a double they make no text. */
const CALLS_OF_NUMBERS = new Set([
  ...['abs', 'ceiling', 'ceil', 'floor', 'truncate', 'sign', 'mod', 'sqrt'],
  ...['if', 'ifnull', 'coalesce', 'nullif', 'greatest', 'least', 'isnull'],
])
const DATES = new Set(['date', 'datetime', 'timestamp'])

/**
 * Why the server may give another value for an expression than what is written; null: it does not. What is written is MySQL's
 * value, and MariaDB has others in places (docs/expressions.md).
 */
export function dialectDoubt(expression: Expression, table: TableSchema, flavor: 'mysql' | 'mariadb'): string | null {
  const parts = [...everyPart(expression)]
  if (parts.some(part => part.form === 'call' && (part.name === 'power' || part.name === 'pow')))
    return 'the last digit of power() is not the same everywhere'
  if (flavor === 'mysql') return null
  for (const part of parts) {
    const what = mariadbDoubt(part, part === expression, table)
    if (what !== null) return `MariaDB may give another value for ${what}`
  }
  return null
}

function mariadbDoubt(part: Expression, isWhole: boolean, table: TableSchema): string | null {
  switch (part.form) {
    case 'arithmetic':
      return part.operator === '/' && !isWhole ? 'a quotient that is used further' : null
    case 'cast':
      if (part.to.kind === 'date' && !isDate(part.operand, table)) return 'a cast to DATE'
      if (part.to.kind === 'char' && readsDouble(part, table)) return 'a double in a text'
      return OTHER_CASTS.has(part.to.kind) ? `a cast to ${part.to.kind.toUpperCase()}` : null
    case 'call':
      if (OTHER_CALLS.has(part.name)) return `${part.name}()`
      return !CALLS_OF_NUMBERS.has(part.name) && readsDouble(part, table) ? 'a double in a text' : null
    default:
      return null
  }
}

function isDate(expression: Expression, table: TableSchema): boolean {
  return expression.form === 'name' && DATES.has(table.columns[findColumn(table, expression.column)]?.dataType ?? '')
}

function readsDouble(expression: Expression, table: TableSchema): boolean {
  const reads = namesIn(expression).some(name => {
    const column = 'column' in name ? table.columns[findColumn(table, name.column)] : undefined
    return column?.dataType === 'float' || column?.dataType === 'double'
  })
  return (
    reads ||
    [...everyPart(expression)].some(
      part =>
        (part.form === 'literal' && part.literal.kind === 'double') ||
        (part.form === 'cast' && part.to.kind === 'double'),
    )
  )
}

function* everyPart(expression: Expression): Generator<Expression> {
  yield expression
  for (const part of partsOf(expression)) yield* everyPart(part)
}
