import { isOperator, isParens, type Node, wordOf } from './select-nodes.js'

/** Words that are part of the language where they stand bare; any other bare word is a name. */
export const KEYWORDS = new Set(
  `SELECT DISTINCT ALL FROM WHERE GROUP BY HAVING ORDER LIMIT OFFSET AS AND OR NOT IN IS NULL TRUE FALSE LIKE BETWEEN EXISTS
  CASE WHEN THEN ELSE END ON USING JOIN INNER LEFT RIGHT FULL OUTER CROSS SEMI ANTI NATURAL UNION EXCEPT INTERSECT MINUS
  WITH RECURSIVE VALUES ASC DESC NULLS FIRST LAST OVER PARTITION ROWS RANGE UNBOUNDED PRECEDING FOLLOWING CURRENT ROW
  WINDOW QUALIFY ANY SOME ESCAPE LATERAL INTERVAL ROLLUP CUBE GROUPING SETS SET BOTH LEADING TRAILING IGNORE`.split(
    /\s+/,
  ),
)
/** Words that end a list of select items. */
const AFTER_ITEMS = new Set(
  'FROM WHERE GROUP HAVING ORDER LIMIT UNION EXCEPT INTERSECT MINUS QUALIFY WINDOW INTO'.split(' '),
)
/** Keywords that can end an expression, so that a word behind them is an alias. */
const ENDS_VALUE = new Set(['NULL', 'TRUE', 'FALSE', 'END'])
/** Functions whose value the session knows. */
export const SESSION_FUNCTIONS = new Set([
  'database',
  'schema',
  'user',
  'current_user',
  'session_user',
  'system_user',
  'current_role',
  'current_catalog',
  'catalog',
  'version',
  'current_version',
  'connection_id',
  'last_query_id',
])
const ARITHMETIC = new Set(['+', '-', '*', '/', '%'])

/** Names of WITH tables anywhere in the statement, in lower case. */
export function commonTables(nodes: readonly Node[], names = new Set<string>()): Set<string> {
  nodes.forEach((node, at) => {
    if (node.kind === 'group') commonTables(node.items, names)
    if (wordOf(node) !== 'WITH') return
    let next = wordOf(nodes[at + 1]) === 'RECURSIVE' ? at + 2 : at + 1
    for (;;) {
      const name = nodes[next]
      if (name?.kind !== 'word' && name?.kind !== 'name') return
      const columns = isParens(nodes[next + 1]) ? 1 : 0
      if (wordOf(nodes[next + 1 + columns]) !== 'AS') return
      names.add(name.text.toLowerCase())
      next += 3 + columns
      if (!isOperator(nodes[next], ',')) return
      next++
    }
  })
  return names
}

/** A dotted name and the place behind it. */
export function readPath(nodes: readonly Node[], start: number): { path: string[]; next: number } {
  const path: string[] = []
  let at = start
  for (;;) {
    const node = nodes[at]
    if (node?.kind !== 'word' && node?.kind !== 'name') break
    path.push(node.text)
    at++
    if (!isOperator(nodes[at], '.')) break
    at++
  }
  return { path, next: at }
}

/** True where the list of select items ends; EXCEPT behind a star belongs to the item. */
export function endsItems(nodes: readonly Node[], at: number): boolean {
  const word = wordOf(nodes[at])
  if (!AFTER_ITEMS.has(word) || isOperator(nodes[at - 1], '.')) return false
  return !(word === 'EXCEPT' && isOperator(nodes[at - 1], '*'))
}

/** A select item without its alias; the alias is null when it has none. */
export function splitAlias(item: readonly Node[]): { value: readonly Node[]; alias: string | null } {
  const last = item.at(-1) as Node
  const before = item.at(-2)
  if (wordOf(before) === 'AS' && last.kind !== 'group') return { value: item.slice(0, -2), alias: last.text }
  const isName = last.kind === 'name' || (last.kind === 'word' && !KEYWORDS.has(last.text.toUpperCase()))
  if (!isName || before === undefined || before.kind === 'operator' || wordOf(item.at(-3)) === 'INTERVAL')
    return { value: item, alias: null }
  const beforeWord = wordOf(before)
  const endsValue =
    beforeWord === '' || !(KEYWORDS.has(beforeWord) || isInfixWord(beforeWord)) || ENDS_VALUE.has(beforeWord)
  return endsValue ? { value: item.slice(0, -1), alias: last.text } : { value: item, alias: null }
}

/** True when a table's alias begins here. */
export function isAlias(node: Node | undefined): boolean {
  if (node?.kind === 'name') return true
  return node?.kind === 'word' && (node.text.toUpperCase() === 'AS' || !KEYWORDS.has(node.text.toUpperCase()))
}

export function isArithmetic(node: Node | undefined): boolean {
  return node?.kind === 'operator' && ARITHMETIC.has(node.text)
}

export function isInfixWord(word: string): boolean {
  return word === 'DIV' || word === 'XOR' || word === 'REGEXP' || word === 'RLIKE' || word === 'BINARY'
}
