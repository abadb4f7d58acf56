import type { CharsetChoice } from './ddl.js'
import { defaultCollation } from './default-collation.js'
import type { Dialect } from './tokens.js'

/** A character set and how its texts are compared. */
export interface CharacterSet {
  readonly charset: string
  /** Null: not known. */
  readonly collation: string | null
}

/** Name of a character set as the server prints it: utf8 is utf8mb3, which older servers call utf8. */
export function charsetName(charset: string, { mariadb, version }: Dialect): string {
  if (charset !== 'utf8' && charset !== 'utf8mb3') return charset
  return version >= (mariadb ? 100600 : 80030) ? 'utf8mb3' : 'utf8'
}

/** What CHARACTER SET, COLLATE and BINARY choose; `fallback` where they leave it open. */
export function chooseCharset(choice: CharsetChoice, fallback: CharacterSet, dialect: Dialect): CharacterSet {
  const charset = charsetOf(choice, fallback.charset, dialect)
  const { collation } = choice
  if (choice.binary === true) return { charset, collation: binaryCollation(charset) }
  if (collation !== null && collation !== 'default') return { charset, collation: collationName(collation, charset) }
  const isNamed = choice.charset !== null && choice.charset !== 'default'
  return { charset, collation: isNamed || collation !== null ? defaultCollation(charset, dialect) : fallback.collation }
}

function charsetOf({ charset, collation }: CharsetChoice, fallback: string, dialect: Dialect): string {
  if (charset !== null && charset !== 'default') return charsetName(charset, dialect)
  if (collation === null || collation === 'default') return fallback
  // MariaDB's collations for every character set carry none in their name.
  if (collation.startsWith('uca1400_')) return fallback
  const end = collation.indexOf('_')
  return charsetName(end < 0 ? collation : collation.slice(0, end), dialect)
}

/** A collation as the server prints it for a character set. */
function collationName(collation: string, charset: string): string {
  if (collation.startsWith('uca1400_')) return `${charset}_${collation}`
  return collation.replace(/^(utf8|utf8mb3)_/, `${charset}_`)
}

/** Of two choices for one thing the later word counts. */
export function joinChoices(first: CharsetChoice, more: CharsetChoice): CharsetChoice {
  const binary = first.binary === true || more.binary === true
  return {
    charset: more.charset ?? first.charset,
    collation: more.collation ?? first.collation,
    ...(binary ? { binary: true as const } : {}),
  }
}

/** The attribute BINARY of a text: by the codes of its characters. */
function binaryCollation(charset: string): string {
  return charset === 'binary' ? charset : `${charset}_bin`
}

/** As a column has them, or a table of the history: what is not known is left out. */
export function charsetFacts({ charset, collation }: CharacterSet): { charset: string; collation?: string } {
  return { charset, ...(collation === null ? {} : { collation }) }
}
