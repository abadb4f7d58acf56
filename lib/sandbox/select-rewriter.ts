import type { Catalog, SandboxTable } from './catalog.js'
import { lex, type Token } from './lexer.js'
import { checkUnit, isText, renderCall, renderCast } from './select-functions.js'
import {
  type Group,
  isOperator,
  isParens,
  isQuery,
  type Node,
  nestTokens,
  splitByComma,
  wordOf,
} from './select-nodes.js'
import {
  commonTables,
  endsItems,
  isAlias,
  isArithmetic,
  isInfixWord,
  KEYWORDS,
  readPath,
  SESSION_FUNCTIONS,
  splitAlias,
} from './select-words.js'
import { analyzingError, noDatabaseSelected, syntaxError } from './sql-error.js'
import { quoteName, quoteText } from './store.js'
import { TokenReader } from './token-reader.js'
import { readColumnType } from './type-parser.js'

/** What a statement means depends on the session it is read in. */
export interface RewriteScope {
  readonly catalog: Catalog
  readonly physicalName: (table: SandboxTable) => string
  /** The database of USE. */
  readonly database: string | null
  /** Rows of a table of information_schema as a DuckDB subquery, or undefined when there is no such table. */
  readonly systemTable: (database: string, name: string) => string | undefined
  /** Text of a variable (with its @ signs) or of a session function such as `database()`; null is SQL NULL, undefined unknown. */
  readonly sessionValue: (name: string) => string | number | null | undefined
}

const KEYWORD_FUNCTIONS = new Set(['LEFT', 'RIGHT', 'GROUPING', 'ROW', 'FIRST', 'LAST', 'IF', 'VALUES'])
const ENDS_FROM = new Set(
  'WHERE GROUP HAVING ORDER LIMIT UNION EXCEPT INTERSECT MINUS QUALIFY WINDOW SELECT SET'.split(' '),
)
const BARE_CALLS = new Set(['current_timestamp', 'current_date', 'current_user', 'localtime', 'localtimestamp'])
const TABLE_FUNCTIONS = new Set(['unnest', 'generate_series'])
const OPERATORS: Readonly<Record<string, string>> = {
  '<=>': 'IS NOT DISTINCT FROM',
  '&&': 'AND',
  '||': 'OR',
  '!': 'NOT',
}

/**
 * Translates a query (SELECT, WITH, VALUES) to DuckDB. Tables are looked up in the catalog, so that only they can be read.
 * @throws SqlError for unknown tables and for what has no translation.
 */
export function rewriteQuery(source: string, scope: RewriteScope): string {
  const nodes = nestTokens(source, lex(source))
  return new Rewriter(source, scope, commonTables(nodes)).query(nodes)
}

/** Translates an expression to DuckDB. */
export function rewriteExpression(source: string, scope: RewriteScope): string {
  return new Rewriter(source, scope, new Set()).expression(nestTokens(source, lex(source)))
}

class Rewriter {
  readonly #source: string
  readonly #scope: RewriteScope
  readonly #commonTables: ReadonlySet<string>

  constructor(source: string, scope: RewriteScope, commonTables: ReadonlySet<string>) {
    this.#source = source
    this.#scope = scope
    this.#commonTables = commonTables
  }

  query(nodes: readonly Node[]): string {
    return this.#clauses(nodes, false)
  }

  expression(nodes: readonly Node[]): string {
    const out: string[] = []
    let at = 0
    while (at < nodes.length) at = this.#term(nodes, at, out)
    return out.join(' ')
  }

