import { type CodeBuilder, type Made, type Piece, refuse } from './piece.js'
import type { Expression, Place } from './syntax.js'

/** A call that is being compiled. */
export interface Call extends Place {
  readonly b: CodeBuilder
  readonly name: string
  /** Arguments as they are written. */
  readonly written: readonly Expression[]
  /** Compiles what stands within an argument. */
  compile(expression: Expression): Piece
  /** Compiled argument at this place. */
  piece(index: number): Piece
  /** All arguments, compiled. */
  pieces(): readonly Piece[]
}

/** One function: how it is written, what it gives, and how it is compiled. */
export interface FunctionRow {
  /** Lower case; the first is the usual one. */
  readonly names: readonly [string, ...string[]]
  /** How a call looks, for the documentation. */
  readonly form: string
  /** One sentence: what it gives. */
  readonly text: string
  /** Fewest and most arguments. */
  readonly count: readonly [number, number]
  compile(call: Call): Piece
}

export const MANY = 100

/** What `build` makes of the values of these pieces; NULL when one of them is. */
export function lift(call: Call, parts: readonly Piece[], build: (...names: string[]) => string, made: Made): Piece {
  return call.b.lift(call, parts, build, made)
}

/** The result of a JavaScript function of the values. */
export function apply(call: Call, parts: readonly Piece[], run: (...values: never[]) => unknown, made: Made): Piece {
  const name = call.b.hold(run)
  return call.b.lift(call, parts, (...names) => `${name}(${names.join(', ')})`, made)
}

/** A text written in the expression. */
export function literalText(call: Call, index: number, what: string): string {
  const piece = call.piece(index)
  return typeof piece.literal === 'string'
    ? piece.literal
    : refuse(piece, `${what} must be a text in the expression itself`)
}
