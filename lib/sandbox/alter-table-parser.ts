import { type ColumnDefinition, readColumnDefinition } from './create-table-parser.js'
import { ddlError } from './sql-error.js'
import type { TokenReader } from './token-reader.js'

export type ColumnPlace =
  | { readonly kind: 'last' }
  | { readonly kind: 'first' }
  | { readonly kind: 'after'; readonly column: string }

export type AlterClause =
  | { readonly kind: 'addColumn'; readonly column: ColumnDefinition; readonly place: ColumnPlace }
  | { readonly kind: 'dropColumn'; readonly column: string }
  | { readonly kind: 'modifyColumn'; readonly column: ColumnDefinition; readonly place: ColumnPlace | null }
  | { readonly kind: 'commentColumn'; readonly column: string; readonly comment: string }
  | { readonly kind: 'renameColumn'; readonly from: string; readonly to: string }
  | { readonly kind: 'orderColumns'; readonly columns: readonly string[] }
  | { readonly kind: 'renameTable'; readonly to: string }
  | { readonly kind: 'swapWith'; readonly other: string }
  | { readonly kind: 'comment'; readonly comment: string }
  | { readonly kind: 'setProperties'; readonly properties: Readonly<Record<string, string>> }
  | { readonly kind: 'index' }

export interface AlterTable {
  readonly database: string | null
  readonly name: string
  readonly clauses: readonly AlterClause[]
}

/** Reads ALTER TABLE behind the word TABLE. */
export function readAlterTable(reader: TokenReader): AlterTable {
  const { database, name } = reader.tableName()
  const clauses: AlterClause[] = []
  do clauses.push(...readClauses(reader))
  while (reader.accept(','))
  reader.end()
  return { database, name, clauses }
}

function readClauses(reader: TokenReader): AlterClause[] {
  if (reader.accept('ADD', 'COLUMN')) return readAddedColumns(reader)
  if (reader.accept('DROP', 'COLUMN')) {
    const column = reader.name()
    skipRollup(reader, 'FROM')
    return [{ kind: 'dropColumn', column }]
  }
  if (reader.accept('MODIFY', 'COLUMN')) return [readModifiedColumn(reader)]
  if (reader.accept('RENAME', 'COLUMN')) {
    const from = reader.name()
    reader.expect('TO')
    return [{ kind: 'renameColumn', from, to: reader.name() }]
  }
  if (reader.is('RENAME', 'PARTITION') || reader.is('RENAME', 'ROLLUP'))
    throw ddlError('ALTER TABLE RENAME PARTITION and ROLLUP are not supported by this server')
  if (reader.accept('RENAME')) return [{ kind: 'renameTable', to: reader.name() }]
  if (reader.accept('SWAP', 'WITH')) return [{ kind: 'swapWith', other: reader.name() }]
  if (reader.accept('ORDER', 'BY')) return [{ kind: 'orderColumns', columns: readOrder(reader) }]
  if (reader.accept('COMMENT')) {
    reader.accept('=')
    return [{ kind: 'comment', comment: reader.string() }]
  }
  if (reader.accept('SET')) return [{ kind: 'setProperties', properties: reader.properties() }]
  if (reader.accept('ADD', 'INDEX')) {
    reader.name()
    reader.nameList()
    if (reader.accept('USING')) {
      reader.name()
      if (reader.is('(')) reader.properties()
    }
    if (reader.accept('COMMENT')) reader.string()
    return [{ kind: 'index' }]
  }
  if (reader.accept('DROP', 'INDEX')) {
    reader.name()
    return [{ kind: 'index' }]
  }
  throw reader.unexpected("'ADD COLUMN', 'DROP COLUMN', 'MODIFY COLUMN', 'RENAME', 'SWAP WITH', 'COMMENT', 'SET'")
}

function readAddedColumns(reader: TokenReader): AlterClause[] {
  const clauses: AlterClause[] = []
  if (reader.accept('(')) {
    do clauses.push({ kind: 'addColumn', column: readColumnDefinition(reader), place: { kind: 'last' } })
    while (reader.accept(','))
    reader.expect(')')
  } else {
    const column = readColumnDefinition(reader)
    clauses.push({ kind: 'addColumn', column, place: readPlace(reader) ?? { kind: 'last' } })
  }
  skipRollup(reader, 'TO')
  return clauses
}

function readModifiedColumn(reader: TokenReader): AlterClause {
  if (reader.peek(1).kind === 'word' && reader.peek(1).text.toUpperCase() === 'COMMENT') {
    const column = reader.name()
    reader.expect('COMMENT')
    return { kind: 'commentColumn', column, comment: reader.string() }
  }
  const column = readColumnDefinition(reader)
  const place = readPlace(reader)
  skipRollup(reader, 'FROM')
  return { kind: 'modifyColumn', column, place }
}

function readOrder(reader: TokenReader): string[] {
  if (reader.is('(')) return reader.nameList()
  const names = [reader.name()]
  while (reader.accept(',')) names.push(reader.name())
  return names
}

function readPlace(reader: TokenReader): ColumnPlace | null {
  if (reader.accept('FIRST')) return { kind: 'first' }
  if (reader.accept('AFTER')) return { kind: 'after', column: reader.name() }
  return null
}

/** Statement properties ("timeout" = "..") bound a job that is already done here. */
function skipRollup(reader: TokenReader, word: string): void {
  if (reader.is(word)) throw ddlError('Rollup indexes are not supported by this server')
  if (reader.accept('PROPERTIES')) reader.properties()
}
