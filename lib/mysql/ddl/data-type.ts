import { joinChoices } from './charset-choice.js'
import { type CharsetChoice, type DataType, NO_CHARSET } from './ddl.js'
import type { TokenReader } from './token-reader.js'

/** Types of several words, longest first. */
const LONG_NAMES: readonly (readonly string[])[] = [
  ['NATIONAL', 'CHARACTER', 'VARYING'],
  ['NATIONAL', 'CHAR', 'VARYING'],
  ['LONG', 'CHARACTER', 'VARYING'],
  ['LONG', 'CHAR', 'VARYING'],
  ['NATIONAL', 'CHARACTER'],
  ['NATIONAL', 'VARCHARACTER'],
  ['NATIONAL', 'VARCHAR'],
  ['NATIONAL', 'CHAR'],
  ['NCHAR', 'VARYING'],
  ['NCHAR', 'VARCHARACTER'],
  ['NCHAR', 'VARCHAR'],
  ['CHARACTER', 'VARYING'],
  ['CHAR', 'VARYING'],
  ['DOUBLE', 'PRECISION'],
  ['LONG', 'VARCHARACTER'],
  ['LONG', 'VARCHAR'],
  ['LONG', 'VARBINARY'],
]

/** A column's type with what belongs to it: sizes, labels, sign, character set. */
export function readDataType(reader: TokenReader): DataType {
  const name = typeName(reader)
  const labelled = name === 'ENUM' || name === 'SET'
  const members: string[] = []
  const sizes: number[] = []
  if (reader.accept('(')) {
    do {
      if (labelled) members.push(label(reader))
      else sizes.push(reader.number())
    } while (reader.accept(','))
    reader.expect(')')
  }
  let unsigned = false
  let zerofill = false
  let compressed = false
  let charset = NO_CHARSET
  for (;;) {
    if (reader.accept('UNSIGNED')) unsigned = true
    else if (reader.accept('ZEROFILL')) zerofill = true
    else if (reader.accept('SIGNED')) unsigned = false
    else if (reader.sees('COMPRESSED') && readCompressed(reader)) compressed = true
    else {
      const more = readCharset(reader)
      if (more === null) break
      charset = joinChoices(charset, more)
    }
  }
  return { name, sizes, members, unsigned: unsigned || zerofill, zerofill, charset, compressed }
}

/** One attribute of a string type, null when none comes next. */
export function readCharset(reader: TokenReader): CharsetChoice | null {
  if (reader.accept('CHARACTER', 'SET') || reader.accept('CHAR', 'SET') || reader.accept('CHARSET')) {
    reader.accept('=')
    return { charset: charsetName(reader), collation: null }
  }
  if (reader.accept('COLLATE')) {
    reader.accept('=')
    return { charset: null, collation: charsetName(reader) }
  }
  if (reader.accept('ASCII')) return { charset: 'latin1', collation: null }
  if (reader.accept('UNICODE')) return { charset: 'ucs2', collation: null }
  if (reader.accept('BYTE')) return { charset: 'binary', collation: null }
  if (reader.accept('BINARY')) return { ...NO_CHARSET, binary: true }
  return null
}

/** A character set or collation: a word, or a string. */
export function charsetName(reader: TokenReader): string {
  return (reader.peek().kind === 'string' ? reader.string() : reader.name()).toLowerCase()
}

/** MariaDB: COMPRESSED[=method]. */
export function readCompressed(reader: TokenReader): boolean {
  if (!reader.accept('COMPRESSED')) return false
  if (reader.accept('=')) reader.next()
  return true
}

function typeName(reader: TokenReader): string {
  const long = LONG_NAMES.find(words => reader.accept(...words))
  if (long !== undefined) return long.join(' ')
  const token = reader.peek()
  if (token.kind !== 'word') throw reader.fail('a type expected')
  return reader.name().toUpperCase()
}

function label(reader: TokenReader): string {
  // An introducer, as in _utf8mb4'…'.
  if (reader.peek().kind === 'word' && reader.peek().text.startsWith('_')) reader.next()
  return reader.string()
}
