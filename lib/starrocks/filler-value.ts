import { parseTargetType } from './target-type.js'

/**
 * A value that every column of this type takes, as load text: for NOT NULL columns of rows that are deleted, which StarRocks
 * parses and checks like all others. `type`: DDL text.
 */
export function fillerText(type: string): string {
  switch (parseTargetType(type).base) {
    case 'date':
      return '1970-01-01'
    case 'datetime':
      return '1970-01-01 00:00:00'
    case 'char':
    case 'varchar':
    case 'string':
    case 'varbinary':
    case 'binary':
      return ''
    case 'json':
      return '{}'
    default:
      return '0'
  }
}
