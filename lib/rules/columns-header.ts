import { CHANGE_COLUMNS } from '../model/change-columns.js'

/** A field as the encoder writes it; null stands for a source column that is left out. */
type Field = { readonly name: string; readonly toBinary: boolean } | null

/** What a row holds beside the source's own columns. */
export interface AddedFields {
  /** The change id, operation and commit time stand in front. */
  readonly change: boolean
  /** Sums stand behind the field of their column, or where it would be; counts (`column` null) behind the constants. */
  readonly measures: readonly { readonly name: string; readonly column: number | null }[]
  readonly constants: readonly { readonly name: string }[]
  /** `__op` comes last. */
  readonly op: boolean
}

/**
 * The Stream Load `columns` header for a body whose fields stand in this order. CSV carries `__op` as its last field; JSON
 * rows carry it as a key, which StarRocks takes up by itself when the header does not mention it. StarRocks decodes base64
 * by itself in CSV only, so JSON names a temporary field and derives the column from it. `order`: indexes of the fields as they
 * stand in the body; default: one behind the other.
 */
export function renderColumnsHeader(
  fields: readonly Field[],
  { change, measures, constants, op }: AddedFields,
  format: 'csv' | 'json',
  order: readonly number[] = fields.map((_, i) => i),
): string {
  const names: string[] = change ? CHANGE_COLUMNS.map(c => quote(c.name)) : []
  const derived: string[] = []
  for (const i of order) {
    const field = fields[i] ?? null
    if (field !== null && format === 'json' && field.toBinary) {
      names.push(quote(base64Name(i)))
      derived.push(`${quote(field.name)}=to_binary(${quote(base64Name(i))},'encode64')`)
    } else if (field !== null) names.push(quote(field.name))
    names.push(...measures.filter(m => m.column === i).map(m => quote(m.name)))
  }
  names.push(...constants.map(c => quote(c.name)), ...measures.filter(m => m.column === null).map(m => quote(m.name)))
  if (op && format === 'csv') names.push('__op')
  return [...names, ...derived].join(',')
}

/** `name`=to_binary(`temporary`,'encode64') in a header of columns. */
const DERIVED = /`((?:[^`]|``)+)`=to_binary\(`((?:[^`]|``)+)`,'encode64'\)/g

/** The columns of bytes that a header for JSON derives, by the temporary fields that carry them in base64. */
export function binaryColumns(header: string): ReadonlyMap<string, string> {
  const plain = (quoted: string) => quoted.replaceAll('``', '`')
  return new Map([...header.matchAll(DERIVED)].map(([, name, field]) => [plain(field!), plain(name!)]))
}

/** JSON key of the temporary field that carries source column `index` in base64. */
export function base64Name(index: number): string {
  return `__base64_${index}`
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
