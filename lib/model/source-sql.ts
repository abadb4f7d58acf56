import type { SourceColumn } from './schema.js'

const UTF8 = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'ascii'])

/** Whether the bytes of a string column are those that a session in utf8mb4 reads; also true for columns without a charset. */
export function isUtf8(charset: string | null): boolean {
  return charset === null || UTF8.has(charset)
}

/** Whether the server prints zeros in front of the digits. */
export function isZerofill({ columnType }: SourceColumn): boolean {
  return /\bzerofill\b/i.test(columnType)
}

/** A name of the source as SQL. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
