import type { SandboxTable } from './catalog.js'
import { columnOf } from './catalog.js'
import type { ColumnType } from './column-type.js'

/** `primary_key_limit_size` of StarRocks, in bytes of the encoded key. */
export const MAX_PRIMARY_KEY_BYTES = 128

/** Bytes of a type in the order-preserving key encoding; null: as many as the text has. */
export function encodedBytes(type: ColumnType): number | null {
  switch (type.base) {
    case 'boolean':
    case 'tinyint':
      return 1
    case 'smallint':
      return 2
    case 'int':
    case 'float':
    case 'date':
      return 4
    case 'bigint':
    case 'double':
    case 'datetime':
      return 8
    case 'largeint':
      return 16
    case 'decimal':
      return (type.precision ?? 10) <= 9 ? 4 : (type.precision ?? 10) <= 18 ? 8 : 16
    default:
      return null
  }
}

/**
 * Tells the size of a table's encoded primary keys, from the texts of the key columns in key order. Text parts but the last are
 * closed by two bytes, and each zero byte in them takes two.
 */
export function primaryKeyBytes(table: SandboxTable): (texts: readonly string[]) => number {
  const widths = table.key.map(name => encodedBytes(columnOf(table, name)!.type))
  const fixedBytes = widths.reduce<number>((sum, width) => sum + (width ?? 0), 0)
  const textParts = widths.flatMap((width, at) => (width === null ? [at] : []))
  return texts =>
    textParts.reduce((sum, at) => {
      const text = texts[at]!
      const isLast = at === table.key.length - 1
      return sum + Buffer.byteLength(text) + (isLast ? 0 : 2 + (text.split('\0').length - 1))
    }, fixedBytes)
}
