import { maxBytesPerCharacter, normalizeCharset } from '../../binlog/charset.js'
import type { SourceColumn } from '../../model/schema.js'
import { type CharacterSet, charsetFacts } from './charset-choice.js'
import { type ColumnType, sized } from './column-type.js'

const TEXTS = ['tinytext', 'text', 'mediumtext', 'longtext']

/** A column after CONVERT TO CHARACTER SET: a TEXT grows where characters of the new set take more bytes. */
export function convertColumn(column: SourceColumn, to: CharacterSet): SourceColumn {
  if (column.charset === null) return column
  const { collation: _, ...rest } = column
  const converted = { ...rest, ...charsetFacts(to) }
  const from = maxBytesPerCharacter(normalizeCharset(column.charset)) ?? 1
  const perCharacter = maxBytesPerCharacter(normalizeCharset(to.charset)) ?? 1
  const type = TEXTS.indexOf(column.dataType)
  if (to.charset === 'binary') return asBinary(column)
  if (type >= 0) {
    const bytes = (column.maxLength ?? 0) * (perCharacter > from ? perCharacter : 1)
    return withType(column, sized(bytes, false, to))
  }
  if (column.dataType === 'varchar' && (column.maxLength ?? 0) * perCharacter > 65_535)
    return withType(column, sized((column.maxLength ?? 0) * perCharacter, false, to))
  return converted
}

function asBinary(column: SourceColumn): SourceColumn {
  const dataType = column.dataType.replace('char', 'binary').replace('text', 'blob')
  const { collation: _, ...rest } = column
  if (dataType === column.dataType) return { ...rest, charset: 'binary', collation: 'binary' }
  return { ...rest, dataType, columnType: column.columnType.replace(column.dataType, dataType), charset: null }
}

function withType(column: SourceColumn, type: ColumnType): SourceColumn {
  const suffix = /\/\*M!100301 COMPRESSED\*\//.exec(column.columnType)?.[0]
  return { ...column, ...type, columnType: suffix === undefined ? type.columnType : `${type.columnType} ${suffix}` }
}
