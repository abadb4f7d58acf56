import type { SourceColumn } from '../model/schema.js'
import { charsetForm } from './charset.js'

/**
 * Why the values of a column can never be decoded here, from its catalog entry alone, so that it can be said before the
 * first row; null when nothing speaks against it. What only a table map tells (temporal formats from before MySQL 5.6) is
 * found by `bindTable`.
 */
export function undecodableType(column: SourceColumn): string | null {
  // Labels of ENUM and SET come from the catalog, which the server sends as UTF-8.
  const labels = column.dataType === 'enum' || column.dataType === 'set'
  if (column.charset !== null && !labels && charsetForm(column.charset) === 'unknown')
    return `the character set ${column.charset} is not known here`
  return null
}
