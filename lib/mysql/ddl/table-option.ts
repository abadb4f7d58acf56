import { charsetName } from './data-type.js'
import { type CharsetChoice, NO_CHARSET } from './ddl.js'
import type { TokenReader } from './token-reader.js'

/** What a table option says that matters to the rows' schema; `other`: nothing. */
export type TableOption =
  | { readonly kind: 'charset'; readonly charset: CharsetChoice }
  | { readonly kind: 'comment'; readonly comment: string }
  | { readonly kind: 'systemVersioning' }
  | { readonly kind: 'other' }

/** Options that may stand without "=", each with a value of one token. */
const NAMES = [
  'ENGINE',
  'TYPE',
  'AUTO_INCREMENT',
  'AVG_ROW_LENGTH',
  'AUTOEXTEND_SIZE',
  'CHECKSUM',
  'TABLE_CHECKSUM',
  'COMPRESSION',
  'CONNECTION',
  'DELAY_KEY_WRITE',
  'ENCRYPTION',
  'ENGINE_ATTRIBUTE',
  'INSERT_METHOD',
  'KEY_BLOCK_SIZE',
  'MAX_ROWS',
  'MIN_ROWS',
  'PACK_KEYS',
  'PAGE_CHECKSUM',
  'PASSWORD',
  'ROW_FORMAT',
  'SECONDARY_ENGINE',
  'SECONDARY_ENGINE_ATTRIBUTE',
  'SEQUENCE',
  'STATS_AUTO_RECALC',
  'STATS_PERSISTENT',
  'STATS_SAMPLE_PAGES',
  'STORAGE',
  'TABLESPACE',
  'TRANSACTIONAL',
] as const

/** One table option, null when none comes next. */
export function readTableOption(reader: TokenReader): TableOption | null {
  const charset = readDefaultCharset(reader)
  if (charset !== null) return { kind: 'charset', charset }
  if (reader.accept('COMMENT')) {
    reader.accept('=')
    return { kind: 'comment', comment: reader.string() }
  }
  if (reader.accept('WITH', 'SYSTEM', 'VERSIONING')) return { kind: 'systemVersioning' }
  return readOther(reader) ? { kind: 'other' } : null
}

/** [DEFAULT] CHARACTER SET and COLLATE of tables and schemas. */
export function readDefaultCharset(reader: TokenReader): CharsetChoice | null {
  const behind = reader.sees('DEFAULT') ? 1 : 0
  const word = reader.peek(behind)
  const next = reader.peek(behind + 1)
  const isWord = (token: typeof word, text: string) => token.kind === 'word' && token.text.toUpperCase() === text
  const collate = isWord(word, 'COLLATE')
  const long = (isWord(word, 'CHARACTER') || isWord(word, 'CHAR')) && isWord(next, 'SET')
  if (!collate && !long && !isWord(word, 'CHARSET')) return null
  for (let i = 0; i < behind + (long ? 2 : 1); i++) reader.next()
  reader.accept('=')
  return collate ? { ...NO_CHARSET, collation: charsetName(reader) } : { ...NO_CHARSET, charset: charsetName(reader) }
}

function readOther(reader: TokenReader): boolean {
  if (reader.accept('START', 'TRANSACTION') || reader.accept('STORAGE', 'DISK') || reader.accept('STORAGE', 'MEMORY'))
    return true
  if (reader.accept('DATA', 'DIRECTORY') || reader.accept('INDEX', 'DIRECTORY')) {
    reader.accept('=')
    reader.string()
  } else if (reader.accept('UNION')) {
    reader.accept('=')
    reader.parenthesised()
  } else if (reader.acceptOne(NAMES) !== null) {
    reader.accept('=')
    optionValue(reader)
  } else if (reader.peek().kind !== 'mark' && reader.peek(1).kind === 'mark' && reader.peek(1).text === '=') {
    reader.next()
    reader.next()
    optionValue(reader)
  } else return false
  return true
}

function optionValue(reader: TokenReader): void {
  reader.accept('-')
  if (reader.next().kind === 'mark') throw reader.fail('the value of an option expected')
}
