import { joinChoices } from './charset-choice.js'
import { readColumn } from './column-definition.js'
import type { CharsetChoice, ColumnDefinition, CreateTable, KeyDefinition, TableRef } from './ddl.js'
import { readKey, seesKey } from './key-definition.js'
import { readTableOption } from './table-option.js'
import type { TokenReader } from './token-reader.js'

/** `[schema.]table`. */
export function readTableRef(reader: TokenReader): TableRef {
  const first = reader.name()
  if (!reader.accept('.')) return { schema: null, table: first }
  return { schema: first, table: reader.name() }
}

/** From behind CREATE [OR REPLACE] TABLE on. */
export function readCreateTable(reader: TokenReader, orReplace: boolean): CreateTable {
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS')
  const table = readTableRef(reader)
  const body = new TableBody()
  const like = readLike(reader)
  if (like === null) {
    if (reader.sees('(') && !seesSelect(reader)) body.readElements(reader)
    body.readOptions(reader)
  }
  const select = like === null && seesSelect(reader)
  if (select) reader.skipAll()
  return { kind: 'createTable', table, orReplace, ifNotExists, ...body.parts(), like, select }
}

function readLike(reader: TokenReader): TableRef | null {
  if (reader.accept('LIKE')) return readTableRef(reader)
  if (!reader.accept('(', 'LIKE')) return null
  const like = readTableRef(reader)
  reader.expect(')')
  return like
}

/** A query begins here, perhaps behind IGNORE, REPLACE, AS and parentheses. */
function seesSelect(reader: TokenReader): boolean {
  let ahead = 0
  const word = (): string => (reader.peek(ahead).kind === 'name' ? '' : reader.peek(ahead).text.toUpperCase())
  while (['IGNORE', 'REPLACE', 'AS', '('].includes(word())) ahead++
  return ['SELECT', 'WITH', 'VALUES', 'TABLE'].includes(word()) && !(word() === 'WITH' && isVersioning(reader, ahead))
}

const isVersioning = (reader: TokenReader, ahead: number): boolean =>
  reader.peek(ahead + 1).text.toUpperCase() === 'SYSTEM'

class TableBody {
  readonly #columns: ColumnDefinition[] = []
  readonly #keys: KeyDefinition[] = []
  #charset: CharsetChoice = { charset: null, collation: null }
  #comment = ''

  parts(): Pick<CreateTable, 'columns' | 'keys' | 'charset' | 'comment'> {
    return { columns: this.#columns, keys: this.#keys, charset: this.#charset, comment: this.#comment }
  }

  readElements(reader: TokenReader): void {
    reader.expect('(')
    do {
      if (seesKey(reader)) {
        const key = readKey(reader)
        if (key !== null) this.#keys.push(key)
      } else {
        reader.accept('IF', 'NOT', 'EXISTS')
        const column = readColumn(reader)
        this.#columns.push(column)
        const key = inlineKey(column)
        if (key !== null) this.#keys.push(key)
      }
    } while (reader.accept(','))
    reader.expect(')')
  }

  readOptions(reader: TokenReader): void {
    while (!reader.done && !reader.sees(';') && !seesSelect(reader)) {
      if (reader.accept(',')) continue
      if (reader.sees('PARTITION', 'BY')) {
        skipPartitioning(reader)
        continue
      }
      const option = readTableOption(reader)
      if (option?.kind === 'charset') this.#charset = joinChoices(this.#charset, option.charset)
      else if (option?.kind === 'comment') this.#comment = option.comment
      else if (option?.kind === 'systemVersioning')
        throw reader.fail('system versioning (hidden row_start and row_end)')
      else if (option === null) throw reader.fail('a table option expected')
    }
  }
}

/** PARTITION BY ends the statement, or stands before a query. */
function skipPartitioning(reader: TokenReader): void {
  while (!reader.done && !seesSelect(reader)) {
    if (reader.sees('(')) reader.parenthesised()
    else reader.next()
  }
}

/** The key that an attribute of a column makes. */
export function inlineKey(column: ColumnDefinition): KeyDefinition | null {
  if (column.key === null) return null
  const name = column.key === 'primary' ? 'PRIMARY' : null
  return { kind: column.key, name, parts: [{ column: column.name, prefix: null }], ifNotExists: false }
}
