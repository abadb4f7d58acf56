import { nearest } from '../model/nearest.js'
import type { Value, ValueType } from '../model/value.js'
import { arithmetic, minus } from './arithmetic.js'
import { castTo } from './cast.js'
import { type Collation, collationOf, refusedCollation } from './collation.js'
import { comparison } from './comparison.js'
import { conditionOf } from './conversions.js'
import type { Call } from './function-row.js'
import { functionNamed, functionNames } from './function-table.js'
import { like, regexp } from './like.js'
import { between, caseOf, logical, membership, negation, truthTest } from './logic.js'
import { scaledDigits } from './number-text.js'
import {
  BIGINT,
  CodeBuilder,
  DOUBLE,
  isBig,
  nullPiece,
  type Piece,
  refuse,
  spanOfType,
  TRUTH,
  textType,
  UNSIGNED_BIGINT,
} from './piece.js'
import type { ExpressionScope, NamedValue } from './scope.js'
import { collated, DEFAULT_COLLATION } from './shared-collation.js'
import type { Expression, Literal, Place } from './syntax.js'
import { temporalLiteral } from './temporal-piece.js'

/** An expression as a function of the values that its scope gave slots. */
export interface CompiledExpression {
  /** Null: it is always NULL. */
  readonly type: ValueType | null
  readonly nullable: boolean
  /** Truth is 1 or 0. Throws ExpressionFailure where the server's SELECT would end with an error. */
  evaluate(values: readonly Value[]): Value
  /** As `evaluate`; an integer of 64 bits is a number where one holds it exactly. */
  evaluateCompact(values: readonly Value[]): Value
  /** Neither NULL nor 0: what a filter lets pass. Throws as `evaluate` does. */
  isTrue(values: readonly Value[]): boolean
}

/**
 * Compiles an expression to JavaScript in which all types are decided. Throws ExpressionProblem, which points at the
 * part that has no meaning: a name that is not known, a function, values that cannot meet.
 */
export function compileExpression(expression: Expression, scope: ExpressionScope): CompiledExpression {
  const b = new CodeBuilder()
  const piece = new Compiler(b, scope).compile(expression)
  const [value, compact, condition] = [finished(b, piece), compactOf(b, piece), conditionOf(b, piece)]
  const variables = b.variables.length === 0 ? '' : `let ${b.variables.join(', ')}; `
  const body = (code: string): string => `${variables}return ${code}`
  const methods = [
    `evaluate(v) { ${body(value)} }`,
    `evaluateCompact(v) { ${body(compact)} }`,
    `isTrue(v) { ${body(condition)} }`,
  ]
  const code = `'use strict'; return { ${methods.join(', ')} }`
  const names = b.held.map((_, i) => `c${i}`)
  const functions = new Function(...names, code)(...b.held) as Omit<CompiledExpression, 'type' | 'nullable'>
  return { type: piece.type, nullable: piece.nullable, ...functions }
}

/** The value in the form that its type has outside: integers of 64 bits are bigints. */
function finished(b: CodeBuilder, piece: Piece): string {
  if (piece.type?.kind !== 'integer') return piece.code
  const wanted = piece.type.bits === 64
  if (wanted === isBig(piece)) return piece.code
  const convert = wanted ? 'BigInt' : 'Number'
  if (!piece.nullable) return `${convert}(${piece.code})`
  const name = b.variable()
  return `((${name} = ${piece.code}) === null ? null : ${convert}(${name}))`
}

function compactOf(b: CodeBuilder, piece: Piece): string {
  if (piece.type?.kind !== 'integer' || piece.type.bits !== 64) return finished(b, piece)
  return piece.compact ?? piece.code
}

class Compiler {
  readonly #b: CodeBuilder
  readonly #scope: ExpressionScope

  constructor(b: CodeBuilder, scope: ExpressionScope) {
    this.#b = b
    this.#scope = scope
  }

