import { sourceColumnOf } from '../../binlog/value-type.js'
import { parseExpression } from '../../expression/parser.js'
import { ExpressionProblem } from '../../expression/problem.js'
import { substitute } from '../../expression/substitute.js'
import type { Expression } from '../../expression/syntax.js'
import { Failure } from '../../model/failure.js'
import type { SourceColumn, TableSchema } from '../../model/schema.js'
import type { Value, ValueType } from '../../model/value.js'
import { type MeasuredColumn, measuredColumns, summedName } from '../planned-measures.js'
import type { RuleSpec } from '../rule-book.js'
import { type AddedValue, ValueFailure } from './added-value.js'
import { planExpression } from './planned-expression.js'
import { findColumn, rowNames } from './row-names.js'
import type { RowSlots } from './row-slots.js'

const WHY = 'what was added is taken away again by what the row itself is'
/** Each row that counts adds one. */
const ONE: ValueType = { kind: 'integer', bits: 8, unsigned: false }
const SUM_DIGITS = 38
const BEYOND_SUMS = 10n ** BigInt(SUM_DIGITS)

/**
 * What the measures of a rule make of each row: a value that is added to a sum, or met with the least or greatest one.
 * @throws Failure ruleInvalid naming the measure, and the character
 */
export function planMeasured(schema: TableSchema, rule: RuleSpec, slots: RowSlots): AddedValue[] {
  const names = rowNames(schema, slots, 'row', WHY)
  return measuredColumns(rule.measures).map(measured => {
    const { key, text, keeps } = measured
    const expression = planExpression({ rule, key, text }, schema, names, {
      part: whole => measuredExpression(whole, schema, rule),
      asType: (type, argument) => (keeps === 'count' ? type : keptType(keeps, type, argument)),
    })
    const column = (of: ValueType): SourceColumn => {
      if (keeps === 'min' || keeps === 'max') return sourceColumnOf(measured.name, of, text)
      return { ...sourceColumnOf(summedName(measured.name), of, text), summed: true }
    }
    if (keeps === 'count')
      return {
        column: column(ONE),
        replaces: null,
        write: (values, _row, to) => (expression.evaluate(values) === null ? to.null() : to.value(1, ONE)),
      }
    const kept = expression.type!
    return {
      column: column(kept),
      replaces: null,
      write: (values, _row, to) => to.value(fitting(expression.evaluate(values), kept), kept),
    }
  })
}

/**
 * What is summed in a column that is summed only (`SourceColumn.summed`): an expression over the columns of the table, or the
 * count of its values that are not NULL; null for any other column.
 */
export function measuredAs(
  column: string,
  schema: TableSchema,
  rule: RuleSpec,
): { readonly keeps: MeasuredColumn['keeps']; readonly expression: Expression } | null {
  const measured = measuredColumns(rule.measures).find(({ name }) => summedName(name) === column)
  if (measured === undefined) return null
  const { keeps, text } = measured
  return { keeps, expression: measuredExpression(parseExpression(text), schema, rule) }
}

/** What a measure is a function of, with the rule's computed columns in place of their names. */
function measuredExpression(whole: Expression, schema: TableSchema, { shape }: RuleSpec): Expression {
  const argument = whole.form === 'call' ? whole.arguments[0] : undefined
  if (argument === undefined) throw new Failure('internal', 'a measure is no function of an expression')
  return substitute(argument, column => {
    const computed = shape.computed.get(column)
    return computed === undefined || findColumn(schema, column) >= 0 ? null : parseExpression(computed)
  })
}

/** The type in which values are kept. Throws ExpressionProblem for one of which there are no sums, or no order. */
function keptType(keeps: MeasuredColumn['keeps'], type: ValueType | null, argument: Expression): ValueType {
  if (type === null) throw new ExpressionProblem('this is always NULL', argument)
  switch (type.kind) {
    case 'integer':
    case 'double':
      return type
    case 'year':
      return { kind: 'integer', bits: 16, unsigned: true }
    case 'bit':
      return { kind: 'integer', bits: 64, unsigned: true }
    case 'decimal':
      return { ...type, precision: Math.min(type.precision, SUM_DIGITS) }
    case 'date':
    case 'datetime':
      if (keeps !== 'sum') return type
  }
  const takes = keeps === 'sum' ? 'a sum takes numbers' : `${keeps} takes numbers, dates and datetimes`
  throw new ExpressionProblem(`${takes}, and this is of type ${type.kind}: cast(… as …) says what is meant`, argument)
}

/** Throws ValueFailure for a number that has no room in a sum. */
function fitting(value: Value, { kind }: ValueType): Value {
  if (kind !== 'decimal' || typeof value !== 'bigint' || (value < BEYOND_SUMS && value > -BEYOND_SUMS)) return value
  throw new ValueFailure(`has more than the ${SUM_DIGITS} digits that a DECIMAL of StarRocks holds`)
}
