import { parseCall } from './parse-call.js'
import { parseCase, parseCast } from './parse-forms.js'
import { ExpressionProblem } from './problem.js'
import { type ArithmeticOperator, type ComparisonOperator, type Expression, type Place, spanOf } from './syntax.js'
import { type ExpressionReader, TokenReader } from './token-reader.js'

const DEEPEST = 200

/**
 * Parses the text of an expression, by the grammar of MySQL's `expr` without subqueries and bit operators.
 * Throws ExpressionProblem, which points at the character.
 */
export function parseExpression(text: string): Expression {
  const parser = new Parser(new TokenReader(text))
  const expression = parser.parse()
  const rest = parser.tokens.next
  if (rest.kind !== 'end') {
    throw new ExpressionProblem(
      `${parser.tokens.describe(rest)} is not expected here: the expression ends before it`,
      rest,
    )
  }
  return expression
}

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<=>', '<>', '<', '<=', '>', '>='])

/** Words that cannot be a column's name unless they stand between backticks. */
const RESERVED = new Set(
  'and or xor not is in between like regexp rlike div mod case when then else end interval null true false as from for by select escape collate'.split(
    ' ',
  ),
)

/** One text's descent through the grammar; each method is a floor of it, lowest precedence first. */
class Parser implements ExpressionReader {
  readonly tokens: TokenReader
  #depth = 0

  constructor(tokens: TokenReader) {
    this.tokens = tokens
  }

  /** expr */
  parse(): Expression {
    if (++this.#depth > DEEPEST) throw new ExpressionProblem('the expression is nested too deeply', this.tokens.next)
    let left = this.#exclusive()
    while (this.tokens.takeWord('or')) left = this.#logical('or', left, this.#exclusive())
    this.#depth--
    return left
  }

  #exclusive(): Expression {
    let left = this.#conjunction()
    while (this.tokens.takeWord('xor')) left = this.#logical('xor', left, this.#conjunction())
    return left
  }

