import { ExpressionProblem } from './problem.js'
import type { Place } from './syntax.js'

export type Token = Place &
  (
    | { readonly kind: 'end' }
    /** A bare word, as written and in lower case. */
    | { readonly kind: 'word'; readonly text: string; readonly word: string }
    /** Between backticks. */
    | { readonly kind: 'quoted'; readonly text: string }
    | { readonly kind: 'variable'; readonly text: string }
    | { readonly kind: 'integer' | 'decimal' | 'double'; readonly text: string }
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
    | { readonly kind: 'symbol'; readonly text: string }
  )

const SPACE = /[ \t\r\n]+/y
const WORD = /[A-Za-z_\u0080-\u{10ffff}][A-Za-z0-9_$\u0080-\u{10ffff}]*/uy
const VARIABLE = /\$[A-Za-z_][A-Za-z0-9_]*/y
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const HEX = /(?:0x([0-9A-Fa-f]+)|[xX]'([^']*)')/y
const SYMBOL = /<=>|->>|->|<=|>=|<>|!=|[-+*/%=<>(),.]/y

/** Signs of SQL that this language does not have, each with what to write in its place. */
const REFUSED: readonly (readonly [string, string])[] = [
  ['||', '"||" means OR or concatenation, by the server\'s sql_mode: write or, or concat(…)'],
  ['&&', 'write and in place of "&&"'],
  ['!', 'write not in place of "!"'],
  ['--', 'comments have no place in an expression'],
  ['/*', 'comments have no place in an expression'],
  ['#', 'comments have no place in an expression'],
  ['?', 'there are no parameters in an expression'],
  [':=', 'an expression assigns nothing'],
  ['@', 'session variables are not known here'],
  [';', 'an expression is one value, without a semicolon'],
]
const BIT_OPERATORS = '|&^~'

/** Cuts the text of an expression into tokens; the last one is `end`. Throws ExpressionProblem. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    at += matched(SPACE, text, at)?.[0].length ?? 0
    if (at === text.length) break
    const token = tokenAt(text, at)
    tokens.push(token)
    at += token.length
  }
  tokens.push({ kind: 'end', at: text.length, length: 1 })
  return tokens
}

function matched(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

function tokenAt(text: string, at: number): Token {
  const first = text[at]!
  if (first === "'" || first === '"') {
    const { value, length } = quotedText(text, at, first)
    return { kind: 'text', text: value, at, length }
  }
  if (first === '`') return quotedName(text, at)
  const hex = matched(HEX, text, at)
  if (hex !== null) return hexBytes(hex, at)
  const number = matched(NUMBER, text, at)
  if (number !== null) return numberToken(number[0], text, at)
  const variable = matched(VARIABLE, text, at)
  if (variable !== null) return { kind: 'variable', text: variable[0].slice(1), at, length: variable[0].length }
  const word = matched(WORD, text, at)
  if (word !== null) {
    return { kind: 'word', text: word[0], word: word[0].toLowerCase(), at, length: word[0].length }
  }
  for (const [sign, advice] of REFUSED) {
    if (text.startsWith(sign, at) && !text.startsWith('!=', at)) {
      throw new ExpressionProblem(advice, { at, length: sign.length })
    }
  }
  if (BIT_OPERATORS.includes(first)) {
    throw new ExpressionProblem(`expressions have no bit operators such as "${first}"`, { at, length: 1 })
  }
  const symbol = matched(SYMBOL, text, at)
  if (symbol === null)
    throw new ExpressionProblem(`the character ${shown(text, at)} has no meaning here`, { at, length: 1 })
  return { kind: 'symbol', text: symbol[0] === '!=' ? '<>' : symbol[0], at, length: symbol[0].length }
}

function shown(text: string, at: number): string {
  const code = text.codePointAt(at)!
  return code > 32 && code !== 127
    ? `"${String.fromCodePoint(code)}"`
    : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

function numberToken(digits: string, text: string, at: number): Token {
  const length = digits.length
  const glued = matched(WORD, text, at + length)
  if (glued !== null) {
    const name = digits + glued[0]
    throw new ExpressionProblem(`"${name}" is no number; a name that begins with a digit stands between backticks`, {
      at,
      length: name.length,
    })
  }
  const kind = /[eE]/.test(digits) ? 'double' : digits.includes('.') ? 'decimal' : 'integer'
  return { kind, text: digits, at, length }
}

function hexBytes(match: RegExpExecArray, at: number): Token {
  const { length } = match[0]
  const odd = match[1] !== undefined && match[1].length % 2 === 1
  const digits = match[1] === undefined ? match[2]! : odd ? `0${match[1]}` : match[1]
  if (digits.length % 2 === 1 || !/^[0-9A-Fa-f]*$/.test(digits)) {
    throw new ExpressionProblem('a hexadecimal literal has an even number of digits 0-9, A-F', { at, length })
  }
  return { kind: 'bytes', bytes: Uint8Array.from(Buffer.from(digits, 'hex')), at, length }
}

function quotedName(text: string, at: number): Token {
  const match = matched(/`((?:[^`]|``)*)`/y, text, at)
  if (match === null) throw new ExpressionProblem('this backtick has no partner', { at, length: 1 })
  if (match[1] === '') throw new ExpressionProblem('a name must not be empty', { at, length: 2 })
  return { kind: 'quoted', text: match[1]!.replaceAll('``', '`'), at, length: match[0].length }
}

const ESCAPES: Readonly<Record<string, string>> = { '0': '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a' }

/** MySQL's string literals: doubled quotes and backslash escapes; `\%` and `\_` keep their backslash, for LIKE. */
function quotedText(text: string, at: number, quote: string): { value: string; length: number } {
  let value = ''
  for (let i = at + 1; i < text.length; i++) {
    const c = text[i]!
    if (c === quote) {
      if (text[i + 1] !== quote) return { value, length: i + 1 - at }
      value += quote
      i++
    } else if (c === '\\' && i + 1 < text.length) {
      const next = text[++i]!
      value += next === '%' || next === '_' ? `\\${next}` : (ESCAPES[next] ?? next)
    } else value += c
  }
  throw new ExpressionProblem(`this text has no closing ${quote === "'" ? 'quote' : 'double quote'}`, { at, length: 1 })
}
