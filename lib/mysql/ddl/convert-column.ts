import { maxBytesPerCharacter, normalizeCharset } from '../../binlog/charset.js'
import type { SourceColumn } from '../../model/schema.js'
import { type ColumnType, sized } from './column-type.js'

const TEXTS = ['tinytext', 'text', 'mediumtext', 'longtext']

/** A column after CONVERT TO CHARACTER SET: a TEXT grows where characters of the new set take more bytes. */
export function convertColumn(column: SourceColumn, charset: string): SourceColumn {
  if (column.charset === null) return column
  const converted = { ...column, charset }
  const from = maxBytesPerCharacter(normalizeCharset(column.charset)) ?? 1
  const to = maxBytesPerCharacter(normalizeCharset(charset)) ?? 1
  const type = TEXTS.indexOf(column.dataType)
  if (charset === 'binary') return asBinary(column)
  if (type >= 0) {
    const bytes = to > from ? (column.maxLength ?? 0) * to : (column.maxLength ?? 0)
    return withType(column, sized(bytes, false, charset))
  }
  if (column.dataType === 'varchar' && (column.maxLength ?? 0) * to > 65_535)
    return withType(column, sized((column.maxLength ?? 0) * to, false, charset))
  return converted
}

function asBinary(column: SourceColumn): SourceColumn {
  const dataType = column.dataType.replace('char', 'binary').replace('text', 'blob')
  if (dataType === column.dataType) return { ...column, charset: 'binary' }
  return { ...column, dataType, columnType: column.columnType.replace(column.dataType, dataType), charset: null }
}

function withType(column: SourceColumn, type: ColumnType): SourceColumn {
  const suffix = /\/\*M!100301 COMPRESSED\*\//.exec(column.columnType)?.[0]
  return { ...column, ...type, columnType: suffix === undefined ? type.columnType : `${type.columnType} ${suffix}` }
}
