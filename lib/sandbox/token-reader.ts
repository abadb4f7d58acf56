import { lex, type Token } from './lexer.js'
import { type SqlError, syntaxError } from './sql-error.js'

/** Reads the tokens of one statement from left to right. Words are compared without regard to case. */
export class TokenReader {
  readonly source: string
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(source: string, tokens: readonly Token[] = lex(source)) {
    this.source = source
    this.#tokens = tokens
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] as Token
  }

  next(): Token {
    const token = this.peek()
    if (token.kind !== 'end') this.#at++
    return token
  }

  get atEnd(): boolean {
    return this.peek().kind === 'end'
  }

  /** True when the next tokens are these words or operators, in this order. */
  is(...words: readonly string[]): boolean {
    return words.every((word, index) => {
      const token = this.peek(index)
      if (token.kind === 'word') return token.text.toUpperCase() === word
      return token.kind === 'operator' && token.text === word
    })
  }

  /** Takes these words when they are next. */
  accept(...words: readonly string[]): boolean {
    if (!this.is(...words)) return false
    this.#at += words.length
    return true
  }

  /** @throws SqlError 1064 when something else is next. */
  expect(...words: readonly string[]): void {
    if (!this.accept(...words)) throw this.unexpected(`'${words.join(' ')}'`)
  }

  /** An identifier, back-quoted or plain. */
  name(): string {
    const token = this.peek()
    if (token.kind !== 'name' && token.kind !== 'word') throw this.unexpected('a name')
    this.#at++
    return token.text
  }

  /** `t`, `db.t` or `catalog.db.t`; the catalog is dropped. */
  tableName(): { database: string | null; name: string } {
    const parts = [this.name()]
    while (this.accept('.')) parts.push(this.name())
    const name = parts.at(-1) as string
    return { database: parts.at(-2) ?? null, name }
  }

  /** `(a, b, c)` */
  nameList(): string[] {
    this.expect('(')
    const names = [this.name()]
    while (this.accept(',')) names.push(this.name())
    this.expect(')')
    return names
  }

  string(): string {
    const token = this.peek()
    if (token.kind !== 'string') throw this.unexpected('a string')
    this.#at++
    return token.text
  }

  integer(): number {
    const token = this.peek()
    if (token.kind !== 'number' || !/^[0-9]+$/.test(token.text)) throw this.unexpected('a whole number')
    this.#at++
    return Number(token.text)
  }

  /** `("k" = "v", ...)` */
  properties(): Record<string, string> {
    const properties: Record<string, string> = {}
    this.expect('(')
    do {
      const key = this.peek().kind === 'string' ? this.string() : this.name()
      this.expect('=')
      const value = this.peek()
      if (value.kind !== 'string' && value.kind !== 'number' && value.kind !== 'word') throw this.unexpected('a value')
      properties[key] = this.next().text
    } while (this.accept(','))
    this.expect(')')
    return properties
  }

  /**
   * Source text from the next token up to a token outside all brackets for which `stop` holds (or the end). A half-open
   * range `[("a"), ("b"))` opens with `[` and closes with `)`, so any closing bracket closes any opening one.
   */
  sourceUntil(stop: (token: Token) => boolean): string {
    const start = this.peek().start
    let end = start
    let depth = 0
    while (!this.atEnd && (depth > 0 || !stop(this.peek()))) {
      const token = this.next()
      end = token.end
      if (token.kind !== 'operator') continue
      if (token.text === '(' || token.text === '[') depth++
      if (token.text === ')' || token.text === ']') depth--
    }
    return this.source.slice(start, end)
  }

  /** @throws SqlError 1064 when the statement goes on. */
  end(): void {
    this.accept(';')
    if (!this.atEnd) throw this.unexpected('the end of the statement')
  }

  unexpected(expected: string): SqlError {
    const token = this.peek()
    const found = token.kind === 'end' ? '<EOF>' : this.source.slice(token.start, Math.min(token.end, token.start + 80))
    return syntaxError(this.source, token.start, `Unexpected input '${found}', the most similar input is ${expected}`)
  }
}

/** True for one of these words or operators; words are given in upper case. */
export function isAny(token: Token, words: ReadonlySet<string>): boolean {
  if (token.kind === 'word') return words.has(token.text.toUpperCase())
  return token.kind === 'operator' && words.has(token.text)
}
