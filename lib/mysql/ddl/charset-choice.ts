import type { CharsetChoice } from './ddl.js'
import type { Dialect } from './tokens.js'

/** Name of a character set as the server prints it: utf8 is utf8mb3, which older servers call utf8. */
export function charsetName(charset: string, { mariadb, version }: Dialect): string {
  if (charset !== 'utf8' && charset !== 'utf8mb3') return charset
  return version >= (mariadb ? 100600 : 80030) ? 'utf8mb3' : 'utf8'
}

/** The character set that CHARACTER SET and COLLATE choose, `fallback` where they leave it open. */
export function chooseCharset({ charset, collation }: CharsetChoice, fallback: string, dialect: Dialect): string {
  if (charset !== null && charset !== 'default') return charsetName(charset, dialect)
  if (collation === null || collation === 'default') return fallback
  // MariaDB's collations for every character set carry none in their name.
  if (collation.startsWith('uca1400_')) return fallback
  const end = collation.indexOf('_')
  return charsetName(end < 0 ? collation : collation.slice(0, end), dialect)
}
