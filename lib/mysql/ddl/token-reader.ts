import type { Token } from './tokens.js'
import { UnreadableDdl } from './unreadable-ddl.js'

const END: Token = { kind: 'mark', text: '', from: 0, to: 0 }

/** Reads tokens from left to right. What is not as expected throws UnreadableDdl. */
export class TokenReader {
  readonly #sql: string
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(sql: string, tokens: readonly Token[]) {
    this.#sql = sql
    this.#tokens = tokens
  }

  get done(): boolean {
    return this.#at >= this.#tokens.length
  }

  peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? END
  }

  next(): Token {
    const token = this.peek()
    this.#at++
    return token
  }

  /** Whether the next tokens are these keywords or marks. */
  sees(...words: readonly string[]): boolean {
    return words.every((word, i) => isWord(this.peek(i), word))
  }

  /** Takes these keywords or marks if they come next, all of them. */
  accept(...words: readonly string[]): boolean {
    if (!this.sees(...words)) return false
    this.#at += words.length
    return true
  }

  /** Takes the next token if it is one of these keywords or marks, and tells which. */
  acceptOne<T extends string>(words: readonly T[]): T | null {
    const found = words.find(word => isWord(this.peek(), word))
    if (found === undefined) return null
    this.#at++
    return found
  }

  expect(...words: readonly string[]): void {
    if (!this.accept(...words)) throw this.fail(`${words.join(' ')} expected`)
  }

  /** A name, quoted or bare. */
  name(): string {
    const token = this.next()
    if (token.kind === 'word' || token.kind === 'name' || token.ambiguous) return token.text
    throw this.fail('a name expected', token)
  }

  /** String literals; neighbours are one. */
  string(): string {
    if (this.peek().kind !== 'string') throw this.fail('a string expected')
    let text = ''
    while (this.peek().kind === 'string') text += this.next().text
    return text
  }

  number(): number {
    const token = this.next()
    if (token.kind === 'number') return Number(token.text)
    throw this.fail('a number expected', token)
  }

  /** Takes a parenthesised part whole and returns what is inside, as written. */
  parenthesised(): string {
    const open = this.peek()
    this.expect('(')
    for (let depth = 1; ; ) {
      if (this.done) throw this.fail('a parenthesis does not end', open)
      const token = this.next()
      if (token.kind !== 'mark') continue
      if (token.text === '(') depth++
      if (token.text === ')' && --depth === 0) return this.#sql.slice(open.to, token.from)
    }
  }

  /** Passes over everything up to a comma or closing parenthesis of this level, or the end. */
  skipPart(): void {
    while (!this.done && !this.sees(',') && !this.sees(')')) {
      if (this.sees('(')) this.parenthesised()
      else this.#at++
    }
  }

  skipAll(): void {
    this.#at = this.#tokens.length
  }

  fail(reason: string, at = this.peek()): UnreadableDdl {
    const where = at === END ? this.#sql.length : at.from
    const found = at === END ? 'its end' : JSON.stringify(this.#sql.slice(where, where + 30))
    return new UnreadableDdl(`${reason} at ${found}`, where)
  }
}

function isWord(token: Token, word: string): boolean {
  return token.kind === 'mark' ? token.text === word : token.kind === 'word' && token.text.toUpperCase() === word
}