  #conjunction(): Expression {
    let left = this.#negation()
    while (this.tokens.takeWord('and')) left = this.#logical('and', left, this.#negation())
    return left
  }

  #logical(operator: 'and' | 'or' | 'xor', left: Expression, right: Expression): Expression {
    return { form: 'logical', operator, left, right, ...spanOf(left, right) }
  }

  #negation(): Expression {
    const start = this.tokens.next
    if (!this.tokens.takeWord('not')) return this.#truthTest()
    if (++this.#depth > DEEPEST) throw new ExpressionProblem('the expression is nested too deeply', start)
    const operand = this.#negation()
    this.#depth--
    return { form: 'not', operand, ...spanOf(start, operand) }
  }

  /** bool_pri IS [NOT] TRUE | FALSE | UNKNOWN */
  #truthTest(): Expression {
    let operand = this.#comparison()
    while (this.tokens.takeWord('is')) {
      const negated = this.tokens.takeWord('not')
      const word = this.tokens.next
      const what = word.kind === 'word' ? word.word : ''
      if (what !== 'true' && what !== 'false' && what !== 'unknown' && what !== 'null') {
        throw new ExpressionProblem('is can be followed by [not] null, true, false or unknown', word)
      }
      this.tokens.take()
      operand = { form: 'is', negated, operand, what: what === 'unknown' ? 'null' : what, ...spanOf(operand, word) }
      const symbol = this.tokens.next
      if (symbol.kind === 'symbol' && COMPARISONS.has(symbol.text)) operand = this.#comparisons(operand)
    }
    return operand
  }

  #comparison(): Expression {
    return this.#comparisons(this.#predicate())
  }

  #comparisons(first: Expression): Expression {
    let left = first
    for (;;) {
      const token = this.tokens.next
      if (token.kind !== 'symbol' || !COMPARISONS.has(token.text)) return left
      this.tokens.take()
      const right = this.#predicate()
      const operator = token.text as ComparisonOperator
      left = { form: 'comparison', operator, left, right, ...spanOf(left, right) }
    }
  }

  /** bit_expr [NOT] IN | BETWEEN | LIKE | REGEXP */
  #predicate(): Expression {
    const operand = this.sum()
    const negated = this.tokens.takeWord('not')
    if (this.tokens.takeWord('in')) return this.#in(operand, negated)
    if (this.tokens.takeWord('between')) {
      const low = this.sum()
      this.tokens.expectWord('and', 'between a and b')
      const high = this.#predicate()
      return { form: 'between', negated, operand, low, high, ...spanOf(operand, high) }
    }
    if (this.tokens.takeWord('like')) return this.#like(operand, negated)
    if (this.tokens.takeWord('regexp') || this.tokens.takeWord('rlike')) {
      const pattern = this.sum()
      return { form: 'regexp', negated, operand, pattern, escape: null, ...spanOf(operand, pattern) }
    }
    if (negated) {
      throw new ExpressionProblem('not can be followed by in, between, like or regexp here', this.tokens.next)
    }
    return operand
  }

  #in(operand: Expression, negated: boolean): Expression {
    this.tokens.expectSymbol('(', 'in is followed by a list between parentheses')
    const list = [this.parse()]
    while (this.tokens.takeSymbol(',')) list.push(this.parse())
    const end = this.tokens.expectSymbol(')', 'the list ends with ")"')
    return { form: 'in', negated, operand, list, ...spanOf(operand, end) }
  }

  #like(operand: Expression, negated: boolean): Expression {
    const pattern = this.#primary()
    if (!this.tokens.takeWord('escape')) {
      return { form: 'like', negated, operand, pattern, escape: null, ...spanOf(operand, pattern) }
    }
    const sign = this.tokens.take()
    if (sign.kind !== 'text' || [...sign.text].length > 1) {
      throw new ExpressionProblem('escape is followed by a text of one character', sign)
    }
    return { form: 'like', negated, operand, pattern, escape: sign.text, ...spanOf(operand, sign) }
  }

  /** bit_expr: sums of products. */
  sum(): Expression {
    let left = this.#product()
    for (;;) {
      const token = this.tokens.next
      if (token.kind !== 'symbol' || (token.text !== '+' && token.text !== '-')) return left
      this.tokens.take()
      const right = this.#product()
      if (right.form === 'interval') {
        const name = token.text === '+' ? 'date_add' : 'date_sub'
        left = { form: 'call', name, arguments: [left, right], ...spanOf(left, right) }
      } else left = this.#arithmetic(token.text, left, right)
    }
  }

  #product(): Expression {
    let left = this.#unary()
    for (;;) {
      const operator = this.#productOperator()
      if (operator === null) return left
      left = this.#arithmetic(operator, left, this.#unary())
    }
  }

  #productOperator(): ArithmeticOperator | null {
    const tokens = this.tokens
    if (tokens.takeSymbol('*')) return '*'
    if (tokens.takeSymbol('/')) return '/'
    if (tokens.takeSymbol('%') || tokens.takeWord('mod')) return 'mod'
    return tokens.takeWord('div') ? 'div' : null
  }

  #arithmetic(operator: ArithmeticOperator, left: Expression, right: Expression): Expression {
    return { form: 'arithmetic', operator, left, right, ...spanOf(left, right) }
  }

  #unary(): Expression {
    const start = this.tokens.next
    if (this.tokens.takeSymbol('+')) return this.#unary()
    if (!this.tokens.takeSymbol('-')) return this.#collated(this.#primary())
    if (++this.#depth > DEEPEST) throw new ExpressionProblem('the expression is nested too deeply', start)
    const operand = this.#unary()
    this.#depth--
    return { form: 'minus', operand, ...spanOf(start, operand) }
  }

  /** value COLLATE name */
  #collated(operand: Expression): Expression {
    if (!this.tokens.takeWord('collate')) return operand
    const name = this.tokens.take()
    if (name.kind !== 'word') throw new ExpressionProblem('collate is followed by a name: utf8mb4_bin', name)
    return this.#collated({ form: 'collate', operand, collation: name.word, ...spanOf(operand, name) })
  }

  #primary(): Expression {
    const token = this.tokens.take()
    const { at, length } = token
    switch (token.kind) {
      case 'integer':
      case 'decimal':
      case 'double':
        return { form: 'literal', literal: { kind: token.kind, digits: token.text }, at, length }
      case 'text':
        return { form: 'literal', literal: { kind: 'text', text: token.text }, at, length }
      case 'bytes':
        return { form: 'literal', literal: { kind: 'bytes', bytes: token.bytes }, at, length }
      case 'variable':
        return { form: 'variable', variable: token.text.toLowerCase(), at, length }
      case 'quoted':
        return this.#jsonArrow({ form: 'name', row: null, column: token.text, at, length })
      case 'word':
        return this.#word(token)
      case 'symbol':
        if (token.text === '(') {
          const inner = this.parse()
          const end = this.tokens.expectSymbol(')', 'this is where ")" must stand')
          return { ...inner, ...spanOf(token, end) }
        }
    }
    throw new ExpressionProblem(
      token.kind === 'end'
        ? 'the expression ends where a value should follow'
        : `${this.tokens.describe(token)} stands where a value should`,
      token,
    )
  }

  #word(token: Place & { readonly text: string; readonly word: string }): Expression {
    const { at, length, word } = token
    if (word === 'null') return { form: 'literal', literal: { kind: 'null' }, at, length }
    if (word === 'true' || word === 'false') {
      return { form: 'literal', literal: { kind: 'boolean', value: word === 'true' }, at, length }
    }
    if (word === 'case') return parseCase(this, token)
    if (word === 'interval') return this.#interval(token)
    const following = this.tokens.next
    if (following.kind === 'text' && (word === 'date' || word === 'time' || word === 'timestamp')) {
      this.tokens.take()
      const kind = word === 'timestamp' ? 'datetime' : word
      return { form: 'literal', literal: { kind, text: following.text }, ...spanOf(token, following) }
    }
    if (following.kind === 'symbol' && following.text === '(') {
      if (word === 'cast') return parseCast(this, token)
      if (!RESERVED.has(word) || word === 'mod') return parseCall(this, word, token)
    }
    if (RESERVED.has(word)) {
      throw new ExpressionProblem(
        `"${token.text}" stands where a value should; a column of that name stands between backticks`,
        token,
      )
    }
    if ((word === 'new' || word === 'old') && this.tokens.takeSymbol('.')) {
      const column = this.tokens.take()
      if (column.kind !== 'word' && column.kind !== 'quoted') {
        throw new ExpressionProblem(`${token.text}. is followed by the name of a column`, column)
      }
      return this.#jsonArrow({ form: 'name', row: word, column: column.text, ...spanOf(token, column) })
    }
    return this.#jsonArrow({ form: 'name', row: null, column: token.text, at, length })
  }

  #interval(start: Place): Expression {
    const amount = this.sum()
    const { unit, place } = this.tokens.takeUnit()
    return { form: 'interval', amount, unit, ...spanOf(start, place) }
  }

  /** column -> '$.path' and column ->> '$.path' */
  #jsonArrow(column: Expression): Expression {
    const dot = this.tokens.next
    if (dot.kind === 'symbol' && dot.text === '.') {
      throw new ExpressionProblem('only NEW. and OLD. can stand before the name of a column', column)
    }
    const unquoted = this.tokens.takeSymbol('->>')
    if (!unquoted && !this.tokens.takeSymbol('->')) return column
    const path = this.tokens.take()
    if (path.kind !== 'text') throw new ExpressionProblem("the arrow is followed by a path such as '$.name'", path)
    const place = spanOf(column, path)
    const literal: Expression = {
      form: 'literal',
      literal: { kind: 'text', text: path.text },
      at: path.at,
      length: path.length,
    }
    const extract: Expression = { form: 'call', name: 'json_extract', arguments: [column, literal], ...place }
    return unquoted ? { form: 'call', name: 'json_unquote', arguments: [extract], ...place } : extract
  }
}
