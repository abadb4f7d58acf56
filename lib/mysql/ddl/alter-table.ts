import { joinChoices } from './charset-choice.js'
import { readColumn } from './column-definition.js'
import { inlineKey, readTableRef } from './create-table.js'
import { readCharset } from './data-type.js'
import { type AlterSpec, type ColumnDefinition, type ColumnPlace, NO_CHARSET, type TableRef } from './ddl.js'
import { readDefault } from './default-value.js'
import { readKey, seesKey } from './key-definition.js'
import { readTableOption } from './table-option.js'
import type { TokenReader } from './token-reader.js'

/** What ALTER TABLE is to do, from behind the table's name on. */
export function readAlterSpecs(reader: TokenReader): AlterSpec[] {
  const specs: AlterSpec[] = []
  while (!reader.done && !reader.sees(';')) {
    if (reader.accept(',')) continue
    specs.push(...readSpec(reader))
  }
  return specs
}

function readSpec(reader: TokenReader): AlterSpec[] {
  const partitions = readPartitioning(reader)
  if (partitions !== null) return partitions
  switch (reader.acceptOne(['ADD', 'DROP', 'CHANGE', 'MODIFY', 'ALTER', 'RENAME'])) {
    case 'ADD':
      return readAdd(reader)
    case 'DROP':
      return readDrop(reader)
    case 'CHANGE': {
      reader.accept('COLUMN')
      const ifExists = reader.accept('IF', 'EXISTS')
      return readChanged(reader, reader.name(), readColumn(reader), ifExists)
    }
    case 'MODIFY': {
      reader.accept('COLUMN')
      const ifExists = reader.accept('IF', 'EXISTS')
      const column = readColumn(reader)
      return readChanged(reader, column.name, column, ifExists)
    }
    case 'ALTER':
      return readAlterPart(reader)
    case 'RENAME':
      return readRename(reader)
    default:
      return readOther(reader)
  }
}

function readAdd(reader: TokenReader): AlterSpec[] {
  if (reader.accept('SYSTEM', 'VERSIONING')) return [{ kind: 'systemVersioning' }]
  if (seesKey(reader)) {
    const key = readKey(reader)
    return key === null ? [] : [{ kind: 'addKey', key }]
  }
  reader.accept('COLUMN')
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS')
  if (!reader.accept('(')) return readAdded(reader, ifNotExists)
  const specs: AlterSpec[] = []
  do {
    if (seesKey(reader)) {
      const key = readKey(reader)
      if (key !== null) specs.push({ kind: 'addKey', key })
    } else specs.push(...readAdded(reader, ifNotExists))
  } while (reader.accept(','))
  reader.expect(')')
  return specs
}

function readAdded(reader: TokenReader, ifNotExists: boolean): AlterSpec[] {
  const column = readColumn(reader)
  return [{ kind: 'addColumn', column, place: readPlace(reader), ifNotExists }, ...keyOf(column)]
}

function readChanged(reader: TokenReader, from: string, column: ColumnDefinition, ifExists: boolean): AlterSpec[] {
  return [{ kind: 'changeColumn', from, column, place: readPlace(reader), ifExists }, ...keyOf(column)]
}

function keyOf(column: ColumnDefinition): AlterSpec[] {
  const key = inlineKey(column)
  return key === null ? [] : [{ kind: 'addKey', key }]
}

function readPlace(reader: TokenReader): ColumnPlace {
  if (reader.accept('FIRST')) return { first: true }
  if (reader.accept('AFTER')) return { after: reader.name() }
  return null
}

function readDrop(reader: TokenReader): AlterSpec[] {
  if (reader.accept('SYSTEM', 'VERSIONING')) return [{ kind: 'systemVersioning' }]
  if (reader.accept('PRIMARY', 'KEY')) return [{ kind: 'dropKey', name: 'PRIMARY' }]
  if (reader.accept('FOREIGN', 'KEY') || reader.acceptOne(['CHECK', 'CONSTRAINT']) !== null) {
    reader.accept('IF', 'EXISTS')
    // DROP CONSTRAINT may name a unique key as well.
    return [{ kind: 'dropKey', name: reader.name() }]
  }
  if (reader.accept('PERIOD', 'FOR')) {
    reader.name()
    return []
  }
  if (reader.acceptOne(['INDEX', 'KEY']) !== null) {
    reader.accept('IF', 'EXISTS')
    return [{ kind: 'dropKey', name: reader.name() }]
  }
  reader.accept('COLUMN')
  const ifExists = reader.accept('IF', 'EXISTS')
  const column = reader.name()
  reader.acceptOne(['RESTRICT', 'CASCADE'])
  return [{ kind: 'dropColumn', column, ifExists }]
}

