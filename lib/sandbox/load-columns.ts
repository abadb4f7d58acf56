import { LoadError } from './load-error.js'

/** The expressions of `columns: x = expr` the sandbox can evaluate; every other one is refused. */
export type LoadExpression =
  | { readonly kind: 'literal'; readonly text: string | null }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'toBinary'; readonly name: string; readonly encoding: 'encode64' | 'hex' | 'utf8' }
  | { readonly kind: 'parseJson'; readonly name: string }
  | { readonly kind: 'now' }

/** One item of the `columns` header: a source field by name, or a derived column. */
export type LoadColumn =
  | { readonly kind: 'source'; readonly name: string }
  | { readonly kind: 'derived'; readonly name: string; readonly expression: LoadExpression }

type Token = { readonly kind: 'name' | 'string' | 'number' | 'sign'; readonly text: string; readonly quoted: boolean }

/**
 * Parses a `columns` header: names (bare or in backticks) and derived columns `name = expression`.
 * Throws a LoadError for text that does not parse and for expressions the sandbox has no equivalent of.
 */
export function parseLoadColumns(header: string): readonly LoadColumn[] {
  const tokens = tokenize(header)
  const columns: LoadColumn[] = []
  let at = 0
  const next = (): Token | undefined => tokens[at++]
  const isSign = (sign: string) => tokens[at]?.kind === 'sign' && tokens[at]!.text === sign
  const fail = (detail: string): never => {
    throw new LoadError(`Getting syntax error. Detail message: columns '${header}': ${detail}`)
  }
  const readName = (): string => {
    const token = next()
    return token?.kind === 'name' ? token.text : fail(`a column name is missing before '${token?.text ?? 'the end'}'`)
  }
  const readExpression = (): LoadExpression => {
    const token = next()
    if (token === undefined) return fail('an expression is missing at the end')
    if (token.kind === 'string') return { kind: 'literal', text: token.text }
    if (token.kind === 'number') return { kind: 'literal', text: token.text }
    if (token.kind !== 'name') return fail(`unexpected '${token.text}'`)
    if (!isSign('(')) return wordExpression(token)
    at++
    const args: Token[] = []
    while (!isSign(')')) {
      const argument = next()
      if (argument === undefined) return fail('a ")" is missing')
      if (argument.kind === 'sign' && argument.text !== ',') {
        return refuse(`${token.text}() with a nested expression`)
      }
      if (argument.kind !== 'sign') args.push(argument)
    }
    at++
    return callExpression(token.text, args)
  }
  if (tokens.length === 0) fail('it is empty')
  for (;;) {
    const name = readName()
    if (isSign('=')) {
      at++
      columns.push({ kind: 'derived', name, expression: readExpression() })
    } else {
      columns.push({ kind: 'source', name })
    }
    const separator = next()
    if (separator === undefined) return columns
    if (separator.kind !== 'sign' || separator.text !== ',') {
      return separator.kind === 'sign' && columns.at(-1)!.kind === 'derived'
        ? refuse(`an expression with '${separator.text}'`)
        : fail(`unexpected '${separator.text}'`)
    }
  }
}

function wordExpression(token: Token): LoadExpression {
  if (!token.quoted && /^null$/i.test(token.text)) return { kind: 'literal', text: null }
  if (!token.quoted && /^(true|false)$/i.test(token.text)) return { kind: 'literal', text: token.text.toLowerCase() }
  if (!token.quoted && /^current_timestamp$/i.test(token.text)) return { kind: 'now' }
  return { kind: 'field', name: token.text }
}

function callExpression(name: string, args: readonly Token[]): LoadExpression {
  const [first, second] = args
  switch (name.toLowerCase()) {
    case 'to_binary': {
      const encoding = second === undefined ? 'hex' : second.kind === 'string' ? second.text.toLowerCase() : ''
      if (first?.kind !== 'name' || args.length > 2) break
      if (encoding !== 'encode64' && encoding !== 'hex' && encoding !== 'utf8') break
      return { kind: 'toBinary', name: first.text, encoding }
    }
    case 'parse_json':
      if (first?.kind !== 'name' || args.length !== 1) break
      return { kind: 'parseJson', name: first.text }
    case 'now':
    case 'current_timestamp':
      if (args.length > 0) break
      return { kind: 'now' }
  }
  return refuse(`${name}(${args.map(a => a.text).join(', ')})`)
}

function refuse(what: string): never {
  throw new LoadError(
    `The sandbox cannot evaluate ${what} in columns; it knows constants, column names, to_binary(column, 'encode64'|'hex'|'utf8'), parse_json(column) and now()`,
  )
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const c = text[at]!
    if (/\s/.test(c)) {
      at++
    } else if (c === '`' || c === "'" || c === '"') {
      const { value, end } = readQuoted(text, at)
      tokens.push({ kind: c === '`' ? 'name' : 'string', text: value, quoted: true })
      at = end
    } else {
      const word = /^(?:-?\d+(?:\.\d+)?(?![\p{L}\p{N}_$])|[\p{L}\p{N}_$]+)/u.exec(text.slice(at))?.[0]
      if (word === undefined) tokens.push({ kind: 'sign', text: c, quoted: false })
      else tokens.push({ kind: /^-?\d+(\.\d+)?$/.test(word) ? 'number' : 'name', text: word, quoted: false })
      at += word?.length ?? 1
    }
  }
  return tokens
}

function readQuoted(text: string, start: number): { value: string; end: number } {
  const quote = text[start]!
  let value = ''
  for (let at = start + 1; at < text.length; at++) {
    const c = text[at]!
    if (c === '\\' && quote !== '`' && at + 1 < text.length) {
      value += text[++at]
    } else if (c !== quote) {
      value += c
    } else if (text[at + 1] === quote) {
      value += quote
      at++
    } else {
      return { value, end: at + 1 }
    }
  }
  throw new LoadError(`Getting syntax error. Detail message: columns '${text}': a closing ${quote} is missing`)
}