  compile(expression: Expression): Piece {
    const b = this.#b
    switch (expression.form) {
      case 'literal':
        return literalPiece(b, expression, expression.literal)
      case 'name':
        return this.#named(expression, expression, columnText(expression))
      case 'variable':
        return this.#named(expression, expression, `$${expression.variable}`)
      case 'minus':
        return minus(b, expression, this.compile(expression.operand))
      case 'not':
        return negation(b, expression, this.compile(expression.operand))
      case 'logical':
        return logical(
          b,
          expression,
          expression.operator,
          this.compile(expression.left),
          this.compile(expression.right),
        )
      case 'comparison':
        return comparison(
          b,
          expression,
          expression.operator,
          this.compile(expression.left),
          this.compile(expression.right),
        )
      case 'arithmetic':
        return arithmetic(
          b,
          expression,
          expression.operator,
          this.compile(expression.left),
          this.compile(expression.right),
        )
      case 'is':
        return truthTest(b, expression, this.compile(expression.operand), expression.what, expression.negated)
      case 'between': {
        const [operand, low, high] = [expression.operand, expression.low, expression.high].map(one => this.compile(one))
        return between(b, expression, operand!, low!, high!, expression.negated)
      }
      case 'in': {
        const list = expression.list.map(item => this.compile(item))
        return membership(b, expression, this.compile(expression.operand), list, expression.negated)
      }
      case 'like':
      case 'regexp': {
        const match = expression.form === 'like' ? like : regexp
        const found = match(
          b,
          expression,
          this.compile(expression.operand),
          this.compile(expression.pattern),
          expression.escape,
        )
        return expression.negated ? negation(b, expression, found) : found
      }
      case 'case': {
        const operand = expression.operand === null ? null : this.compile(expression.operand)
        const branches = expression.branches.map(({ when, result }) => ({
          when: this.compile(when),
          result: this.compile(result),
        }))
        const otherwise = expression.otherwise === null ? null : this.compile(expression.otherwise)
        return caseOf(b, expression, operand, branches, otherwise)
      }
      case 'cast':
        return castTo(b, expression, this.compile(expression.operand), expression.to)
      case 'collate':
        return collated(expression, this.compile(expression.operand), expression.collation)
      case 'call':
        return this.#call(expression, expression.name, expression.arguments)
      case 'interval':
        return refuse(expression, 'an interval stands behind + or -, or in date_add(…) and date_sub(…), only')
      case 'word':
        return refuse(expression, `"${expression.word}" is no value`)
    }
  }

  #named(place: Place, name: Parameters<ExpressionScope['resolve']>[0], text: string): Piece {
    const found = this.#scope.resolve(name)
    if (found === null) refuse(place, `there is no ${text.startsWith('$') ? 'variable' : 'column'} ${text}`)
    return namedPiece(place, found, text)
  }

  #call(place: Place, name: string, written: readonly Expression[]): Piece {
    const row = functionNamed(name)
    const head = { at: place.at, length: Math.min(place.length, name.length) }
    if (row === undefined) {
      const near = nearest(name, functionNames())
      refuse(
        head,
        `there is no function ${name}${near === null ? '; docs/expressions.md lists those there are' : `; did you mean ${near}?`}`,
      )
    }
    const [fewest, most] = row.count
    if (written.length < fewest || written.length > most) {
      refuse(head, `${name} is written ${row.form}`)
    }
    const compiled: Piece[] = []
    const piece = (index: number): Piece => {
      compiled[index] ??= this.compile(written[index]!)
      return compiled[index]
    }
    const call: Call = {
      at: place.at,
      length: place.length,
      b: this.#b,
      name,
      written,
      compile: one => this.compile(one),
      piece,
      pieces: () => written.map((_, index) => piece(index)),
    }
    return row.compile(call)
  }
}

function columnText({ row, column }: { readonly row: 'new' | 'old' | null; readonly column: string }): string {
  return row === null ? column : `${row.toUpperCase()}.${column}`
}

function namedPiece(place: Place, found: NamedValue, name: string): Piece {
  const isText = found.type.kind === 'text'
  const foreign = found.charset ?? null
  return {
    at: place.at,
    length: place.length,
    code: `v[${found.slot}]`,
    type: found.type,
    nullable: found.nullable,
    span: spanOfType(found.type),
    collation: isText ? collationOfName(found, name) : null,
    charset: foreign === null || /^(utf8|utf8mb3|utf8mb4|ascii)$/i.test(foreign) ? null : foreign,
  }
}

