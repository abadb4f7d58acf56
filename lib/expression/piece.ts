import type { Value, ValueType } from '../model/value.js'
import type { Collation } from './collation.js'
import { ExpressionProblem } from './problem.js'
import type { Place } from './syntax.js'

/** A compiled part of an expression: JavaScript that gives its value, and what is known of that value beforehand. */
export interface Piece extends Place {
  /** A JavaScript expression; null is NULL. It is evaluated once for each row at most. */
  readonly code: string
  /** Null: always NULL. */
  readonly type: ValueType | null
  readonly nullable: boolean
  /** Integers: the value is below 2^span, whatever its sign. Up to 53 it is carried by a number, else by a bigint. */
  readonly span: number
  /** Texts of columns, and what is made of them; null: of literals and of numbers, which take that of the other side. */
  readonly collation: Collation | null
  /** JavaScript for the same integer in place of `code`: a number where one holds it exactly, else a bigint. */
  readonly compact?: string
  /** Character set of the column a text comes from, when it is not known to be UTF-8. */
  readonly charset: string | null
  /** A decimal chosen among some of other scales: the server prints each with its own digits. */
  readonly ragged?: boolean
  /** The value, when it is written in the expression. */
  readonly literal?: Value
  /** A JavaScript condition: true when the value is neither NULL nor 0. */
  readonly isTrue?: string
}

export type Kind = ValueType['kind']

export const TRUTH: ValueType = { kind: 'integer', bits: 8, unsigned: false }
export const BIGINT: ValueType = { kind: 'integer', bits: 64, unsigned: false }
export const UNSIGNED_BIGINT: ValueType = { kind: 'integer', bits: 64, unsigned: true }
export const DOUBLE: ValueType = { kind: 'double' }

export function textType(maxLength: number | null): ValueType {
  return { kind: 'text', maxLength }
}

/** Above it, integers are bigints. */
export const NUMBER_SPAN = 53

/** What is made of parts that may be NULL. */
export interface Made {
  readonly type: ValueType
  /** The code itself may give null. */
  readonly mayBeNull?: boolean
  readonly span?: number
  readonly collation?: Collation | null
  /** The code is a JavaScript condition, to be 1 or 0. */
  readonly condition?: boolean
}

/** Collects what the function of an expression consists of besides its code: its variables, and the values it holds. */
export class CodeBuilder {
  readonly variables: string[] = []
  readonly held: unknown[] = []

  variable(): string {
    const name = `t${this.variables.length}`
    this.variables.push(name)
    return name
  }

  /** The name under which the code finds a function or a value. */
  hold(value: unknown): string {
    let at = this.held.indexOf(value)
    if (at === -1) at = this.held.push(value) - 1
    return `c${at}`
  }

  /**
   * A piece made of others: NULL when one of them is, else what `build` makes of the names of their values.
   */
  lift(place: Place, parts: readonly Piece[], build: (...names: string[]) => string, made: Made): Piece {
    if (parts.some(part => part.type === null)) return nullPiece(place)
    const names: string[] = []
    const bindings: string[] = []
    const nulls: string[] = []
    for (const part of parts) {
      if (/^\w+$|^v\[\d+\]$|^\(-\d+n?\)$/.test(part.code) && !part.nullable) {
        names.push(part.code)
        continue
      }
      const name = this.variable()
      names.push(name)
      // What is never null is only given its name by the comparison.
      bindings.push(`(${name} = ${part.code}) === null`)
      nulls.push(`(${name} = ${part.code}) !== null`)
    }
    const body = build(...names)
    const value = made.condition === true ? `(${body} ? 1 : 0)` : `(${body})`
    const nullable = made.mayBeNull === true || parts.some(part => part.nullable)
    const code = bindings.length === 0 ? value : `(${bindings.join(' || ')} ? null : ${value})`
    const isTrue =
      made.condition === true ? (nulls.length === 0 ? `(${body})` : `(${nulls.join(' && ')} && (${body}))`) : undefined
    return {
      at: place.at,
      length: place.length,
      code,
      type: made.type,
      nullable,
      span: made.span ?? spanOfType(made.type),
      collation: made.collation ?? null,
      charset: null,
      ragged: made.type.kind === 'decimal' && parts.some(part => part.ragged === true),
      ...(isTrue === undefined ? {} : { isTrue }),
    }
  }

  /** A value of the expression itself. */
  literal(place: Place, value: Exclude<Value, null>, type: ValueType, span = spanOfType(type)): Piece {
    const code =
      typeof value === 'bigint'
        ? `${value}n`
        : typeof value === 'number' && !Object.is(value, -0)
          ? String(value)
          : this.hold(value)
    return {
      at: place.at,
      length: place.length,
      code: code.startsWith('-') ? `(${code})` : code,
      type,
      nullable: false,
      span,
      collation: null,
      charset: null,
      literal: value,
    }
  }
}

/** The value is that of a column as it is. */
export function isColumn({ code }: Piece): boolean {
  return /^v\[\d+\]$/.test(code)
}

/** The same value, which is a column's own no longer. */
export function uncolumned(piece: Piece): Piece {
  return isColumn(piece) ? { ...piece, code: `(${piece.code})` } : piece
}

/** NULL itself. */
export function nullPiece(place: Place): Piece {
  return {
    at: place.at,
    length: place.length,
    code: 'null',
    type: null,
    nullable: true,
    span: 0,
    collation: null,
    charset: null,
    literal: null,
    isTrue: 'false',
  }
}

/** A NULL that has a type. */
export function nullOf(place: Place, type: ValueType): Piece {
  const { literal: _, ...piece } = nullPiece(place)
  return { ...piece, type, span: spanOfType(type) }
}

export function kindOf(piece: Piece): Kind | null {
  return piece.type === null ? null : piece.type.kind
}

/** Bits that the integers of a type can need. */
export function spanOfType(type: ValueType): number {
  switch (type.kind) {
    case 'integer':
      return type.unsigned ? type.bits : type.bits - 1
    case 'bit':
      return Math.max(NUMBER_SPAN + 1, type.bits)
    case 'year':
      return 12
    default:
      return 0
  }
}

/** Is the integer carried by a bigint? */
export function isBig(piece: Piece): boolean {
  return piece.span > NUMBER_SPAN
}

/** What a kind is called in messages. */
export function kindName(piece: Piece): string {
  const names: Readonly<Record<Kind, string>> = {
    integer: 'an integer',
    bit: 'a BIT',
    decimal: 'a decimal',
    double: 'a double',
    year: 'a YEAR',
    text: 'a text',
    bytes: 'binary',
    date: 'a date',
    datetime: 'a date with time',
    time: 'a TIME',
    json: 'JSON',
  }
  return piece.type === null ? 'NULL' : names[piece.type.kind]
}

/** Ends the compilation: this piece is what cannot be used. */
export function refuse(place: Place, message: string): never {
  throw new ExpressionProblem(message, place)
}
