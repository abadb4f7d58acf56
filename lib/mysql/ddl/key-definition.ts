import { skipReference, takeCheck } from './column-definition.js'
import type { KeyDefinition, KeyPart } from './ddl.js'
import type { TokenReader } from './token-reader.js'

/** Begins a key, constraint or period where a column may stand too. */
export function seesKey(reader: TokenReader): boolean {
  if (reader.peek().kind !== 'word') return false
  if (reader.sees('PERIOD', 'FOR')) return true
  if (reader.sees('VECTOR', 'INDEX') || reader.sees('VECTOR', 'KEY') || reader.sees('VECTOR', '(')) return true
  return ['PRIMARY', 'UNIQUE', 'KEY', 'INDEX', 'FULLTEXT', 'SPATIAL', 'FOREIGN', 'CONSTRAINT', 'CHECK'].some(word =>
    reader.sees(word),
  )
}

/** A key as in CREATE TABLE and behind ADD; null for what has no index: checks and periods. */
export function readKey(reader: TokenReader): KeyDefinition | null {
  let name: string | null = null
  if (reader.accept('CONSTRAINT') && !isKeyWord(reader)) name = reader.name()
  if (reader.accept('PERIOD', 'FOR')) {
    reader.name()
    reader.parenthesised()
    return null
  }
  if (reader.sees('CHECK')) {
    takeCheck(reader)
    return null
  }
  if (reader.accept('FOREIGN', 'KEY')) return readForeignKey(reader, name)
  const kind = keyKind(reader)
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS')
  if (!reader.sees('(') && !reader.sees('USING') && !reader.sees('TYPE')) name = reader.name()
  return readKeyBody(reader, kind, kind === 'primary' ? 'PRIMARY' : name, ifNotExists)
}

/** From the index type in front of the parts on. */
export function readKeyBody(
  reader: TokenReader,
  kind: KeyDefinition['kind'],
  name: string | null,
  ifNotExists: boolean,
): KeyDefinition {
  if (reader.acceptOne(['USING', 'TYPE']) !== null) reader.next()
  const parts = readParts(reader)
  while (takeOption(reader));
  return { kind, name, parts, ifNotExists }
}

const isKeyWord = (reader: TokenReader): boolean =>
  ['PRIMARY', 'UNIQUE', 'FOREIGN', 'CHECK'].some(word => reader.sees(word))

function keyKind(reader: TokenReader): KeyDefinition['kind'] {
  if (reader.accept('PRIMARY')) {
    reader.expect('KEY')
    return 'primary'
  }
  const unique = reader.accept('UNIQUE')
  const special = !unique && reader.acceptOne(['FULLTEXT', 'SPATIAL', 'VECTOR']) !== null
  const word = reader.acceptOne(['KEY', 'INDEX'])
  if (!unique && !special && word === null) throw reader.fail('a key expected')
  return unique ? 'unique' : 'plain'
}

function readParts(reader: TokenReader): KeyPart[] {
  const parts: KeyPart[] = []
  reader.expect('(')
  do {
    if (reader.sees('(')) {
      reader.parenthesised()
      parts.push({ column: null, prefix: null })
    } else {
      const column = reader.name()
      let prefix: number | null = null
      if (reader.accept('(')) {
        prefix = reader.number()
        reader.expect(')')
      }
      // MariaDB: a period that must not overlap is no part of what tells rows apart.
      parts.push({ column: reader.accept('WITHOUT', 'OVERLAPS') ? null : column, prefix })
    }
    reader.acceptOne(['ASC', 'DESC'])
  } while (reader.accept(','))
  reader.expect(')')
  return parts
}

/** The index that a foreign key gets when there is none for it. */
function readForeignKey(reader: TokenReader, constraint: string | null): KeyDefinition {
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS')
  const name = reader.sees('(') ? constraint : reader.name()
  const parts = readParts(reader)
  reader.expect('REFERENCES')
  skipReference(reader)
  return { kind: 'foreign', name: constraint ?? name, parts, ifNotExists }
}

function takeOption(reader: TokenReader): boolean {
  if (reader.accept('COMMENT')) reader.string()
  else if (reader.acceptOne(['USING', 'TYPE']) !== null) reader.next()
  else if (reader.accept('WITH', 'PARSER')) reader.next()
  else if (reader.acceptOne(['VISIBLE', 'INVISIBLE', 'IGNORED']) !== null) return true
  else if (reader.accept('NOT', 'IGNORED')) return true
  else if (reader.peek().kind !== 'mark' && reader.peek(1).text === '=') {
    reader.next()
    reader.next()
    reader.next()
  } else if (reader.accept('KEY_BLOCK_SIZE') || reader.accept('ENGINE_ATTRIBUTE') || reader.accept('CLUSTERING'))
    reader.next()
  else return false
  return true
}
