import type { KeyedHash } from '../model/mask.js'
import type { SourceColumn } from '../model/schema.js'

/** How the source tells the value of a column as a rule writes it. */
export type SourceValue =
  | { readonly how: 'sql'; readonly sql: string }
  /** The target has the hash of what this tells in hexadecimal digits, which is not the source's to know. */
  | { readonly how: 'hashed'; readonly sql: string; readonly hash: KeyedHash }
  | { readonly how: 'none'; readonly reason: string }

/** A literal by which MySQL finds the row again by its index. `text` is what the stream writes for the value. */
export function sourceLiteral(column: SourceColumn, text: string): string {
  switch (column.dataType) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'year':
    case 'bit':
    case 'decimal':
      if (/^-?\d+(\.\d+)?$/.test(text)) return text
      break
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      return `x'${Buffer.from(text, 'base64').toString('hex')}'`
  }
  return sourceText(text)
}

/** Any text as a literal that no sql_mode and no charset of the session changes, and that takes the collation of what it is compared with. */
export function sourceText(text: string): string {
  return `_utf8mb4 x'${Buffer.from(text, 'utf8').toString('hex')}'`
}

export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
