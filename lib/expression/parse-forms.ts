import { ExpressionProblem } from './problem.js'
import { type CastTarget, type Expression, type Place, spanOf } from './syntax.js'
import type { ExpressionReader, TokenReader } from './token-reader.js'

/** CASE [operand] WHEN … THEN … [ELSE …] END; `case` is taken already. */
export function parseCase(parser: ExpressionReader, start: Place): Expression {
  const { tokens } = parser
  const first = tokens.next
  const operand = first.kind === 'word' && first.word === 'when' ? null : parser.parse()
  const branches: { when: Expression; result: Expression }[] = []
  while (tokens.takeWord('when')) {
    const when = parser.parse()
    tokens.expectWord('then', 'case when … then … end')
    branches.push({ when, result: parser.parse() })
  }
  if (branches.length === 0) throw new ExpressionProblem('case needs a branch: when … then …', tokens.next)
  const otherwise = tokens.takeWord('else') ? parser.parse() : null
  const end = tokens.expectWord('end', 'case … end')
  return { form: 'case', operand, branches, otherwise, ...spanOf(start, end) }
}

/** CAST(value AS type); `cast` is taken already. */
export function parseCast(parser: ExpressionReader, start: Place): Expression {
  const { tokens } = parser
  tokens.expectSymbol('(', 'cast(value as type)')
  const operand = parser.parse()
  tokens.expectWord('as', 'cast(value as type)')
  const to = castTarget(tokens)
  const end = tokens.expectSymbol(')', 'cast(value as type) ends with ")"')
  return { form: 'cast', operand, to, ...spanOf(start, end) }
}

const CASTS = 'signed, unsigned, decimal(p,s), double, char, char(n), date, datetime, datetime(f), time or time(f)'

function castTarget(tokens: TokenReader): CastTarget {
  const token = tokens.take()
  const word = token.kind === 'word' ? token.word : ''
  switch (word) {
    case 'signed':
    case 'unsigned':
      tokens.takeWord('integer')
      return { kind: word }
    case 'double':
    case 'date':
      return { kind: word }
    case 'decimal':
      return { kind: 'decimal', ...decimalSize(tokens) }
    case 'char':
      return { kind: 'char', length: sizeIn(tokens, 0, 65_535) }
    case 'datetime':
    case 'time':
      return { kind: word, fractionDigits: sizeIn(tokens, 0, 6) ?? 0 }
    default:
      throw new ExpressionProblem(`cast knows ${CASTS}`, token)
  }
}

function decimalSize(tokens: TokenReader): { precision: number; scale: number } {
  if (!tokens.takeSymbol('(')) return { precision: 10, scale: 0 }
  const precision = tokens.takeNumber(1, 65)
  const scale = tokens.takeSymbol(',') ? tokens.takeNumber(0, Math.min(30, precision)) : 0
  tokens.expectSymbol(')', 'decimal(digits, digits behind the point)')
  return { precision, scale }
}

function sizeIn(tokens: TokenReader, min: number, max: number): number | null {
  if (!tokens.takeSymbol('(')) return null
  const size = tokens.takeNumber(min, max)
  tokens.expectSymbol(')', 'a size stands between parentheses')
  return size
}