  /** A list of clauses; `tableFirst` for the inside of a parenthesised join. */
  #clauses(nodes: readonly Node[], tableFirst: boolean): string {
    const out: string[] = []
    let inFrom = tableFirst
    let tableNext = tableFirst
    let at = 0
    while (at < nodes.length) {
      const node = nodes[at] as Node
      const word = wordOf(node)
      if (word === 'SELECT') {
        at = this.#selectItems(nodes, at, out)
        inFrom = false
      } else if (tableNext && word !== 'LATERAL') {
        at = this.#tableReference(nodes, at, out)
        tableNext = false
      } else if (word === 'FROM' || word === 'JOIN') {
        out.push(word)
        inFrom = true
        tableNext = true
        at++
      } else if (inFrom && isOperator(node, ',')) {
        out.push(',')
        tableNext = true
        at++
      } else if (word === 'LIMIT') {
        at = this.#limit(nodes, at, out)
        inFrom = false
      } else {
        if (ENDS_FROM.has(word)) inFrom = false
        if (word === 'MINUS') {
          out.push('EXCEPT')
          at++
        } else at = this.#term(nodes, at, out)
      }
    }
    return out.join(' ')
  }

  #selectItems(nodes: readonly Node[], start: number, out: string[]): number {
    let at = start + 1
    out.push('SELECT')
    while (wordOf(nodes[at]) === 'DISTINCT' || wordOf(nodes[at]) === 'ALL') out.push(wordOf(nodes[at++]))
    const from = at
    while (at < nodes.length && !endsItems(nodes, at)) at++
    out.push(
      splitByComma(nodes.slice(from, at))
        .map(item => this.#selectItem(item))
        .join(', '),
    )
    return at
  }

  #selectItem(item: readonly Node[]): string {
    const last = item.at(-1)
    if (last === undefined) throw syntaxError(this.#source, this.#source.length, 'a select item is missing')
    const starAt = item.findIndex(node => isOperator(node, '*'))
    if (starAt >= 0 && (starAt === 0 || (isOperator(item[starAt - 1], '.') && starAt === item.length - 1)))
      if (item.length === 1 || isOperator(item[starAt - 1], '.') || wordOf(item[1]) === 'EXCEPT')
        return this.#star(item)
    const { value, alias } = splitAlias(item)
    return `${this.expression(value)} AS ${quoteName(alias ?? this.#columnTitle(value))}`
  }

  /** `*`, `t.*`, `db.t.*` and `* EXCEPT (a, b)`. */
  #star(item: readonly Node[]): string {
    if (wordOf(item[1]) === 'EXCEPT') return `* EXCLUDE ${this.#term1(item[2])}`
    if (item.length === 1) return '*'
    const owner = item.at(-3)
    return `${quoteName(owner?.kind === 'word' || owner?.kind === 'name' ? owner.text : '')}.*`
  }

  /** The name of a column without alias: of a column its own name, else the source text with function names in lower case. */
  #columnTitle(value: readonly Node[]): string {
    const last = value.at(-1)
    const isPath = value.every((node, at) =>
      at % 2 === 1 ? isOperator(node, '.') : node.kind === 'name' || node.kind === 'word',
    )
    if (isPath && last !== undefined && (last.kind === 'name' || last.kind === 'word')) return last.text
    const start = value[0]?.start ?? 0
    let title = this.#source.slice(start, last?.end ?? start)
    value.forEach((node, at) => {
      if (node.kind !== 'word' || !isParens(value[at + 1]) || SESSION_FUNCTIONS.has(node.text.toLowerCase())) return
      const from = node.start - start
      title = title.slice(0, from) + node.text.toLowerCase() + title.slice(from + node.text.length)
    })
    return title
  }

  #limit(nodes: readonly Node[], start: number, out: string[]): number {
    if (isOperator(nodes[start + 2], ',')) {
      out.push('LIMIT', this.#term1(nodes[start + 3]), 'OFFSET', this.#term1(nodes[start + 1]))
      return start + 4
    }
    out.push('LIMIT')
    return start + 1
  }

  #tableReference(nodes: readonly Node[], start: number, out: string[]): number {
    const node = nodes[start] as Node
    if (isParens(node)) {
      out.push(isQuery(node.items) ? `(${this.query(node.items)})` : `(${this.#clauses(node.items, true)})`)
      return start + 1
    }
    if (node.kind !== 'word' && node.kind !== 'name')
      throw syntaxError(this.#source, node.start, `Unexpected input '${this.#text(node)}', a table is expected`)
    const { path, next } = readPath(nodes, start)
    const name = path.at(-1) as string
    if (isParens(nodes[next])) {
      if (!TABLE_FUNCTIONS.has(name.toLowerCase()))
        throw analyzingError(`Unknown table function '${name}(...)' or not supported by this server`)
      out.push(`${name.toLowerCase()}(${this.expression((nodes[next] as Group).items)})`)
      return next + 1
    }
    const hasAlias = isAlias(nodes[next])
    if (path.length === 1 && this.#commonTables.has(name.toLowerCase())) {
      out.push(quoteName(name))
      return next
    }
    if (path.length === 1 && name.toUpperCase() === 'DUAL') {
      out.push(`(SELECT 1)${hasAlias ? '' : ' AS dual'}`)
      return next
    }
    out.push(this.#tableRows(path.at(-2) ?? this.#scope.database, name))
    if (!hasAlias) out.push(`AS ${quoteName(name)}`)
    return next
  }

  #tableRows(database: string | null, name: string): string {
    if (database === null) throw noDatabaseSelected()
    const system = this.#scope.systemTable(database, name)
    if (system !== undefined) return system
    return this.#scope.physicalName(this.#scope.catalog.requireTable(database, name))
  }

  #term1(node: Node | undefined): string {
    if (node === undefined) throw syntaxError(this.#source, this.#source.length, "Unexpected input '<EOF>'")
    return this.expression([node])
  }

  /** Renders what begins at `at` and returns where the next part begins. */
  #term(nodes: readonly Node[], at: number, out: string[]): number {
    const node = nodes[at] as Node
    switch (node.kind) {
      case 'group':
        out.push(this.#group(node))
        return at + 1
      case 'string':
        return this.#string(nodes, at, node, out)
      case 'number':
        out.push(node.text)
        return at + 1
      case 'variable':
        out.push(this.#sessionValue(node.text))
        return at + 1
      case 'parameter':
        throw analyzingError('a parameter (?) can only be used in a prepared statement')
      case 'operator':
        if (node.text === '^' || node.text === ':=')
          throw analyzingError(`operator ${node.text} is not supported by this server`)
        if (node.text !== ';') out.push(OPERATORS[node.text] ?? node.text)
        return at + 1
      case 'name':
        return this.#path(nodes, at, out)
      case 'word':
        return this.#word(nodes, at, node, out)
      case 'end':
        return at + 1
    }
  }

  #group(group: Group): string {
    if (group.open === '[') return `[${this.expression(group.items)}]`
    return `(${isQuery(group.items) ? this.query(group.items) : this.expression(group.items)})`
  }

  #string(nodes: readonly Node[], at: number, token: Token, out: string[]): number {
    const before = nodes[at - 1]
    const after = nodes[at + 1]
    if (wordOf(before) === 'AS') out.push(quoteName(token.text))
    else if (wordOf(before) === 'LIKE') {
      const escapes = token.text.includes('\\') && wordOf(after) !== 'ESCAPE'
      out.push(quoteText(token.text) + (escapes ? " ESCAPE '\\'" : ''))
    } else if (wordOf(before) === 'REGEXP' || wordOf(before) === 'RLIKE')
      out.push(quoteText(`(?s).*(?:${token.text}).*`))
    else if (isArithmetic(before) || isArithmetic(after)) {
      const isDate = wordOf(nodes[at + 2]) === 'INTERVAL'
      out.push(isDate ? `sr_datetime(${quoteText(token.text)})` : `TRY_CAST(${quoteText(token.text)} AS DOUBLE)`)
    } else out.push(quoteText(token.text))
    return at + 1
  }

  #word(nodes: readonly Node[], at: number, token: Token, out: string[]): number {
    const word = token.text.toUpperCase()
    const next = nodes[at + 1]
    if (isOperator(nodes[at - 1], '.') || isOperator(next, '.')) return this.#path(nodes, at, out)
    if (isParens(next) && (!KEYWORDS.has(word) || KEYWORD_FUNCTIONS.has(word)) && !isInfixWord(word)) {
      out.push(this.#call(token.text.toLowerCase(), next, wordOf(nodes[at + 2]) === 'OVER'))
      return at + 2
    }
    switch (word) {
      case 'DIV':
        out.push('//')
        return at + 1
      case 'MOD':
        out.push('%')
        return at + 1
      case 'XOR':
        throw analyzingError('operator XOR is not supported by this server')
      case 'BINARY':
        return at + 1
      case 'NOT':
        if (wordOf(next) !== 'REGEXP' && wordOf(next) !== 'RLIKE') break
        out.push('!~')
        return this.#regexp(nodes, at + 1, out)
      case 'REGEXP':
      case 'RLIKE':
        out.push('~')
        return this.#regexp(nodes, at, out)
      case 'INTERVAL':
        return this.#interval(nodes, at, out)
      case 'DATE':
      case 'DATETIME':
      case 'TIMESTAMP':
        if (next?.kind !== 'string') break
        out.push(`CAST(${quoteText(next.text)} AS ${word === 'DATE' ? 'DATE' : 'TIMESTAMP'})`)
        return at + 2
    }
    const lower = token.text.toLowerCase()
    if (BARE_CALLS.has(lower)) {
      out.push(
        SESSION_FUNCTIONS.has(lower)
          ? this.#sessionValue(`${lower}()`)
          : renderCall({ name: lower, nodes: [], parts: [], render: list => this.expression(list), windowed: false }),
      )
      return at + 1
    }
    if (KEYWORDS.has(word)) {
      out.push(word)
      return at + 1
    }
    return this.#path(nodes, at, out)
  }

  /** Behind REGEXP: DuckDB's ~ wants the whole text to match, StarRocks' operator any part of it. */
  #regexp(nodes: readonly Node[], at: number, out: string[]): number {
    const pattern = nodes[at + 1]
    if (pattern?.kind !== 'string') throw analyzingError('REGEXP needs a constant pattern in this server')
    return this.#string(nodes, at + 1, pattern, out)
  }

  #interval(nodes: readonly Node[], at: number, out: string[]): number {
    let unitAt = at + 2
    while (unitAt < nodes.length && !(nodes[unitAt]?.kind === 'word' && !isParens(nodes[unitAt + 1]))) unitAt++
    const unit = checkUnit(wordOf(nodes[unitAt]).toLowerCase())
    const amount = nodes.slice(at + 1, unitAt)
    const only = amount.length === 1 ? amount[0] : undefined
    const value = only?.kind === 'string' ? only.text : this.expression(amount)
    if (only?.kind === 'string' && !/^[+-]?\d+$/.test(only.text))
      throw analyzingError(`Invalid interval '${only.text}'`)
    out.push(`(INTERVAL (${value}) ${unit})`)
    return unitAt + 1
  }

  #path(nodes: readonly Node[], start: number, out: string[]): number {
    const { path, next } = readPath(nodes, start)
    // A column is known by its table's name or alias; the database in front of it only says which table of that name.
    out.push(path.slice(-2).map(quoteName).join('.'))
    return next
  }

  #call(name: string, group: Group, windowed: boolean): string {
    if (SESSION_FUNCTIONS.has(name) && group.items.length === 0) return this.#sessionValue(`${name}()`)
    if (name === 'cast' || name === 'try_cast' || name === 'convert') return this.#cast(group)
    if (!/^[a-z_][a-z0-9_]*$/.test(name)) throw analyzingError(`No matching function with signature: ${name}()`)
    const render = (list: readonly Node[]) => (isQuery(list) ? this.query(list) : this.expression(list))
    return renderCall({ name, nodes: group.items, parts: splitByComma(group.items), render, windowed })
  }

  #cast(group: Group): string {
    let asAt = -1
    group.items.forEach((node, at) => {
      if (wordOf(node) === 'AS' || isOperator(node, ',')) asAt = at
    })
    const typeStart = group.items[asAt + 1]
    if (asAt < 0 || typeStart === undefined) throw syntaxError(this.#source, group.end, 'CAST needs AS and a type')
    const reader = new TokenReader(this.#source.slice(typeStart.start, group.end - 1))
    const isSigned = reader.accept('SIGNED')
    const type = isSigned ? readColumnType(new TokenReader('bigint')) : readCastType(reader)
    const value = group.items.slice(0, asAt)
    return renderCast(this.expression(value), type, isText(value))
  }

  #sessionValue(name: string): string {
    const value = this.#scope.sessionValue(name)
    if (value === undefined) throw analyzingError(`Unknown system variable '${name.replace(/^@+/, '')}'`)
    if (value === null) return 'NULL'
    return typeof value === 'number' ? String(value) : quoteText(value)
  }

  #text(node: Node): string {
    return this.#source.slice(node.start, Math.min(node.end, node.start + 80))
  }
}

/** CHAR and VARCHAR without a length mean any length in a cast. */
function readCastType(reader: TokenReader) {
  const bare = (reader.is('CHAR') || reader.is('VARCHAR')) && reader.peek(1).kind === 'end'
  return readColumnType(bare ? new TokenReader('string') : reader)
}
