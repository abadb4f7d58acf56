import { readAlterSpecs } from './alter-table.js'
import { readCreateTable, readTableRef } from './create-table.js'
import type { CharsetChoice, Ddl, TableRef } from './ddl.js'
import { NO_CHARSET } from './ddl.js'
import { readKeyBody } from './key-definition.js'
import { readDefaultCharset } from './table-option.js'
import { TokenReader } from './token-reader.js'
import { type Dialect, tokenize } from './tokens.js'

/**
 * Reads one statement. Null: it is no DDL of tables or schemas (views, routines, grants, temporary tables, DML, …).
 * @throws UnreadableDdl when it is, or may be, and is not understood
 */
export function parseDdl(sql: string, dialect: Dialect): Ddl | null {
  const reader = new TokenReader(sql, tokenize(sql, dialect))
  const ddl = readStatement(reader)
  if (ddl === null) return null
  while (reader.accept(';'));
  if (!reader.done) throw reader.fail('the statement goes on')
  return ddl
}

function readStatement(reader: TokenReader): Ddl | null {
  switch (reader.acceptOne(['CREATE', 'ALTER', 'DROP', 'RENAME', 'TRUNCATE'])) {
    case 'CREATE':
      return readCreate(reader)
    case 'ALTER':
      return readAlter(reader)
    case 'DROP':
      return readDrop(reader)
    case 'RENAME':
      return reader.acceptOne(['TABLE', 'TABLES']) === null ? null : readRename(reader)
    case 'TRUNCATE': {
      reader.accept('TABLE')
      const table = readTableRef(reader)
      skipWait(reader)
      return { kind: 'truncate', table }
    }
    default:
      return null
  }
}

function readCreate(reader: TokenReader): Ddl | null {
  const orReplace = reader.accept('OR', 'REPLACE')
  if (reader.accept('TABLE')) return readCreateTable(reader, orReplace)
  if (reader.acceptOne(['DATABASE', 'SCHEMA']) !== null) {
    const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS')
    return { kind: 'createDatabase', schema: reader.name(), charset: readSchemaCharset(reader), orReplace, ifNotExists }
  }
  while (reader.acceptOne(['ONLINE', 'OFFLINE']) !== null);
  const word = reader.acceptOne(['UNIQUE', 'FULLTEXT', 'SPATIAL', 'VECTOR'])
  if (!reader.accept('INDEX')) return null
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS')
  const name = reader.name()
  if (reader.acceptOne(['USING', 'TYPE']) !== null) reader.next()
  reader.expect('ON')
  const table = readTableRef(reader)
  const key = readKeyBody(reader, word === 'UNIQUE' ? 'unique' : 'plain', name, ifNotExists)
  skipLockOptions(reader)
  const specs = orReplace ? [{ kind: 'dropKey' as const, name }] : []
  return { kind: 'alterTable', table, specs: [...specs, { kind: 'addKey', key }] }
}

function readAlter(reader: TokenReader): Ddl | null {
  while (reader.acceptOne(['ONLINE', 'OFFLINE', 'IGNORE']) !== null);
  if (reader.accept('TABLE')) {
    reader.accept('IF', 'EXISTS')
    const table = readTableRef(reader)
    skipWait(reader)
    return { kind: 'alterTable', table, specs: readAlterSpecs(reader) }
  }
  if (reader.acceptOne(['DATABASE', 'SCHEMA']) === null) return null
  const named = !startsOption(reader)
  return { kind: 'alterDatabase', schema: named ? reader.name() : null, charset: readSchemaCharset(reader) }
}

function startsOption(reader: TokenReader): boolean {
  const words = ['DEFAULT', 'CHARSET', 'COLLATE', 'ENCRYPTION', 'READ', 'COMMENT']
  return words.some(word => reader.sees(word)) || reader.sees('CHARACTER', 'SET') || reader.sees('CHAR', 'SET')
}

function readDrop(reader: TokenReader): Ddl | null {
  if (reader.acceptOne(['TABLE', 'TABLES']) !== null) {
    reader.accept('IF', 'EXISTS')
    const tables: TableRef[] = []
    do tables.push(readTableRef(reader))
    while (reader.accept(','))
    skipWait(reader)
    reader.acceptOne(['RESTRICT', 'CASCADE'])
    return { kind: 'dropTables', tables }
  }
  if (reader.acceptOne(['DATABASE', 'SCHEMA']) !== null) {
    reader.accept('IF', 'EXISTS')
    return { kind: 'dropDatabase', schema: reader.name() }
  }
  while (reader.acceptOne(['ONLINE', 'OFFLINE']) !== null);
  if (!reader.accept('INDEX')) return null
  reader.accept('IF', 'EXISTS')
  const name = reader.name()
  reader.expect('ON')
  const table = readTableRef(reader)
  skipLockOptions(reader)
  return { kind: 'alterTable', table, specs: [{ kind: 'dropKey', name }] }
}

function readRename(reader: TokenReader): Ddl {
  reader.accept('IF', 'EXISTS')
  const pairs: { from: TableRef; to: TableRef }[] = []
  do {
    const from = readTableRef(reader)
    skipWait(reader)
    reader.expect('TO')
    pairs.push({ from, to: readTableRef(reader) })
  } while (reader.accept(','))
  return { kind: 'renameTables', pairs }
}

function readSchemaCharset(reader: TokenReader): CharsetChoice {
  let choice = NO_CHARSET
  while (!reader.done && !reader.sees(';')) {
    const charset = readDefaultCharset(reader)
    if (charset === null) reader.next()
    else choice = { charset: charset.charset ?? choice.charset, collation: charset.collation ?? choice.collation }
  }
  return choice
}

/** MariaDB: WAIT n, NOWAIT. */
function skipWait(reader: TokenReader): void {
  if (reader.accept('WAIT')) reader.number()
  else reader.accept('NOWAIT')
}

function skipLockOptions(reader: TokenReader): void {
  for (;;) {
    if (reader.acceptOne(['ALGORITHM', 'LOCK']) !== null) {
      reader.accept('=')
      reader.next()
    } else if (reader.accept('WAIT')) reader.number()
    else if (!reader.accept('NOWAIT')) return
  }
}