function collationOfName({ collation, caseSensitive, charset }: NamedValue, name: string): Collation {
  if (collation === null) return refusedCollation(charset ?? '', `the collation of ${name} is not known`)
  const known = collationOf(collation ?? (caseSensitive === true ? 'utf8mb4_0900_bin' : DEFAULT_COLLATION))
  return known.unsupported === null
    ? known
    : refusedCollation(known.name, `${name} has the collation ${known.name}, whose order is not known here`)
}

function literalPiece(b: CodeBuilder, place: Place, literal: Literal): Piece {
  switch (literal.kind) {
    case 'null':
      return nullPiece(place)
    case 'boolean':
      return { ...b.literal(place, literal.value ? 1 : 0, TRUTH, 1), isTrue: String(literal.value) }
    case 'integer':
      return integerLiteral(b, place, literal.digits)
    case 'decimal': {
      const scale = literal.digits.split('.')[1]!.length
      const whole = literal.digits.split('.')[0]!.replace(/^0+/, '').length
      if (scale > 30 || whole + scale > 65)
        refuse(place, 'a decimal has at most 65 digits, 30 of them behind the point')
      const type: ValueType = { kind: 'decimal', precision: Math.max(1, whole + scale), scale }
      return b.literal(place, scaledDigits(literal.digits, scale), type)
    }
    case 'double': {
      const value = Number(literal.digits)
      return Number.isFinite(value)
        ? b.literal(place, value, DOUBLE)
        : refuse(place, 'this number is beyond all doubles')
    }
    case 'text':
      return b.literal(place, literal.text, textType([...literal.text].length))
    case 'bytes':
      return b.literal(place, literal.bytes, { kind: 'bytes', maxLength: literal.bytes.length })
    default:
      return temporalLiteralOf(b, place, literal.kind, literal.text)
  }
}

function integerLiteral(b: CodeBuilder, place: Place, digits: string): Piece {
  const value = BigInt(digits)
  const span = value.toString(2).length
  if (span <= 53) return b.literal(place, Number(value), BIGINT, span)
  if (span <= 63) return b.literal(place, value, BIGINT)
  if (span === 64) return b.literal(place, value, UNSIGNED_BIGINT)
  const precision = value.toString().length
  if (precision > 65) refuse(place, 'a number has at most 65 digits')
  return b.literal(place, value, { kind: 'decimal', precision, scale: 0 })
}

/** DATE '…', TIME '…' and TIMESTAMP '…' */
function temporalLiteralOf(b: CodeBuilder, place: Place, kind: 'date' | 'time' | 'datetime', text: string): Piece {
  const written = b.literal(place, text, textType(text.length))
  const literal = temporalLiteral(b, written, kind)
  const { type } = literal
  const value = String(literal.literal)
  if (kind === 'date' && type?.kind !== 'date')
    refuse(place, `'${text}' is more than a date: timestamp '…' is for those`)
  if (kind === 'datetime' && type?.kind === 'date') {
    if (!/\d[ T]+\d/.test(text.trim()) && !/^\s*\d{12}/.test(text))
      refuse(place, `'${text}' has no time: date '…' is for those`)
    return b.literal(place, `${value} 00:00:00`, { kind: 'datetime', fractionDigits: 0 })
  }
  const digits = /\.(\d{1,6})/.exec(text)?.[1]?.length ?? 0
  if (kind === 'time') {
    const shown = digits === 0 ? value.slice(0, -7) : value.slice(0, value.length - 6 + digits)
    return b.literal(place, shown, { kind: 'time', fractionDigits: digits })
  }
  if (kind === 'datetime' && type?.kind === 'datetime' && type.fractionDigits < digits) {
    const base = type.fractionDigits === 0 ? `${value}.` : value
    return b.literal(place, base.padEnd(20 + digits, '0'), { kind: 'datetime', fractionDigits: digits })
  }
  return literal
}
