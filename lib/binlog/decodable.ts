import type { SourceColumn } from '../model/schema.js'
import { charsetForm } from './charset.js'

const TYPES = new Set([
  'geometry',
  'point',
  'linestring',
  'polygon',
  'multipoint',
  'multilinestring',
  'multipolygon',
  'geometrycollection',
  'geomcollection',
  'vector',
])

/**
 * Why the values of a column can never be decoded here, from its catalog entry alone, so that it can be said before the
 * first row; null when nothing speaks against it. What only a table map tells (temporal formats from before MySQL 5.6) is
 * found by `bindTable`.
 */
export function undecodableType(column: SourceColumn): string | null {
  if (TYPES.has(column.dataType)) return `values of type ${column.dataType} cannot be decoded yet`
  if (/\bcompressed\b/i.test(column.columnType)) return 'COMPRESSED columns cannot be decoded yet'
  // Labels of ENUM and SET come from the catalog, which the server sends as UTF-8.
  const labels = column.dataType === 'enum' || column.dataType === 'set'
  if (column.charset !== null && !labels && charsetForm(column.charset) === 'unknown')
    return `the character set ${column.charset} cannot be decoded yet`
  return null
}
