import { type CompiledExpression, compileExpression } from '../../expression/compile.js'
import { parseExpression } from '../../expression/parser.js'
import { ExpressionFailure, ExpressionProblem, showProblem } from '../../expression/problem.js'
import { type Expression, namesIn } from '../../expression/syntax.js'
import { Failure } from '../../model/failure.js'
import type { RuleShape } from '../../model/rule-shape.js'
import { type TableSchema, tableName } from '../../model/schema.js'
import type { Value } from '../../model/value.js'
import type { RuleSpec } from '../rule-book.js'
import { ValueFailure } from './added-value.js'
import { findColumn, type RowNames } from './row-names.js'

/** Where an expression stands in a rule: the rule, and the key with what leads to it: `computed.total`. */
export interface ExpressionPlace {
  readonly rule: RuleSpec
  readonly key: string
  readonly text: string
}

/** How the text of a place is to be taken, where it is more than an expression by itself. */
export interface PlannedPart {
  /** The part of the parsed text that is evaluated. */
  part(whole: Expression): Expression
  /** The type in which its values are wanted; null: always NULL. Both may throw ExpressionProblem. */
  asType(type: CompiledExpression['type'], part: Expression): CompiledExpression['type']
}

const WHOLE: PlannedPart = { part: whole => whole, asType: type => type }

/** An expression over rows. Both throw ValueFailure where a row gives no value. */
export interface PlannedExpression {
  readonly type: CompiledExpression['type']
  evaluate(values: readonly Value[]): Value
  /** As `evaluate`; an integer of 64 bits is a number where one holds it exactly. */
  evaluateCompact(values: readonly Value[]): Value
  isTrue(values: readonly Value[]): boolean
}

/**
 * Compiles an expression of a rule over the rows of a table.
 * @throws Failure ruleInvalid, naming rule, key and character; for a name that is not known with those that are
 */
export function planExpression(
  place: ExpressionPlace,
  schema: TableSchema,
  names: RowNames,
  { part, asType }: PlannedPart = WHOLE,
): PlannedExpression {
  try {
    const expression = part(parseExpression(place.text))
    checkNames(expression, schema, names, place.rule.shape)
    const compiled = compileExpression(expression, names)
    const isHidden = readsMasked(expression, schema, place.rule)
    return {
      type: asType(compiled.type, expression),
      evaluate: values => {
        try {
          return compiled.evaluate(values)
        } catch (error) {
          throw told(error, isHidden)
        }
      },
      evaluateCompact: values => {
        try {
          return compiled.evaluateCompact(values)
        } catch (error) {
          throw told(error, isHidden)
        }
      },
      isTrue: values => {
        try {
          return compiled.isTrue(values)
        } catch (error) {
          throw told(error, isHidden)
        }
      },
    }
  } catch (error) {
    if (!(error instanceof ExpressionProblem)) throw error
    const { rule, key, text } = place
    const [name, ...inner] = key.split('.')
    const found = rule.characterAt?.([name!, ...(inner.length === 0 ? [] : [inner.join('.')])], error.at) ?? null
    throw new Failure(
      'ruleInvalid',
      `${rule.where}: ${key}: ${error.message}, at character ${error.at + 1}${found === null ? '' : ` (${found})`}:\n${showProblem(text, error)}`,
      { cause: error },
    )
  }
}

/** `isHidden`: what an expression says of a row may show a value that is not to be seen. */
function told(error: unknown, isHidden: boolean): unknown {
  if (!(error instanceof ExpressionFailure)) return error
  if (isHidden) return new ValueFailure('cannot be computed (why is not shown: it reads a masked column)')
  return new ValueFailure(`cannot be computed: ${error.message}`, error)
}

function readsMasked(expression: Expression, schema: TableSchema, { shape }: RuleSpec): boolean {
  const masked = new Set([...shape.mask.keys()].map(name => findColumn(schema, name)))
  return namesIn(expression).some(name => 'column' in name && masked.has(findColumn(schema, name.column)))
}

function checkNames(expression: Expression, schema: TableSchema, names: RowNames, { computed }: RuleShape): void {
  for (const name of namesIn(expression)) {
    const refused = names.refuses(name)
    if (refused !== null) throw new ExpressionProblem(refused, name)
    if ('variable' in name || findColumn(schema, name.column) >= 0) continue
    const columns = schema.columns.map(column => column.name).join(', ')
    const isComputed = computed.has(name.column)
    throw new ExpressionProblem(
      `${tableName(schema)} has no column "${name.column}" (it has ${columns}${isComputed ? '; what is computed is not known to other expressions: write it out' : ''})`,
      name,
    )
  }
}
