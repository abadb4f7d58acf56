import { type Expression, type Place, spanOf } from './syntax.js'
import type { ExpressionReader } from './token-reader.js'

/**
 * name(…); the name is taken already, and "(" comes next. The forms with words in place of commas become calls with the
 * same arguments: substring(x from 2 for 3), position(a in b), extract(year from x), trim(leading 'x' from y).
 */
export function parseCall(parser: ExpressionReader, name: string, start: Place): Expression {
  const { tokens } = parser
  tokens.expectSymbol('(', `${name}(…)`)
  const list: Expression[] = []
  let called = name
  if (name === 'timestampdiff' || name === 'timestampadd' || name === 'extract') {
    const { unit, place } = tokens.takeUnit()
    list.push({ form: 'word', word: unit, at: place.at, length: place.length })
    if (name === 'extract') tokens.expectWord('from', 'extract(unit from value)')
    else tokens.expectSymbol(',', `${name}(unit, a, b)`)
    list.push(parser.parse())
  } else if (name === 'trim') called = trimParts(parser, list)
  else if (name === 'position') {
    list.push(parser.sum())
    tokens.expectWord('in', "position('a' in text)")
    list.push(parser.parse())
    called = 'locate'
  } else if (!isClosing(parser)) list.push(parser.parse())
  if ((name === 'substring' || name === 'substr' || name === 'mid') && tokens.takeWord('from')) {
    list.push(parser.parse())
    if (tokens.takeWord('for')) list.push(parser.parse())
  }
  while (tokens.takeSymbol(',')) list.push(parser.parse())
  const end = tokens.expectSymbol(')', `an operator, "," or ")" must follow in ${name}(…)`)
  return { form: 'call', name: called, arguments: list, ...spanOf(start, end) }
}

function isClosing(parser: ExpressionReader): boolean {
  const { next } = parser.tokens
  return next.kind === 'symbol' && next.text === ')'
}

/** trim([[both | leading | trailing] [what] from] text): ends as trim(word, what, text), or trim(text). */
function trimParts(parser: ExpressionReader, list: Expression[]): string {
  const { tokens } = parser
  const first = tokens.next
  const side = first.kind === 'word' && /^(both|leading|trailing)$/.test(first.word) ? first.word : null
  if (side !== null) tokens.take()
  const word: Expression = { form: 'word', word: side ?? 'both', at: first.at, length: first.length }
  if (side !== null && tokens.takeWord('from')) {
    const space: Expression = {
      form: 'literal',
      literal: { kind: 'text', text: ' ' },
      at: first.at,
      length: first.length,
    }
    list.push(word, space, parser.parse())
    return 'trim'
  }
  const what = parser.parse()
  if (side === null && !tokens.takeWord('from')) {
    list.push(what)
    return 'trim'
  }
  if (side !== null) tokens.expectWord('from', "trim(leading '0' from text)")
  list.push(word, what, parser.parse())
  return 'trim'
}
