import type { TargetColumn, TargetModel } from '../model/schema.js'
import { parseTargetType, renderTargetType } from './target-type.js'

/** What SHOW CREATE TABLE tells of a table. */
export interface CreateTableText {
  readonly model: TargetModel
  readonly key: readonly string[]
  readonly columns: readonly TargetColumn[]
}

/**
 * Reads the text of SHOW CREATE TABLE as StarRocks 2.5 to 4.1 print it: one column a line, the model clause after
 * `ENGINE=OLAP`. Returns null for anything else (views, external tables).
 */
export function parseCreateTable(text: string): CreateTableText | null {
  const clause = /^\s*(?:\)\s*ENGINE\s*=\s*OLAP\s+)?(PRIMARY|DUPLICATE|AGGREGATE|UNIQUE) KEY\s*\((.*)\)\s*$/im.exec(
    text,
  )
  const model = clause === null ? null : modelOf(clause[1]!)
  if (clause === null || model === null) return null
  const columns = text
    .split('\n')
    .map(parseColumnLine)
    .filter(column => column !== null)
  return columns.length === 0 ? null : { model, key: parseNames(clause[2]!), columns }
}

/** The model of `PRIMARY`, `PRIMARY_KEYS`, `PRIMARY KEY`, `DUP_KEYS`, …; null for other words. */
export function modelOf(word: string): TargetModel | null {
  const upper = word.trim().toUpperCase()
  if (upper.startsWith('PRI')) return 'primary'
  if (upper.startsWith('DUP')) return 'duplicate'
  if (upper.startsWith('AGG')) return 'aggregate'
  if (upper.startsWith('UNI')) return 'unique'
  return null
}

/** Column names of a list such as "`a`, `b`" or "a, b". */
export function parseNames(list: string): string[] {
  const quoted = [...list.matchAll(/`((?:[^`]|``)+)`/g)].map(match => match[1]!.replaceAll('``', '`'))
  if (quoted.length > 0) return quoted
  return list
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
}

/** Stands right behind the type: Column.toSql prints name, type, function, nullability, default, comment. */
const AGGREGATE = /^\s*(SUM|MAX|MIN|REPLACE|REPLACE_IF_NOT_NULL|HLL_UNION|BITMAP_UNION|PERCENTILE_UNION)(?=\s|$)/i

function parseColumnLine(line: string): TargetColumn | null {
  const match = /^\s+`((?:[^`]|``)+)`\s+([a-z_][a-z0-9_]*)(.*)$/i.exec(line)
  if (match === null || /^(?:INDEX|PRIMARY)$/i.test(match[2]!)) return null
  const rest = match[3]!
  const size = /^\s*\(\s*\d+\s*(?:,\s*\d+\s*)?\)(?:\s*unsigned)?/i.exec(rest)?.[0] ?? ''
  // Comments may say anything, "NOT NULL" included.
  const aggregate = AGGREGATE.exec(rest.slice(size.length))?.[1]
  const attributes = rest.slice(size.length).replace(/\bCOMMENT\s+["'].*$/i, '')
  return {
    name: match[1]!.replaceAll('``', '`'),
    type: renderTargetType(parseTargetType(match[2]! + size)),
    nullable: !/\bNOT NULL\b/i.test(attributes),
    ...(aggregate === undefined ? {} : { aggregate: aggregate.toLowerCase() }),
    hasDefault: /\bDEFAULT\b(?!\s+NULL\b)|\bAUTO_INCREMENT\b|\bAS\b/i.test(attributes),
  }
}
