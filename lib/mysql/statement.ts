/** What the text of a QUERY event does, as far as replication of rows must know. */
export type Statement =
  | {
      readonly kind: 'tables'
      readonly action: 'create' | 'alter' | 'drop' | 'rename' | 'truncate'
      readonly tables: readonly TableRef[]
    }
  | { readonly kind: 'schema'; readonly action: 'create' | 'alter' | 'drop'; readonly schema: string }
  /** Rows changed by a statement whose rows are not in the binlog. */
  | { readonly kind: 'rows'; readonly verb: string; readonly words: readonly string[] }
  | { readonly kind: 'xa'; readonly step: string }
  /** Does not change rows or tables: SAVEPOINT, GRANT, SET, CREATE VIEW, ANALYZE, … */
  | { readonly kind: 'harmless' }

export interface TableRef {
  /** Null when the statement does not name a schema: the event's default schema holds. */
  readonly schema: string | null
  readonly table: string
}

interface Token {
  readonly text: string
  /** A quoted identifier is never a keyword. */
  readonly quoted: boolean
}

const ROW_VERBS = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'LOAD', 'CALL', 'WITH', 'DO', 'IMPORT'])

/** Classifies one statement by its first words; comments are passed over, the content of version comments counts. */
export function classifyStatement(sql: string): Statement {
  const words = tokenize(sql)
  const reader = new WordReader(words)
  const first = reader.keyword()
  switch (first) {
    case 'TRUNCATE':
      reader.accept('TABLE')
      return { kind: 'tables', action: 'truncate', tables: reader.tableList() }
    case 'RENAME':
      if (!reader.accept('TABLE', 'TABLES')) return { kind: 'harmless' }
      return { kind: 'tables', action: 'rename', tables: reader.tableList() }
    case 'CREATE':
    case 'ALTER':
    case 'DROP':
      return classifyDdl(first.toLowerCase() as 'create' | 'alter' | 'drop', reader)
    case 'XA':
      return { kind: 'xa', step: reader.keyword() }
    default:
      return ROW_VERBS.has(first) ? { kind: 'rows', verb: first, words: words.map(w => w.text) } : { kind: 'harmless' }
  }
}

function classifyDdl(action: 'create' | 'alter' | 'drop', reader: WordReader): Statement {
  if (reader.accept('OR')) reader.accept('REPLACE')
  if (reader.accept('TEMPORARY')) return { kind: 'harmless' }
  while (reader.accept('ONLINE', 'IGNORE', 'OFFLINE'));
  if (reader.accept('DATABASE', 'SCHEMA')) {
    reader.skipExists()
    return { kind: 'schema', action, schema: reader.name() ?? '' }
  }
  if (!reader.accept('TABLE', 'TABLES')) return { kind: 'harmless' }
  reader.skipExists()
  if (action === 'drop') return { kind: 'tables', action, tables: reader.tableList() }
  const table = reader.tableRef()
  if (!table) return { kind: 'harmless' }
  const renamedTo = action === 'alter' ? reader.renameTarget() : null
  return { kind: 'tables', action, tables: renamedTo ? [table, renamedTo] : [table] }
}

class WordReader {
  readonly #words: readonly Token[]
  #at = 0

  constructor(words: readonly Token[]) {
    this.#words = words
  }

  keyword(): string {
    const word = this.#words[this.#at++]
    return word && !word.quoted ? word.text.toUpperCase() : ''
  }

  accept(...keywords: string[]): boolean {
    const word = this.#words[this.#at]
    if (!word || word.quoted || !keywords.includes(word.text.toUpperCase())) return false
    this.#at++
    return true
  }

  skipExists(): void {
    if (!this.accept('IF')) return
    this.accept('NOT')
    this.accept('EXISTS')
  }

  name(): string | null {
    return this.#words[this.#at++]?.text ?? null
  }

  tableRef(): TableRef | null {
    const first = this.name()
    if (first === null || first === ';') return null
    if (!this.accept('.')) return { schema: null, table: first }
    const table = this.name()
    return table === null ? null : { schema: first, table }
  }

  /** `a, b` of DROP and `a TO b, c TO d` of RENAME alike. */
  tableList(): TableRef[] {
    const tables: TableRef[] = []
    for (;;) {
      this.skipExists()
      const table = this.tableRef()
      if (!table) return tables
      tables.push(table)
      if (!this.accept(',', 'TO')) return tables
    }
  }

  /** The new name in `ALTER TABLE t …, RENAME [TO|AS] new`; RENAME COLUMN, INDEX and KEY name no table. */
  renameTarget(): TableRef | null {
    for (; this.#at < this.#words.length; this.#at++) {
      if (!this.accept('RENAME')) continue
      if (this.accept('COLUMN', 'INDEX', 'KEY')) continue
      this.accept('TO', 'AS', '=')
      return this.tableRef()
    }
    return null
  }
}

/** Words, quoted names and single marks; string literals become one quoted token. Works by loop, so any length is safe. */
function tokenize(sql: string): Token[] {
  const tokens: Token[] = []
  let i = 0
  while (i < sql.length) {
    const c = sql[i]!
    if (/\s/.test(c)) i++
    else if (c === '#' || (c === '-' && sql[i + 1] === '-')) i = endOf(sql, '\n', i)
    else if (c === '/' && sql[i + 1] === '*') i = commentEnd(sql, i)
    else if (c === '*' && sql[i + 1] === '/') i += 2
    else if (c === '`' || c === '"' || c === "'") {
      const [text, end] = quoted(sql, i, c)
      tokens.push({ text, quoted: true })
      i = end
    } else if (/[\p{L}\p{N}_$@]/u.test(c)) {
      let end = i + 1
      while (end < sql.length && /[\p{L}\p{N}_$]/u.test(sql[end]!)) end++
      tokens.push({ text: sql.slice(i, end), quoted: false })
      i = end
    } else {
      tokens.push({ text: c, quoted: false })
      i++
    }
  }
  return tokens
}

function endOf(sql: string, mark: string, from: number): number {
  const at = sql.indexOf(mark, from)
  return at < 0 ? sql.length : at + mark.length
}

/** A version comment is code from behind its number on; any other comment is passed over. */
function commentEnd(sql: string, at: number): number {
  const version = /^\/\*M?!\d*/.exec(sql.slice(at, at + 16))
  return version ? at + version[0].length : endOf(sql, '*/', at + 2)
}

function quoted(sql: string, at: number, quote: string): [string, number] {
  let text = ''
  for (let i = at + 1; i < sql.length; i++) {
    const c = sql[i]!
    if (c === '\\' && quote !== '`') text += sql[++i] ?? ''
    else if (c === quote && sql[i + 1] === quote) text += sql[i++]
    else if (c === quote) return [text, i + 1]
    else text += c
  }
  return [text, sql.length]
}
