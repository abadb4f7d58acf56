import { parseNames } from './create-table-text.js'

/** What of a table's text the catalog's questions do not tell. */
export interface TableText {
  /** By column name: DEFAULT and COMMENT as they stand, which MODIFY COLUMN must repeat. */
  readonly attributes: ReadonlyMap<string, string>
  readonly orderBy: readonly string[] | null
  readonly partitionBy: string | null
}

/** A string literal between double quotes, whichever way quotes inside are written. */
const STRING = String.raw`"(?:[^"\\]|\\.|"")*"`
const COLUMN = new RegExp(
  String.raw`^\s+\x60((?:[^\x60]|\x60\x60)+)\x60\s[^"\n]*?\b(?:NOT NULL|NULL)\b((?:\s+(?:DEFAULT\s+(?:${STRING}|\([^)]*\)\)|[\w()]+)|COMMENT\s+${STRING}))*)`,
  'gmis',
)

/** Reads the text of SHOW CREATE TABLE. A column that no attribute follows has the empty text. */
export function parseTableText(text: string): TableText {
  const attributes = new Map<string, string>()
  for (const [, name, tail] of text.matchAll(COLUMN)) attributes.set(name!.replaceAll('``', '`'), tail!.trim())
  const sorted = /^ORDER BY\s*\((.*)\)\s*$/im.exec(text)?.[1]
  const partitioned = /^PARTITION BY\s+(.+?)\s*$/im.exec(text)?.[1]
  return {
    attributes,
    orderBy: sorted === undefined ? null : parseNames(sorted),
    partitionBy: partitioned ?? null,
  }
}
