import type { Token } from './lexer.js'
import { syntaxError } from './sql-error.js'

/** A bracketed part of a statement. */
export interface Group {
  readonly kind: 'group'
  readonly open: '(' | '['
  readonly items: readonly Node[]
  readonly start: number
  readonly end: number
}

export type Node = Token | Group

/**
 * The tokens of one statement as a tree of brackets, without the 'end' token.
 * @throws SqlError 1064 when brackets do not match.
 */
export function nestTokens(source: string, tokens: readonly Token[]): Node[] {
  const root: Node[] = []
  const stack: { open: '(' | '['; start: number; items: Node[] }[] = []
  let items = root
  for (const token of tokens) {
    if (token.kind === 'end') break
    if (token.kind === 'operator' && (token.text === '(' || token.text === '[')) {
      const group = { open: token.text as '(' | '[', start: token.start, items: [] }
      stack.push(group)
      items = group.items
    } else if (token.kind === 'operator' && (token.text === ')' || token.text === ']')) {
      const group = stack.pop()
      if (group === undefined || (group.open === '(') !== (token.text === ')'))
        throw syntaxError(source, token.start, `Unexpected input '${token.text}'`)
      items = stack.at(-1)?.items ?? root
      items.push({ kind: 'group', ...group, end: token.end })
    } else items.push(token)
  }
  const open = stack.at(-1)
  if (open !== undefined)
    throw syntaxError(source, source.length, `Unexpected input '<EOF>', '${open.open}' is not closed`)
  return root
}

/** The upper-case text of a plain word, or '' for anything else. */
export function wordOf(node: Node | undefined): string {
  return node?.kind === 'word' ? node.text.toUpperCase() : ''
}

export function isOperator(node: Node | undefined, text: string): boolean {
  return node?.kind === 'operator' && node.text === text
}

export function isParens(node: Node | undefined): node is Group {
  return node?.kind === 'group' && node.open === '('
}

/** Parts between commas outside inner brackets; none for an empty list. */
export function splitByComma(nodes: readonly Node[]): Node[][] {
  if (nodes.length === 0) return []
  const parts: Node[][] = [[]]
  for (const node of nodes)
    if (isOperator(node, ',')) parts.push([])
    else parts.at(-1)?.push(node)
  return parts
}

/** True for the inside of a subquery's parentheses. */
export function isQuery(nodes: readonly Node[]): boolean {
  let first = nodes[0]
  while (isParens(first) && first.items.length > 0 && nodes.length >= 1) {
    const inner = wordOf(first.items[0])
    if (inner === 'SELECT' || inner === 'WITH') return true
    first = first.items[0]
  }
  const word = wordOf(nodes[0])
  return word === 'SELECT' || word === 'WITH' || word === 'VALUES'
}
