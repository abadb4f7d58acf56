import { syntaxError } from './sql-error.js'

/**
 * One token of StarRocks SQL. `text` is the value: a word as written, a back-quoted name or a string without its quotes and
 * escapes, an operator, a variable with its @ signs. `start` and `end` are offsets in the source.
 */
export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'operator' | 'variable' | 'parameter' | 'end'
  readonly text: string
  readonly start: number
  readonly end: number
}

const OPERATORS_BY_LENGTH = ['<=>', '->>', ':=', '->', '<<', '>>', '<=', '>=', '<>', '!=', '&&', '||', '=>']

/** Escapes MySQL knows inside strings; any other escaped character stands for itself. */
const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\x1a',
  // These two keep their backslash, so that LIKE still sees the escape.
  '%': '\\%',
  _: '\\_',
}

/**
 * Cuts SQL into tokens and leaves out spaces and comments. The last token is of kind 'end'. Strings are scanned by loop:
 * a literal of many megabytes is one step, not one recursion per character.
 * @throws SqlError 1064 on an unclosed string, name or comment.
 */
export function lex(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < source.length) {
    const skipped = skipBlank(source, at)
    if (skipped !== at) {
      at = skipped
      continue
    }
    const token = readToken(source, at)
    tokens.push(token)
    at = token.end
  }
  tokens.push({ kind: 'end', text: '', start: source.length, end: source.length })
  return tokens
}

/** The statements of a text, split at semicolons outside strings and comments; empty ones are left out. */
export function splitStatements(source: string): string[] {
  const statements: string[] = []
  let start = 0
  let hasTokens = false
  for (const token of lex(source)) {
    if (token.kind === 'end' || (token.kind === 'operator' && token.text === ';')) {
      if (hasTokens) statements.push(source.slice(start, token.start).trim())
      start = token.end
      hasTokens = false
    } else hasTokens = true
  }
  return statements
}

function readToken(source: string, at: number): Token {
  const char = source[at] as string
  if (char === "'" || char === '"') return readString(source, at, char)
  if (char === '`') return readName(source, at)
  if (char === '?') return { kind: 'parameter', text: '?', start: at, end: at + 1 }
  if (char === '@') {
    let end = at
    while (source[end] === '@') end++
    while (end < source.length && (isWordChar(source.charCodeAt(end)) || source[end] === '.')) end++
    return { kind: 'variable', text: source.slice(at, end), start: at, end }
  }
  const code = source.charCodeAt(at)
  if (isDigit(code) || (char === '.' && isDigit(source.charCodeAt(at + 1)))) return readNumberOrWord(source, at)
  if (isWordChar(code)) {
    let end = at + 1
    while (end < source.length && isWordChar(source.charCodeAt(end))) end++
    return { kind: 'word', text: source.slice(at, end), start: at, end }
  }
  for (const operator of OPERATORS_BY_LENGTH)
    if (source.startsWith(operator, at))
      return { kind: 'operator', text: operator, start: at, end: at + operator.length }
  return { kind: 'operator', text: char, start: at, end: at + 1 }
}

function readString(source: string, start: number, quote: string): Token {
  const parts: string[] = []
  let from = start + 1
  let at = from
  for (;;) {
    const char = source[at]
    if (char === undefined) throw syntaxError(source, start, 'the string is not closed')
    if (char === '\\') {
      const escaped = source[at + 1] ?? ''
      parts.push(source.slice(from, at), ESCAPES[escaped] ?? escaped)
      at += 2
      from = at
    } else if (char === quote) {
      parts.push(source.slice(from, at))
      if (source[at + 1] !== quote) return { kind: 'string', text: parts.join(''), start, end: at + 1 }
      parts.push(quote)
      at += 2
      from = at
    } else at++
  }
}

function readName(source: string, start: number): Token {
  let text = ''
  let at = start + 1
  for (;;) {
    const close = source.indexOf('`', at)
    if (close < 0) throw syntaxError(source, start, 'the name is not closed')
    text += source.slice(at, close)
    if (source[close + 1] !== '`') return { kind: 'name', text, start, end: close + 1 }
    text += '`'
    at = close + 2
  }
}

/** A number; or a name that begins with digits, as in `2024_orders`. */
function readNumberOrWord(source: string, start: number): Token {
  const matched = /[0-9]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?/y
  matched.lastIndex = start
  const end = start + (matched.exec(source)?.[0].length ?? 0)
  if (end >= source.length || !isWordChar(source.charCodeAt(end)))
    return { kind: 'number', text: source.slice(start, end), start, end }
  let wordEnd = end
  while (wordEnd < source.length && isWordChar(source.charCodeAt(wordEnd))) wordEnd++
  return { kind: 'word', text: source.slice(start, wordEnd), start, end: wordEnd }
}

/** Behind spaces, or behind one comment that begins at `at`; `at` itself when neither is there. */
function skipBlank(source: string, at: number): number {
  const code = source.charCodeAt(at)
  if (code <= 32 || code === 0xa0 || code === 0xfeff) return at + 1
  const twoChars = source.slice(at, at + 2)
  if (twoChars === '/*') {
    const close = source.indexOf('*/', at + 2)
    if (close < 0) throw syntaxError(source, at, 'the comment is not closed')
    return close + 2
  }
  if (source[at] === '#' || twoChars === '--') {
    const lineEnd = source.indexOf('\n', at)
    return lineEnd < 0 ? source.length : lineEnd + 1
  }
  return at
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

function isWordChar(code: number): boolean {
  return (
    isDigit(code) ||
    (code >= 65 && code <= 90) ||
    (code >= 97 && code <= 122) ||
    code === 95 ||
    code === 36 ||
    code > 127
  )
}