/** ALTER [COLUMN] c …, ALTER INDEX i …, ALTER CHECK s …. */
function readAlterPart(reader: TokenReader): AlterSpec[] {
  if (reader.acceptOne(['INDEX', 'KEY', 'CHECK', 'CONSTRAINT']) !== null) {
    reader.skipPart()
    return []
  }
  reader.accept('COLUMN')
  const ifExists = reader.accept('IF', 'EXISTS')
  const column = reader.name()
  if (reader.accept('SET', 'DEFAULT')) return [{ kind: 'setDefault', column, default: readDefault(reader), ifExists }]
  if (reader.accept('DROP', 'DEFAULT')) return [{ kind: 'setDefault', column, default: null, ifExists }]
  reader.expect('SET')
  if (reader.acceptOne(['VISIBLE', 'INVISIBLE']) === null) throw reader.fail('VISIBLE or INVISIBLE expected')
  return []
}

function readRename(reader: TokenReader): AlterSpec[] {
  const what = reader.acceptOne(['COLUMN', 'INDEX', 'KEY'])
  if (what === null) {
    reader.acceptOne(['TO', 'AS', '='])
    return [{ kind: 'renameTable', to: readTableRef(reader) }]
  }
  const ifExists = reader.accept('IF', 'EXISTS')
  const from = reader.name()
  reader.expect('TO')
  const to = reader.name()
  return [what === 'COLUMN' ? { kind: 'renameColumn', from, to, ifExists } : { kind: 'renameKey', from, to }]
}

function readOther(reader: TokenReader): AlterSpec[] {
  if (reader.accept('CONVERT', 'TO')) return [readConversion(reader)]
  if (reader.accept('ORDER', 'BY')) {
    do reader.skipPart()
    while (reader.accept(','))
    return []
  }
  if (reader.acceptOne(['DISCARD', 'IMPORT']) !== null) return readTablespace(reader)
  if (reader.acceptOne(['ENABLE', 'DISABLE']) !== null) {
    reader.expect('KEYS')
    return []
  }
  if (reader.acceptOne(['WITH', 'WITHOUT']) !== null) {
    reader.expect('VALIDATION')
    return []
  }
  if (reader.acceptOne(['ALGORITHM', 'LOCK']) !== null) {
    reader.accept('=')
    reader.next()
    return []
  }
  if (reader.acceptOne(['WAIT', 'NOWAIT', 'FORCE', 'SECONDARY_LOAD', 'SECONDARY_UNLOAD']) !== null) {
    if (reader.peek().kind === 'number') reader.next()
    return []
  }
  const option = readTableOption(reader)
  if (option === null) throw reader.fail('what ALTER TABLE does is not known')
  if (option.kind === 'charset') return [{ kind: 'defaultCharset', charset: option.charset }]
  return option.kind === 'other' ? [] : [option]
}

function readConversion(reader: TokenReader): AlterSpec {
  let charset = NO_CHARSET
  for (let more = readCharset(reader); more !== null; more = readCharset(reader)) charset = joinChoices(charset, more)
  return { kind: 'convertCharset', charset }
}

function readTablespace(reader: TokenReader): AlterSpec[] {
  reader.skipAll()
  return [{ kind: 'unseenRows', reason: 'a tablespace was discarded or imported', other: null, effect: null }]
}

/** Partition operations: those that take rows away or bring them say so, all others leave the table as it is. */
function readPartitioning(reader: TokenReader): AlterSpec[] | null {
  const unseen = (
    reason: string,
    effect: 'create' | 'drop' | null = null,
    other: TableRef | null = null,
  ): AlterSpec[] => {
    reader.skipAll()
    return [{ kind: 'unseenRows', reason, other, effect }]
  }
  if (reader.accept('DROP', 'PARTITION')) return unseen('partitions were dropped with their rows')
  if (reader.accept('TRUNCATE', 'PARTITION')) return unseen('partitions were emptied')
  if (reader.accept('EXCHANGE', 'PARTITION')) {
    reader.name()
    reader.expect('WITH', 'TABLE')
    return unseen('a partition was exchanged with another table', null, readTableRef(reader))
  }
  if (reader.accept('CONVERT', 'PARTITION')) {
    reader.name()
    reader.expect('TO', 'TABLE')
    return unseen('a partition became a table of its own', 'create', readTableRef(reader))
  }
  if (reader.accept('CONVERT', 'TABLE')) return unseen('a table became a partition', 'drop', readTableRef(reader))
  if (reader.accept('DISCARD', 'PARTITION') || reader.accept('IMPORT', 'PARTITION')) return readTablespace(reader)
  const plain: readonly (readonly string[])[] = [
    ['ADD', 'PARTITION'],
    ['COALESCE', 'PARTITION'],
    ['REORGANIZE', 'PARTITION'],
    ['ANALYZE', 'PARTITION'],
    ['CHECK', 'PARTITION'],
    ['OPTIMIZE', 'PARTITION'],
    ['REBUILD', 'PARTITION'],
    ['REPAIR', 'PARTITION'],
    ['REMOVE', 'PARTITIONING'],
    ['PARTITION', 'BY'],
  ]
  if (!plain.some(words => reader.sees(...words))) return null
  if (reader.accept('REMOVE', 'PARTITIONING')) return []
  reader.skipAll()
  return []
}
