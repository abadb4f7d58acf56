import { type Dialect, tokenize } from './ddl/tokens.js'
import { UnreadableDdl } from './ddl/unreadable-ddl.js'

/** What the text of a QUERY event does, as far as replication of rows must know. */
export type Statement =
  /** May be DDL of tables or schemas; see parseDdl. */
  | { readonly kind: 'ddl' }
  /** Rows changed by a statement whose rows are not in the binlog. `words`: all names and keywords in it. */
  | { readonly kind: 'rows'; readonly verb: string; readonly words: readonly string[] }
  | { readonly kind: 'xa'; readonly step: string }
  /** Does not change rows or tables: SAVEPOINT, GRANT, SET, ANALYZE, … */
  | { readonly kind: 'harmless' }

const DDL_VERBS = new Set(['CREATE', 'ALTER', 'DROP', 'RENAME', 'TRUNCATE'])
const ROW_VERBS = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'LOAD', 'CALL', 'WITH', 'DO', 'IMPORT'])

/** Classifies one statement by its first word; comments are passed over, the content of version comments counts. */
export function classifyStatement(sql: string, dialect: Dialect): Statement {
  const [first, second] = firstWords(sql)
  if (DDL_VERBS.has(first)) return { kind: 'ddl' }
  if (first === 'XA') return { kind: 'xa', step: second }
  return ROW_VERBS.has(first) ? { kind: 'rows', verb: first, words: mentioned(sql, dialect) } : { kind: 'harmless' }
}

/** Texts of all tokens; of a statement that is not whole, all its words. */
export function mentioned(sql: string, dialect: Dialect): string[] {
  try {
    return tokenize(sql, dialect).map(token => token.text)
  } catch (error) {
    if (!(error instanceof UnreadableDdl)) throw error
    return sql.match(/[\p{L}\p{N}_$]+|[^\s]/gu) ?? []
  }
}

/** The first two words in capitals. */
function firstWords(sql: string): [string, string] {
  const words: string[] = []
  let at = 0
  while (words.length < 2 && at < sql.length) {
    const rest = sql.slice(at, at + 200)
    const blank = /^(?:\s+|\/\*M?!\d*|\*\/)/.exec(rest)
    const word = /^[\p{L}\p{N}_$]+/u.exec(rest)
    if (blank !== null) at += blank[0].length
    else if (rest.startsWith('/*')) at = behind(sql, '*/', at + 2)
    else if (rest.startsWith('#') || rest.startsWith('--')) at = behind(sql, '\n', at)
    else if (word !== null) {
      words.push(word[0].toUpperCase())
      at += word[0].length
    } else break
  }
  return [words[0] ?? '', words[1] ?? '']
}

function behind(sql: string, mark: string, from: number): number {
  const at = sql.indexOf(mark, from)
  return at < 0 ? sql.length : at + mark.length
}
