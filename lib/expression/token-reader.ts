import { type Token, tokensOf } from './lexer.js'
import { ExpressionProblem } from './problem.js'
import { type Expression, INTERVAL_UNITS, type IntervalUnit, type Place } from './syntax.js'

/** The tokens of an expression, read one after the other. */
export class TokenReader {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(text: string) {
    this.#tokens = tokensOf(text)
  }

  /** The token that comes next; it stays. */
  get next(): Token {
    return this.#tokens[this.#at]!
  }

  /** The next token; the end can be taken again and again. */
  take(): Token {
    const token = this.next
    if (token.kind !== 'end') this.#at++
    return token
  }

  /** Takes the next token if it is this word (lower case). */
  takeWord(word: string): boolean {
    const token = this.next
    if (token.kind !== 'word' || token.word !== word) return false
    this.#at++
    return true
  }

  takeSymbol(symbol: string): boolean {
    const token = this.next
    if (token.kind !== 'symbol' || token.text !== symbol) return false
    this.#at++
    return true
  }

  expectWord(word: string, form: string): Token {
    const token = this.take()
    if (token.kind === 'word' && token.word === word) return token
    throw new ExpressionProblem(`"${word}" is missing here: ${form}`, token)
  }

  expectSymbol(symbol: string, why: string): Token {
    const token = this.take()
    if (token.kind === 'symbol' && token.text === symbol) return token
    throw new ExpressionProblem(`${why}; found ${this.describe(token)}`, token)
  }

  /** A unit of time such as DAY. */
  takeUnit(): { readonly unit: IntervalUnit; readonly place: Place } {
    const token = this.take()
    const unit = token.kind === 'word' ? INTERVAL_UNITS.find(one => one === token.word) : undefined
    if (unit === undefined) throw new ExpressionProblem(`a unit must stand here: ${INTERVAL_UNITS.join(', ')}`, token)
    return { unit, place: token }
  }

  /** A whole number from `min` to `max`. */
  takeNumber(min: number, max: number): number {
    const token = this.take()
    const value = token.kind === 'integer' ? Number(token.text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new ExpressionProblem(`a whole number from ${min} to ${max} must stand here`, token)
  }

  /** A token in the words of a message. */
  describe(token: Token): string {
    switch (token.kind) {
      case 'end':
        return 'the end of the expression'
      case 'text':
        return 'a text'
      case 'bytes':
        return 'a hexadecimal literal'
      case 'variable':
        return `"$${token.text}"`
      default:
        return `"${token.text}"`
    }
  }
}

/** Who reads expressions, for the forms that hold some. */
export interface ExpressionReader {
  readonly tokens: TokenReader
  /** A whole expression, up to what cannot belong to it. */
  parse(): Expression
  /** One without comparisons and logic, unless they stand between parentheses. */
  sum(): Expression
}
